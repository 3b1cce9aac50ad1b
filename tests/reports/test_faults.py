"""A corpus of faults, written by people who have not read the checks, and notices without any fault.

faults/*.toml: [[fault]] with name, kind, section, find, put, note; `in` is "raw" (words as typed, figures in braces) or
"filled" (words as people read them; what is put counts as typed), left out either. expect: codes of checks one of which
must find it; expect_words: words of a message; without both any finding will do, for the notice itself has none.
faults/clean_*: notices of other rounds, NAME.toml the round and NAME.txt the text.
"""

import tomllib
from pathlib import Path

import pytest

from . import rounds
from .planted import Fault, planted

FOLDER = Path(__file__).with_name("faults")
CLEAN = sorted(FOLDER.glob("clean_*.txt"))
CORPUS = [
    (path.stem, row)
    for path in sorted(FOLDER.glob("*.toml"))
    if not path.name.startswith("clean_")
    for row in tomllib.loads(path.read_text(encoding="utf-8")).get("fault", [])
]


@pytest.fixture(scope="module")
def told():
    return rounds.reference()


@pytest.mark.parametrize(("source", "row"), CORPUS, ids=[f"{stem}-{row['name']}" for stem, row in CORPUS])
def test_fault_of_the_corpus_is_found(told, source, row):
    fault = Fault(row["name"], row["section"], row["find"], row["put"], row.get("kind", ""), row.get("in", ""))
    found = planted(told, fault).findings()
    assert found, "nothing was found"
    codes, said = row.get("expect", []), row.get("expect_words", "")
    codes = [codes] if isinstance(codes, str) else codes
    assert not codes or {one.code for one in found} & set(codes), [(one.code, str(one)) for one in found]
    assert not said or any(said in str(one) for one in found), list(map(str, found))


@pytest.mark.parametrize("path", CLEAN, ids=lambda path: path.stem)
def test_notice_without_fault_raises_no_alarm(path):
    assert list(map(str, rounds.told_in(path).findings())) == []


def test_there_are_three_other_notices():
    assert len(CLEAN) >= 3


@pytest.mark.parametrize("path", CLEAN, ids=lambda path: path.stem)
def test_those_notices_are_read_as_a_whole(path):
    """A misspelt unit and a wrong mean are found in them too, so their silence says something."""
    told = rounds.told_in(path)
    name = told.facts.rows[0].unit_phrase
    text = f"Việc làm ở {name[:-1]}ẹ và {name} cho thấy bình quân các xã đạt 3,14 tiêu chí/xã."
    codes = {one.code for one in planted(told, Fault("", "mở đầu", "", text)).findings()}
    assert {"name", "mean"} <= codes
