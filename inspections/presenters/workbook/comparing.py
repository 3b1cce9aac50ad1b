"""A workbook that came back against its dossier: what changes, what somebody else changed meanwhile, what is wrong."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from communes.models import User
from communes.text import clean, fold
from criteria.measures import Kind as Measure

from ... import workflow
from ...forms.entry import AssessmentForm, NumberField
from ...models import Assessment, Dossier, ReturnItem
from ...values import typed_number
from ...workbook import Cell, Kind, Sheet
from ...workflow import Refused
from ..criterion import measured, open_to_entry
from .layout import (
    ENTRY,
    LIST_SHEET,
    SEAL_SHEET,
    Column,
    Origin,
    Slot,
    check_origin,
    fingerprint,
    reference,
    slots,
    stored,
    unseal,
)

MOST_FAULTS = 300
MINE, THEIRS = "mine", "theirs"
FORMULA = "Ô có công thức. Ghi số hoặc chữ, không ghi công thức."
WORDS_OF_FORM = {"self_judgement": "Tự đánh giá", "remark": "Thuyết minh"}


@dataclass(frozen=True)
class Fault:
    """What is wrong, where, and how to mend it."""

    sheet: str
    cell: str
    text: str


@dataclass(frozen=True)
class Line:
    """One cell that differs from what is stored. name: of its choice in the form, where it has one."""

    code: str
    measure: str
    label: str
    sheet: str
    cell: str
    old: str
    new: str
    name: str = ""
    chosen: str = ""
    changed_by: str = ""

    @property
    def is_removal(self) -> bool:
        return self.new == "" and self.old != ""


@dataclass
class Comparison:
    """What confirming a workbook would do now."""

    made: datetime | None = None
    changes: list[Line] = field(default_factory=list)
    conflicts: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: list[tuple[Assessment, dict[str, Any]]] = field(default_factory=list)
    seen: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether it can be confirmed, once the conflicts are decided."""
        return not self.faults and bool(self.changes or self.conflicts)

    @property
    def undecided(self) -> list[Line]:
        return [line for line in self.conflicts if line.chosen not in (MINE, THEIRS)]

    @property
    def removals(self) -> int:
        return sum(line.is_removal for line in self.changes)


# ---------------------------------------------------------------- from sheets to cells of the dossier


def located(sheets: list[Sheet], dossier: Dossier) -> dict[str, Any]:
    """What of a workbook belongs to a dossier, as JSON to be kept. Raises Refused for a workbook of something else.

    {"made": when, "base": rows of its record, "cells": {assessment id: {field: [sheet, cell, kind, text]}},
    "faults": [[sheet, cell, sentence]], "notes": sentences}
    """
    origin = _origin(sheets)
    check_origin(origin, dossier)
    shown = [sheet for sheet in sheets if sheet.title not in (SEAL_SHEET, LIST_SHEET)]
    rows, twice = _rows_by_key(shown)
    faults = [[sheet.title, reference(cell.row, cell.column), FORMULA] for sheet, cell in _formulas(shown)]
    cells: dict[str, dict[str, list[str]]] = {}
    used: set[tuple[str, int, int]] = set()
    for form in _forms(dossier):
        for slot in slots(form):
            if slot.key not in rows:
                continue
            sheet, number, found = rows[slot.key]
            used.add((sheet, number, slot.column))
            cell = found.get(slot.column)
            kind, text = (cell.kind, cell.text) if cell else (Kind.TEXT, "")
            place = [sheet, reference(number, slot.column), kind.value, text]
            cells.setdefault(str(form.assessment.pk), {})[slot.field] = place
        keys = {slot.key for slot in slots(form)}
        faults += [["", "", f"Không thấy dòng của chỉ tiêu {key}. {AGAIN}"] for key in sorted(keys - set(rows))]
        faults += [[*twice[key], f"Mã {key} đứng ở hai dòng. {AGAIN}"] for key in sorted(keys & set(twice))]
    faults += _closed(rows, used)
    return {
        "made": origin.made_at,
        "base": origin.rows,
        "cells": cells,
        "faults": faults[:MOST_FAULTS],
        "notes": _notes(shown),
    }


AGAIN = "Không thêm, xóa hay đổi mã của dòng: tải lại bảng tính và nhập vào đó."


def _origin(sheets: list[Sheet]) -> Origin:
    pieces = [cell.text for sheet in sheets if sheet.title == SEAL_SHEET for cell in sheet.cells if cell.column == 1]
    if not pieces:
        raise Refused("Tệp này không phải bảng tính tải từ hồ sơ trên cổng. Tải bảng tính từ hồ sơ rồi nhập vào đó.")
    return unseal(pieces)


Found = dict[str, tuple[str, int, dict[int, Cell]]]


