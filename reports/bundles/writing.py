"""A round as a bundle: its rows numbered in an order that is the same everywhere, its files, its chain."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models.fields.files import FieldFile

from communes import clock, journal
from communes.journal import canonical
from communes.models import Agency, Authority, Commune, Event, LegalDocument, User, Village
from criteria.models import CriteriaSet
from inspections.models import Evidence, InspectionRound
from inspections.workflow import Incomplete

from . import EVENTS, FORMAT, PLACES, VERSION, member_of
from .container import PIECE, Writer
from .tables import BY_MODEL, PEOPLE, ROUND, SETS, SHARED, Table

BATCH = 1_000
PERSON = ("username", "full_name", "position")
# Given together or not at all: a newer version that is not in the bundle is not told of.
REPLACED = ("replaced_by", "replacer", "replaced_at")


def export(round_: InspectionRound, path: Path) -> str:
    """Write the bundle of a round to a file; returns the SHA-256 of the file.

    Raises Incomplete for a round that was never opened, whose chain is broken, or of which a file is missing or
    altered; then nothing is left at `path`.
    """
    if round_.status == InspectionRound.Status.DRAFT:
        raise Incomplete("Đợt này đang lập, chưa mở, nên chưa có gì để xuất.")
    with transaction.atomic():
        if connection.vendor == "postgresql" and len(connection.savepoint_ids) == 0 and not connection.needs_rollback:
            _one_moment()
        book = Book(round_)
        writer = Writer(path)
        try:
            return _write(book, writer)
        except BaseException:
            writer.abandon()
            raise


def _one_moment() -> None:
    """Let all queries see one moment, where the transaction has just begun."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _write(book: "Book", writer: Writer) -> str:
    rows = {PEOPLE: len(book.people)}
    writer.add(member_of(PEOPLE), _lines({"n": n, **person} for n, person in enumerate(book.people, start=1)))
    for table in (*SHARED, *SETS, *ROUND):
        writer.add(member_of(table.name), _lines(book.rows(table)))
        rows[table.name] = len(book.numbers[table.name])
    chain = _chain(book)
    writer.add(EVENTS, (f"{journal.line_of(event)}\n".encode() for event in book.events()))
    writer.add(PLACES, _lines(place for event in book.events() if (place := book.place(event))))
    for name, file in sorted(book.files.items()):
        _add_file(writer, name, file)
    brought = getattr(book.round, "brought", None)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": clock.machine_now().astimezone(UTC).isoformat(timespec="seconds"),
        "round": {"code": book.round.code, "name": book.round.name, "authority": str(book.round.authority)},
        "origin": {
            "name": brought.origin if brought else str(book.round.authority),
            "key": brought.origin_key if brought else journal.key_id(),
        },
        "chain": chain,
        "rows": rows,
    }
    return writer.finish(manifest)


def _lines(rows: Iterable[Any]) -> Iterator[bytes]:
    for row in rows:
        yield f"{canonical(row)}\n".encode()


def _chain(book: "Book") -> dict[str, Any]:
    """Name, length and head of the round's chain, and which key wrote which part of it."""
    name = journal.round_chain(book.round.code)
    if breaks := journal.verify([name]):
        raise Incomplete(f"Nhật ký của đợt không nguyên vẹn (sự kiện số {breaks[0].seq}: {breaks[0].reason}).")
    head = journal.ChainHead.objects.filter(pk=name).first()
    events, last = (head.seq, head.hash) if head else (0, journal.START)
    brought = journal.brought_in().get(name)
    keys = list(brought["keys"]) if brought else []
    if events and (not keys or keys[-1]["upto"] < events):
        keys.append({"key": journal.key_id(), "upto": events})
    return {"name": name, "events": events, "head": last, "keys": keys}


def _add_file(writer: Writer, name: str, file: FieldFile) -> None:
    try:
        size = file.size
        with file.storage.open(str(file.name), "rb") as stored:
            found = writer.add(name, iter(partial(stored.read, PIECE), b""), packed=False, at_most=size)
    except OSError as error:
        raise Incomplete(f"Thiếu tệp {file.name} trong kho lưu trữ; không xuất được gói.") from error
    if not name.startswith(f"files/{found['sha256']}"):
        raise Incomplete(f"Tệp {file.name} trong kho lưu trữ không còn đúng mã băm đã ghi; không xuất được gói.")


