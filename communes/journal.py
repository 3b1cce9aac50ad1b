"""The journal: who did what and when, append-only and chained, so that any later change shows.

One chain per round ("round:TU-2024") and one for reference data and accounts ("reference"). Each event
carries the HMAC of its own content and of the event before it, with a key from the environment, so that
whoever has only the database can neither alter, insert nor drop a row unseen. What was cut off at the
end of a chain shows against an anchor: the head hash stored with each issued notice.

A round that was brought in from another installation keeps its chain as it was written there. The key of those
events is there, too; what can be known here is that they follow each other and that they still say what they
said when they came: their seal stands in the event of the import, in the reference chain of this portal.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Sum

from . import clock

if TYPE_CHECKING:
    from .models import User

REFERENCE = "reference"
START = "0" * 64
TABLE = "communes_event"
# The event, in the reference chain, that says what was brought in and seals it.
BROUGHT_IN = "round.brought_in"


class EventQuerySet(models.QuerySet["Event"]):
    def about(self, subject: models.Model) -> "EventQuerySet":
        """Events of one object, oldest first."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk)).order_by("at", "pk")


class Event(models.Model):
    """One thing that happened; never changed, never deleted (triggers on both databases)."""

    chain = models.CharField("chuỗi", max_length=80)
    seq = models.PositiveIntegerField("thứ tự trong chuỗi")
    at = models.DateTimeField("thời điểm")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="người thực hiện",
        null=True,
        blank=True,
        related_name="+",
    )
    # The name at that time: a person may be renamed later, the journal may not.
    actor_name = models.CharField("họ tên lúc thực hiện", max_length=200)
    action = models.CharField("việc", max_length=60)
    subject_type = models.CharField("loại đối tượng", max_length=60)
    subject_id = models.CharField("mã đối tượng", max_length=60)
    subject_label = models.CharField("đối tượng", max_length=300)
    data = models.JSONField("nội dung", default=dict, encoder=DjangoJSONEncoder)
    previous_hash = models.CharField("mã băm liền trước", max_length=64)
    hash = models.CharField("mã băm", max_length=64, unique=True)
    # Only of an event that was written elsewhere: ids as they were there, {"actor", "subject", "rows"?}. The columns
    # above hold those of here, so that histories find it; what it says, and its hash, is about the ids of there.
    origin = models.JSONField("mã ở nơi lập", null=True, blank=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        db_table = TABLE
        verbose_name = "sự kiện"
        verbose_name_plural = "nhật ký"
        ordering = ["chain", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="event_one_per_place_in_chain"),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "at"], name="event_by_subject"),
            models.Index(fields=["-at"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.chain}/{self.seq} {self.action} {self.subject_label}"


class ChainHead(models.Model):
    """The last event of a chain; its row is the lock that keeps writers of one chain in order."""

    chain = models.CharField(max_length=80, primary_key=True)
    seq = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, default=START)

    class Meta:
        verbose_name = "đầu chuỗi nhật ký"
        verbose_name_plural = "đầu chuỗi nhật ký"

    def __str__(self) -> str:
        return f"{self.chain}: {self.seq}"


def plain(value: Any) -> Any:
    """A value as it is written in the journal: JSON types only, numbers and dates as text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | Decimal):
        return str(value)
    if isinstance(value, models.Model):
        return str(value)
    return value


def content_of(event: Event) -> dict[str, Any]:
    """Everything an event says, of its place and of the event before it, as it was written where it was written."""
    actor, subject, data = event.actor_id, event.subject_id, event.data
    if event.origin is not None:
        actor, subject = event.origin["actor"], event.origin["subject"]
        if "rows" in event.origin:
            data = {**data, "rows": event.origin["rows"]}
    return {
        "chain": event.chain,
        "seq": event.seq,
        "at": event.at.astimezone(UTC).isoformat(),
        "actor": actor,
        "actor_name": event.actor_name,
        "action": event.action,
        "subject": [event.subject_type, subject, event.subject_label],
        "data": data,
        "previous": event.previous_hash,
    }


def canonical(value: Any) -> str:
    """The one way to write a JSON value: keys sorted, no spaces, letters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(event: Event) -> str:
    """HMAC-SHA-256 of everything an event says, of its place and of the event before it."""
    return hmac.new(settings.JOURNAL_KEY.encode(), canonical(content_of(event)).encode(), hashlib.sha256).hexdigest()


