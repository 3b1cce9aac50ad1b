"""The whole API as each role: examples, edges of every parameter, invented calls; no fault, and each succeeds."""

import pytest
from schemathesis.generation.hypothesis.builder import HypothesisTestMode

from ..fuzzing import ROLES, Fuzz, one_connection

# On the database of production, which is stricter about numbers and signs; tests/test_doors.py invents fewer on SQLite.
pytestmark = [pytest.mark.long, pytest.mark.django_db, pytest.mark.only_on("postgresql")]
# The edges are the same calls for everybody; these three see most answers that differ.
AT_THE_EDGES = ("officer", "coordinator", "anonymous")
EXAMPLES = 6


@pytest.fixture(autouse=True)
def plain_settings(lasting_settings):
    """Those of the scene."""


@pytest.fixture(scope="module")
def fuzz(scene):
    with one_connection():
        yield Fuzz(scene)


@pytest.mark.parametrize("who", ROLES)
def test_invented_calls_find_no_fault(who, fuzz):
    fuzz.failures.clear()
    edges = [HypothesisTestMode.COVERAGE] if who in AT_THE_EDGES else []
    fuzz.invented(who, examples=EXAMPLES, modes=[HypothesisTestMode.FUZZING, HypothesisTestMode.EXAMPLES, *edges])
    assert fuzz.failures == [], "\n\n".join(fuzz.failures)


def test_every_operation_succeeds_for_somebody(fuzz):
    fuzz.failures.clear()
    fuzz.rightly()
    assert fuzz.failures == []
    assert fuzz.never_succeeded() == []
    lines = (f"{label}: {dict(sorted(found.items()))}" for label, found in fuzz.answers.items())
    print("\n".join(lines))
