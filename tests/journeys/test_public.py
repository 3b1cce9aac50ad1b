"""A citizen without an account: finds a notice, takes its file, has it checked, and a paper copy by its code."""

import pytest
from playwright.sync_api import expect

from ..conftest import OFFICE, PHONE
from ..reports import factories
from .test_accessible import AXE, LOOK, RUN_AXE

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

GENUINE, NOT_OURS = "Đúng bản do cổng này phát hành", "Không phải bản do cổng này phát hành"


@pytest.fixture
def final(district):
    """The file of an issued notice of Phúc Khoa and Nậm Cần."""
    return factories.issued(district, number=8).notice.documents.get(rendition="final")


@pytest.mark.parametrize(("script", "viewport"), [(True, PHONE), (False, OFFICE)], ids=["phone", "without JavaScript"])
def test_citizen_finds_and_proves_a_notice(script, desk, final, tmp_path, assert_shown_well):
    page = desk(None, java_script_enabled=script)
    posted = []
    page.on("request", lambda request: request.method == "POST" and posted.append(request.url))

    page.goto("/dang-nhap/")
    page.get_by_role("main").get_by_role("link", name="xem thông báo đã ban hành").click()
    page.get_by_label("Tìm trong thông báo").fill("nam can")
    page.get_by_role("button", name="Tìm", exact=True).click()
    assert page.url.endswith("/thong-bao/?q=nam+can")
    assert_shown_well(page, script)
    page.get_by_role("main").get_by_role("link", name="08/TB-ĐKT").click()
    expect(page.get_by_role("article")).to_contain_text("xã Nậm Cần đạt 03/3 tiêu chí")
    assert_shown_well(page, script)
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải bản PDF").click()
    genuine = tmp_path / "tai-ve.pdf"
    genuine.write_bytes(download.value.path().read_bytes())

    page.get_by_role("link", name="Xác minh bản in", exact=True).click()
    check_file(page, genuine)
    expect(page.get_by_role("heading", name=GENUINE)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("08/TB-ĐKT")
    assert_shown_well(page, script)

    data = genuine.read_bytes()
    changed = tmp_path / "da-sua.pdf"
    changed.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
    check_file(page, changed)
    expect(page.get_by_role("heading", name=NOT_OURS)).to_be_visible()
    assert_shown_well(page, script)
    # With the script no file ever leaves the reader's machine.
    assert len(posted) == (0 if script else 2)

    code = " ".join(final.facts_sha256[start : start + 4] for start in range(0, 16, 4)).upper()
    page.get_by_label("Mã ở cuối bản in").fill(code)
    page.get_by_role("button", name="Kiểm tra mã").click()
    expect(page.get_by_role("heading", name="Mã đúng: có thông báo này")).to_be_visible()
    page.get_by_role("link", name="Xem toàn văn Thông báo số 08/TB-ĐKT").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thông báo số 08/TB-ĐKT")


def check_file(page, path):
    page.get_by_label("Tệp PDF hoặc Word (DOCX)").set_input_files(path)
    page.get_by_role("button", name="Kiểm tra tệp").click()


@pytest.fixture
def assert_shown_well():
    """Axe and the look of the page at its own width; without JavaScript there is nothing to ask the page by."""

    def check(page, script):
        if script:
            page.evaluate(AXE.axe_script)
            assert [*page.evaluate(RUN_AXE), *page.evaluate(LOOK)] == []

    return check


def test_notice_prints_as_its_text_alone(desk, final):
    page = desk(None)
    page.goto(f"/thong-bao/{final.notice.public_id}/")
    page.emulate_media(media="print")
    for name in ("Tải bản PDF", "Đăng nhập", "Trợ giúp", "Sao chép"):
        expect(page.get_by_text(name, exact=True)).to_be_hidden()
    expect(page.locator(".paper")).to_be_visible()
    foot = page.locator(".print-foot")
    expect(foot).to_contain_text(final.facts_sha256)
    expect(foot).to_contain_text(f"/thong-bao/{final.notice.public_id}/")


def test_citation_is_copied_by_its_button(desk, final):
    page = desk(None, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/thong-bao/{final.notice.public_id}/")
    page.get_by_role("button", name="Sao chép").click()
    expect(page.get_by_role("button", name="Đã sao chép")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("Thông báo số 08/TB-ĐKT ngày ")
