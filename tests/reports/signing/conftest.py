"""Printed notices to sign, pictures to sign with, and signed files, each made once in a run."""

from dataclasses import replace

import pytest
from django.template.loader import render_to_string

from reports import renderer
from reports.signing import writing
from reports.signing.model import Appearance, Signer, Step

from ..conftest import SAMPLE
from . import keys
from .pictures import seal_png, signature_png

SIGNER = Signer(SAMPLE.signature.authority[-1], SAMPLE.signature.post)
BLANK = replace(SAMPLE, number=None, day=None, month=None)


def print_page(content):
    return renderer.render(render_to_string("reports/pdf/notice_v1.html", {"notice": content}), "notice_v1")


def stamp(text, part):
    html = render_to_string("reports/pdf/stamp_v1.html", {"text": text, "part": part})
    return renderer.render(html, "stamp_v1")


def sign_step(pdf, step, appearance, signer, **more):
    """Prepare, let the signer's own key sign, complete: as a signing service does it."""
    prepared = writing.prepare(pdf, step, appearance, at=keys.NOW, certificates=signer.certificates, **more)
    return writing.complete(prepared, signer.sign(prepared.to_sign))


@pytest.fixture(scope="session")
def printed_blank():
    """A notice as it is printed before it has number and day."""
    return print_page(BLANK)


@pytest.fixture(scope="session")
def printed_numbered():
    return print_page(SAMPLE)


@pytest.fixture(scope="session")
def blank(printed_blank):
    """With its four empty fields."""
    return writing.add_fields(printed_blank, SIGNER)


@pytest.fixture(scope="session")
def numbered(printed_numbered):
    """With empty fields for the signature and the seal."""
    return writing.add_fields(printed_numbered, SIGNER)


@pytest.fixture(scope="session")
def led(numbered):
    """The notice with number, signed by the leader."""
    return sign_step(numbered, Step.LEADER, Appearance(signature_png()), keys.leader())


@pytest.fixture(scope="session")
def sealed(led):
    """The notice with number, signed by the leader and with the agency's seal."""
    return sign_step(led, Step.SEAL, Appearance(seal_png()), keys.office())


@pytest.fixture(scope="session")
def in_turn(blank):
    """[file after leader, number, day, seal] of a notice that was printed without number."""
    acts = (
        (Step.LEADER, Appearance(signature_png()), keys.leader()),
        (Step.NUMBER, Appearance(stamps=(stamp("08", "number"),)), keys.clerk()),
        (Step.DATE, Appearance(stamps=(stamp("05", "date"), stamp("12", "date"))), keys.clerk()),
        (Step.SEAL, Appearance(seal_png()), keys.office()),
    )
    files = [blank]
    for step, appearance, signer in acts:
        files.append(sign_step(files[-1], step, appearance, signer))
    return files[1:]
