"""Printed sheets: what a code opens, for whom, how long, and everything that somebody may try with one."""

import base64
import re
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from communes import clock, qr
from communes.permissions import Role
from inspections import services, sheets
from inspections.models import Evidence, EvidenceLink, Inspection, TeamMember, VisitSheet
from inspections.services import SheetRefused, photos
from inspections.sheets import Code
from inspections.views.sheets import TRIES_A_MINUTE
from inspections.workflow import Incomplete, NotAllowed, StaleState

from ..factories import CommuneFactory, person
from . import factories as work

pytestmark = pytest.mark.django_db
UPLOAD = "/anh-tai-cho/"


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def world(district, commune):
    return work.open_round(district, communes=[commune, CommuneFactory(authority=district, name="Nậm Cần")])


@pytest.fixture
def dossier(world, commune, officer):
    return work.hand_in(world.dossier_of(commune), by=officer)


@pytest.fixture
def visit(world, commune, dossier):
    return world.round.inspections.select_related("round", "commune").get(commune=commune)


@pytest.fixture
def printed(world, visit):
    return services.print_sheet(visit, by=world.inspector)


@pytest.fixture
def code(printed, dossier):
    return printed.code_of(work.conclusion_of(dossier, 2))


def refusal(code, viewer=None) -> str:
    with pytest.raises(SheetRefused) as caught:
        services.scan(code, viewer=viewer)
    return str(caught.value)


def send(client, code, row, *uploads, **more):
    data = {"code": code, "send": "1", "assessment": row.pk, "photos": list(uploads), **more}
    return client.post(UPLOAD, data)


# ---------------------------------------------------------------- the code


def test_code_says_what_was_written_and_nothing_altered_is_read():
    code = Code(7, 12, b"s" * 16)
    text = sheets.written(code)
    assert len(text) == sheets.CODE_LENGTH
    assert sheets.read(text) == sheets.read(f"https://ntm.example.vn/anh-tai-cho/#{text}") == code
    raw = bytearray(base64.urlsafe_b64decode(text))
    for place in range(len(raw)):
        for bit in range(8):
            raw[place] ^= 1 << bit
            assert sheets.read(base64.urlsafe_b64encode(bytes(raw)).decode()) is None
            raw[place] ^= 1 << bit


