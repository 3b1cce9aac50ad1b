"""The pages of a dossier's workbook: download, upload, preview, confirming once, and what they cost."""

from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from communes.models import Event
from communes.permissions import Role
from inspections import services
from inspections.models import WorkbookUpload
from inspections.presenters.workbook.layout import Column

from ..factories import person
from . import factories as make
from .workbooks import EXCEL, downloaded, edited, kept, places, plain_book, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return make.open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune, officer):
    make.fill(world.dossier_of(commune), by=officer)
    return world.dossier_of(commune)


@pytest.fixture
def desk(client, officer):
    client.force_login(officer)
    return client


def address(name, dossier, **more):
    return reverse(f"inspections:workbook-{name}", kwargs={"pk": dossier.pk, **more})


def send(desk, dossier, content, **more):
    return desk.post(address("upload", dossier), {"workbook": upload(content)}, **more)


def seen_on(page):
    return page.context["found"].seen


def test_dossier_leads_to_its_workbook(desk, dossier):
    page = desk.get(dossier.get_absolute_url())
    assert address("upload", dossier) in page.content.decode()


def test_download_is_a_workbook_by_name(desk, dossier):
    response = desk.get(address("download", dossier))
    assert response["Content-Type"] == EXCEL
    assert response["Content-Disposition"].startswith('attachment; filename="ho-so-xa-phuc-khoa-')
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "2.1" in places(load_workbook(BytesIO(response.content)))


def test_from_download_to_saved(desk, dossier):
    content = desk.get(address("download", dossier)).content
    answer = send(desk, dossier, edited(content, {("2.2", Column.NUMBER): "51,25", ("2.1", Column.REMARK): None}))
    page = desk.get(answer.url)
    text = page.content.decode()
    assert "1 thay đổi" in text
    for words in ("2.2", "45,5", "51,25", "E7"):
        assert words in text
    assert make.assessment_of(dossier, "2.2").value == Decimal("45.5")
    answer = desk.post(answer.url, {"seen": seen_on(page)}, follow=True)
    assert "Đã lưu 1 chỉ tiêu từ bảng tính ho-so.xlsx." in answer.content.decode()
    assert make.assessment_of(dossier, "2.2").value == Decimal("51.25")


def test_confirming_twice_and_going_back_save_once(desk, dossier, officer):
    waiting = kept(edited(downloaded(dossier, officer), {("2.2", Column.NUMBER): 50}), dossier, officer)
    here = address("check", dossier, upload=waiting.pk)
    seen = seen_on(desk.get(here))
    desk.post(here, {"seen": seen})
    make.enter(dossier, "2.2", by=officer, value=Decimal(60))
    answer = desk.post(here, {"seen": seen}, follow=True)
    assert "đã được lưu vào hồ sơ" in answer.content.decode()
    assert "đã được lưu vào hồ sơ" in desk.get(here, follow=True).content.decode()
    assert make.assessment_of(dossier, "2.2").value == 60
    assert Event.objects.filter(action="dossier.workbook_taken").count() == 1


def test_faults_are_listed_and_nothing_is_saved(desk, dossier, officer):
    edits = {("2.1", Column.NUMBER): "nhiều", ("2.2", Column.NUMBER): 50}
    answer = send(desk, dossier, edited(downloaded(dossier, officer), edits))
    page = desk.get(answer.url)
    text = page.content.decode()
    assert "1 chỗ phải sửa trong bảng tính" in text
    assert "2. Hạ tầng kinh tế - xã hội" in text
    assert "Lưu vào hồ sơ" not in text
    answer = desk.post(answer.url, {"seen": seen_on(page)})
    assert answer.status_code == 400
    assert make.assessment_of(dossier, "2.2").value == Decimal("45.5")


def test_conflict_asks_and_keeps_what_is_chosen(desk, dossier, officer, commune):
    content = edited(downloaded(dossier, officer), {("2.2", Column.NUMBER): 50})
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    make.enter(dossier, "2.2", by=colleague, value=Decimal(60))
    answer = send(desk, dossier, content)
    page = desk.get(answer.url)
    name = page.context["found"].conflicts[0].name
    assert str(colleague) in page.content.decode()
    refused = desk.post(answer.url, {"seen": seen_on(page)})
    assert refused.status_code == 400
    assert "chưa chọn nội dung giữ lại" in refused.content.decode()
    desk.post(answer.url, {"seen": seen_on(page), name: "mine"})
    assert make.assessment_of(dossier, "2.2").value == 50


