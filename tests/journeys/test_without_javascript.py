"""The commune's and the inspector's work in a browser without JavaScript: old phones, locked-down offices."""

import re

import pytest
from playwright.sync_api import expect

from inspections import services

from ..inspections import factories as work

pytestmark = pytest.mark.journey


@pytest.fixture
def world(district, commune):
    return work.open_round(district, communes=[commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


@pytest.fixture
def plain_desk(desk):
    return lambda user: desk(user, java_script_enabled=False)


def block_of(page, code):
    return page.get_by_role("region", name=re.compile(rf"^{re.escape(code)} "))


def saved(page, code):
    expect(page.get_by_role("main")).to_contain_text(f"Đã lưu chỉ tiêu {code}.")


def test_officer_enters_uploads_and_hands_in(plain_desk, officer, dossier):
    page = plain_desk(officer)
    page.goto(f"/ho-so/{dossier.pk}/")
    page.get_by_role("link", name="Quy hoạch").click()
    for code, choice in (("1.1", "Đạt"), ("1.2", "Không (đạt)")):
        block_of(page, code).get_by_role("radio", name=choice, exact=True).check()
        block_of(page, code).get_by_role("button", name="Lưu chỉ tiêu").click()
        saved(page, code)
    page.get_by_role("link", name="Tiêu chí 2 · Giao thông").click()
    block = block_of(page, "2.1")
    block.get_by_label("Số km được cứng hóa").fill("17")
    block.get_by_label("Tổng số km").fill("20")
    block.get_by_role("radio", name="Đạt", exact=True).check()
    block.get_by_role("button", name="Lưu chỉ tiêu").click()
    saved(page, "2.1")
    expect(block.locator("output")).to_have_text("85 %")
    upload(block)
    expect(block.locator("ul[id^=tep-] > li")).to_have_count(2)
    enter_rest(page)
    page.goto(f"/ho-so/{dossier.pk}/")
    page.get_by_role("link", name="Kiểm tra và nộp").click()
    page.get_by_label("Nộp dù còn thiếu những minh chứng này").check()
    page.get_by_role("button", name="Nộp hồ sơ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã nộp hồ sơ")
    dossier.refresh_from_db()
    assert dossier.status == "submitted"


def upload(block):
    files = (("báo cáo.pdf", "application/pdf", work.pdf_bytes()), ("ảnh.jpg", "image/jpeg", work.image_bytes()))
    block.locator("input[type=file][multiple]").set_input_files(
        [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
    )
    block.get_by_role("button", name="Tải lên").click()


def enter_rest(page):
    block = block_of(page, "2.2")
    block.get_by_label("Giá trị").fill("45,5")
    block.get_by_role("radio", name="Đạt", exact=True).check()
    block.get_by_role("button", name="Lưu chỉ tiêu").click()
    saved(page, "2.2")
    page.get_by_role("link", name="Tiêu chí 3 · Trường học").click()
    block = block_of(page, "3")
    block.get_by_label("Số trường đạt chuẩn").fill("2")
    block.get_by_label("Tổng số trường").fill("2")
    block.get_by_role("group", name="Đạt chuẩn xóa mù chữ").get_by_role("radio", name="Đạt", exact=True).check()
    block.locator("fieldset.judgement").get_by_role("radio", name="Đạt", exact=True).check()
    block.get_by_role("button", name="Lưu chỉ tiêu").click()
    saved(page, "3")


def test_wrong_value_and_wrong_file_are_named_and_the_rest_stays(plain_desk, officer, dossier, expected_errors):
    expected_errors.append("status of 400")
    page = plain_desk(officer)
    page.goto(f"/ho-so/{dossier.pk}/tieu-chi/2/")
    block = block_of(page, "2.1")
    block.get_by_label("Số km được cứng hóa").fill("30")
    block.get_by_label("Tổng số km").fill("20")
    block.get_by_label("Thuyết minh").fill("Đang đo lại.")
    block.get_by_role("button", name="Lưu chỉ tiêu").click()
    expect(page.locator(".error-summary")).to_contain_text("Lớn hơn mẫu số 20")
    expect(block.get_by_label("Thuyết minh")).to_have_value("Đang đo lại.")
    page.goto(f"/ho-so/{dossier.pk}/tieu-chi/2/")
    block.locator("summary", has_text="Tải minh chứng lên").click()
    block.locator("input[type=file][multiple]").set_input_files(
        [{"name": "cai-dat.pdf", "mimeType": "application/pdf", "buffer": b"MZ" + bytes(900)}]
    )
    block.get_by_role("button", name="Tải lên").click()
    expect(page.get_by_role("main")).to_contain_text("Không nhận tệp cai-dat.pdf")


def test_inspector_asks_officer_answers_and_the_criterion_is_concluded(plain_desk, officer, world, dossier):
    work.hand_in(dossier, by=officer)
    desk_address = f"/kiem-tra/{dossier.pk}/tieu-chi/2/"
    inspector, page = plain_desk(world.inspector), plain_desk(officer)
    inspector.goto(desk_address)
    block = inspector.locator("article.indicator").filter(has_text="2.1")
    block.locator("summary", has_text="Yêu cầu bổ sung").click()
    block.get_by_label("Sai").check()
    block.get_by_label("Nội dung yêu cầu").fill("Số km khác với báo cáo năm trước.")
    block.get_by_role("button", name="Gửi yêu cầu bổ sung").click()
    expect(inspector.get_by_role("main")).to_contain_text("Đã gửi yêu cầu bổ sung")

    page.goto("/")
    page.locator("li.task").filter(has_text="1 chỉ tiêu cần bổ sung").get_by_role("link").first.click()
    page.get_by_label("Trả lời").fill("Đã đối chiếu, số cũ ghi nhầm.")
    page.get_by_role("button", name="Gửi trả lời").click()
    dossier.refresh_from_db()
    assert dossier.status == "submitted"

    inspector.goto(desk_address)
    expect(inspector.get_by_role("main")).to_contain_text("số cũ ghi nhầm")
    inspector.get_by_role("button", name="Chấp nhận trả lời").click()
    form = inspector.locator("form.decide")
    form.get_by_role("radio", name="Đạt", exact=True).check()
    form.get_by_role("button", name="Ghi kết luận").click()
    expect(inspector.get_by_role("main")).to_contain_text("Đã ghi kết luận")
    assert work.conclusion_of(dossier, 2).verdict == "dat"


def test_inspector_marks_what_he_saw_and_concludes_with_a_phrase(plain_desk, officer, world, dossier, district):
    services.add_phrase(authority=district, text="Thiếu biên bản.", is_shared=True, by=world.coordinator)
    work.fill(dossier, by=officer)
    services.submit(world.dossier_of(dossier.commune), by=officer)
    page = plain_desk(world.inspector)
    page.goto(f"/kiem-tra/{dossier.pk}/tieu-chi/2/")
    expect(page.locator(".viewer-tools")).to_be_hidden()
    image = page.locator(".leaf img").first
    image.scroll_into_view_if_needed()
    assert page.request.get(image.get_attribute("src")).headers["content-type"] == "image/jpeg"
    expect(page.get_by_role("link", name="Mở riêng trang 1")).to_be_visible()
    page.get_by_role("button", name="Đánh dấu đã xem tiêu chí này").click()
    expect(page.get_by_role("status")).to_contain_text("Đã đánh dấu đã xem tiêu chí 2.")
    decision = page.locator("form.decide")
    decision.get_by_role("radio", name="Chưa đạt").check()
    decision.get_by_label("Câu mẫu").select_option("Thiếu biên bản.")
    decision.get_by_role("button", name="Ghi kết luận").click()
    expect(page.get_by_role("status")).to_contain_text("Đã ghi kết luận.")
    row = work.conclusion_of(dossier, 2)
    assert (row.verdict, row.reason) == ("chua_dat", "Thiếu biên bản.")


def test_halves_of_the_desk_are_tabs_on_a_phone(plain_desk, officer, world, dossier):
    work.hand_in(dossier, by=officer)
    page = plain_desk(world.inspector)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/kiem-tra/{dossier.pk}/tieu-chi/2/")
    facts, evidence = page.locator("#so-lieu"), page.locator("#minh-chung")
    expect(evidence).to_be_hidden()
    page.get_by_role("link", name="Minh chứng (").click()
    expect(evidence).to_be_visible()
    expect(facts).to_be_hidden()
    page.get_by_role("link", name="Số liệu và kết luận").click()
    expect(facts).to_be_visible()
    expect(evidence).to_be_hidden()


def test_inspector_concludes_many_at_once(plain_desk, officer, world, dossier):
    work.fill(dossier, by=officer)
    work.prove(dossier, "1.1", "1.2", "3", by=officer)
    services.submit(world.dossier_of(dossier.commune), by=officer)
    page = plain_desk(world.inspector)
    page.goto("/hang-cho/?viec=tieu-chi")
    page.get_by_role("link", name="Kết luận các tiêu chí đã đủ căn cứ").click()
    page.get_by_role("checkbox", name="Tiêu chí 3. Trường học").uncheck()
    page.get_by_role("button", name="Kết luận đạt các tiêu chí đã chọn").click()
    expect(page.get_by_role("heading", name="1 tiêu chí đã kết luận")).to_be_visible()
    assert [work.conclusion_of(dossier, number).verdict for number in (1, 3)] == ["dat", "chua_danh_gia"]
