"""The results of past rounds as a workbook: what is let in, what it makes, and that it is all or nothing."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from communes import clock, journal
from communes.models import Commune, Event, Village
from communes.permissions import Role
from criteria.judgement import Judgement
from criteria.models import CriteriaSet
from inspections import figures, services
from inspections.models import CriterionConclusion, Dossier, InspectionRound
from inspections.presenters.dossier import last_concluded
from inspections.progress import earlier_rounds, unit_rows
from inspections.services import decision
from inspections.services.results import take
from inspections.workbook import Cell, Kind
from inspections.workflow import Incomplete, NotAllowed, StaleState

from ..factories import CommuneFactory, VillageFactory, person
from . import factories as make
from .result_books import order, past, sheet, table, taken

pytestmark = pytest.mark.django_db
FULL = ("Đ", "Đ", "Đ")


@pytest.fixture
def set_(db):
    return make.small_set()


@pytest.fixture
def coordinator(district):
    return person(Role.COORDINATOR, authority=district)


@pytest.fixture
def places(commune, neighbour_commune, village):
    return commune, neighbour_commune, village


def results(*rows, title="xa-thu", **more):
    return sheet(title, table(*rows), **more)


def faults_of(wanted, by):
    return [str(fault) for fault in services.plan_results(wanted, by=by).faults]


def wanted_for(district, *rows, **more):
    return order(results(*rows), columns=past(district), **more)


# ---------------------------------------------------------------- what it makes


def test_import_makes_a_concluded_round_that_says_so(set_, district, places, coordinator):
    taken(
        wanted_for(district, ("03602", "Xã Phúc Khoa", "Đ", "CB", "K"), ("03610", "Nậm Cần", "X", "", "Đ")),
        by=coordinator,
    )
    round_ = InspectionRound.objects.get(code="TU-2023")
    assert (round_.status, round_.imported_by, round_.closed_by, round_.year) == (
        "closed", coordinator, coordinator, 2023,
    )  # fmt: skip
    first, second = round_.dossiers.with_context()
    assert {item.status for item in (first, second)} == {"concluded"}
    assert (first.concluded_by, first.imported_by, first.submitted_at) == (coordinator, coordinator, None)
    rows = list(first.conclusions.values_list("verdict", "reason", "concluded_by"))
    assert rows == [(verdict, take.REASON, coordinator.pk) for verdict in ("dat", "co_ban_dat", "chua_dat")]
    silent = second.conclusions.get(criterion__number=2)
    assert (silent.verdict, silent.reason, silent.concluded_by) == ("chua_danh_gia", "", None)
    assert not first.assessments.exists()


def test_frozen_facts_are_those_of_the_rows(set_, district, places, coordinator):
    taken(wanted_for(district, ("03602", "Xã Phúc Khoa", "Đ", "CB", "K")), by=coordinator)
    dossier = Dossier.objects.with_context().get()
    assert dossier.frozen == decision.facts_of(dossier)
    assert dossier.frozen_hash == decision.hash_of(dossier.frozen)
    assert dossier.frozen["imported"]["by"] == coordinator.full_name


def test_triggers_keep_imported_conclusions(set_, district, places, coordinator):
    taken(wanted_for(district, ("03602", "Phúc Khoa", *FULL)), by=coordinator)
    with pytest.raises(DatabaseError), transaction.atomic():
        CriterionConclusion.objects.update(verdict=Judgement.NOT_MET)


def test_villages_have_a_sheet_of_their_own(set_, district, places, village, coordinator):
    make.small_set(code="ban-thu", level=CriteriaSet.Level.VILLAGE)
    villages = results(("03602-01", "Bản Nà Lại", "Đ", "K", "Đ"), title="ban-thu")
    taken(order(results(("03602", "Phúc Khoa", *FULL)), villages, columns=past(district)), by=coordinator)
    dossier = Dossier.objects.with_context().get(village=village)
    assert (dossier.criteria_set.code, dossier.inspection.commune) == ("ban-thu", village.commune)
    assert dossier.round.inspections.count() == 1


def test_one_event_tells_of_the_whole_import(set_, district, places, coordinator):
    before = Event.objects.count()
    taken(wanted_for(district, ("03602", "Phúc Khoa", "Đ", "", "K")), by=coordinator)
    event = Event.objects.latest("pk")
    assert Event.objects.count() == before + 1
    assert (event.action, event.chain, event.actor) == ("round.results_imported", "round:TU-2023", coordinator)
    assert event.data["rows"] == [
        {"set": "xa-thu", "code": "03602", "unit": "Xã Phúc Khoa", "new": {"1": "Đ", "2": "", "3": "K"}}
    ]
    assert event.data["round"]["authority"] == str(district)
    assert journal.verify([event.chain]) == []


def test_imported_round_counts_like_any_other(set_, district, places, commune, coordinator):
    taken(wanted_for(district, ("03602", "Phúc Khoa", "Đ", "Đ", "K"), ("03610", "Nậm Cần", *FULL)), by=coordinator)
    round_ = InspectionRound.objects.get()
    told = figures.of_set("xa-thu", unit_rows(round_))
    assert (told.mean.numerator, told.mean.denominator, len(told.passed), told.hardest) == (5, 2, 1, (3,))
    world = make.open_round(district, communes=[commune], criteria_set=set_)
    assert earlier_rounds(world.round, {"xa-thu": set_.pk})["xa-thu"].round == round_
    assert last_concluded(world.dossier_of(commune)).total_in_words == "2023: 2/3"


def test_version_of_the_set_is_that_of_the_rounds_day(district, places, coordinator):
    old = make.small_set(code="xa-cu", version=1, effective_to=date(2022, 12, 31))
    new = make.small_set(code="xa-cu", version=2, effective_from=date(2023, 1, 1))
    for code, year, used in (("A-2022", "2022", old), ("A-2023", "2023", new)):
        columns = past(district, period_from=f"{year}-01-01", period_to=f"{year}-12-31")
        taken(order(results(("03602", "Phúc Khoa", *FULL), title="xa-cu"), code=code, columns=columns), by=coordinator)
        assert Dossier.objects.get(round__code=code).criteria_set == used


def test_set_that_begins_within_the_round_is_used_where_none_was_before(district, places, coordinator):
    set_ = make.small_set(code="xa-cu", effective_from=date(2023, 3, 8))
    taken(order(results(("03602", "Phúc Khoa", *FULL), title="xa-cu"), columns=past(district)), by=coordinator)
    assert Dossier.objects.get().criteria_set == set_


def test_round_being_set_up_without_units_takes_results(set_, district, places, coordinator):
    columns = {**past(district), "authority": district, "period_from": date(2023, 1, 1), "period_to": date(2023, 6, 1)}
    round_ = services.create_round(
        by=coordinator, code="TU-2023", team_name="Đoàn", subject="kết quả", due_on=date(2023, 6, 1), **columns
    )
    taken(order(results(("03602", "Phúc Khoa", *FULL))), by=coordinator)
    round_.refresh_from_db()
    assert (round_.status, round_.imported_by) == ("closed", coordinator)


# ---------------------------------------------------------------- what is not let in

ROW = ("03602", "Phúc Khoa")
ALLOWED = "cho phép: Đ (đạt), CB (cơ bản đạt), K (chưa đạt), X (không đánh giá) hoặc để trống (chưa đánh giá)"
BAD_ROWS = {
    "lower case": ((*ROW, "đ", "K", "K"), f"Trang “xa-thu”, ô C2: tìm thấy “đ”; {ALLOWED}; viết hoa: Đ."),
    "eth": ((*ROW, "\u00d0", "K", "K"), "chữ này trông giống Đ nhưng là chữ khác, gõ lại Đ."),
    "unknown": ((*ROW, "Đ", "đạt", ""), f"ô D2: tìm thấy “đạt”; {ALLOWED}."),
    "number": ((*ROW, "Đ", 1, ""), "ô D2: tìm thấy số 1;"),
    "formula": ((*ROW, "Đ", Cell(2, 4, Kind.FORMULA, ""), ""), "ô D2: tìm thấy công thức;"),
    "numeric code": ((3602, "Phúc Khoa", *FULL), "ô A2: tìm thấy số 3602; cho phép: mã ở dạng văn bản (Text), đủ"),
    "no code": (("", "Phúc Khoa", *FULL), "ô A2: tìm thấy ô trống; cho phép: mã đơn vị hành chính"),
    "no name": (("03602", "", *FULL), "ô B2: tìm thấy ô trống; cho phép: tên đơn vị."),
    "unknown code": (("03699", "Lạ", *FULL), "mã “03699” chưa có trong danh mục; cho phép: mã có trong danh mục"),
    "wrong unit": (("03602", "Trung Đồng", *FULL), "“Trung Đồng”, nhưng mã 03602 là Xã Phúc Khoa;"),
    "name of a neighbour": (("03602", "Nậm Cần", *FULL), "“Nậm Cần”, nhưng mã 03602 là Xã Phúc Khoa;"),
    "other district": (("03999", "Xa Lạ", *FULL), "mã 03999: Xã Xa Lạ; cho phép: đơn vị thuộc UBND huyện Thử."),
    "beyond": ((*ROW, *FULL, "Đ"), "ô F2: tìm thấy “Đ”; cho phép: hết ở cột E: bộ tiêu chí có 3 tiêu chí."),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ROWS)
def test_error_names_cell_content_and_what_is_allowed(name, set_, district, places, other_commune, coordinator):
    row, said = BAD_ROWS[name]
    (fault,) = faults_of(wanted_for(district, row), coordinator)
    assert said in fault


def test_a_unit_stands_once_in_a_sheet(set_, district, places, coordinator):
    (fault,) = faults_of(wanted_for(district, (*ROW, *FULL), (*ROW, *FULL)), coordinator)
    assert "ô A3: tìm thấy mã 03602 đã có ở ô A2" in fault


BAD_SHEETS = {
    "wrong name": (results((*ROW, *FULL), title="Sheet1"), "Trang “Sheet1”: tìm thấy tên trang không phải mã bộ"),
    "hidden sheet": (results((*ROW, *FULL), is_hidden=True), "trang đang ẩn"),
    "merged": (results((*ROW, *FULL), merged=["A1:B1"]), "Trang “xa-thu”, vùng A1:B1: tìm thấy ô gộp"),
    "hidden row": (results((*ROW, *FULL), hidden=["2"]), "dòng 2: tìm thấy dòng đang ẩn"),
    "hidden columns": (results((*ROW, *FULL), hidden=["C:D"]), "cột C:D: tìm thấy cột đang ẩn"),
    "other kind": (sheet("xa-thu", [["Họ và tên", "Lương"]]), "ô A1: tìm thấy “Họ và tên”; cho phép: tiêu đề “Mã”"),
    "too few columns": (sheet("xa-thu", table(criteria=2)), "ô E1: tìm thấy ô trống; cho phép: tiêu đề “3”"),
    "no unit": (sheet("xa-thu", table()), "Tệp: tìm thấy không có đơn vị nào"),
    "empty": (sheet("Sheet", []), "không có trang nào có nội dung"),
}


@pytest.mark.parametrize("name", BAD_SHEETS)
def test_sheet_that_is_not_one_of_results_is_refused(name, set_, district, places, coordinator):
    given, said = BAD_SHEETS[name]
    plan = services.plan_results(order(given, columns=past(district)), by=coordinator)
    assert said in str(plan.faults[0])
    assert not plan.is_ready


def test_nothing_is_taken_unless_all_is_right(set_, district, places, coordinator):
    wanted = wanted_for(district, (*ROW, *FULL), ("03610", "Nậm Cần", "?", "Đ", "Đ"))
    plan = services.plan_results(wanted, by=coordinator)
    with pytest.raises(Incomplete, match="ô C3"):
        services.take_results(wanted, by=coordinator, seen=plan.seen, file="a.xlsx", sha256="")
    assert not InspectionRound.objects.exists()


def test_unit_of_another_time_is_an_error_and_is_not_made_twice(set_, district, coordinator):
    CommuneFactory(authority=district, code="03700", name="Mới", valid_from=date(2024, 1, 1))
    wanted = wanted_for(district, ("03700", "Mới", *FULL), creates_units=True)
    assert "Xã Mới (từ 01/01/2024); cho phép: đơn vị tồn tại vào ngày 01/01/2023" in faults_of(wanted, coordinator)[0]


def test_name_written_in_another_way_is_a_remark(set_, district, places, coordinator):
    plan = services.plan_results(
        wanted_for(district, ("03602", "xã phúc khoa", *FULL), ("03610", "Nam Can", *FULL)), by=coordinator
    )
    assert plan.is_ready
    assert plan.remarks == ("Trang “xa-thu”, ô B3: tên trong bảng “Nam Can”, trong danh mục “Xã Nậm Cần”.",)


# ---------------------------------------------------------------- units that are made


def test_unknown_units_are_made_only_when_asked_for(set_, district, commune, coordinator):
    make.small_set(code="ban-thu", level=CriteriaSet.Level.VILLAGE)
    sheets = (
        results((*ROW, *FULL), ("03700", "Thị trấn Mới", *FULL)),
        results(("03700-01", "Thôn Một", *FULL), ("03602-09", "Chín", *FULL), title="ban-thu"),
    )
    assert len(faults_of(order(*sheets, columns=past(district)), coordinator)) == 3
    plan = taken(order(*sheets, columns=past(district), creates_units=True), by=coordinator)
    assert [unit.title for unit in plan.new_units] == ["Thị trấn Mới", "Bản Chín", "Thôn Một"]
    made = Commune.objects.get(code="03700")
    assert (made.authority, made.valid_from, made.kind) == (district, date(2023, 1, 1), "thi_tran")
    assert set(Village.objects.values_list("code", "commune__code")) == {("03700-01", "03700"), ("03602-09", "03602")}
    assert Event.objects.filter(action="commune.created").count() == 1
    assert Event.objects.filter(action="village.created").count() == 2
    assert Dossier.objects.count() == 4


@pytest.mark.parametrize(
    ("title", "code", "said"),
    [
        ("xa-thu", "3700", "mã xã gồm 5 chữ số"),
        ("ban-thu", "03602-1", "gạch nối và 2 chữ số"),
        ("ban-thu", "03777-01", "chưa có xã mã 03777"),
    ],
)
def test_codes_of_new_units_have_their_form(set_, district, commune, coordinator, title, code, said):
    make.small_set(code="ban-thu", level=CriteriaSet.Level.VILLAGE)
    wanted = order(results((code, "Mới", *FULL), title=title), columns=past(district), creates_units=True)
    assert said in faults_of(wanted, coordinator)[0]


# ---------------------------------------------------------------- again


@pytest.fixture
def imported(set_, district, places, coordinator):
    taken(wanted_for(district, (*ROW, "Đ", "CB", "K"), ("03610", "Nậm Cần", *FULL)), by=coordinator)
    return InspectionRound.objects.get(code="TU-2023")


def test_the_same_workbook_again_changes_nothing(imported, coordinator):
    again = order(results((*ROW, "Đ", "CB", "K"), ("03610", "Nậm Cần", *FULL)))
    plan = services.plan_results(again, by=coordinator)
    assert (plan.faults, plan.changed, plan.fresh, plan.is_ready) == ((), 0, 0, False)
    with pytest.raises(Incomplete, match="không có gì khác"):
        services.take_results(again, by=coordinator, seen=plan.seen, file="", sha256="")


def test_changed_cells_are_shown_and_taken(imported, district, coordinator):
    second = person(Role.COORDINATOR, authority=district)
    wanted = order(results((*ROW, "Đ", "Đ", "")))
    plan = services.plan_results(wanted, by=second)
    (unit,) = plan.sets[0].changed
    assert [(change.number, change.old, change.new) for change in unit.changes] == [(2, "CB", "Đ"), (3, "K", "")]
    assert plan.remarks == ("Xã Nậm Cần · Xã NTM: không có trong bảng, giữ nguyên kết quả đã nhập.",)
    events = Event.objects.count()
    taken(wanted, by=second)
    assert Event.objects.count() == events + 1
    assert Event.objects.latest("pk").data["rows"] == [
        {
            "set": "xa-thu", "code": "03602", "unit": "Xã Phúc Khoa",
            "old": {"2": "CB", "3": "K"}, "new": {"2": "Đ", "3": ""},
        }
    ]  # fmt: skip
    dossier = Dossier.objects.with_context().get(inspection__commune__code="03602")
    verdicts = list(dossier.conclusions.values_list("verdict", "concluded_by"))
    assert verdicts == [("dat", coordinator.pk), ("dat", second.pk), ("chua_danh_gia", None)]
    assert (dossier.status, dossier.concluded_by) == ("concluded", second)
    assert dossier.frozen == decision.facts_of(dossier)
    other = Dossier.objects.get(inspection__commune__code="03610")
    assert other.concluded_by == coordinator


def test_a_unit_may_be_added_later(imported, district, coordinator):
    CommuneFactory(authority=district, code="03620", name="Sau")
    taken(order(results(("03620", "Sau", *FULL))), by=coordinator)
    assert imported.dossiers.count() == 3
    assert list(imported.units.values_list("position", flat=True)) == [0, 1, 2]


def test_published_results_are_not_changed(imported, coordinator):
    services.lock_dossiers(imported, notice="Thông báo số 1", by=coordinator)
    plan = services.plan_results(order(results((*ROW, "K", "K", "K"))), by=coordinator)
    assert plan.refusals == ("Kết quả của đợt đã được công bố trong Thông báo số 1, không thay đổi được.",)
    with pytest.raises(Incomplete, match="công bố"):
        services.take_results(order(), by=coordinator, seen=plan.seen, file="", sha256="")


def test_live_round_is_never_overwritten(set_, district, commune, coordinator):
    with clock.at(clock.now() - timedelta(days=400)):
        world = make.open_round(district, communes=[commune], criteria_set=set_)
    for round_ in (world.round, make.open_round(district, communes=[], is_open=False).round):
        InspectionRound.objects.filter(pk=round_.pk).update(
            period_from=date(2023, 1, 1), period_to=date(2023, 6, 1), due_on=date(2023, 6, 1), freeze_on=None
        )
    plan = services.plan_results(order(results((*ROW, *FULL)), code=world.round.code), by=coordinator)
    assert plan.refusals == ("Đợt có hồ sơ của các xã trên cổng; bảng kết quả không được ghi đè hồ sơ đó.",)
    assert not plan.is_ready


def test_round_that_is_not_over_takes_no_results(set_, district, commune, coordinator):
    columns = past(district, period_to=f"{clock.today() + timedelta(days=1)}")
    plan = services.plan_results(order(results((*ROW, *FULL)), columns=columns), by=coordinator)
    assert "chưa qua" in plan.refusals[0]


def test_imported_dossier_is_not_reopened(imported):
    dossier = imported.dossiers.with_context().first()
    head = person(Role.TEAM_HEAD, authority=imported.authority)
    with pytest.raises(Incomplete, match="nhập lại bảng đã sửa"):
        services.reopen(dossier, reason="Sai", by=head)


# ---------------------------------------------------------------- who, and at the same time


def test_only_coordinators_of_the_authority_import(set_, district, other_district, commune):
    wanted = wanted_for(district, (*ROW, *FULL))
    for by in (person(Role.COORDINATOR, authority=other_district), person(Role.TEAM_HEAD, authority=district)):
        with pytest.raises(NotAllowed):
            services.plan_results(wanted, by=by)


def test_what_changed_since_the_preview_stops_the_import(imported, district, coordinator):
    wanted = order(results((*ROW, "K", "K", "K")))
    seen = services.plan_results(wanted, by=coordinator).seen
    taken(order(results((*ROW, "Đ", "Đ", "Đ"))), by=coordinator)
    with pytest.raises(StaleState, match="đã thay đổi"):
        services.take_results(wanted, by=coordinator, seen=seen, file="", sha256="")


def test_a_kept_workbook_is_taken_once(set_, district, commune, coordinator):
    wanted = wanted_for(district, (*ROW, *FULL))
    upload = services.keep_results(
        by=coordinator, code=wanted.code, sheets=wanted.sheets, name="a.xlsx", sha256="", columns=wanted.columns
    )
    plan = services.plan_results(services.order_of(upload), by=coordinator)
    services.confirm_results(upload, by=coordinator, seen=plan.seen)
    with pytest.raises(StaleState, match="đã được nhập"):
        services.confirm_results(upload, by=coordinator, seen=plan.seen)
    assert InspectionRound.objects.count() == 1


def test_two_imports_of_one_round_leave_one(set_, district, commune, coordinator):
    wanted = wanted_for(district, (*ROW, *FULL))
    seen = services.plan_results(wanted, by=coordinator).seen
    taken(wanted, by=coordinator)
    with pytest.raises(StaleState, match="Đợt TU-2023 đã có, do"):
        services.take_results(wanted, by=coordinator, seen=seen, file="", sha256="")


def test_round_made_at_the_same_moment_is_told_of(set_, district, commune, coordinator, monkeypatch):
    """The other import commits between the reading and the writing of this one."""
    wanted = wanted_for(district, (*ROW, *FULL))
    plan = services.plan_results(wanted, by=coordinator)
    taken(wanted, by=coordinator)
    monkeypatch.setattr(take, "plan_results", lambda order, by: plan)
    with pytest.raises(StaleState, match="vừa được người khác lập"):
        services.take_results(wanted, by=coordinator, seen=plan.seen, file="", sha256="")


def test_break_in_the_middle_leaves_nothing(set_, district, commune, coordinator, monkeypatch):
    def broken(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(take, "_told", broken)
    with pytest.raises(KeyboardInterrupt):
        taken(wanted_for(district, (*ROW, *FULL)), by=coordinator)
    assert not InspectionRound.objects.exists()
    assert not Dossier.objects.exists()
    assert not Event.objects.filter(chain="round:TU-2023").exists()


def test_many_units_take_as_many_queries_as_few(set_, district, coordinator, django_assert_max_num_queries):
    make.small_set(code="ban-thu", level=CriteriaSet.Level.VILLAGE)
    communes = [CommuneFactory(authority=district) for _ in range(30)]
    villages = [VillageFactory(commune=home, code=f"{home.code}-{n:02d}") for home in communes for n in range(10)]
    wanted = order(
        results(*((item.code, item.name, *FULL) for item in communes)),
        results(*((item.code, item.name, *FULL) for item in villages), title="ban-thu"),
        columns=past(district),
    )
    with django_assert_max_num_queries(32):  # among them eight constraints of the new round
        services.plan_results(wanted, by=coordinator)
    taken(wanted, by=coordinator)
    assert Dossier.objects.filter(status="concluded").count() == 330
