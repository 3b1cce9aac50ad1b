"""The evidence of the demonstration: small PDFs and pictures made on the spot, each marked as made up."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.template.loader import render_to_string

from communes.notation import number as written
from reports import renderer

from . import scene
from .source import read
from .values import Place

LAYOUT = "demo_paper"


@dataclass(frozen=True)
class Row:
    """A line of the table in a paper: what the commune reports of an indicator."""

    code: str
    text: str
    value: str


@dataclass(frozen=True)
class Paper:
    """One file of one commune, with what is known of it as a document."""

    told: dict[str, Any]
    unit: str
    place: Place

    @property
    def key(self) -> str:
        return str(self.told["key"])

    @property
    def title(self) -> str:
        title = self.told["title"].format(unit=self.unit)
        return str(title[0].upper() + title[1:])

    @property
    def issued_on(self) -> date:
        day: date = self.told["issued_on"]
        return day if "answers" in self.told else day + timedelta(days=int(4 * self.place.share(self.key, "day")))

    @property
    def number(self) -> str:
        form = self.told.get("number", "")
        return str(form.format(no=60 + int(800 * self.place.share(self.key, "number"))))

    @property
    def meta(self) -> dict[str, Any]:
        """What the officer types beside the file."""
        return {
            "kind": self.told["kind"],
            "number": self.number,
            "issued_on": self.issued_on,
            "issuer": self.told["issuer"].format(unit=self.unit),
            "title": self.title,
        }

    def file(self, rows: list[Row]) -> ContentFile:
        """The file as the officer would choose it from the disk."""
        content = self._photo() if self.told["kind"] == "photo" else self._pdf(rows)
        return ContentFile(content, name=self.told["file"].format(unit=self.unit))

    def _photo(self) -> bytes:
        minute = int(59 * self.place.share(self.key, "minute"))
        taken_at = datetime.combine(self.issued_on, time(9, minute))
        caption = f"{self.title} · {self.issued_on:%d/%m/%Y}"
        return scene.photo(self.told["scene"], caption, taken_at=taken_at, share=self.place.share(self.key))

    def _pdf(self, rows: list[Row]) -> bytes:
        shown = {
            "type": self.told["type"],
            "number": self.number,
            "issuer": self.meta["issuer"],
            "issued_on": self.issued_on,
            "subject": self.title,
            "body": [line.format(unit=self.unit) for line in self.told["body"]],
            "rows": [(row.code, row.text, row.value) for row in rows] if self.told.get("table") else [],
        }
        return renderer.render(render_to_string("demo/paper.html", {"paper": shown}), LAYOUT)


def papers_of(round_code: str, unit: str, place: Place, answers: str = "") -> list[Paper]:
    """The papers that a commune brings along in a round for the first time.

    answers: only those that go with the answer to a question about this indicator; "" means those without.
    """
    return [
        Paper(told, unit, place)
        for told in read("papers")["paper"]
        if told["round"] == round_code
        and told.get("answers", "") == answers
        and place.code in told.get("communes", [place.code])
    ]


def reused_keys(round_code: str) -> list[str]:
    """Papers of the round before that go on proving the same indicators in this one."""
    rule = read("papers")["reused"]
    return list(rule["keys"]) if rule["to"] == round_code else []


def told_of(key: str) -> dict[str, Any]:
    """What is told of a paper, by its key."""
    found: dict[str, Any] = next(told for told in read("papers")["paper"] if told["key"] == key)
    return found


def shown_value(columns: dict[str, Any]) -> str:
    """A reported value as a table prints it: "712/916", "46,2"; parts one after the other."""
    if "parts" in columns:
        parts = columns["parts"].values()
        return "; ".join(shown for part in parts if (shown := shown_value(part)))
    if columns.get("denominator") is not None:
        return f"{written(columns['numerator'])}/{written(columns['denominator'])}"
    value = columns.get("value", columns.get("number"))
    return written(value) if value is not None else ""
