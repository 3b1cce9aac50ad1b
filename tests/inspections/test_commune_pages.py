"""The commune's pages: what they show, to whom, and what happens when something is sent."""

from datetime import date

import pytest
from django.urls import reverse

from criteria.judgement import Judgement
from criteria.models import EvidenceRequirement
from inspections import services
from inspections.models import Dossier, EvidenceLink

from . import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return make.open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


@pytest.fixture
def as_officer(client, officer):
    client.force_login(officer)
    return client


def at(name, *args):
    return reverse(f"inspections:{name}", args=args)


def save(client, assessment, accept="application/json", **typed):
    data = {"version": assessment.entry_version, "remark": "", **typed}
    return client.post(at("assessment-save", assessment.pk), data, headers={"accept": accept})


# ---------------------------------------------------------------- reading


def test_dossier_list_shows_own_dossiers_only(as_officer, dossier):
    response = as_officer.get(at("dossier-list"))
    assert [line.dossier for line in response.context["lines"]] == [dossier]


def test_dossier_list_without_dossiers_says_what_comes_next(as_officer):
    assert "Chưa có hồ sơ nào" in as_officer.get(at("dossier-list")).content.decode()


def test_dossier_page_names_what_is_missing(as_officer, dossier, officer):
    make.enter(dossier, "2.1", by=officer, numerator=9, denominator=10, self_judgement="dat")
    page = as_officer.get(at("dossier-detail", dossier.pk)).content.decode()
    assert "1/2 chỉ tiêu, thiếu 1 minh chứng" in page
    assert "90 % (9/10)" in page


def test_dossier_page_only_advises_proof_that_is_a_suggestion(as_officer, dossier, officer):
    EvidenceRequirement.objects.update(is_unverified=True)
    make.enter(dossier, "2.1", by=officer, numerator=9, denominator=10, self_judgement="dat")
    page = as_officer.get(at("dossier-detail", dossier.pk)).content.decode()
    assert "1/2 chỉ tiêu, nên thêm 1 minh chứng" in page


@pytest.mark.parametrize(
    "parts", [{"a": {"numerator": "3", "denominator": "4"}}, {"a": {"numerator": "3"}, "b": {"passed": True}}]
)
def test_half_of_a_compound_indicator_is_not_all_of_it(as_officer, dossier, officer, parts):
    make.enter(dossier, "3", by=officer, parts=parts, self_judgement="dat")
    rows = as_officer.get(at("dossier-detail", dossier.pk)).context["page"].criteria
    assert [item.text for item in rows[2].blocking] == ["Chỉ tiêu 3: chưa nhập số liệu."]
    assert rows[2].entered == 0


def test_rate_of_nothing_is_no_value(as_officer, dossier, officer):
    make.enter(dossier, "2.1", by=officer, numerator=0, denominator=0, self_judgement="dat")
    page = as_officer.get(at("dossier-submit", dossier.pk)).content.decode()
    assert "Chỉ tiêu 2.1: mẫu số bằng 0, không tính được tỷ lệ." in page


def test_round_in_the_breadcrumbs_is_a_link_for_who_sees_the_round(client, dossier, officer, inspector):
    address = dossier.round.get_absolute_url()
    for person, link in ((officer, ""), (inspector, address)):
        client.force_login(person)
        page = client.get(at("dossier-detail", dossier.pk))
        assert page.context["crumbs"][0] == (dossier.round.name, link)


@pytest.mark.parametrize(
    "name", ["dossier-detail", "dossier-print", "dossier-history", "dossier-returns", "dossier-submit"]
)
def test_pages_of_a_dossier_open_for_its_officer_and_not_for_the_neighbour(client, name, dossier, officer, neighbour):
    client.force_login(officer)
    assert client.get(at(name, dossier.pk)).status_code == 200
    client.force_login(neighbour)
    assert client.get(at(name, dossier.pk)).status_code == 404


def test_criterion_page_shows_threshold_and_that_it_is_not_confirmed(as_officer, dossier):
    page = as_officer.get(at("criterion-edit", dossier.pk, 2)).content.decode()
    assert "≥ 80 %" in page
    assert "chưa đối chiếu" in page