def test_what_changed_while_it_was_looked_at_is_shown_again(desk, dossier, officer):
    waiting = kept(edited(downloaded(dossier, officer), {("2.2", Column.NUMBER): 50}), dossier, officer)
    here = address("check", dossier, upload=waiting.pk)
    seen = seen_on(desk.get(here))
    make.enter(dossier, "2.2", by=officer, remark="Sửa trên cổng")
    answer = desk.post(here, {"seen": seen})
    assert answer.status_code == 409
    assert "Trong lúc xem, hồ sơ trên cổng đã thay đổi." in answer.content.decode()
    assert make.assessment_of(dossier, "2.2").value == Decimal("45.5")
    desk.post(here, {"seen": seen_on(answer)})
    assert make.assessment_of(dossier, "2.2").value == 50


def test_bad_files_are_told_beside_the_field(desk, dossier, neighbour, world, neighbour_commune):
    other = downloaded(world.dossier_of(neighbour_commune), neighbour)
    for content, words in (
        (b"abc", "không phải tệp Excel"),
        (plain_book(A1="x"), "không phải bảng tính tải từ hồ sơ"),
        (other, "Đây là bảng tính của Xã Nậm Cần"),
    ):
        answer = send(desk, dossier, content)
        assert answer.status_code == 400
        assert words in answer.content.decode()
    assert "Chưa chọn tệp bảng tính." in desk.post(address("upload", dossier)).content.decode()
    empty = {"workbook": SimpleUploadedFile("a.xlsx", b"")}
    assert "Tệp rỗng" in desk.post(address("upload", dossier), empty).content.decode()
    assert not WorkbookUpload.objects.exists()


def test_closed_dossier_takes_no_workbook(desk, dossier, officer, world, commune):
    content = edited(downloaded(dossier, officer), {("2.2", Column.NUMBER): 50})
    waiting = kept(content, dossier, officer)
    make.prove(dossier, "1.1", by=officer)
    here = address("check", dossier, upload=waiting.pk)
    seen = seen_on(desk.get(here))
    services.submit(world.dossier_of(commune), by=officer)
    assert send(desk, dossier, content).status_code == 409
    assert "không nhập được bằng bảng tính" in desk.get(address("upload", dossier)).content.decode()
    assert desk.post(here, {"seen": seen}).status_code in (400, 409)
    assert make.assessment_of(dossier, "2.2").value == Decimal("45.5")


def test_workbook_of_a_colleague_is_not_shown(desk, dossier, commune):
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    waiting = kept(downloaded(dossier, colleague), dossier, colleague)
    assert desk.get(address("check", dossier, upload=waiting.pk)).status_code == 404


def test_unchanged_workbook_says_so(desk, dossier, officer):
    answer = send(desk, dossier, downloaded(dossier, officer))
    text = desk.get(answer.url).content.decode()
    assert "Không có gì thay đổi" in text
    assert "Lưu vào hồ sơ" not in text


def test_history_tells_of_the_workbook(desk, dossier, officer):
    answer = send(desk, dossier, edited(downloaded(dossier, officer), {("2.2", Column.NUMBER): 50}))
    desk.post(answer.url, {"seen": seen_on(desk.get(answer.url))})
    text = desk.get(reverse("inspections:dossier-history", args=[dossier.pk])).content.decode()
    assert "Nhập từ bảng tính" in text
    assert "ho-so.xlsx" in text


# ---------------------------------------------------------------- what they cost

DOWNLOAD_QUERIES, CHECK_QUERIES = 14, 14


def count(act):
    with CaptureQueriesContext(connection) as queries:
        assert act().status_code == 200
    return len(queries)


@pytest.mark.parametrize("indicators", [19, 75])
def test_queries_do_not_grow_with_indicators(desk, district, commune, officer, indicators):
    desk.get("/tro-giup/")
    criteria_set = make.wide_set(indicators=indicators, code=f"rong-{indicators}")
    dossier = make.open_round(district, communes=[commune], criteria_set=criteria_set).dossier_of(commune)
    content = downloaded(dossier, officer)
    codes = [code for code in places(load_workbook(BytesIO(content))) if code[0].isdigit()]
    waiting = kept(edited(content, {(code, Column.NUMBER): 5 for code in codes}), dossier, officer)
    assert count(lambda: desk.get(address("download", dossier))) <= DOWNLOAD_QUERIES
    assert count(lambda: desk.get(address("check", dossier, upload=waiting.pk))) <= CHECK_QUERIES
