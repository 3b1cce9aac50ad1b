"""What a workbook of results would do to a round: pure reading, so that it can be shown before anything happens."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from communes import clock
from communes.models import Authority, Commune, User, Village
from criteria.judgement import Judgement
from criteria.models import CriteriaSet, Criterion

from ...models import CriterionConclusion, Dossier, InspectionRound
from ...workbook import Sheet
from ...workflow import Incomplete, StaleState
from ..rounds import manage
from .sheets import MARK_OF, Fault, Line, read_sheets
from .units import Found, NewUnit, resolve

Status = InspectionRound.Status
SUBJECT = "kết quả thực hiện Chương trình MTQG xây dựng nông thôn mới của UBND các xã năm {year}"
UnitKey = tuple[str, int | None, int | None]  # code of the set, commune, village


@dataclass(frozen=True)
class Order:
    """A workbook, and where it goes: into the round with this code, or into a new one with these columns.

    columns: those of InspectionRound, the authority by its id, days as 2022-12-31.
    """

    code: str
    sheets: Sequence[Sheet]
    columns: Mapping[str, Any] | None = None
    creates_units: bool = False


@dataclass(frozen=True)
class Change:
    """One criterion of a unit that is in the round already: its mark now and in the workbook."""

    number: int
    old: str
    new: str


@dataclass(frozen=True)
class PlannedUnit:
    """One line of the workbook with the unit it means; dossier: its dossier in the round, where there is one."""

    line: Line
    unit: Commune | Village | NewUnit
    dossier: Dossier | None = None
    changes: tuple[Change, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether the round gets a dossier of it."""
        return self.dossier is None

    @property
    def marks(self) -> list[str]:
        return [MARK_OF[mark] for mark in self.line.marks.values()]


@dataclass(frozen=True)
class SetPlan:
    """One sheet: the version of the set in force, and its units."""

    set: CriteriaSet
    criteria: tuple[Criterion, ...]
    units: tuple[PlannedUnit, ...]

    @property
    def fresh(self) -> list[PlannedUnit]:
        return [unit for unit in self.units if unit.is_new]

    @property
    def changed(self) -> list[PlannedUnit]:
        return [unit for unit in self.units if unit.changes]


@dataclass(frozen=True)
class Plan:
    """Everything an import would do. seen: a hash of it; what is confirmed must have the same."""

    round: InspectionRound
    is_new_round: bool
    sets: tuple[SetPlan, ...] = ()
    new_units: tuple[NewUnit, ...] = ()
    faults: tuple[Fault, ...] = ()
    remarks: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    seen: str = field(default="", compare=False)

    @property
    def fresh(self) -> int:
        return sum(len(item.fresh) for item in self.sets)

    @property
    def changed(self) -> int:
        """How many cells change."""
        return sum(len(unit.changes) for item in self.sets for unit in item.changed)

    @property
    def is_ready(self) -> bool:
        """Whether confirming it does something."""
        return not self.faults and not self.refusals and bool(self.fresh or self.changed)


def plan_results(order: Order, *, by: User) -> Plan:
    """What the workbook would do; a fixed number of queries, however many units.

    Raises NotAllowed for who does not manage the round, StaleState where the round to be made is there by now,
    Incomplete where what is said of a new round cannot be.
    """
    round_ = _round_of(order)
    manage(round_, by)
    refusals = refusals_of(round_)
    is_new = round_.pk is None
    if refusals:
        return Plan(round_, is_new, refusals=tuple(refusals))
    sets = sets_on(round_, order.sheets)
    numbers = {code: [item.number for item in criteria] for code, (_, criteria) in sets.items()}
    lines, faults = read_sheets(order.sheets, numbers)
    villages = {code for code, (set_, _) in sets.items() if set_.is_village_level}
    found = resolve(
        lines, villages, authority=round_.authority, day=round_.period_from, creates_units=order.creates_units
    )
    faults += found.faults
    dossiers, verdicts = _present(round_)
    units = _planned(lines, found, dossiers, verdicts)
    planned = tuple(
        SetPlan(set_, criteria, tuple(units.get(code, ()))) for code, (set_, criteria) in sets.items() if code in units
    )
    remarks = [*found.remarks, *_left_alone(dossiers.values(), planned)]
    plan = Plan(round_, is_new, planned, tuple(found.new), tuple(faults), tuple(remarks))
    return Plan(**{**plan.__dict__, "seen": _seen(plan)})


def _round_of(order: Order) -> InspectionRound:
    present = InspectionRound.objects.select_related("authority__parent__parent").filter(code=order.code).first()
    if present is not None:
        if order.columns is not None:
            who = f", do {present.created_by} lập" if present.created_by else ""
            raise StaleState(f"Đợt {order.code} đã có{who}. Mở đợt đó để nhập bảng kết quả vào.")
        return present
    if order.columns is None:
        raise Incomplete(f"Chưa có đợt {order.code}.")
    columns = dict(order.columns)
    authority = Authority.objects.select_related("parent__parent").get(pk=columns.pop("authority"))
    columns |= {name: date.fromisoformat(columns[name]) for name in ("period_from", "period_to")}
    columns.setdefault("subject", SUBJECT.format(year=columns["year"]))
    round_ = InspectionRound(
        code=order.code,
        authority=authority,
        team_name=authority.team_name or f"Đoàn kiểm tra {authority}",
        due_on=columns["period_to"],
        status=Status.CLOSED,
        **columns,
    )
    try:
        round_.full_clean(exclude=["authority"])
    except ValidationError as error:
        raise Incomplete(*error.messages) from error
    return round_


