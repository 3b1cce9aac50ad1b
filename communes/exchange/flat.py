"""A kind whose rows are those of one model: planned over dictionaries, saved by bulk writes."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, NamedTuple

from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel
from import_export.resources import ModelResource

from ..journal import plain
from ..models import User
from ..notation import day
from ..tables import Kind as CellKind
from .kinds import CannotUndo, Choices, Column, Kind, Located, Page, Planned, Progress, Record, State

BATCH = 1000
EVERY = 500
NAMED_AT_MOST = 10
CODE_AS_NUMBER = (
    "Mã này đang là số ({text}): Excel bỏ mất số 0 ở đầu hoặc ở cuối. Định dạng cột là Văn bản (Text) rồi gõ lại đủ mã."
)


@dataclass
class Typed:
    """What one row says: its values by column, and what it comes to.

    key: what the row is known by. fields: {attribute of the model: value}. problems: (column, reason).
    """

    record: Record
    values: dict[str, Any]
    problems: list[tuple[str, str]] = field(default_factory=list)
    key: tuple[Any, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    offer: list[str] | None = None

    def blame(self, column: str, reason: str) -> None:
        self.problems.append((column, reason))


@dataclass
class Known:
    """What the database holds: rows by key, and what a kind looks up besides."""

    rows: dict[tuple[Any, ...], Any]
    more: dict[str, Any] = field(default_factory=dict)


class Read(NamedTuple):
    """How the cells of one column are read. heading: within a sentence."""

    name: str
    heading: str
    clean: Callable[[str], Any]
    is_needed: bool
    is_code: bool


def read(record: Record, columns: Sequence[Read]) -> Typed:
    """The values of the columns that are there, each as its widget takes it."""
    typed = Typed(record, {})
    cells, values = record.cells, typed.values
    for name, heading, clean, is_needed, is_code in columns:
        cell = cells.get(name)
        if cell is not None and is_code and cell.kind is CellKind.NUMBER:
            typed.blame(name, CODE_AS_NUMBER.format(text=cell.text))
            continue
        try:
            value = clean(cell.text if cell is not None else "")
        except ValueError as error:
            typed.blame(name, str(error))
            continue
        if is_needed and (value is None or value == ""):
            typed.blame(name, f"Chưa ghi {heading}.")
        values[name] = value
    return typed


class OneTable(Kind):
    """One table whose columns come from a resource; by itself it only goes out."""

    can_import = False
    resource: ClassVar[type[ModelResource]]
    needed: ClassVar[frozenset[str]] = frozenset()
    codes: ClassVar[frozenset[str]] = frozenset()
    hints: ClassVar[Mapping[str, str]] = {}
    widths: ClassVar[Mapping[str, int]] = {}

    def __init__(self) -> None:
        made = self.resource()
        self.columns: dict[str, Any] = {name: made.fields[name] for name in made.get_export_order()}
        self.headings: dict[str, str] = {name: each.column_name for name, each in self.columns.items()}

    def pages(self) -> Sequence[Page]:
        columns = [
            Column(
                name,
                heading,
                is_needed=name in self.needed,
                is_code=name in self.codes,
                hint=self.hints.get(name, ""),
                width=self.widths.get(name, 18),
            )
            for name, heading in self.headings.items()
        ]
        return [Page(self.title, columns)]

    def reads(self, names: Iterable[str]) -> list[Read]:
        """How the columns that were found are read."""
        return [
            Read(
                name,
                self.headings[name][0].lower() + self.headings[name][1:],
                self.columns[name].widget.clean,
                name in self.needed,
                name in self.codes,
            )
            for name in names
        ]

    def problems_of(self, typed: Typed) -> list[list[str]]:
        """As a planned row keeps them: [cell, heading, reason]."""
        addresses = typed.record.addresses
        return [[addresses.get(name, ""), self.headings.get(name, ""), reason] for name, reason in typed.problems]

    @abstractmethod
    def exported(self, user: User, target: str) -> "models.QuerySet[Any]": ...

    def export(self, user: User, target: str) -> Iterator[tuple[Page, Iterable[Sequence[Any]]]]:
        rows = self.exported(user, target).iterator(chunk_size=BATCH)
        yield self.pages()[0], ([self.cell(name, row) for name in self.columns] for row in rows)

    def cell(self, name: str, row: Any) -> Any:
        """A date stays a date and a number a number, everything else is text."""
        each = self.columns[name]
        value = each.get_value(row)
        if isinstance(value, date | int) and not isinstance(value, bool):
            return value
        return each.widget.render(value, row)


class FlatKind(OneTable):
    """`resolve` says what a row is about."""

    can_import = True
    model: ClassVar[type[models.Model]]
    # {attribute of the model: column}, in the order in which changes are shown
    stored: ClassVar[Mapping[str, str]]

    @abstractmethod
    def known(self, by: User, *, lock: bool) -> Known: ...

    @abstractmethod
    def resolve(self, typed: Typed, known: Known, choices: Choices) -> None:
        """Find key, fields and label of a row whose cells could be read; blame or offer where need be."""

    def finish(self, planned: list[Planned], known: Known) -> None:
        """What only all rows together show."""

    def plan(
        self,
        located: Located,
        *,
        by: User,
        target: str,
        choices: Choices,
        progress: Progress,
        lock: bool = False,
    ) -> list[Planned]:
        known = self.known(by, lock=lock)
        page = self.pages()[0]
        columns = self.reads(located.columns[page.title])
        planned: list[Planned] = []
        seen: dict[tuple[Any, ...], Planned] = {}
        for place, record in enumerate(located.records[page.title], start=1):
            row = self._planned(record, columns, known, choices)
            if row.work is not None and (first := seen.setdefault(row.work["key"], row)) is not row:
                for each, other in ((row, first), (first, row)):
                    self._mark(each, next(iter(self.headings)), f"Trùng với dòng {other.record.number}.")
            planned.append(row)
            if place % EVERY == 0:
                progress(place)
        self.finish(planned, known)
        return planned

    def _planned(self, record: Record, columns: Sequence[Read], known: Known, choices: Choices) -> Planned:
        typed = read(record, columns)
        if not typed.problems:
            self.resolve(typed, known, choices)
            self._check_lengths(typed)
        label = typed.label or " ".join(str(value) for value in list(typed.values.values())[:2] if value)
        row = Planned(record, State.ERROR, label[:300], offer=typed.offer)
        row.problems = self.problems_of(typed)
        if typed.problems:
            return row
        current = known.rows.get(typed.key)
        old = {name: getattr(current, name) for name in typed.fields} if current else {}
        different = {name: value for name, value in typed.fields.items() if not current or old[name] != value}
        row.work = {"key": typed.key, "current": current, "fields": different, "all": typed.fields}
        row.changes = [
            [
                self.headings[self.stored[name]],
                self.shown(name, old[name], known) if current else "",
                self.shown(name, value, known),
            ]
            for name, value in different.items()
            if name in self.stored and (current or value not in ("", None))
        ]
        if typed.offer:
            row.state = State.ASK
        elif current is None:
            row.state = State.NEW
        else:
            row.state = State.CHANGED if different else State.SAME
        return row

    def _mark(self, row: Planned, heading: str, reason: str) -> None:
        heading = self.headings.get(heading, heading)
        name = next((name for name, words in self.headings.items() if words == heading), "")
        row.state = State.ERROR
        row.problems.append([row.record.addresses.get(name, ""), heading, reason])

    def _check_lengths(self, typed: Typed) -> None:
        for name, value in typed.fields.items():
            longest = getattr(self.model._meta.get_field(name), "max_length", None)
            if isinstance(value, str) and longest and len(value) > longest:
                typed.blame(self.stored.get(name, ""), f"Dài {len(value)} ký tự, nhiều nhất {longest}.")

    def shown(self, name: str, value: Any, known: Known) -> str:
        """A value as people read it."""
        if value is None or value == "":
            return ""
        if isinstance(value, date):
            return day(value)
        return str(self.columns[self.stored[name]].widget.render(value))

    # ------------------------------------------------------------ saving

    def apply(self, planned: list[Planned], *, by: User, target: str) -> tuple[list[Any], dict[str, Any]]:
        new = [row for row in planned if row.state == State.NEW]
        changed = [row for row in planned if row.state == State.CHANGED]
        for row in new:
            row.work["instance"] = self.model(**row.work["all"])
        self.insert([row.work["instance"] for row in new])
        old = {}
        for row in changed:
            current = row.work["current"]
            old[id(row)] = {name: plain(getattr(current, name)) for name in row.work["fields"]}
            for name, value in row.work["fields"].items():
                setattr(current, name, value)
        self._update([row.work["current"] for row in changed], {name for row in changed for name in row.work["fields"]})
        rows = [
            [row.record.number, row.work["instance"].pk, row.label, None, plain(row.work["all"])] for row in new
        ] + [
            [row.record.number, row.work["current"].pk, row.label, old[id(row)], plain(row.work["fields"])]
            for row in changed
        ]
        return rows, {"model": self.model._meta.label_lower}

    def insert(self, instances: list[Any]) -> None:
        self.model._default_manager.bulk_create(instances, batch_size=BATCH)

    def _update(self, instances: list[Any], names: set[str]) -> None:
        """By one upsert a batch: the CASE of `bulk_update` takes many times as long for thousands of rows."""
        if instances:
            fields = [self.model._meta.get_field(name).name for name in names]
            self.model._default_manager.bulk_create(
                instances, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=sorted(fields)
            )

    def undo(self, rows: list[Any], data: Mapping[str, Any], *, by: User) -> None:
        found: dict[Any, Any] = {}
        keys = [row[1] for row in rows]
        for start in range(0, len(keys), BATCH):
            # Whoever keeps other units by now takes nothing back here.
            stands = self.exported(by, "").filter(pk__in=keys[start : start + BATCH])
            stands = stands.order_by().select_for_update(of=("self",))
            found.update({each.pk: each for each in stands})
        reasons = []
        for _, key, label, _, new in rows:
            stands_now = found.get(key)
            if stands_now is None:
                reasons.append(f"{label}: không còn trên cổng, hoặc nay do cơ quan khác quản lý.")
            elif any(plain(getattr(stands_now, name)) != value for name, value in new.items()):
                reasons.append(f"{label}: đã có người sửa sau lần nhập này.")
        made = [row[1] for row in rows if row[3] is None]
        reasons += [f"{words}: đã được dùng sau lần nhập này." for words in self._in_use(made)]
        if reasons:
            raise CannotUndo(reasons[:NAMED_AT_MOST])
        changed = [row for row in rows if row[3] is not None]
        names = {name for row in changed for name in row[3]}
        for _, key, _, old, _ in changed:
            for name, value in old.items():
                each: Any = self.model._meta.get_field(name)
                setattr(found[key], name, each.to_python(value))
        self._update([found[row[1]] for row in changed], names)
        self.remove(made)

    def _in_use(self, keys: list[Any]) -> list[str]:
        """Names of the rows that something else in the database points to; rows of the same import do not count."""
        names: list[str] = []
        own = set(keys)
        # Hidden ones too: related_name="+" hides a relation from `related_objects`.
        relations = (each for each in self.model._meta.get_fields(include_hidden=True) if each.auto_created)
        for relation in (each for each in relations if isinstance(each, ForeignObjectRel)):
            path = relation.field.name
            for start in range(0, len(keys), BATCH):
                pointing = relation.related_model._base_manager.filter(**{f"{path}__in": keys[start : start + BATCH]})
                if relation.related_model is self.model:
                    pointing = pointing.exclude(pk__in=own) if len(own) < BATCH else pointing.none()
                if relation.many_to_many:
                    names += [str(each) for each in pointing[:NAMED_AT_MOST]]
                else:
                    names += [str(getattr(each, path)) for each in pointing.select_related(path)[:NAMED_AT_MOST]]
        return names

    def remove(self, keys: list[Any]) -> None:
        """Delete what was made; nothing points to it, `_in_use` has looked."""
        for start in range(0, len(keys), BATCH):
            rows = self.model._default_manager.filter(pk__in=keys[start : start + BATCH])
            rows._raw_delete(rows.db)
