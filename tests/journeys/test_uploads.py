"""Files on a weak line, in a browser: photos made smaller, a queue one can follow, what outlives a closed window."""

import hashlib
from contextlib import suppress
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Error, expect

from communes.permissions import Role
from inspections import incoming
from inspections.models import Evidence, EvidenceLink, Upload

from ..factories import person
from ..inspections import factories as work

pytestmark = pytest.mark.django_db(transaction=True)
LONG_SIDE = 2000


@pytest.fixture
def dossier(district, commune):
    return work.open_round(district, communes=[commune]).dossier_of(commune)


def criterion(dossier, number=2):
    return f"/ho-so/{dossier.pk}/tieu-chi/{number}/"


def block_of(page, code):
    return page.locator("section.indicator").filter(has=page.locator("h2", has_text=code))


def choose(block, *files):
    fold = block.locator("details", has=block.page.locator("form[data-ntm-upload]")).first
    if not fold.evaluate("fold => fold.open"):
        fold.locator("summary").first.click()
    block.locator("input[type=file][multiple]").set_input_files(list(files))


def file(name, content, kind="application/pdf"):
    return {"name": name, "mimeType": kind, "buffer": content}


def queue_of(block):
    return block.locator("[data-ntm-upload-list] li")


def rows_of(block):
    return block.locator("ul[id^=tep-] > li")


def photo(width=3000, height=2250, *, kind="JPEG", turned=True):
    """A photo as a telephone takes it: lying on its side, with its time and place."""
    picture, exif = Image.effect_noise((width, height), 40).convert("RGB"), Image.Exif()
    if turned:
        exif[0x0112] = 6
    exif.get_ifd(0x8769).update({0x9003: "2025:06:12 10:15:00", 0x9011: "+07:00"})
    exif.get_ifd(0x8825).update({1: "N", 2: (22.0, 8.0, 24.5), 3: "E", 4: (103.0, 40.0, 12.0)})
    target = BytesIO()
    picture.save(target, kind, exif=exif, quality=90)
    return target.getvalue()


def said(piece):
    return piece.taken_at.isoformat(), str(piece.latitude), str(piece.longitude)


SHOT = ("2025-06-12T03:15:00+00:00", "22.140139", "103.670000")


# ---------------------------------------------------------------- photos


def test_photo_is_made_smaller_stands_upright_and_keeps_time_and_place(desk, officer, dossier):
    page, original = desk(officer), photo()
    page.goto(criterion(dossier))
    block = block_of(page, "2.1")
    choose(block, file("đường bản.jpg", original, "image/jpeg"))
    expect(rows_of(block)).to_have_count(1)
    expect(queue_of(block)).to_have_count(0)
    piece = Evidence.objects.get()
    with piece.file.open() as stored, Image.open(stored) as picture:
        assert picture.size == (1500, LONG_SIDE)
        assert not picture.getexif().get_ifd(0x8825)
    assert piece.size < len(original)
    assert (piece.original_name, piece.kind) == ("đường bản.jpg", "photo")
    assert said(piece) == SHOT
    page.goto(f"/minh-chung/{piece.pk}/")
    expect(page.get_by_text("Chụp lúc 10:15 12/06/2025, vị trí 22,140139; 103,670000")).to_be_visible()


def test_original_goes_up_as_it_is_when_asked_for(desk, officer, dossier):
    page, original = desk(officer), photo()
    page.goto(criterion(dossier))
    block = block_of(page, "2.1")
    choose(block)
    block.get_by_label("Gửi ảnh gốc").check()
    choose(block, file("a.jpg", original, "image/jpeg"))
    expect(rows_of(block)).to_have_count(1)
    piece = Evidence.objects.get()
    assert piece.sha256 == hashlib.sha256(original).hexdigest()
    assert said(piece) == SHOT


