"""What an overview counts: as the figures of rounds do, by period, branch and lineage; who is late and since when."""

from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communes import clock
from communes.models import Authority, Recognition
from communes.permissions import Role
from criteria.judgement import Judgement
from criteria.lineage import Cause
from criteria.models import Criterion
from inspections import figures
from inspections.figures import bits, numbers
from inspections.models import Dossier, InspectionRound, RoundUnit
from inspections.progress import overdue, standings, unit_rows
from inspections.progress.picture import Picture

from ..factories import AuthorityFactory, CommuneFactory, person
from .factories import assessment_of, hand_in, open_round, send_back, small_set, wide_set
from .results import failing, held

pytestmark = pytest.mark.django_db
NOW = date(2025, 6, 17)


@pytest.fixture
def set_(db):
    return small_set()


@pytest.fixture
def communes(district):
    return [CommuneFactory(authority=district, name=name) for name in ("Nậm Cần", "Phúc Khoa", "Hố Mít")]


def seen_by(user, authority, **wanted):
    return Picture(Authority.objects.get(pk=authority.pk), user, **wanted)


# ---------------------------------------------------------------- the same numbers


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(data=st.data())
def test_an_overview_says_what_the_figures_of_the_round_say(data, district, communes, viewer, set_):
    verdicts = st.lists(st.sampled_from(list(Judgement)), min_size=3, max_size=3)
    results = {
        commune: data.draw(st.none() | verdicts.map(lambda found: dict(enumerate(found, 1)))) for commune in communes
    }
    left_out = tuple(data.draw(st.sets(st.sampled_from(communes), max_size=1), label="left out"))
    round_ = held(district, set_, results, left_out=left_out)
    rows = unit_rows(round_)
    told = seen_by(viewer, district, wanted=round_.code)
    other = figures.of_set(set_.code, rows)
    assert told.summary.mean.value == other.mean.value
    assert told.summary.passed == len(other.passed)
    assert told.summary.hardest == other.hardest
    assert {row.dossier_id: row.met_count for row in told.rows} == {row.dossier_id: row.met for row in rows}
    if rows:
        assert told.summary.met_by_criterion == other.met_by_criterion
        (step,) = [step for step in told.course if step.period == told.period]
        assert step.mean.value == other.mean.value
        assert {number: step.counts[number].met for number in (1, 2, 3)} == other.met_by_criterion
        assert {number: step.counts[number].failed for number in (1, 2, 3)} == other.failed_by_criterion
    assert told.tab.concluded == len(rows)
    assert len(told.waiting) == sum(result is None for unit, result in results.items() if unit not in left_out)
    assert len(told.left_out) == len(left_out)


def test_more_criteria_than_one_whole_number_of_the_database_holds(district, communes, viewer):
    wide = wide_set(criteria=65, indicators=65)
    held(district, wide, {communes[0]: failing(wide, 1, 30, 31, 62, 65)})
    (row,) = seen_by(viewer, district).rows
    assert list(numbers(row.failed)) == [1, 30, 31, 62, 65]
    assert (row.met_count, row.criteria) == (60, 65)


def test_basically_met_counts_as_the_set_says(district, communes, viewer):
    lenient = small_set(code="xa-rong-rai", counts_basically_met=True)
    held(district, lenient, {communes[0]: {1: Judgement.BASICALLY_MET, 2: Judgement.MET, 3: Judgement.NOT_ASSESSED}})
    seen = seen_by(viewer, district)
    assert (seen.summary.met, seen.summary.passed) == (2, 1)
    assert seen.course[-1].mean.numerator == 2


# ---------------------------------------------------------------- which period


def test_the_newest_period_concluded_as_a_whole_is_shown_and_an_open_one_offered(district, communes, viewer, set_):
    whole = held(district, set_, {communes[0]: failing(set_)}, ends=NOW - timedelta(days=100))
    part = held(
        district, set_, {communes[0]: failing(set_), communes[1]: None}, ends=NOW + timedelta(days=5), status="open"
    )
    seen = seen_by(viewer, district)
    assert seen.period.key == whole.code
    assert seen.newer_open.key == part.code
    assert seen_by(viewer, district, wanted=part.code).summary.units == 1


def test_drafts_and_cancelled_rounds_are_no_periods(district, communes, viewer, set_):
    held(district, set_, {communes[0]: None}, status="draft")
    held(district, set_, {communes[0]: None}, status="cancelled", cancel_reason="Thôi")
    seen = seen_by(viewer, district)
    assert (seen.periods, seen.period, seen.tab) == ([], None, None)


@pytest.fixture
def provincial(province, district, other_district, communes, set_):
    """A year of two districts, the first of which held two rounds; its viewer."""
    far = CommuneFactory(authority=other_district, name="Xa Lạ")
    held(district, set_, {communes[0]: failing(set_, 1, 2)}, ends=date(2024, 6, 1))
    held(district, set_, {communes[0]: failing(set_, 1), communes[1]: failing(set_)}, ends=date(2024, 12, 1))
    held(other_district, set_, {far: failing(set_, 3)}, ends=date(2024, 11, 1))
    held(other_district, set_, {far: failing(set_)}, ends=date(2023, 11, 1))
    return person(Role.VIEWER, authority=province)


