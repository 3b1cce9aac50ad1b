"""What a kind of data is that goes in and out as a table, and which kinds there are."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied

from ..imports import ImportRow
from ..models import User
from ..permissions import Permission
from ..tables import Cell

State = ImportRow.State
Progress = Callable[[int], None]
Choices = Mapping[str, bool]


class CannotUndo(Exception):
    """Something changed since the import; `reasons` are Vietnamese sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Column:
    """One column of a table. heading: in its first line. is_code: its signs count, so it must be typed as text."""

    name: str
    heading: str
    is_needed: bool = False
    is_code: bool = False
    hint: str = ""
    width: int = 18


@dataclass(frozen=True)
class Page:
    """One sheet of a kind: its title and columns."""

    title: str
    columns: Sequence[Column]


@dataclass(frozen=True)
class Record:
    """One line of a table with its cells by the name of their column."""

    sheet: str
    number: int
    cells: Mapping[str, Cell]
    addresses: Mapping[str, str]

    @property
    def key(self) -> str:
        return f"{self.sheet}:{self.number}"


@dataclass
class Located:
    """The tables of a file: {title of a page: its records}, the columns that were found, and what was not read."""

    records: dict[str, list[Record]]
    columns: dict[str, list[str]]
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(len(rows) for rows in self.records.values())


@dataclass
class Planned:
    """What one row would do.

    changes: [[heading, old, new]]. problems: [[cell, heading, reason]]. offer: [heading, typed, offered] while nobody
    has chosen. work: what saving needs; not stored.
    """

    record: Record
    state: State
    label: str
    changes: list[list[str]] = field(default_factory=list)
    problems: list[list[str]] = field(default_factory=list)
    offer: list[str] | None = None
    work: Any = None


class Kind(ABC):
    """A kind of data. A kind that only goes out has `can_import` False and need not plan, apply or undo."""

    code: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str] = ""
    needs: ClassVar[Permission]
    can_import: ClassVar[bool] = True
    # Of the kinds that come in, what is seldom needed is listed after the rest.
    is_seldom: ClassVar[bool] = False
    formats: ClassVar[tuple[str, ...]] = ("xlsx", "csv", "ods")

    def allows(self, user: User) -> bool:
        return user.has(self.needs)

    def require(self, user: User) -> None:
        if not self.allows(user):
            raise PermissionDenied

    def targets(self, user: User) -> list[tuple[str, str]]:
        """What can be exported one by one, as (value, words); empty: there is but one thing, everything."""
        return []

    def import_targets(self, user: User) -> list[tuple[str, str]]:
        """Where a file may go, as (value, words); empty: there is no choice."""
        return []

    def has_target(self, user: User, target: str, *, importing: bool = False) -> bool:
        offered = dict(self.import_targets(user) if importing else self.targets(user))
        return target in offered if offered else target == ""

    @abstractmethod
    def pages(self) -> Sequence[Page]: ...

    @abstractmethod
    def export(self, user: User, target: str) -> Iterator[tuple[Page, Iterable[Sequence[Any]]]]:
        """Each page with its rows: text, numbers and dates in the order of the columns."""

    def plan(
        self, located: Located, *, by: User, target: str, choices: Choices, progress: Progress, lock: bool = False
    ) -> list[Planned]:
        """What each row would do. lock: the rows that stand are held until the end of the transaction."""
        raise NotImplementedError

    def apply(self, planned: list[Planned], *, by: User, target: str) -> tuple[list[Any], dict[str, Any]]:
        """Save what was planned; the row changes as the journal keeps them, and further data for the undoing."""
        raise NotImplementedError

    def undo(self, rows: list[Any], data: Mapping[str, Any], *, by: User) -> None:
        """Take back what `apply` did. Raises CannotUndo where anything of it changed since."""
        raise NotImplementedError

    def result_url(self, data: Mapping[str, Any]) -> str:
        """Where what was imported is seen; empty for none."""
        return ""


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    KINDS[kind.code] = kind


def kinds_for(user: User) -> list[Kind]:
    """The kinds a person may use: first what may also come in, else as they were registered."""
    allowed = (kind for kind in KINDS.values() if kind.allows(user))
    return sorted(allowed, key=lambda kind: (not kind.can_import, kind.is_seldom))
