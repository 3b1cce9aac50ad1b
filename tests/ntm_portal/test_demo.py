"""The demonstration: it tells the round of 2024 as it was published, and leaves each role something to do."""

import hashlib
import io
import re
from collections import Counter
from decimal import Decimal

import pypdf
import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from communes import clock, journal
from communes.models import Event, LegalDocument, User, Village
from communes.permissions import Role
from criteria.judgement import Judgement
from inspections import figures
from inspections.models import (
    Assessment,
    CriterionConclusion,
    Dossier,
    Evidence,
    EvidenceLink,
    InspectionRound,
    ReturnItem,
)
from inspections.progress import unit_rows
from inspections.progress.tasks import tasks_for
from ntm_portal.demo.source import logins
from reports import checks, content
from reports.compose import Composition
from reports.models import IssuedDocument, Notice
from reports.wording import key_of
from tests.demo import demo, demo_data  # noqa: F401
from tests.reports import reference, rounds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]

# As published in December 2024, in the order of the notice.
COMMUNES = {
    "Phúc Khoa": 18,
    "Thân Thuộc": 16,
    "Pắc Ta": 16,
    "Nậm Cần": 14,
    "Trung Đồng": 14,
    "Tà Mít": 14,
    "Hố Mít": 14,
    "Mường Khoa": 14,
    "Nậm Sỏ": 14,
}
ADVANCED = {"Nậm Cần": 9, "Phúc Khoa": 15}
VILLAGES = [15, 11, 11, 10, 10, 10, 10, 10, 9]
Status = Dossier.Status


def of_set(code):
    return figures.of_set(code, unit_rows(InspectionRound.objects.get(code="TU-2024")))


def open_round():
    return InspectionRound.objects.get(code="TU-2025-6T")


def bytes_of(file):
    with file.open() as stream:
        return stream.read()


def text_of(data):
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).split())


# ---------------------------------------------------------------- the round of 2024


def test_communes_have_their_published_results():
    made = of_set("xa-ntm")
    assert {row.unit_name.removeprefix("Xã "): row.met for row in figures.by_result(made.rows)} == COMMUNES
    assert [row.unit_name.removeprefix("Xã ") for row in figures.by_result(made.rows)] == list(COMMUNES)
    assert (made.mean.numerator, made.mean.denominator, made.mean.value) == (134, 9, Decimal("14.89"))


def test_two_communes_work_toward_the_higher_title():
    made = of_set("xa-ntm-nc")
    assert {row.unit_name.removeprefix("Xã "): row.met for row in made.rows} == ADVANCED


def test_villages_have_their_mean_over_all_nine():
    made = of_set("ban-nc-mau")
    assert [row.met for row in figures.by_result(made.rows)] == VILLAGES
    assert (made.mean.numerator, made.mean.denominator, made.mean.value) == (96, 9, Decimal("10.67"))
    assert made.mean_of_others.value == Decimal("10.13")
    assert len(made.passed) == 1


def test_seven_communes_were_visited_and_two_reported():
    modes = Counter(row.mode for row in of_set("xa-ntm").rows)
    assert modes == {"on_site": 7, "by_report": 2}


def test_round_uses_the_set_version_of_its_date():
    versions = Dossier.objects.filter(criteria_set__code="xa-ntm").values_list("criteria_set__version", flat=True)
    assert set(versions) == {2}


def test_hardest_criteria_are_those_of_the_notice():
    names = dict(
        Dossier.objects.filter(criteria_set__code="xa-ntm")[0].criteria_set.criteria.values_list("number", "name")
    )
    hardest = [names[number] for number in of_set("xa-ntm").hardest[:5]]
    assert hardest == ["Trường học", "Giáo dục và Đào tạo", "Y tế", "Nghèo đa chiều", "Thu nhập"]


def test_documents_of_the_notice_are_data():
    numbers = set(LegalDocument.objects.values_list("number", flat=True))
    assert {"1964/KH-UBND", "359/BC-ĐKT", "2600/KH-UBND", "1478/QĐ-UBND"} <= numbers


