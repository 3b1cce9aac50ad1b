"""An officer fills in a dossier as a workbook: down, edited, up, looked at, saved; a wrong file; no JavaScript."""

import pytest
from playwright.sync_api import expect

from ..inspections import factories as work
from ..inspections.workbooks import Column, edited

pytestmark = pytest.mark.journey


@pytest.fixture
def dossier(district, commune, officer):
    return work.open_round(district, communes=[commune]).dossier_of(commune)


def fetched(page, dossier):
    """The workbook as the dossier's page leads to it."""
    page.goto(dossier.get_absolute_url())
    page.get_by_role("link", name="Nhập bằng bảng tính Excel").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải bảng tính (.xlsx)").click()
    return download.value.path().read_bytes()


def send(page, content):
    page.get_by_label("Bảng tính đã nhập").set_input_files(
        {"name": "ho-so.xlsx", "mimeType": "application/octet-stream", "buffer": content}
    )
    page.get_by_role("button", name="Tải lên và xem trước").click()


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_officer_fills_in_a_workbook(desk, officer, dossier, java_script_enabled):
    page = desk(officer, java_script_enabled=java_script_enabled)
    content = fetched(page, dossier)
    work.enter(dossier, "2.2", by=officer, remark="Sửa trên cổng")
    edits = {("2.1", Column.NUMBER): 8, ("2.1", Column.WHOLE): "9,5", ("2.2", Column.REMARK): "Theo bảng tính"}
    send(page, edited(content, edits))
    expect(page.get_by_role("heading", name="2 thay đổi")).to_be_visible()
    conflict = page.get_by_role("group", name="2.2")
    expect(conflict).to_contain_text("Sửa trên cổng")
    conflict.get_by_label("Lấy từ bảng tính").check()
    page.get_by_role("button", name="Lưu vào hồ sơ").click()
    expect(page.get_by_role("main")).to_contain_text("Đã lưu 2 chỉ tiêu từ bảng tính ho-so.xlsx.")
    page.go_back()
    expect(page.get_by_role("button", name="Lưu vào hồ sơ")).to_have_count(0)
    assert str(work.assessment_of(dossier, "2.1").denominator.normalize()) == "9.5"
    assert work.assessment_of(dossier, "2.2").remark == "Theo bảng tính"


def test_officer_is_told_what_to_mend(desk, officer, dossier, expected_errors):
    expected_errors.append("status of 400")
    page = desk(officer)
    content = fetched(page, dossier)
    send(page, b"abc")
    expect(page.get_by_role("alert")).to_contain_text("không phải tệp Excel")
    send(page, edited(content, {("2.1", Column.NUMBER): "nhiều"}))
    expect(page.get_by_role("heading", name="1 chỗ phải sửa trong bảng tính")).to_be_visible()
    row = page.get_by_role("row", name="E6")
    expect(row).to_contain_text("Chỉ tiêu 2.1: Chỉ nhập số, ví dụ 1250,5.")
    expect(page.get_by_role("button", name="Lưu vào hồ sơ")).to_have_count(0)