@pytest.mark.parametrize("number", [1, 2, 3])
def test_criterion_page_of_every_kind_opens(as_officer, dossier, officer, number):
    make.fill(dossier, by=officer)
    assert as_officer.get(at("criterion-edit", dossier.pk, number)).status_code == 200


def test_criterion_page_of_a_submitted_dossier_is_read_only(as_officer, dossier, officer):
    make.hand_in(dossier, by=officer)
    page = as_officer.get(at("criterion-edit", dossier.pk, 2)).content.decode()
    assert "data-ntm-autosave" not in page
    assert "90 % (9/10)" in page


def test_unknown_criterion_is_not_found(as_officer, dossier):
    assert as_officer.get(at("criterion-edit", dossier.pk, 99)).status_code == 404


# ---------------------------------------------------------------- saving


def test_saving_answers_the_script_with_version_and_badge(as_officer, dossier):
    row = make.assessment_of(dossier, "2.2")
    response = save(as_officer, row, value="1.250,5", self_judgement="dat")
    assert response.json()["version"] == row.version + 1
    assert "Đã nhập xong" in response.json()["fragments"][f"#tt-{row.pk}"]


def test_saving_without_script_returns_to_the_indicator(as_officer, dossier):
    row = make.assessment_of(dossier, "2.2")
    response = save(as_officer, row, accept="text/html", value="45,5", self_judgement="dat")
    assert response.url == at("criterion-edit", dossier.pk, 2) + f"#ct-{row.pk}"


def test_wrong_number_is_told_at_its_field_and_kept(as_officer, dossier):
    row = make.assessment_of(dossier, "2.2")
    assert "value" in save(as_officer, row, value="1.250", self_judgement="dat").json()["errors"]
    page = save(as_officer, row, accept="text/html", value="nhiều", remark="Đã đo lại")
    assert page.status_code == 400
    assert 'value="nhiều"' in page.content.decode()
    assert "Đã đo lại" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_savings_of_one_version_show_both_wordings(as_officer, dossier, officer):
    row = make.assessment_of(dossier, "2.2")
    make.enter(dossier, "2.2", by=officer, value=40)
    answer = save(as_officer, row, value="50")
    assert answer.status_code == 409
    assert "40" in answer.json()["html"]
    assert "50" in answer.json()["html"]
    page = save(as_officer, row, accept="text/html", value="50")
    assert page.status_code == 409
    assert "Giữ nội dung đang nhập ở đây" in page.content.decode()
    assert save(as_officer, make.assessment_of(dossier, "2.2"), value="50").status_code == 200


def test_saving_into_a_submitted_dossier_is_refused_and_keeps_what_was_typed(as_officer, dossier, officer):
    row = make.assessment_of(dossier, "2.2")
    make.hand_in(dossier, by=officer)
    answer = save(as_officer, row, accept="text/html", value="77,7")
    assert answer.status_code == 409
    assert "77,7" in answer.content.decode()
    assert "Đã nộp" in answer.content.decode()


def test_officer_of_another_commune_cannot_save(client, neighbour, dossier):
    client.force_login(neighbour)
    assert save(client, make.assessment_of(dossier, "2.2"), value="1").status_code == 404


@pytest.mark.parametrize("who", ["leader", "inspector", "coordinator", "viewer", "agency_reviewer"])
def test_only_officers_save(request, client, who, dossier):
    client.force_login(request.getfixturevalue(who))
    assert save(client, make.assessment_of(dossier, "2.2"), value="1").status_code == 403


# ---------------------------------------------------------------- handing in


def test_submit_page_lists_what_blocks(as_officer, dossier):
    page = as_officer.get(at("dossier-submit", dossier.pk)).content.decode()
    assert "Tiêu chí 2: chưa tự đánh giá (2.1, 2.2)." in page
    assert "Nộp hồ sơ</button>" not in page


def test_advised_proof_must_be_waived_knowingly(as_officer, dossier, officer):
    make.fill(dossier, by=officer)
    answer = as_officer.post(at("dossier-submit", dossier.pk))
    assert answer.status_code == 400
    assert "vẫn nộp khi còn thiếu minh chứng" in answer.content.decode()
    answer = as_officer.post(at("dossier-submit", dossier.pk), {"accept_missing": "on"})
    assert answer.url == at("dossier-submitted", dossier.pk)
    assert "nhận được hồ sơ lúc" in as_officer.get(answer.url).content.decode()


