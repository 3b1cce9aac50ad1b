"""The comparison with the scanned notice can fail, and nothing that data states is written down elsewhere."""

import re
from pathlib import Path

import pytest

from communes.notation import count, decree_day, number
from inspections import figures

from . import reference, rounds

BASE = Path(__file__).parents[2]
# Programme periods may be text, and so may a day of the month that no round sets.
TEXT_MAY_SAY = re.compile(r"\b20\d\d ?- ?20\d\d\b|\bngày 20 hằng tháng\b")
TOKEN = re.compile(r"\{[^{}]*\}")


# ---------------------------------------------------------------- the comparison itself


def test_another_word_is_a_difference_that_is_not_intended():
    scan = reference.scanned()
    place = scan.index("trùng")
    ours = [*scan[:place], "chùng", *scan[place + 1 :]]
    meant = reference.intended("text")
    found = reference.differences(scan, ours)
    assert found == {("trùng", "chùng"): 1}
    assert "not intended" not in reference.report(found, meant)
    ours[place + 5] += "x"
    told = reference.report(reference.differences(scan, ours), meant)
    assert f"not intended: {scan[place + 5]!r} → {ours[place + 5]!r}" in told


def test_an_intended_difference_that_is_gone_is_told():
    scan = reference.scanned()
    assert reference.report(reference.differences(scan, scan), reference.intended("text")).count("no longer there") > 15


def test_every_intended_difference_has_its_reason_and_occurs_in_the_scan():
    scan = " ".join(reference.scanned())
    for (words, _), times in reference.intended("head", "text").items():
        assert f" {scan} ".count(f" {words} " if words else " ") >= times, words


# ---------------------------------------------------------------- figures written down


def stated() -> set[str]:
    """What the round of 2024 states, in the words of a notice: means, totals, results, days, document numbers."""
    facts = rounds.reference().facts
    told = {decree_day(facts.period_from), decree_day(facts.period_to)}
    for info in facts.sets:
        made = figures.of_set(info.code, facts.rows)
        told |= {number(made.mean.value, 2), number(made.mean_of_others.value, 2)}
        told |= {str(made.mean.numerator)} if made.mean.numerator > 99 else set()
        told |= {f"{count(row.met)}/{row.criteria}" for row in made.rows}
        told |= {f"{count(len(made.passed))}/{len(made.rows)}"}
    for document in (facts.plan, facts.report, *facts.documents.values()):
        told |= {document.number, decree_day(document.issued_on)}
    told |= {word.replace(",", ".") for word in told if re.fullmatch(r"\d+,\d+", word)}
    return told


def lines_with(words: set[str], text: str) -> list[str]:
    pattern = re.compile(rf"(?<![\w/.,])(?:{'|'.join(map(re.escape, sorted(words)))})(?![\w/]|[.,]\d)")
    return [line.strip() for line in text.splitlines() if pattern.search(line)]


def test_the_three_figures_of_the_reference_are_among_those_searched_for():
    assert {"14,89", "14.89", "134", "10,67", "18/19", "22/10/2024", "1964/KH-UBND", "01/9"} <= stated()


# The data of the round is the one home of its days and documents; results stand nowhere.
TOLD = [
    *(path for path in (BASE / "templates").rglob("*") if path.is_file()),
    *(BASE / "ntm_portal" / "demo").glob("*.py"),
    *(BASE / "ntm_portal" / "demo" / "data").glob("*.txt"),
    *(path for path in (BASE / "tests").rglob("*.py") if path.name in ("factories.py", "conftest.py", "scene.py")),
    *(BASE / "tests" / name for name in ("people.py", "demo.py", "doors.py")),
    *(BASE / "tests" / "reports" / name for name in ("rounds.py", "planted.py")),
    *(BASE / "reports").rglob("*.toml"),
]
NOTICES = list((BASE / "ntm_portal" / "demo" / "data").glob("notice_*.txt"))
DATA = [*(BASE / "ntm_portal" / "demo" / "data").glob("*.toml"), *(BASE / "communes" / "data").glob("*.csv")]


@pytest.mark.parametrize("path", TOLD, ids=lambda path: str(path.relative_to(BASE)))
def test_no_figure_of_the_round_is_written_down(path):
    assert lines_with(stated(), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", DATA, ids=lambda path: str(path.relative_to(BASE)))
def test_no_result_is_written_into_the_data(path):
    results = {word for word in stated() if re.fullmatch(r"\d+[,.]\d\d|\d{3}|\d\d/\d\d?", word)}
    assert {"14,89", "134", "10,67"} <= results
    assert lines_with(results, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", NOTICES, ids=lambda path: path.name)
def test_text_of_a_notice_has_no_digit_but_of_programme_periods(path):
    text = TEXT_MAY_SAY.sub("", TOKEN.sub("", path.read_text(encoding="utf-8")))
    assert [line for line in text.splitlines() if re.search(r"\d", line)] == []


@pytest.mark.parametrize(
    "line", ["Bình quân 14,89 tiêu chí", "mean = 14.89", "đạt 134 lượt", "(18/19)", "ngày 22/10/2024."]
)
def test_a_figure_written_down_is_found(line):
    assert lines_with(stated(), f"một\n{line}\nhai") == [line]
    assert lines_with(stated(), "1134 214,89 18/190 14,890") == []