def test_no_conclusion_goes_against_a_threshold():
    assert not Assessment.objects.filter(is_contrary=True).exists()
    assert not CriterionConclusion.objects.filter(is_contrary=True).exists()


def test_team_sometimes_sees_it_otherwise_than_the_commune():
    disagreeing = Assessment.objects.filter(self_judgement=Judgement.MET, conclusion=Judgement.NOT_MET)
    assert disagreeing.count() > 3


def test_whoever_concluded_did_not_approve():
    both = Dossier.objects.filter(status=Status.CONCLUDED).exclude(concluded_by=None)
    assert both.exists()
    for dossier in both:
        assert not dossier.conclusions.filter(concluded_by=dossier.concluded_by).exists()
    # The deputy approves where the head himself concluded something.
    head_wrote = CriterionConclusion.objects.filter(concluded_by__username="truongdoan").values("dossier")
    approvers = Dossier.objects.filter(pk__in=head_wrote).values_list("concluded_by__username", flat=True)
    assert set(approvers) == {"phodoan"}


def test_every_value_is_whole_enough_to_be_handed_in():
    handed_in = Assessment.objects.exclude(dossier__status=Status.DRAFT)
    assert handed_in.exists()
    assert not handed_in.filter(self_judgement=Judgement.UNASSESSED).exists()


# ---------------------------------------------------------------- the notice


def test_notice_is_issued_with_its_number_and_day():
    notice = Notice.objects.get(round__code="TU-2024", kind_code="thong-bao")
    assert (notice.status, notice.code, f"{notice.issued_on:%d/%m/%Y}") == ("issued", "08/TB-ĐKT", "05/12/2024")
    assert notice.approved_by.username == "truongdoan"
    assert notice.recommendations.count() == 12
    assert notice.recipients.count() == 8


def test_issued_file_states_the_published_figures():
    document = IssuedDocument.objects.get(
        notice__round__code="TU-2024", notice__kind_code="thong-bao", rendition="final"
    )
    data = bytes_of(document.file)
    assert hashlib.sha256(data).hexdigest() == document.sha256
    text = text_of(data)
    for phrase in (
        "Số: 08/TB-ĐKT",
        "Tân Uyên, ngày 05 tháng 12 năm 2024",
        "Kế hoạch số 1964/KH-UBND ngày 06/9/2024 của UBND huyện Tân Uyên về kiểm tra đánh giá",
        "trực tiếp tại 07 xã và kiểm tra qua báo cáo 02 xã (xã Hố Mít và xã Mường Khoa)",
        "Bình quân các xã đạt 14,89 tiêu chí/xã",
        "xã Nậm Cần thực hiện đạt 09/19 tiêu chí, xã Phúc Khoa thực hiện đạt 15/19 tiêu chí",
        "có 01/9 bản đạt bản NTM nâng cao, bình quân 09 bản đạt 10,67 tiêu chí/bản",
        "một số tiêu chí khó đạt như: Trường học, giáo dục và đào tạo, y tế,...",
        "Quyết định số 1478/QĐ-UBND ngày 22/10/2024 của UBND tỉnh, yêu cầu",
        "Lê Thanh Huy",
    ):
        assert phrase in text
    for name, met in COMMUNES.items():
        assert f"xã {name} đạt {met}/19 tiêu chí" in text
    assert re.findall(r" ([IVX]+)\. [A-ZĐÁÀẢ]", text) == ["I", "II", "III", "IV"]


def test_issued_notice_is_the_scanned_one_word_by_word():
    """Every sentence of the reference, with the intended differences and no other; each of them is there."""
    document = IssuedDocument.objects.get(
        notice__round__code="TU-2024", notice__kind_code="thong-bao", rendition="final"
    )
    printed = reference.printed(content.from_facts(document.printed_facts))
    found = reference.differences(reference.scanned(), printed)
    assert reference.report(found, reference.intended("head", "text")) == ""


