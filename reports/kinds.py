"""Kinds of documents as data: what each prescribes stands in `data/kinds/<code>/`, not in code.

`kind.toml` says what the document is called, who writes and signs it, its symbol and its recipients;
`outline.txt` what its first draft says, in the form of outline.py. An authority may keep kinds of its own in the
folder named by KINDS_DIR: a new kind needs these two files and nothing else. Its numbers run in a series of their
own because its symbol does. Read once per process; whatever is wrong in a file stops the start, with its name.
"""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from communes.permissions import Permission

SUPPLIED = Path(__file__).parent / "data" / "kinds"
NOTICE = "thong-bao"
ROUND, INSPECTION = "round", "inspection"
TEAM, AGENCY = "team", "agency"
# What the letterhead and the symbol may be taken from: columns of Authority.
AUTHORITY_FIELDS = frozenset(("notice_symbol", "head_title", "letterhead", "team_name"))
LEVELS = frozenset(("province", "district", "commune"))
CHOICES = {
    "scope": (ROUND, INSPECTION),
    "letterhead": (TEAM, AGENCY),
    "composed_by": (str(Permission.NOTICE_COMPOSE), str(Permission.DOSSIER_REVIEW)),
    "becomes": ("", "report"),
}
SIGNERS = ("head", "secretary", "commune")


class BadKind(ImproperlyConfigured):
    """A kind that is not there, or whose files say what cannot be; names the file."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs. who: head or secretary of the team, or the commune's leader; authority: the line over the signature,
    with figures in braces; authority_field: column of the authority that stands instead where it is filled in."""

    who: str
    authority: str
    authority_field: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document. What is text may hold figures in braces, filled in when a draft is made.

    choice: what it is called in a list to choose from. symbol: "TB"; symbol_field: column of the authority with the
    whole symbol; symbol_tail_field: one from which only what follows the first hyphen is taken ("TB-ĐKT" → "BC-ĐKT").
    composed_by: the permission to write it, "notice.compose" for the office or "dossier.review" for the team.
    is_public: whether everyone may read it once issued. locks_dossiers: whether what it states is published by it,
    so that no dossier in it is reopened. may_precede_approval: told from conclusions as they stand. becomes: what of
    the round it is cited as afterwards. required: parts that its outline must have.
    recipients: for each level of authority, or "all".
    """

    code: str
    name: str
    choice: str
    subject: str
    symbol: str
    scope: str
    letterhead: str
    composed_by: str
    signer: Signer
    cosigner: Signer | None
    outline: str
    symbol_field: str = ""
    symbol_tail_field: str = ""
    is_public: bool = False
    locks_dossiers: bool = False
    may_precede_approval: bool = False
    keeps_recipients: bool = False
    becomes: str = ""
    required: tuple[str, ...] = ()
    recipients: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def is_of_inspection(self) -> bool:
        return self.scope == INSPECTION

    @property
    def needs(self) -> Permission:
        """The permission to write it."""
        return Permission(self.composed_by)

    def symbol_of(self, authority: Any) -> str:
        """ "TB-ĐKT" of an authority with such a symbol, the symbol alone where it has none."""
        if self.symbol_field and (own := getattr(authority, self.symbol_field)):
            return str(own)
        tail = str(getattr(authority, self.symbol_tail_field)).partition("-")[2] if self.symbol_tail_field else ""
        return f"{self.symbol}-{tail}" if tail else self.symbol

    def recipients_at(self, level: str) -> tuple[str, ...]:
        """Recipients of a document of an authority of this level."""
        told = dict(self.recipients)
        return told.get(level, told.get("all", ()))


# ---------------------------------------------------------------- asking


def folders() -> tuple[Path, ...]:
    """Where kinds are kept: those supplied, then the authority's own, which may replace a supplied one."""
    own = settings.KINDS_DIR
    return (SUPPLIED, Path(own)) if own else (SUPPLIED,)


def every() -> dict[str, Kind]:
    """{code: kind} of all kinds, the notice first; raises BadKind."""
    return _read(folders())


def of(code: str) -> Kind:
    """The kind of a code; BadKind where there is none."""
    try:
        return every()[code]
    except KeyError:
        raise BadKind(f"Không có mẫu văn bản “{code}” trong {', '.join(map(str, folders()))}.") from None


