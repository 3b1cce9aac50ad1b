"""What stands behind the desk: phrases, when one last looked, concluding what is complete in one go."""

from datetime import timedelta

import pytest

from communes import clock
from communes.models import Event
from communes.permissions import Role
from criteria.models import AgencyAssignment
from inspections import services
from inspections.models import Assessment, CriterionConclusion, Dossier, Look, Phrase
from inspections.services.bulk import conclude_complete, standings_of
from inspections.workflow import Incomplete, NotAllowed, StaleState

from ..factories import person
from .factories import assessment_of, conclusion_of, enter, fill, hand_in, open_round, prove, send_back, wide_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune, officer):
    """Handed in, everything met and proved."""
    dossier = fill(world.dossier_of(commune), by=officer)
    prove(dossier, "1.1", "1.2", "3", by=officer)
    return services.submit(world.dossier_of(commune), by=officer)


def opine(dossier, code, agency_reviewer, judgement="dat", reason=""):
    row = assessment_of(dossier, code)
    agency = agency_reviewer.memberships.get().agency
    AgencyAssignment.objects.get_or_create(indicator=row.indicator, agency=agency)
    return services.give_opinion(row, judgement=judgement, reason=reason, by=agency_reviewer, version=row.version)


def rows_of(dossier, *numbers):
    rows = CriterionConclusion.objects.filter(dossier=dossier, criterion__number__in=numbers)
    found = list(rows.select_related("criterion").order_by("criterion__number"))
    for row in found:
        row.dossier = Dossier.objects.with_context().get(pk=dossier.pk)
    return found


def lacks(dossier, number):
    return standings_of(rows_of(dossier, number))[0].lacks


# ---------------------------------------------------------------- which criteria are complete


def test_met_by_confirmed_thresholds_is_complete(dossier):
    assert [lacks(dossier, number) for number in (1, 3)] == ["", ""]


def test_without_a_proof_the_agency_must_agree(world, neighbour_commune, neighbour, agency_reviewer):
    dossier = hand_in(world.dossier_of(neighbour_commune), by=neighbour)
    assert lacks(dossier, 3) == "chỉ tiêu 3: chưa có minh chứng, cơ quan phụ trách chưa cho ý kiến"
    opine(dossier, "3", agency_reviewer)
    assert lacks(dossier, 3) == ""


def test_without_a_confirmed_threshold_the_agency_must_agree(dossier, agency_reviewer):
    assert lacks(dossier, 2) == "chỉ tiêu 2.2: không có ngưỡng đã đối chiếu, cơ quan phụ trách chưa cho ý kiến"
    opine(dossier, "2.2", agency_reviewer)
    assert lacks(dossier, 2) == ""


def test_an_agency_that_disagrees_stops_it_though_the_threshold_is_met(dossier, agency_reviewer):
    opine(dossier, "1.1", agency_reviewer, "chua_dat", "Hết hiệu lực")
    assert lacks(dossier, 1) == "chỉ tiêu 1.1: cơ quan phụ trách “Chưa đạt”"


def test_a_threshold_that_is_missed_stops_it(world, commune, officer):
    dossier = fill(world.dossier_of(commune), by=officer)
    enter(dossier, "2.1", by=officer, numerator=7, denominator=10)
    dossier = services.submit(world.dossier_of(commune), by=officer)
    assert lacks(dossier, 2) == "chỉ tiêu 2.1: đối chiếu ngưỡng là “Chưa đạt”"


def test_an_indicator_concluded_otherwise_stops_it(dossier, world):
    row = assessment_of(dossier, "1.2")
    services.conclude_indicator(row, judgement="chua_dat", reason="Còn nhà", by=world.inspector, version=row.version)
    assert "kết luận riêng “Chưa đạt”" in lacks(dossier, 1)