def test_submitting_twice_is_told_once_done(as_officer, dossier, officer):
    make.hand_in(dossier, by=officer)
    answer = as_officer.post(at("dossier-submit", dossier.pk), {"accept_missing": "on"})
    assert answer.status_code == 409
    assert str(officer) in answer.content.decode()


def test_recall_takes_the_dossier_back(as_officer, dossier, officer):
    make.hand_in(dossier, by=officer)
    as_officer.post(at("dossier-recall", dossier.pk))
    dossier.refresh_from_db()
    assert dossier.status == Dossier.Status.DRAFT


def test_recall_after_the_first_conclusion_says_why_not(as_officer, dossier, officer, world):
    make.hand_in(dossier, by=officer)
    make.conclude_all(dossier, by=world.inspector)
    page = as_officer.post(at("dossier-recall", dossier.pk), follow=True)
    assert "Đoàn kiểm tra đã bắt đầu kết luận" in page.content.decode()


# ---------------------------------------------------------------- sent back


@pytest.fixture
def returned(dossier, officer, world):
    make.hand_in(dossier, by=officer)
    return make.send_back(dossier, "2.1", by=world.inspector)


def test_only_the_returned_indicator_is_open_to_entry(as_officer, returned, dossier):
    page = as_officer.get(at("criterion-edit", dossier.pk, 2)).content.decode()
    assert page.count("data-ntm-autosave") == 1
    assert "Đề nghị bổ sung biên bản nghiệm thu." in page


def test_answering_the_last_question_hands_the_dossier_in_again(as_officer, returned, dossier):
    as_officer.post(at("item-answer", dossier.pk, returned.pk), {"answer": "Đã bổ sung."})
    dossier.refresh_from_db()
    assert dossier.status == Dossier.Status.SUBMITTED


def test_empty_answer_is_told_at_its_field(as_officer, returned, dossier):
    answer = as_officer.post(at("item-answer", dossier.pk, returned.pk), {"answer": " "})
    assert answer.status_code == 400
    assert "Chưa nhập nội dung trả lời." in answer.content.decode()


def test_answer_to_a_withdrawn_question_is_refused_and_kept(as_officer, returned, dossier, world):
    services.withdraw_item(returned, by=world.inspector)
    answer = as_officer.post(at("item-answer", dossier.pk, returned.pk), {"answer": "Đã bổ sung rồi."})
    assert answer.status_code == 409
    assert "Đã bổ sung rồi." in answer.content.decode()


# ---------------------------------------------------------------- provisional conclusions


def test_conclusions_are_hidden_from_the_commune_until_provisional(as_officer, dossier, officer, world):
    make.hand_in(dossier, by=officer)
    make.conclude_all(dossier, by=world.inspector, verdict=Judgement.NOT_MET, reason="Thiếu biên bản XYZ.")
    for name, *more in (["dossier-detail"], ["dossier-print"], ["dossier-history"], ["criterion-edit", 2]):
        page = as_officer.get(at(name, dossier.pk, *more)).content.decode()
        assert "Thiếu biên bản XYZ." not in page
        assert "Kết luận" not in page.replace("Kết luận gần nhất", "")
    services.make_provisional(dossier, by=world.head)
    assert "Thiếu biên bản XYZ." in as_officer.get(at("criterion-edit", dossier.pk, 2)).content.decode()
    assert "Thiếu biên bản XYZ." in as_officer.get(at("dossier-reply", dossier.pk)).content.decode()


def test_reply_by_criterion_is_stored(as_officer, dossier, officer, world):
    make.hand_in(dossier, by=officer)
    make.make_provisional(dossier, world)
    as_officer.post(at("dossier-reply", dossier.pk), {"criterion_2": "Đã đo lại.", "general": "Đề nghị xem lại."})
    assert make.conclusion_of(dossier, 2).reply == "Đã đo lại."


def test_waiving_the_reply_is_stored(as_officer, dossier, officer, world):
    make.hand_in(dossier, by=officer)
    make.make_provisional(dossier, world)
    as_officer.post(at("dossier-reply", dossier.pk), {"waive": "1", "general": "bỏ qua"})
    dossier.refresh_from_db()
    assert dossier.reply_waived
    assert dossier.reply == ""


