"""Rounds in memory, read from the data of the demonstration and the tests: no database, no figure written down.

The round of 2024 is put together from the demonstration's own files; other rounds from a TOML file of the tests.
"""

import csv
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from criteria.judgement import Judgement
from inspections.figures import UnitRow
from reports import checks, outline, wording
from reports.checks.passages import Material, Names, read
from reports.outline import Outline
from reports.wording import Cited, RoundFacts, SetInfo

BASE = Path(__file__).parents[2]
DEMO = BASE / "ntm_portal" / "demo" / "data"
MET, NOT_MET = Judgement.MET, Judgement.NOT_MET


@dataclass(frozen=True)
class Told:
    """A notice in memory: its round, the names of its reference data, and its text."""

    facts: RoundFacts
    names: Names
    text: Outline
    subject: str
    symbol: str = "TB-ĐKT"
    signer: str = "Nguyễn Văn Thử"

    @cached_property
    def palette(self) -> wording.Palette:
        return wording.palette_of(self.facts)

    def findings(self) -> list[checks.Finding]:
        return checks.examine(material(self))


def material(told: Told) -> Material:
    palette = told.palette
    passages, headings = read(
        told.text.sections,
        told.text.recommendations,
        subject=told.subject,
        recipients=told.text.recipients,
        palette=palette,
    )
    kinds = {part.kind: part.body for part in told.text.sections}
    return Material(
        passages=passages,
        headings=headings,
        recommendations=tuple(told.text.recommendations),
        recipients=tuple(told.text.recipients),
        facts=told.facts,
        palette=palette,
        names=told.names,
        required={
            "Trích yếu": told.subject,
            "Phần mở đầu": kinds.get("preamble", ""),
            "Phần kết thúc": kinds.get("closing", ""),
            "Họ tên người ký": told.signer,
            "Nơi nhận": told.text.recipients,
        },
        symbol=told.symbol,
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def toml_of(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def set_info(code: str, version: int, communes: int) -> SetInfo:
    """A set as its own data describes it."""
    folder = BASE / "criteria" / "data" / f"{code}-v{version}"
    (told,) = rows_of(folder / "set.csv")
    names = {int(row["number"]): row["name"] for row in rows_of(folder / "criteria.csv")}
    is_village = told["level"] == "village"
    return SetInfo(code, version, told["short_name"], is_village, is_village or told["tier"] != "ntm", names, communes)


def unit_row(position: int, phrase: str, info: SetInfo, failed: Sequence[int], mode: str) -> UnitRow:
    verdicts = {number: NOT_MET if number in failed else MET for number in info.criteria}
    title = phrase[:1].upper() + phrase[1:]
    return UnitRow(position + 1, title, phrase, info.code, mode, len(info.criteria), verdicts, False, position)


def cited(told: dict[str, Any] | None) -> Cited | None:
    if told is None:
        return None
    return Cited(told["kind"], told["number"], told["issued_on"], told["issuer"], told.get("subject", ""))


def facts(
    told: dict[str, Any], units: list[tuple[str, str, Sequence[int], str]], versions: dict[str, int]
) -> RoundFacts:
    """units: (set, "xã Nậm Cần", numbers of the failed criteria, mode) in the round's order."""
    sets = tuple(set_info(code, version, sum(unit[0] == code for unit in units)) for code, version in versions.items())
    by_code = {info.code: info for info in sets}
    documents = {row["key"]: cited(row) for row in told.get("document", [])}
    for key in ("plan", "report"):
        if key in told:
            documents[told[key].get("key", key)] = cited(told[key])
    return RoundFacts(
        year=told["year"],
        period_from=told["period_from"],
        period_to=told["period_to"],
        team_name=told["team_name"],
        head_name=told["head_name"],
        head_post=told["head_post"],
        plan=cited(told.get("plan")),
        report=cited(told.get("report")),
        documents=documents,
        sets=sets,
        rows=tuple(
            unit_row(place, phrase, by_code[code], failed, mode)
            for place, (code, phrase, failed, mode) in enumerate(units)
        ),
    )


# ---------------------------------------------------------------- the round of 2024


def reference() -> Told:
    """The notice of 2024 with the text and the round that the demonstration tells."""
    told = toml_of(DEMO / "round_2024.toml")
    people = {row["username"]: row for row in toml_of(DEMO / "people.toml")["person"]}
    communes = [row for row in rows_of(BASE / "communes" / "data" / "communes.csv") if row["valid_to"]]
    names = {row["code"]: row["name"] for row in communes}
    villages = {row["code"]: row["village"] for row in toml_of(DEMO / "units.toml")["commune"]}
    units = []
    for unit in told["unit"]:
        is_village = unit["set"] == "ban-nc-mau"
        phrase = f"bản {villages[unit['code']]}" if is_village else f"xã {names[unit['code']]}"
        units.append((unit["set"], phrase, unit["failed"], unit.get("mode", "on_site")))
    head = people["truongdoan"]
    told |= {"head_name": head["full_name"], "head_post": head["position"]}
    versions = {"xa-ntm": 2, "xa-ntm-nc": 1, "ban-nc-mau": 1}
    agencies = tuple(row["name"] for row in rows_of(BASE / "communes" / "data" / "agencies.csv"))
    team = tuple(people[row["username"]]["full_name"] for row in told["member"])
    return Told(
        facts(told, units, versions),
        Names(frozenset({*names.values(), *villages.values()}), frozenset(("Tân Uyên", "Lai Châu")), agencies, team),
        outline.parse((DEMO / "notice_2024.txt").read_text(encoding="utf-8")),
        f"Kết luận kiểm tra về {told['subject']}",
        signer=head["full_name"],
    )


# ---------------------------------------------------------------- other rounds

# The version of each set that is laid under a notice of the tests.
VERSIONS = {"xa-ntm": 2, "xa-ntm-nc": 1, "xa-ntm-2026": 1, "ban-nc-mau": 1}


def told_in(path: Path) -> Told:
    """A notice of the tests with its round, from one file."""
    told = toml_of(path)
    begun, ended = map(date.fromisoformat, told["period"])
    told |= {"period_from": begun, "period_to": ended, "team_name": told["team"], "head_name": told["head"]}
    for row in (told[key] for key in ("plan", "report") if key in told):
        row["issued_on"] = date.fromisoformat(row["issued_on"])
    for row in told.get("documents", []):
        row["issued_on"] = date.fromisoformat(row["issued_on"])
    told["document"] = told.get("documents", [])
    units = [(unit["set"], unit["phrase"], unit["failed"], unit["mode"]) for unit in told["units"]]
    versions = {code: VERSIONS[code] for code in dict.fromkeys(unit["set"] for unit in told["units"])}
    made = facts(told, units, versions)
    communes = {
        code: {unit.get("commune", unit["phrase"]) for unit in told["units"] if unit["set"] == code}
        for code in versions
    }
    made = replace(made, sets=tuple(replace(info, communes=len(communes[info.code])) for info in made.sets))
    bare = {phrase.partition(" ")[2] for _, phrase, _, _ in units}
    bare |= {unit["commune"].partition(" ")[2] for unit in told["units"] if "commune" in unit}
    return Told(
        made,
        Names(
            frozenset({*bare, *told.get("other_units", ())}),
            frozenset(told.get("places", ())),
            tuple(told["agencies"]),
            tuple(told.get("people", (told["head"],))),
        ),
        outline.parse(told["text"]),
        told.get("subject", f"Kết luận kiểm tra kết quả xây dựng nông thôn mới năm {told['year']}"),
        symbol=told.get("symbol", "TB-ĐKT"),
        signer=told["head"],
    )