def test_a_province_sees_the_last_round_of_each_district_by_year(provincial, province, district, other_district):
    seen = seen_by(provincial, province)
    assert [row.key for row in seen.periods] == ["nam-2024", "nam-2023"]
    assert seen.is_grouped
    assert {pk: (total.units, total.met) for pk, total in seen.by_branch.items()} == {
        district.pk: (2, 5),
        other_district.pk: (1, 2),
    }
    assert (seen.summary.units, seen.summary.met) == (3, 7)
    assert [(step.period.key, step.mean.value) for step in seen.course] == [
        ("nam-2023", 3),
        ("nam-2024", figures.Mean(7, 3, ()).value),
    ]
    (change,) = seen.changes
    assert (change.lost, change.gained) == (bits([3]), 0)


def test_no_unit_is_counted_twice_where_a_body_between_held_a_round_too(province, district, communes, set_):
    country = AuthorityFactory(code="nuoc", name="Ban Chỉ đạo trung ương", kind=Authority.Kind.PROVINCE)
    province.parent = country
    province.save()
    held(district, set_, {communes[0]: failing(set_, 1)}, ends=date(2024, 6, 1))
    held(province, set_, {communes[0]: failing(set_), communes[1]: failing(set_)}, ends=date(2024, 12, 1))
    seen = seen_by(person(Role.VIEWER, authority=country), country)
    assert seen.places.level == "country"
    assert (seen.summary.units, seen.summary.met) == (2, 6)
    assert set(seen.by_branch) == {province.pk}


# ---------------------------------------------------------------- lost, gained and why


def test_lost_and_gained_since_the_last_round_with_their_cause(district, communes, viewer, set_):
    one, two, three = communes
    held(district, set_, {one: failing(set_, 1), two: failing(set_)}, ends=date(2024, 5, 1))
    held(district, set_, {one: failing(set_, 2), two: failing(set_), three: failing(set_, 1)}, ends=date(2024, 12, 1))
    seen = seen_by(viewer, district)
    assert [(row.row.unit, row.lost, row.gained) for row in seen.changes if row.lost] == [
        (f"xa-{one.pk}", bits([2]), bits([1]))
    ]
    assert seen.cause(2, one.region) == Cause.REAL
    seen.criteria_set.indicators.get(code="2.1").thresholds.create(year=2025, value=95, is_confirmed_in_source=True)
    InspectionRound.objects.filter(code=seen.period.key).update(year=2025)
    assert seen_by(viewer, district).cause(2, one.region) == Cause.THRESHOLD


def test_another_version_is_compared_by_lineage_under_the_new_numbers(district, communes, viewer):
    old, new = small_set(code="bo", version=1), small_set(code="bo", version=2, is_published=False)
    Criterion.objects.filter(criteria_set=old, number=3).update(lineage="truong-hoc")
    Criterion.objects.filter(criteria_set=new, number=3).update(lineage="truong-hoc", number=4)
    held(district, old, {communes[0]: failing(old, 1)}, ends=date(2023, 5, 1))
    held(district, new, {communes[0]: failing(new, 4)}, ends=date(2024, 5, 1))
    seen = seen_by(viewer, district)
    (change,) = seen.changes
    assert (change.lost, change.gained) == (bits([4]), bits([1]))
    assert [step.counts[4].met for step in seen.course] == [1, 0]


def test_a_set_of_the_same_level_and_tier_stands_in_the_same_course(district, communes, viewer, set_):
    later = small_set(code="xa-moi", effective_from=date(2025, 1, 1))
    held(district, set_, {communes[0]: failing(set_)}, ends=date(2024, 5, 1))
    held(district, later, {communes[0]: failing(later, 2)}, ends=date(2025, 5, 1))
    seen = seen_by(viewer, district)
    assert [step.set_code for step in seen.course] == [set_.code, "xa-moi"]
    assert [row.lost for row in seen.changes] == [bits([2])]


def test_what_units_meet_of_another_set_is_in_no_mean_of_this_one(province, district, other_district, communes, set_):
    """Judged by the other set the year before, which therefore is asked for too."""
    other = small_set(code="xa-khac", effective_from=date(2022, 1, 1))
    far = CommuneFactory(authority=other_district, name="Xa Lạ")
    held(district, other, {communes[0]: failing(other)}, ends=date(2023, 11, 1))
    held(district, set_, {communes[0]: failing(set_, 1)}, ends=date(2024, 11, 1))
    held(other_district, other, {far: failing(other)}, ends=date(2024, 11, 1))
    seen = seen_by(person(Role.VIEWER, authority=province), province, code=set_.code)
    assert [(step.set_code, step.mean) for step in seen.course] == [
        ("xa-khac", figures.Mean(3, 1, ())),
        (set_.code, figures.Mean(2, 1, ())),
    ]


# ---------------------------------------------------------------- titles, readers


