"""A visit from printing the sheet to the minutes, on a phone 360 px wide, with and without JavaScript."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from inspections import services
from inspections.models import EvidenceLink, Inspection, VisitFinding

from ..conftest import OFFICE, PHONE
from ..inspections import factories as work
from .test_accessible import LOOK, RUN_AXE

pytestmark = pytest.mark.journey
AXE = Axe()


@pytest.fixture
def world(district, commune):
    return work.open_round(district, communes=[commune])


@pytest.fixture
def dossier(world, commune, officer):
    return work.hand_in(world.dossier_of(commune), by=officer)


@pytest.fixture
def visit(dossier):
    return Inspection.objects.select_related("round", "commune").get(pk=dossier.inspection_id)


def look_at(page, name):
    """Axe's rules and our own, at the width of a phone and of an office screen; a picture where one is asked for."""
    found = []
    page.evaluate(AXE.axe_script)
    for width in (OFFICE, PHONE):
        page.set_viewport_size(width)
        found += [f"{width['width']} px: {fault}" for fault in (*page.evaluate(RUN_AXE), *page.evaluate(LOOK))]
        if folder := os.environ.get("VISIT_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{width['width']}.png", full_page=True)
    assert found == []


def photo(name="anh.jpg"):
    return {"name": name, "mimeType": "image/jpeg", "buffer": work.image_bytes()}


def test_inspector_notes_and_photographs_on_the_phone(desk, world, dossier, visit):
    page = desk(world.inspector)
    page.set_viewport_size(PHONE)
    page.goto(f"/cuoc-kiem-tra/{visit.pk}/tai-cho/")
    look_at(page, "list")
    page.get_by_role("link", name="Giao thông").click()
    look_at(page, "criterion")
    page.get_by_label("Ghi nhận tại chỗ").fill("Đã đo 03 tuyến đường trục bản.")
    expect(page.locator("[data-ntm-save-state]")).to_contain_text("Đã lưu lúc")
    block = page.get_by_role("region", name="2.1 Tỷ lệ đường xã được cứng hóa")
    block.get_by_label("Chụp ảnh cho chỉ tiêu 2.1").set_input_files(photo())
    block.get_by_role("button", name="Gửi ảnh").click()
    expect(page.get_by_role("main")).to_contain_text("Đã nhận 1 ảnh cho chỉ tiêu 2.1.")
    expect(block.locator(".file-row")).to_contain_text("Ảnh Đoàn kiểm tra chụp tại chỗ")
    page.goto(f"/cuoc-kiem-tra/{visit.pk}/tai-cho/")
    expect(page.locator("li.task", has_text="Giao thông")).to_contain_text("đã ghi nhận · 1 ảnh tại chỗ")
    assert VisitFinding.objects.get().text == "Đã đo 03 tuyến đường trục bản."
    assert EvidenceLink.objects.get(visit=visit).linked_by == world.inspector


def test_the_same_without_javascript(desk, world, dossier, visit):
    page = desk(world.inspector, java_script_enabled=False)
    page.set_viewport_size(PHONE)
    row = work.conclusion_of(dossier, 2)
    page.goto(f"/cuoc-kiem-tra/{visit.pk}/tai-cho/{row.pk}/")
    page.get_by_label("Ghi nhận tại chỗ").fill("Đường tốt.")
    page.get_by_role("button", name="Lưu ghi nhận").click()
    expect(page.get_by_role("main")).to_contain_text("Đã lưu ghi nhận tiêu chí 2.")
    block = page.get_by_role("region", name="2.1 Tỷ lệ đường xã được cứng hóa")
    block.get_by_label("Ảnh có sẵn trong máy cho chỉ tiêu 2.1").set_input_files([photo("a.jpg"), photo("b.jpg")])
    block.get_by_role("button", name="Gửi ảnh").click()
    expect(page.get_by_role("main")).to_contain_text("Đã nhận 2 ảnh cho chỉ tiêu 2.1.")
    page.goto(f"/cuoc-kiem-tra/{visit.pk}/")
    page.get_by_label("Địa điểm").fill("Nhà văn hóa bản")
    page.get_by_role("button", name="Lưu ghi chép").click()
    expect(page.get_by_role("main")).to_contain_text("Đã lưu ghi chép của buổi kiểm tra.")
    visit.refresh_from_db()
    assert visit.place == "Nhà văn hóa bản"