def test_small_photo_and_heic_go_up_as_they_are(desk, officer, dossier):
    page = desk(officer)
    small, heic = photo(800, 600), photo(400, 300, kind="HEIF", turned=False)
    page.goto(criterion(dossier))
    block = block_of(page, "2.1")
    choose(block, file("a.jpg", small, "image/jpeg"), file("b.heic", heic, "image/heic"))
    expect(rows_of(block)).to_have_count(2)
    stored = {piece.sha256: said(piece) for piece in Evidence.objects.all()}
    assert stored == {hashlib.sha256(content).hexdigest(): SHOT for content in (small, heic)}


# ---------------------------------------------------------------- the queue


def test_same_file_again_is_linked_and_not_sent(desk, officer, dossier):
    page, sent = desk(officer), []
    page.on("request", lambda request: request.method == "PATCH" and sent.append(request.url))
    page.goto(criterion(dossier))
    content = work.pdf_bytes()
    choose(block_of(page, "2.1"), file("a.pdf", content))
    expect(rows_of(block_of(page, "2.1"))).to_have_count(1)
    assert len(sent) == 1
    choose(block_of(page, "2.2"), file("b.pdf", content))
    expect(rows_of(block_of(page, "2.2"))).to_have_count(1)
    assert len(sent) == 1
    assert Evidence.objects.get().links.count() == 2


def test_two_go_at_once_and_one_can_be_cancelled(desk, officer, dossier):
    page = desk(officer)
    held, closed = [], [True]

    def gate(route):
        if closed and route.request.method == "PATCH":
            held.append(route)
        else:
            route.continue_()

    page.route("**/tai-len/*/", gate)
    page.goto(criterion(dossier))
    block = block_of(page, "2.1")
    choose(block, *(file(f"{name}.pdf", work.pdf_bytes()) for name in "abc"))
    expect(queue_of(block)).to_have_count(3)
    expect(queue_of(block).filter(has_text="Đang gửi")).to_have_count(2)
    expect(queue_of(block).filter(has_text="Đang chờ")).to_have_count(1)
    block.get_by_role("button", name="Hủy a.pdf").click()
    expect(queue_of(block).filter(has_text="a.pdf")).to_have_count(0)
    expect(queue_of(block).filter(has_text="Đang gửi")).to_have_count(2)
    closed.clear()
    for route in held:
        with suppress(Error):  # that of the cancelled one is gone
            route.continue_()
    expect(rows_of(block)).to_have_count(2)
    expect(queue_of(block)).to_have_count(0)
    assert sorted(Evidence.objects.values_list("original_name", flat=True)) == ["b.pdf", "c.pdf"]
    assert not Upload.objects.unfinished().exists()


def test_broken_line_goes_on_where_it_stood(desk, officer, dossier, expected_errors, assert_nothing_wrong_with):
    """The second piece is cut off; then the line is gone for a while, and comes back."""
    expected_errors.append("ERR_")
    page, sent = desk(officer), []
    content = work.heavy_pdf(1_300_000)

    def line(route):
        if route.request.method != "PATCH":
            return route.continue_()
        sent.append(int(route.request.headers["upload-offset"]))
        return route.abort("connectionreset") if len(sent) == 2 else route.continue_()

    page.route("**/tai-len/*/", line)
    page.goto(criterion(dossier))
    block = block_of(page, "2.1")
    choose(block, file("a.pdf", content))
    expect(queue_of(block)).to_contain_text("sẽ gửi tiếp từ chỗ dừng; tệp đã giữ trên máy này")
    assert_nothing_wrong_with(page)
    expect(rows_of(block)).to_have_count(1)
    piece = 512 * 1024
    assert sent == [0, piece, piece, 2 * piece]
    assert Evidence.objects.get().sha256 == hashlib.sha256(content).hexdigest()


@pytest.fixture
def assert_nothing_wrong_with():
    from axe_playwright_python.sync_playwright import Axe

    def check(page):
        result = Axe().run(page)
        assert result.violations_count == 0, result.generate_report()

    return check


