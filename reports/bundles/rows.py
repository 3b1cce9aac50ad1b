"""Rows of a bundle as they are read: each value of the right kind, each named row present, or it is refused."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from communes import notation
from communes.models import User

from . import member_of
from .container import BundleRefused, Reader
from .tables import BY_MODEL, PEOPLE, Table
from .writing import PERSON, written

# What is kept in memory and shown in the preview, all of it together: several times a province with its villages.
MOST_HELD_BYTES = 16 * 1024**2
MOST_HELD_ROWS = 30_000
FILE = re.compile(r"files/([0-9a-f]{64})(\.[a-z0-9]{1,8})?")
# {table: {number in the bundle: primary key here}}
Keys = Mapping[str, Mapping[int, Any]]
Held = TypeVar("Held")


class Wrong(Exception):
    """A value is not what its column holds; the message says so within a sentence."""


def read(reader: Reader, table: Table) -> Iterator[dict[str, Any]]:
    """The rows of a table as JSON, each with the columns it must have, numbered from 1."""
    columns = {"n", *(field.name for field in table.fields), *(field.name for field in table.lists)}
    yield from _numbered(reader, table.name, columns)


def read_held(reader: Reader, tables: Iterable[Table], *, beside: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """{table: rows} of the tables that are kept as a whole, within a limit for all of them.

    beside: further tables that each preview reads, which count towards the limit.
    """
    tables = list(tables)
    size = 0
    for name in (*beside, *(table.name for table in tables)):
        info = reader.infos.get(member_of(name))
        size += info.file_size if info else 0
        if size > MOST_HELD_BYTES:
            most = notation.file_size(MOST_HELD_BYTES)
            raise BundleRefused(f"{member_of(name)}: các bảng dùng chung của gói lớn hơn {most} khi mở ra.")
    kept: dict[str, list[dict[str, Any]]] = {}
    left = MOST_HELD_ROWS
    for table in tables:
        kept[table.name] = list(_at_most(left, table.name, _plain_rows(table, read(reader, table))))
        left -= len(kept[table.name])
    return kept


def _at_most(most: int, name: str, rows: Iterator[Held]) -> Iterator[Held]:
    for count, row in enumerate(rows, start=1):
        if count > most:
            all_rows = notation.number(MOST_HELD_ROWS)
            raise BundleRefused(f"{member_of(name)}: các bảng dùng chung của gói có hơn {all_rows} dòng.")
        yield row


def _plain_rows(table: Table, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Without values of many values, which take some twenty times their length of memory."""
    for row in rows:
        if odd := next((name for name, value in row.items() if isinstance(value, dict | list)), None):
            raise refused(table.name, row, f"cột {odd}: sai kiểu")
        yield row


def read_people(reader: Reader) -> list[dict[str, str]]:
    found = []
    for row in _at_most(MOST_HELD_ROWS, PEOPLE, _numbered(reader, PEOPLE, {"n", *PERSON})):
        for name in PERSON:
            field: Any = User._meta.get_field(name)
            if not isinstance(row[name], str) or len(row[name]) > (field.max_length or 0) or "\x00" in row[name]:
                raise refused(PEOPLE, row, f"cột {name} sai kiểu")
        if not row["username"]:
            raise refused(PEOPLE, row, "thiếu tên đăng nhập")
        found.append(row)
    if len({row["username"].lower() for row in found}) != len(found):
        raise BundleRefused(f"{member_of(PEOPLE)}: một tên đăng nhập ghi hai lần.")
    return found


def _numbered(reader: Reader, name: str, columns: set[str]) -> Iterator[dict[str, Any]]:
    member = member_of(name)
    if member not in reader.infos:
        raise BundleRefused(f"Gói thiếu tệp {member}.")
    for number, row in enumerate(reader.lines(member), start=1):
        if not isinstance(row, dict) or row.get("n") != number or type(row["n"]) is not int:
            raise BundleRefused(f"{member}, dòng {number}: thiếu hoặc sai số thứ tự.")
        if set(row) != columns:
            odd = sorted(set(row) ^ columns)[0]
            raise BundleRefused(f"{member}, dòng {number}: cột {odd[:40]} thiếu hoặc lạ.")
        yield row


