"""What people are told in the portal and by mail: rows written together with what they tell of.

Whoever does something decides in its own app who is to be told (`news.py` there) and calls `tell` within the
same transaction. A cause is told to a person once, whatever runs twice. What goes out by mail is gathered into
one digest per person and day; `communes/mailing.py` sends them.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from . import clock
from .fields import LineField

if TYPE_CHECKING:
    from .models import User

SHOWN_AT_MOST = 99
SENTENCE_LENGTH = 400
PLACE_LENGTH = 250


class Kind(models.TextChoices):
    """What a person may choose to be told of."""

    RETURNED = "returned", "Yêu cầu bổ sung và trả lời"
    HANDED_IN = "handed_in", "Hồ sơ được nộp, nộp lại, rút lại"
    CONCLUSION = "conclusion", "Dự thảo kết luận, giải trình, phê duyệt, mở lại"
    ROUND = "round", "Mở đợt, gia hạn, hủy đợt"
    DEADLINE = "deadline", "Sắp đến hạn và quá hạn"
    NOTICE = "notice", "Thông báo kết luận"
    ACCOUNT = "account", "Tài khoản và vai trò"


# Nobody can hide from himself that somebody changed his password or his roles.
ALWAYS_IN_PORTAL = (Kind.ACCOUNT,)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def for_user(self, user: "User") -> "NotificationQuerySet":
        """What the portal shows a person; what goes only into the mail is not listed."""
        return self.filter(person=user, in_portal=True)

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """One sentence for one person: tin báo.

    sentence: what happened. place: where, e.g. the round. link: path within the portal. at: when it happened.
    cause: what it tells of; unique per person, so that no act and no reminder is told twice. digest: the mail it
    went into.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="người nhận", related_name="notifications"
    )
    kind = models.CharField("loại tin", max_length=12, choices=Kind)
    cause = models.CharField("nguyên do", max_length=120)
    sentence = LineField("nội dung", max_length=SENTENCE_LENGTH)
    place = LineField("nơi xảy ra", max_length=PLACE_LENGTH, blank=True)
    link = models.CharField("đường dẫn", max_length=300)
    at = models.DateTimeField("thời điểm")
    in_portal = models.BooleanField("hiện trên cổng", default=True)
    by_mail = models.BooleanField("đưa vào thư", default=True)
    read_at = models.DateTimeField("đọc lúc", null=True, blank=True)
    digest = models.ForeignKey(
        "Digest", models.PROTECT, verbose_name="thư tổng hợp", null=True, blank=True, related_name="items"
    )

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = "tin báo"
        verbose_name_plural = "tin báo"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "cause"], name="notification_once_per_person_and_cause"),
            models.CheckConstraint(name="notification_kind_known", condition=Q(kind__in=Kind.values)),
        ]
        indexes = [
            models.Index(
                fields=["person"], condition=Q(read_at__isnull=True, in_portal=True), name="notification_unread"
            ),
            models.Index(fields=["person", "-at"], name="notification_by_person"),
            models.Index(
                fields=["person"],
                condition=Q(digest__isnull=True, by_mail=True, read_at__isnull=True),
                name="notification_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence


class NotificationChoice(models.Model):
    """What a person wants to be told of one kind, where it differs from the rule: in the portal and by mail."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="người dùng", related_name="notification_choices"
    )
    kind = models.CharField("loại tin", max_length=12, choices=Kind)
    in_portal = models.BooleanField("hiện trên cổng", default=True)
    by_mail = models.BooleanField("đưa vào thư", default=True)

    class Meta:
        verbose_name = "lựa chọn nhận tin"
        verbose_name_plural = "lựa chọn nhận tin"
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="notification_choice_once_per_kind"),
            models.CheckConstraint(name="notification_choice_kind_known", condition=Q(kind__in=Kind.values)),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_kind_display()}"


class Digest(models.Model):
    """The one mail of a person and day, from gathering to sending: thư tổng hợp.

    message_id: fixed when it is made, so that the mail sent twice is recognised as the same. token: who is
    sending it now; the lease ends by itself when that process dies. A message is sent at least once; twice only
    where the process dies between the mail server's "OK" and the mark.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Chờ gửi"
        SENDING = "sending", "Đang gửi"
        SENT = "sent", "Đã gửi"
        FAILED = "failed", "Không gửi được"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="người nhận", related_name="digests"
    )
    day = models.DateField("ngày")
    message_id = models.CharField("mã thư", max_length=200, unique=True)
    state = models.CharField("trạng thái", max_length=8, choices=State, default=State.PENDING)
    token = models.UUIDField("mã lượt gửi", default=uuid.uuid4)
    # Times of the machine, not of the demonstration's day.
    next_try_at = models.DateTimeField("gửi từ")
    leased_until = models.DateTimeField("giữ đến", null=True, blank=True)
    attempts = models.PositiveIntegerField("số lần gửi", default=0)
    error = models.TextField("lỗi gần nhất", blank=True)
    sent_at = models.DateTimeField("gửi lúc", null=True, blank=True)

    class Meta:
        verbose_name = "thư tổng hợp"
        verbose_name_plural = "thư tổng hợp"
        ordering = ["-day", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "day"], name="digest_once_per_person_and_day"),
            models.CheckConstraint(
                name="digest_state_known", condition=Q(state__in=["pending", "sending", "sent", "failed"])
            ),
            models.CheckConstraint(
                name="digest_sent_with_time",
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="digest_sending_with_lease", condition=~Q(state="sending") | Q(leased_until__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state__in=["pending", "sending"]), name="digest_to_send"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.day:%d/%m/%Y}"