def test_empty_reply_is_refused(as_officer, dossier, officer, world):
    make.hand_in(dossier, by=officer)
    make.make_provisional(dossier, world)
    answer = as_officer.post(at("dossier-reply", dossier.pk), {"general": ""})
    assert answer.status_code == 409
    assert "Chưa nhập nội dung giải trình." in answer.content.decode()


def test_history_tells_submission_and_typing(as_officer, dossier, officer):
    make.hand_in(dossier, by=officer)
    page = as_officer.get(at("dossier-history", dossier.pk)).content.decode()
    assert "Nộp hồ sơ" in page
    assert "Nhập chỉ tiêu" in page
    assert "tự đánh giá: chưa đánh giá → đạt" in page


# ---------------------------------------------------------------- evidence on the pages


def test_upload_by_script_answers_with_the_row(as_officer, dossier):
    row = make.assessment_of(dossier, "2.1")
    data = {"assessments": row.pk, "files": make.pdf_upload(), "title": "Báo cáo giao thông", "number": "12/BC-UBND"}
    answer = as_officer.post(at("evidence-upload", dossier.pk, 2), data, headers={"accept": "application/json"})
    assert "12/BC-UBND – Báo cáo giao thông" in answer.json()["html"]
    assert EvidenceLink.objects.get().assessment == row


def test_upload_for_several_indicators_draws_the_other_lists_anew(as_officer, dossier):
    rows = [make.assessment_of(dossier, code) for code in ("2.1", "2.2")]
    data = {"assessments": [row.pk for row in rows], "files": make.pdf_upload()}
    answer = as_officer.post(at("evidence-upload", dossier.pk, 2), data, headers={"accept": "application/json"})
    assert f"#tep-{rows[1].pk}" in answer.json()["fragments"]
    assert EvidenceLink.objects.count() == 2


def test_refused_upload_names_the_file_and_keeps_the_other_input(as_officer, dossier):
    row = make.assessment_of(dossier, "2.1")
    bad = make.SimpleUploadedFile("bien-ban.exe", b"MZ\x90\x00")
    data = {"assessments": row.pk, "files": [bad], "title": "Biên bản nghiệm thu"}
    words = "Không nhận tệp bien-ban.exe: chỉ nhận tệp PDF, ảnh JPEG/PNG/HEIC, DOCX, XLSX."
    answer = as_officer.post(at("evidence-upload", dossier.pk, 2), data)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert "Biên bản nghiệm thu" in answer.content.decode()
    bad.seek(0)
    answer = as_officer.post(at("evidence-upload", dossier.pk, 2), data, headers={"accept": "application/json"})
    assert answer.json()["error"] == words


def test_piece_of_the_library_is_linked_to_several_indicators(as_officer, dossier, officer, commune):
    piece = services.add_evidence(commune, make.pdf_upload(), meta={}, by=officer).evidence
    keys = [make.assessment_of(dossier, code).pk for code in ("2.1", "2.2")]
    as_officer.post(at("evidence-link", dossier.pk, 2), {"evidence": piece.pk, "assessments": keys})
    assert set(piece.links.values_list("assessment", flat=True)) == set(keys)


def test_unlinked_piece_stays_in_the_library(as_officer, dossier, officer):
    piece = make.prove(dossier, "2.1", by=officer)
    row = make.assessment_of(dossier, "2.1")
    as_officer.post(at("evidence-unlink", dossier.pk, 2, piece.pk), {"assessments": row.pk})
    assert not piece.links.exists()
    assert piece.file.storage.exists(piece.file.name)


@pytest.mark.parametrize("words", ["bien ban", "BIÊN BẢN", "nghiem"])
def test_library_search_ignores_diacritics_and_case(as_officer, commune, officer, words):
    piece = services.add_evidence(
        commune, make.pdf_upload(), meta={"title": "Biên bản nghiệm thu đường"}, by=officer
    ).evidence
    services.add_evidence(commune, make.pdf_upload(), meta={"title": "Báo cáo"}, by=officer)
    response = as_officer.get(at("evidence-list"), {"q": words})
    assert [row.evidence for row in response.context["rows"]] == [piece]


def test_evidence_pages_of_another_commune_are_not_found(client, neighbour, dossier, officer):
    piece = make.prove(dossier, "2.1", by=officer)
    client.force_login(neighbour)
    for name, *more in (["evidence-detail"], ["evidence-edit"], ["evidence-download"], ["evidence-page", 1]):
        assert client.get(at(name, piece.pk, *more)).status_code == 404


