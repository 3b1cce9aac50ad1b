"""Monthly reports: what is prefilled, submitting once and for all, corrections, who is late, pages, tables."""

import csv
import io
from datetime import date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from communes import clock
from communes.models import Event
from communes.permissions import Role
from criteria.judgement import Judgement
from criteria.models import AgencyAssignment
from inspections import figures
from inspections import services as inspections
from inspections.figures import IndicatorStanding
from inspections.progress import standings_of
from reports import monthly as reading
from reports import reminders
from reports.models import MonthlyLine, MonthlyReport, MonthlyRule
from reports.services import monthly
from reports.workflow import Incomplete, NotAllowed, StaleState

from ..factories import AgencyFactory, CommuneFactory, person
from ..inspections import factories as work

pytestmark = pytest.mark.django_db

JUNE, MAY, JULY = date(2031, 6, 1), date(2031, 5, 1), date(2031, 7, 1)
MET, NOT_MET, UNASSESSED = Judgement.MET, Judgement.NOT_MET, Judgement.UNASSESSED


def moment(day, hour=10, minute=0):
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


@pytest.fixture(autouse=True)
def june():
    """The tenth of June 2031."""
    with clock.at(moment(date(2031, 6, 10))):
        yield


@pytest.fixture
def world(district, agency, commune, neighbour_commune, officer, neighbour):
    """A round of two communes, one of which has handed in; the agency is in charge of 2.1."""
    world = work.open_round(
        district,
        communes=[commune, neighbour_commune],
        period_from=date(2031, 4, 1),
        period_to=date(2031, 7, 31),
        due_on=date(2031, 6, 30),
    )
    set_ = world.round.dossiers.first().criteria_set
    AgencyAssignment.objects.create(indicator=set_.indicators.get(code="2.1"), agency=agency)
    work.hand_in(world.dossier_of(commune), by=officer)
    return world


@pytest.fixture
def rule(district, coordinator):
    return monthly.set_rule(district, day=20, first_month=MAY, last_month=None, version=0, by=coordinator)


def submit(agency, by, month=JUNE, version=0, **more):
    return monthly.submit(agency, month, **{"general": "Chung.", "remarks": {}, **more}, version=version, by=by)


def stated(agency, world, month=JUNE):
    return reading.stated(agency, month, world.round)


# ---------------------------------------------------------------- figures


def test_indicator_counts_units_by_how_they_stand_and_what_changed():
    rows = [
        IndicatorStanding("a", "A", MET),
        IndicatorStanding("b", "B", Judgement.BASICALLY_MET, counts_basically_met=True),
        IndicatorStanding("c", "C", Judgement.BASICALLY_MET),
        IndicatorStanding("d", "D", NOT_MET),
        IndicatorStanding("e", "E", UNASSESSED),
        IndicatorStanding("f", "F", Judgement.NOT_ASSESSED),
    ]
    before = {"a": NOT_MET, "b": MET, "c": MET, "d": NOT_MET, "e": MET}
    made = figures.of_indicator(rows, {unit: str(state) for unit, state in before.items()})
    assert (made.met, made.not_met, made.not_assessed, made.unassessed) == (("A", "B"), ("C", "D"), ("F",), ("E",))
    assert (made.gained, made.lost) == (("A",), ("C",))
    assert figures.of_indicator(rows).gained == ()


def test_what_is_not_handed_in_is_not_judged_and_an_opinion_goes_before_the_self_judgement(
    world, agency, commune, agency_reviewer
):
    (row,) = standings_of(agency, world.round)
    assert {each.name: each.judgement for each in row.rows} == {"Xã Phúc Khoa": MET, "Xã Nậm Cần": UNASSESSED}
    assert (row.given, row.waiting) == (0, 1)
    item = work.assessment_of(world.dossier_of(commune), "2.1")
    inspections.give_opinion(item, judgement=NOT_MET, reason="Thiếu.", by=agency_reviewer, version=item.version)
    (row,) = standings_of(agency, world.round)
    assert {each.name: each.judgement for each in row.rows}["Xã Phúc Khoa"] == NOT_MET
    assert (row.given, row.waiting) == (1, 0)


def test_conclusion_is_stated_only_once_it_is_disclosed(world, agency, commune):
    dossier = world.dossier_of(commune)
    for number in dossier.criteria_set.criteria.values_list("number", flat=True):
        row = work.conclusion_of(dossier, number)
        inspections.conclude_criterion(row, verdict=NOT_MET, reason="Chưa đủ.", by=world.inspector, version=row.version)
    assert [row.rows[0].judgement for row in standings_of(agency, world.round)] == [MET]


