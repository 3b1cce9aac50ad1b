"""What is told because a day comes near or has gone by: due dates, dates of questions, the last day for a reply.

Called once a day by the worker; a reminder's cause names its object and date, so that calling it twice tells
nothing twice, and a date that is moved is reminded of anew.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count, Min, Q
from django.urls import reverse

from communes import clock
from communes.news import people_of_communes
from communes.notation import day as written
from communes.notation import days_left
from communes.notifications import Kind, News, tell_many

from . import news
from .models import Dossier, InspectionRound, ReturnItem
from .progress import waiting

# So many days ahead a due date is reminded of, and again on the day itself.
NEAR = timedelta(days=3)
# What went by longer ago than this is not reminded of when the worker starts for the first time.
FORGOTTEN = timedelta(days=14)
AT_ONCE = 200


def remind() -> int:
    """Tell everybody concerned; how many reminders stand for today, told now or before."""
    today = clock.today()
    news_of_today = (*_to_hand_in(today), *_to_answer(today), *_to_reply(today), *_late_units(today))
    for start in range(0, len(news_of_today), AT_ONCE):
        with transaction.atomic():
            tell_many(news_of_today[start : start + AT_ONCE], kind=Kind.DEADLINE)
    return len(news_of_today)


def stage_of(due_on: date, today: date) -> str:
    """ "soon", "today", "late", or nothing where the day is far ahead or long gone."""
    if due_on == today:
        return "today"
    if today < due_on <= today + NEAR:
        return "soon"
    return "late" if today - FORGOTTEN <= due_on < today else ""


def _to_hand_in(today: date) -> Iterator[News]:
    """To the commune: its dossier is to be handed in."""
    days = (today - FORGOTTEN, today + NEAR)
    falls_here = Q(round_unit__extended_until__isnull=True, round__due_on__range=days)
    near = Dossier.objects.with_context().filter(falls_here | Q(round_unit__extended_until__range=days))
    dossiers = list(waiting.not_handed_in(near).order_by("pk").defer("frozen"))
    people = people_of_communes(item.inspection.commune_id for item in dossiers)
    for dossier in dossiers:
        stage, until = stage_of(dossier.due_on, today), dossier.due_on
        yield News(
            frozenset(people.get(dossier.inspection.commune_id, ())),
            f"due-{stage}:dossier:{dossier.pk}:{until}",
            f"Hồ sơ {news.name_of(dossier)} chưa nộp, hạn {written(until)} ({days_left(until, today)}).",
            link=dossier.get_absolute_url(),
            place=dossier.round.name,
        )


def _to_answer(today: date) -> Iterator[News]:
    """To the commune: questions wait for its answer; to who asked, once they are late."""
    items = (
        ReturnItem.objects.filter(
            status=ReturnItem.Status.OPEN,
            due_on__gte=today - FORGOTTEN,
            due_on__lte=today + NEAR,
            **waiting.OPEN_DOSSIER,
        )
        .order_by()
        .values("dossier", "due_on", "asked_by")
        .annotate(count=Count("pk"))
    )
    found = list(items)
    dossiers = Dossier.objects.with_context().defer("frozen").in_bulk({item["dossier"] for item in found})
    people = people_of_communes(item.inspection.commune_id for item in dossiers.values())
    together: dict[tuple[int, date], int] = {}
    for item in found:
        key = (item["dossier"], item["due_on"])
        together[key] = together.get(key, 0) + item["count"]
    for (pk, due_on), count in together.items():
        dossier, stage = dossiers[pk], stage_of(due_on, today)
        yield News(
            frozenset(people.get(dossier.inspection.commune_id, ())),
            f"answer-{stage}:dossier:{pk}:{due_on}",
            f"{news.name_of(dossier)}: {count} yêu cầu bổ sung chờ trả lời, hạn {written(due_on)} "
            f"({days_left(due_on, today)}).",
            link=reverse("inspections:dossier-returns", args=[pk]),
            place=dossier.round.name,
        )
    for item in found:
        if stage_of(item["due_on"], today) == "late":
            dossier = dossiers[item["dossier"]]
            yield News(
                frozenset({item["asked_by"]}),
                f"answer-overdue:dossier:{dossier.pk}:{item['due_on']}",
                f"{news.name_of(dossier)}: xã chưa trả lời {item['count']} yêu cầu bổ sung có hạn "
                f"{written(item['due_on'])}.",
                link=reverse("inspections:review-dossier", args=[dossier.pk]),
                place=dossier.round.name,
            )


def _to_reply(today: date) -> Iterator[News]:
    """To the commune: the last days on which it may reply to provisional conclusions; silence says it agrees."""
    rows = Dossier.objects.annotate(last_day=waiting.reply_day()).filter(
        status=Dossier.Status.PROVISIONAL,
        replied_at__isnull=True,
        last_day__gte=today,
        last_day__lte=today + NEAR,
        **waiting.OPEN,
    )
    dossiers = list(rows.with_context().defer("frozen"))
    people = people_of_communes(item.inspection.commune_id for item in dossiers)
    for dossier in dossiers:
        until = dossier.reply_until
        if until is None:
            continue
        yield News(
            frozenset(people.get(dossier.inspection.commune_id, ())),
            f"reply-{stage_of(until, today)}:dossier:{dossier.pk}:{until}",
            f"{news.name_of(dossier)}: hạn giải trình dự thảo kết luận {written(until)} ({days_left(until, today)}).",
            link=dossier.get_absolute_url(),  # where its leaders, who cannot reply, get in as well
            place=dossier.round.name,
        )


def _late_units(today: date) -> Iterator[News]:
    """To who keeps the round: how many dossiers are late, once for each due date of the round."""
    rows = (
        waiting.late(Dossier.objects.all())
        .order_by()
        .values("round")
        .annotate(count=Count("pk"), first=Min("round__due_on"))
    )
    late = {item["round"]: item["count"] for item in rows if item["first"] >= today - FORGOTTEN}
    for round_ in InspectionRound.objects.filter(pk__in=late).order_by("pk"):
        yield News(
            frozenset(news.coordinators_of(round_)),
            f"units-late:round:{round_.pk}:{round_.due_on}",
            f"{late[round_.pk]} hồ sơ quá hạn chưa nộp (hạn chung {written(round_.due_on)}).",
            link=reverse("inspections:round-detail", args=[round_.code]) + "?loc=qua-han",
            place=round_.name,
        )
