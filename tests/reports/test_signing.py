"""Signing an approved notice through the services and the page: who, when, which file, and what is void."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from communes import clock, journal
from reports import services
from reports import signing as signatures
from reports.models import IssuedDocument, Notice, SignatureRequest, SignedVersion, Signing
from reports.services import signing
from reports.signing import reading
from reports.signing.__main__ import answer
from reports.signing.model import Step
from reports.workflow import Incomplete, NotAllowed, Refused, StaleState

from .factories import approved, draft, issued
from .signing import keys
from .signing.pictures import seal_png, signature_png
from .signing.test_judging import office_software
from .signing.test_signing import cades

# Signing works on files; what it asks of the database the tests of issuing ask too.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite"), pytest.mark.long]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """The signing process's own answer, without starting one for each act; tests of the doors start real ones."""
    monkeypatch.setattr(signatures, "_run", answer)


@pytest.fixture
def scene(district):
    return approved(district, names=("Phúc Khoa",))


@pytest.fixture
def begun(scene):
    """A notice without number whose file waits to be signed."""
    signing.start_signing(scene.fresh(), by=scene.coordinator)
    return scene


def numbered(scene, number=8, on=None):
    """The notice with a number given before issue."""
    on = on or clock.today()
    Notice.objects.filter(pk=scene.notice.pk).update(number=number, year=on.year, issued_on=on)
    return scene.fresh()


def signed_by(pdf, step, signer=None):
    return office_software(pdf, signer or keys.leader(), field=step.value)


def read(row):
    with row.file.open("rb") as file:
        return file.read()


def hand_in(scene, *steps, by=None):
    """Each step signed by other software and handed in, the present file each time."""
    for step in steps:
        notice = scene.fresh()
        version = signing.upload_signed(
            notice, signed_by(signing.present_pdf(notice), step), by=by or scene.coordinator
        )
    return version


def state(scene):
    notice = scene.fresh()
    return {step.name for step in signing.done_steps(signing.signing_in_force(notice))}


# ---------------------------------------------------------------- both orders


def test_leader_first_then_number_day_and_seal(begun):
    assert signing.steps_of(begun.fresh().signings.get()) == list(Step)
    hand_in(begun, Step.LEADER, by=begun.head)
    assert signing.next_steps(begun.fresh().signings.get()) == [Step.NUMBER, Step.DATE]
    numbered(begun)
    hand_in(begun, Step.NUMBER, Step.DATE, Step.SEAL)
    notice = begun.fresh()
    final, blank = signing.final_pdf(notice), signing.signed_blank_pdf(notice)
    assert len(reading.report(final)) == 4
    assert len(reading.report(blank)) == 1
    assert final.startswith(blank)


def test_number_first_then_leader_and_seal(scene, text_of):
    notice = numbered(scene, number=12)
    signing.start_signing(notice, by=scene.coordinator)
    assert "Số: 12/" in text_of(signing.present_pdf(notice))
    hand_in(scene, Step.LEADER, Step.SEAL)
    assert len(reading.report(signing.final_pdf(scene.fresh()))) == 2
    assert signing.signed_blank_pdf(scene.fresh()) is None


def test_signed_file_is_what_is_issued(begun):
    hand_in(begun, Step.LEADER)
    numbered(begun)
    hand_in(begun, Step.NUMBER, Step.DATE, Step.SEAL)
    notice = begun.fresh()
    final = signing.final_pdf(notice)
    services.issue_notice(notice, on=notice.issued_on, by=begun.coordinator, **signing.signed_files(notice))
    files = {row.rendition: read(row) for row in notice.documents.all()}
    assert set(files) == {"final", "accessible", "signed_blank", "docx"}
    assert files["final"] == final
    assert reading.report(files["accessible"]) == []
    assert notice.documents.get(rendition="final").facts["content"]["number"] == 8


def test_incomplete_signing_is_not_left_behind_by_issuing(begun):
    hand_in(begun, Step.LEADER)
    with pytest.raises(Incomplete, match="chưa đủ chữ ký"):
        signing.signed_files(begun.fresh())
    assert signing.final_pdf(begun.fresh()) is None


