"""Who is told of a document's way and of what follows from it; called by the services in the same transaction."""

from collections.abc import Collection
from datetime import date

from django.urls import reverse

from communes.models import Agency, Event
from communes.news import cause_of, people_of_agencies, people_of_authority, people_of_communes
from communes.notation import day
from communes.notifications import Kind, tell
from communes.permissions import Permission
from inspections.models import Inspection

from .models import FollowUp, FollowUpNote, MonthlyReport, Notice


def _tell(event: Event, people: Collection[int], sentence: str, link: str, notice: Notice) -> None:
    others = set(people) - {event.actor_id}
    cause, place = cause_of(event), notice.round.name
    tell(others, kind=Kind.NOTICE, cause=cause, sentence=sentence, link=link, place=place, at=event.at)


def approved(event: Event, notice: Notice) -> None:
    """To those who issue."""
    offices = people_of_authority(notice.authority_id, Permission.NOTICE_ISSUE)
    sentence = f"{notice.kind} đã được phê duyệt, chờ cho số và ban hành."
    _tell(event, offices, sentence, notice.get_absolute_url(), notice)


def sent_back(event: Event, notice: Notice) -> None:
    """To whoever began it; what the office writes, to the whole office."""
    writers = {notice.composed_by_id} if notice.composed_by_id else set[int]()
    if notice.prescribed.needs is Permission.NOTICE_COMPOSE:
        writers |= people_of_authority(notice.authority_id, Permission.NOTICE_COMPOSE)
    sentence = f"{notice.kind} được gửi lại để sửa: {notice.sent_back_reason}"
    _tell(event, writers, sentence, notice.get_absolute_url(), notice)


def issued(event: Event, notice: Notice) -> None:
    """To the communes it tells of, where everyone may read it; to the team and the office."""
    people = set[int]()
    sentence = f"{notice} đã được ban hành."
    if notice.is_published:
        inspections = Inspection.objects.filter(round=notice.round_id)
        if notice.inspection_id:
            inspections = inspections.filter(pk=notice.inspection_id)
        communes = people_of_communes(inspections.order_by().values_list("commune", flat=True))
        people = people.union(*communes.values())
        _tell(event, people, sentence, reverse("reports:public-detail", args=[notice.public_id]), notice)
    team = set(notice.round.team.filter(user__is_active=True).values_list("user", flat=True))
    office = people_of_authority(notice.authority_id, Permission.ROUND_READ)
    _tell(event, (team | office) - people, sentence, notice.get_absolute_url(), notice)


# ---------------------------------------------------------------- recommendations


def recommended(event: Event, notice: Notice, items: Collection[FollowUp]) -> None:
    """To those who were not told of the issue itself: agencies to which something is put."""
    agencies = FollowUp.agencies.through.objects.filter(followup__in=items)
    people = people_of_agencies(agencies.values_list("agency", flat=True))
    sentence = f"{notice} có kiến nghị giao cơ quan thực hiện."
    _tell(event, people, sentence, reverse("reports:follow-up-list"), notice)


def people_of(item: FollowUp) -> set[int]:
    """Whoever works for those to whom an item is put."""
    communes = people_of_communes(row.pk for row in item.communes.all())
    return people_of_agencies(row.pk for row in item.agencies.all()).union(*communes.values())


def progressed(event: Event, item: FollowUp, note: FollowUpNote) -> None:
    """To the office; what the office itself wrote, to those who are to do it."""
    notice, whose = item.recommendation.notice, note.commune or note.agency
    if whose:
        people = people_of_authority(notice.authority_id, Permission.NOTICE_COMPOSE)
        _tell(event, people, f"{whose} báo tiến độ thực hiện kiến nghị: {note.text}", item.get_absolute_url(), notice)
    else:
        _tell(event, people_of(item), f"Ghi nhận về kiến nghị: {note.text}", item.get_absolute_url(), notice)


def terms_set(event: Event, item: FollowUp) -> None:
    when = f", hạn {day(item.due_on)}" if item.due_on else ""
    sentence = f"Kiến nghị được giao thực hiện{when}: {item.text}"
    _tell(event, people_of(item), sentence, item.get_absolute_url(), item.recommendation.notice)


def ended(event: Event, item: FollowUp, note: str) -> None:
    sentence = f"Kiến nghị được ghi nhận “{item.status_label}”: {note}"
    _tell(event, people_of(item), sentence, item.get_absolute_url(), item.recommendation.notice)


def reopened(event: Event, item: FollowUp, reason: str) -> None:
    sentence = f"Kiến nghị được mở lại để thực hiện tiếp: {reason}"
    _tell(event, people_of(item), sentence, item.get_absolute_url(), item.recommendation.notice)


# ---------------------------------------------------------------- monthly reports


def monthly_submitted(event: Event, report: MonthlyReport) -> None:
    """To the office that asked for it."""
    people = people_of_authority(report.agency.authority_id, Permission.NOTICE_COMPOSE) - {event.actor_id}
    sentence = f"{report} đã được nộp."
    place, link = report.agency.authority.name, report.get_absolute_url()
    tell(people, kind=Kind.HANDED_IN, cause=cause_of(event), sentence=sentence, link=link, place=place, at=event.at)


def monthly_reminded(event: Event, agency: Agency, month: date, due_on: date | None) -> None:
    when = f", hạn {day(due_on)}" if due_on else ""
    sentence = f"Văn phòng Điều phối nhắc: báo cáo tháng {month:%m/%Y} của {agency} chưa nộp{when}."
    link = reverse("reports:monthly-report", args=[agency.pk, month])
    place, people = agency.authority.name, people_of_agencies([agency.pk])
    tell(people, kind=Kind.DEADLINE, cause=cause_of(event), sentence=sentence, link=link, place=place, at=event.at)
