"""Evidence in the library and on indicators: stored once, linked under lock, removed only while unused."""

from datetime import timedelta

import pytest

from communes import clock, journal
from communes.models import Event
from inspections import previews, services
from inspections.models import Evidence, EvidenceLink
from inspections.services import evidence as service
from inspections.workflow import Incomplete, NotAllowed, StaleState

from . import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return make.open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


def stored_files(settings):
    return [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def add(commune, officer, upload=None, **more):
    return services.add_evidence(commune, upload or make.pdf_upload(), meta={}, by=officer, **more)


def test_same_bytes_are_stored_once_and_linked_again(dossier, commune, officer, settings):
    content = make.pdf_bytes()
    first = add(
        commune, officer, make.SimpleUploadedFile("a.pdf", content), assessments=[make.assessment_of(dossier, "2.1")]
    )
    second = add(
        commune, officer, make.SimpleUploadedFile("b.pdf", content), assessments=[make.assessment_of(dossier, "2.2")]
    )
    assert (first.is_new, second.is_new) == (True, False)
    assert first.evidence == second.evidence
    assert first.evidence.links.count() == 2
    assert len(stored_files(settings)) == 1


def test_same_bytes_of_another_commune_are_its_own(world, commune, officer, neighbour_commune, neighbour):
    content = make.pdf_bytes()
    for unit, person in ((commune, officer), (neighbour_commune, neighbour)):
        assert add(unit, person, make.SimpleUploadedFile("a.pdf", content)).is_new


def test_upload_writes_one_event_into_the_chain_of_the_round(dossier, officer, world):
    make.prove(dossier, "2.1", "2.2", by=officer)
    (event,) = Event.objects.filter(action="evidence.added")
    assert event.chain == journal.round_chain(world.round.code)
    assert event.data["indicators"] == ["2.1", "2.2"]


def test_failed_transaction_leaves_no_file(dossier, commune, officer, settings, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("journal is down")

    monkeypatch.setattr(service.journal, "record", broken)
    with pytest.raises(RuntimeError):
        add(commune, officer, assessments=[make.assessment_of(dossier, "2.1")])
    assert stored_files(settings) == []
    assert not Evidence.objects.exists()


def test_same_bytes_in_the_same_moment_end_as_one_piece(dossier, commune, officer, settings, monkeypatch):
    content = make.pdf_bytes()
    store = service._store

    def overtaken(*args, **kwargs):
        monkeypatch.setattr(service, "_store", store)
        add(commune, officer, make.SimpleUploadedFile("a.pdf", content))
        return store(*args, **kwargs)

    monkeypatch.setattr(service, "_store", overtaken)
    row = make.assessment_of(dossier, "2.1")
    added = add(commune, officer, make.SimpleUploadedFile("b.pdf", content), assessments=[row])
    assert not added.is_new
    assert Evidence.objects.count() == 1
    assert len(stored_files(settings)) == 1
    assert EvidenceLink.objects.get().assessment == row


def test_neighbour_and_inspector_may_not_add(dossier, commune, neighbour, inspector):
    for person in (neighbour, inspector):
        with pytest.raises(NotAllowed):
            add(commune, person)


def test_evidence_is_not_linked_across_communes(world, dossier, officer, neighbour, neighbour_commune):
    piece = make.prove(dossier, "2.1", by=officer)
    foreign = make.assessment_of(world.dossier_of(neighbour_commune), "2.1")
    with pytest.raises(NotAllowed):
        services.link_evidence(piece, [foreign], by=neighbour)


def test_link_after_submission_is_refused(dossier, officer):
    piece = make.prove(dossier, "2.1", by=officer)
    make.hand_in(dossier, by=officer)
    with pytest.raises(StaleState, match="Đã nộp"):
        services.link_evidence(piece, [make.assessment_of(dossier, "2.2")], by=officer)


def test_link_on_a_page_read_before_submission_is_refused_under_the_lock(dossier, officer):
    piece = make.prove(dossier, "2.1", by=officer)
    stale = make.assessment_of(dossier, "2.2")
    make.hand_in(dossier, by=officer)
    with pytest.raises(StaleState, match=str(officer)):
        services.link_evidence(piece, [stale], by=officer)


def test_link_to_an_item_answered_meanwhile_is_refused_under_the_lock(dossier, officer, world, commune, monkeypatch):
    make.hand_in(dossier, by=officer)
    item = make.send_back(dossier, "2.1", by=world.inspector)
    make.send_back(world.dossier_of(commune), "2.2", by=world.inspector)
    row = make.assessment_of(dossier, "2.1")
    monkeypatch.setattr(service, "_require_linking", lambda *args: None)
    item.dossier = world.dossier_of(commune)
    services.answer_item(item, answer="Đã bổ sung.", by=officer)
    with pytest.raises(StaleState, match="yêu cầu bổ sung"):
        add(commune, officer, assessments=[row])
    assert not Evidence.objects.filter(links__assessment=row, links__linked_at__gt=item.answered_at).exists()


def test_link_of_a_piece_removed_meanwhile_is_refused(dossier, commune, officer):
    piece = add(commune, officer).evidence
    services.remove_evidence(Evidence.objects.get(pk=piece.pk), by=officer)
    with pytest.raises(StaleState, match="vừa bị xóa"):
        services.link_evidence(piece, [make.assessment_of(dossier, "2.1")], by=officer)


def test_returned_dossier_takes_proof_only_for_the_open_item(dossier, officer, world):
    make.hand_in(dossier, by=officer)
    make.send_back(dossier, "2.1", by=world.inspector)
    make.prove(dossier, "2.1", by=officer)
    with pytest.raises(StaleState):
        make.prove(dossier, "2.2", by=officer)


def test_proof_may_be_added_until_the_reply_date_and_is_kept(dossier, officer, world):
    make.hand_in(dossier, by=officer)
    make.make_provisional(dossier, world)
    assert make.prove(dossier, "2.2", by=officer).is_kept
    with clock.at(clock.now() + timedelta(days=21)), pytest.raises(StaleState):
        make.prove(dossier, "2.2", by=officer)


def test_unlink_only_while_open_to_entry(dossier, officer):
    piece = make.prove(dossier, "2.1", by=officer)
    row = make.assessment_of(dossier, "2.1")
    assert services.unlink_evidence(piece, row, by=officer)
    assert not services.unlink_evidence(piece, row, by=officer)
    services.link_evidence(piece, [row], by=officer)
    make.hand_in(dossier, by=officer)
    with pytest.raises(StaleState):
        services.unlink_evidence(piece, make.assessment_of(dossier, "2.1"), by=officer)


def test_remove_deletes_row_and_file(commune, officer, settings, django_capture_on_commit_callbacks):
    piece = add(commune, officer).evidence
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_evidence(piece, by=officer)
    assert not Evidence.objects.exists()
    assert stored_files(settings) == []


def test_remove_of_a_used_or_kept_piece_is_refused(dossier, officer):
    piece = make.prove(dossier, "2.1", by=officer)
    with pytest.raises(Incomplete, match=r"đang dùng cho chỉ tiêu 2\.1"):
        services.remove_evidence(piece, by=officer)
    make.hand_in(dossier, by=officer)
    with pytest.raises(Incomplete, match="không xóa được"):
        services.remove_evidence(piece, by=officer)


def test_change_of_the_description_is_journalled(commune, officer):
    piece = add(commune, officer).evidence
    services.update_evidence_meta(piece, by=officer, number="12/BC-UBND")
    (event,) = Event.objects.filter(action="evidence.described")
    assert event.data["changes"] == {"number": {"old": "", "new": "12/BC-UBND"}}


# ---------------------------------------------------------------- the file and its pages


@pytest.fixture
def piece(dossier, officer):
    return make.prove(dossier, "2.1", by=officer, upload=make.pdf_upload('Báo cáo "số 1".pdf', pages=2))


def test_download_is_an_attachment_that_no_browser_runs(client, officer, piece):
    client.force_login(officer)
    response = client.get(f"/minh-chung/{piece.pk}/tep/")
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''B%C3%A1o%20c%C3%A1o")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert b"".join(response.streaming_content).startswith(b"%PDF-")
    assert Event.objects.filter(action="evidence.downloaded", actor=officer).count() == 1


def test_asking_for_the_head_only_is_not_a_download(client, officer, piece):
    client.force_login(officer)
    assert client.head(f"/minh-chung/{piece.pk}/tep/").status_code == 200
    assert not Event.objects.filter(action="evidence.downloaded").exists()


def test_download_is_handed_to_the_proxy_where_there_is_one(client, officer, piece, settings):
    settings.ACCEL_PREFIX = "/tep-rieng/"
    client.force_login(officer)
    response = client.get(f"/minh-chung/{piece.pk}/tep/")
    assert response["X-Accel-Redirect"] == f"/tep-rieng/{piece.file.name}"
    assert response.content == b""


@pytest.mark.parametrize("number", [1, 2])
def test_page_images_are_drawn_and_kept(client, officer, piece, number, monkeypatch):
    client.force_login(officer)
    first = client.get(f"/minh-chung/{piece.pk}/trang/{number}/")
    assert first["Content-Type"] == "image/jpeg"
    assert first.content.startswith(b"\xff\xd8")
    monkeypatch.setattr(previews, "_pdf_page", None)
    assert client.get(f"/minh-chung/{piece.pk}/trang/{number}/").content == first.content


@pytest.mark.parametrize("number", [0, 3, 999])
def test_page_that_is_not_there_is_not_found(client, officer, piece, number):
    client.force_login(officer)
    assert client.get(f"/minh-chung/{piece.pk}/trang/{number}/").status_code == 404


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_pictures_have_one_page(client, officer, dossier, kind):
    name = {"JPEG": "a.jpg", "PNG": "a.png", "HEIF": "a.heic"}[kind]
    photo = make.prove(dossier, "2.1", by=officer, upload=make.image_upload(name, kind))
    client.force_login(officer)
    assert client.get(f"/minh-chung/{photo.pk}/trang/1/").content.startswith(b"\xff\xd8")


@pytest.mark.parametrize("scan", ["infected", "pending_scan"])
def test_infected_or_waiting_files_are_served_to_nobody(client, officer, piece, scan):
    Evidence.objects.filter(pk=piece.pk).update(scan=scan)
    client.force_login(officer)
    assert client.get(f"/minh-chung/{piece.pk}/trang/1/").status_code == 404
    assert client.get(f"/minh-chung/{piece.pk}/tep/").status_code == 302
    assert not Event.objects.filter(action="evidence.downloaded").exists()


def test_team_sees_the_evidence_and_the_outsider_does_not(client, piece, world, outsider):
    for person, status in ((world.inspector, 200), (outsider, 404)):
        client.force_login(person)
        assert client.get(f"/minh-chung/{piece.pk}/").status_code == status


def test_agency_sees_only_evidence_of_its_indicators(client, piece, agency, agency_reviewer, dossier):
    client.force_login(agency_reviewer)
    assert client.get(f"/minh-chung/{piece.pk}/").status_code == 404
    make.assessment_of(dossier, "2.1").indicator.agency_assignments.create(agency=agency)
    assert client.get(f"/minh-chung/{piece.pk}/").status_code == 200
