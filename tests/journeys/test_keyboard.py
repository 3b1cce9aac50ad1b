"""The work without a mouse: the way past the navigation, a focus that is always seen, an order that makes sense."""

import re

import pytest
from playwright.sync_api import expect

from ..inspections import factories as work

pytestmark = pytest.mark.journey

# What has the focus now, in one line; and whether anything drawn around it shows that.
FOCUSED = """() => {
  const one = document.activeElement;
  const words = (one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent).trim();
  const where = one.closest("section.indicator")?.id || "";
  return {tag: one.tagName, name: one.name || "", words: words.replace(/\\s+/g, " "), where};
}"""
IS_SHOWN = """() => {
  const drawn = one => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  };
  const one = document.activeElement, box = one.getBoundingClientRect();
  const holder = one.closest("label");
  return (drawn(one) || (holder !== null && drawn(holder))) && box.bottom > 0 && box.top < innerHeight;
}"""


@pytest.fixture
def world(district, commune):
    return work.open_round(district, communes=[commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


def tab(page):
    """What gets the focus by one press of Tab, which must be seen: {tag, name, words, where}."""
    page.keyboard.press("Tab")
    found = page.evaluate(FOCUSED)
    assert page.evaluate(IS_SHOWN), f"the focus is not seen: {found}"
    return found


def test_skip_link_leads_past_the_navigation(desk, officer, dossier):
    page = desk(officer)
    page.goto(f"/ho-so/{dossier.pk}/tieu-chi/2/")
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Đến nội dung chính")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    following = tab(page)
    assert "Xã Phúc Khoa" in following["words"], following


def test_criterion_page_is_walked_in_the_order_it_is_read(desk, officer, dossier):
    page = desk(officer)
    page.goto(f"/ho-so/{dossier.pk}/tieu-chi/2/")
    page.locator("main").focus()
    walked = [tab(page)]
    while "Tiêu chí 3" not in walked[-1]["words"] and len(walked) < 60:
        walked.append(tab(page))
    named = [item["name"] for item in walked if item["name"]]
    first = named[: named.index("remark") + 1]
    assert first == ["numerator", "denominator", "self_judgement", "remark"]
    sections = list(dict.fromkeys(item["where"] for item in walked if item["where"]))
    rows = [f"ct-{work.assessment_of(dossier, code).pk}" for code in ("2.1", "2.2")]
    assert sections == rows
    assert "Tiêu chí 3" in walked[-1]["words"]


def test_value_and_judgement_are_entered_by_keys_alone(desk, officer, dossier):
    page = desk(officer)
    page.goto(f"/ho-so/{dossier.pk}/tieu-chi/2/")
    block = page.get_by_role("region", name=re.compile(r"^2\.1 "))
    block.get_by_label("Số km được cứng hóa").focus()
    page.keyboard.type("17")
    page.keyboard.press("Tab")
    page.keyboard.type("20")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(block.get_by_role("radio", name="Đạt", exact=True)).to_be_checked()
    expect(block.locator("[data-ntm-save-state]")).to_contain_text("Đã lưu lúc")
    row = work.assessment_of(dossier, "2.1")
    assert (row.numerator, row.denominator, row.self_judgement) == (17, 20, "dat")


def test_review_desk_works_by_keys(desk, officer, world, dossier):
    work.hand_in(dossier, by=officer)
    page = desk(world.inspector)
    page.goto(f"/kiem-tra/{dossier.pk}/tieu-chi/1/")
    heading = page.get_by_role("heading", level=1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Chấp nhận đề xuất")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(heading).to_contain_text("Tiêu chí 2")
    page.keyboard.press("p")
    expect(heading).to_contain_text("Tiêu chí 1")
    page.keyboard.press("k")
    reason = page.locator("form.decide").get_by_label("Lý do")
    expect(page.locator("form.decide").get_by_role("radio", name="Chưa đạt")).to_be_checked()
    page.keyboard.press("Tab")
    expect(reason).to_be_focused()
    # A letter typed into a text is a letter: "d" does not choose "Đạt" there.
    page.keyboard.type("dk chua du")
    expect(page.locator("form.decide").get_by_role("radio", name="Chưa đạt")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Đã ghi kết luận")).to_be_visible()
    row = work.conclusion_of(dossier, 1)
    assert (row.verdict, row.reason) == ("chua_dat", "dk chua du")
