"""What an agency's report of a month states: read from the data of now, in the form in which it is kept.

The form is JSON, for what was submitted is kept as it was: {"round", "as_of", "compared_with", "indicators": rows
with names of units, "asked": recommendations put to the agency}. Figures come from inspections.figures alone.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from django.db.models import Q

from communes import clock
from communes.models import Agency, Authority
from communes.notation import day, local_day
from inspections.figures import of_indicator
from inspections.models import InspectionRound
from inspections.progress import IndicatorStandings, standings_of

from .models import FollowUp, MonthlyReport, MonthlyRule

Status = InspectionRound.Status


def month_of(on: date) -> date:
    """The month of a day, as its first day."""
    return on.replace(day=1)


def before(month: date) -> date:
    """The month before."""
    return month_of(date.fromordinal(month.toordinal() - 1))


def after(month: date) -> date:
    """The month after."""
    return month_of(date.fromordinal(month.toordinal() + 31))


def months(first: date, last: date) -> list[date]:
    """All months from the first to the last, the latest first."""
    found, month = [], last
    while month >= first:
        found.append(month)
        month = before(month)
    return found


def label(month: date) -> str:
    """ "06/2025"."""
    return f"{month:%m/%Y}"


def round_of(authority: Authority, month: date) -> InspectionRound | None:
    """Of which round a month tells: the last one that had begun by its end."""
    rows = InspectionRound.objects.filter(
        authority=authority, status__in=(Status.OPEN, Status.CLOSED), period_from__lt=after(month)
    )
    return rows.order_by("-period_from", "-pk").first()


def asked_agencies(authorities: Iterable[int]) -> list[Agency]:
    """Agencies that report: those in charge of an indicator."""
    rows = Agency.objects.filter(authority__in=list(authorities), is_active=True)
    return list(
        rows.filter(Q(indicator_assignments__isnull=False)).select_related("authority").distinct().order_by("name")
    )


def days_late(due_on: date, on: date) -> int:
    """Calendar days after the due day; 0 up to 23:59 of it."""
    return max(0, (on - due_on).days)


def days_late_of(report: MonthlyReport) -> int:
    """By how many days it was submitted late; 0 where it was in time or nobody had asked for it."""
    if report.submitted_at is None or report.due_on is None:
        return 0
    return days_late(report.due_on, local_day(report.submitted_at))


def due_on(agency: Agency, month: date) -> date | None:
    """The last day for a month; None where the authority does not ask for it."""
    rule = MonthlyRule.objects.filter(authority=agency.authority_id).first()
    return rule.due_on(month) if rule and rule.asks_for(month) else None


# ---------------------------------------------------------------- what is stated


def stated(agency: Agency, month: date, round_: InspectionRound | None) -> dict[str, Any]:
    """Everything that data says for the report of a month; the number of queries is fixed."""
    last = (
        MonthlyReport.objects.submitted()
        .filter(agency=agency, month__lt=month)
        .order_by("-month", "-number")
        .only("figures", "month")
        .first()
    )
    then = {row["indicator"]: row["states"] for row in last.figures["indicators"]} if last else {}
    rows = standings_of(agency, round_) if round_ else []
    return {
        "round": round_.name if round_ else "",
        "as_of": day(clock.today()),
        "compared_with": label(last.month) if last else "",
        "indicators": [_row(row, then.get(row.indicator.pk)) for row in rows],
        "asked": _asked(agency),
    }


def _row(row: IndicatorStandings, then: dict[str, str] | None) -> dict[str, Any]:
    indicator = row.indicator
    made = of_indicator(row.rows, then)
    return {
        "indicator": indicator.pk,
        "set": indicator.criteria_set.short_name,
        "criterion": indicator.criterion.number,
        "criterion_name": indicator.criterion.name,
        "code": indicator.code,
        "text": indicator.text,
        **{name: list(names) for name, names in asdict(made).items()},
        "states": {each.unit: each.state for each in row.rows},
        "given": row.given,
        "waiting": row.waiting,
    }


def _asked(agency: Agency) -> list[dict[str, Any]]:
    """Recommendations put to the agency that are not done yet."""
    items = FollowUp.objects.running().filter(agencies=agency).with_context()
    today = clock.today()
    return [
        {
            "pk": item.pk,
            "text": item.text,
            "notice": str(item.recommendation.notice),
            "status": item.status,
            "status_label": item.status_label,
            "due_on": day(item.due_on),
            "days_late": days_late(item.due_on, today) if item.due_on else 0,
        }
        for item in items.order_by("due_on", "pk")
    ]
