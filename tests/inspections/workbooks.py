"""Workbooks as people send them: a downloaded one with cells edited, and packed files that no program would write."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from inspections import services
from inspections.presenters.workbook import comparing, writing
from inspections.presenters.workbook.layout import Column
from inspections.workbook import reading

EXCEL = writing.CONTENT_TYPE


def downloaded(dossier, user) -> bytes:
    return writing.workbook(dossier, user)


def places(book) -> dict:
    """{code: (sheet, row)}"""
    return {
        str(sheet.cell(row, 1).value): (sheet, row)
        for sheet in book.worksheets
        if not sheet.title.startswith("_")
        for row in range(1, sheet.max_row + 1)
        if sheet.cell(row, 1).value
    }


def edited(content: bytes, edits: dict, *, formats: dict | None = None) -> bytes:
    """The workbook with cells set: `edited(content, {("2.1", Column.NUMBER): 8})`; None empties a cell."""
    book = load_workbook(io.BytesIO(content))
    where = places(book)
    for (code, column), value in edits.items():
        sheet, row = where[code]
        sheet.cell(row, column).value = value
        if formats and (code, column) in formats:
            sheet.cell(row, column).number_format = formats[code, column]
    return saved(book)


def cell_of(content: bytes, code: str, column: Column):
    sheet, row = places(load_workbook(io.BytesIO(content)))[code]
    return sheet.cell(row, column)


def saved(book) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def plain_book(**cells) -> bytes:
    """A workbook of somebody's own: `plain_book(A1="Xã")`."""
    book = Workbook()
    for place, value in cells.items():
        book.active[place] = value
    return saved(book)


def repacked(content: bytes, members: dict[str, bytes | None], *, method=zipfile.ZIP_DEFLATED) -> bytes:
    """The archive with members replaced, added, or (None) left out."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", method) as new:
        for name in old.namelist():
            if name not in members:
                new.writestr(name, old.read(name))
        for name, body in members.items():
            if body is not None:
                new.writestr(name, body)
    return target.getvalue()


def upload(content: bytes, name: str = "ho-so.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=EXCEL)


def compared(content: bytes, dossier, user, **choices):
    """What sending this workbook would change; read without a process of its own, to be quick."""
    return comparing.compare(comparing.located(reading.read(content), dossier), dossier, user, choices)


def kept(content: bytes, dossier, by, name="ho-so.xlsx"):
    """As it waits on the server for its confirmation."""
    found = comparing.located(reading.read(content), dossier)
    return services.keep_workbook(dossier, by=by, name=name, sha256="0" * 64, content=found)
