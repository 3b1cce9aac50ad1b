"""Takes a workbook of results into a round: all of it in one transaction, as it was previewed, or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Prefetch, QuerySet
from django.utils.crypto import constant_time_compare

from communes import clock, journal
from communes.models import Commune, User, Village, within
from communes.permissions import Permission
from criteria.judgement import Judgement
from criteria.models import Criterion

from ... import workflow
from ...models import CriterionConclusion, Dossier, Inspection, InspectionRound, ResultsUpload, RoundUnit
from ...models.workbooks import KEPT
from ...workbook import Sheet
from ...workbook.model import as_json, from_json
from ...workflow import Incomplete, NotAllowed, StaleState
from ..decision import facts_among, frozen_columns
from .plan import Order, Plan, SetPlan, plan_results
from .sheets import MARK_OF
from .units import NewUnit

BATCH = 500
REASON = "Nhập từ bảng kết quả."
CHANGED = "Trong lúc xem, dữ liệu trên cổng đã thay đổi. Xin xem lại bảng rồi xác nhận."
TAKEN = "Bảng kết quả này đã được nhập, hoặc đã quá hai giờ chờ xác nhận."


# ---------------------------------------------------------------- what waits for its confirmation


@transaction.atomic
def keep_results(
    *,
    by: User,
    code: str,
    sheets: Sequence[Sheet],
    name: str,
    sha256: str,
    columns: Mapping[str, Any] | None = None,
    creates_units: bool = False,
) -> ResultsUpload:
    """Keep what was read until its sender confirms it; what is older than two hours goes."""
    if not by.has(Permission.ROUND_MANAGE):
        raise NotAllowed("Chỉ Văn phòng Điều phối được nhập bảng kết quả.")
    ResultsUpload.objects.filter(uploaded_at__lte=clock.now() - KEPT).delete()
    return ResultsUpload.objects.create(
        code=code,
        columns=None if columns is None else dict(columns),
        creates_units=creates_units,
        by=by,
        uploaded_at=clock.now(),
        name=name[:200],
        sha256=sha256,
        content=as_json(list(sheets)),
    )


def order_of(upload: ResultsUpload) -> Order:
    return Order(upload.code, from_json(upload.content), upload.columns, upload.creates_units)


@transaction.atomic
def confirm_results(upload: ResultsUpload, *, by: User, seen: str) -> Plan:
    """Take a kept workbook, once. Raises StaleState where it was taken already, or where anything changed since."""
    waiting = ResultsUpload.objects.filter(
        pk=upload.pk, by=by, taken_at=None, uploaded_at__gt=clock.now() - KEPT
    ).update(taken_at=clock.now())
    if not waiting:
        raise StaleState(TAKEN)
    return take_results(order_of(upload), by=by, seen=seen, file=upload.name, sha256=upload.sha256)


# ---------------------------------------------------------------- the act


@transaction.atomic
def take_results(order: Order, *, by: User, seen: str, file: str, sha256: str) -> Plan:
    """Do what `plan_results` said, if it still says the same: seen is its hash.

    The conclusions carry who imported them and when, and that they came from a workbook. One event tells of it all.
    """
    _hold(order)
    plan = plan_results(order, by=by)
    if not constant_time_compare(seen, plan.seen):
        raise StaleState(CHANGED)
    if not plan.is_ready:
        problems = [*plan.refusals, *map(str, plan.faults)]
        raise Incomplete(*(problems or ["Bảng không có gì khác với kết quả trên cổng."]))
    at = clock.now()
    try:
        with transaction.atomic():
            _make_round(plan, by, at)
            made = _make_units(plan, by)
    except IntegrityError as error:
        raise StaleState(f"Đợt {order.code}, hoặc một đơn vị trong bảng, vừa được người khác lập. {CHANGED}") from error
    _add(plan, made, by, at)
    _change(plan, by, at)
    journal.record(
        "round.results_imported",
        subject=plan.round,
        by=by,
        chain=journal.round_chain(plan.round.code),
        data=_told(plan, order, file, sha256),
    )
    return plan


def _hold(order: Order) -> None:
    """The round before its dossiers, and those before the journal, as everywhere."""
    rounds = InspectionRound.objects.select_for_update(no_key=True).order_by().filter(code=order.code)
    for pk in rounds.values_list("pk", flat=True):
        list(Dossier.objects.select_for_update().filter(round=pk).order_by("pk").values_list("pk", flat=True))


def _make_round(plan: Plan, by: User, at: datetime) -> None:
    """The round as closed and imported; one that was being set up is closed by it."""
    round_ = plan.round
    round_.imported_by, round_.imported_at = by, at
    if plan.is_new_round:
        round_.created_by = by
    if round_.closed_at is None:
        round_.status, round_.closed_by, round_.closed_at = InspectionRound.Status.CLOSED, by, at
    round_.save(force_insert=plan.is_new_round)


def _make_units(plan: Plan, by: User) -> dict[str, Commune | Village]:
    """{code: unit} of the communes and villages that the reference data lack, made with events of their own."""
    authority, day = plan.round.authority, plan.round.period_from
    communes = Commune.objects.bulk_create(
        Commune(authority=authority, code=unit.code, kind=unit.kind, name=unit.name, valid_from=day)
        for unit in plan.new_units
        if not unit.commune_code
    )
    home = {row.code: row for row in communes}
    if wanted := {unit.commune_code for unit in plan.new_units if unit.commune_code} - home.keys():
        there = Commune.objects.valid_on(day).filter(within("authority", [authority.pk]), code__in=wanted)
        home |= {row.code: row for row in there}
    villages = Village.objects.bulk_create(
        Village(commune=home[unit.commune_code], code=unit.code, kind=unit.kind, name=unit.name, valid_from=day)
        for unit in plan.new_units
        if unit.commune_code
    )
    made: list[Commune | Village] = [*communes, *villages]
    journal.record_many(
        [
            journal.Entry(
                f"{row._meta.model_name}.created", row, {"name": row.name, "code": row.code, "valid_from": day}
            )
            for row in made
        ],
        by=by,
    )
    return {row.code: row for row in made}


def _add(plan: Plan, made: Mapping[str, Commune | Village], by: User, at: datetime) -> None:
    """Dossiers of the units that the round does not have yet: a few statements, not one a row."""
    fresh = [(item, unit) for item in plan.sets for unit in item.fresh]
    if not fresh:
        return
    units = [
        _round_unit(plan.round, item, made[planned.unit.code] if isinstance(planned.unit, NewUnit) else planned.unit)
        for item, planned in fresh
    ]
    for position, unit in enumerate(units, start=plan.round.units.count()):
        unit.position = position
    RoundUnit.objects.bulk_create(units, batch_size=BATCH)
    inspections = _inspections(plan.round, units)
    dossiers, conclusions = [], []
    for (item, planned), unit in zip(fresh, units, strict=True):
        dossier = Dossier(
            round=plan.round,
            inspection=inspections[unit.commune_id],
            round_unit=unit,
            village=unit.village,
            criteria_set=item.set,
            imported_by=by,
            imported_at=at,
        )
        mine = [
            _concluded(dossier, criterion, planned.line.marks[criterion.number], by, at) for criterion in item.criteria
        ]
        _keep(dossier, facts_among(dossier, mine))
        dossiers.append(dossier)
        conclusions += mine
    Dossier.objects.bulk_create(dossiers, batch_size=BATCH)
    for row in conclusions:
        row.dossier_id = row.dossier.pk
    CriterionConclusion.objects.bulk_create(conclusions, batch_size=2000)
    workflow.conclude_imported(plan.round.dossiers.all(), by=by)


def _round_unit(round_: InspectionRound, item: SetPlan, unit: Commune | Village) -> RoundUnit:
    """By report: no visit of that round is known here."""
    village = unit if isinstance(unit, Village) else None
    commune = unit.commune if isinstance(unit, Village) else unit
    return RoundUnit(
        round=round_,
        commune=commune,
        village=village,
        criteria_set=item.set,
        set_code=item.set.code,
        mode=Inspection.Mode.BY_REPORT,
    )


def _inspections(round_: InspectionRound, units: Iterable[RoundUnit]) -> dict[int, Inspection]:
    """{commune id: inspection}, those made that are not there yet."""
    found = {item.commune_id: item for item in round_.inspections.all()}
    fresh: dict[int, Inspection] = {}
    for unit in units:
        if unit.commune_id not in found and unit.commune_id not in fresh:
            fresh[unit.commune_id] = Inspection(
                round=round_, commune=unit.commune, mode=unit.mode, position=unit.position
            )
    Inspection.objects.bulk_create(fresh.values(), batch_size=BATCH)
    for item in found.values():
        item.round = round_
    for unit in units:
        # The unit's own row carries what facts are told of: its commune with its authority.
        (found.get(unit.commune_id) or fresh[unit.commune_id]).commune = unit.commune
    return found | fresh


def _concluded(dossier: Dossier, criterion: Criterion, verdict: str, by: User, at: datetime) -> CriterionConclusion:
    """What the workbook says of a criterion, under the name of who imported it; an empty cell says nothing."""
    row = CriterionConclusion(dossier=dossier, criterion=criterion, verdict=verdict)
    if verdict != Judgement.UNASSESSED:
        row.reason, row.concluded_by, row.concluded_at = REASON, by, at
    return row


def _change(plan: Plan, by: User, at: datetime) -> None:
    """Marks that differ now, of dossiers that are there: grouped by what they become, then frozen anew."""
    changed = {unit.dossier.pk: unit for item in plan.sets for unit in item.changed if unit.dossier}
    if not changed:
        return
    rows = plan.round.dossiers.filter(pk__in=changed)
    workflow.release_imported(rows)
    wanted: dict[str, list[int]] = {}
    present = CriterionConclusion.objects.filter(dossier__in=changed).order_by()
    for pk, dossier, number in present.values_list("pk", "dossier", "criterion__number"):
        if any(change.number == number for change in changed[dossier].changes):
            wanted.setdefault(changed[dossier].line.marks[number], []).append(pk)
    for verdict, pks in wanted.items():
        is_decided = verdict != Judgement.UNASSESSED
        CriterionConclusion.objects.filter(pk__in=pks).update(
            verdict=verdict,
            reason=REASON if is_decided else "",
            concluded_by=by if is_decided else None,
            concluded_at=at if is_decided else None,
            version=F("version") + 1,
        )
    rows.update(imported_by=by, imported_at=at)
    _freeze(rows)
    workflow.conclude_imported(rows, by=by)


def _freeze(dossiers: QuerySet[Dossier]) -> None:
    chosen = (
        Dossier.objects.filter(pk__in=list(dossiers.values_list("pk", flat=True)))
        .with_context()
        .select_related("imported_by")
    )
    rows = chosen.prefetch_related(
        Prefetch(
            "conclusions",
            CriterionConclusion.objects.select_related("criterion", "concluded_by").order_by("criterion__number"),
        )
    )
    found = list(rows)
    for row in found:
        _keep(row, facts_among(row, row.conclusions.all()))
    Dossier.objects.bulk_update(found, ["frozen", "frozen_hash", "frozen_verdicts"], batch_size=100)


def _keep(dossier: Dossier, facts: dict[str, Any]) -> None:
    for name, value in frozen_columns(facts).items():
        setattr(dossier, name, value)


def _told(plan: Plan, order: Order, file: str, sha256: str) -> dict[str, Any]:
    """What the journal keeps: the file, the round where it was made, and every row that changed."""
    rows = []
    for item in plan.sets:
        for unit in item.units:
            if unit.is_new:
                marks = {number: MARK_OF[mark] for number, mark in unit.line.marks.items()}
                rows.append({"set": item.set.code, "code": unit.line.code, "unit": unit.unit.title, "new": marks})
            elif unit.changes:
                rows.append(
                    {
                        "set": item.set.code,
                        "code": unit.line.code,
                        "unit": unit.unit.title,
                        "old": {change.number: change.old for change in unit.changes},
                        "new": {change.number: change.new for change in unit.changes},
                    }
                )
    told: dict[str, Any] = {"file": file, "sha256": sha256, "rows": rows}
    if plan.is_new_round:
        told["round"] = {**(order.columns or {}), "authority": plan.round.authority}
    if plan.new_units:
        told["units_created"] = [{"code": unit.code, "unit": unit.title} for unit in plan.new_units]
    return told