def test_refused_file_says_why_and_can_be_passed_over(desk, officer, dossier, settings, expected_errors, tmp_path):
    expected_errors.append("status of 400")
    page = desk(officer)
    page.goto(criterion(dossier))
    block = block_of(page, "2.1")
    for name, content in (("a.exe", b"MZ"), ("b.pdf", b"x" * 200), ("c.pdf", bytes(settings.EVIDENCE_MAX_BYTES + 1))):
        (tmp_path / name).write_bytes(content)
    choose(block, *(tmp_path / name for name in ("a.exe", "b.pdf", "c.pdf")))
    expect(queue_of(block).nth(0)).to_contain_text("Không nhận tệp a.exe: chỉ nhận tệp PDF")
    expect(queue_of(block).nth(1)).to_contain_text("Không nhận tệp b.pdf: nội dung không phải tệp PDF")
    expect(queue_of(block).nth(2)).to_contain_text("Không nhận tệp c.pdf: lớn hơn 25 MB.")
    block.get_by_role("button", name="Bỏ qua b.pdf").click()
    expect(queue_of(block)).to_have_count(2)
    assert not Evidence.objects.exists()


# ---------------------------------------------------------------- what waits on the machine


def waiting(page):
    return page.locator("[data-ntm-uploads]")


def break_off(page, dossier, content, *, name="a.pdf"):
    """Choose a file, let one piece go up and the next ones not."""
    sent = []

    def line(route):
        if route.request.method == "PATCH":
            sent.append(route)
            if len(sent) > 1:
                return route.abort("connectionreset")
        return route.continue_()

    page.route("**/tai-len/*/", line)
    page.goto(criterion(dossier))
    choose(block_of(page, "2.1"), file(name, content))
    expect(queue_of(block_of(page, "2.1"))).to_contain_text("tệp đã giữ trên máy này")


def test_file_outlives_the_closed_page_and_goes_on_elsewhere(desk, officer, dossier, expected_errors):
    expected_errors.append("ERR_")
    page, content = desk(officer), work.heavy_pdf(1_300_000)
    break_off(page, dossier, content)
    context = page.context
    page.close()
    key = Upload.objects.get().key
    begun, offsets = incoming.offset(key), []
    assert begun == 512 * 1024

    other = context.new_page()
    other.on("request", lambda request: request.method == "PATCH" and offsets.append(request.headers["upload-offset"]))
    other.goto(f"/ho-so/{dossier.pk}/")
    expect(waiting(other)).to_contain_text("Chỉ tiêu 2.1: a.pdf đã gửi xong")
    assert offsets[0] == str(begun)
    piece = Evidence.objects.get()
    assert piece.sha256 == hashlib.sha256(content).hexdigest()
    assert EvidenceLink.objects.get().assessment.indicator.code == "2.1"
    other.goto(criterion(dossier))
    expect(waiting(other)).to_be_hidden()
    expect(rows_of(block_of(other, "2.1"))).to_have_count(1)


def test_what_waits_is_neither_shown_nor_sent_for_another_account(
    desk, officer, commune, dossier, client, expected_errors, settings
):
    """Two people at one computer: the second sees nothing of it, the first finds it again."""
    expected_errors.append("ERR_")
    page, content = desk(officer), work.heavy_pdf(1_300_000)
    break_off(page, dossier, content, name="bí mật.pdf")
    context = page.context
    page.close()
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)

    def sit_down(user):
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        cookies = [item for item in context.cookies() if item["name"] == name]
        context.add_cookies([{**cookies[0], "value": client.cookies[name].value}])
        return context.new_page()

    other = sit_down(colleague)
    other.goto(criterion(dossier))
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    other.wait_for_timeout(1500)
    expect(waiting(other)).to_be_hidden()
    assert "bí mật" not in other.content()
    kept = other.evaluate(RECORDS)
    assert len(kept) == 1
    assert kept[0]["bytes"] > len(content)  # sealed: with its tag
    assert kept[0]["readable"] == ""
    other.close()
    assert not Evidence.objects.exists()

    mine = sit_down(officer)
    mine.goto(criterion(dossier))
    # What was broken off is tried again after growing waits.
    expect(rows_of(block_of(mine, "2.1"))).to_have_count(1, timeout=45_000)
    assert Evidence.objects.get().uploaded_by == officer