def test_evidence_detail_and_edit_open_for_its_officer(as_officer, dossier, officer):
    piece = make.prove(dossier, "2.1", by=officer)
    assert "chỉ tiêu <a href=" in as_officer.get(at("evidence-detail", piece.pk)).content.decode()
    data = {"title": "Báo cáo", "number": "5/BC", "issued_on": "14/02/2025", "issuer": "UBND xã", "kind": "document"}
    as_officer.post(at("evidence-edit", piece.pk), {**data, "valid_until": ""})
    piece.refresh_from_db()
    assert str(piece.issued_on) == "2025-02-14"


def test_library_upload_takes_several_files(as_officer):
    data = {"files": [make.pdf_upload("a.pdf"), make.image_upload("b.jpg")], "kind": "document"}
    assert as_officer.post(at("evidence-add"), data).status_code == 302
    assert "a.pdf" in as_officer.get(at("evidence-list")).content.decode()


# ---------------------------------------------------------------- who else reads


@pytest.mark.parametrize("who", ["leader", "inspector", "team_head", "coordinator", "viewer"])
def test_others_read_the_pages_without_being_offered_anything(request, client, who, dossier, officer):
    make.fill(dossier, by=officer)
    client.force_login(request.getfixturevalue(who))
    for name, *more in (["dossier-detail"], ["criterion-edit", 2], ["dossier-print"], ["dossier-history"]):
        response = client.get(at(name, dossier.pk, *more))
        assert response.status_code == 200
        page = response.content.decode()
        assert "data-ntm-autosave" not in page
        assert "data-ntm-upload" not in page
        assert "Kiểm tra và nộp" not in page


@pytest.mark.parametrize("name", ["dossier-submit", "dossier-reply", "dossier-submitted"])
@pytest.mark.parametrize("who", ["leader", "inspector", "coordinator"])
def test_acts_of_the_commune_are_forbidden_to_others(request, client, who, name, dossier):
    client.force_login(request.getfixturevalue(who))
    assert client.get(at(name, dossier.pk)).status_code == 403


def test_agency_reads_only_its_own_indicators(client, dossier, agency, agency_reviewer, officer):
    make.fill(dossier, by=officer)
    make.assessment_of(dossier, "2.1").indicator.agency_assignments.create(agency=agency)
    client.force_login(agency_reviewer)
    page = client.get(at("dossier-detail", dossier.pk)).content.decode()
    assert "Giao thông" in page
    assert "Quy hoạch" not in page
    assert "Thu nhập bình quân" not in page
    assert client.get(at("criterion-edit", dossier.pk, 1)).status_code == 404


def test_markup_typed_anywhere_is_shown_as_text(as_officer, dossier, officer):
    evil = "<script>alert(1)</script>"
    make.enter(dossier, "2.1", by=officer, remark=evil, self_judgement="dat")
    make.prove(dossier, "2.1", by=officer, title=evil, issuer=evil)
    piece = make.assessment_of(dossier, "2.1").evidence_links.get().evidence
    for address in (
        at("criterion-edit", dossier.pk, 2),
        at("dossier-print", dossier.pk),
        at("evidence-detail", piece.pk),
        at("evidence-list"),
    ):
        page = as_officer.get(address).content.decode()
        assert evil not in page
        assert "&lt;script&gt;" in page


def test_last_result_of_the_unit_is_offered_again(as_officer, district, commune, officer):
    set_ = make.small_set()
    early = make.open_round(
        district, communes=[commune], year=2024, period_from=date(2024, 1, 1), period_to=date(2024, 12, 31)
    )
    make.conclude(early.dossier_of(commune), early, officer=officer)
    services.close_round(early.round, by=early.coordinator)
    dossier = make.open_round(district, communes=[commune], criteria_set=set_).dossier_of(commune)
    assert "2024: đạt" in as_officer.get(at("dossier-detail", dossier.pk)).content.decode()
    page = as_officer.get(at("criterion-edit", dossier.pk, 2)).content.decode()
    assert "Năm 2024: <strong>90 % (9/10), đạt</strong>" in page
    assert "Dùng lại giá trị" in page