def test_demonstration_notice_raises_no_finding():
    composition = Composition(Notice.objects.with_context().get(round__code="TU-2024", kind_code="thong-bao"))
    assert list(map(str, checks.findings(composition))) == []


def test_round_in_memory_is_the_round_that_the_portal_counted():
    """The tests of the checks read the demonstration's files themselves; what they read is what it loads."""
    composition = Composition(Notice.objects.with_context().get(round__code="TU-2024", kind_code="thong-bao"))
    loaded, told = composition.palette, rounds.reference().palette
    stated = {key_of(token) for token in composition.figures}
    assert len(stated) >= 20
    assert {key: told[key].value for key in stated} == {key: loaded[key].value for key in stated}


def test_minutes_are_made_on_the_day_and_one_still_waits_for_the_head():
    minutes = Notice.objects.filter(kind_code="bien-ban").order_by("composed_at")
    assert [(row.inspection.commune.name, row.status, row.code) for row in minutes] == [
        ("Phúc Khoa", "issued", "01/BB-ĐKT"),
        ("Nậm Cần", "draft", "BB-ĐKT"),
    ]
    assert minutes[0].issued_on == minutes[0].inspection.visited_on
    assert minutes[0] not in Notice.objects.public()


def test_dossiers_in_the_notice_are_locked():
    assert set(Dossier.objects.filter(round__code="TU-2024").values_list("locked_by_notice", flat=True)) == {
        "Thông báo số 08/TB-ĐKT"
    }
    assert InspectionRound.objects.get(code="TU-2024").status == "closed"


# ---------------------------------------------------------------- the open round


def test_open_round_stands_half_way():
    states = Counter(open_round().dossiers.values_list("status", flat=True))
    assert set(states) == set(Status.values)
    assert states[Status.SUBMITTED] >= 3
    assert open_round().dossiers.filter(is_late=True).count() == 1


def test_one_dossier_is_overdue_and_the_officer_has_some_days_left():
    drafts = {str(it.unit): it.due_on for it in open_round().dossiers.with_context().filter(status=Status.DRAFT)}
    today = clock.today()
    assert [unit for unit, due_on in drafts.items() if due_on < today] == ["Xã Mường Khoa"]
    assert 0 < (drafts["Xã Phúc Khoa"] - today).days < 7


def test_home_of_each_role_that_acts_has_work():
    acting = [Role.COMMUNE_OFFICER, Role.AGENCY_REVIEWER, Role.INSPECTOR, Role.TEAM_HEAD, Role.COORDINATOR]
    for role, username, _ in logins():
        if role in acting:
            assert tasks_for(User.objects.get(username=username)), role


def test_officer_of_phuc_khoa_has_something_to_enter_to_answer_and_to_explain():
    mine = open_round().dossiers.filter(inspection__commune__name="Phúc Khoa")
    assert set(mine.values_list("status", flat=True)) == {Status.DRAFT, Status.RETURNED, Status.PROVISIONAL}
    draft = mine.get(status=Status.DRAFT)
    entered = draft.assessments.exclude(self_judgement=Judgement.UNASSESSED).count()
    assert 0 < entered < draft.assessments.count()


def test_returned_items_are_open_answered_and_overdue():
    items = ReturnItem.objects.filter(dossier__round=open_round())
    assert {item.status for item in items} == {"open", "answered"}
    assert [item.assessment.indicator.code for item in items if item.is_overdue] == ["17.1"]
    assert set(items.values_list("reason_code", flat=True)) == set(ReturnItem.Reason.values)


def test_head_has_conclusions_to_publish_and_replies_to_weigh():
    dossiers = open_round().dossiers
    waiting = dossiers.filter(status=Status.PROVISIONAL)
    assert waiting.filter(replied_at=None).exists()
    assert waiting.exclude(replied_at=None).exists()
    ready = [
        dossier
        for dossier in dossiers.filter(status=Status.SUBMITTED)
        if not dossier.conclusions.filter(verdict=Judgement.UNASSESSED).exists()
    ]
    assert ready