def test_only_a_title_held_on_the_day_can_be_lost(district, communes, viewer):
    wide = wide_set(criteria=19, indicators=19)
    held(district, wide, {commune: failing(wide, *range(1, 11)) for commune in communes}, ends=date(2024, 5, 1))
    for commune, until in ((communes[0], None), (communes[1], date(2024, 4, 30))):
        Recognition.objects.create(
            commune=commune, title="ntm", decision="12/QĐ-UBND", valid_from=date(2020, 1, 1), valid_to=until
        )
    seen = seen_by(viewer, district)
    assert len(seen.at_risk) == 3
    assert [row.unit for row, _ in seen.losing] == [f"xa-{communes[0].pk}"]


def test_the_rule_on_titles_is_asked_of_the_standard_set_alone(district, communes, viewer):
    advanced = wide_set(criteria=19, indicators=19, tier="nang_cao")
    held(district, advanced, {communes[0]: failing(advanced, *range(1, 11))})
    seen = seen_by(viewer, district)
    assert not seen.warns_of_titles
    assert seen.at_risk == []


# ---------------------------------------------------------------- late


def days_of(rows):
    return [figures.days_late(row.due, clock.today()) for row in rows]


def test_late_is_counted_from_the_unit_s_own_day_in_vietnam(district, communes, viewer, set_):
    world = open_round(district, communes=communes, due_on=NOW + timedelta(days=1), criteria_set=set_)
    unit = RoundUnit.objects.get(round=world.round, commune=communes[0])
    RoundUnit.objects.filter(pk=unit.pk).update(
        extended_until=NOW + timedelta(days=3), extension_reason="Lũ", extended_by=world.coordinator
    )
    hand_in(world.dossier_of(communes[1]), by=person(Role.COMMUNE_OFFICER, commune=communes[1]))
    rounds = seen_by(viewer, district).rounds
    # 16:59 in UTC is still the 23:59 of the due day in Vietnam.
    with clock.at(datetime.combine(world.round.due_on, datetime.min.time(), UTC).replace(hour=16, minute=59)):
        assert overdue.tally(overdue.unsubmitted(rounds)) == overdue.Late(0, 0)
    with clock.at(datetime.combine(world.round.due_on, datetime.min.time(), UTC).replace(hour=17)):
        assert days_of(overdue.unsubmitted(rounds)) == [1]
    with clock.at(datetime.combine(world.round.due_on + timedelta(days=5), datetime.min.time(), UTC)):
        assert days_of(overdue.unsubmitted(rounds)) == [5, 3]
        assert overdue.tally(overdue.unsubmitted(rounds)) == overdue.Late(2, 5)


def test_a_question_is_late_until_it_is_answered(district, communes, viewer, set_):
    world = open_round(district, communes=communes[:1], criteria_set=set_)
    dossier = hand_in(world.dossier_of(communes[0]), by=person(Role.COMMUNE_OFFICER, commune=communes[0]))
    due = clock.today() + timedelta(days=2)
    send_back(dossier, "2.1", by=world.inspector, due_on=due)
    rounds = seen_by(viewer, district).rounds
    assert overdue.tally(overdue.unanswered(rounds)).count == 0
    with clock.at(datetime.combine(due + timedelta(days=3), datetime.min.time(), UTC)):
        assert overdue.tally(overdue.unanswered(rounds)) == overdue.Late(1, 3)
        asked = assessment_of(dossier, "2.1").criterion_id
        assert overdue.unanswered(rounds, [asked]).count() == 1
        assert overdue.unanswered(rounds, []).count() == 0


# ---------------------------------------------------------------- queries


def test_queries_do_not_grow_with_units_and_rounds(district, viewer, set_, django_assert_num_queries):
    def look():
        seen = seen_by(viewer, district)
        _ = seen.summary, seen.by_branch, seen.course, seen.changes, seen.at_risk, seen.waiting

    communes = CommuneFactory.create_batch(2, authority=district)
    for year in (2022, 2023):
        held(district, set_, {row: failing(set_, 1) for row in communes}, ends=date(year, 5, 1))
    with django_assert_num_queries(10):
        look()
    more = CommuneFactory.create_batch(4, authority=district)
    for year in (2020, 2021, 2024):
        held(district, set_, {row: failing(set_, 2) for row in (*communes, *more)}, ends=date(year, 5, 1))
    viewer.__dict__.pop("active_memberships", None)
    with django_assert_num_queries(10):
        look()


def test_no_grouped_query_asks_for_what_is_in_no_period():
    assert standings.course({}, {}) == {}


def test_dossiers_concluded_before_get_the_line_that_an_approval_writes(district, communes, set_):
    migration = import_module("inspections.migrations.0017_kept_verdicts")
    verdicts = [Judgement.NOT_MET, Judgement.BASICALLY_MET, Judgement.NOT_ASSESSED]
    held(district, set_, {communes[0]: dict(enumerate(verdicts, 1)), communes[1]: failing(set_, 3), communes[2]: None})
    Dossier.objects.filter(status="concluded").update(frozen_verdicts="x")
    migration.keep(apps, None)
    assert set(Dossier.objects.values_list("frozen_verdicts", flat=True)) == {"kc-", "ddk", ""}
