"""render_notice and check_portal: what they write, and what they say when something is wrong."""

from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

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


def test_check_finds_all_well(district):
    factories.issued(district)
    assert run("check_portal").count("tốt") == 6


def test_check_names_a_changed_and_a_lost_file(district):
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