# What lies in the browser's own files, for whoever looks.
RECORDS = """async () => {
  const db = await new Promise((done) => {
    const opening = indexedDB.open("ntm");
    opening.onsuccess = () => done(opening.result);
  });
  const all = await new Promise((done) => {
    const asking = db.transaction("records").objectStore("records").getAll();
    asking.onsuccess = () => done(asking.result);
  });
  db.close();
  const text = (data) => new TextDecoder().decode(data);
  return all.map(({ value, bytes }) => ({
    bytes: bytes.data.byteLength,
    readable: /%PDF-|mật|assessments/.exec(text(value.data) + text(bytes.data))?.[0] || "",
  }));
}"""


def test_session_ended_keeps_the_file_until_somebody_signs_in_again(desk, officer, dossier, expected_errors):
    # The key of the device is asked for again and refused, as everything is to nobody.
    expected_errors.append("status of 403")
    page = desk(officer)
    page.goto(criterion(dossier))
    cookies = page.context.cookies()
    page.context.clear_cookies()
    block = block_of(page, "2.1")
    choose(block, file("a.pdf", work.pdf_bytes()))
    expect(queue_of(block)).to_contain_text("Phiên làm việc đã hết")
    page.context.add_cookies(cookies)
    block.get_by_role("button", name="Gửi tiếp a.pdf").click()
    expect(rows_of(block)).to_have_count(1)


def test_other_account_in_another_tab_does_not_send_it(desk, officer, commune, dossier, client, settings):
    page = desk(officer)
    page.goto(criterion(dossier))
    client.force_login(person(Role.COMMUNE_OFFICER, commune=commune))
    name = settings.SESSION_COOKIE_NAME
    (cookie,) = [item for item in page.context.cookies() if item["name"] == name]
    page.context.add_cookies([{**cookie, "value": client.cookies[name].value}])
    block = block_of(page, "2.1")
    choose(block, file("a.pdf", work.pdf_bytes()))
    expect(queue_of(block)).to_contain_text("đang đăng nhập một tài khoản khác")
    assert not Upload.objects.exists()


def test_server_that_lost_the_bytes_gets_them_again(desk, officer, dossier, expected_errors):
    expected_errors += ["ERR_", "status of 410"]
    page, content = desk(officer), work.heavy_pdf(1_300_000)
    break_off(page, dossier, content)
    incoming.remove(Upload.objects.get().key)
    page.unroute("**/tai-len/*/")
    block = block_of(page, "2.1")
    expect(rows_of(block)).to_have_count(1)
    assert Evidence.objects.get().sha256 == hashlib.sha256(content).hexdigest()


def test_signing_out_names_the_files_that_wait(desk, officer, dossier, expected_errors):
    page = desk(officer)
    expected_errors.append("ERR_FAILED")
    page.goto(criterion(dossier))
    page.route("**/tai-len/**", lambda route: route.abort())
    choose(block_of(page, "2.1"), file("tờ trình.pdf", work.pdf_bytes()))
    expect(queue_of(block_of(page, "2.1"))).to_contain_text("tờ trình.pdf")
    page.get_by_text(officer.full_name).first.click()
    page.get_by_role("button", name="Đăng xuất").click()
    dialog = page.get_by_role("dialog", name="Còn 1 tệp chưa gửi")
    expect(dialog).to_contain_text("tờ trình.pdf")
    dialog.get_by_role("button", name="Vẫn đăng xuất").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    assert not Evidence.objects.exists()
