"""Matrix, overview, official table, API, notice, workbook and table of results say the same of any round."""

from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from communes.models import Authority
from criteria.judgement import Judgement
from inspections import progress
from inspections.exchange import Results
from inspections.presenters import results
from inspections.progress.picture import Picture
from reports import wording
from reports.facts import facts_of
from reports.presenters.tables.reading import tables_of

from ..factories import CommuneFactory
from ..inspections.factories import small_set
from ..inspections.results import held

pytestmark = pytest.mark.django_db
MARKS = {
    "Đ": Judgement.MET,
    "CB": Judgement.BASICALLY_MET,
    "K": Judgement.NOT_MET,
    "X": Judgement.NOT_ASSESSED,
    "": Judgement.UNASSESSED,
}


@pytest.fixture
def set_(db):
    return small_set()


@pytest.fixture
def communes(district):
    return [CommuneFactory(authority=district, name=name) for name in ("Nậm Cần", "Phúc Khoa", "Hố Mít", "Pắc Ta")]


def counted(verdicts_of_units, criteria):
    """(units, met criteria in all, units with all met, {criterion: units that met it}), by the rules of the domain.

    Counted here anew, so that the portal's own counting cannot hide a mistake; cơ bản đạt does not count in this set.
    """
    fine = {Judgement.MET, Judgement.NOT_ASSESSED}
    return (
        len(verdicts_of_units),
        sum(verdict == Judgement.MET for unit in verdicts_of_units for verdict in unit.values()),
        sum(all(unit.get(number) in fine for number in criteria) for unit in verdicts_of_units),
        {number: sum(unit.get(number) == Judgement.MET for unit in verdicts_of_units) for number in criteria},
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5)
@given(data=st.data())
def test_every_place_tells_the_same_figures(data, client, district, communes, viewer, coordinator, set_):
    criteria = range(1, set_.criteria.count() + 1)
    verdicts = st.lists(st.sampled_from(list(Judgement)), min_size=len(criteria), max_size=len(criteria))
    given_to = {
        commune: data.draw(st.none() | verdicts.map(lambda found: dict(enumerate(found, 1)))) for commune in communes
    }
    left_out = tuple(data.draw(st.sets(st.sampled_from(communes), max_size=1)))
    round_ = held(district, set_, given_to, left_out=left_out)
    told = [found for commune, found in given_to.items() if found is not None and commune not in left_out]
    units, met, passed, by_criterion = expected = counted(told, criteria)

    mean = progress.matrix(round_, set_.code).mean
    assert (mean.denominator, mean.numerator) == (units, met)

    seen = Picture(Authority.objects.get(pk=district.pk), viewer, wanted=round_.code)
    summary = seen.summary
    assert (summary.units, summary.met, summary.passed) == (units, met, passed)
    assert not units or dict(summary.met_by_criterion) == by_criterion

    table = tables_of(round_, set_.code).table("tong-hop")
    assert table.totals[0].cells[2:] == (*by_criterion.values(), met, passed)

    client.force_login(viewer)
    api = client.get(f"/api/v1/rounds/{round_.code}/figures/").json()
    (of_set,) = api["sets"]
    assert (of_set["mean"]["denominator"], of_set["mean"]["numerator"], of_set["passed"]) == (units, met, passed)
    assert not units or {row["number"]: row["met"] for row in of_set["by_criterion"]} == by_criterion

    facts = facts_of(round_)
    palette = wording.palette_of(facts)
    assert (len(facts.rows), sum(row.met for row in facts.rows)) == (units, met)
    if units:
        assert palette[wording.key_of(f"bình quân {set_.code}")].value == written(met, units)

    assert counted(of_workbook(results.workbook(round_), set_.code, given_to, left_out), criteria) == expected
    assert counted(of_table(round_, coordinator), criteria) == expected


def written(numerator, denominator):
    """Two places, half up, with a comma."""
    hundredths = (200 * numerator + denominator) // (2 * denominator)
    return f"{hundredths // 100},{hundredths % 100:02d}"


def of_workbook(content, code, given_to, left_out):
    """The verdicts in the workbook of results, of the units that are concluded."""
    sheet = load_workbook(BytesIO(content))[code]
    concluded = {commune.code for commune, found in given_to.items() if found is not None and commune not in left_out}
    rows = [[cell.value or "" for cell in row] for row in sheet.iter_rows(min_row=2)]
    return [{number: MARKS[mark] for number, mark in enumerate(row[2:], 1)} for row in rows if str(row[0]) in concluded]


def of_table(round_, user):
    """The verdicts in the exported table of results, of the units that are concluded."""
    found = {}
    for row in Results().exported(user, round_.code):
        if row.dossier.status == "concluded":
            found.setdefault(row.dossier_id, {})[row.criterion.number] = row.verdict
    return list(found.values())