def test_without_signing_nothing_is_handed_to_issuing(scene):
    assert signing.signed_files(scene.fresh()) == {}


# ---------------------------------------------------------------- prepare and complete


def request(scene, step, image=b""):
    return signing.prepare_step(scene.fresh(), step, image=image, by=scene.coordinator)


def complete(scene, asked, signer):
    prepared = signing._prepared(asked)
    return signing.complete_step(scene.fresh(), cades(prepared, signer), by=scene.coordinator)


def test_every_step_by_requests(begun):
    complete(begun, request(begun, Step.LEADER, signature_png()), keys.leader())
    numbered(begun)
    for step, image, signer in (
        (Step.NUMBER, b"", keys.clerk()), (Step.DATE, b"", keys.clerk()), (Step.SEAL, seal_png(), keys.office()),
    ):  # fmt: skip
        version = complete(begun, request(begun, step, image), signer)
    assert (version.number, version.issued_on) == (8, clock.today())
    reports = [signatures.report_from(row) for row in version.report]
    assert [(row.field, row.holds, row.is_pades) for row in reports] == [(step.value, True, True) for step in Step]
    assert not SignatureRequest.objects.exists()
    assert signing.final_pdf(begun.fresh())


def test_a_request_is_replaced_by_the_next(begun):
    old = request(begun, Step.LEADER, signature_png())
    prepared = signing._prepared(old)
    new = request(begun, Step.LEADER, signature_png(size=(300, 200)))
    assert SignatureRequest.objects.get() == new
    with pytest.raises(Refused, match="không phải của tệp này"):
        signing.complete_step(begun.fresh(), cades(prepared, keys.leader()), by=begun.coordinator)


def test_request_falls_when_somebody_signs_otherwise(begun):
    prepared = signing._prepared(request(begun, Step.LEADER, signature_png()))
    hand_in(begun, Step.LEADER)
    with pytest.raises(StaleState):
        signing.complete_step(begun.fresh(), cades(prepared, keys.leader()), by=begun.coordinator)


def test_number_is_signed_only_once_it_is_given(begun):
    hand_in(begun, Step.LEADER)
    with pytest.raises(Incomplete, match="chưa được cấp số"):
        request(begun, Step.NUMBER)
    with pytest.raises(Incomplete, match="chưa được cấp số"):
        hand_in(begun, Step.NUMBER)


def test_day_of_another_year_than_the_printed_one_is_refused(begun):
    hand_in(begun, Step.LEADER)
    numbered(begun, on=date(begun.notice.round.year + 1, 1, 2))
    with pytest.raises(Incomplete, match="in năm"):
        request(begun, Step.DATE)


def test_renumbered_after_signing_the_number_is_not_final(begun):
    hand_in(begun, Step.LEADER)
    numbered(begun, number=8)
    hand_in(begun, Step.NUMBER, Step.DATE, Step.SEAL)
    numbered(begun, number=9)
    assert signing.final_pdf(begun.fresh()) is None


def test_renumbered_after_it_was_signed_with_its_number_it_is_not_issued_unsigned(scene, client):
    signing.start_signing(numbered(scene, number=12), by=scene.coordinator)
    hand_in(scene, Step.LEADER, Step.SEAL)
    notice = numbered(scene, number=13)
    with pytest.raises(Incomplete, match="Số hoặc ngày đã được sửa"):
        signing.signed_files(notice)
    client.force_login(scene.coordinator)
    page = client.post(reverse("reports:notice-issue", args=[notice.public_id]))
    assert page.status_code == 409
    assert "hủy lượt ký" in page.content.decode()
    assert "Hủy lượt ký này" in client.get(reverse("reports:notice-signing", args=[notice.public_id])).content.decode()
    signing.void_signing(notice, reason="Đổi số.", by=scene.coordinator)
    assert signing.signed_files(scene.fresh()) == {}


