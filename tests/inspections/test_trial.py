"""Trying the rules: what confirmed thresholds would say, how far it is, and what stays unknown."""

from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from criteria.evaluation import Verdict
from criteria.judgement import Judgement
from criteria.models import Indicator
from inspections.presenters.sight import sight_of
from inspections.presenters.trial import distance_in_words, trial_of
from inspections.values import evaluation_of

from .factories import assessment_of, enter, fill, open_round, wide_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def dossier(district, commune):
    return open_round(district, communes=[commune]).dossier_of(commune)


def tried(dossier, officer):
    return trial_of(dossier, sight_of(dossier, officer))


def line_of(dossier, officer, code):
    rows = tried(dossier, officer).criteria
    return next(line for row in rows for line in row.lines if line.code == code)


def test_an_empty_dossier_leaves_everything_unknown(dossier, officer):
    trial = tried(dossier, officer)
    assert (trial.met, trial.failed, trial.unknown, trial.at_most, trial.total) == (0, 0, 3, 3, 3)


def test_what_misses_a_confirmed_threshold_says_by_how_much(dossier, officer):
    enter(dossier, "2.1", by=officer, numerator=Decimal("77.5"), denominator=Decimal(100), self_judgement="dat")
    line = line_of(dossier, officer, "2.1")
    (measure,) = line.measures
    assert (line.state, measure.distance) == ("chua_dat", "Còn thiếu 2,5 điểm %")
    assert line.differs


def test_what_reaches_it_says_so_too(dossier, officer):
    enter(dossier, "2.1", by=officer, numerator=Decimal(9), denominator=Decimal(10), self_judgement="dat")
    line = line_of(dossier, officer, "2.1")
    assert (line.state, line.measures[0].distance, line.differs) == ("dat", "Vượt 10 điểm %", False)


def test_a_threshold_nobody_confirmed_judges_nothing(dossier, officer):
    enter(dossier, "2.2", by=officer, value=Decimal(5), self_judgement="dat")
    (measure,) = line_of(dossier, officer, "2.2").measures
    assert (measure.word, measure.distance) == ("Chưa đối chiếu, không chấm", "")


def test_the_estimate_counts_only_what_is_known(dossier, officer):
    fill(dossier, by=officer)
    trial = tried(dossier, officer)
    # Criterion 2 holds an indicator whose threshold is not confirmed: unknown, though the other one is met.
    assert (trial.met, trial.failed, trial.unknown, trial.at_most) == (2, 0, 1, 3)
    enter(dossier, "2.1", by=officer, numerator=Decimal(1))
    trial = tried(dossier, officer)
    assert (trial.met, trial.failed, trial.unknown, trial.at_most) == (2, 1, 0, 2)


def test_each_part_of_a_compound_indicator_has_its_own_distance(dossier, officer):
    parts = {"a": {"numerator": "6", "denominator": "10"}, "b": {"passed": True}}
    enter(dossier, "3", by=officer, parts=parts, self_judgement="dat")
    rate, literacy = line_of(dossier, officer, "3").measures
    assert (rate.state, rate.distance) == ("chua_dat", "Còn thiếu 10 điểm %")
    assert (literacy.state, literacy.distance) == ("dat", "")


@pytest.mark.parametrize(
    ("operator", "distance", "words"),
    [
        ("<=", -3, "Còn cao hơn ngưỡng 3 hộ"), ("<=", 2, "Thấp hơn ngưỡng 2 hộ"), ("=", -1, "Còn chênh 1 hộ"),
        (">=", 0, "Vừa đúng ngưỡng"), (">=", -4, "Còn thiếu 4 hộ"),
    ],
)  # fmt: skip
def test_the_distance_is_told_in_the_sense_of_the_threshold(operator, distance, words):
    measure = Indicator(kind="number", unit="hộ", operator=operator)
    judgement = Judgement.MET if distance >= 0 else Judgement.NOT_MET
    assert distance_in_words(measure, Verdict(judgement, "", True, distance=Fraction(distance))) == words


def test_it_says_what_the_team_is_proposed(dossier, officer):
    """One evaluation, not two: the page shows the verdicts that concluding will see."""
    fill(dossier, by=officer)
    shown = {line.code: line.state for row in tried(dossier, officer).criteria for line in row.lines}
    for code in ("1.1", "1.2", "2.1", "3"):
        item = assessment_of(dossier, code)
        item.indicator = Indicator.objects.with_measures().get(pk=item.indicator_id)
        assert shown[code] == evaluation_of(item).judgement


def test_the_page_leads_to_each_indicator_and_writes_nothing(client, dossier, officer):
    fill(dossier, by=officer)
    client.force_login(officer)
    page = client.get(reverse("inspections:dossier-trial", args=[dossier.pk])).content.decode()
    assert "Ước tính: 2/3 tiêu chí đạt" in page
    assert "kết quả có thể từ 2 đến 3" in page
    row = assessment_of(dossier, "2.1")
    assert f"{reverse('inspections:criterion-edit', args=[dossier.pk, 2])}#ct-{row.pk}" in page
    assert dossier.conclusions.exclude(verdict="chua_danh_gia").count() == 0


def test_it_costs_the_same_for_few_indicators_and_for_many(client, dossier, officer, district, commune):
    wide = open_round(district, communes=[commune], criteria_set=wide_set()).dossier_of(commune)
    client.force_login(officer)

    def queries(of):
        address = reverse("inspections:dossier-trial", args=[of.pk])
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    # The small set has a compound indicator, whose parts are read; the wide one has rates only.
    assert queries(wide) <= queries(dossier)
