"""What can be done with criteria sets: draft, copy, publish, retire, confirm a threshold, load from files."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from communes import clock, journal, notation
from communes.models import Agency, User

from . import completeness, copying, files
from .models import AgencyAssignment, CriteriaSet, Indicator, Threshold, ThresholdConfirmation


class SetIsFixed(Exception):
    """A change was asked of a set that is no longer in the state for it; the message says who and when."""


class SetIsIncomplete(Exception):
    """A set cannot be published yet; `problems` are Vietnamese sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class AlreadyConfirmed(Exception):
    """A threshold that was confirmed before is confirmed again; the message says by whom and where."""


@dataclass(frozen=True)
class Loaded:
    """What loading from files did: which sets are new, which stood already."""

    made: list[CriteriaSet] = field(default_factory=list)
    kept: list[CriteriaSet] = field(default_factory=list)


@transaction.atomic
def create_set(
    *,
    code: str,
    name: str,
    short_name: str,
    level: str,
    tier: str,
    effective_from: date,
    by: User,
    effective_to: date | None = None,
    legal_basis: str = "",
    counts_basically_met: bool = False,
    is_incomplete: bool = False,
    note: str = "",
) -> CriteriaSet:
    """An empty draft: version 1 of a new code, or the next version of a known one."""
    criteria_set = CriteriaSet(
        code=code,
        version=next_version(code),
        name=name,
        short_name=short_name,
        level=level,
        tier=tier,
        effective_from=effective_from,
        effective_to=effective_to,
        legal_basis=legal_basis,
        counts_basically_met=counts_basically_met,
        is_incomplete=is_incomplete,
        note=note,
    )
    criteria_set.full_clean()
    criteria_set.save()
    journal.record("criteria_set.created", subject=criteria_set, by=by, chain=journal.REFERENCE)
    return criteria_set


@transaction.atomic
def copy_set(criteria_set: CriteriaSet, *, by: User) -> CriteriaSet:
    """A new draft version with the same content; confirmations of thresholds go along, their values are the same."""
    copy = copying.copy_whole(criteria_set, version=next_version(criteria_set.code))
    journal.record(
        "criteria_set.copied",
        subject=copy,
        by=by,
        chain=journal.REFERENCE,
        data={"copied_from": criteria_set.version},
    )
    return copy


@transaction.atomic
def publish(criteria_set: CriteriaSet, *, by: User | None) -> CriteriaSet:
    """Make a draft final; from now on nothing in it changes.

    by: None only for sets that come with the portal.
    Raises SetIsIncomplete with what is missing, SetIsFixed where it is no longer a draft.
    """
    # Nobody changes the draft between the check and the move.
    CriteriaSet.objects.select_for_update().get(pk=criteria_set.pk)
    problems = completeness.problems(criteria_set)
    if problems:
        raise SetIsIncomplete(problems)
    _move(
        criteria_set,
        from_=CriteriaSet.Status.DRAFT,
        to=CriteriaSet.Status.PUBLISHED,
        published_by=by,
        published_at=clock.now(),
    )
    data = {"criteria": criteria_set.criteria.count(), "indicators": criteria_set.indicators.count()}
    journal.record("criteria_set.published", subject=criteria_set, by=by, chain=journal.REFERENCE, data=data)
    return criteria_set


@transaction.atomic
def retire(criteria_set: CriteriaSet, *, by: User) -> CriteriaSet:
    """Offer a published set to no new round; rounds that use it go on. Raises SetIsFixed where it is not published."""
    _move(criteria_set, from_=CriteriaSet.Status.PUBLISHED, to=CriteriaSet.Status.RETIRED)
    journal.record("criteria_set.retired", subject=criteria_set, by=by, chain=journal.REFERENCE)
    return criteria_set


@transaction.atomic
def describe_set(criteria_set: CriteriaSet, *, by: User, **changes: Any) -> CriteriaSet:
    """Change what a draft says of itself: name, dates, legal basis, options. Raises SetIsFixed if it is no draft."""
    # Read anew: a form may already have put what was typed into the object it was given.
    stands = CriteriaSet.objects.get(pk=criteria_set.pk)
    if not stands.is_editable:
        raise SetIsFixed(CriteriaSet.IMMUTABLE)
    changed = {name: value for name, value in changes.items() if getattr(stands, name) != value}
    old = {name: getattr(stands, name) for name in changed}
    for name, value in changed.items():
        setattr(stands, name, value)
    stands.full_clean()
    if changed:
        stands.save(update_fields=list(changed))
        journal.record("criteria_set.described", subject=stands, by=by, chain=journal.REFERENCE, old=old, new=changed)
    return stands