def test_steps_go_in_turn(begun):
    numbered(begun)
    for step in (Step.NUMBER, Step.DATE, Step.SEAL):
        with pytest.raises(Incomplete, match="phải ký"):
            request(begun, step, seal_png())
        with pytest.raises(Incomplete, match="phải ký"):
            hand_in(begun, step)
    hand_in(begun, Step.LEADER)
    with pytest.raises(Incomplete, match="phải ký"):
        hand_in(begun, Step.SEAL)


# ---------------------------------------------------------------- not ours, not now, not theirs


def test_file_of_another_notice_is_refused(begun, district):
    other = approved(district, names=("Nậm Cần",))
    signing.start_signing(other.fresh(), by=other.coordinator)
    swapped = signed_by(signing.present_pdf(other.fresh()), Step.LEADER)
    with pytest.raises(Refused, match="không phải văn bản này"):
        signing.upload_signed(begun.fresh(), swapped, by=begun.coordinator)


def test_second_of_two_uploads_at_once_is_told(begun):
    pdf = signing.present_pdf(begun.fresh())
    first, second = signed_by(pdf, Step.LEADER), signed_by(pdf, Step.LEADER, keys.clerk())
    signing.upload_signed(begun.fresh(), first, by=begun.coordinator)
    with pytest.raises(Refused, match="bản cũ hơn"):
        signing.upload_signed(begun.fresh(), second, by=begun.head)


def test_upload_overtaken_while_it_was_looked_at_is_told(begun, monkeypatch):
    """Both are judged before either is stored: the second finds the first when it writes."""
    pdf = signing.present_pdf(begun.fresh())
    first, second = signed_by(pdf, Step.LEADER), signed_by(pdf, Step.LEADER, keys.clerk())
    judge, slipped_in = signatures.judge, []

    def judged(*arguments, **more):
        found = judge(*arguments, **more)
        if not slipped_in:
            slipped_in.append(True)
            signing.upload_signed(begun.fresh(), first, by=begun.coordinator)
        return found

    monkeypatch.setattr(signatures, "judge", judged)
    with pytest.raises(StaleState, match="người khác"):
        signing.upload_signed(begun.fresh(), second, by=begun.head)
    kept = SignedVersion.objects.get()
    assert read(kept) == first
    assert len(list(Path(kept.file.path).parent.iterdir())) == 2  # no file without its row


def test_signature_outside_every_place_is_refused(begun):
    upload = office_software(signing.present_pdf(begun.fresh()), keys.leader(), box=(160, 285, 200, 296))
    with pytest.raises(Incomplete, match="chỗ ký"):
        signing.upload_signed(begun.fresh(), upload, by=begun.coordinator)


def test_only_coordinator_and_leaders_of_the_team_sign(begun, stranger, viewer):
    outsiders = (stranger, viewer, begun.world.inspector, begun.officers[0])
    for person in outsiders:
        with pytest.raises(NotAllowed):
            signing.start_signing(begun.fresh(), by=person)
        with pytest.raises(NotAllowed):
            signing.upload_signed(begun.fresh(), b"%PDF-", by=person)
        with pytest.raises(NotAllowed):
            signing.prepare_step(begun.fresh(), Step.LEADER, image=signature_png(), by=person)
        with pytest.raises(NotAllowed):
            signing.void_signing(begun.fresh(), reason="Thử", by=person)


def test_draft_is_not_signed(district):
    scene = draft(district)
    with pytest.raises(Incomplete, match="đã phê duyệt"):
        signing.start_signing(scene.fresh(), by=scene.coordinator)


def test_notice_with_a_code_is_signed_after_issue(scene):
    Notice.objects.filter(pk=scene.notice.pk).update(prints_code=True)
    with pytest.raises(Incomplete, match="mã xác minh"):
        signing.start_signing(scene.fresh(), by=scene.coordinator)


# ---------------------------------------------------------------- void


def test_sending_back_voids_and_keeps(begun):
    hand_in(begun, Step.LEADER)
    services.send_back(begun.fresh(), reason="Sửa số liệu", by=begun.head)
    found = Signing.objects.get()
    assert "Sửa số liệu" in found.void_reason
    assert found.voided_by == begun.head
    assert read(found.versions.get())
    with pytest.raises(Refused):
        signing.upload_signed(begun.fresh(), b"%PDF-", by=begun.coordinator)


