"""The API does what its description says: each operation succeeds for somebody, and invented calls find no fault."""

import pytest
from schemathesis.generation.hypothesis.builder import HypothesisTestMode

from ..fuzzing import ROLES, Fuzz, one_connection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_settings(lasting_settings):
    """Those of the scene."""


@pytest.fixture(scope="module")
def fuzz(scene):
    with one_connection():
        yield Fuzz(scene)


def test_every_operation_succeeds_for_somebody(fuzz):
    fuzz.failures.clear()
    fuzz.rightly()
    assert fuzz.failures == []
    assert fuzz.never_succeeded() == []


@pytest.mark.parametrize("who", ROLES)
def test_invented_calls_find_no_fault(who, fuzz):
    fuzz.failures.clear()
    fuzz.invented(who, examples=1, modes=[HypothesisTestMode.FUZZING])
    assert fuzz.failures == [], "\n\n".join(fuzz.failures)


# ---------------------------------------------------------------- these tests can fail


def test_undocumented_answer_is_found(fuzz, monkeypatch):
    label = "GET /api/v1/communes/"
    monkeypatch.delitem(fuzz.operations[label].responses._inner, "200", raising=False)
    fuzz.failures.clear()
    fuzz.invented("viewer", examples=3, modes=[HypothesisTestMode.FUZZING], labels=[label])
    assert any("Undocumented" in text for text in fuzz.failures)
