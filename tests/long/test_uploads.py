"""A file of 20 MB from a browser, over a line that breaks ten times, and to a server that is killed.

Through gunicorn with two workers, on the database of the stage. A proxy between them counts the bytes: what the
server has is never sent again.
"""

import hashlib
import os
import signal
from contextlib import suppress

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from inspections.models import Evidence, EvidenceLink, Upload

from ..inspections import factories as work
from ..serving import serve
from .bad_line import bad_line

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("alone"),
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
]

SIZE = 20 * 1024 * 1024
CUTS = 10
MOST_SENT = 1.5
SECONDS = 240


@pytest.fixture
def content():
    return work.heavy_pdf(SIZE)


@pytest.fixture
def dossier(district, commune):
    return work.open_round(district, communes=[commune]).dossier_of(commune)


@pytest.fixture
def send(new_context, officer, dossier, tmp_path):
    """`send(line, content)`: the officer chooses a file on a page behind that line and waits until it is through."""

    def go(line, content):
        path = tmp_path / "báo cáo.pdf"
        path.write_bytes(content)
        context = new_context(base_url=line.url)
        client = Client()
        client.force_login(officer)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": line.url}])
        page = context.new_page()
        page.goto(f"/ho-so/{dossier.pk}/tieu-chi/2/")
        before = line.up
        block = page.locator("section.indicator").filter(has=page.locator("h2", has_text="2.1"))
        block.locator("input[type=file][multiple]").set_input_files(path)
        expect(block.locator("ul[id^=tep-] > li")).to_have_count(1, timeout=SECONDS * 1000)
        return line.up - before

    return go


def check_arrived(content, sent):
    piece = Evidence.objects.get()
    assert piece.sha256 == hashlib.sha256(content).hexdigest()
    with piece.file.open() as stored:
        assert hashlib.sha256(stored.read()).hexdigest() == piece.sha256
    assert EvidenceLink.objects.get().assessment.indicator.code == "2.1"
    assert Upload.objects.get().evidence == piece
    print(f"\n{len(content):,} bytes arrived, {sent:,} went up: {sent / len(content):.2f} times")
    assert len(content) <= sent < MOST_SENT * len(content)


def test_line_that_breaks_ten_times_never_begins_anew(send, content):
    with serve("ntm_portal.wsgi") as server, bad_line(server.host, server.port) as line:
        for number in range(1, CUTS + 1):
            line.at(number * len(content) // (CUTS + 1), line.cut)
        sent = send(line, content)
        assert line.cuts == CUTS
        check_arrived(content, sent)


def test_server_killed_in_the_middle_goes_on_where_it_stood(send, content):
    """First the workers, which their master starts again; then all of it, and another server in its place."""
    application = "ntm_portal.wsgi"
    with serve(application) as first, serve(application) as second, bad_line(first.host, first.port) as line:
        killed = []

        def kill_workers():
            kill(first.pids[1:])
            killed.append("workers")

        def kill_all():
            kill(first.pids)
            line.target = (second.host, second.port)
            killed.append("all")

        line.at(len(content) // 3, kill_workers)
        line.at(2 * len(content) // 3, kill_all)
        sent = send(line, content)
        assert killed == ["workers", "all"]
        assert first.process.poll() is not None
        check_arrived(content, sent)


def kill(pids):
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
