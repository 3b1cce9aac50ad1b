"""What is told because a day comes near or has gone by: due dates of recommendations, monthly reports.

Called once a day by the worker; a reminder's cause names its object and date, so that calling it twice tells
nothing twice, and a date that is moved is reminded of anew.
"""

from collections.abc import Iterator
from datetime import date

from django.db import transaction
from django.urls import reverse

from communes import clock
from communes.models import Authority
from communes.news import people_of_agencies, people_of_authority
from communes.notation import day as written
from communes.notation import days_left
from communes.notifications import Kind, News, tell_many
from communes.permissions import Permission
from inspections.reminders import FORGOTTEN, NEAR, stage_of

from . import monthly
from .models import FollowUp, MonthlyReport, MonthlyRule
from .news import people_of

AT_ONCE = 200


def remind() -> int:
    """Tell everybody concerned; how many reminders stand for today, told now or before."""
    today = clock.today()
    found = [*_of_recommendations(today), *_of_months(today)]
    for start in range(0, len(found), AT_ONCE):
        with transaction.atomic():
            tell_many(found[start : start + AT_ONCE], kind=Kind.DEADLINE)
    return len(found)


def _of_recommendations(today: date) -> Iterator[News]:
    """To those who are to do it; once it is late, also to the office."""
    rows = FollowUp.objects.running().filter(due_on__range=(today - FORGOTTEN, today + NEAR))
    for item in rows.with_context().prefetch_related("agencies", "communes").order_by("due_on", "pk"):
        due_on, notice = item.due_on, item.recommendation.notice
        if due_on is None:
            continue
        now = stage_of(due_on, today)
        sentence = f"Kiến nghị hạn {written(due_on)} ({days_left(due_on, today)}): {item.text}"
        link, place = item.get_absolute_url(), str(notice)
        yield News(frozenset(people_of(item)), f"due-{now}:follow-up:{item.pk}:{due_on}", sentence, link, place)
        if now == "late":
            office = people_of_authority(notice.authority_id, Permission.NOTICE_COMPOSE)
            yield News(frozenset(office), f"overdue:follow-up:{item.pk}:{due_on}", sentence, link, place)


def _of_months(today: date) -> Iterator[News]:
    """To agencies that have not reported yet; once it is late, how many they are, to the office."""
    this = monthly.month_of(today)
    for rule in MonthlyRule.objects.select_related("authority").order_by("pk"):
        for month in (monthly.before(this), this):
            due_on = rule.due_on(month)
            if rule.asks_for(month) and (now := stage_of(due_on, today)):
                yield from _of_month(rule.authority, month, due_on, now)


def _of_month(authority: Authority, month: date, due_on: date, now: str) -> Iterator[News]:
    done = set(MonthlyReport.objects.submitted().filter(month=month).values_list("agency", flat=True))
    missing = [agency for agency in monthly.asked_agencies([authority.pk]) if agency.pk not in done]
    when = f"hạn {written(due_on)} ({days_left(due_on, clock.today())})"
    for agency in missing:
        yield News(
            frozenset(people_of_agencies([agency.pk])),
            f"monthly-{now}:{agency.pk}:{month}:{due_on}",
            f"Báo cáo tháng {monthly.label(month)} của {agency} chưa nộp, {when}.",
            link=reverse("reports:monthly-report", args=[agency.pk, month]),
            place=authority.name,
        )
    if missing and now == "late":
        yield News(
            frozenset(people_of_authority(authority.pk, Permission.NOTICE_COMPOSE)),
            f"monthly-overdue:{authority.pk}:{month}:{due_on}",
            f"{len(missing)} phòng, ban chưa nộp báo cáo tháng {monthly.label(month)}, {when}.",
            link=reverse("reports:monthly-list"),
            place=authority.name,
        )