@transaction.atomic
def confirm_threshold(
    threshold: Threshold, *, decision: str, article: str, on: date, by: User
) -> ThresholdConfirmation:
    """Record that a threshold stands so in a decision; its value does not change, from now on it may decide.

    on: the day somebody read the decision. Raises AlreadyConfirmed, and SetIsFixed for a retired set.
    """
    criteria_set = threshold.get_set()
    if criteria_set.status == CriteriaSet.Status.RETIRED:
        raise SetIsFixed(f"{criteria_set} đã ngừng áp dụng, không đối chiếu thêm.")
    if threshold.is_confirmed_in_source:
        raise AlreadyConfirmed("Ngưỡng này đã đối chiếu nguồn khi nhập.")
    confirmation = ThresholdConfirmation(
        threshold=threshold, decision=decision, article=article, confirmed_on=on, by=by, recorded_at=clock.now()
    )
    confirmation.clean_fields()
    try:
        with transaction.atomic():
            confirmation.save(force_insert=True)
    except IntegrityError:
        first = ThresholdConfirmation.objects.select_related("by").get(threshold=threshold)
        when = notation.minute(first.recorded_at)
        raise AlreadyConfirmed(f"{first.by} đã đối chiếu ngưỡng này lúc {when} theo {first.decision}.") from None
    journal.record(
        "threshold.confirmed",
        subject=threshold,
        by=by,
        chain=journal.REFERENCE,
        label=f"{criteria_set}, chỉ tiêu {threshold.indicator.code}: {threshold}",
        data={"decision": decision, "article": article, "confirmed_on": on},
    )
    return confirmation


@transaction.atomic
def assign_agencies(indicator: Indicator, agencies: Iterable[Agency], *, by: User) -> None:
    """Put exactly these of the person's own agencies in charge; allowed after publishing too: agencies change.

    Agencies of other authorities stay as they are.
    """
    own = indicator.agency_assignments.filter(agency__in=Agency.objects.for_user(by)).select_related("agency")
    before = {assignment.agency for assignment in own}
    wanted = list(agencies)
    own.exclude(agency__in=wanted).delete()
    AgencyAssignment.objects.bulk_create(
        (AgencyAssignment(indicator=indicator, agency=agency) for agency in wanted), ignore_conflicts=True
    )
    if before != set(wanted):
        old, new = (sorted(agency.code for agency in rows) for rows in (before, wanted))
        journal.record("indicator.assigned", subject=indicator, by=by, chain=journal.REFERENCE, old=old, new=new)


@transaction.atomic
def load_set_from_files(folder: Path, *, by: User | None = None) -> tuple[CriteriaSet, bool]:
    """One version of a set from its folder of CSV files, and whether it is new.

    A version that stands already is left as it is, even where the files differ: sets are immutable. Its
    agencies are filled up, since an authority may have come later.
    """
    row = files.set_row(folder)
    known = CriteriaSet.objects.filter(code=row["code"], version=int(row["version"])).first()
    if known:
        if added := files.fill_agencies(known, folder):
            journal.record(
                "criteria_set.agencies_filled", subject=known, by=by, chain=journal.REFERENCE, data={"added": added}
            )
        return known, False
    criteria_set = CriteriaSet(is_supplied=True, **files.described(row))
    criteria_set.full_clean()
    criteria_set.save()
    files.fill(criteria_set, folder)
    files.fill_agencies(criteria_set, folder)
    journal.record(
        "criteria_set.loaded", subject=criteria_set, by=by, chain=journal.REFERENCE, data={"folder": folder.name}
    )
    if files.yes(row["publish"]):
        publish(criteria_set, by=by)
    return criteria_set, True


def load_supplied_sets(*, by: User | None = None) -> Loaded:
    """Every set that comes with the portal; a second run changes nothing."""
    result = Loaded()
    for folder in files.folders():
        criteria_set, is_new = load_set_from_files(folder, by=by)
        (result.made if is_new else result.kept).append(criteria_set)
    return result


def next_version(code: str) -> int:
    """The number of the next version of a code; 1 for a new one. Two who ask at once get it one after the other."""
    list(CriteriaSet.objects.select_for_update().filter(code=code).values_list("pk"))
    return (CriteriaSet.objects.filter(code=code).aggregate(last=Max("version"))["last"] or 0) + 1


def _move(criteria_set: CriteriaSet, *, from_: str, to: str, **changes: Any) -> None:
    """Compare and set: of two people who press at once, one moves the set and the other is told."""
    moved = CriteriaSet.objects.filter(pk=criteria_set.pk, status=from_).update(status=to, **changes)
    criteria_set.refresh_from_db()
    if not moved:
        who = f" bởi {criteria_set.published_by}" if criteria_set.published_by else ""
        when = f" lúc {notation.minute(criteria_set.published_at)}" if criteria_set.published_at else ""
        raise SetIsFixed(
            f"{criteria_set} đang ở trạng thái “{criteria_set.get_status_display()}”"
            + (f", đã công bố{who}{when}." if when else ".")
        )
