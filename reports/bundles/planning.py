"""What bringing a bundle in would do here, worked out before anything is written: the preview, and the refusals."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from communes import clock, journal, notation
from communes.models import Authority, Commune, Event, LegalDocument, User, Village
from communes.permissions import Permission
from criteria.models import CriteriaSet
from inspections.models import InspectionRound

from ..models import BroughtPerson, BroughtRound
from . import MANIFEST, member_of
from .container import BundleRefused, Reader, Whole
from .reach import BY_COMMAND, Reach, authority_of, holds_rounds_here
from .rows import read, read_held, read_people
from .tables import BY_NAME, PEOPLE, SETS, SHARED
from .writing import Book

HASH = re.compile(r"[0-9a-f]{64}")
KEY = re.compile(r"[0-9a-f]{16}")
# What a set says and never changes once it is published. Its status, and whose thresholds were confirmed and which
# agencies are in charge, are each office's own.
SET_COLUMNS = (
    *("code", "version", "name", "short_name", "level", "tier", "legal_basis", "effective_from", "effective_to"),
    *("counts_basically_met", "is_incomplete"),
)
MOST_SETS = 100
# The round's own tables that say which communes it gives results to.
WITH_COMMUNES = ("units", "inspections")
CONFIRMED = "is_confirmed_in_source"
SET_TABLES = ("criteria", "indicators", "parts", "thresholds", "requirements")


class Problem(str):
    """Why a bundle cannot be brought in; field: of the preview's form, where it is about a choice."""

    field = ""

    @classmethod
    def of(cls, field: str, text: str) -> "Problem":
        found = cls(text)
        found.field = field
        return found


def unit_field(code: str) -> str:
    return f"don-vi-{code}"


def person_field(username: str) -> str:
    return f"nguoi-{username}"


@dataclass(frozen=True)
class Choices:
    """people: {user name in the bundle: user name here}; successors: {code of a unit in it: code of a unit here}."""

    people: Mapping[str, str] = field(default_factory=dict)
    successors: Mapping[str, str] = field(default_factory=dict)


@dataclass
class UnitLine:
    """A commune or village of the bundle, and which row here it is; None: it is going to be made."""

    table: str
    row: dict[str, Any]
    found: Commune | Village | None
    successor: Commune | Village | None = None
    # Of units with the same code, the last one: it is the one whose successor may be named.
    is_last: bool = True

    @property
    def since(self) -> date:
        return dated_key(self.row, self.table)[1]

    @property
    def title(self) -> str:
        kinds = Village.Kind if self.table == "villages" else Commune.Kind
        return f"{dict(kinds.choices).get(self.row['kind'], '')} {self.row['name']}".strip()

    @property
    def differs(self) -> str:
        """Name here, where it is another one."""
        return str(self.found) if self.found and self.found.name != self.row["name"] else ""


@dataclass
class PersonLine:
    """A person of the bundle and the account here that stands for them; None: a locked one is going to be made."""

    row: dict[str, str]
    user: User | None
    is_chosen: bool = False


@dataclass
class SetLine:
    row: dict[str, Any]
    found: CriteriaSet | None


