"""The plan of a dossier's workbook: which cell holds what, and the signed record of what it was made from."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any

from django.core import signing
from openpyxl.utils import get_column_letter

from communes import clock
from communes.text import clean
from criteria.measures import Kind
from criteria.models import IndicatorPart

from ...forms.entry import PART_COLUMNS, AssessmentForm
from ...models import Dossier
from ...values import typed_number
from ...workflow import Refused

GUIDE_SHEET = "Hướng dẫn"
SEAL_SHEET = "_cong"
LIST_SHEET = "_danh_sach"
SALT = "inspections.workbook"
CHUNK = 30_000  # a cell holds 32,767 signs


class Column(IntEnum):
    """The columns of a sheet, counted from 1."""

    CODE = 1
    TEXT = 2
    THRESHOLD = 3
    UNIT = 4
    NUMBER = 5  # numerator of a rate, value of a number, answer of a part
    WHOLE = 6  # denominator of a rate
    JUDGEMENT = 7
    REMARK = 8


ENTRY = (Column.NUMBER, Column.WHOLE, Column.JUDGEMENT, Column.REMARK)


@dataclass(frozen=True)
class Slot:
    """One cell that is filled in. key: what stands in the code column of its row; field: of AssessmentForm."""

    key: str
    column: Column
    field: str


def part_key(code: str, part: IndicatorPart) -> str:
    return f"{code} ({part.code})"


def slots(form: AssessmentForm) -> list[Slot]:
    """The cells of one indicator, parts of a compound one each in a row of its own."""
    code, kind = form.indicator.code, form.indicator.kind
    own: dict[str, tuple[str, ...]] = {Kind.RATE: ("numerator", "denominator"), Kind.NUMBER: ("value",)}
    found = [
        Slot(code, column, field)
        for column, field in zip((Column.NUMBER, Column.WHOLE), own.get(kind, ()), strict=False)
    ]
    for part in form.parts:
        names = PART_COLUMNS[Kind(part.kind)]
        found += [
            Slot(part_key(code, part), column, f"part_{part.code}_{name}")
            for column, name in zip((Column.NUMBER, Column.WHOLE), names, strict=False)
        ]
    return [*found, Slot(code, Column.JUDGEMENT, "self_judgement"), Slot(code, Column.REMARK, "remark")]


def stored(form: AssessmentForm, field: str) -> str:
    """What is stored in a field, as one would send it: "1250,5", "yes", "dat", text."""
    value = form.initial.get(field)
    if isinstance(value, Decimal):
        return typed_number(value)
    return clean(str(value).replace("\r\n", "\n")) if value is not None else ""


def fingerprint(text: str) -> str:
    """Short mark by which a cell that nobody touched is known again."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def reference(row: int, column: int) -> str:
    """D12"""
    return f"{get_column_letter(column)}{row}"


# ---------------------------------------------------------------- what a workbook was made from


@dataclass(frozen=True)
class Origin:
    """What a workbook says of itself, signed by the portal.

    rows: {assessment id as text: [version, {field: fingerprint of what was stored}]}.
    """

    dossier: int
    unit: str
    unit_code: str
    round_code: str
    round_name: str
    set_code: str
    set_version: int
    made_at: str
    rows: dict[str, tuple[int, dict[str, str]]]

    @property
    def made(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


def origin_of(dossier: Dossier, rows: dict[str, tuple[int, dict[str, str]]]) -> Origin:
    return Origin(
        dossier=dossier.pk,
        unit=str(dossier.unit),
        unit_code=dossier.unit.code,
        round_code=dossier.round.code,
        round_name=dossier.round.name,
        set_code=dossier.criteria_set.code,
        set_version=dossier.criteria_set.version,
        made_at=clock.now().isoformat(),
        rows=rows,
    )


def seal(origin: Origin) -> list[str]:
    """The record with its HMAC, in pieces that fit into cells."""
    text = signing.dumps(vars(origin), salt=SALT, compress=True)
    return [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]


def unseal(pieces: list[str]) -> Origin:
    """Raises Refused for what the portal did not write."""
    try:
        data: dict[str, Any] = signing.loads("".join(pieces), salt=SALT)
        return Origin(**data)
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise Refused(
            "Không xác nhận được tệp này là bảng tính tải từ hồ sơ trên cổng. Tải bảng tính từ hồ sơ rồi nhập vào đó."
        ) from error


def check_origin(origin: Origin, dossier: Dossier) -> None:
    """Raise Refused, with the reason, for the workbook of another unit, round, set or version of a set."""
    here = origin_of(dossier, {})
    if origin.unit_code != here.unit_code:
        raise Refused(f"Đây là bảng tính của {origin.unit}; hồ sơ này là của {here.unit}.")
    if origin.round_code != here.round_code:
        raise Refused(f"Đây là bảng tính của đợt “{origin.round_name}”; hồ sơ này thuộc đợt “{here.round_name}”.")
    if origin.set_code != here.set_code:
        raise Refused(f"Đây là bảng tính theo bộ tiêu chí {origin.set_code}; hồ sơ này theo bộ {here.set_code}.")
    if origin.set_version != here.set_version:
        raise Refused(
            f"Đây là bảng tính theo phiên bản {origin.set_version} của bộ tiêu chí; "
            f"hồ sơ này theo phiên bản {here.set_version}."
        )
    if origin.dossier != here.dossier:
        raise Refused("Đây là bảng tính của một hồ sơ khác cùng đơn vị. Tải lại bảng tính từ hồ sơ này.")
