"""An officer takes last year's work over by keyboard, and replaces a document: the old round stays as it was."""

import re

import pytest
from playwright.sync_api import expect

from communes import clock
from inspections import services
from inspections.models import Dossier, Evidence

from ..inspections import factories as work
from .steps import indicator, saved

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def concluded(district, commune, officer):
    year = clock.today().year - 1
    world = work.open_round(
        district,
        communes=[commune],
        name=f"Kiểm tra năm {year}",
        year=year,
        period_from=clock.today().replace(year=year, month=1, day=1),
        period_to=clock.today().replace(year=year, month=12, day=31),
    )
    dossier = work.fill(world.dossier_of(commune), by=officer, with_evidence=False)
    work.prove(dossier, "2.1", "2.2", by=officer, title="Bảng thống kê cũ")
    work.prove(dossier, "2.1", by=officer, title="Kế hoạch")
    dossier = work.conclude(world.dossier_of(commune), world, officer=officer)
    services.close_round(world.round, by=world.coordinator)
    return dossier


@pytest.fixture
def draft(concluded, district, commune):
    return work.open_round(district, communes=[commune]).dossier_of(commune)


def press(locator):
    locator.focus()
    expect(locator).to_be_focused()
    locator.press("Enter")


def proofs(dossier, code):
    row = work.assessment_of(dossier, code)
    return sorted(row.evidence_links.values_list("evidence__title", flat=True))


def test_value_and_documents_by_keyboard_then_a_newer_version(desk, officer, concluded, draft):
    frozen = concluded.frozen
    page = desk(officer)
    page.goto(f"/ho-so/{draft.pk}/tieu-chi/2/")
    block = indicator(page, "2.1")
    expect(block).to_contain_text("90 % (9/10), đạt")

    # The value: one press, and the cursor is in the field that was filled; the judgement is still to be given.
    press(block.get_by_role("button", name=re.compile("^Dùng lại giá trị")))
    expect(block.get_by_label("Số km được cứng hóa")).to_be_focused()
    expect(block.get_by_label("Số km được cứng hóa")).to_have_value("9")
    expect(block.locator("output")).to_contain_text("90")
    saved(block)
    row = work.assessment_of(draft, "2.1")
    assert (row.numerator, row.denominator, row.self_judgement) == (9, 10, "chua_danh_gia")

    # A document for one indicator, then all that is left of the criterion.
    press(block.get_by_role("button", name=re.compile("^Dùng lại Kế hoạch")))
    expect(page.get_by_role("status").filter(has_text="Đã dùng lại 1 minh chứng cho chỉ tiêu 2.1")).to_be_visible()
    press(indicator(page, "2.2").get_by_role("button", name=re.compile("^Dùng lại Bảng thống kê cũ")))
    expect(page.get_by_role("status").filter(has_text="chỉ tiêu 2.2")).to_be_visible()
    assert (proofs(draft, "2.1"), proofs(draft, "2.2")) == (["Kế hoạch"], ["Bảng thống kê cũ"])

    # The newer version takes its place here, and not in the round that is concluded.
    page.goto("/minh-chung/")
    page.get_by_label("Tìm", exact=True).fill("bang thong ke")
    page.get_by_label("Tìm", exact=True).press("Enter")
    press(page.get_by_role("main").get_by_role("link", name="Bảng thống kê cũ"))
    press(page.get_by_role("link", name="Thay bằng bản mới"))
    page.get_by_label("Tệp của bản mới").set_input_files(
        {"name": "moi.pdf", "mimeType": "application/pdf", "buffer": work.pdf_bytes()}
    )
    page.get_by_label("Trích yếu, nội dung").fill("Bảng thống kê mới")
    press(page.get_by_role("button", name="Tải lên và kiểm tra"))
    moving = page.locator(".panel").filter(has=page.get_by_role("heading", name="Chuyển sang bản mới"))
    staying = page.locator(".panel").filter(has=page.get_by_role("heading", name="Giữ bản cũ"))
    expect(moving.get_by_role("link")).to_have_text(["2.2"])
    expect(staying.get_by_role("link")).to_have_text(["2.1", "2.2"])
    press(page.get_by_role("button", name="Thay bằng bản mới"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bảng thống kê mới")
    assert proofs(draft, "2.2") == ["Bảng thống kê mới"]
    assert proofs(concluded, "2.2") == ["Bảng thống kê cũ"]
    assert Dossier.objects.get(pk=concluded.pk).frozen == frozen
    page.goto(f"/ho-so/{concluded.pk}/tieu-chi/2/")
    expect(indicator(page, "2.2")).to_contain_text("Bảng thống kê cũ")
    assert Evidence.objects.get(title="Bảng thống kê cũ").replaced_by.title == "Bảng thống kê mới"


def test_all_of_it_without_a_script(desk, officer, draft):
    page = desk(officer, java_script_enabled=False)
    page.goto(f"/ho-so/{draft.pk}/tieu-chi/2/")
    indicator(page, "2.1").get_by_role("button", name=re.compile("^Dùng lại giá trị")).click()
    expect(indicator(page, "2.1").get_by_label("Tổng số km")).to_have_value("10")
    page.get_by_role("button", name="Dùng lại tất cả 2 minh chứng").click()
    assert (proofs(draft, "2.1"), proofs(draft, "2.2")) == (["Bảng thống kê cũ", "Kế hoạch"], ["Bảng thống kê cũ"])
    expect(page.get_by_role("button", name=re.compile("^Dùng lại tất cả"))).to_have_count(0)


def test_help_opens_by_key_and_is_printed(desk, officer, draft):
    page = desk(officer)
    page.goto(f"/ho-so/{draft.pk}/tieu-chi/2/")
    block = indicator(page, "2.1")
    words = block.get_by_text("Số km được cứng hóa chia cho tổng số km.")
    expect(words).to_be_hidden()
    press(block.locator(".indicator-help > summary"))
    expect(words).to_be_visible()
    expect(block.locator(".indicator-help")).to_contain_text("đã đối chiếu khi lập bộ tiêu chí")
    page.reload()
    page.emulate_media(media="print")
    expect(block.locator(".indicator-help dl")).to_be_visible()