def test_inspector_and_agency_have_dossiers_to_look_at():
    submitted = open_round().dossiers.filter(status=Status.SUBMITTED)
    assert submitted.filter(conclusions__verdict=Judgement.UNASSESSED, inspection__commune__name="Pắc Ta").exists()
    without = Assessment.objects.filter(
        dossier__in=submitted,
        indicator__agency_assignments__agency__code="giao-duc",
        opinion=Judgement.UNASSESSED,
    )
    assert without.exists()


# ---------------------------------------------------------------- evidence


def test_evidence_is_small_real_and_marked():
    total = Evidence.objects.aggregate(total=Sum("size"))["total"]
    assert 40 <= Evidence.objects.count() <= 80
    assert total < 3_000_000
    for row in Evidence.objects.select_related("commune"):
        data = bytes_of(row.file)
        assert hashlib.sha256(data).hexdigest() == row.sha256
        if row.content_type == "application/pdf" and row.commune.name == "Phúc Khoa":
            assert "MINH CHỨNG TRÌNH DIỄN" in text_of(data)
    assert set(Evidence.objects.values_list("content_type", flat=True)) == {"application/pdf", "image/jpeg"}


def test_paper_of_last_year_serves_again():
    rounds = EvidenceLink.objects.filter(evidence__title__startswith="Phê duyệt Đồ án").values_list(
        "assessment__dossier__round__code", flat=True
    )
    assert set(rounds) == {"TU-2024", "TU-2025-6T"}


def test_answer_that_sends_a_paper_has_one():
    for code in ("3.4", "16"):
        item = ReturnItem.objects.get(dossier__round=open_round(), assessment__indicator__code=code, status="answered")
        assert item.assessment.evidence_links.filter(linked_at=item.answered_at).exists()


def test_no_paper_is_younger_than_its_upload():
    for row in Evidence.objects.all():
        assert row.issued_on <= row.uploaded_at.date()


# ---------------------------------------------------------------- people, journal, command


def test_each_role_has_one_login_that_works():
    told = logins()
    assert [role for role, _, _ in told] == list(Role)
    for role, username, password in told:
        person = User.objects.get(username=username)
        assert person.plays(Role(role))
        assert person.check_password(password)
        assert not person.must_change_password
        assert len(password) >= 12


def test_journal_holds_and_tells_in_the_order_of_time():
    assert journal.verify() == []
    for chain in journal.chain_names():
        moments = list(Event.objects.filter(chain=chain).order_by("seq").values_list("at", flat=True))
        assert moments == sorted(moments)
        assert moments[-1] < clock.now()


def test_what_is_invented_is_marked():
    assert set(InspectionRound.objects.values_list("is_demo", flat=True)) == {True}
    assert set(Village.objects.values_list("is_sample", flat=True)) == {True}


def test_second_run_adds_nothing(capsys):
    before = (Event.objects.count(), User.objects.count(), Evidence.objects.count())
    call_command("load_demo")
    assert "không nạp lại" in capsys.readouterr().out
    assert (Event.objects.count(), User.objects.count(), Evidence.objects.count()) == before


def test_portal_in_use_is_left_alone(settings):
    for place, row in enumerate(InspectionRound.objects.all()):
        InspectionRound.objects.filter(pk=row.pk).update(code=f"khac-{place}")
    with pytest.raises(CommandError, match="đã có người dùng"):
        call_command("load_demo")


@pytest.mark.parametrize("options", [[], ["--print-logins"]])
def test_nothing_is_loaded_or_printed_without_debug(settings, options, capsys):
    settings.DEBUG = False
    with pytest.raises(CommandError):
        call_command("load_demo", *options)
    assert capsys.readouterr().out == ""


def test_logins_are_printed_with_one_line_a_role(capsys):
    call_command("load_demo", "--print-logins")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(Role)
    assert any(line.split()[-2:] == ["xa.phuckhoa", logins()[0][2]] for line in lines)