def line_of(event: Event) -> str:
    """An event as it is handed over: what it says, and its hash; without the line end."""
    return canonical({**content_of(event), "hash": event.hash})


def key_id() -> str:
    """A name for the key in use that tells nothing of it: events of another key cannot be checked with this one."""
    return hmac.new(settings.JOURNAL_KEY.encode(), b"name of this key", hashlib.sha256).hexdigest()[:16]


class Seal:
    """SHA-256 over events as they were handed over, and over where they were put here."""

    def __init__(self) -> None:
        self._said, self._put = hashlib.sha256(), hashlib.sha256()

    def add(self, event: Event) -> None:
        self._said.update(f"{line_of(event)}\n".encode())
        place = [event.seq, event.actor_id, event.subject_id, event.data.get("rows"), event.origin]
        self._put.update(f"{canonical(place)}\n".encode())

    def values(self) -> dict[str, str]:
        """said: over what the events say, the same everywhere; put: over the ids of here."""
        return {"said": self._said.hexdigest(), "put": self._put.hexdigest()}


def round_chain(code: str) -> str:
    """Name of the chain of the round with this code."""
    return f"round:{code}"


@dataclass(frozen=True)
class Entry:
    """What `record_many` writes as one event; the arguments are those of `record`."""

    action: str
    subject: models.Model
    data: Mapping[str, Any]
    label: str = ""


def record(
    action: str,
    *,
    subject: models.Model,
    by: "User | None",
    chain: str = REFERENCE,
    data: Mapping[str, Any] | None = None,
    old: Any = None,
    new: Any = None,
    label: str = "",
) -> Event:
    """Write one event at the end of its chain.

    action: past tense with its noun, "dossier.submitted". by: None only for the portal's own commands.
    old, new: the value before and after, where one changed. Must run inside a transaction: the event and
    what it tells of stand or fall together.
    """
    content = dict(data or {})
    if old is not None or new is not None:
        content.update(old=old, new=new)
    return record_many([Entry(action, subject, content, label)], by=by, chain=chain)[0]


