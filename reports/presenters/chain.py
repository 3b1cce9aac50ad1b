"""Where a figure comes from: figure → units → criteria → indicators → evidence with its hash.

Of a notice being written the figures are those of today; of an issued one they are the frozen ones, and every unit's
dossier is compared with the hash that was frozen with them. A unit is opened one at a time, and read from the facts
its approval froze: a fixed number of queries, however many units a round has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse

from communes.models import User
from criteria.judgement import Judgement
from criteria.models import Indicator
from inspections.figures import UnitRow
from inspections.models import Assessment, Dossier, Evidence
from inspections.presenters.words import value_in_words
from inspections.services.decision import hash_of

from .. import wording
from ..compose import Composition
from ..models import IssuedDocument, Notice
from ..wording import Figure, RoundFacts, SetInfo

DOCUMENT_WORDS = ("số văn bản ", "ngày văn bản ", "văn bản ")


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit in a figure. dossier: its key where the person may open it; note: why it is not what was counted."""

    name: str
    result: str
    dossier: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class UnitGroup:
    """Units under a heading: all of a figure's, or those that failed one of its criteria."""

    heading: str
    lines: tuple[UnitLine, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What a figure was taken from, in a sentence; address: where that can be looked at."""

    words: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    label: str
    sha256: str
    evidence: int | None


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    code: str
    text: str
    value: str
    conclusion: Judgement
    reason: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class CriterionLine:
    number: int
    name: str
    verdict: Judgement
    reason: str
    by: str
    at: datetime | None
    reply: str
    indicators: tuple[IndicatorLine, ...]


@dataclass(frozen=True, slots=True)
class UnitChain:
    """One unit's dossier as it was frozen; is_whole: whether the stored facts still have the hash stored with them."""

    dossier: Dossier
    sha256: str
    is_whole: bool
    note: str
    criteria: tuple[CriterionLine, ...]


class Chain:
    """The figures of one notice, each with its way back to the evidence; `user`: whose eyes read it."""

    def __init__(self, notice: Notice, user: User) -> None:
        self.notice, self.user = notice, user
        self.composition = Composition(notice)
        document = notice.documents.filter(rendition=IssuedDocument.Rendition.FINAL).first()
        frozen: dict[str, Any] = document.facts or {} if document and notice.is_public else {}
        self.is_frozen = bool(frozen)
        # {dossier: hash of its facts when the notice was issued}
        self.hashes: dict[int, str] = dict(frozen.get("dossiers", []))
        self.figures = _frozen(frozen["figures"], self.composition) if frozen else self.composition.figures

    @property
    def facts(self) -> RoundFacts:
        return self.composition.facts

    def figure(self, token: str) -> Figure | None:
        """A figure of the text, or of the palette while the text is being written."""
        key = wording.key_of(token)
        found = next((figure for name, figure in self.figures.items() if wording.key_of(name) == key), None)
        return found or (None if self.is_frozen else self.composition.palette.get(key))

    def set_of(self, figure: Figure) -> SetInfo | None:
        """The criteria set a figure counts by: its code is the last word of the token."""
        code = figure.token.rpartition(" ")[2]
        return next((info for info in self.facts.sets if info.code == code), None)

    # ---------------------------------------------------------------- units

    def units(self, figure: Figure) -> list[UnitGroup]:
        """The units in a figure, or for a list of criteria those that failed each of them."""
        info, rows = self.set_of(figure), self._rows(figure)
        notes = self._notes(row.dossier_id for row in rows)
        numbers = {name: number for number, name in info.criteria.items()} if info else {}
        if figure.units and all(name in numbers for name, _ in figure.units):
            return [
                UnitGroup(
                    f"Tiêu chí {numbers[name]}. {name}: {result}",
                    tuple(
                        _line(row, Judgement(row.verdicts[numbers[name]]).label, notes)
                        for row in rows
                        if row.failed(numbers[name])
                    ),
                )
                for name, result in figure.units
            ]
        if figure.units:
            return [UnitGroup("", tuple(self._named(figure.units, rows, notes)))]
        counts = info and figure.token != f"số tiêu chí {info.code}"
        return [UnitGroup("", tuple(_line(row, wording.result(row), notes) for row in rows))] if counts else []

    def _rows(self, figure: Figure) -> list[UnitRow]:
        """Counted dossiers of the figure's set; of every set for communes, where the token names none."""
        info = self.set_of(figure)
        rows = [row for row in self.facts.rows if info is None or row.set_code == info.code]
        return [row for row in rows if row.dossier_id in self.hashes] if self.is_frozen else rows

    def _notes(self, dossiers: Iterable[int]) -> dict[int, str]:
        """{dossier that may be opened: what has changed since the notice was issued, or ""}, in one query."""
        found = Dossier.objects.for_user(self.user).filter(pk__in=list(dossiers)).values_list("pk", "frozen_hash")
        return {pk: self._note(pk, digest) for pk, digest in found}

    def _note(self, dossier: int, digest: str) -> str:
        if not self.is_frozen or self.hashes.get(dossier) == digest:
            return ""
        return "Hồ sơ đã được kết luận lại sau khi ban hành văn bản này."

    @staticmethod
    def _named(
        units: Iterable[tuple[str, str]], rows: Iterable[UnitRow], notes: Mapping[int, str]
    ) -> Iterable[UnitLine]:
        """The units by name; each name takes the next dossier of that name, for villages may be namesakes."""
        waiting: dict[str, list[UnitRow]] = {}
        for row in sorted(rows, key=lambda row: row.position):
            waiting.setdefault(row.unit_phrase, []).append(row)
        for name, result in units:
            same = waiting.get(name, [])
            # Of namesakes the one with the result that is stated.
            found = next((row for row in same if wording.result(row) == result), same[0] if same else None)
            if found is None:
                yield UnitLine(name, result, note="Hồ sơ đã được mở lại sau khi ban hành văn bản này.")
                continue
            same.remove(found)
            yield _line(found, result, notes, name)

    def source(self, figure: Figure) -> Source:
        """Where the value was taken from."""
        name, round_ = figure.token, self.notice.round
        info = self.set_of(figure)
        at_round = Source(f"Ghi ở đợt kiểm tra “{round_.name}”", round_.get_absolute_url())
        if wording.REPLACED in name and self.notice.supersedes:
            return Source(f"Lấy từ {self.notice.supersedes}", self.notice.supersedes.get_absolute_url())
        document = next((name.removeprefix(word) for word in DOCUMENT_WORDS if name.startswith(word)), "")
        if cited := self.facts.documents.get(document):
            return Source(f"Văn bản viện dẫn: {cited.full}, từ khóa “{document}”")
        if name in ("kế hoạch", "trích yếu kế hoạch", "báo cáo"):
            cited = self.facts.report if name == "báo cáo" else self.facts.plan
            words = f"{at_round.words}: {cited.full}" if cited else at_round.words
            return Source(words, at_round.address)
        if info and not figure.units and name == f"số tiêu chí {info.code}":
            address = reverse("criteria:set-detail", args=[info.code, info.version])
            return Source(f"Đếm trong bộ tiêu chí {info.short_name}, phiên bản {info.version}", address)
        if info or figure.units:
            return Source("Tính từ các hồ sơ đã kết luận của đợt kiểm tra", round_.get_absolute_url())
        return at_round

    # ---------------------------------------------------------------- one unit

    def unit(self, figure: Figure, pk: int) -> UnitChain | None:
        """The chain of one unit of a figure down to its evidence; None where it is not in it or not to be seen."""
        if pk not in {row.dossier_id for row in self._rows(figure)}:
            return None
        dossier = Dossier.objects.for_user(self.user).with_context().filter(pk=pk).first()
        if dossier is None or not dossier.frozen:
            return None
        facts: dict[str, Any] = dossier.frozen
        return UnitChain(
            dossier,
            dossier.frozen_hash,
            hash_of(facts) == dossier.frozen_hash,
            self._note(pk, dossier.frozen_hash),
            tuple(self._criteria(dossier, facts)),
        )

    def _criteria(self, dossier: Dossier, facts: Mapping[str, Any]) -> Iterable[CriterionLine]:
        found = _evidence(dossier, facts, self.user)
        stored = {item["code"]: item for item in facts["indicators"]}
        below: dict[int, list[IndicatorLine]] = {}
        indicators = Indicator.objects.filter(criteria_set=dossier.criteria_set_id)
        for indicator in indicators.select_related("criterion").prefetch_related("parts").order_by("position"):
            if item := stored.get(indicator.code):
                below.setdefault(indicator.criterion.number, []).append(_indicator(indicator, item, found))
        for item in facts["criteria"]:
            yield CriterionLine(
                number=item["number"],
                name=item["name"],
                verdict=Judgement(item["verdict"]),
                reason=item["reason"],
                by=item["by"] or "",
                at=datetime.fromisoformat(item["at"]) if item["at"] else None,
                reply=item["reply"],
                indicators=tuple(below.get(item["number"], [])),
            )


def _line(row: UnitRow, result: str, notes: Mapping[int, str], name: str = "") -> UnitLine:
    is_seen = row.dossier_id in notes
    return UnitLine(name or row.unit_phrase, result, row.dossier_id if is_seen else None, notes.get(row.dossier_id, ""))


def _frozen(figures: Mapping[str, Any], composition: Composition) -> dict[str, Figure]:
    """Figures as the issued notice states them; only their names and groups come from today's palette."""
    found = {}
    for token, item in figures.items():
        today = composition.palette.get(wording.key_of(token))
        units = tuple((name, result) for name, result in item["units"])
        group, label = (today.group, today.label) if today else ("", token)
        found[token] = Figure(token, group, label, item["value"], item["formula"], units)
    return found


def _evidence(dossier: Dossier, facts: Mapping[str, Any], user: User) -> dict[str, int]:
    """{hash: evidence that the person may see} of everything that proves something in the dossier."""
    hashes = {proof["sha256"] for item in facts["indicators"] for proof in item["evidence"]}
    rows = Evidence.objects.for_user(user).filter(commune=dossier.inspection.commune_id, sha256__in=hashes)
    return dict(rows.values_list("sha256", "pk"))


def _indicator(indicator: Indicator, item: Mapping[str, Any], evidence: Mapping[str, int]) -> IndicatorLine:
    reported = Assessment(
        indicator=indicator,
        numerator=_decimal(item["numerator"]),
        denominator=_decimal(item["denominator"]),
        value=_decimal(item["value"]),
        parts=item["parts"],
        self_judgement=item["self"],
    )
    return IndicatorLine(
        code=indicator.code,
        text=indicator.text,
        value=value_in_words(reported),
        conclusion=Judgement(item["conclusion"]),
        reason=item["reason"],
        proofs=tuple(
            Proof(proof["label"], proof["sha256"], evidence.get(proof["sha256"])) for proof in item["evidence"]
        ),
    )


def _decimal(stored: Any) -> Decimal | None:
    return Decimal(str(stored)) if stored not in (None, "") else None
