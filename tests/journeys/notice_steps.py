"""The last part of the main road: the notice is composed, approved, issued, and read back from its PDF."""

import io
import re

import pypdf
from playwright.sync_api import expect

from communes import clock

from .steps import open_from_navigation, take_task, typed


def the_coordinator_composes_the_notice(story):
    page = story.at("coordinator")
    open_from_navigation(page, "Thông báo")
    page.get_by_label("Đợt kiểm tra").select_option(story.round.name)
    page.get_by_role("button", name="Soạn văn bản").click()
    open_section(page, "Tồn tại, hạn chế")
    page.get_by_label("Nội dung").fill("- Có ")
    page.get_by_label("Nội dung").press("End")
    page.get_by_role("region", name="Bảng số liệu").get_by_text("Xã NTM", exact=True).click()
    page.locator("button.token", has_text="Số xã đạt tất cả tiêu chí").click()
    expect(page.get_by_label("Nội dung")).to_have_value("- Có {số đạt xa-thu}")
    page.get_by_label("Nội dung").press_sequentially(" xã đạt tất cả tiêu chí.")
    expect(page.locator("[data-ntm-save-state]").first).to_contain_text("Đã lưu lúc")

    open_section(page, "Nguyên nhân")
    page.get_by_label("Nội dung").fill("- Công chức kiêm nhiệm nhiều việc.")
    expect(page.locator("[data-ntm-save-state]").first).to_contain_text("Đã lưu lúc")

    open_section(page, "KIẾN NGHỊ CỦA ĐOÀN KIỂM TRA")
    last = page.locator("fieldset").filter(has_text="Nơi thực hiện").last
    last.get_by_label("Nơi thực hiện").fill("Ủy ban nhân dân các xã")
    last.get_by_label("Kiến nghị").fill("Hoàn thiện hồ sơ trường học trước ngày 30/6/2025.")
    page.get_by_role("button", name="Lưu các kiến nghị").click()
    page.get_by_role("link", name="Xem toàn văn").click()
    expect(page.get_by_role("main")).to_contain_text("Nội dung đủ để Trưởng đoàn phê duyệt")
    expect(page.locator(".paper")).to_contain_text("2,50 tiêu chí/xã")


def open_section(page, heading):
    """By the outline; the page changes when the last words of the present section are saved."""
    outline = page.get_by_role("navigation", name="Các phần của thông báo")
    outline.get_by_role("link", name=re.compile(rf"{heading}$")).click()
    expect(page.locator("#phan-dang-soan")).to_contain_text(heading)


def the_head_approves_the_notice(story):
    page = story.at("head")
    take_task(page, "Dự thảo thông báo chờ phê duyệt")
    page.get_by_role("link", name="Kiểm tra và phê duyệt").click()
    page.get_by_role("button", name="Phê duyệt thông báo").click()
    expect(page.get_by_role("main")).to_contain_text("Đã phê duyệt")


def the_coordinator_issues_the_notice(story):
    page = story.at("coordinator")
    take_task(page, "Thông báo đã phê duyệt, chờ ban hành")
    page.get_by_label("Ngày ban hành").fill(typed(clock.today()))
    page.get_by_label("Số do văn thư cấp").fill("8")
    page.get_by_role("button", name="Ban hành thông báo").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải bản PDF").click()
    return download.value.path().read_bytes()


def the_notice_says_what_was_concluded(pdf):
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    for words in (
        "Số: 08/TB-ĐKT",
        f"{clock.today():%d} tháng",
        "Kế hoạch số 12/KH-UBND",
        "Báo cáo số 34/BC-ĐKT",
        "2,50 tiêu chí/xã",
        "xã Nậm Cần đạt 03/3 tiêu chí; xã Phúc Khoa đạt 02/3 tiêu chí",
        "Có 01/2 xã đạt tất cả tiêu chí.",
        "bản Nà Lại đạt 00/1 tiêu chí",
        "Hoàn thiện hồ sơ trường học trước ngày 30/6/2025.",
    ):
        assert words in text, f"{words!r} is not in:\n{text}"
