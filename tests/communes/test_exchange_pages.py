"""The pages of tables: export, template, upload, preview, confirmation, result, undoing."""

import csv
from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from communes import tables as reader
from communes.exchange import runs
from communes.models import ImportRun, Village
from tests.factories import CommuneFactory, VillageFactory

from .tables import VILLAGES, book, confirm, start
from .tables import village as line

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(client, coordinator):
    client.force_login(coordinator)

    def go(name, *arguments, data=None, **more):
        address = reverse(f"communes:{name}", args=arguments)
        return client.get(address, more) if data is None else client.post(address, data)

    return go


def body(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def sent(content, name="bang.xlsx"):
    return {"file": SimpleUploadedFile(name, content)}


def test_from_the_file_to_its_undoing(visit, commune):
    answer = visit("exchange-import", "thon-ban", data=sent(book(line(), line("03602-08", "Bản Tám"))))
    run = ImportRun.objects.get()
    assert answer.url == run.get_absolute_url()
    text = visit("import-detail", run.pk).content.decode()
    assert "2 mới" in text
    assert "Bản Tám" in text
    assert not Village.objects.exists()
    visit("import-confirm", run.pk, data={"seen": run.digest})
    text = visit("import-detail", run.pk).content.decode()
    assert "Đã nhập" in text
    assert "sự kiện số" in text
    visit("import-undo", run.pk, data={"yes": "1"})
    assert not Village.objects.exists()
    assert "Đã hoàn tác" in visit("import-detail", run.pk).content.decode()
    assert "Đã hoàn tác" in visit("exchange").content.decode()


def test_what_cannot_be_read_is_told_beside_the_field(visit, commune):
    answer = visit("exchange-import", "thon-ban", data=sent(b"%PDF-1.4"))
    assert answer.status_code == 400
    assert "không phải bảng tính" in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_choice_is_asked_for_and_kept(visit, coordinator, neighbour_commune):
    run = start(book(line("03610-01", of="Nậm Cắn")), coordinator)
    text = visit("import-detail", run.pk).content.decode()
    assert "Sửa thành “Nậm Cần”" in text
    assert "Xác nhận nhập" not in text
    assert visit("import-choose", run.pk, data={}).status_code == 400
    visit("import-choose", run.pk, data={"dong-Thôn, bản:2": "sua"})
    assert "Xác nhận nhập" in visit("import-detail", run.pk).content.decode()


def test_confirming_what_was_not_seen_is_refused(visit, coordinator, commune):
    run = start(book(line()), coordinator)
    answer = visit("import-confirm", run.pk, data={"seen": "x"})
    assert answer.status_code == 409
    assert not Village.objects.exists()


def test_rows_are_shown_by_state_and_page(visit, coordinator, commune, monkeypatch):
    rows = [line(f"03602-{n:02d}") for n in range(1, 61)]
    run = start(book(*rows, line("1")), coordinator)
    first = visit("import-detail", run.pk).content.decode()
    assert "dòng 51" in first
    assert "dòng 52" not in first
    assert "dòng 61" in visit("import-detail", run.pk, page="2").content.decode()
    faults = visit("import-detail", run.pk, **{"trang-thai": "error"}).content.decode()
    assert "Ô A62" in faults
    assert "dòng 51" not in faults


def test_progress_is_shown_while_it_runs(visit, coordinator, commune, monkeypatch):
    monkeypatch.setattr(runs, "AT_ONCE", 0)
    run = start(book(line()), coordinator)
    ImportRun.objects.update(total=900, done=300)
    text = visit("import-detail", run.pk).content.decode()
    assert 'value="300" max="900"' in text
    assert "Xem tiến độ mới" in text
    assert "Chạy lại" not in text
    ImportRun.objects.update(touched_at=None)
    assert "Chạy lại" in visit("import-detail", run.pk).content.decode()


def test_an_import_is_its_persons_own(client, coordinator, administrator, commune):
    run = start(book(line()), coordinator)
    client.force_login(administrator)
    for name in ("import-detail", "import-undo"):
        assert client.get(reverse(f"communes:{name}", args=[run.pk])).status_code == 404


@pytest.mark.parametrize("form", ["xlsx", "ods", "csv"])
def test_what_goes_out_comes_in_unchanged(form, visit, coordinator, commune):
    for number, name in enumerate(["Nà Lại", "=1+1", "-Bản ‘Trừ’", "Bản Ấp"], start=1):
        VillageFactory(commune=commune, code=f"03602-{number:02d}", name=name)
    content = body(visit("exchange-export", "thon-ban", form))
    run = start(content, coordinator)
    assert run.counts == {"same": 4}


def test_text_leaves_as_text(visit, commune):
    VillageFactory(commune=commune, code="03602-01", name='=HYPERLINK("http://x")')
    text = body(visit("exchange-export", "thon-ban", "csv")).decode()
    assert text.startswith('\ufeff"Mã thôn, bản"')
    assert next(csv.DictReader(StringIO(text[1:])))["Tên thôn, bản"].startswith("'=")
    cell = load_workbook(BytesIO(body(visit("exchange-export", "thon-ban", "xlsx")))).active["B2"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_the_template_holds_headings_and_guide(visit):
    made = load_workbook(BytesIO(body(visit("exchange-template", "thon-ban"))))
    assert made.sheetnames == ["Thôn, bản", "Hướng dẫn"]
    assert [cell.value for cell in made["Thôn, bản"][1]] == list(VILLAGES)
    assert made["Thôn, bản"]["A2"].number_format == "@"


def test_an_untouched_template_has_nothing_to_import(visit, coordinator):
    with pytest.raises(reader.Refused, match="không có dòng nào"):
        start(body(visit("exchange-template", "thon-ban")), coordinator)


def test_people_go_out_without_what_opens_an_account(visit, coordinator, officer):
    text = body(visit("exchange-export", "nguoi-dung", "csv")).decode()
    assert officer.username in text
    assert officer.password not in text
    assert "md5" not in text


def test_units_of_others_do_not_go_out(visit, other_commune, commune):
    text = body(visit("exchange-export", "don-vi", "csv")).decode()
    assert "Phúc Khoa" in text
    assert "Xa Lạ" not in text


@pytest.mark.parametrize("address", [("khong-co", "csv"), ("thon-ban", "pdf"), ("bo-tieu-chi", "csv")])
def test_what_there_is_not_is_not_found(address, visit):
    assert visit("exchange-export", *address).status_code == 404


def test_the_list_and_the_preview_ask_the_same_however_many(visit, coordinator, commune):
    def asked(name, *arguments):
        with CaptureQueriesContext(connection) as caught:
            visit(name, *arguments)
        return len(caught)

    first = start(book(line("03602-01")), coordinator)
    visit("exchange")
    few = asked("exchange"), asked("import-detail", first.pk)
    for _ in range(2):
        start(book(line("03602-11"), line("03602-12"), line("03602-13")), coordinator)
    assert (asked("exchange"), asked("import-detail", ImportRun.objects.order_by("-uploaded_at")[0].pk)) == few


def test_export_asks_the_same_however_many(visit, coordinator, district):
    def asked():
        with CaptureQueriesContext(connection) as caught:
            body(visit("exchange-export", "don-vi", "csv"))
        return len(caught)

    CommuneFactory(authority=district)
    visit("exchange")
    few = asked()
    CommuneFactory.create_batch(5, authority=district)
    assert asked() == few


def test_a_confirmed_import_is_confirmed_once(visit, coordinator, commune):
    run = confirm(start(book(line()), coordinator), coordinator)
    assert visit("import-confirm", run.pk, data={"seen": run.digest}).status_code == 409
    assert visit("import-drop", run.pk, data={}).url == run.get_absolute_url()
    assert Village.objects.count() == 1