def test_signature_does_not_survive_a_new_approval(begun):
    hand_in(begun, Step.LEADER)
    services.send_back(begun.fresh(), reason="Sửa", by=begun.head)
    notice = begun.fresh()
    services.approve_notice(notice, version=notice.version, by=begun.head)
    assert signing.signing_in_force(begun.fresh()) is None
    assert signing.final_pdf(begun.fresh()) is None


def test_begun_anew_the_old_go_is_void(begun):
    hand_in(begun, Step.LEADER)
    signing.start_signing(begun.fresh(), by=begun.coordinator)
    assert Signing.objects.count() == 2
    assert state(begun) == set()


def test_given_up_with_a_reason(begun):
    with pytest.raises(Incomplete, match="lý do"):
        signing.void_signing(begun.fresh(), reason=" ", by=begun.coordinator)
    signing.void_signing(begun.fresh(), reason="Ký nhầm người", by=begun.coordinator)
    assert signing.signing_in_force(begun.fresh()) is None
    with pytest.raises(StaleState):
        signing.void_signing(begun.fresh(), reason="Lần nữa", by=begun.coordinator)


def test_journal_tells_every_act(begun):
    complete(begun, request(begun, Step.LEADER, signature_png()), keys.leader())
    signing.void_signing(begun.fresh(), reason="Thử", by=begun.coordinator)
    told = list(journal.Event.objects.filter(action__startswith="notice.sign").values_list("action", flat=True))
    wanted = ["notice.signing_started", "notice.signature_requested", "notice.signed", "notice.signing_voided"]
    assert [name for name in told if name in wanted] == wanted


# ---------------------------------------------------------------- after issue


def test_version_signed_after_issue_is_kept_beside(district):
    scene = issued(district, names=("Phúc Khoa",))
    notice = scene.fresh()
    final = notice.documents.get(rendition="final")
    base = signing.present_pdf(notice)
    assert base == signing.present_pdf(notice)  # the same each time it is asked for
    upload = signed_by(signed_by(base, Step.LEADER), Step.SEAL, keys.office())
    made = signing.upload_signed(notice, upload, by=scene.coordinator)
    assert isinstance(made, IssuedDocument)
    assert made.rendition == "signed"
    assert made.facts_sha256 == final.facts_sha256
    assert read(notice.documents.get(rendition="final")) == read(final)
    with pytest.raises(StaleState):
        signing.upload_signed(notice, upload, by=scene.coordinator)


def test_other_file_is_not_kept_beside_an_issued_one(district):
    scene = issued(district, names=("Phúc Khoa",))
    with pytest.raises(Refused, match="không phải PDF"):
        signing.upload_signed(scene.fresh(), b"junk", by=scene.coordinator)
    assert set(scene.fresh().documents.values_list("rendition", flat=True)) == {"final", "docx"}


# ---------------------------------------------------------------- trust


def test_roots_come_from_a_folder(begun, settings, tmp_path):
    (tmp_path / "goc.pem").write_bytes(keys.root("CA Thử")[0].public_bytes(Encoding.PEM))
    (tmp_path / "hong.pem").write_text("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n")
    (tmp_path / "doc-toi.txt").write_text("not a certificate")
    settings.SIGNING_TRUST_ROOTS = str(tmp_path)
    assert signing.trust_roots() == [keys.root_der()]
    version = hand_in(begun, Step.LEADER)
    assert version.report[0]["is_trusted"] is True


def test_without_roots_trust_is_not_claimed(begun):
    assert hand_in(begun, Step.LEADER).report[0]["is_trusted"] is None


# ---------------------------------------------------------------- the page


def page(client, scene, name="notice-signing", **post):
    url = reverse(f"reports:{name}", args=[scene.notice.public_id])
    return client.post(url, post, follow=True) if post else client.get(url)