def _rows_by_key(sheets: Iterable[Sheet]) -> tuple[Found, dict[str, tuple[str, str]]]:
    """({what stands in the code column: (sheet, row, cells by column)}, {a key that stands twice: (sheet, cell)})."""
    found: Found = {}
    twice: dict[str, tuple[str, str]] = {}
    for sheet in sheets:
        by_row: dict[int, dict[int, Cell]] = {}
        for cell in sheet.cells:
            by_row.setdefault(cell.row, {})[cell.column] = cell
        for number, row in by_row.items():
            if Column.CODE not in row:
                continue
            key = clean(row[Column.CODE].text)
            if key in found:
                twice[key] = (sheet.title, reference(number, Column.CODE))
            else:
                found[key] = (sheet.title, number, row)
    return found, twice


def _formulas(sheets: Iterable[Sheet]) -> Iterable[tuple[Sheet, Cell]]:
    return ((sheet, cell) for sheet in sheets for cell in sheet.cells if cell.kind == Kind.FORMULA)


def _closed(rows: Found, used: set[tuple[str, int, int]]) -> list[list[str]]:
    """Entries beside the cells of an indicator: without a word they would be lost."""
    known = {(sheet, number) for sheet, number, _ in used}
    return [
        [sheet, reference(number, column), "Chỉ tiêu này không dùng ô này. Chuyển nội dung sang đúng ô rồi xóa."]
        for sheet, number, row in rows.values()
        if (sheet, number) in known
        for column in ENTRY
        if column in row and row[column].kind != Kind.FORMULA and (sheet, number, column) not in used
    ]


def _notes(sheets: Iterable[Sheet]) -> list[str]:
    """What stands beside the table is not read, and the sender is told."""
    found = []
    for sheet in sheets:
        beside = [reference(cell.row, cell.column) for cell in sheet.cells if cell.column > max(Column)]
        if beside:
            rest = f" và {len(beside) - 5} ô khác" if len(beside) > 5 else ""
            found.append(f"Trang “{sheet.title}”: không đọc ô {', '.join(beside[:5])}{rest}, nằm ngoài bảng.")
    return found


def _forms(dossier: Dossier) -> list[AssessmentForm]:
    rows = dossier.assessments.select_related("criterion", "self_by")
    return [AssessmentForm(row) for row in measured(dossier, rows.order_by("criterion__number", "indicator__position"))]


# ---------------------------------------------------------------- what a cell says


def said(form: AssessmentForm, slot: Slot, kind: Kind, text: str) -> str:
    """What a cell enters in its field, written as `layout.stored` writes it. Raises ValidationError with the reason."""
    if kind == Kind.FORMULA:
        raise forms.ValidationError(FORMULA)
    if kind == Kind.FAULT:
        raise forms.ValidationError(f"Ô báo lỗi {text}. Nhập lại nội dung.")
    form_field = form.fields[slot.field]
    if isinstance(form_field, NumberField):
        return _number(form, slot, form_field, kind, text)
    if isinstance(form_field, forms.ChoiceField):
        return _choice(form_field, text)
    if kind == Kind.PERCENT:
        return f"{_times_hundred(text)} %"
    return clean(text.replace(".", ",") if kind == Kind.NUMBER else text)


def _number(form: AssessmentForm, slot: Slot, form_field: NumberField, kind: Kind, text: str) -> str:
    unit = _unit(form, slot)
    if kind == Kind.DAY:
        raise forms.ValidationError(f"Ô thành ngày {text}. Nhập lại số với dấu phẩy thập phân, ví dụ 12,5.")
    if kind == Kind.TRUTH:
        raise forms.ValidationError("Chỉ nhập số, ví dụ 1250,5.")
    typed = text.strip()
    is_percent = kind == Kind.PERCENT or typed.endswith("%")
    if is_percent and unit != "%":
        raise forms.ValidationError("Ô thành tỷ lệ %. Nhập số đếm được hoặc đo được, không nhập tỷ lệ.")
    if kind == Kind.PERCENT:
        typed = _times_hundred(typed)
    elif kind == Kind.NUMBER:
        typed = typed.replace(".", ",")
    elif unit and typed.lower().endswith(unit.lower()):
        typed = typed[: -len(unit)]
    return typed_number(form_field.clean(typed))


def _unit(form: AssessmentForm, slot: Slot) -> str:
    """The unit of a plain number; empty for counts of a rate."""
    if slot.field == "value":
        return form.indicator.unit
    for part in form.parts:
        if part.kind == Measure.NUMBER and slot.field == f"part_{part.code}_number":
            return part.unit
    return ""


def _times_hundred(text: str) -> str:
    """0.85 in a cell of per cent was seen as 85."""
    whole, _, places = text.partition(".")
    moved = f"{whole}{places.ljust(2, '0')[:2]}"
    rest = places[2:]
    return f"{moved.lstrip('0') or '0'},{rest}" if rest else moved.lstrip("0") or "0"


def _choice(form_field: forms.ChoiceField, text: str) -> str:
    typed = fold(text)
    if not typed:
        return ""
    for value, label in form_field.choices:  # type: ignore[union-attr, misc]
        # "Không (đạt)" is also understood as what stands before the bracket.
        if typed in (fold(str(label)), fold(str(label).partition(" (")[0])):
            return str(value)
    offered = ", ".join(f"“{label}”" for _, label in form_field.choices)  # type: ignore[union-attr, misc]
    raise forms.ValidationError(f"“{text[:40]}” không có trong danh sách. Chọn {offered}.")