def test_a_running_question_stops_it_until_it_is_settled(dossier, world, commune, officer):
    item = send_back(dossier, "1.1", by=world.inspector)
    assert lacks(dossier, 1) == "còn yêu cầu bổ sung chưa giải quyết"
    item.dossier = item.assessment.dossier = world.dossier_of(commune)
    services.withdraw_item(item, by=world.inspector)
    assert lacks(dossier, 1) == ""


def test_a_proof_that_must_be_there_and_was_taken_away_stops_it(dossier, agency_reviewer):
    opine(dossier, "2.2", agency_reviewer)
    assessment_of(dossier, "2.1").evidence_links.all().delete()
    assert lacks(dossier, 2) == "chỉ tiêu 2.1: chưa có minh chứng, cơ quan phụ trách chưa cho ý kiến"
    opine(dossier, "2.1", agency_reviewer)
    assert lacks(dossier, 2) == "chỉ tiêu 2.1: chưa có minh chứng"


def test_a_draft_is_never_complete(world, neighbour_commune, neighbour):
    dossier = fill(world.dossier_of(neighbour_commune), by=neighbour)
    assert "Đang nhập" in lacks(dossier, 1)


def test_queries_do_not_grow_with_the_rows(district, commune, officer, django_assert_num_queries, dossier):
    def fetched(of):
        rows = CriterionConclusion.objects.filter(dossier=of).select_related(
            "criterion", "dossier__round", "dossier__inspection__commune", "dossier__round_unit"
        )
        return list(rows)

    wide = open_round(district, communes=[commune], criteria_set=wide_set()).dossier_of(commune)
    for few, many in ((fetched(dossier), fetched(wide)),):
        with django_assert_num_queries(7):
            assert len(standings_of(few)) == 3
        with django_assert_num_queries(7):
            assert len(standings_of(many)) == 19


# ---------------------------------------------------------------- concluding them


def test_complete_criterion_is_concluded_as_met_with_its_indicators(dossier, world):
    standing = standings_of(rows_of(dossier, 1))[0]
    conclude_complete(standing.conclusion, stamp=standing.stamp, by=world.inspector)
    assert conclusion_of(dossier, 1).verdict == "dat"
    assert set(dossier.assessments.filter(criterion__number=1).values_list("conclusion", flat=True)) == {"dat"}
    assert Event.objects.filter(action="criterion.concluded").count() == 1


def test_what_a_colleague_concluded_meanwhile_stays(dossier, world):
    standing = standings_of(rows_of(dossier, 1))[0]
    row = conclusion_of(dossier, 1)
    services.conclude_criterion(row, verdict="chua_dat", reason="Sai", by=world.head, version=row.version)
    with pytest.raises(StaleState, match=f"Đã được {world.head} kết luận “Chưa đạt”"):
        conclude_complete(rows_of(dossier, 1)[0], stamp=standing.stamp, by=world.inspector)
    assert conclusion_of(dossier, 1).concluded_by == world.head


def test_what_no_longer_holds_is_not_concluded(dossier, world, agency_reviewer):
    standing = standings_of(rows_of(dossier, 1))[0]
    opine(dossier, "1.1", agency_reviewer, "chua_dat", "Hết hiệu lực")
    with pytest.raises(StaleState, match="Nay không còn đủ căn cứ: chỉ tiêu 1.1"):
        conclude_complete(standing.conclusion, stamp=standing.stamp, by=world.inspector)
    assert conclusion_of(dossier, 1).verdict == "chua_danh_gia"


def test_what_changed_is_not_concluded_though_it_is_still_complete(dossier, world, agency_reviewer):
    standing = standings_of(rows_of(dossier, 1))[0]
    opine(dossier, "1.1", agency_reviewer)
    with pytest.raises(StaleState, match="đã thay đổi sau khi mở trang"):
        conclude_complete(standing.conclusion, stamp=standing.stamp, by=world.inspector)


def test_nobody_concludes_what_he_reported(dossier, world):
    standing = standings_of(rows_of(dossier, 1))[0]
    Assessment.objects.filter(dossier=dossier).update(self_by=world.inspector, self_at=clock.now())
    with pytest.raises(NotAllowed, match="Người đã nhập hoặc nộp hồ sơ"):
        conclude_complete(standing.conclusion, stamp=standing.stamp, by=world.inspector)