@dataclass
class Plan:
    """problems: why it cannot be brought in; already: that it is here, whereupon nothing is to be done."""

    whole: Whole
    round: dict[str, Any]
    authority: Authority | None
    authority_name: str
    placed_under: Authority | None
    units: list[UnitLine]
    people: list[PersonLine]
    sets: list[SetLine]
    problems: list[str]
    # Whose reach it was made for; without the right to confirm, thresholds of a new set come in unconfirmed.
    reach: Reach
    left_unconfirmed: int = 0
    # Where new authorities come that have none above them, so that nobody makes one beside all others.
    orphans_under: Authority | None = None
    already: str = ""

    @property
    def unconfirmed(self) -> str:
        """That thresholds come in unconfirmed, as a sentence; "" where none do."""
        if not self.left_unconfirmed:
            return ""
        return (
            f"{self.left_unconfirmed} ngưỡng đã đối chiếu ở nơi lập được nhập là chưa đối chiếu; "
            "người có quyền đối chiếu xác nhận lại ở đây."
        )

    @property
    def takes_confirmations(self) -> bool:
        return may_confirm(self.reach.by)

    @property
    def counts(self) -> Mapping[str, int]:
        rows: Mapping[str, int] = self.whole.manifest["rows"]
        return rows

    @property
    def file_count(self) -> int:
        return sum(row["name"].startswith("files/") for row in self.whole.manifest["members"])

    @property
    def file_bytes(self) -> int:
        return sum(row["size"] for row in self.whole.manifest["members"] if row["name"].startswith("files/"))

    @property
    def new_units(self) -> int:
        return sum(line.found is None for line in self.units)

    @property
    def origin(self) -> str:
        return str(self.whole.manifest["origin"]["name"])


def plan(reader: Reader, whole: Whole, choices: Choices, by: User | None) -> Plan:
    """Look at a bundle that was checked. Raises BundleRefused where it does not say what it must."""
    _check_chain(whole.manifest)
    kept = read_held(reader, (*SHARED, *SETS), beside=(PEOPLE, "rounds", *WITH_COMMUNES))
    rounds = list(islice(read(reader, BY_NAME["rounds"]), 2))
    if len(rounds) != 1 or not isinstance(rounds[0]["code"], str):
        raise BundleRefused(f"{member_of('rounds')}: phải có đúng một đợt kiểm tra.")
    told = rounds[0]
    if told["status"] not in ("open", "closed", "cancelled"):
        raise BundleRefused(f"{member_of('rounds')}, dòng 1: cột status: không có trong danh sách cho phép.")
    if whole.manifest["chain"]["name"] != journal.round_chain(told["code"]):
        raise BundleRefused(f"{MANIFEST}: nhật ký không phải của đợt này.")
    problems: list[str] = []
    units = [
        *_units("communes", Commune, kept["communes"]),
        *_units("villages", Village, kept["villages"]),
    ]
    here = _authorities_here(kept["authorities"])
    reach = Reach(by, kept["authorities"], here)
    for row in kept["authorities"]:
        reach.above(row)
    _name_successors(units, choices.successors, reach, problems)
    sets = _sets(kept, problems)
    found = Plan(
        whole=whole,
        round=told,
        authority=None,
        authority_name="",
        placed_under=None,
        units=units,
        people=_people(whole, read_people(reader), choices.people, by, problems),
        sets=sets,
        problems=problems,
        reach=reach,
    )
    new_sets = {line.row["n"] for line in sets if line.found is None}
    if not found.takes_confirmations:
        found.left_unconfirmed = _confirmed(kept, new_sets)
    _place(found, kept["authorities"], here, by)
    if by is not None:
        reach.look(kept, units, new_sets)
        for name in WITH_COMMUNES:
            reach.look_at_results(read(reader, BY_NAME[name]), units)
        problems += reach.problems
    _look_for_round(found)
    return found


# ---------------------------------------------------------------- is it here already


def _look_for_round(found: Plan) -> None:
    code, manifest = found.round["code"], found.whole.manifest
    here = InspectionRound.objects.filter(code=code).first()
    if here is None:
        if Event.objects.filter(chain=journal.round_chain(code)).exists():
            found.problems.append(f"Nhật ký của một đợt mang mã {code} đã có ở đây.")
        return
    brought = BroughtRound.objects.filter(round=here).select_related("brought_by").first()
    if brought and brought.content_sha256 == found.whole.content_sha256:
        who = f" do {brought.brought_by}" if brought.brought_by else ""
        found.already = (
            f"Gói này đã được nhập lúc {notation.minute(brought.brought_at)}{who}; không có gì phải làm thêm."
        )
    elif brought is None and manifest["origin"]["key"] == journal.key_id():
        found.problems.append(f"Đợt {code} được xuất từ chính cổng này và đang có ở đây.")
    else:
        found.problems.append(f"Đã có đợt kiểm tra mang mã {code} ở đây (“{here}”), không nhập đè lên được.")