@pytest.mark.parametrize("text", ["", "#", "x" * 64, "é" * 64, "A" * 63, "A" * 65, "../" * 21 + "x", "\x00" * 64])
def test_rubbish_is_no_code(text, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert refusal(text) == photos.UNKNOWN


def test_secret_is_not_in_the_database(printed):
    row = VisitSheet.objects.filter(pk=printed.sheet.pk).values().get()
    assert row["secret_sha256"] == sheets.hash_of(printed.secret)
    assert printed.secret.hex() not in str(row)


def test_signed_code_with_another_secret_opens_nothing(printed, dossier):
    """Who has learnt the server's key still lacks the secret of the sheet."""
    forged = sheets.written(Code(printed.sheet.pk, work.conclusion_of(dossier, 2).pk, b"x" * 16))
    assert refusal(forged) == photos.UNKNOWN


def test_sheet_ends_after_the_day_of_the_visit():
    now = timezone.make_aware(datetime(2025, 6, 17, 9, 0))
    assert sheets.expiry(None, now) == now + timedelta(hours=72)
    assert sheets.expiry(now.date() - timedelta(days=1), now) == now + timedelta(hours=72)
    assert sheets.expiry(now.date(), now) == timezone.make_aware(datetime(2025, 6, 19))
    assert sheets.expiry(now.date() + timedelta(days=2), now) == timezone.make_aware(datetime(2025, 6, 21))


# ---------------------------------------------------------------- who prints, and what ends a sheet


def test_sheet_is_printed_by_the_team_of_the_commune_only(world, visit, officer, district):
    for who in (officer, world.coordinator, person(Role.INSPECTOR, authority=district)):
        with pytest.raises(NotAllowed):
            services.print_sheet(visit, by=who)
    assert not VisitSheet.objects.exists()


def test_no_sheet_long_before_the_visit(world, visit):
    Inspection.objects.filter(pk=visit.pk).update(visited_on=clock.today() + timedelta(days=8))
    with pytest.raises(Incomplete, match="trong 7 ngày"):
        services.print_sheet(visit, by=world.inspector)


def test_printing_anew_ends_the_own_sheet_and_no_other(world, visit, dossier, code):
    other = services.print_sheet(visit, by=world.head).code_of(work.conclusion_of(dossier, 2))
    services.print_sheet(visit, by=world.inspector)
    assert refusal(code) == photos.REVOKED
    assert services.scan(other, viewer=None).person == world.head
    assert VisitSheet.objects.filter(revoked_at__isnull=True).count() == 2


def test_revoked_ended_or_expired_sheet_opens_nothing(world, visit, dossier, code):
    with clock.at(clock.now() + timedelta(hours=73)):
        assert "hết hạn" in refusal(code)
    services.revoke_sheet(visit, by=world.inspector)
    assert refusal(code) == photos.REVOKED
    newer = services.print_sheet(visit, by=world.inspector).code_of(work.conclusion_of(dossier, 2))
    services.end_visit(visit, by=world.head)
    assert refusal(newer) == photos.REVOKED
    with pytest.raises(StaleState, match="đã kết thúc"):
        services.print_sheet(visit, by=world.inspector)


def test_sheet_is_worth_what_its_printer_may(world, visit, dossier, code):
    member = TeamMember.objects.get(round=world.round, user=world.inspector)
    services.change_member(
        member, by=world.coordinator, position=member.position, criteria=[dossier.criteria_set.criteria.get(number=1)]
    )
    assert refusal(code) == photos.NOT_OPEN
    services.remove_member(member, by=world.coordinator)
    assert refusal(code) == photos.NOT_OPEN
    world.inspector.is_active = False
    world.inspector.save()
    assert refusal(code) == photos.REVOKED


def test_sheet_opens_nothing_of_a_dossier_that_moved_on_or_a_closed_round(world, dossier, code):
    work.conclude_all(dossier, by=world.inspector)
    services.make_provisional(dossier, by=world.head)
    said = refusal(code)
    assert said == photos.NOT_OPEN
    assert "Dự thảo" not in said
    services.take_up_reply(dossier, reason="Xem lại", by=world.head)
    services.scan(code, viewer=None)
    world.round.__class__.objects.filter(pk=world.round.pk).update(status="closed")
    assert refusal(code) == photos.NOT_OPEN


def test_criterion_of_another_commune_is_none_of_this_sheet(world, printed):
    other = world.round.dossiers.with_context().exclude(inspection=printed.sheet.inspection).get()
    forged = printed.code_of(work.conclusion_of(other, 2))  # signed as if the server had made it
    assert refusal(forged) == photos.UNKNOWN


def test_somebody_else_signed_in_is_sent_away(world, code):
    assert services.scan(code, viewer=world.inspector).person == world.inspector
    assert refusal(code, viewer=world.head) == photos.OTHER_PERSON


# ---------------------------------------------------------------- photos by a code


def test_photo_by_a_code_is_the_printers(client, world, dossier, code):
    row = work.assessment_of(dossier, "2.1")
    answer = send(client, code, row, work.image_upload(), work.image_upload("b.jpg"))
    assert answer.status_code == 200
    assert "Đã nhận 2 ảnh cho chỉ tiêu 2.1" in answer.content.decode()
    links = EvidenceLink.objects.filter(assessment=row, visit__isnull=False)
    assert {(link.linked_by, link.sheet.printed_by) for link in links} == {(world.inspector, world.inspector)}
    assert set(links.values_list("evidence__uploaded_by", flat=True)) == {world.inspector.pk}


def test_replayed_upload_stores_nothing_twice(client, dossier, code):
    row, upload = work.assessment_of(dossier, "2.1"), work.image_upload()
    for _ in range(3):
        upload.seek(0)
        assert send(client, code, row, upload).status_code == 200
    assert EvidenceLink.objects.filter(sheet__isnull=False).count() == 1
    assert Evidence.objects.filter(visit__isnull=False).count() == 1


@pytest.mark.parametrize("other", ["1.1", "3"])
def test_code_takes_no_photo_for_another_criterion(client, dossier, code, other):
    answer = send(client, code, work.assessment_of(dossier, other), work.image_upload())
    assert answer.status_code == 400
    assert not Evidence.objects.filter(visit__isnull=False).exists()
    with pytest.raises(NotAllowed, match="chỉ dùng cho tiêu chí"):
        services.photo_by_sheet(
            services.scan(code, viewer=None), work.assessment_of(dossier, other), work.image_upload()
        )


def test_code_takes_no_photo_for_the_same_criterion_elsewhere(client, world, dossier, code):
    other = world.round.dossiers.with_context().exclude(pk=dossier.pk).get()
    assert send(client, code, work.assessment_of(other, "2.1"), work.image_upload()).status_code == 400
    assert not Evidence.objects.filter(visit__isnull=False).exists()


def test_code_takes_pictures_only(client, dossier, code):
    answer = send(client, code, work.assessment_of(dossier, "2.1"), work.pdf_upload(), work.pdf_upload("anh.jpg"))
    assert answer.status_code == 400
    assert "chỉ nhận ảnh" in answer.content.decode()
    assert not Evidence.objects.filter(visit__isnull=False).exists()


def test_sheet_takes_so_many_photos(client, dossier, code, monkeypatch):
    monkeypatch.setattr(sheets, "PHOTOS_AN_HOUR", 2)
    row = work.assessment_of(dossier, "2.1")
    answer = send(client, code, row, *(work.image_upload() for _ in range(3)))
    assert "Phiếu đã nhận 2 ảnh trong một giờ" in answer.content.decode()
    monkeypatch.setattr(sheets, "PHOTOS_AN_HOUR", 60)
    monkeypatch.setattr(sheets, "PHOTOS_A_SHEET", 2)
    assert "Phiếu đã nhận đủ 2 ảnh" in send(client, code, row, work.image_upload()).content.decode()
    assert EvidenceLink.objects.filter(sheet__isnull=False).count() == 2


# ---------------------------------------------------------------- the page of a code


def test_page_shows_its_criterion_and_nothing_else(client, dossier, visit, code, world):
    row = work.conclusion_of(dossier, 2)
    services.save_finding(row, text="Ghi nhận riêng của Đoàn", by=world.inspector, version=0)
    page = client.post(UPLOAD, {"code": code}).content.decode()
    assert "Tiêu chí 2. Giao thông" in page
    assert dossier.unit.title in page
    for other in ("Quy hoạch", "Trường học", "Ghi nhận riêng", "90 %", "Tự đánh giá", "Đã nộp", 'href="/ho-so'):
        assert other not in page
    assert re.findall(r'href="(/[^"]*)"', page.split("<main")[1].split("</main>")[0]) == []


def test_address_of_the_page_never_holds_the_code(client, code):
    """What stands behind the # is sent to no server; an address with the code in it opens nothing."""
    for address in (f"{UPLOAD}{code}/", f"{UPLOAD}?code={code}"):
        answer = client.get(address)
        assert answer.status_code in (200, 302, 404)
        assert "Giao thông" not in answer.content.decode()
    answer = client.post(UPLOAD, {"code": code})
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "sessionid" not in answer.cookies


def test_refused_code_gets_a_plain_page_and_no_row(client, dossier, printed, code, world, visit):
    services.revoke_sheet(visit, by=world.inspector)
    answer = send(client, code, work.assessment_of(dossier, "2.1"), work.image_upload())
    assert answer.status_code == 403
    assert photos.REVOKED in answer.content.decode()
    assert client.post(UPLOAD, {"code": "A" * 64}).status_code == 403
    assert client.post(UPLOAD, {}).status_code == 400
    assert not Evidence.objects.filter(visit__isnull=False).exists()


def test_another_person_signed_in_on_the_phone_is_told(client, dossier, code, world, officer):
    for who in (officer, world.head):
        client.force_login(who)
        answer = send(client, code, work.assessment_of(dossier, "2.1"), work.image_upload())
        assert answer.status_code == 403
        assert "do người khác in" in answer.content.decode()
        assert world.inspector.full_name not in answer.content.decode()


def test_form_of_a_code_wants_its_token(dossier, code):
    strict = Client(enforce_csrf_checks=True)
    assert send(strict, code, work.assessment_of(dossier, "2.1"), work.image_upload()).status_code == 403
    assert not Evidence.objects.filter(visit__isnull=False).exists()


def test_who_tries_many_codes_is_slowed_down(client):
    answers = [client.post(UPLOAD, {"code": "A" * 64}).status_code for _ in range(TRIES_A_MINUTE + 1)]
    assert set(answers[:-1]) == {403}
    assert answers[-1] == 429


# ---------------------------------------------------------------- the sheet itself


def test_sheet_shows_a_code_for_each_criterion_of_the_share_once(client, world, visit, dossier, settings):
    settings.PUBLIC_BASE_URL = "https://ntm.example.vn"
    member = TeamMember.objects.get(round=world.round, user=world.inspector)
    mine = list(dossier.criteria_set.criteria.filter(number__in=(1, 2)))
    services.change_member(member, by=world.coordinator, position=member.position, criteria=mine)
    client.force_login(world.inspector)
    address = reverse("inspections:sheet-print", args=[visit.pk])
    assert "Mã QR tiêu chí" not in client.get(address).content.decode()
    page = client.post(address).content.decode()
    assert re.findall(r"Mã QR tiêu chí (\d+)", page) == ["1", "2"]
    assert "Người kiểm tra" in page
    again = client.get(address)
    assert "Mã QR tiêu chí" not in again.content.decode()
    assert "Phiếu đang dùng" in again.content.decode()


def test_drawn_code_is_the_address_of_its_criterion(client, world, visit, dossier, settings, monkeypatch):
    settings.PUBLIC_BASE_URL = "https://ntm.example.vn"
    drawn = []
    original = qr.drawn
    monkeypatch.setattr(qr, "drawn", lambda text: drawn.append(text) or original(text))
    client.force_login(world.inspector)
    client.post(reverse("inspections:sheet-print", args=[visit.pk]))
    assert [text.partition("#")[0] for text in drawn] == ["https://ntm.example.vn/anh-tai-cho/"] * 3
    assert [services.scan(text, viewer=None).conclusion.criterion.number for text in drawn] == [1, 2, 3]
