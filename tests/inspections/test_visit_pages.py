"""The pages of a visit: the record that saves itself, the walk through the criteria, both without JavaScript too."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes import clock
from communes.models import Event
from communes.permissions import Role
from inspections import services
from inspections.models import EvidenceLink, Inspection, SignedMinutes, VisitFinding
from inspections.views.field import PHOTOS_AT_ONCE

from ..factories import CommuneFactory, person
from . import factories as work

pytestmark = pytest.mark.django_db
JSON = {"headers": {"accept": "application/json"}}


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
def team(client, world):
    client.force_login(world.inspector)
    return client


def at(name, *args):
    return reverse(f"inspections:{name}", args=args)


def typed(visit, **fields):
    version = Inspection.objects.get(pk=visit.pk).version
    return {"version": version, "mode": "on_site", **fields}


def test_record_saves_itself_and_by_the_button(team, visit, world):
    answer = team.post(at("visit-save", visit.pk), typed(visit, place="Bản Hô Bon"), **JSON)
    assert answer.json()["version"] == 2
    answer = team.post(
        at("visit-save", visit.pk),
        typed(visit, place="Bản Hô Bon", visited_on="17/06/2025", begins_at="8h30", attended_by=[world.head.pk]),
    )
    assert answer.status_code == 302
    page = team.get(answer["Location"]).content.decode()
    for words in ("Bản Hô Bon", "17/06/2025", "08:30", "Đã lưu ghi chép"):
        assert words in page
    visit.refresh_from_db()
    assert list(visit.attended_by.all()) == [world.head]


def test_what_cannot_be_saved_is_told_beside_its_field_and_kept(team, visit):
    wrong = typed(visit, begins_at="sáng", visited_on="17/06/2025", visited_to="16/06/2025", place="Bản")
    answer = team.post(at("visit-save", visit.pk), wrong, **JSON)
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "begins_at": ["Ghi giờ dạng 08:30."],
        "visited_to": ["Phải từ ngày kiểm tra trở đi."],
    }
    page = team.post(at("visit-save", visit.pk), wrong)
    assert page.status_code == 400
    assert 'value="sáng"' in page.content.decode()


def test_second_saver_sees_both_and_may_keep_either(team, visit, world):
    services.save_visit(visit, by=world.head, version=1, changes={"place": "Trụ sở"})
    mine = {"version": 1, "mode": "on_site", "place": "Nhà văn hóa"}
    answer = team.post(at("visit-save", visit.pk), mine, **JSON)
    assert answer.status_code == 409
    assert answer.json()["version"] == 2
    for words in ("Trụ sở", "Nhà văn hóa"):
        assert words in answer.json()["html"]
    page = team.post(at("visit-save", visit.pk), mine)
    assert page.status_code == 409
    assert 'name="version" value="2"' in page.content.decode()
    assert team.post(at("visit-save", visit.pk), {**mine, "version": 2}).status_code == 302
    visit.refresh_from_db()
    assert visit.place == "Nhà văn hóa"


def test_reader_of_the_round_sees_the_record_and_no_form(client, visit, world, district):
    services.save_visit(visit, by=world.head, version=1, changes={"place": "Trụ sở"})
    client.force_login(person(Role.VIEWER, authority=district))
    page = client.get(at("visit-detail", visit.pk)).content.decode()
    main = page.split("<main")[1].split("</main>")[0]
    assert "Trụ sở" in main
    assert "<form" not in main


def test_deadline_from_typing_to_question(team, visit, dossier):
    wrong = team.post(at("deadline-add", visit.pk), {"what": "", "who": "UBND xã", "due_on": "mai"})
    assert wrong.status_code == 400
    assert "Ghi ngày dạng 05/12/2024." in wrong.content.decode()
    due = clock.today() + timedelta(days=4)
    team.post(at("deadline-add", visit.pk), {"what": "Bổ sung biên bản", "who": "UBND xã", "due_on": f"{due:%d/%m/%Y}"})
    row = visit.agreed_deadlines.get()
    page = team.get(at("deadline-ask", visit.pk, row.pk)).content.decode()
    assert "Bổ sung biên bản" in page
    asked = {
        "assessment": work.assessment_of(dossier, "2.1").pk,
        "reason_code": "thieu",
        "question": "Bổ sung biên bản",
    }
    assert team.post(at("deadline-ask", visit.pk, row.pk), asked).status_code == 302
    assert dossier.return_items.get().due_on == due
    assert "Đã gửi yêu cầu bổ sung" in team.get(at("visit-detail", visit.pk)).content.decode()


def test_scan_is_shown_with_hash_and_who_and_each_fetching_is_told(team, visit, world):
    assert team.post(at("signed-attach", visit.pk)).status_code == 400
    answer = team.post(at("signed-attach", visit.pk), {"signed": work.pdf_upload("bien-ban.pdf")})
    assert answer.status_code == 302
    row = SignedMinutes.objects.get()
    page = team.get(at("visit-detail", visit.pk)).content.decode()
    for words in (row.sha256, "bien-ban.pdf", world.inspector.full_name):
        assert words in page
    got = team.get(at("signed-download", row.pk))
    assert "attachment" in got["Content-Disposition"]
    assert got["X-Content-Type-Options"] == "nosniff"
    assert b"".join(got.streaming_content).startswith(b"%PDF")
    event = Event.objects.get(action="signed_minutes.downloaded")
    assert (event.actor, event.data["sha256"]) == (world.inspector, row.sha256)


def test_commune_finds_the_scan_on_its_dossier_once_provisional(client, visit, dossier, world, officer):
    row = services.attach_signed(visit, work.pdf_upload(), by=world.inspector)
    client.force_login(officer)
    link = at("signed-download", row.pk)
    page = at("dossier-detail", dossier.pk)
    assert link not in client.get(page).content.decode()
    assert client.get(link).status_code == 404
    work.conclude_all(dossier, by=world.inspector)
    services.make_provisional(dossier, by=world.head)
    assert link in client.get(page).content.decode()
    got = client.get(link)
    assert got.status_code == 200
    assert b"".join(got.streaming_content).startswith(b"%PDF")


def test_infected_scan_is_not_handed_out(team, visit, world):
    row = services.attach_signed(visit, work.pdf_upload(), by=world.inspector)
    SignedMinutes.objects.update(scan="infected")
    assert team.get(at("signed-download", row.pk)).status_code == 409
    assert at("signed-download", row.pk) not in team.get(at("visit-detail", visit.pk)).content.decode()


# ---------------------------------------------------------------- at the place


def test_field_list_shows_value_and_threshold_of_each_indicator(team, visit, dossier):
    page = team.get(at("field-list", visit.pk)).content.decode()
    for words in ("Giao thông", "9/10 = 90 %", "80", "45,5 triệu đồng/người/năm", "chưa đối chiếu"):
        assert words in page


def test_note_of_a_criterion_without_and_with_script(team, visit, dossier):
    row = work.conclusion_of(dossier, 2)
    address = at("finding-save", visit.pk, row.pk)
    assert team.post(address, {"version": 0, "text": "Đã đo 03 tuyến."}).status_code == 302
    answer = team.post(address, {"version": 1, "text": "Đã đo 04 tuyến."}, **JSON)
    assert answer.json()["version"] == 2
    stale = team.post(address, {"version": 1, "text": "Khác."})
    assert stale.status_code == 409
    assert "Đã đo 04 tuyến." in stale.content.decode()
    assert VisitFinding.objects.get().text == "Đã đo 04 tuyến."
    assert "đã ghi nhận" in team.get(at("field-list", visit.pk)).content.decode()


def test_photos_by_the_plain_form(team, visit, dossier):
    row, assessment = work.conclusion_of(dossier, 2), work.assessment_of(dossier, "2.1")
    address = at("photo-add", visit.pk, row.pk)
    sent = {"assessment": assessment.pk, "photos": [work.image_upload(), work.pdf_upload("x.pdf")]}
    answer = team.post(address, sent)
    assert answer.status_code == 400
    assert "chỉ nhận ảnh" in answer.content.decode()
    assert EvidenceLink.objects.filter(assessment=assessment, visit=visit).count() == 1
    many = {"assessment": assessment.pk, "photos": [work.image_upload() for _ in range(PHOTOS_AT_ONCE + 1)]}
    assert team.post(address, many).status_code == 400
    assert team.post(address, {"assessment": assessment.pk}).status_code == 400
    other = work.assessment_of(dossier, "1.1")
    assert team.post(address, {"assessment": other.pk, "photos": [work.image_upload()]}).status_code == 400
    assert EvidenceLink.objects.filter(visit=visit).count() == 1


def test_addresses_mixing_two_inspections_are_not_found(team, world, visit, dossier):
    other = world.round.inspections.exclude(pk=visit.pk).get()
    row = work.conclusion_of(dossier, 2)
    deadline = services.add_deadline(visit, what="a", who="b", due_on=clock.today(), by=world.inspector)
    assert team.get(at("field-criterion", other.pk, row.pk)).status_code == 404
    assert team.post(at("photo-add", other.pk, row.pk)).status_code == 404
    assert team.get(at("deadline-edit", other.pk, deadline.pk)).status_code == 404
    assert team.post(at("deadline-remove", other.pk, deadline.pk)).status_code == 404


def test_queries_do_not_grow_with_what_was_noted(team, visit, dossier, world):
    pages = [at("visit-detail", visit.pk), at("field-list", visit.pk)]
    pages.append(at("field-criterion", visit.pk, work.conclusion_of(dossier, 2).pk))
    before = [queries_of(team, page) for page in pages]
    for number in (1, 2, 3):
        row = work.conclusion_of(dossier, number)
        services.save_finding(row, text=f"Ghi nhận {number}", by=world.inspector, version=0)
        services.add_deadline(visit, what=f"Việc {number}", who="b", due_on=clock.today(), by=world.inspector)
        services.attach_signed(visit, work.pdf_upload(), by=world.inspector)
        for _ in range(3):
            services.add_photo(work.assessment_of(dossier, "2.1"), work.image_upload(), by=world.inspector)
    after = [queries_of(team, page) for page in pages]
    assert [late - early for early, late in zip(before, after, strict=True)] == [0, 0, 0]
    assert max(after) < 40


def queries_of(client, page) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as found:
        assert client.get(page).status_code == 200
    return len(found)