# ---------------------------------------------------------------- when one last looked


def test_looking_is_one_row_a_person_and_criterion(dossier, world):
    row = conclusion_of(dossier, 1)
    for _ in range(3):
        services.mark_looked([row.pk], by=world.inspector)
    services.mark_looked([row.pk], by=world.head)
    assert Look.objects.filter(conclusion=row).count() == 2


def test_looking_is_never_in_the_future(dossier, world):
    row = conclusion_of(dossier, 1)
    services.mark_looked([row.pk], by=world.inspector, at=clock.now() + timedelta(days=9))
    assert Look.objects.get().looked_at <= clock.now()


def test_whoever_acts_has_looked(dossier, world):
    send_back(dossier, "1.1", by=world.inspector)
    row = conclusion_of(dossier, 2)
    services.conclude_criterion(row, verdict="dat", reason="", by=world.inspector, version=row.version)
    looked = Look.objects.filter(user=world.inspector).values_list("conclusion__criterion__number", flat=True)
    assert set(looked) == {1, 2}


# ---------------------------------------------------------------- phrases


def test_who_offers_phrases_to_whom(district, inspector, team_head, coordinator):
    for by in (team_head, coordinator):
        services.add_phrase(authority=district, text=f"Câu của {by.username}", is_shared=True, by=by)
    services.add_phrase(authority=district, text="Câu riêng", is_shared=False, by=inspector)
    assert Phrase.objects.for_user(inspector).count() == 3
    assert Phrase.objects.for_user(team_head).count() == 2
    with pytest.raises(NotAllowed):
        services.add_phrase(authority=district, text="Cho mọi người", is_shared=True, by=inspector)
    with pytest.raises(NotAllowed):
        services.add_phrase(authority=district, text="Của người không kết luận", is_shared=False, by=coordinator)


def test_phrases_of_another_district_are_not_seen(district, inspector, outsider, coordinator):
    services.add_phrase(authority=district, text="Câu của huyện", is_shared=True, by=coordinator)
    assert not Phrase.objects.for_user(outsider).exists()


def test_a_shared_phrase_is_changed_by_who_keeps_it_and_one_s_own_by_oneself(district, inspector, coordinator):
    shared = services.add_phrase(authority=district, text="Chung", is_shared=True, by=coordinator)
    own = services.add_phrase(authority=district, text="Riêng", is_shared=False, by=inspector)
    with pytest.raises(NotAllowed):
        services.change_phrase(shared, text="Khác", by=inspector)
    with pytest.raises(NotAllowed):
        services.remove_phrase(own, by=coordinator)
    services.change_phrase(own, text="Riêng hơn", by=inspector)
    services.remove_phrase(shared, by=coordinator)
    assert list(Phrase.objects.values_list("text", flat=True)) == ["Riêng hơn"]
    told = Event.objects.filter(action__startswith="phrase.").order_by("seq").values_list("action", flat=True)
    assert list(told) == ["phrase.added", "phrase.added", "phrase.changed", "phrase.removed"]


@pytest.mark.parametrize("text", ["", "   ", "x" * 501, "Đã có"])
def test_a_phrase_says_something_new_in_a_sentence(district, coordinator, text):
    services.add_phrase(authority=district, text="Đã có", is_shared=True, by=coordinator)
    with pytest.raises(Incomplete):
        services.add_phrase(authority=district, text=text, is_shared=True, by=coordinator)


def test_a_phrase_removed_meanwhile_is_said(district, coordinator):
    phrase = services.add_phrase(authority=district, text="Câu", is_shared=True, by=coordinator)
    services.remove_phrase(phrase, by=coordinator)
    with pytest.raises(StaleState, match="đã được bỏ"):
        services.change_phrase(phrase, text="Khác", by=person(Role.COORDINATOR, authority=district))