class Routine(models.Model):
    """Something that the worker does again and again; the row says when it was last asked for and done."""

    name = models.CharField("việc", max_length=20, primary_key=True)
    asked_at = models.DateTimeField("giao lúc", null=True, blank=True)
    done_at = models.DateTimeField("xong lúc", null=True, blank=True)
    done_for = models.DateField("xong cho ngày", null=True, blank=True)

    class Meta:
        verbose_name = "việc định kỳ"
        verbose_name_plural = "việc định kỳ"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class News:
    """What `tell_many` tells to people, by their ids; the arguments are those of `tell`."""

    people: Collection[int]
    cause: str
    sentence: str
    link: str
    place: str = ""
    at: datetime | None = None


def tell(
    people: Collection[int],
    *,
    kind: Kind,
    cause: str,
    sentence: str,
    link: str,
    place: str = "",
    at: datetime | None = None,
) -> None:
    """Tell people, by their ids, of one thing, each as they chose; once for each cause, however often it is called.

    cause: "event:123" or "due-soon:dossier:7:2025-06-20". Must run inside a transaction: what is told and the
    telling stand or fall together.
    """
    tell_many([News(people, cause, sentence, link, place, at)], kind=kind)


def tell_many(news: Collection[News], *, kind: Kind) -> None:
    """Tell several things of one kind, with one look at what people chose and one INSERT."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("people are told inside a transaction only")
    everybody = {person_id for item in news for person_id in item.people}
    if not everybody:
        return
    chosen = {item.person_id: item for item in NotificationChoice.objects.filter(person__in=everybody, kind=kind)}
    rows = [_row(person_id, item, kind, chosen.get(person_id)) for item in news for person_id in item.people]
    wanted = [row for row in rows if row.in_portal or row.by_mail]
    # In one order, so that two who tell the same people never wait for each other.
    wanted.sort(key=lambda row: (row.person_id, row.cause))
    Notification.objects.bulk_create(wanted, ignore_conflicts=True, batch_size=500)


def _row(person_id: int, item: News, kind: Kind, choice: NotificationChoice | None) -> Notification:
    return Notification(
        person_id=person_id,
        kind=kind,
        cause=item.cause,
        sentence=item.sentence[:SENTENCE_LENGTH],
        place=item.place[:PLACE_LENGTH],
        link=item.link,
        at=item.at or clock.now(),
        in_portal=choice is None or choice.in_portal or kind in ALWAYS_IN_PORTAL,
        by_mail=choice is None or choice.by_mail,
    )


def unread_count(user: "User") -> int:
    """How many a person has not read, up to one more than is shown: one short query over a partial index."""
    return Notification.objects.for_user(user).unread().order_by()[: SHOWN_AT_MOST + 1].count()