def test_scanned_code_takes_a_photo_and_leaves_the_address(desk, world, dossier, visit, expected_errors):
    expected_errors.append("status of 403")
    printed = services.print_sheet(visit, by=world.inspector)
    code = printed.code_of(work.conclusion_of(dossier, 2))
    page = desk(None)
    page.set_viewport_size(PHONE)
    asked = []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
    page.goto(f"/anh-tai-cho/#{code}")
    expect(page.get_by_role("main")).to_contain_text("Tiêu chí 2. Giao thông")
    assert page.url.endswith("/anh-tai-cho/")
    look_at(page, "scanned")
    page.get_by_label("2.1 Tỷ lệ đường xã được cứng hóa").check()
    page.get_by_label("Chụp ảnh").set_input_files(photo())
    page.get_by_role("button", name="Gửi ảnh").click()
    expect(page.get_by_role("status")).to_contain_text("Đã nhận 1 ảnh cho chỉ tiêu 2.1.")
    # The first request is the address as it was opened: what stands behind the # is in none that was sent.
    assert [pair for pair in asked if code in pair[1] or code in pair[0].partition("#")[0]] == []
    assert EvidenceLink.objects.get(visit=visit).linked_by == world.inspector
    services.end_visit(visit, by=world.inspector)
    page.goto("about:blank")
    page.goto(f"/anh-tai-cho/#{code}")
    expect(page.get_by_role("main")).to_contain_text("Phiếu này đã thu hồi hoặc đã in lại.")
    look_at(page, "refused")


def test_record_deadline_sheet_and_minutes_in_the_office(desk, world, dossier, visit):
    page = desk(world.inspector)
    page.set_viewport_size(OFFICE)
    page.goto(f"/cuoc-kiem-tra/{visit.pk}/")
    page.get_by_label("Ngày kiểm tra").fill("17/06/2025")
    page.get_by_label("Bắt đầu lúc").fill("8:30")
    page.get_by_label("Địa điểm").fill("Trụ sở UBND xã")
    page.get_by_label("Đại diện xã", exact=True).fill("Lò Thị Ký, Chủ tịch UBND xã")
    page.get_by_role("checkbox", name=f"{world.head.full_name}, Trưởng đoàn").check()
    expect(page.locator("[data-ntm-save-state]")).to_contain_text("Đã lưu lúc")
    page.get_by_text("Thêm thời hạn", exact=True).first.click()
    page.get_by_label("Việc phải làm").fill("Bổ sung biên bản nghiệm thu")
    page.get_by_label("Hạn hoàn thành").fill("30/12/2099")
    page.get_by_role("button", name="Thêm thời hạn").click()
    expect(page.locator("#thoi-han")).to_contain_text("30/12/2099")
    look_at(page, "record")
    page.get_by_role("link", name="Gửi yêu cầu bổ sung").click()
    look_at(page, "question")
    page.go_back()
    page.set_viewport_size(OFFICE)
    page.get_by_role("link", name="Phiếu mã QR để gửi ảnh").click()
    look_at(page, "before-sheet")
    page.get_by_role("button", name="Tạo phiếu để in").click()
    expect(page.get_by_role("img", name="Mã QR tiêu chí")).to_have_count(3)
    look_at(page, "sheet")
    if folder := os.environ.get("VISIT_PICTURES"):
        page.pdf(path=f"{folder}/sheet.pdf", format="A4")
    page.set_viewport_size(OFFICE)
    page.goto(f"/cuoc-kiem-tra/{visit.pk}/")
    page.get_by_role("button", name="Lập biên bản kiểm tra").click()
    expect(page.get_by_role("main")).to_contain_text("Đã lập biên bản")
    page.goto(f"/cuoc-kiem-tra/{visit.pk}/")
    address = page.get_by_role("link", name="Bản in PDF").get_attribute("href")
    answer = page.request.get(address)
    assert answer.ok
    assert answer.body().startswith(b"%PDF")
    visit.refresh_from_db()
    assert list(visit.attended_by.all()) == [world.head]
