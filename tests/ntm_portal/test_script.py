"""app.js in a real browser against answers made up here: saving by itself, conflicts, keys, tabs."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import expect

SCRIPT = Path(settings.BASE_DIR, "ntm_portal", "static", "ntm_portal", "js", "app.js")
SITE = "http://portal.test"
CONFLICT = {"message": "Chưa lưu: Lò Văn Nam đã sửa lúc 14:03.", "version": 9, "html": "<p>Đang lưu: bảy</p>"}


class Server:
    """Stands in for the portal: one page, and the answers a test has put in line for its forms."""

    def __init__(self, page):
        self.bodies = []  # what the page's forms sent
        self.answers = []  # (status, data); the last one repeats
        self.body = ""
        page.route("**/*", self.serve)

    def serve(self, route):
        request = route.request
        if request.method == "POST":
            self.bodies.append(request.post_data or "")
            status, data = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            route.fulfill(status=status, content_type="application/json", body=json.dumps(data))
        elif request.url.endswith("app.js"):
            route.fulfill(content_type="text/javascript", body=SCRIPT.read_text())
        else:
            page = f'<!doctype html><html lang="vi"><body>{self.body}<script src="/app.js"></script></body></html>'
            route.fulfill(content_type="text/html; charset=utf-8", body=page)

    def sent(self, name):
        """What a field was sent as, one entry for each request."""
        return [
            body.split(f'name="{name}"\r\n\r\n')[1].split("\r\n")[0] for body in self.bodies if f'name="{name}"' in body
        ]


@pytest.fixture
def server(page):
    return Server(page)


def saved(version, at="14:05", **fragments):
    return 200, {"version": version, "saved_at": at, "fragments": fragments}


@pytest.fixture
def form(page, server):
    """A page with one indicator that saves itself, and a link away from it."""
    server.body = f"""
      <form method="post" action="/luu/" data-ntm-autosave>
        <input type="hidden" name="version" value="1">
        <input id="value" name="value" aria-label="Giá trị" value="5">
        <div data-ntm-conflict></div>
        {render_to_string("components/_saving_line.html")}
      </form>
      <p id="state">Thiếu 1 minh chứng</p><a href="/khac/">Tiêu chí 6</a>"""
    page.goto(f"{SITE}/tieu-chi/")
    return page.locator("[data-ntm-save-state]")


def test_autosave_sends_after_a_pause_and_takes_the_new_version(page, server, form):
    server.answers = [saved(2, **{"#state": '<p id="state">Đủ</p>'}), saved(3, at="14:06")]
    expect(page.get_by_role("button", name="Lưu")).to_be_hidden()
    page.fill("#value", "6")
    expect(form).to_have_text("Đã lưu lúc 14:05")
    expect(page.locator("#state")).to_have_text("Đủ")
    page.fill("#value", "7")
    expect(form).to_have_text("Đã lưu lúc 14:06")
    assert server.sent("value") == ["6", "7"]
    assert server.sent("version") == ["1", "2"]


def test_autosave_is_silent_when_nothing_changed(page, server, form):
    server.answers = [saved(2)]
    page.fill("#value", "6")
    expect(form).to_have_text("Đã lưu lúc 14:05")
    page.locator("#value").blur()
    page.wait_for_timeout(300)
    assert server.sent("value") == ["6"]


def test_autosave_shows_the_message_beside_its_field(page, server, form, console_errors):
    server.answers = [(400, {"errors": {"value": ["Nhập một số."]}}), saved(2)]
    page.fill("#value", "sáu")
    expect(page.locator(".errorlist")).to_have_text("Nhập một số.")
    expect(page.locator("#value")).to_have_attribute("aria-invalid", "true")
    page.fill("#value", "6")
    expect(page.locator(".errorlist")).to_have_count(0)
    console_errors.clear()


def test_autosave_tries_again_by_itself(page, server, form, console_errors):
    server.answers = [(503, {}), saved(2)]
    page.fill("#value", "6")
    expect(form).to_have_text("Chưa lưu được, sẽ thử lại")
    expect(form).to_have_text("Đã lưu lúc 14:05")
    console_errors.clear()


def test_conflict_stops_saving_until_one_wording_is_chosen(page, server, form, console_errors):
    server.answers = [(409, CONFLICT), saved(10)]
    page.fill("#value", "6")
    expect(page.get_by_text("Đang lưu: bảy")).to_be_visible()
    page.fill("#value", "8")
    page.wait_for_timeout(1200)
    assert server.sent("value") == ["6"]
    page.get_by_role("button", name="Giữ nội dung vừa nhập").click()
    expect(form).to_have_text("Đã lưu lúc 14:05")
    assert server.sent("value") == ["6", "8"]
    assert server.sent("version") == ["1", "9"]
    console_errors.clear()


def test_panel_of_a_conflict_may_bring_its_own_choice(page, server, form, console_errors):
    panel = "<p>Đang lưu: bảy</p><button>Giữ của mình</button><a href='/tieu-chi/#x'>Lấy nội dung đã lưu</a>"
    server.answers = [(409, {**CONFLICT, "html": panel}), saved(10)]
    page.fill("#value", "6")
    expect(page.get_by_role("button", name="Giữ nội dung vừa nhập")).to_have_count(0)
    page.get_by_role("button", name="Giữ của mình").click()
    expect(form).to_have_text("Đã lưu lúc 14:05")
    assert server.sent("version") == ["1", "9"]
    server.answers = [(409, {**CONFLICT, "html": panel})]
    page.fill("#value", "8")
    page.get_by_role("link", name="Lấy nội dung đã lưu").click()
    expect(page.locator("#value")).to_have_value("5")
    console_errors.clear()


def test_too_late_a_save_offers_only_to_load_again(page, server, form, console_errors):
    server.answers = [(409, {"message": "Hồ sơ đã được nộp lúc 14:03."})]
    page.fill("#value", "6")
    expect(form).to_have_text("Hồ sơ đã được nộp lúc 14:03.")
    expect(page.get_by_role("button", name="Giữ nội dung vừa nhập")).to_have_count(0)
    page.get_by_role("button", name="tải lại trang").click()
    expect(page.locator("#value")).to_have_value("5")
    console_errors.clear()


def test_link_waits_for_the_last_words(page, server, form):
    server.answers = [saved(2)]
    page.fill("#value", "6")
    page.get_by_role("link", name="Tiêu chí 6").click()
    page.wait_for_url(f"{SITE}/khac/")
    assert server.sent("value") == ["6"]


def test_form_goes_off_once(page, server):
    server.answers = [(200, {})]
    server.body = """
      <form method="post" action="/nop/" target="khung"><button>Nộp</button></form>
      <iframe name="khung" title="Khung"></iframe>"""
    page.goto(f"{SITE}/nop/")
    button = page.get_by_role("button", name="Nộp")
    button.click()
    button.click(force=True)
    page.wait_for_timeout(300)
    assert len(server.bodies) == 1


def test_question_mark_lists_the_keys_and_they_can_be_switched_off(page, server):
    server.body = """
      <button type="button" data-ntm-key="d" id="meet">Đạt</button><output>0</output>
      <textarea aria-label="Lý do"></textarea>
      <dialog data-ntm-key-help>
        <dl data-ntm-key-list></dl><label><input type="checkbox" data-ntm-key-switch>Dùng</label>
      </dialog>"""
    page.goto(f"{SITE}/tham-dinh/")
    page.locator("#meet").evaluate("button => button.onclick = () => document.querySelector('output').value++")
    page.keyboard.press("d")
    page.get_by_label("Lý do").press("d")
    expect(page.locator("output")).to_have_text("1")
    page.locator("#meet").focus()
    page.keyboard.press("?")
    expect(page.locator("dl")).to_have_text("DĐạt")
    page.get_by_label("Dùng").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(page.locator("output")).to_have_text("1")


def test_token_is_written_where_the_cursor_stands(page, server):
    server.body = """
      <textarea id="text" aria-label="Nội dung">Bình quân  tiêu chí</textarea>
      <button type="button" data-ntm-insert="[[xa.binh_quan]]" data-ntm-insert-target="#text">Bình quân</button>"""
    page.goto(f"{SITE}/thong-bao/")
    page.get_by_label("Nội dung").evaluate("text => text.setSelectionRange(10, 10)")
    page.get_by_role("button", name="Bình quân").click()
    expect(page.get_by_label("Nội dung")).to_have_value("Bình quân [[xa.binh_quan]] tiêu chí")


def test_tabs_show_one_part_at_a_time(page, server):
    server.body = """
      <style>[data-ntm-closed] { display: none }</style>
      <div data-ntm-tabs><a href="#facts">Số liệu</a><a href="#files">Minh chứng</a></div>
      <p id="facts">7/8</p><p id="files">Biên bản</p>"""
    page.goto(f"{SITE}/tham-dinh/")
    expect(page.locator("#files")).to_be_hidden()
    page.get_by_role("link", name="Minh chứng").click()
    expect(page.locator("#files")).to_be_visible()
    expect(page.locator("#facts")).to_be_hidden()


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        ("1.250,5", "2000", "62,53 %"),
        ("12.5", "20", "62,5 %"),
        ("1 250", "2 000", "62,5 %"),
        ("1.250", "2000", "–"),
        ("-5", "10", "–"),
        ("1e3", "2e3", "–"),
        ("30", "20", "–"),
        ("5", "0", "–"),
    ],
)
def test_rate_while_typing_reads_numbers_as_the_server_does(page, server, part, whole, shown):
    server.body = """
      <div data-ntm-rate><input data-ntm-part aria-label="Số đạt"><input data-ntm-whole aria-label="Tổng số">
      <output>?</output></div>"""
    page.goto(f"{SITE}/tieu-chi/")
    page.get_by_label("Số đạt").fill(part)
    page.get_by_label("Tổng số").fill(whole)
    expect(page.locator("output")).to_have_text(shown)


def test_answer_being_typed_outlives_the_sending_of_another(page, server):
    server.body = """
      <form method="post"><textarea data-ntm-keep="1" aria-label="Trả lời 1"></textarea><button>Gửi 1</button></form>
      <form method="post"><textarea data-ntm-keep="2" aria-label="Trả lời 2"></textarea></form>"""
    server.answers = [(200, {})]
    page.goto(f"{SITE}/bo-sung/")
    page.get_by_label("Trả lời 1").fill("Đã rà soát.")
    page.get_by_label("Trả lời 2").fill("Danh sách đang gõ dở")
    page.get_by_role("button", name="Gửi 1").click()
    page.goto(f"{SITE}/bo-sung/")
    expect(page.get_by_label("Trả lời 2")).to_have_value("Danh sách đang gõ dở")
    expect(page.get_by_label("Trả lời 1")).to_have_value("")
    page.reload()
    expect(page.get_by_label("Trả lời 2")).to_have_value("")