def test_round_of_a_month_is_the_last_that_had_begun(world, district):
    assert reading.round_of(district, JUNE) == world.round
    assert reading.round_of(district, date(2031, 3, 1)) is None


# ---------------------------------------------------------------- submitting


def test_submitting_freezes_the_figures_of_that_moment(world, agency, agency_reviewer, commune, rule):
    indicator = AgencyAssignment.objects.get().indicator
    report = submit(agency, agency_reviewer, remarks={indicator.pk: "Còn thiếu một xã."})
    assert report.figures["indicators"][0]["met"] == ["Xã Phúc Khoa"]
    assert (report.due_on, report.round, report.number) == (date(2031, 6, 20), world.round, 1)
    item = work.assessment_of(world.dossier_of(commune), "2.1")
    inspections.give_opinion(item, judgement=NOT_MET, reason="Thiếu.", by=agency_reviewer, version=item.version)
    report.refresh_from_db()
    assert report.figures["indicators"][0]["met"] == ["Xã Phúc Khoa"]
    assert Event.objects.filter(action="monthly.submitted").count() == 1


def test_second_click_submits_nothing_more(world, agency, agency_reviewer):
    submit(agency, agency_reviewer)
    with pytest.raises(StaleState, match="tháng 06/2031 đã được .* nộp lúc"):
        submit(agency, agency_reviewer)
    assert MonthlyReport.objects.count() == 1


def test_two_who_write_at_once_lose_nothing(world, agency, agency_reviewer):
    colleague = person(Role.AGENCY_REVIEWER, agency=agency)
    monthly.save_draft(agency, JUNE, general="một", remarks={}, version=0, by=agency_reviewer)
    for version in (0, 5):
        with pytest.raises(StaleState, match="lưu lúc"):
            monthly.save_draft(agency, JUNE, general="hai", remarks={}, version=version, by=colleague)
    assert MonthlyReport.objects.get().general == "một"


def test_only_the_agency_writes_and_only_months_that_have_begun(world, agency, agency_reviewer, coordinator):
    other = person(Role.AGENCY_REVIEWER, agency=AgencyFactory(authority=agency.authority))
    for by in (coordinator, other):
        with pytest.raises(NotAllowed):
            submit(agency, by)
    with pytest.raises(Incomplete, match="Chưa đến tháng 07/2031"):
        submit(agency, agency_reviewer, month=JULY)


def test_submitted_report_never_changes_in_the_database(world, agency, agency_reviewer):
    indicator = AgencyAssignment.objects.get().indicator
    report = submit(agency, agency_reviewer, remarks={indicator.pk: "x"})
    acts = (
        lambda: MonthlyReport.objects.filter(pk=report.pk).update(general="khác"),
        lambda: MonthlyReport.objects.filter(pk=report.pk).delete(),
        lambda: MonthlyLine.objects.filter(report=report).update(remark="khác"),
        lambda: MonthlyLine.objects.filter(report=report).delete(),
    )
    for act in acts:
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
    report.refresh_from_db()
    assert (report.general, report.lines.get().remark) == ("Chung.", "x")


def test_correction_is_a_new_version_with_a_reason(world, agency, agency_reviewer, rule):
    first = submit(agency, agency_reviewer, general="Bản đầu.")
    with pytest.raises(Incomplete, match="lý do"):
        monthly.correct(first, reason=" ", by=agency_reviewer)
    draft = monthly.correct(first, reason="Nhầm số liệu", by=agency_reviewer)
    with pytest.raises(StaleState):
        monthly.correct(first, reason="Lần nữa", by=agency_reviewer)
    assert (draft.number, draft.general, draft.correction_reason) == (2, "Bản đầu.", "Nhầm số liệu")
    submit(agency, agency_reviewer, general="Bản sửa.", version=draft.version)
    told = MonthlyReport.objects.order_by("number").values_list("general", "status")
    assert list(told) == [("Bản đầu.", "submitted"), ("Bản sửa.", "submitted")]


def test_changes_are_told_since_the_report_before(world, agency, agency_reviewer, commune):
    submit(agency, agency_reviewer, month=MAY)
    item = work.assessment_of(world.dossier_of(commune), "2.1")
    inspections.give_opinion(item, judgement=NOT_MET, reason="Thiếu.", by=agency_reviewer, version=item.version)
    made = stated(agency, world)
    assert made["compared_with"] == "05/2031"
    assert (made["indicators"][0]["lost"], made["indicators"][0]["gained"]) == (["Xã Phúc Khoa"], [])


# ---------------------------------------------------------------- the rule, late ones, reminders


