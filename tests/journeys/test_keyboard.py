"""The work without a mouse: the way past the navigation, a focus that is always seen, an order that makes sense."""

import os
import re
import time
from statistics import median

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from inspections import services
from inspections.models import Look

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


def tab_to(page, words):
    """Go on by Tab until what has the focus says these words."""
    for _ in range(80):
        if words in tab(page)["words"]:
            return
    raise AssertionError(f"no Tab leads to {words!r}")


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


# ---------------------------------------------------------------- the review desk


def test_review_desk_works_by_keys(desk, officer, world, dossier):
    work.hand_in(dossier, by=officer)
    page = desk(world.inspector)
    page.goto(f"/kiem-tra/{dossier.pk}/tieu-chi/1/")
    heading = page.get_by_role("heading", level=1)
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog")
    for words in ("Chấp nhận đề xuất", "Yêu cầu bổ sung", "Tiêu chí sau", "Không đánh giá"):
        expect(help_).to_contain_text(words)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(heading).to_contain_text("Tiêu chí 2")
    page.keyboard.press("p")
    expect(heading).to_contain_text("Tiêu chí 1")
    page.keyboard.press("k")
    reason = page.locator("form.decide").get_by_label("Lý do")
    expect(page.locator("form.decide").get_by_role("radio", name="Chưa đạt")).to_be_checked()
    expect(reason).to_be_focused()
    # A letter typed into a text is a letter: "d" does not choose "Đạt" there.
    page.keyboard.type("dk chua du")
    expect(page.locator("form.decide").get_by_role("radio", name="Chưa đạt")).to_be_checked()
    tab_to(page, "Ghi kết luận")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Đã ghi kết luận")).to_be_visible()
    row = work.conclusion_of(dossier, 1)
    assert (row.verdict, row.reason) == ("chua_dat", "dk chua du")


def test_a_criterion_is_sent_back_by_keys(desk, officer, world, dossier):
    work.hand_in(dossier, by=officer)
    page = desk(world.inspector)
    page.goto(f"/kiem-tra/{dossier.pk}/tieu-chi/2/")
    second = page.locator("#chi-tieu-2\\.2")
    page.keyboard.press("y")
    expect(page.locator("#chi-tieu-2\\.1 details:not(.indicator-help)").first).to_have_attribute("open", "")
    page.keyboard.press("y")
    expect(second.get_by_role("radio", name="Thiếu")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Bổ sung biên bản điều tra.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Đã gửi yêu cầu bổ sung")).to_be_visible()
    item = dossier.return_items.get()
    assert (item.assessment.indicator.code, item.question) == ("2.2", "Bổ sung biên bản điều tra.")


def test_a_phrase_is_taken_over_by_keys(desk, officer, world, dossier, district):
    for text in ("Thiếu biên bản.", "Văn bản hết hiệu lực."):
        services.add_phrase(authority=district, text=text, is_shared=True, by=world.coordinator)
    work.hand_in(dossier, by=officer)
    page = desk(world.inspector)
    page.goto(f"/kiem-tra/{dossier.pk}/tieu-chi/1/")
    page.keyboard.press("k")
    page.keyboard.type("Bản Nà Lại.")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("form.decide").get_by_label("Câu mẫu")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("form.decide").get_by_label("Lý do")).to_have_value("Văn bản hết hiệu lực. Bản Nà Lại.")
    tab_to(page, "Ghi kết luận")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Đã ghi kết luận")).to_be_visible()
    assert work.conclusion_of(dossier, 1).reason == "Văn bản hết hiệu lực. Bản Nà Lại."