def public_codes() -> list[str]:
    """Codes of the kinds that everyone may read once issued."""
    return [kind.code for kind in every().values() if kind.is_public]


def of_scope(scope: str) -> list[Kind]:
    return [kind for kind in every().values() if kind.scope == scope]


# ---------------------------------------------------------------- reading


@cache
def _read(places: tuple[Path, ...]) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for place in places:
        if not place.is_dir():
            raise BadKind(f"Không có thư mục mẫu văn bản {place}. Kiểm tra KINDS_DIR.")
        for folder in sorted(path for path in place.iterdir() if path.is_dir()):
            found[folder.name] = read_kind(folder)
    if NOTICE not in found:
        raise BadKind(f"Thiếu mẫu “{NOTICE}” trong {places[0]}.")
    return {NOTICE: found.pop(NOTICE), **found}


def read_kind(folder: Path) -> Kind:
    """The kind that a folder holds; raises BadKind."""
    path = folder / "kind.toml"
    try:
        told = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BadKind(f"{path}: không đọc được ({error}).") from error
    values = _checked(path, told)
    values["signer"] = _signer(path, told, "signer")
    values["cosigner"] = _signer(path, told, "cosigner") if "cosigner" in told else None
    values["recipients"] = _recipients(path, told.get("recipients", {}))
    return Kind(code=folder.name, outline=_text(folder / "outline.txt"), **values)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadKind(f"{path}: không đọc được ({error}).") from error


REQUIRED = ("name", "choice", "subject", "symbol", "scope", "letterhead", "composed_by")
TABLES = ("signer", "cosigner", "recipients")
PLAIN = {field.name: field for field in fields(Kind) if field.name not in (*TABLES, "code", "outline")}


def _checked(path: Path, told: dict[str, Any]) -> dict[str, Any]:
    """The plain values of a file, each of its type."""
    if unknown := sorted(set(told) - set(PLAIN) - set(TABLES)):
        raise BadKind(f"{path}: không có mục tên {', '.join(unknown)}. Chỉ có: {', '.join((*PLAIN, *TABLES))}.")
    if missing := [name for name in REQUIRED if not told.get(name)]:
        raise BadKind(f"{path}: thiếu {', '.join(missing)}.")
    values: dict[str, Any] = {}
    for name, value in told.items():
        if name in TABLES:
            continue
        wanted = PLAIN[name].type
        if wanted == tuple[str, ...]:
            values[name] = _lines(path, name, value)
        elif not isinstance(value, bool if wanted is bool else str):
            raise BadKind(f"{path}: {name} phải là {'true hoặc false' if wanted is bool else 'chữ trong ngoặc kép'}.")
        else:
            values[name] = value
    for name, allowed in CHOICES.items():
        if values.get(name, "") not in allowed and name in values:
            listed = ", ".join(filter(None, allowed))
            raise BadKind(f"{path}: {name} = “{values[name]}” không dùng được; chọn một trong: {listed}.")
    for name in ("symbol_field", "symbol_tail_field"):
        _require_field(path, name, values.get(name, ""))
    return values


def _signer(path: Path, told: dict[str, Any], name: str) -> Signer:
    row = told.get(name)
    if not isinstance(row, dict) or not {"who", "authority"} <= set(row) <= {"who", "authority", "authority_field"}:
        raise BadKind(f"{path}: [{name}] phải có who và authority, có thể có authority_field.")
    if row["who"] not in SIGNERS:
        raise BadKind(f"{path}: who = “{row['who']}” không dùng được; chọn một trong: {', '.join(SIGNERS)}.")
    _require_field(path, "authority_field", row.get("authority_field", ""))
    return Signer(**{key: str(value) for key, value in row.items()})


def _require_field(path: Path, name: str, field: str) -> None:
    if field and field not in AUTHORITY_FIELDS:
        raise BadKind(f"{path}: {name} = “{field}” không phải cột của cơ quan: {', '.join(sorted(AUTHORITY_FIELDS))}.")


def _recipients(path: Path, told: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(told, dict) or set(told) - LEVELS - {"all"}:
        raise BadKind(f"{path}: [recipients] chỉ có: all, {', '.join(sorted(LEVELS))}.")
    return tuple((level, _lines(path, f"recipients.{level}", lines)) for level, lines in told.items())


def _lines(path: Path, name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise BadKind(f"{path}: {name} phải là danh sách các dòng chữ.")
    return tuple(value)