def test_rule_is_the_offices_and_refuses_what_no_month_has(district, coordinator, viewer, rule):
    with pytest.raises(NotAllowed):
        monthly.set_rule(district, day=5, first_month=MAY, last_month=None, version=1, by=viewer)
    with pytest.raises(Incomplete, match="từ 1 đến 28"):
        monthly.set_rule(district, day=31, first_month=MAY, last_month=None, version=1, by=coordinator)
    with pytest.raises(Incomplete, match="Tháng cuối"):
        monthly.set_rule(district, day=5, first_month=JUNE, last_month=MAY, version=1, by=coordinator)
    changed = monthly.set_rule(district, day=15, first_month=MAY, last_month=JUNE, version=1, by=coordinator)
    assert (changed.day, changed.asks_for(JULY), changed.due_on(JUNE)) == (15, False, date(2031, 6, 15))
    with pytest.raises(StaleState):
        monthly.set_rule(district, day=10, first_month=MAY, last_month=None, version=1, by=coordinator)


@pytest.mark.parametrize(
    ("on", "hour", "minute", "late"), [(20, 23, 59, 0), (21, 0, 1, 1), (30, 9, 0, 10), (1, 9, 0, 0)]
)
def test_late_counts_calendar_days_after_the_last_minute(world, agency, agency_reviewer, rule, on, hour, minute, late):
    with clock.at(moment(date(2031, 6, on), hour, minute)):
        assert reading.days_late_of(submit(agency, agency_reviewer)) == late


def test_agency_is_reminded_before_on_and_after_the_day_and_the_office_once(
    world, agency, agency_reviewer, coordinator, rule
):
    submit(agency, agency_reviewer, month=MAY)
    said = []
    for on in (16, 17, 18, 20, 21, 25):
        with clock.at(moment(date(2031, 6, on))):
            reminders.remind()
            reminders.remind()
            said.append(agency_reviewer.notifications.filter(cause__startswith="monthly-").count())
    assert said == [0, 1, 1, 2, 3, 3]
    assert coordinator.notifications.filter(cause__startswith="monthly-overdue").count() == 1


def test_nobody_is_late_where_nobody_asked(world, agency, agency_reviewer):
    with clock.at(moment(date(2031, 6, 30))):
        reminders.remind()
        assert not agency_reviewer.notifications.filter(cause__startswith="monthly-").exists()
        assert submit(agency, agency_reviewer).due_on is None


def test_office_reminds_once_a_day_and_not_who_has_submitted(world, agency, agency_reviewer, coordinator, viewer, rule):
    with pytest.raises(NotAllowed):
        monthly.remind(agency, JUNE, by=viewer)
    monthly.remind(agency, JUNE, by=coordinator)
    with pytest.raises(StaleState, match="Hôm nay đã nhắc"):
        monthly.remind(agency, JUNE, by=coordinator)
    assert agency_reviewer.notifications.filter(sentence__contains="nhắc: báo cáo tháng 06/2031").count() == 1
    with clock.at(clock.now() + timedelta(days=1)):
        monthly.remind(agency, JUNE, by=coordinator)
        submit(agency, agency_reviewer)
        with pytest.raises(StaleState, match="đã nộp"):
            monthly.remind(agency, JUNE, by=coordinator)


# ---------------------------------------------------------------- pages


def url_of(name, agency, month=JUNE):
    return reverse(f"reports:monthly-{name}", args=[agency.pk, month])


def test_agency_submits_with_one_click(client, world, agency, agency_reviewer, rule):
    client.force_login(agency_reviewer)
    assert "Tháng 06/2031" in client.get(reverse("reports:monthly-list")).content.decode()
    page = client.get(url_of("report", agency))
    assert "Xã Nậm Cần" in page.content.decode()
    answer = client.post(url_of("submit", agency), {"version": "0"})
    assert answer.status_code == 302
    shown = client.get(url_of("report", agency)).content.decode()
    assert "Nộp lúc" in shown
    assert "Sửa báo cáo đã nộp" in shown
    again = client.post(url_of("submit", agency), {"version": "0"})
    assert again.status_code == 409


def test_typed_text_is_kept_when_somebody_was_faster(client, world, agency, agency_reviewer):
    client.force_login(agency_reviewer)
    pk = AgencyAssignment.objects.get().indicator_id
    typed = {"version": "0", "general": "Chung của tôi", f"remark-{pk}": "Nhận xét của tôi"}
    monthly.save_draft(agency, JUNE, general="khác", remarks={}, version=0, by=agency_reviewer)
    answer = client.post(url_of("save", agency), typed)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Chung của tôi" in text
    assert "Nhận xét của tôi" in text
    assert "lưu lúc" in text
    version = MonthlyReport.objects.get().version
    assert client.post(url_of("save", agency), {**typed, "version": version}).status_code == 302
    assert MonthlyLine.objects.get().remark == "Nhận xét của tôi"


