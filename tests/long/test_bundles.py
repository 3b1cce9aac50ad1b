"""Bundles of the demonstration's rounds, of heavy evidence, under fuzz and kills, on the stage's database."""

import json
import os
import random
import signal
import time
import tracemalloc
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction

from communes import journal
from communes.models import Event
from communes.permissions import Role
from inspections.models import Evidence, InspectionRound
from reports.bundles import MANIFEST, loading, writing
from reports.bundles.container import BundleRefused, Reader
from reports.bundles.planning import Choices
from reports.models import BroughtRound
from reports.services.bundles import import_round

from ..demo import demo, demo_data, empty_tables  # noqa: F401
from ..factories import AuthorityFactory, CommuneFactory, person
from ..inspections import factories as work
from ..reports import bundles
from ..reports import factories as paper

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

FLIPS = 400
# After what the import has said, and how often: at once, somewhere in its work, when it is done.
KILLS = ((b"", 10), (b"b", 20), (b"d", 10))


def other_office(settings, media):
    settings.JOURNAL_KEY = bundles.KEY_THERE
    settings.MEDIA_ROOT = media
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": media}}
    settings.STORAGES = {**settings.STORAGES, "default": default}


def test_the_rounds_of_the_demonstration_go_there_and_back(demo, settings, tmp_path):  # noqa: F811
    codes = sorted(InspectionRound.objects.exclude(status="draft").values_list("code", flat=True))
    assert len(codes) == 2
    begun = time.monotonic()
    for code in codes:
        writing.export(InspectionRound.objects.get(code=code), tmp_path / f"{code}.zip")
    empty_tables()
    other_office(settings, tmp_path / "media")
    for code in codes:
        path, again = tmp_path / f"{code}.zip", tmp_path / f"{code}-again.zip"
        round_, _ = import_round(path, Choices(), by=None)
        writing.export(round_, again)
        before, after = bundles.members_of(path), bundles.members_of(again)
        told = [json.loads(members.pop(MANIFEST)) for members in (before, after)]
        assert list(before) == list(after)
        assert [name for name in before if before[name] != after[name]] == []
        assert {key for key in told[0] if told[0][key] != told[1][key]} <= {"exported_at"}
    assert journal.verify() == []
    assert time.monotonic() - begun < 60
    _fuzz(tmp_path / f"{codes[0]}.zip", tmp_path / "x.zip")


@pytest.mark.parametrize("make", [paper.replaced, paper.asked])
def test_notices_that_are_replaced_or_being_signed_go_there_and_back(make, settings, tmp_path):
    path, again = tmp_path / "there.zip", tmp_path / "again.zip"
    with bundles.elsewhere(tmp_path / "media"), transaction.atomic():
        make(AuthorityFactory(code="huyen-ky"), code="KY-1")
        round_ = InspectionRound.objects.get(code="KY-1")
        writing.export(round_, path)
        transaction.set_rollback(True)
    other_office(settings, tmp_path / "here")
    settings.JOURNAL_KEY = "the-key-of-here-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"
    round_, _ = import_round(path, Choices(), by=None)
    writing.export(round_, again)
    before, after = bundles.members_of(path), bundles.members_of(again)
    rows = json.loads(before[MANIFEST])["rows"]
    assert rows["signings"] or rows["notices"] == 2
    assert [name for name in before if name != MANIFEST and before[name] != after[name]] == []
    assert list(before) == list(after)


def _fuzz(path, to):
    rng = random.Random()
    size = path.stat().st_size
    names = [*bundles.members_of(path), "x.zip", "Tên tệp không được phép trong gói: "]
    for _ in range(FLIPS):
        place, by = rng.randrange(size), rng.randrange(1, 256)
        with pytest.raises(BundleRefused) as caught, Reader(bundles.flipped(path, to, place, by)) as reader:
            reader.check()
        assert any(name in str(caught.value) for name in names), (place, by, str(caught.value))


def test_heavy_evidence_goes_through_in_pieces(settings, tmp_path):
    district = AuthorityFactory()
    commune = CommuneFactory(authority=district)
    world = work.open_round(district, communes=[commune], code="NANG-1")
    officer = person(Role.COMMUNE_OFFICER, commune=commune)
    for number in range(6):
        file = SimpleUploadedFile(f"{number}.pdf", work.heavy_pdf(22 * 1024**2 + number))
        work.prove(world.dossier_of(commune), "2.1", by=officer, upload=file)
    path = tmp_path / "heavy.zip"
    tracemalloc.start()
    writing.export(world.round, path)
    out = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    empty_tables()
    other_office(settings, tmp_path / "media")
    tracemalloc.start()
    import_round(path, Choices(), by=None)
    back = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 130 * 1024**2
    assert Evidence.objects.count() == 6
    assert max(out, back) < 24 * 1024**2, (out, back)


# ---------------------------------------------------------------- kills


def _child(path, told):
    """Bring the bundle in, saying when the work begins and when it is done; then wait to be killed."""
    run = loading.Loader.run

    def begun(self):
        os.write(told, b"b")
        return run(self)

    loading.Loader.run = begun
    import_round(path, Choices(), by=None)
    os.write(told, b"d")
    time.sleep(60)


def _killed(path, wait_for, delay):
    """Kill an import so long after it has said that it has come so far."""
    connections.close_all()
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(heard)
            _child(path, told)
        finally:
            os._exit(1)
    os.close(told)
    if wait_for:
        while (said := os.read(heard, 1)) != wait_for:
            assert said, "the import ended by itself"
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(heard)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_killed_import_leaves_all_or_nothing(settings, tmp_path):
    bundles.make(tmp_path, with_notice=False)
    path = tmp_path / bundles.OPEN
    media = tmp_path / "here"
    other_office(settings, media)
    settings.JOURNAL_KEY = django_settings.SECRET_KEY
    begun = time.monotonic()
    import_round(path, Choices(), by=None)
    whole = time.monotonic() - begun
    empty_tables()
    _remove_files(media)
    rng, fell = random.Random(7), {"before": 0, "during": 0, "after": 0}
    for wait_for, times in KILLS:
        for _ in range(times):
            _killed(path, wait_for, {b"": 0.0, b"b": rng.random() * whole * 0.4, b"d": 0.0}[wait_for])
            fell[_state(media)] += 1
    assert min(fell.values()) >= 10, fell


def _state(media):
    """What the kill came to, after the next cleaning: nothing at all, or everything; the database is empty again."""
    folder = media / loading.FOLDER
    had_begun = folder.is_dir() and any(folder.iterdir())
    loading.remove_leftovers()
    files = [path for path in media.rglob("*") if path.is_file()]
    brought = BroughtRound.objects.first()
    if brought is None:
        assert files == []
        assert not Event.objects.exists()
        assert not InspectionRound.objects.exists()
        return "during" if had_begun else "before"
    stored = {media / name for name in Evidence.objects.values_list("file", flat=True)}
    assert {path for path in files if path.name != loading.LOCK} == stored
    assert journal.verify() == []
    empty_tables()
    _remove_files(media)
    return "after"


def _remove_files(media):
    for path in Path(media).rglob("*"):
        if path.is_file():
            path.unlink()
    loading.remove_leftovers()
    for path in sorted(Path(media).rglob("*"), reverse=True):
        path.rmdir()
