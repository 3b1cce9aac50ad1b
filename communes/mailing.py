"""The daily mail of each person: gathered once a day, sent at least once, whatever happens to the process or the line.

A digest is claimed by compare-and-set with a lease; a process that dies while it sends leaves a lease that ends,
and another one takes over. What the mail server refuses for good is marked failed with its answer; whatever else
goes wrong is tried again, each time after a longer wait, without end.
"""

import smtplib
import uuid
from collections import Counter
from datetime import date, datetime, timedelta
from email.utils import make_msgid, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.template.loader import render_to_string

from . import clock, notation
from .models import Digest, Notification, User
from .notifications import Kind

WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360)]
LISTED_AT_MOST = 100
State = Digest.State


class NoAddress(Exception):
    """The person has no e-mail address (any more), or no open account."""


class Unreachable(Exception):
    """The mail server cannot be talked to, or does not let the portal in; the digest is put off."""


# ---------------------------------------------------------------- gathering


def _to_mail() -> QuerySet[Notification]:
    return Notification.objects.filter(digest__isnull=True, by_mail=True, read_at__isnull=True).order_by()


def gather(day: date) -> int:
    """Make the digests of a day from what nobody has read or mailed yet; how many were made.

    Each person's is one transaction, and there is one a day: calling it again makes only what is missing.
    """
    waiting = User.objects.filter(Exists(_to_mail().filter(person=OuterRef("pk"))), is_active=True, wants_digest=True)
    people = waiting.exclude(email="").exclude(digests__day=day).order_by("pk").values_list("pk", flat=True)
    return sum(_gather_for(person_id, day) for person_id in list(people))


def _gather_for(person_id: int, day: date) -> bool:
    try:
        with transaction.atomic():
            digest = Digest.objects.create(
                person_id=person_id, day=day, message_id=make_msgid(domain=_domain()), next_try_at=clock.machine_now()
            )
            # Read meanwhile in the portal: then there is nothing to say, and nothing stays of it.
            if not _to_mail().filter(person=person_id).update(digest=digest):
                digest.delete()
                return False
    except IntegrityError:
        return False  # another process was faster
    return True


def _domain() -> str:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return urlsplit(settings.PUBLIC_BASE_URL).hostname or address.rpartition("@")[2] or "localhost"


# ---------------------------------------------------------------- sending


def due() -> QuerySet[Digest]:
    """What may be sent now: waiting and not put off, or left by a process whose lease has ended."""
    now = clock.machine_now()
    return Digest.objects.filter(
        Q(state=State.PENDING, next_try_at__lte=now) | Q(state=State.SENDING, leased_until__lt=now)
    ).order_by("next_try_at", "pk")


def claim() -> Digest | None:
    """Take the next digest for sending, for the time of a lease; None where nothing is to be sent."""
    while (found := due().first()) is not None:
        token = uuid.uuid4()
        until = clock.machine_now() + timedelta(seconds=settings.LEASE_SECONDS)
        mine = Digest.objects.filter(pk=found.pk, state=found.state, token=found.token).update(
            state=State.SENDING, token=token, leased_until=until, attempts=F("attempts") + 1
        )
        if mine:
            return Digest.objects.select_related("person").get(pk=found.pk, token=token)
    return None


def deliver() -> dict[str, int]:
    """Send what is due, one after the other; {state: how many ended in it}.

    Stops where the mail server cannot be talked to: the rest is not tried in vain, and stays due.
    """
    ended: Counter[str] = Counter()
    while (digest := claim()) is not None:
        try:
            ended[send(digest)] += 1
        except Unreachable:
            ended[State.PENDING] += 1
            break
    return dict(ended)


def send(digest: Digest) -> Digest.State:
    """Send a claimed digest and mark it with what became of it; Unreachable after putting it off."""
    try:
        message_of(digest).send()
    except NoAddress as error:
        return _mark(digest, State.FAILED, error=str(error))
    except smtplib.SMTPRecipientsRefused as error:
        return _refused(digest, *next(iter(error.recipients.values())))
    except smtplib.SMTPDataError as error:
        return _refused(digest, error.smtp_code, error.smtp_error)
    except OSError as error:  # smtplib's own exceptions are OSErrors too
        _put_off(digest, f"{type(error).__name__}: {error}")
        raise Unreachable from error
    return _mark(digest, State.SENT, sent_at=clock.machine_now(), error="")


def message_of(digest: Digest) -> EmailMultiAlternatives:
    """The mail: what happened, newest last, in words and as simple HTML. NoAddress where it can go nowhere."""
    person = digest.person
    if not person.email or not person.is_active:
        raise NoAddress("Tài khoản không có địa chỉ thư hoặc đã khóa.")
    items = list(digest.items.order_by("at", "pk")[: LISTED_AT_MOST + 1])
    total = len(items) if len(items) <= LISTED_AT_MOST else digest.items.count()
    context = {
        "person": person,
        "day": digest.day,
        "groups": _grouped(items[:LISTED_AT_MOST]),
        "total": total,
        "left_out": total - min(total, LISTED_AT_MOST),
        "base": settings.PUBLIC_BASE_URL,
        "sender": settings.COORDINATOR_NAME,
    }
    message = EmailMultiAlternatives(
        subject=f"Cổng nông thôn mới: {total} tin báo, ngày {notation.day(digest.day)}",
        body=render_to_string("communes/digest.txt", context),
        to=[person.email],
        headers={"Message-ID": digest.message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("communes/digest.html", context), "text/html")
    return message


def _grouped(items: list[Notification]) -> list[tuple[str, list[Notification]]]:
    """[(label of the kind, what was told)] in the order of the kinds."""
    groups = [(kind.label, [item for item in items if item.kind == kind]) for kind in Kind]
    return [(str(label), told) for label, told in groups if told]


def _refused(digest: Digest, code: int, answer: bytes | str) -> Digest.State:
    """What a message was answered: 4xx, and 53x (signing in), are tried again; any other 5xx is final."""
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    error = f"{code} {words}"
    if code < 500 or 530 <= code <= 539:
        return _put_off(digest, error)
    return _mark(digest, State.FAILED, error=error)


def _put_off(digest: Digest, error: str) -> Digest.State:
    wait = WAITS[min(digest.attempts, len(WAITS)) - 1]
    return _mark(digest, State.PENDING, next_try_at=clock.machine_now() + wait, error=error)


def _mark(digest: Digest, state: Digest.State, *, error: str, **columns: datetime) -> Digest.State:
    """Write what became of it, unless the lease ended and another process has taken it over."""
    Digest.objects.filter(pk=digest.pk, token=digest.token, state=State.SENDING).update(
        state=state, leased_until=None, error=error[:2000], **columns
    )
    return state


def try_failed_again() -> int:
    """Put everything that was refused for good back in line, after the cause was mended; how many."""
    return Digest.objects.filter(state=State.FAILED).update(state=State.PENDING, next_try_at=clock.machine_now())