def test_draft_is_nobody_elses_and_the_office_sees_who_is_late(
    client, world, agency, agency_reviewer, coordinator, rule
):
    monthly.save_draft(agency, MAY, general="Bí mật nháp", remarks={}, version=0, by=agency_reviewer)
    client.force_login(coordinator)
    page = client.get(reverse("reports:monthly-list")).content.decode()
    assert "quá hạn 21 ngày" in page
    assert "Nhắc" in page
    shown = client.get(url_of("report", agency, MAY)).content.decode()
    assert "Bí mật nháp" not in shown
    assert "Chưa nộp báo cáo" in shown
    assert client.post(url_of("remind", agency, MAY)).status_code == 302


def test_old_version_and_correction_on_the_page(client, world, agency, agency_reviewer):
    submit(agency, agency_reviewer, general="Bản đầu.")
    client.force_login(agency_reviewer)
    assert client.post(url_of("correct", agency), {"reason": ""}).status_code == 400
    assert client.post(url_of("correct", agency), {"reason": "Nhầm"}).status_code == 302
    draft = MonthlyReport.objects.get(status="draft")
    client.post(url_of("submit", agency), {"version": draft.version, "general": "Bản sửa."})
    latest, first = (client.get(url_of("report", agency) + query).content.decode() for query in ("", "?ban=1"))
    assert "Bản sửa." in latest
    assert "Nhầm" in latest
    assert "Bản đầu." in first
    assert "Đây là bản cũ" in first
    assert client.get(url_of("report", agency) + "?ban=9").status_code == 404


def test_month_that_has_not_begun_is_not_there(client, agency_reviewer, agency):
    client.force_login(agency_reviewer)
    assert client.get(url_of("report", agency, JULY)).status_code == 404
    assert client.get(f"/bao-cao-thang/{agency.pk}/2031-13/").status_code == 404


@pytest.mark.parametrize("wanted", ["csv", "xlsx"])
def test_month_goes_out_as_a_table_without_formulas(client, world, agency, agency_reviewer, viewer, rule, wanted):
    silent = AgencyFactory(authority=agency.authority, name="Phòng Im Lặng")
    AgencyAssignment.objects.create(indicator=AgencyAssignment.objects.get().indicator, agency=silent)
    submit(agency, agency_reviewer, general="=1+1")
    client.force_login(viewer)
    answer = client.get(reverse("reports:monthly-table", args=[JUNE, wanted]))
    if wanted == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[1][-1] == "'=1+1"
    else:
        sheet = load_workbook(io.BytesIO(answer.content)).active
        rows = [[str(value or "") for value in row] for row in sheet.iter_rows(values_only=True)]
        assert (rows[1][-1], sheet.cell(2, len(rows[0])).data_type) == ("=1+1", "s")
    assert rows[0][0] == "Phòng, ban"
    assert [rows[2][at] for at in (7, 9, 12)] == ["2.1", "1", "1"]
    assert rows[3][0] == "Phòng Im Lặng"


def test_queries_of_board_and_report_do_not_grow(client, world, agency, agency_reviewer, coordinator, rule, district):
    submit(agency, agency_reviewer, month=MAY)
    pages = {coordinator: reverse("reports:monthly-list"), agency_reviewer: url_of("report", agency)}
    few = {user: counted(client, user, url) for user, url in pages.items()}
    indicator = AgencyAssignment.objects.get().indicator
    for name in ("Một", "Hai", "Ba"):
        more = AgencyFactory(authority=district, name=f"Phòng {name}")
        AgencyAssignment.objects.create(indicator=indicator, agency=more)
        submit(more, person(Role.AGENCY_REVIEWER, agency=more), month=MAY)
    for other in indicator.criteria_set.indicators.exclude(pk=indicator.pk):
        AgencyAssignment.objects.create(indicator=other, agency=agency)
    CommuneFactory(authority=district)
    assert {user: counted(client, user, url) for user, url in pages.items()} == few


def counted(client, user, url):
    client.force_login(user)
    client.get(url)
    found = []

    def note(execute, *args):
        found.append(1)
        return execute(*args)

    with connection.execute_wrapper(note):
        client.get(url)
    return len(found)


def test_rule_page_shows_mistakes_beside_the_fields(client, district, coordinator):
    client.force_login(coordinator)
    url = reverse("reports:monthly-rule", args=[district.pk])
    answer = client.post(url, {"version": 0, "day": "31", "first_month": "13/2031"})
    assert answer.status_code == 400
    assert {"day", "first_month"} <= set(answer.context["form"].errors)
    assert client.post(url, {"version": 0, "day": "20", "first_month": "06/2031"}).status_code == 302
    assert MonthlyRule.objects.get().first_month == JUNE