def _check_chain(manifest: Mapping[str, Any]) -> None:
    chain, origin = manifest["chain"], manifest["origin"]
    keys = chain.get("keys")
    is_right = (
        set(chain) == {"name", "events", "head", "keys"}
        and isinstance(chain["name"], str)
        and type(chain["events"]) is int
        and 0 <= chain["events"] < 2**31
        and isinstance(chain["head"], str)
        and bool(HASH.fullmatch(chain["head"]))
        and isinstance(keys, list)
        and all(
            isinstance(row, dict)
            and set(row) == {"key", "upto"}
            and isinstance(row["key"], str)
            and bool(KEY.fullmatch(row["key"]))
            and type(row["upto"]) is int
            for row in keys
        )
    )
    if not is_right or (keys[-1]["upto"] if keys else 0) != chain["events"]:
        raise BundleRefused(f"{MANIFEST}: mục chain thiếu hoặc sai kiểu.")
    is_told = isinstance(origin.get("name"), str) and 0 < len(origin["name"]) <= 200
    if not is_told or not isinstance(origin.get("key"), str) or not KEY.fullmatch(origin["key"]):
        raise BundleRefused(f"{MANIFEST}: mục origin thiếu hoặc sai kiểu.")
    try:
        moment = datetime.fromisoformat(manifest["exported_at"])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BundleRefused(f"{MANIFEST}: mục exported_at thiếu hoặc sai kiểu.")
    if any(type(count) is not int for count in manifest["rows"].values()) or PEOPLE not in manifest["rows"]:
        raise BundleRefused(f"{MANIFEST}: mục rows thiếu hoặc sai kiểu.")


# ---------------------------------------------------------------- authority


def dated_key(row: Mapping[str, Any], table: str) -> tuple[str, date]:
    """Official codes are used again over time: a unit is known by its code and the day from which it exists."""
    try:
        if not isinstance(row["code"], str) or not isinstance(row["name"], str):
            raise ValueError("not text")
        return row["code"], date.fromisoformat(row["valid_from"])
    except (TypeError, ValueError):
        raise BundleRefused(f"{member_of(table)}, dòng {row['n']}: mã, tên hoặc ngày không hợp lệ.") from None


def _authorities_here(rows: list[dict[str, Any]]) -> dict[int, Authority]:
    """{number in the bundle: authority here}; of two rows with one key both, as when they are brought in."""
    wanted = {row["n"]: dated_key(row, "authorities") for row in rows}
    codes = {code for code, _ in wanted.values()}
    rows_here = Authority.objects.filter(code__in=codes).select_related("parent__parent")
    known = {(authority.code, authority.valid_from): authority for authority in rows_here}
    return {number: known[key] for number, key in wanted.items() if key in known}


def _place(found: Plan, rows: list[dict[str, Any]], here: Mapping[int, Authority], by: User | None) -> None:
    """Which authority here the round is of, and that the person may keep rounds of it.

    One that is unknown here comes under the nearest one above it that is known, else under the person's own.
    """
    number = found.round["authority"]
    row = next((row for row in rows if row["n"] == number), None)
    if row is None:
        missing = "cột authority: không được trống" if number is None else f"không có cơ quan {str(number)[:20]}"
        raise BundleRefused(f"{member_of('rounds')}, dòng 1: {missing}.")
    found.authority_name = row["name"]
    found.authority = here.get(number)
    nearest = found.authority or found.reach.above(row)
    if by is None:
        return
    own = by.scope("authority", needs=Permission.ROUND_MANAGE)
    found.orphans_under = Authority.objects.filter(pk__in=own).order_by("pk").first()
    found.placed_under = found.orphans_under if nearest is None else None
    if (nearest is not None and not nearest.is_within(own)) or not own:
        found.problems.append(
            f"Đợt này của {found.authority_name}, ngoài phạm vi được quản lý; đề nghị cơ quan cấp trên nhập, "
            "hoặc người quản trị nhập bằng lệnh import_round."
        )
    elif holds_rounds_here(row, found.authority):
        # Its notices are issued here, by a head's approval; a bundle could say of them what nobody approved.
        found.problems.append(f"{found.authority_name} đang làm việc trên cổng này; {BY_COMMAND}.")


