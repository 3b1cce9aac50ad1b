"""render_notice and check_portal: what they write, and what they say when something is wrong."""

from contextlib import suppress
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from communes import clock
from communes.models import Digest, Routine
from reports.models import IssuedDocument

from . import factories

pytestmark = pytest.mark.django_db


def run(*args):
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_issued_notice_is_written_as_it_is_stored(district, tmp_path):
    scene = factories.issued(district)
    target = tmp_path / "a.pdf"
    assert "đã ban hành" in run("render_notice", str(scene.notice.public_id), "-o", str(target))
    with IssuedDocument.objects.get(rendition="final").file.open() as file:
        assert target.read_bytes() == file.read()


def test_draft_is_written_with_its_mark(district, tmp_path, text_of):
    scene = factories.draft(district)
    run("render_notice", str(scene.notice.pk), "-o", str(tmp_path / "a.pdf"))
    assert "DỰ THẢO" in text_of((tmp_path / "a.pdf").read_bytes())
    run("render_notice", str(scene.notice.pk), "--format", "html", "-o", str(tmp_path / "a.html"))
    assert "ĐÁNH GIÁ CHUNG" in (tmp_path / "a.html").read_text()


@pytest.mark.parametrize("wanted", ["999999", "khong-co", "7f2c1c6e-0000-4000-8000-000000000000"])
def test_unknown_notice_is_told(wanted, tmp_path):
    with pytest.raises(CommandError, match="thông báo"):
        run("render_notice", wanted, "-o", str(tmp_path / "a.pdf"))


@pytest.fixture
def in_service(settings):
    """A worker that is alive, in an office that wants no mail."""
    settings.MAIL_URL = "none"
    return Routine.objects.create(name="worker", done_at=clock.machine_now())


def test_check_finds_all_well(district, in_service):
    factories.issued(district)
    assert run("check_portal").count("tốt") == 8


def test_check_names_a_changed_and_a_lost_file(district, in_service):
    factories.issued(district)
    name = IssuedDocument.objects.get(rendition="final").file.name
    with open(default_storage.path(name), "ab") as file:
        file.write(b" ")
    out = StringIO()
    with pytest.raises(CommandError, match="1 mục"):
        call_command("check_portal", stdout=out)
    assert "đã bị thay đổi" in out.getvalue()
    default_storage.delete(name)
    with pytest.raises(CommandError):
        call_command("check_portal", stdout=out)
    assert "mất tệp" in out.getvalue()


def test_check_says_which_fonts_to_install(settings, tmp_path):
    settings.FONT_DIR = str(tmp_path)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check_portal", stdout=out)
    assert "apt-get install" in out.getvalue()


# ---------------------------------------------------------------- worker and mail


def complaints():
    out = StringIO()
    with suppress(CommandError):
        call_command("check_portal", stdout=out)
    return {line.split(": ")[0]: line for line in out.getvalue().splitlines() if not line.endswith(": tốt")}


def test_check_says_when_the_worker_never_ran_or_has_stopped(in_service):
    assert "Việc nền" not in complaints()
    Routine.objects.update(done_at=clock.machine_now() - timedelta(minutes=45))
    assert "việc nền đã dừng 45 phút" in complaints()["Việc nền"]
    Routine.objects.all().delete()
    assert "run_worker" in complaints()["Việc nền"]


def test_check_says_when_the_daily_work_is_not_done(in_service, settings):
    Routine.objects.create(name="daily", done_at=clock.machine_now() - timedelta(days=2))
    assert "việc hằng ngày" in complaints()["Việc nền"]
    settings.DEMO_TODAY = "2025-06-17"
    assert "Việc nền" not in complaints()


def test_check_says_what_mail_lacks(in_service, settings):
    settings.MAIL_URL, settings.HAS_MAIL = "", False
    assert "EMAIL_URL" in complaints()["Thư điện tử"]
    settings.MAIL_URL, settings.HAS_MAIL, settings.DEFAULT_FROM_EMAIL = "smtp://x", True, "ntm@localhost"
    said = complaints()["Thư điện tử"]
    assert "PUBLIC_BASE_URL" in said
    assert "DEFAULT_FROM_EMAIL" in said
    settings.PUBLIC_BASE_URL, settings.DEFAULT_FROM_EMAIL = "https://ntm.example.vn", "ntm@example.vn"
    assert "Thư điện tử" not in complaints()


@pytest.mark.parametrize(("state", "words"), [("pending", "chưa gửi được"), ("failed", "--retry-failed")])
def test_check_names_mail_that_does_not_go_out(state, words, in_service, settings, officer):
    settings.MAIL_URL, settings.HAS_MAIL = "smtp://x", True
    settings.PUBLIC_BASE_URL, settings.DEFAULT_FROM_EMAIL = "https://ntm.example.vn", "ntm@example.vn"
    Digest.objects.create(
        person=officer, day=clock.today(), message_id="<a@b>", state=state, attempts=4, error="máy chủ tắt",
        next_try_at=clock.machine_now(),
    )  # fmt: skip
    said = complaints()["Thư điện tử"]
    assert words in said
    assert "máy chủ tắt" in said
