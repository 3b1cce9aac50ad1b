"""Who is told of a document's way: approved, given back, issued; called by its services in the same transaction."""

from collections.abc import Collection

from django.urls import reverse

from communes.models import Event
from communes.news import cause_of, people_of_authority, people_of_communes
from communes.notifications import Kind, tell
from communes.permissions import Permission
from inspections.models import Inspection

from .models import Notice


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
