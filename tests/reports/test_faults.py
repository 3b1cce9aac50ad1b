"""A corpus of faults, written by somebody who had not read the checks, and notices without any fault.

faults/: [[fault]] with name, kind, where, find, put, expect (words that a finding must say) and note, put one at a time
into the notice of 2024 (planted.py says how). faults/other_*.toml: correct notices of other rounds, in which nothing is
found.
"""

import tomllib
from pathlib import Path

import pytest

from . import rounds
from .planted import Fault, planted

FOLDER = Path(__file__).with_name("faults")
OTHERS = sorted(FOLDER.glob("other_*.toml"))
CORPUS = [
    (path.stem, row)
    for path in sorted(FOLDER.glob("*.toml"))
    if path not in OTHERS
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
]


@pytest.fixture(scope="module")
def told():
    return rounds.reference()


@pytest.mark.parametrize("row", [row for _, row in CORPUS], ids=[f"{stem}-{row['name']}" for stem, row in CORPUS])
def test_fault_of_the_corpus_is_found(told, row):
    found = planted(told, Fault(row["where"], row["find"], row["put"])).findings()
    assert any(row["expect"].casefold() in str(one).casefold() for one in found), list(map(str, found))


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_notice_without_fault_raises_no_alarm(path):
    assert list(map(str, rounds.told_in(path).findings())) == []


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_other_notices_are_read_as_a_whole(path):
    """A misspelt unit and a wrong mean are found in them too, so their silence says something."""
    told = rounds.told_in(path)
    name = told.facts.rows[0].unit_phrase
    text = f"Việc làm ở {name[:-1]}ẹ và {name} cho thấy bình quân các xã đạt 3,14 tiêu chí/xã."
    codes = {one.code for one in planted(told, Fault("preamble", "", text)).findings()}
    assert {"name", "mean"} <= codes


def test_corpus_is_as_large_as_it_was():
    assert len(OTHERS) >= 6
    assert len(CORPUS) >= 90