# ---------------------------------------------------------------- units


def _units(table: str, model: type[Commune] | type[Village], rows: list[dict[str, Any]]) -> list[UnitLine]:
    wanted = [dated_key(row, table) for row in rows]
    here = {
        (unit.code, unit.valid_from): unit
        for unit in model._default_manager.filter(code__in={code for code, _ in wanted}).select_related(
            "commune__authority__parent__parent" if table == "villages" else "authority__parent__parent"
        )
    }
    last = dict(sorted(wanted))
    return [
        UnitLine(table, row, here.get((code, day)), is_last=last[code] == day)
        for row, (code, day) in zip(rows, wanted, strict=True)
    ]


def _name_successors(units: list[UnitLine], wanted: Mapping[str, str], reach: Reach, problems: list[str]) -> None:
    """The unit here that took a merged one's place. Results are never moved to it: they stay with the old unit."""
    for old, new in wanted.items():
        line = next((line for line in units if line.row["code"] == old and line.is_last), None)
        if line is None:
            problems.append(f"Mã {old} không có trong gói, không đặt đơn vị kế tục được.")
            continue
        model: Any = Village if line.table == "villages" else Commune
        unit = model.objects.valid_on(clock.today()).filter(code=new).order_by("-valid_from").first()
        reason = ""
        if unit is None:
            reason = f"Không có đơn vị mang mã {new} ở đây để kế tục {line.title}."
        elif unit.valid_from <= line.since:
            reason = f"{unit} (mã {new}) không lập sau {line.title} nên không kế tục được."
        elif line.found and line.found.successor_id not in (None, unit.pk):
            reason = f"{line.found} ở đây đã có đơn vị kế tục khác: {line.found.successor}."
        elif line.found and not reach.holds_unit(line.found):
            # It would end by it.
            reason = f"{line.found} của {authority_of(line.found)}, ngoài phạm vi được quản lý; {BY_COMMAND}."
        if reason:
            problems.append(Problem.of(unit_field(old), reason))
        else:
            line.successor = unit


# ---------------------------------------------------------------- people


def _people(
    whole: Whole, rows: list[dict[str, str]], wanted: Mapping[str, str], by: User | None, problems: list[str]
) -> list[PersonLine]:
    """Nobody is taken for somebody here because of a name: only who was chosen, or came from there before."""
    key = whole.manifest["origin"]["key"]
    before = {
        person.username: person.user
        for person in BroughtPerson.objects.filter(brought__origin_key=key).select_related("user").order_by("pk")
        if not person.user.is_active
    }
    visible = User.objects.all() if by is None else User.objects.for_user(by)
    lines = [PersonLine(row, before.get(row["username"])) for row in rows]
    by_name = {line.row["username"]: line for line in lines}
    for there, here in wanted.items():
        line, user = by_name.get(there), visible.filter(username__iexact=here).first()
        if line is None:
            problems.append(Problem.of(person_field(there), f"Trong gói không có người dùng {there}."))
        elif user is None:
            problems.append(
                Problem.of(person_field(there), f"Không có tài khoản {here} ở đây, hoặc ngoài phạm vi được quản lý.")
            )
        else:
            line.user, line.is_chosen = user, True
    chosen = [line.user for line in lines if line.user]
    if len({user.pk for user in chosen}) != len(chosen):
        problems.append("Hai người trong gói không thể cùng là một tài khoản ở đây.")
    return lines


# ---------------------------------------------------------------- criteria sets


