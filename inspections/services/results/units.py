"""Which commune or village a code of the sheet means on the round's day, and which ones would have to be made."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher

from communes.models import Authority, Commune, Village, within
from communes.text import fold

from .sheets import Fault, Line, composed

COMMUNE_CODE = re.compile(r"\d{5}")
VILLAGE_CODE = re.compile(r"(\d{5})-\d{2}")
COMMUNE_FORM = "mã xã gồm 5 chữ số, ví dụ 03595"
VILLAGE_FORM = "mã thôn, bản gồm mã xã, gạch nối và 2 chữ số, ví dụ 03595-01"
# From here on two names are one, written carelessly: "Nam Can" and "Nậm Cần", not "Phúc Khoa" and "Phúc Than".
ALIKE = 0.85


@dataclass(frozen=True)
class NewUnit:
    """A commune or village that the import makes. commune_code: of a village."""

    code: str
    kind: str
    name: str
    commune_code: str = ""

    @property
    def title(self) -> str:
        labels: Mapping[str, str] = dict(Village.Kind.choices if self.commune_code else Commune.Kind.choices)
        return f"{labels[self.kind].capitalize()} {self.name}"


@dataclass
class Found:
    """{code: unit}, what differs in names (the sheet's words kept), and what is wrong."""

    units: dict[str, Commune | Village | NewUnit] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def new(self) -> list[NewUnit]:
        """Communes before their villages."""
        made = [unit for unit in self.units.values() if isinstance(unit, NewUnit)]
        return sorted(made, key=lambda unit: (bool(unit.commune_code), unit.code))


def resolve(
    lines: Iterable[Line], village_sheets: set[str], *, authority: Authority, day: date, creates_units: bool
) -> Found:
    """The units of all lines on a day: two queries, and one more where names differ.

    village_sheets: codes of the sets that judge villages.
    """
    lines = list(lines)
    found = Found()
    of_communes = [line for line in lines if line.sheet not in village_sheets]
    of_villages = [line for line in lines if line.sheet in village_sheets]
    wanted = {line.code for line in of_communes} | {line.code.partition("-")[0] for line in of_villages}
    communes = _by_code(
        Commune.objects.filter(code__in=wanted).select_related("authority__parent__parent").order_by("valid_from")
    )
    villages = _by_code(
        Village.objects.filter(code__in={line.code for line in of_villages})
        .select_related("commune__authority__parent__parent")
        .order_by("valid_from")
    )
    search = _Search(found, authority, day, creates_units, communes)
    for line in of_communes:
        search.place(line, communes.get(line.code, []), is_village=False)
    for line in of_villages:
        search.place(line, villages.get(line.code, []), is_village=True)
    search.compare_names()
    return found


def _by_code(rows: Iterable[Commune] | Iterable[Village]) -> dict[str, list]:
    known: dict[str, list] = {}
    for row in rows:
        known.setdefault(row.code, []).append(row)
    return known


@dataclass
class _Search:
    found: Found
    authority: Authority
    day: date
    creates_units: bool
    communes: Mapping[str, list[Commune]]
    differing: list[tuple[Line, Commune | Village]] = field(default_factory=list)

    def place(self, line: Line, known: list, *, is_village: bool) -> None:
        mine = [unit for unit in known if self._is_mine(unit)]
        valid = [unit for unit in mine if unit.is_valid_on(self.day) and _commune(unit).is_valid_on(self.day)]
        if len(valid) == 1:
            self.found.units[line.code] = valid[0]
            if not same_name(line.name, valid[0]):
                self.differing.append((line, valid[0]))
        elif valid:
            self._fault(line, f"{len(valid)} đơn vị cùng mã {line.code} vào ngày {self._day}", "sửa danh mục đơn vị")
        elif mine:
            self._of_another_time(line, mine)
        elif known:
            self._fault(line, f"mã {line.code}: {known[-1].title}", f"đơn vị thuộc {self.authority}")
        else:
            self._unknown(line, is_village=is_village)

    def _is_mine(self, unit: Commune | Village) -> bool:
        return _commune(unit).authority.is_within({self.authority.pk})

    @property
    def _day(self) -> str:
        return f"{self.day:%d/%m/%Y}"

    def _fault(self, line: Line, what: str, allowed: str) -> None:
        self.found.faults.append(Fault(line.sheet, line.at(1), what, allowed))

    def _of_another_time(self, line: Line, mine: list) -> None:
        """The code is known, but not on that day: what began later is not made twice."""
        later = [unit for unit in mine if unit.valid_from > self.day]
        if not later and self.creates_units:
            self._make(line, is_village=isinstance(mine[0], Village))
            return
        terms = "; ".join(f"{unit.title} {_term(unit)}" for unit in mine)
        allowed = f"đơn vị tồn tại vào ngày {self._day}; nếu danh mục ghi sai ngày, sửa ngày ở trang của đơn vị"
        self._fault(line, f"mã {line.code}: {terms}", allowed)

    def _unknown(self, line: Line, *, is_village: bool) -> None:
        if self.creates_units:
            self._make(line, is_village=is_village)
            return
        allowed = f"mã có trong danh mục đơn vị vào ngày {self._day}, hoặc cho phép lập đơn vị mới"
        self._fault(line, f"mã “{line.code}” chưa có trong danh mục", allowed)

    def _make(self, line: Line, *, is_village: bool) -> None:
        form = VILLAGE_CODE if is_village else COMMUNE_CODE
        if not form.fullmatch(line.code):
            self._fault(line, f"“{line.code}”", VILLAGE_FORM if is_village else COMMUNE_FORM)
            return
        commune = line.code.partition("-")[0] if is_village else ""
        if is_village and not self._has_commune(commune):
            self._fault(line, f"mã {line.code}: chưa có xã mã {commune} vào ngày {self._day}", "thôn, bản của xã đã có")
            return
        kind, name = split_kind(line.name, Village.Kind if is_village else Commune.Kind)
        unit = NewUnit(line.code, kind or (Village.Kind.BAN if is_village else Commune.Kind.COMMUNE), name, commune)
        known = self.found.units.setdefault(line.code, unit)
        if not name or known != unit:
            other = f"“{known.title}”, như ở trang khác" if known != unit else "tên đơn vị, sau chữ xã, bản…"
            self.found.faults.append(Fault(line.sheet, line.at(2), f"“{line.name}”", other))

    def _has_commune(self, code: str) -> bool:
        there = any(unit.is_valid_on(self.day) and self._is_mine(unit) for unit in self.communes.get(code, []))
        return there or isinstance(self.found.units.get(code), NewUnit)

    def compare_names(self) -> None:
        """Another way of writing is a remark, the name of another unit a fault: one query, where any name differs."""
        if not self.differing:
            return
        own = {split_kind(line.name, _kinds(unit))[1] for line, unit in self.differing}
        rows = Commune.objects.valid_on(self.day).filter(within("authority", [self.authority.pk]), name__in=own)
        taken = {composed(unit.name): unit for unit in rows}
        for line, unit in self.differing:
            other = taken.get(split_kind(line.name, Commune.Kind)[1]) if isinstance(unit, Commune) else None
            if (other is not None and other != unit) or not alike(line.name, unit):
                whose = f"“{line.name}”, nhưng mã {line.code} là {unit.title}"
                self.found.faults.append(Fault(line.sheet, line.at(2), whose, "mã và tên của cùng một đơn vị"))
            else:
                at = f"Trang “{line.sheet}”, ô {line.at(2)}"
                self.found.remarks.append(f"{at}: tên trong bảng “{line.name}”, trong danh mục “{unit.title}”.")


def _commune(unit: Commune | Village) -> Commune:
    return unit.commune if isinstance(unit, Village) else unit


def _kinds(unit: Commune | Village) -> type:
    return Village.Kind if isinstance(unit, Village) else Commune.Kind


def _term(unit: Commune | Village) -> str:
    if unit.valid_to:
        return f"(từ {unit.valid_from:%d/%m/%Y} đến {unit.valid_to:%d/%m/%Y})"
    return f"(từ {unit.valid_from:%d/%m/%Y})"


def split_kind(text: str, kinds: type) -> tuple[str, str]:
    """("xa", "Nậm Cần") of "Xã Nậm Cần"; ("", text) where no kind stands before the name."""
    words = composed(text)
    for value, label in kinds.choices:  # type: ignore[attr-defined]
        head, _, rest = words[: len(label)], words[len(label) : len(label) + 1], words[len(label) :]
        if head.casefold() == label.casefold() and rest.startswith(" "):
            return str(value), rest.strip()
    return "", words


def same_name(text: str, unit: Commune | Village) -> bool:
    """Whether a cell holds the name as the reference data have it, with or without its kind."""
    return composed(text).casefold() in (composed(unit.title).casefold(), composed(unit.name).casefold())


def alike(text: str, unit: Commune | Village) -> bool:
    """Whether a cell holds the name in another way of writing: without or with wrong diacritics, a slip of the hand."""
    given, known = fold(split_kind(text, _kinds(unit))[1]), fold(unit.name)
    return given == known or SequenceMatcher(None, given, known).ratio() >= ALIKE
