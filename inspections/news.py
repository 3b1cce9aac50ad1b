"""Who is told of what happens in a round: one function for each act, called by its service in the same transaction.

A sentence never tells more than its reader may see: communes hear of conclusions only when they are disclosed,
and of none what it is. Nobody is told of what he did himself.
"""

from collections.abc import Collection
from datetime import date

from django.db.models import Q
from django.urls import reverse

from communes.models import Event
from communes.news import cause_of, people_of_agencies, people_of_authority, people_of_communes
from communes.notation import day
from communes.notifications import Kind, tell
from communes.permissions import Permission
from criteria.models import AgencyAssignment

from .models import Dossier, InspectionRound, ReturnItem, RoundUnit, TeamMember

# ---------------------------------------------------------------- who


def team_of(dossier: Dossier) -> set[int]:
    """Members of the team whose share covers the dossier's commune."""
    covers = Q(communes__isnull=True) | Q(communes=dossier.inspection.commune_id)
    rows = TeamMember.objects.filter(covers, round=dossier.round_id, user__is_active=True).order_by()
    return set(rows.values_list("user", flat=True))


def leaders_of(dossier: Dossier) -> set[int]:
    """The head and the deputies who may decide on the dossier."""
    leading = [TeamMember.Position.HEAD, TeamMember.Position.DEPUTY]
    rows = TeamMember.objects.filter(round=dossier.round_id, position__in=leading, user__is_active=True).order_by()
    covers = Q(communes__isnull=True) | Q(communes=dossier.inspection.commune_id)
    return set(rows.filter(covers).values_list("user", flat=True))


def reporters_of(dossier: Dossier) -> set[int]:
    """Officers and leaders of the dossier's commune."""
    commune_id = dossier.inspection.commune_id
    return people_of_communes([commune_id]).get(commune_id, set())


def agencies_of(dossier: Dossier) -> set[int]:
    """People of the agencies in charge of an indicator of the dossier."""
    charged = AgencyAssignment.objects.filter(
        indicator__criteria_set=dossier.criteria_set_id, agency__authority=dossier.round.authority_id
    )
    return people_of_agencies(charged.order_by().values_list("agency", flat=True).distinct())


def name_of(dossier: Dossier) -> str:
    """ "Xã Phúc Khoa · Xã NTM"."""
    return f"{dossier.unit.title} · {dossier.criteria_set.short_name}"


def _tell(event: Event, people: Collection[int], kind: Kind, sentence: str, link: str, round_: InspectionRound) -> None:
    others = set(people) - {event.actor_id}
    tell(others, kind=kind, cause=cause_of(event), sentence=sentence, link=link, place=round_.name, at=event.at)


def _page(name: str, dossier: Dossier) -> str:
    return reverse(f"inspections:{name}", args=[dossier.pk])


# ---------------------------------------------------------------- the commune's acts


def submitted(event: Event, dossier: Dossier) -> None:
    late = " (nộp muộn)" if dossier.is_late else ""
    sentence = f"Hồ sơ {name_of(dossier)} đã được nộp{late}."
    team = team_of(dossier)
    _tell(event, team, Kind.HANDED_IN, sentence, _page("review-dossier", dossier), dossier.round)
    others = agencies_of(dossier) - team
    sentence = f"{sentence} Các chỉ tiêu do phòng, ban phụ trách chờ ý kiến."
    _tell(event, others, Kind.HANDED_IN, sentence, dossier.get_absolute_url(), dossier.round)


def recalled(event: Event, dossier: Dossier) -> None:
    sentence = f"Xã đã rút lại hồ sơ {name_of(dossier)} để sửa."
    _tell(event, team_of(dossier), Kind.HANDED_IN, sentence, _page("review-dossier", dossier), dossier.round)


def answered(event: Event, item: ReturnItem) -> None:
    """To whoever asked."""
    dossier, code = item.dossier, item.assessment.indicator.code
    sentence = f"{name_of(dossier)}: xã đã trả lời yêu cầu bổ sung chỉ tiêu {code}."
    link = reverse("inspections:review-criterion", args=[dossier.pk, item.assessment.criterion.number])
    _tell(event, {item.asked_by_id}, Kind.RETURNED, sentence, f"{link}#chi-tieu-{code}", dossier.round)


def resubmitted(event: Event, dossier: Dossier) -> None:
    """To the rest of the team; who asked has been told of each answer."""
    asked = set(dossier.return_items.values_list("asked_by", flat=True))
    sentence = f"Hồ sơ {name_of(dossier)} đã được bổ sung đủ và nộp lại."
    team = team_of(dossier) - asked
    _tell(event, team, Kind.HANDED_IN, sentence, _page("review-dossier", dossier), dossier.round)


def replied(event: Event, dossier: Dossier) -> None:
    what = "thống nhất, không giải trình" if dossier.reply_waived else "gửi giải trình"
    sentence = f"{name_of(dossier)}: xã đã {what} về dự thảo kết luận."
    _tell(event, leaders_of(dossier), Kind.CONCLUSION, sentence, _page("review-dossier", dossier), dossier.round)