def _sets(kept: Mapping[str, list[dict[str, Any]]], problems: list[str]) -> list[SetLine]:
    lines = []
    if len(kept["sets"]) > MOST_SETS:
        raise BundleRefused(f"{member_of('sets')}: có hơn {MOST_SETS} bộ tiêu chí.")
    for row in kept["sets"]:
        if not isinstance(row["code"], str) or type(row["version"]) is not int:
            raise BundleRefused(f"{member_of('sets')}, dòng {row['n']}: mã hoặc phiên bản không hợp lệ.")
        found = CriteriaSet.objects.filter(code=row["code"], version=row["version"]).first()
        lines.append(SetLine(row, found))
        if found and (table := _difference(kept, row, found)):
            problems.append(
                f"Bộ tiêu chí {row['code']} phiên bản {row['version']} ở đây khác với bộ trong gói "
                f"({member_of(table)}); kết quả không thể đánh giá theo hai nội dung khác nhau."
            )
    return lines


def _difference(kept: Mapping[str, list[dict[str, Any]]], row: Mapping[str, Any], found: CriteriaSet) -> str:
    """The table by which a set here differs from that of the bundle; empty where both say the same."""
    book = Book(None, [found.pk])
    here = {table.name: list(book.rows(table)) for table in SETS}
    own = here["sets"][0]
    if any(own[name] != row[name] for name in SET_COLUMNS):
        return "sets"
    there = content_of(kept, row["n"])
    mine = content_of(here, own["n"])
    return next((name for name in SET_TABLES if there[name] != mine[name]), "")


def content_of(kept: Mapping[str, list[dict[str, Any]]], number: int) -> dict[str, list[Any]]:
    """What a set consists of, with codes in place of the numbers of a bundle."""
    criteria = {row["n"]: row for row in kept["criteria"] if row["criteria_set"] == number}
    indicators = {row["n"]: row for row in kept["indicators"] if row["criteria_set"] == number}
    parts = {row["n"]: row for row in kept["parts"] if row["indicator"] in indicators}
    names: dict[str, dict[Any, Any]] = {
        "criteria_set": {number: 0},
        "criterion": {key: row["number"] for key, row in criteria.items()},
        "indicator": {key: row["code"] for key, row in indicators.items()},
        "part": {key: row["code"] for key, row in parts.items()},
    }

    def told(rows: Iterable[Mapping[str, Any]]) -> list[Any]:
        plain = [
            {key: names[key].get(value) if key in names else value for key, value in row.items() if key != "n"}
            for row in rows
        ]
        return sorted(plain, key=journal.canonical)

    return {
        "criteria": told(criteria.values()),
        "indicators": told(indicators.values()),
        "parts": told(parts.values()),
        "thresholds": told(
            {key: value for key, value in row.items() if key != CONFIRMED}
            for row in kept["thresholds"]
            if row["indicator"] in indicators
        ),
        "requirements": told(
            row for row in kept["requirements"] if row["criterion"] in criteria or row["indicator"] in indicators
        ),
    }


def may_confirm(by: User | None) -> bool:
    return by is None or by.has(Permission.THRESHOLD_CONFIRM)


def _confirmed(kept: Mapping[str, list[dict[str, Any]]], new_sets: set[int]) -> int:
    """How many thresholds of new sets were confirmed there, by whatever way."""
    indicators = {row["n"] for row in kept["indicators"] if row["criteria_set"] in new_sets}
    recorded = {row["threshold"] for row in kept["confirmations"]}
    rows = (row for row in kept["thresholds"] if row["indicator"] in indicators)
    return sum(bool(row[CONFIRMED]) or row["n"] in recorded for row in rows)


def known_document(row: Mapping[str, Any]) -> LegalDocument | None:
    """The same document here: under the same key, and the same in kind, number and date."""
    found = LegalDocument.objects.filter(key=row["key"]).first()
    same = found and (found.kind, found.number, str(found.issued_on)) == (row["kind"], row["number"], row["issued_on"])
    return found if same else None
