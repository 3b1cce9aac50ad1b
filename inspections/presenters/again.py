"""What an earlier round found of the same indicators, and what of it serves again: values and documents, on request."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from communes import clock, notation
from communes.models import Commune
from criteria.judgement import Judgement
from criteria.lineage import counterparts
from criteria.measures import Kind
from criteria.models import Indicator, Threshold

from ..models import Assessment, Evidence, EvidenceLink
from ..values import numbers_again, typed_number
from .guidance import thresholds_for
from .library import newest_of
from .words import Previous, frozen_in_words


@dataclass(frozen=True)
class Paper:
    """A document of the earlier round that serves again for an indicator.

    instead_of: the older version that was used then, where a newer one is offered. pair: what a press sends.
    """

    evidence: Evidence
    assessment: Assessment
    instead_of: Evidence | None = None

    @property
    def pair(self) -> str:
        return f"{self.assessment.pk}-{self.evidence.pk}"


@dataclass
class LastYear:
    """One indicator in the earlier round. Judgements are told; only numbers and documents are offered.

    words: "90 % (9/10), đạt"; empty where it was not in that round. numbers: what `save_assessment` takes.
    notes: what changed since. spent: documents of then that serve no more, each with the reason.
    """

    when: str
    words: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    is_new: bool = False

    @property
    def typed(self) -> dict[str, str]:
        """{name of the field on the criterion page: number as one would type it}."""
        plain = {name: typed_number(value) for name, value in self.numbers.items() if name != "parts"}
        for code, numbers in self.numbers.get("parts", {}).items():
            plain |= {f"part_{code}_{name}": typed_number(Decimal(value)) for name, value in numbers.items()}
        return plain

    @property
    def fills(self) -> str:
        """The same as JSON, for the script that puts them into the fields."""
        return json.dumps(self.typed)


def last_year_of(
    rows: list[Assessment], previous: Previous | None, links: Mapping[int, list[EvidenceLink]], *, offers: set[int]
) -> dict[int, LastYear]:
    """{assessment id: the same indicator in the earlier round}, of one dossier's assessments with their measures.

    links: what proves them now. offers: ids of the assessments to which documents are offered. Of a set that
    is still the same one query, of another version four more; two more where a document was replaced since.
    """
    if previous is None or not rows:
        return {}
    dossier = rows[0].dossier
    then = _indicators_then([row.indicator for row in rows], previous, dossier.criteria_set_id)
    when = _when(previous.year, dossier.round.year)
    found = {}
    for row in rows:
        same = then.get(row.indicator_id)
        if same is None:
            found[row.pk] = LastYear(when, notes=["Chỉ tiêu mới"], is_new=True)
            continue
        facts = previous.indicators.get(same.code, {})
        found[row.pk] = LastYear(
            when=when,
            words=_words(same, facts),
            numbers=numbers_again(row.indicator, same, facts),
            notes=_changes(row.indicator, same, dossier.inspection.commune, (previous.year, dossier.round.year)),
        )
    if offers:
        _offer(found, [row for row in rows if row.pk in offers], then, previous, links)
    return found


def _indicators_then(now: list[Indicator], previous: Previous, set_id: int) -> dict[int, Indicator]:
    """{id of today's indicator: the one of then, with its measures}."""
    if previous.criteria_set == set_id:
        return {item.pk: item for item in now if item.code in previous.indicators}
    # All of both versions: an indicator may have come from, or gone to, another criterion.
    columns = ("code", "text", "lineage", "criteria_set_id")
    known = Indicator.objects.filter(criteria_set__in=(previous.criteria_set, set_id)).only(*columns).order_by("pk")
    rows = list(known)
    pairs = counterparts(
        [item for item in rows if item.criteria_set_id == previous.criteria_set and item.code in previous.indicators],
        [item for item in rows if item.criteria_set_id == set_id],
    )
    wanted = {item.pk: pairs[item.pk].pk for item in now if item.pk in pairs}
    measured = Indicator.objects.with_measures().in_bulk(wanted.values())
    return {pk: measured[key] for pk, key in wanted.items()}


def _when(then: int, now: int) -> str:
    """ "năm 2024"; within one year "đợt trước"."""
    return "đợt trước" if then == now else f"năm {then}"


def _words(indicator: Indicator, facts: Mapping[str, Any]) -> str:
    judgement = facts.get("conclusion") or facts.get("self") or Judgement.UNASSESSED
    value = frozen_in_words(indicator, facts)
    return ", ".join(part for part in (value, str(Judgement(judgement).label).lower()) if part)


# ---------------------------------------------------------------- what changed


def _changes(now: Indicator, then: Indicator, commune: Commune, years: tuple[int, int]) -> list[str]:
    """What one must know before a value is taken over: another threshold, another measure, another wording."""
    before = "năm trước" if years[0] == years[1] - 1 else _when(*years)
    found = []
    if now.kind != then.kind:
        kinds = (str(Kind(then.kind).label).lower(), str(Kind(now.kind).label).lower())
        found.append(f"Cách đo {before}: {kinds[0]}; nay: {kinds[1]}")
    elif now.unit != then.unit:
        found.append(f"Đơn vị {before}: {then.unit or 'không có'}; nay: {now.unit or 'không có'}")
    if (now.pk, years[0]) == (then.pk, years[1]):
        return found
    old = {_part(item): item for item in thresholds_for(then, commune, years[0])}
    new = {_part(item): item for item in thresholds_for(now, commune, years[1])}
    names = {part.code: part.text for part in (*then.parts.all(), *now.parts.all())}
    for code in [*new, *(code for code in old if code not in new)]:
        said = [rows[code].requirement if code in rows else "chưa có" for rows in (old, new)]
        if said[0] != said[1]:
            start = f"{names[code]}: ngưỡng" if code in names else "Ngưỡng"
            found.append(f"{start} {before} {said[0]}, nay {said[1]}")
    if now.pk != then.pk and _plain(now.text) != _plain(then.text):
        found.append(f"Nội dung {before}: “{then.text}”")
    return found


def _part(threshold: Threshold) -> str:
    return threshold.part.code if threshold.part else ""


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


# ---------------------------------------------------------------- documents


def _offer(
    found: Mapping[int, LastYear],
    rows: Iterable[Assessment],
    then: Mapping[int, Indicator],
    previous: Previous,
    links: Mapping[int, list[EvidenceLink]],
) -> None:
    """Put into each indicator what proved it then and may prove it again, in its present version."""
    used = EvidenceLink.objects.filter(assessment__dossier=previous.dossier).select_related("evidence", "assessment")
    by_indicator: dict[int, list[Evidence]] = {}
    for link in used.filter(assessment__indicator__in=[item.pk for item in then.values()]):
        by_indicator.setdefault(link.assessment.indicator_id, []).append(link.evidence)
    newest = newest_of(piece for pieces in by_indicator.values() for piece in pieces)
    today = clock.today()
    for row in rows:
        same = then.get(row.indicator_id)
        seen = {link.evidence_id for link in links.get(row.pk, [])}
        for piece in by_indicator.get(same.pk, []) if same else ():
            present = newest[piece.pk]
            if present.pk in seen:
                continue
            seen.add(present.pk)
            if reason := _unfit(present, today):
                found[row.pk].spent.append(f"{present.label}: {reason}")
            else:
                older = piece if present.pk != piece.pk else None
                found[row.pk].papers.append(Paper(present, row, older))


def _unfit(piece: Evidence, on: date) -> str:
    if piece.scan == Evidence.Scan.INFECTED:
        return "tệp có vi-rút"
    return f"hết hiệu lực ngày {notation.day(piece.valid_until)}" if piece.is_lapsed(on) else ""