def test_evidence_is_leafed_through_enlarged_and_turned_by_keys(desk, officer, world, dossier):
    work.fill(dossier, by=officer, with_evidence=False)
    work.prove(dossier, "2.1", by=officer, title="Bảng thống kê", upload=work.pdf_upload(pages=3))
    work.prove(dossier, "2.2", by=officer, title="Ảnh hiện trường", upload=work.image_upload())
    services.submit(world.dossier_of(dossier.commune), by=officer)
    page = desk(world.inspector)
    page.goto(f"/kiem-tra/{dossier.pk}/tieu-chi/2/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Minh chứng: xoay trang")
    page.keyboard.press("Escape")
    place = page.locator("[data-ntm-view-place]")
    expect(place).to_have_text("Ảnh 1/4")
    page.keyboard.press(".")
    expect(place).to_have_text("Ảnh 2/4")
    page.keyboard.press(".")
    page.keyboard.press(",")
    expect(place).to_have_text("Ảnh 2/4")
    leaf = page.locator(".leaf").nth(1)
    before = leaf.bounding_box()
    page.keyboard.press("+")
    expect(page.locator("[data-ntm-view-zoom]")).to_have_text("125 %")
    assert leaf.bounding_box()["width"] == pytest.approx(before["width"] * 1.25, abs=2)
    page.keyboard.press("0")
    page.keyboard.press("r")
    expect(leaf).to_have_attribute("data-ntm-turned", "90")
    image, box = leaf.locator("img").bounding_box(), leaf.bounding_box()
    for side in ("x", "y", "width", "height"):  # lying down it fills its place, no more and no less
        assert image[side] == pytest.approx(box[side], abs=3)
    assert image["width"] / image["height"] == pytest.approx(before["height"] / before["width"], rel=0.1)


def test_looking_at_a_criterion_is_remembered_without_a_press(desk, officer, world, dossier):
    work.hand_in(dossier, by=officer)
    page = desk(world.inspector)
    with page.expect_response(re.compile("/da-xem/$")) as answer:
        page.goto(f"/kiem-tra/{dossier.pk}/tieu-chi/2/")
    assert answer.value.status == 204
    expect(page.get_by_role("button", name="Đánh dấu đã xem tiêu chí này")).to_be_hidden()
    look = Look.objects.get()
    assert (look.user, look.conclusion.criterion.number) == (world.inspector, 2)


# A whole commune, from its first criterion to its last.

MOST_SECONDS = 1.0  # on a machine that has a core to spare; one that has not is so many times slower
NAMELESS = """() => [...document.querySelectorAll("main button, main a[href], main input:not([type=hidden]), " +
  "main select, main textarea, main summary")].filter(one => {
    const words = one.getAttribute("aria-label") || [...(one.labels || [])].map(item => item.textContent).join("") ||
      one.textContent;
    return !words.trim();
  }).map(one => one.outerHTML.slice(0, 80))"""


def test_nineteen_criteria_are_concluded_by_keys_alone(desk, officer, district, commune):
    world = work.open_round(district, communes=[commune], criteria_set=work.wide_set())
    dossier = world.dossier_of(commune)
    work.fill(dossier, by=officer)
    for number in range(1, 20):
        work.prove(dossier, f"{number}.1", by=officer, upload=work.pdf_upload(pages=2))
    services.submit(world.dossier_of(commune), by=officer)
    page = desk(world.inspector)
    page.add_init_script("addEventListener('mousedown', () => sessionStorage.setItem('mouse', 'yes'), true)")
    page.goto(f"/kiem-tra/{dossier.pk}/")
    tab_to(page, "Mở tiêu chí 1")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Tiêu chí 1.")
    axe, took = Axe(), []
    for number in range(1, 20):
        if number in (1, 10, 19):
            found = axe.run(page)
            assert found.violations_count == 0, found.generate_report()
        assert page.evaluate(NAMELESS) == []
        started = time.perf_counter()
        page.keyboard.press("d")
        following = f"Tiêu chí {number + 1}." if number < 19 else commune.title
        page.wait_for_function("words => document.querySelector('h1').textContent.includes(words)", arg=following)
        took.append(time.perf_counter() - started)
    busy = max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
    print(f"\none key to the next criterion: median {median(took):.2f} s, longest {max(took):.2f} s, load {busy:.1f}")
    assert set(dossier.conclusions.values_list("verdict", flat=True)) == {"dat"}
    assert set(dossier.conclusions.values_list("concluded_by", flat=True)) == {world.inspector.pk}
    assert page.evaluate("sessionStorage.getItem('mouse')") is None
    assert median(took) < MOST_SECONDS * busy