# ---------------------------------------------------------------- the team's acts


def returned(event: Event, dossier: Dossier, items: list[ReturnItem]) -> None:
    until = day(min(item.due_on for item in items))
    sentence = f"{name_of(dossier)}: Đoàn kiểm tra yêu cầu bổ sung {len(items)} chỉ tiêu, hạn {until}."
    _tell(event, reporters_of(dossier), Kind.RETURNED, sentence, _page("dossier-returns", dossier), dossier.round)


def withdrawn(event: Event, item: ReturnItem) -> None:
    dossier = item.dossier
    sentence = f"{name_of(dossier)}: đã rút yêu cầu bổ sung chỉ tiêu {item.assessment.indicator.code}."
    _tell(event, reporters_of(dossier), Kind.RETURNED, sentence, _page("dossier-returns", dossier), dossier.round)


def made_provisional(event: Event, dossier: Dossier) -> None:
    until = dossier.reply_until
    reply = f", hạn giải trình {day(until)}" if until else ""
    sentence = f"Có dự thảo kết luận hồ sơ {name_of(dossier)}{reply}."
    _tell(event, reporters_of(dossier), Kind.CONCLUSION, sentence, dossier.get_absolute_url(), dossier.round)


def reminded(event: Event, dossier: Dossier, until: date) -> None:
    sentence = (
        f"{name_of(dossier)}: chưa có ý kiến về dự thảo kết luận, đề nghị giải trình trước hết ngày {day(until)}."
    )
    _tell(event, reporters_of(dossier), Kind.CONCLUSION, sentence, dossier.get_absolute_url(), dossier.round)


def taken_up(event: Event, dossier: Dossier) -> None:
    sentence = f"{name_of(dossier)}: Đoàn kiểm tra xem xét lại theo giải trình của xã."
    _tell(event, reporters_of(dossier), Kind.CONCLUSION, sentence, dossier.get_absolute_url(), dossier.round)
    team = team_of(dossier) - reporters_of(dossier)
    _tell(event, team, Kind.CONCLUSION, sentence, _page("review-dossier", dossier), dossier.round)


def approved(event: Event, dossier: Dossier) -> None:
    sentence = f"Kết luận hồ sơ {name_of(dossier)} đã được phê duyệt."
    _tell(event, reporters_of(dossier), Kind.CONCLUSION, sentence, dossier.get_absolute_url(), dossier.round)


def reopened(event: Event, dossier: Dossier) -> None:
    sentence = f"Hồ sơ {name_of(dossier)} đã kết luận nay được mở lại: {dossier.reopen_reason}"
    reporters = reporters_of(dossier)
    _tell(event, reporters, Kind.CONCLUSION, sentence, dossier.get_absolute_url(), dossier.round)
    team = team_of(dossier) - reporters
    _tell(event, team, Kind.CONCLUSION, sentence, _page("review-dossier", dossier), dossier.round)


# ---------------------------------------------------------------- the coordinator's acts


def opened(event: Event, round_: InspectionRound) -> None:
    """To every commune of the round: fill in; to the team: it has begun."""
    communes = people_of_communes(round_.units.order_by().values_list("commune", flat=True))
    reporters = set[int]().union(*communes.values())
    sentence = f"Đợt kiểm tra đã mở, hạn nộp hồ sơ {day(round_.due_on)}."
    _tell(event, reporters, Kind.ROUND, sentence, reverse("inspections:dossier-list"), round_)
    team = set(round_.team.filter(user__is_active=True).values_list("user", flat=True)) - reporters
    _tell(event, team, Kind.ROUND, sentence, round_.get_absolute_url(), round_)


def extended(event: Event, unit: RoundUnit) -> None:
    _tell_unit(event, unit, f"{unit.unit.title} được gia hạn nộp hồ sơ đến {day(unit.extended_until)}.")


def reply_extended(event: Event, unit: RoundUnit) -> None:
    _tell_unit(event, unit, f"{unit.unit.title} được gia hạn giải trình đến {day(unit.reply_extended_until)}.")


def extension_ended(event: Event, unit: RoundUnit) -> None:
    _tell_unit(event, unit, f"{unit.unit.title}: đã kết thúc gia hạn, áp dụng lại các ngày của đợt kiểm tra.")


def _tell_unit(event: Event, unit: RoundUnit, sentence: str) -> None:
    people = people_of_communes([unit.commune_id]).get(unit.commune_id, set())
    _tell(event, people, Kind.ROUND, sentence, reverse("inspections:dossier-list"), unit.round)


def cancelled(event: Event, round_: InspectionRound) -> None:
    communes = people_of_communes(round_.units.order_by().values_list("commune", flat=True))
    team = set(round_.team.filter(user__is_active=True).values_list("user", flat=True))
    sentence = f"Đợt kiểm tra đã hủy: {round_.cancel_reason}"
    _tell(event, team.union(*communes.values()), Kind.ROUND, sentence, reverse("home"), round_)


def coordinators_of(round_: InspectionRound) -> set[int]:
    return people_of_authority(round_.authority_id, Permission.ROUND_MANAGE)