class Book:
    """What belongs to a round, each row with its number: {table: {primary key: number}}."""

    def __init__(self, round_: InspectionRound | None, sets: Iterable[int] = ()) -> None:
        self.round: Any = round_
        self.numbers: dict[str, dict[Any, int]] = {}
        self.files: dict[str, FieldFile] = {}
        self.people: list[dict[str, str]] = []
        self._kept: dict[str, list[Any]] = {}
        needed: dict[type[models.Model], set[Any]] = {}
        if round_ is not None:
            for table in ROUND:
                self._gather(table, needed)
            needed.setdefault(User, set()).update(self.events().order_by().values_list("actor", flat=True).distinct())
        self._take_sets([*needed.get(CriteriaSet, ()), *sets], needed)
        self._take_shared(needed)
        for table in SHARED:
            self._number(table)
        self._take_people(needed.get(User, set()) - {None})
        for table in SETS:
            self._number(table)
        for table in ROUND if round_ is not None else ():
            rows: Any = table.rows(round_) if table.rows and round_ else ()
            if table.key:
                self._kept[table.name] = list(rows)
                self._number(table)
            else:
                keys = rows.values_list("pk", flat=True)
                self.numbers[table.name] = {pk: number for number, pk in enumerate(keys, start=1)}

    def events(self) -> models.QuerySet[Event]:
        return Event.objects.filter(chain=journal.round_chain(self.round.code)).order_by("seq")

    # ------------------------------------------------------------ what belongs to it

    def _gather(self, table: Table, needed: dict[type[models.Model], set[Any]]) -> None:
        """Which rows of the shared tables, sets and people the round's own rows name."""
        rows = table.rows(self.round) if table.rows else table.model._default_manager.none()
        for field in table.fields:
            if field.is_relation:
                keys = rows.order_by().values_list(field.attname, flat=True).distinct()
                needed.setdefault(_model(field), set()).update(keys)
        for field in table.lists:
            through = field.remote_field.through._default_manager.filter(  # type: ignore[union-attr]
                **{f"{field.m2m_field_name()}__in": rows.order_by().values("pk")}
            )
            keys = through.values_list(f"{field.m2m_reverse_field_name()}_id", flat=True).distinct()
            needed.setdefault(_model(field), set()).update(keys)

    def _take_sets(self, keys: Iterable[Any], needed: dict[type[models.Model], set[Any]]) -> None:
        """Sets in the version used, whole; of the agencies in charge those of the round's own authority."""
        chosen = {key for key in keys if key is not None}
        paths = {
            "sets": "pk",
            "criteria": "criteria_set",
            "indicators": "criteria_set",
            "parts": "indicator__criteria_set",
            "thresholds": "indicator__criteria_set",
            "requirements": "",
            "confirmations": "threshold__indicator__criteria_set",
            "assignments": "indicator__criteria_set",
        }
        for table in SETS:
            rows = table.model._default_manager.all()
            if table.name == "requirements":
                in_set = models.Q(criterion__criteria_set__in=chosen) | models.Q(indicator__criteria_set__in=chosen)
                rows = rows.filter(in_set)
            else:
                rows = rows.filter(**{f"{paths[table.name]}__in": chosen})
            if table.name == "assignments":
                rows = rows.filter(agency__authority=self.round.authority_id) if self.round else rows.none()
            self._kept[table.name] = list(rows)
            for field in table.fields:
                if field.is_relation:
                    named = {getattr(row, field.attname) for row in self._kept[table.name]}
                    needed.setdefault(_model(field), set()).update(named)

    def _take_shared(self, needed: dict[type[models.Model], set[Any]]) -> None:
        """The units, agencies, authorities and documents that are named, and what these name in turn."""
        found: dict[type[models.Model], dict[Any, Any]] = {}
        waiting = True
        while waiting:
            waiting = False
            for model in (Village, Commune, Agency, Authority, LegalDocument):
                have = found.setdefault(model, {})
                missing = needed.get(model, set()) - set(have) - {None}
                for row in model._default_manager.filter(pk__in=missing):
                    have[row.pk] = row
                    waiting = True
                    for field in model._meta.local_fields:
                        if field.is_relation:
                            needed.setdefault(_model(field), set()).add(getattr(row, field.attname))
        for table in SHARED:
            self._kept[table.name] = list(found[table.model].values())

    def _take_people(self, keys: set[Any]) -> None:
        """People by the names they had: of a round that was brought in, as its bundle named them."""
        brought = getattr(self.round, "brought", None) if self.round else None
        told = {row.user_id: row for row in brought.people.all()} if brought else {}
        rows = [(told.get(user.pk, user), user.pk) for user in User.objects.filter(pk__in=keys)]
        rows.sort(key=lambda row: row[0].username)
        self.people = [{name: getattr(row, name) for name in PERSON} for row, _ in rows]
        self.numbers[PEOPLE] = {pk: number for number, (_, pk) in enumerate(rows, start=1)}

    def _number(self, table: Table) -> None:
        rows = self._kept[table.name]
        rows.sort(key=lambda row: [self._sortable(table, row, name) for name in table.key])
        self.numbers[table.name] = {row.pk: number for number, row in enumerate(rows, start=1)}

    def _sortable(self, table: Table, row: models.Model, name: str) -> tuple[Any, ...]:
        field: Any = table.model._meta.get_field(name)
        value = getattr(row, field.attname)
        if field.is_relation and value is not None:
            value = self.numbers[BY_MODEL[_model(field)].name][value]
        return (0,) if value is None else (1, value)

    # ------------------------------------------------------------ rows

    def rows(self, table: Table) -> Iterator[dict[str, Any]]:
        kept = self._kept.get(table.name)
        if kept is not None:
            models.prefetch_related_objects(kept, *(field.name for field in table.lists))
            for row in kept:
                yield self._row(table, row)
            return
        rows = table.rows(self.round) if table.rows else table.model._default_manager.none()
        rows = rows.prefetch_related(*(field.name for field in table.lists))
        for row in rows.iterator(chunk_size=BATCH):
            yield self._row(table, row)

    def _row(self, table: Table, row: Any) -> dict[str, Any]:
        found = {field.name: self._value(field, row) for field in table.fields}
        for field in table.lists:
            found[field.name] = sorted(self._named(field, item.pk) for item in getattr(row, field.name).all())
        if table.model is Evidence and found["replaced_by"] is None:
            found |= dict.fromkeys(REPLACED)
        brought = getattr(row, "brought", None) if table.model is InspectionRound else None
        if brought:
            found |= brought.there
        return {"n": self.numbers[table.name][row.pk], **found}

    def _value(self, field: models.Field, row: Any) -> Any:
        value = getattr(row, field.attname)
        if value is None:
            return None
        if field.is_relation:
            return self._named(field, value)
        if isinstance(value, FieldFile):
            if not value:
                return ""
            name = f"files/{row.sha256}{Path(str(value.name)).suffix.lower()}"
            self.files.setdefault(name, value)
            return name
        if field.name == "scan":
            # Found clean there says nothing to a scanner here; what was found infected stays so.
            return value if value == Evidence.Scan.INFECTED else str(Evidence.Scan.NOT_SCANNED)
        return value if isinstance(field, models.JSONField) else written(value)

    def _named(self, field: models.Field, key: Any) -> int | None:
        """The number of a row that is named; None for one that is not part of the bundle."""
        model = _model(field)
        return self.numbers[PEOPLE if model is User else BY_MODEL[model].name].get(key)

    # ------------------------------------------------------------ the journal

    def place(self, event: Event) -> dict[str, Any] | None:
        """Which rows and person of the bundle an event is about; None where it is about nothing in it."""
        found: dict[str, Any] = {}
        if event.actor_id is not None:
            found["person"] = self.numbers[PEOPLE][event.actor_id]
        if place := self._subject(event.subject_type, event.subject_id):
            found["row"] = place
        if isinstance(rows := event.data.get("rows"), list):
            found["rows"] = [self._numbered("assessments", str(key)) for key in rows]
        return {"seq": event.seq, **found} if found else None

    def _subject(self, label: str, key: str) -> list[Any] | None:
        if label == User._meta.label_lower:
            number = self._numbered(PEOPLE, key)
            return [PEOPLE, number] if number else None
        table = TABLE_OF.get(label)
        number = self._numbered(table.name, key) if table else None
        return [table.name, number] if table and number else None

    def _numbered(self, table: str, key: str) -> int | None:
        return self.numbers[table].get(int(key)) if key.isdecimal() else None


TABLE_OF = {model._meta.label_lower: table for model, table in BY_MODEL.items()}


def _model(field: Any) -> type[models.Model]:
    model: type[models.Model] = field.related_model
    return model


def written(value: Any) -> Any:
    """A column's value as JSON: moments in UTC, numbers with decimals as text."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, UUID | str):
        return str(value)
    raise TypeError(f"no way to write {type(value)}")
