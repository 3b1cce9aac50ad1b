"""What waits for a person, told in whole sentences, most urgent first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from communes import clock
from communes.models import User
from communes.permissions import Permission

from ..models import Dossier, InspectionRound, ReturnItem, TeamMember
from . import waiting
from .lines import entered
from .shares import Share, shares_of

FAR = date.max
Status = Dossier.Status


@dataclass(frozen=True)
class Task:
    """One thing to do.

    title: what, with its number. detail: where. due_on: by when, None without a date. state: the sign shown
    before it, as `sign` draws it. is_urgent: sent back, or late.
    """

    title: str
    detail: str
    due_on: date | None
    url: str
    action_label: str
    is_urgent: bool = False
    state: str = "todo"


def tasks_for(user: User) -> list[Task]:
    """Everything that waits for a person, in all roles together; the number of queries is fixed."""
    found: list[Task] = []
    if user.has(Permission.DOSSIER_EDIT):
        found += _of_commune(user)
    if user.has(Permission.OPINION_GIVE):
        found += _of_agency(user)
    if user.has(Permission.DOSSIER_REVIEW):
        shares = shares_of(user)
        found += _of_inspector(shares)
        if user.has(Permission.DOSSIER_APPROVE):
            found += _of_head(shares)
    if user.has(Permission.ROUND_MANAGE):
        found += _of_coordinator(user)
    return sorted(found, key=urgency)


def urgency(task: Task) -> tuple[bool, bool, date]:
    """Key to sort by: what was sent back or answered first, then what is late, then by date."""
    return task.state not in ("returned", "answered"), not task.is_urgent, task.due_on or FAR


def queue_url(what: str, round_id: int | None = None) -> str:
    """Address of the queue showing one kind of work, of one round."""
    return reverse("inspections:queue") + f"?viec={what}" + (f"&dot={round_id}" if round_id else "")


# ---------------------------------------------------------------- the commune


def _of_commune(user: User) -> Iterator[Task]:
    communes = user.scope("commune", needs=Permission.DOSSIER_EDIT)
    own = Dossier.objects.filter(inspection__commune__in=communes, **waiting.OPEN).with_context().defer("frozen")
    yield from _sent_back(own)
    yield from _not_handed_in(own)
    yield from _to_reply(own)


def _sent_back(own: QuerySet[Dossier]) -> Iterator[Task]:
    is_open = Q(return_items__status=ReturnItem.Status.OPEN)
    rows = own.filter(status=Status.RETURNED).annotate(
        out=Count("return_items", filter=is_open),
        late=Count("return_items", filter=is_open & Q(return_items__due_on__lt=clock.today())),
        first_due=Min("return_items__due_on", filter=is_open),
    )
    for dossier in rows:
        yield Task(
            f"{dossier.out} chỉ tiêu cần bổ sung" + (f", {dossier.late} đã quá hạn" if dossier.late else ""),
            place_of(dossier),
            dossier.first_due,
            reverse("inspections:dossier-returns", args=[dossier.pk]),
            "Bổ sung",
            is_urgent=True,
            state="returned",
        )


def _not_handed_in(own: QuerySet[Dossier]) -> Iterator[Task]:
    drafts = list(waiting.not_handed_in(own))
    tallies = entered(drafts)
    for dossier in drafts:
        tally = tallies.get(dossier.pk)
        unfinished = f"Còn {tally.left}/{tally.total} tiêu chí chưa nhập xong" if tally and tally.left else ""
        yield Task(
            unfinished or "Đã nhập đủ, chưa nộp",
            place_of(dossier),
            dossier.due_on,
            dossier.get_absolute_url() if unfinished else reverse("inspections:dossier-submit", args=[dossier.pk]),
            "Tiếp tục" if unfinished else "Kiểm tra và nộp",
            is_urgent=dossier.due_on < clock.today(),
            state="draft" if unfinished else "missing",
        )


def _to_reply(own: QuerySet[Dossier]) -> Iterator[Task]:
    rows = own.annotate(last_day=waiting.reply_day())
    for dossier in rows.filter(status=Status.PROVISIONAL, replied_at__isnull=True, last_day__gte=clock.today()):
        is_reminded = dossier.round_unit.reminded_at is not None
        yield Task(
            "Đoàn nhắc: dự thảo kết luận chờ giải trình" if is_reminded else "Dự thảo kết luận chờ giải trình",
            place_of(dossier),
            dossier.reply_until,
            reverse("inspections:dossier-reply", args=[dossier.pk]),
            "Xem và giải trình",
            is_urgent=is_reminded,
            state="provisional",
        )


def place_of(dossier: Dossier) -> str:
    """ "Rà soát 6 tháng 2025 · Xã Phúc Khoa · xã NTM"."""
    return f"{dossier.round.name} · {dossier.unit.title} · {dossier.criteria_set.short_name}"


# ---------------------------------------------------------------- agency, team


def _rounds(rows: QuerySet, path: str = "dossier__") -> Iterable[tuple[int, str, int, int]]:
    """(round id, name, how many rows, in how many dossiers) of rows grouped by round: one query."""
    dossier = f"{path}pk" if path else "pk"
    return (
        rows.order_by()
        .values_list(f"{path}round", f"{path}round__name")
        .annotate(rows=Count("pk", distinct=True), dossiers=Count(dossier, distinct=True))
        .order_by(f"{path}round__due_on", f"{path}round")
    )


def _of_agency(user: User) -> Iterator[Task]:
    for pk, name, rows, dossiers in _rounds(waiting.for_opinion(user)):
        yield Task(
            f"{rows} chỉ tiêu của {dossiers} hồ sơ chờ ý kiến",
            name,
            None,
            queue_url("y-kien", pk),
            "Cho ý kiến",
        )


def _of_inspector(shares: list[Share]) -> Iterator[Task]:
    for pk, name, rows, dossiers in _rounds(waiting.answered(shares)):
        yield Task(
            f"{rows} nội dung bổ sung của {dossiers} hồ sơ cần xem lại",
            name,
            None,
            queue_url("tra-loi", pk),
            "Xem trả lời",
            is_urgent=True,
            state="answered",
        )
    for pk, name, rows, dossiers in _rounds(waiting.overdue(shares)):
        yield Task(
            f"{rows} yêu cầu bổ sung của {dossiers} hồ sơ quá hạn, xã chưa trả lời",
            name,
            None,
            queue_url("cho-xa", pk),
            "Xem yêu cầu",
            is_urgent=True,
            state="overdue",
        )
    for pk, name, rows, dossiers in _rounds(waiting.to_conclude(shares)):
        yield Task(
            f"{rows} tiêu chí của {dossiers} hồ sơ chờ kết luận",
            name,
            None,
            queue_url("ket-luan", pk),
            "Kiểm tra",
            state="submitted",
        )


def _of_head(shares: list[Share]) -> Iterator[Task]:
    for pk, name, rows, _ in _rounds(waiting.silent(shares), path=""):
        yield Task(
            f"{rows} hồ sơ xã không có ý kiến về dự thảo, cần nhắc",
            name,
            None,
            queue_url("nhac", pk),
            "Xem và nhắc",
            is_urgent=True,
            state="overdue",
        )
    for pk, name, rows, _ in _rounds(waiting.for_provisional(shares), path=""):
        yield Task(
            f"{rows} hồ sơ đã kết luận đủ, chờ công bố dự thảo",
            name,
            None,
            queue_url("du-thao", pk),
            "Xem và công bố",
            state="submitted",
        )
    for pk, name, rows, _ in _rounds(waiting.for_approval(shares), path=""):
        yield Task(
            f"{rows} hồ sơ chờ phê duyệt kết luận",
            name,
            None,
            queue_url("phe-duyet", pk),
            "Xem và phê duyệt",
            state="provisional",
        )


# ---------------------------------------------------------------- coordinator


def _of_coordinator(user: User) -> Iterator[Task]:
    rounds = InspectionRound.objects.for_user(user)
    heads = Count("team", filter=Q(team__position=TeamMember.Position.HEAD), distinct=True)
    for round_ in rounds.filter(status=InspectionRound.Status.DRAFT).annotate(
        heads=heads, planned=Count("units", distinct=True)
    ):
        lacks = ([] if round_.planned else ["đơn vị"]) + ([] if round_.heads else ["Trưởng đoàn"])
        title = f"Đợt đang lập, chưa có {' và '.join(lacks)}" if lacks else "Đợt đang lập, đủ điều kiện mở"
        yield Task(title, round_.name, round_.due_on, round_.get_absolute_url(), "Tiếp tục lập")
    here = Dossier.objects.filter(round__in=rounds.filter(status=InspectionRound.Status.OPEN).order_by())
    codes = dict(rounds.filter(status=InspectionRound.Status.OPEN).values_list("pk", "code"))
    for pk, name, rows, _ in _rounds(waiting.late(here), path=""):
        yield Task(
            f"{rows} hồ sơ quá hạn chưa nộp",
            name,
            None,
            reverse("inspections:round-detail", args=[codes[pk]]) + "?loc=qua-han",
            "Xem đơn vị",
            is_urgent=True,
            state="overdue",
        )
    left = Count("pk", filter=~Q(status=Status.CONCLUDED))
    done = here.filter(**waiting.OPEN).order_by().values_list("round__name", "round__code").annotate(left=left)
    for name, code, open_ in done:
        if not open_:
            yield Task(
                "Mọi hồ sơ đã kết luận, có thể đóng đợt",
                name,
                None,
                reverse("inspections:round-detail", args=[code]),
                "Xem đợt",
                state="concluded",
            )