def record_many(entries: Iterable[Entry], *, by: "User | None", chain: str = REFERENCE) -> list[Event]:
    """Write several events of one person at the end of a chain, with one lock and one INSERT."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("the journal is written inside a transaction only")
    head = _head(chain)
    seq, previous, at = head.seq, head.hash, clock.now()
    events = []
    for entry in entries:
        seq += 1
        event = Event(
            chain=chain,
            seq=seq,
            at=at,
            actor=by,
            actor_name=by.full_name if by else "Hệ thống",
            action=entry.action,
            subject_type=entry.subject._meta.label_lower,
            subject_id=str(entry.subject.pk),
            subject_label=(entry.label or str(entry.subject))[:300],
            data=plain(entry.data),
            previous_hash=previous,
        )
        previous = event.hash = digest(event)
        events.append(event)
    Event.objects.bulk_create(events)
    ChainHead.objects.filter(pk=chain).update(seq=seq, hash=previous)
    return events


def length() -> int:
    """How many events the journal has: as long as it stays the same, nothing was changed that it tells of."""
    return ChainHead.objects.aggregate(events=Sum("seq", default=0))["events"]


def _head(chain: str) -> ChainHead:
    """The locked head of a chain, made where the chain is new."""
    heads = ChainHead.objects.select_for_update()
    found = heads.filter(pk=chain).first()
    if found is None:
        ChainHead.objects.bulk_create([ChainHead(chain=chain)], ignore_conflicts=True)
        found = heads.get(pk=chain)
    return found


@dataclass(frozen=True)
class Break:
    """A place where a chain does not hold."""

    chain: str
    seq: int
    reason: str


def brought_in() -> dict[str, dict[str, Any]]:
    """What was brought in: {chain: {"seq": last event, "head", "seal", "keys": [{"key", "upto"}], "from", …}}."""
    rows = Event.objects.filter(chain=REFERENCE, action=BROUGHT_IN).order_by("seq")
    return {data["chain"]: data for data in rows.values_list("data", flat=True)}


def written_with(keys: Iterable[Mapping[str, Any]], seq: int) -> str:
    """Name of the key of an event that was brought in."""
    return next((str(row["key"]) for row in keys if seq <= row["upto"]), "")


def verify_chain(chain: str, brought: Mapping[str, Any] | None = None) -> Iterator[Break]:
    """Every place where a chain is broken: a row altered, missing, inserted or cut off at the end.

    brought: of a chain that came from elsewhere, what the event of its import says. Events up to its last one are
    held against the seal; by their own hash only where they were written with the key in use here.
    """
    expected, previous = 1, START
    upto, keys, own = (brought["seq"], brought["keys"], key_id()) if brought else (0, [], "")
    seal = Seal()
    for event in Event.objects.filter(chain=chain).order_by("seq").iterator(chunk_size=2000):
        if event.seq != expected:
            yield Break(chain, expected, f"thiếu sự kiện từ số {expected} đến số {event.seq - 1}")
        elif event.previous_hash != previous:
            yield Break(chain, event.seq, "không nối với sự kiện liền trước")
        is_foreign = event.seq <= upto
        if is_foreign != (event.origin is not None):
            yield Break(chain, event.seq, "được ghi là nhập từ nơi khác nhưng không thuộc lần nhập nào, hoặc ngược lại")
        if is_foreign:
            seal.add(event)
        if (not is_foreign or written_with(keys, event.seq) == own) and digest(event) != event.hash:
            yield Break(chain, event.seq, "nội dung đã bị thay đổi")
        expected, previous = event.seq + 1, event.hash
    if brought and seal.values() != brought["seal"]:
        yield Break(chain, upto, f"phần nhập từ nơi khác (sự kiện 1 đến {upto}) không còn như lúc nhập")
    head = ChainHead.objects.filter(pk=chain).first()
    if head is None and expected > 1:
        yield Break(chain, expected - 1, "thiếu đầu chuỗi")
    if head is not None and (head.seq, head.hash) != (expected - 1, previous):
        yield Break(chain, head.seq, "phần cuối của chuỗi đã bị cắt hoặc thêm vào")


def chain_names() -> list[str]:
    """Every chain that has a head or an event."""
    heads = ChainHead.objects.values_list("pk", flat=True)
    chains = Event.objects.order_by().values_list("chain", flat=True).distinct()
    return sorted({*heads, *chains})


def verify(chains: Iterable[str] | None = None) -> list[Break]:
    """Breaks of the given chains, or of all."""
    brought = brought_in()
    if chains is None:
        chains = sorted({*chain_names(), *brought})
    return [found for chain in chains for found in verify_chain(chain, brought.get(chain))]


def install_triggers(editor: BaseDatabaseSchemaEditor) -> None:
    """Make the journal append-only in the database itself, on PostgreSQL and on SQLite."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE OR REPLACE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'journal is append-only' USING ERRCODE = 'insufficient_privilege'; END $$",
            params=None,
        )
        editor.execute(
            f"CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
            "FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only()",
            params=None,
        )
        return
    for verb in ("UPDATE", "DELETE"):
        editor.execute(
            f"CREATE TRIGGER journal_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
            "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
            params=None,
        )


def remove_triggers(editor: BaseDatabaseSchemaEditor) -> None:
    """Undo `install_triggers`: for going back a migration and for emptying a test database."""
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP TRIGGER IF EXISTS journal_append_only ON {TABLE}")
        return
    for verb in ("update", "delete"):
        editor.execute(f"DROP TRIGGER IF EXISTS journal_no_{verb}")