# ---------------------------------------------------------------- comparing


def compare(content: Mapping[str, Any], dossier: Dossier, user: User, choices: Mapping[str, str]) -> Comparison:
    """What a kept workbook would change in the dossier as it is now; a fixed number of queries.

    choices: {name of a conflict: MINE or THEIRS}. A cell that nobody touched since the download changes nothing.
    """
    found = Comparison(
        made=timezone.localtime(datetime.fromisoformat(content["made"])),
        faults=[Fault(*row) for row in content["faults"]],
        notes=list(content["notes"]),
    )
    out = set(
        dossier.return_items.filter(status=ReturnItem.Status.OPEN).order_by().values_list("assessment_id", flat=True)
    )
    edits = workflow.edits(dossier, user)
    marks = []
    for form in _forms(dossier):
        key = str(form.assessment.pk)
        row = _Row(form, content["cells"].get(key, {}), content["base"].get(key), choices)
        is_open = edits and open_to_entry(dossier, is_out=form.assessment.pk in out)
        row.compare(found, is_open=is_open)
        if row.is_touched:
            marks.append(f"{key}:{form.assessment.entry_version}")
    found.seen = hashlib.sha256(" ".join([str(dossier.pk), *marks]).encode()).hexdigest()
    return found


class _Row:
    """One indicator of the dossier and its cells."""

    def __init__(
        self,
        form: AssessmentForm,
        cells: Mapping[str, list[str]],
        base: tuple[int, Mapping[str, str]] | None,
        choices: Mapping[str, str],
    ) -> None:
        self.form, self.cells, self.choices = form, cells, choices
        self.version, self.marks = base or (0, {})
        self.is_touched = False
        # What the form is sent: what is stored, and over it what the workbook brings.
        self.data = {name: stored(form, name) for name in form.fields}
        self.faulty: set[str] = set()

    def compare(self, found: Comparison, *, is_open: bool) -> None:
        touched = [slot for slot in slots(self.form) if slot.field in self.cells and self._look(slot, found)]
        self.is_touched = bool(touched) or bool(self.faulty)
        if not touched:
            return
        if not is_open:
            self._refuse(touched, found)
            return
        self._validate(found)

    def _look(self, slot: Slot, found: Comparison) -> bool:
        """Whether a cell brings something else than what is stored; conflicts and faults are noted."""
        sheet, cell, kind, text = self.cells[slot.field]
        present = self.data[slot.field]
        try:
            typed = said(self.form, slot, Kind(kind), text)
        except forms.ValidationError as error:
            self.faulty.add(slot.field)
            if kind != Kind.FORMULA:  # told for every formula already, wherever it stands
                found.faults.append(Fault(sheet, cell, self._named(" ".join(error.messages))))
            return False
        base = self.marks.get(slot.field)
        if typed == present or fingerprint(typed) == base:
            return False
        is_stale = self.version != self.form.assessment.entry_version and fingerprint(present) != base
        line = self._line(slot, present, typed, is_conflict=is_stale)
        if is_stale:
            found.conflicts.append(line)
            if line.chosen == THEIRS:
                return True
        else:
            found.changes.append(line)
        self.data[slot.field] = typed
        return True

    def _line(self, slot: Slot, old: str, new: str, *, is_conflict: bool) -> Line:
        sheet, cell, _, _ = self.cells[slot.field]
        form_field = self.form.fields[slot.field]
        words = {str(value): str(label) for value, label in getattr(form_field, "choices", None) or []}
        name = f"giu-{self.form.assessment.pk}-{slot.field}" if is_conflict else ""
        part = next((item for item in self.form.parts if slot.field.startswith(f"part_{item.code}_")), None)
        return Line(
            code=slot.key,
            measure=part.text if part else self.form.indicator.text,
            label=str(form_field.label),
            sheet=sheet,
            cell=cell,
            old=words.get(old, old),
            new=words.get(new, new),
            name=name,
            chosen=self.choices.get(name, ""),
            changed_by=str(self.form.assessment.self_by or ""),
        )

    def _refuse(self, touched: list[Slot], found: Comparison) -> None:
        for slot in touched:
            sheet, cell, _, _ = self.cells[slot.field]
            found.faults.append(Fault(sheet, cell, self._named("Chỉ tiêu này hiện không mở để sửa.")))

    def _validate(self, found: Comparison) -> None:
        form = AssessmentForm(self.form.assessment, {**self.data, "version": self.form.assessment.entry_version})
        if form.is_valid():
            if not self.faulty:
                found.rows.append((self.form.assessment, form.changes()))
            return
        for name, messages in form.errors.items():
            if name in self.faulty:
                continue
            sheet, cell, _, _ = self.cells.get(name, ["", "", "", ""])
            found.faults.append(Fault(sheet, cell, self._named(" ".join(str(message) for message in messages))))

    def _named(self, sentence: str) -> str:
        return f"Chỉ tiêu {self.form.indicator.code}: {sentence}"
