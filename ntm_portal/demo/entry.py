"""What communes do in a round: enter, attach, submit, answer, explain."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from criteria.judgement import Judgement
from criteria.measures import Kind
from inspections import services
from inspections.models import Assessment, Evidence, ReturnItem

from .cast import Cast, Unit, told_reasons
from .papers import Paper, Row, papers_of, reused_keys, shown_value, told_of
from .source import read
from .story import Act, Story, moment

CRITERIA_A_DAY = 5
MINUTES_A_CRITERION = 35
PAPERS_ON_DAY = 4


def tell_entry(cast: Cast, story: Story, library: dict[tuple[str, str], int]) -> None:
    """All communes of a round fill their dossiers and hand them in.

    library: {(commune code, paper key): id of the evidence}, filled here and used again in the next round.
    """
    for unit in cast.units:
        _tell_typing(cast, story, unit)
        _tell_papers(cast, story, unit, library)
        if unit.told.get("submitted", True):
            story.tell(moment(*_submission(cast, unit)), _submitting(cast, unit))
    for told in cast.told["reply"]:
        story.tell(moment(told["at"]), _replying(cast, told))


def answering(cast: Cast, unit: Unit, told: dict[str, Any]) -> Act:
    """The commune answers a question of the team."""

    def act() -> None:
        dossier = cast.dossier(unit)
        rows = cast.assessments(unit, dossier, [told["indicator"]])
        item = ReturnItem.objects.get(assessment__in=rows, status=ReturnItem.Status.OPEN)
        item.dossier, item.assessment = dossier, rows[0]
        for paper in papers_of(cast.round.code, unit.commune.phrase, unit.place, answers=told["indicator"]):
            services.add_evidence(
                unit.commune, paper.file([]), meta=paper.meta, by=cast.officer(unit), assessments=rows
            )
        services.answer_item(item, answer=told["answer"], by=cast.officer(unit))

    return act


# ---------------------------------------------------------------- typing


def _first_day(cast: Cast, unit: Unit) -> date:
    day: date = unit.told.get("entry_from", cast.told["entry_from"])
    return day


def _tell_typing(cast: Cast, story: Story, unit: Unit) -> None:
    numbers = [number for number in unit.set.criteria if unit.set.of_criterion(number)]
    entered = unit.told.get("entered", len(unit.set.criteria))
    for place, number in enumerate(number for number in numbers if number <= entered):
        day = _first_day(cast, unit) + timedelta(days=place // CRITERIA_A_DAY)
        minutes = 15 + MINUTES_A_CRITERION * (place % CRITERIA_A_DAY) + 2 * unit.position
        story.tell(moment(day) + timedelta(minutes=minutes), _typing(cast, unit, number))


def _typing(cast: Cast, unit: Unit, number: int) -> Act:
    def act() -> None:
        dossier, officer = cast.dossier(unit), cast.officer(unit)
        for row in cast.assessments(unit, dossier, number=number):
            changes = _typed(cast, unit, row)
            services.save_assessment(row, by=officer, version=row.entry_version, changes=changes)

    return act


def _typed(cast: Cast, unit: Unit, row: Assessment) -> dict[str, Any]:
    remarks = read("measures")["remarks"]
    indicator, number = row.indicator, row.criterion.number
    if indicator.may_be_not_applicable and indicator.kind == Kind.PASS_FAIL and number == 13:
        return {"self_judgement": Judgement.NOT_ASSESSED, "remark": remarks["not_applicable"]}
    columns = unit.reported(indicator, cast.round.year)
    if indicator.code in unit.weak:
        return {**columns, "remark": told_reasons(unit.set.code, number)["remark"]}
    choices = remarks[indicator.kind]
    chosen = choices[int(len(choices) * unit.place.share(indicator.code, "remark"))]
    return {**columns, "remark": chosen.format(to=cast.told["data_to"])}


# ---------------------------------------------------------------- evidence


def _tell_papers(cast: Cast, story: Story, unit: Unit, library: dict[tuple[str, str], int]) -> None:
    """Papers come in on the afternoon of the last day, one after the other; those of last year are linked again."""
    if unit.village is not None:
        return
    start = moment(_first_day(cast, unit) + timedelta(days=PAPERS_ON_DAY - 1), 14, unit.position)
    acts: list[Act] = [_linking(cast, unit, library, key) for key in reused_keys(cast.round.code)]
    papers = papers_of(cast.round.code, unit.commune.phrase, unit.place)
    acts += [_attaching(cast, unit, library, paper) for paper in papers]
    story.tell_spread(start, 3, acts)


def _attaching(cast: Cast, unit: Unit, library: dict[tuple[str, str], int], paper: Paper) -> Act:
    link = _linking(cast, unit, library, paper.key)

    def act() -> None:
        if (unit.code, paper.key) in library:
            link()
            return
        dossier = cast.dossier(unit)
        rows = cast.assessments(unit, dossier, paper.told["proves"].get(unit.set.code, []))
        added = services.add_evidence(
            unit.commune,
            paper.file(_rows(cast, unit.code, paper)),
            meta=paper.meta,
            by=cast.officer(unit),
            assessments=rows,
        )
        library[unit.code, paper.key] = added.evidence.pk

    return act


def _rows(cast: Cast, commune_code: str, paper: Paper) -> list[Row]:
    """What the table of a paper states: the values under every set by which the commune is judged."""
    return [
        Row(
            f"{indicator.code} (nâng cao)" if unit.set.is_advanced else indicator.code,
            indicator.text,
            shown_value(unit.reported(indicator, cast.round.year)) or "có",
        )
        for unit in cast.units
        if unit.code == commune_code and unit.village is None
        for indicator in unit.set.indicators.values()
        if indicator.code in paper.told["proves"].get(unit.set.code, [])
    ]


def _linking(cast: Cast, unit: Unit, library: dict[tuple[str, str], int], key: str) -> Act:
    def act() -> None:
        if (unit.code, key) not in library:
            return
        codes = told_of(key)["proves"].get(unit.set.code, [])
        rows = cast.assessments(unit, cast.dossier(unit), codes)
        evidence = Evidence.objects.select_related("commune").get(pk=library[unit.code, key])
        if rows:
            services.link_evidence(evidence, rows, by=cast.officer(unit))

    return act


# ---------------------------------------------------------------- handing in, explaining


def _submission(cast: Cast, unit: Unit) -> tuple[Any, ...]:
    """When the dossier comes in: as told, else a few a day from the told day on."""
    if "submitted_at" in unit.told:
        return (unit.told["submitted_at"],)
    day = cast.told["submitted_from"] + timedelta(days=unit.position // 5)
    return day, 9 + unit.position % 5, 7 * (unit.position % 8)


def _submitting(cast: Cast, unit: Unit) -> Act:
    return lambda: services.submit(cast.dossier(unit), by=cast.officer(unit))


def _replying(cast: Cast, told: dict[str, Any]) -> Callable[[], object]:
    unit = cast.unit(told["set"], told["code"])
    replies = {unit.set.criteria[int(number)]: text for number, text in told.get("criteria", {}).items()}
    return lambda: services.reply(
        cast.dossier(unit),
        by=cast.officer(unit),
        general=told.get("general", ""),
        replies=replies,
        waive=told.get("waive", False),
    )
