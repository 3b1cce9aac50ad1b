"""Documents drawn at random keep the thirty rules and both standards."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from reports.content import NoticeContent

from . import decree30, outside, pdfa, pdfua
from .generated import documents

# A smaller document that fails too would be looked for by printing hundreds.
PATIENT = {"suppress_health_check": list(HealthCheck), "phases": (Phase.explicit, Phase.generate)}


def assert_kept(pdf: bytes, content: NoticeContent) -> None:
    assert decree30.broken(decree30.check(pdf, content.kind)) == {}
    assert pdfa.check(pdf) == {}
    assert pdfua.check(pdf) == {}
    if outside.CHECKER:
        assert outside.differences(pdf, content.kind) == []


@settings(max_examples=20, **PATIENT)
@given(content=documents())
def test_a_generated_document_keeps_every_rule(printed, content):
    assert_kept(printed(content), content)


@pytest.mark.long
@settings(max_examples=200, **PATIENT)
@given(content=documents())
def test_two_hundred_generated_documents_keep_every_rule(printed, content):
    assert_kept(printed(content), content)