def refused(table: str, row: Mapping[str, Any], reason: str) -> BundleRefused:
    return BundleRefused(f"{member_of(table)}, dòng {row['n']}: {reason}.")


def values_of(table: Table, row: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """{column: value} for the model; of a link within the table itself nothing yet, of a file the member's name."""
    found = {}
    for field in table.fields:
        try:
            found[field.attname] = _value(table, field, row[field.name], keys)
        except (Wrong, ValidationError, ValueError, InvalidOperation, OverflowError) as error:
            reason = str(error) if isinstance(error, Wrong) else "giá trị không hợp lệ"
            raise refused(table.name, row, f"cột {field.name}: {reason}") from error
    return found


def list_of(table: Table, field: Any, row: Mapping[str, Any], keys: Keys) -> list[Any]:
    numbers = row[field.name]
    if not isinstance(numbers, list) or numbers != sorted({n for n in numbers if type(n) is int}):
        raise refused(table.name, row, f"cột {field.name}: sai kiểu")
    try:
        return [_named(field, number, keys) for number in numbers]
    except Wrong as error:
        raise refused(table.name, row, f"cột {field.name}: {error}") from error


def links_of(table: Table) -> list[models.Field]:
    """Columns that name another row of the same table: filled in when all rows are there."""
    return [field for field in table.fields if field.is_relation and field.related_model is table.model]


def _value(table: Table, field: Any, value: Any, keys: Keys) -> Any:
    if value is None:
        if not field.null:
            raise Wrong("không được trống")
        return None
    if field.is_relation:
        if type(value) is not int:
            raise Wrong("sai kiểu")
        return None if field.related_model is table.model else _named(field, value, keys)
    if isinstance(field, models.JSONField):
        return value
    if isinstance(field, models.FileField):
        if value == "" and field.blank:
            return ""
        if not isinstance(value, str) or not FILE.fullmatch(value):
            raise Wrong("không phải tên tệp trong gói")
        return value
    return _plain(field, value)


def _plain(field: Any, value: Any) -> Any:
    found = _read(field, value)
    # As it was written and no other way: two ways to write one value would be two bundles of one round.
    if written(found) != value or type(written(found)) is not type(value):
        raise Wrong("không đúng dạng")
    if isinstance(found, str) and "\x00" in found:
        raise Wrong("có ký tự không được phép")
    if field.choices and not (found == "" and field.blank) and found not in {key for key, _ in field.flatchoices}:
        raise Wrong("không có trong danh sách cho phép")
    field.run_validators(found)
    return found


def _read(field: Any, value: Any) -> Any:
    if isinstance(field, models.BooleanField):
        return _of_kind(value, bool)
    if isinstance(field, models.IntegerField):
        return _of_kind(value, int)
    text = _of_kind(value, str)
    if isinstance(field, models.DateTimeField):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise Wrong("thiếu múi giờ")
        return moment
    if isinstance(field, models.DateField):
        return date.fromisoformat(text)
    if isinstance(field, models.TimeField):
        return time.fromisoformat(text)
    if isinstance(field, models.DecimalField):
        return Decimal(text)
    if isinstance(field, models.UUIDField):
        return UUID(text)
    return text


def _of_kind(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise Wrong("sai kiểu")
    return value


def _named(field: Any, number: Any, keys: Keys) -> Any:
    table = PEOPLE if field.related_model is User else BY_MODEL[field.related_model].name
    try:
        return keys[table][number]
    except (KeyError, TypeError):
        raise Wrong(f"không có dòng {str(number)[:20]} trong {member_of(table)}") from None
