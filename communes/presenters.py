"""What the pages of imports show."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from .exchange.kinds import KINDS, Kind
from .exchange.runs import blockers
from .imports import CONFIRMABLE, ImportRow, ImportRun
from .models import User
from .notation import count, minute

ROWS = 50
FORMS = {"xlsx": "Excel (.xlsx)", "csv": "CSV (UTF-8)", "ods": "OpenDocument (.ods)"}
# Of the states of a run and of a row: the badge that looks like it.
LOOKS = {
    "checking": "submitted", "ready": "open", "saving": "submitted", "done": "done", "undone": "none",
    "dropped": "none",
    "new": "complete", "changed": "submitted", "gone": "returned", "same": "none", "ask": "open", "error": "error",
}  # fmt: skip


@dataclass(frozen=True)
class KindLine:
    """A kind on the page of imports and exports."""

    kind: Kind
    forms: list[tuple[str, str]]
    targets: list[tuple[str, str]]


def kind_lines(user: User, kinds: list[Kind]) -> list[KindLine]:
    return [KindLine(kind, [(form, FORMS[form]) for form in kind.formats], kind.targets(user)) for kind in kinds]


@dataclass(frozen=True)
class RunLine:
    run: ImportRun
    kind: str
    status: str
    look: str
    what: str


def run_line(run: ImportRun) -> RunLine:
    kind = KINDS.get(run.kind)
    words = [
        f"{count(run.count(state))} {label.lower()}" for state, label in ImportRow.State.choices if run.count(state)
    ]
    return RunLine(
        run, kind.title if kind else run.kind, str(run.get_status_display()), LOOKS[run.status], ", ".join(words)
    )


@dataclass(frozen=True)
class Change:
    heading: str
    old: str
    new: str


@dataclass(frozen=True)
class Problem:
    cell: str
    heading: str
    reason: str


@dataclass(frozen=True)
class RowLine:
    """A row of a preview. choice: the name under which it is chosen what becomes of the offer."""

    row: ImportRow
    state: str
    look: str
    changes: list[Change]
    problems: list[Problem]
    choice: str


def row_line(row: ImportRow) -> RowLine:
    return RowLine(
        row,
        str(row.get_state_display()),
        LOOKS[row.state],
        [Change(*change) for change in row.changes],
        [Problem(*problem) for problem in row.problems],
        f"dong-{row.sheet}:{row.number}" if row.offer else "",
    )


def filters(run: ImportRun, chosen: str) -> list[tuple[str, str, bool]]:
    """(address, words, whether it is the one now shown) for each state that occurs."""
    found = [("?", f"Tất cả ({count(run.total_rows)})", not chosen)]  # type: ignore[attr-defined]
    for state, label in ImportRow.State.choices:
        if run.count(state):
            found.append((f"?trang-thai={state}", f"{label} ({count(run.count(state))})", chosen == state))
    return found


def preview(run: ImportRun, query: QueryDict) -> dict[str, Any]:
    """Rows of one page, by state; faults and choices stand first where nobody has chosen a filter."""
    chosen = query.get("trang-thai", "")
    if chosen not in ImportRow.State.values:
        chosen = ""
    rows = run.rows.filter(state=chosen) if chosen else run.rows.all()
    run.total_rows = sum(int(number) for number in run.counts.values())  # type: ignore[attr-defined]
    page: Page[Any] = Paginator(rows.order_by("place"), ROWS).get_page(query.get("page"))
    lines = [row_line(row) for row in page.object_list]
    return {
        "page": page,
        "lines": lines,
        "has_choices": any(line.choice for line in lines) and run.status == ImportRun.Status.READY,
        "has_sheets": len({line.row.sheet for line in lines}) > 1 or bool(lines and len(KINDS[run.kind].pages()) > 1),
        "filters": filters(run, chosen),
        "chosen": chosen,
        "blockers": blockers(run),
        "until": minute(run.uploaded_at + CONFIRMABLE),
    }


def told(counts: ImportRun) -> list[str]:
    """What an import did, in sentences."""
    verbs = {"new": "thêm mới", "changed": "thay đổi", "gone": "bỏ đi", "same": "không đổi"}
    return [f"{count(counts.count(state))} dòng {verb}." for state, verb in verbs.items() if counts.count(state)]


def crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("Nhập, xuất dữ liệu", reverse("communes:exchange")), *more]


def choices_in(request: HttpRequest) -> dict[str, bool]:
    """What a form of choices says: {key of a row: whether the correction is taken}."""
    start = "dong-"
    return {
        name.removeprefix(start): value == "sua"
        for name, value in request.POST.items()
        if name.startswith(start) and value in ("sua", "giu")
    }