def refusals_of(round_: InspectionRound) -> list[str]:
    """Why no workbook of results may be taken into a round; empty where one may."""
    if round_.period_to > clock.today():
        return [f"Đợt kết thúc ngày {round_.period_to:%d/%m/%Y}, chưa qua: chỉ nhập kết quả của đợt đã qua."]
    if round_.pk is None:
        return []
    if round_.is_imported:
        notices = round_.dossiers.exclude(locked_by_notice="").order_by().values_list("locked_by_notice", flat=True)
        published = ", ".join(sorted(set(notices)))
        return [f"Kết quả của đợt đã được công bố trong {published}, không thay đổi được."] if published else []
    if round_.status == Status.DRAFT and not round_.units.exists():
        return []
    if round_.status == Status.DRAFT:
        return ["Đợt đang lập đã có đơn vị dự kiến; bỏ các đơn vị đó trước, hoặc nhập vào một đợt mới."]
    return ["Đợt có hồ sơ của các xã trên cổng; bảng kết quả không được ghi đè hồ sơ đó."]


def sets_on(round_: InspectionRound, sheets: Iterable[Sheet]) -> dict[str, tuple[CriteriaSet, tuple[Criterion, ...]]]:
    """{code: (set, its criteria)} that the sheets may be named by: two or three queries.

    The version that the round uses already; else the one in force on its first day, else the first one after.
    """
    rows = CriteriaSet.objects.exclude(status=CriteriaSet.Status.DRAFT).filter(
        Q(effective_to=None) | Q(effective_to__gte=round_.period_from), effective_from__lte=round_.period_to
    )
    chosen: dict[str, CriteriaSet] = {}
    for row in sorted(rows, key=lambda item: (item.effective_from > round_.period_from, _order(item, round_))):
        chosen.setdefault(row.code, row)
    if round_.pk is not None:
        used = CriteriaSet.objects.filter(pk__in=round_.units.order_by().values("criteria_set"))
        chosen |= {row.code: row for row in used}
    criteria: dict[int, list[Criterion]] = {}
    for item in Criterion.objects.filter(criteria_set__in=chosen.values()).order_by("number"):
        criteria.setdefault(item.criteria_set_id, []).append(item)
    # In the order in which the communes come before their villages.
    ordered = sorted(chosen.values(), key=lambda item: (item.is_village_level, item.code))
    return {item.code: (item, tuple(criteria.get(item.pk, ()))) for item in ordered if item.pk in criteria}


def _order(item: CriteriaSet, round_: InspectionRound) -> int:
    """Of several in force on the first day the newest version; of those that begin later the earliest."""
    if item.effective_from > round_.period_from:
        return item.effective_from.toordinal()
    return -item.version


def _planned(
    lines: Iterable[Line], found: Found, dossiers: Mapping[UnitKey, Dossier], verdicts: Mapping[int, Mapping[int, str]]
) -> dict[str, list[PlannedUnit]]:
    planned: dict[str, list[PlannedUnit]] = {}
    for line in lines:
        unit = found.units.get(line.code)
        if unit is None:
            continue
        dossier = dossiers.get(key_of(line.sheet, unit))
        changes: tuple[Change, ...] = ()
        if dossier is not None:
            old = verdicts.get(dossier.pk, {})
            changes = tuple(
                Change(number, MARK_OF[old.get(number, Judgement.UNASSESSED)], MARK_OF[new])
                for number, new in line.marks.items()
                if old.get(number, Judgement.UNASSESSED) != new
            )
        planned.setdefault(line.sheet, []).append(PlannedUnit(line, unit, dossier, changes))
    return planned


def key_of(code: str, unit: Commune | Village | NewUnit) -> UnitKey:
    if isinstance(unit, Village):
        return code, unit.commune_id, unit.pk
    return code, unit.pk if isinstance(unit, Commune) else None, None


def _present(round_: InspectionRound) -> tuple[dict[UnitKey, Dossier], dict[int, dict[int, str]]]:
    """The dossiers that are in the round, and {dossier id: {number: verdict}}: two queries, none for a new round."""
    if round_.pk is None:
        return {}, {}
    rows = round_.dossiers.with_context().defer("frozen")
    dossiers: dict[UnitKey, Dossier] = {
        (row.criteria_set.code, row.inspection.commune_id, row.village_id): row for row in rows
    }
    verdicts: dict[int, dict[int, str]] = {}
    found = CriterionConclusion.objects.filter(dossier__round=round_).order_by()
    for pk, number, verdict in found.values_list("dossier", "criterion__number", "verdict"):
        verdicts.setdefault(pk, {})[number] = verdict
    return dossiers, verdicts


def _left_alone(dossiers: Iterable[Dossier], planned: Iterable[SetPlan]) -> list[str]:
    """Units of the round that the workbook does not name: they stay as they are."""
    named = {unit.dossier.pk for item in planned for unit in item.units if unit.dossier}
    return [f"{row}: không có trong bảng, giữ nguyên kết quả đã nhập." for row in dossiers if row.pk not in named]


def _seen(plan: Plan) -> str:
    """Hash of everything a person was shown and of what it was compared with."""
    round_ = plan.round
    told: dict[str, Any] = {
        "round": [round_.pk, round_.code, round_.name, round_.year, round_.authority_id, round_.status],
        "days": [str(round_.period_from), str(round_.period_to)],
        "imported": str(round_.imported_at),
        "faults": [str(fault) for fault in plan.faults],
        "new": [[unit.code, unit.title] for unit in plan.new_units],
        "rows": [
            [item.set.pk, unit.line.code, unit.unit.title, unit.marks, unit.dossier and unit.dossier.pk]
            + [[change.number, change.old] for change in unit.changes]
            for item in plan.sets
            for unit in item.units
        ],
    }
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