def upload_of(data, name="da-ky.pdf"):
    return SimpleUploadedFile(name, data, content_type="application/pdf")


def test_page_leads_from_printing_to_the_last_signature(client, scene):
    client.force_login(scene.coordinator)
    assert "Chuẩn bị tệp để ký" in page(client, scene).content.decode()
    text = client.post(reverse("reports:signing-start", args=[scene.notice.public_id]), follow=True).content.decode()
    assert "Người ký văn bản ký số" in text
    assert "đang chờ ký" in text
    pdf = page(client, scene, "signing-file").content
    text = page(client, scene, "signing-upload", signed=upload_of(signed_by(pdf, Step.LEADER))).content.decode()
    assert "đúng nguyên văn" in text
    assert "Nguyễn Văn Thử" in text
    assert "Chưa kiểm tra được chuỗi chứng thư" in text
    numbered(scene)
    for step in (Step.NUMBER, Step.DATE, Step.SEAL):
        pdf = page(client, scene, "signing-file").content
        text = page(client, scene, "signing-upload", signed=upload_of(signed_by(pdf, step))).content.decode()
    assert "đã đủ chữ ký" in text
    assert reverse("reports:notice-issue", args=[scene.notice.public_id]) in text
    url = reverse("reports:notice-issue", args=[scene.notice.public_id])
    client.post(url, {"issued_on": f"{clock.today():%d/%m/%Y}", "number": ""})
    assert set(scene.fresh().documents.values_list("rendition", flat=True)) == {
        "final",
        "accessible",
        "signed_blank",
        "docx",
    }


def test_page_signs_by_request(client, begun):
    client.force_login(begun.head)
    text = page(client, begun, "signing-request", step="ChuKy").content.decode()
    assert "Chọn ảnh chữ ký" in text
    image = SimpleUploadedFile("ky.png", signature_png(), content_type="image/png")
    text = page(client, begun, "signing-request", step="ChuKy", image=image).content.decode()
    assert "Yêu cầu đang chờ" in text
    data = page(client, begun, "signing-request-file").content
    asked = SignatureRequest.objects.get()
    assert data == signing.bytes_to_sign(asked)
    signature = SimpleUploadedFile("ky.p7s", cades(signing._prepared(asked), keys.leader()))
    text = page(client, begun, "signing-complete", signature=signature).content.decode()
    assert "Đã đặt chữ ký vào văn bản" in text
    assert "PAdES" in text


def test_page_says_why_a_file_is_refused(client, begun):
    client.force_login(begun.coordinator)
    text = page(client, begun, "signing-upload", signed=upload_of(b"%PDF-1.7 junk")).content.decode()
    assert "bị hỏng" in text
    text = page(client, begun, "signing-upload", signed=upload_of(b"")).content.decode()
    assert "Tệp rỗng" in text
    text = page(client, begun, "signing-upload", khac="1").content.decode()
    assert re.search(r"error-summary", text)


def test_page_shows_what_was_given_up(client, begun):
    client.force_login(begun.coordinator)
    text = page(client, begun, "signing-void", reason="Ký nhầm người").content.decode()
    assert "Lượt ký đã hủy" in text
    assert "Ký nhầm người" in text


def test_issued_notice_shows_signatures_and_takes_a_later_one(client, district):
    scene = issued(district, names=("Phúc Khoa",))
    client.force_login(scene.coordinator)
    assert "Ký số sau khi ban hành" in page(client, scene).content.decode()
    upload = signed_by(page(client, scene, "signing-file").content, Step.SEAL, keys.office())
    text = page(client, scene, "signing-upload", signed=upload_of(upload)).content.decode()
    assert "Đã lưu bản ký số sau khi ban hành" in text
    assert "UBND huyện Thử" in text


def test_web_workers_do_not_load_the_signing_library():
    """It would take some 30 MB in each; see tests/bench/test_memory.py."""
    code = (
        "import django, sys; django.setup(); import ntm_portal.urls, reports.views.signing; "
        "sys.exit(any(name.split('.')[0] in ('pyhanko', 'asn1crypto') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
