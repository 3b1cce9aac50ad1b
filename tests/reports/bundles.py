"""Bundles for tests: made in an installation that is gone afterwards, and made wrong in one place at a time."""

import json
import zipfile
from datetime import timedelta
from pathlib import Path
from shutil import copy

from django.db import transaction
from django.test import override_settings

from communes import clock
from communes.models import Authority
from communes.permissions import Role
from inspections import services
from inspections.models import Dossier, Evidence, ReturnItem, VisitFinding, VisitSheet
from reports.bundles import EVENTS, MANIFEST, writing
from reports.bundles.container import Writer

from ..factories import AgencyFactory, AuthorityFactory, CommuneFactory, person
from ..inspections import factories as work
from . import factories as paper

CODE, OPEN = "XA-2024", "XA-2025.zip"
KEY_THERE = "the-key-of-another-office-0123456789-abcdefghijklmnopqrstuvwxyz-01"


def elsewhere(media):
    """Settings of another installation."""
    return override_settings(
        MEDIA_ROOT=media,
        JOURNAL_KEY=KEY_THERE,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": media}},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    )


def make(folder: Path, *, with_notice: bool = True) -> Path:
    """A round with an issued notice, evidence, a question and an answer, held and exported in another installation."""
    path = folder / f"{CODE}.zip"
    with elsewhere(folder / "media"), transaction.atomic():
        province = AuthorityFactory(code="tinh-xa", name="UBND tỉnh Xa", kind=Authority.Kind.PROVINCE)
        district = AuthorityFactory(code="huyen-xa", name="UBND huyện Xa", parent=province)
        AgencyFactory(authority=district, code="giao-duc", name="Phòng Giáo dục")
        if with_notice:
            writing.export(paper.issued(district, code=CODE, number=8).world.round, path)
        second = _running(district)
        writing.export(second.round, folder / OPEN)
        transaction.set_rollback(True)
    return path


def _running(district) -> work.World:
    """A round in the middle: a thread of two turns, a newer version of a file, an explanation, a visit."""
    communes = [CommuneFactory(authority=district, name=name) for name in ("Pắc Ta", "Hố Mít")]
    world = work.open_round(district, communes=communes, code="XA-2025")
    first, second = (person(Role.COMMUNE_OFFICER, commune=commune) for commune in communes)
    dossier = work.hand_in(world.dossier_of(communes[0]), by=first)
    item = services.answer_item(fresh(work.send_back(dossier, "2.1", by=world.inspector)), answer="Đã có.", by=first)
    soon = clock.today() + timedelta(days=3)
    services.ask_again(fresh(item), by=world.inspector, question="Thiếu chữ ký.", due_on=soon)
    other = work.hand_in(world.dossier_of(communes[1]), by=second)
    work.conclude_all(other, by=world.inspector)
    services.make_provisional(world.dossier_of(communes[1]), by=world.head)
    services.reply(
        world.dossier_of(communes[1]), by=second, replies={work.conclusion_of(other, 1).criterion: "Đã sửa."}
    )
    old = work.prove(world.dossier_of(communes[0]), "2.1", by=first)
    new = services.add_evidence(communes[0], work.pdf_upload("moi.pdf"), meta={}, by=first).evidence
    Evidence.objects.filter(pk=old.pk).update(replaced_by=new, replacer=first, replaced_at=clock.now())
    inspection = dossier.inspection
    inspection.attended_by.set([world.head, world.inspector])
    VisitFinding.objects.create(
        inspection=inspection, dossier=dossier, criterion=dossier.criteria_set.criteria.first(), text="Đường hỏng."
    )
    VisitSheet.objects.create(
        inspection=inspection,
        printed_by=world.inspector,
        printed_at=clock.now(),
        expires_at=clock.now(),
        secret_sha256="5" * 64,
    )
    return world


def fresh(item):
    """As a view reads it: with its dossier, one object for both ways to it."""
    row = ReturnItem.objects.select_related("assessment__indicator", "assessment__criterion").get(pk=item.pk)
    row.dossier = row.assessment.dossier = Dossier.objects.with_context().get(pk=row.dossier_id)
    return row


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rebuilt(path: Path, to: Path, change) -> Path:
    """The bundle with something else in it, and all hashes right: `change(members, manifest)`."""
    members = members_of(path)
    manifest = json.loads(members.pop(MANIFEST))
    del manifest["members"]
    change(members, manifest)
    writer = Writer(to)
    for name, content in members.items():
        writer.add(name, [content])
    writer.finish(manifest)
    return to


def altered(path: Path, to: Path, table: str, number: int, /, **columns) -> Path:
    """The bundle with other values in one row of a table."""

    def change(members, manifest):
        name = EVENTS if table == EVENTS else f"data/{table}.jsonl"
        rows = [json.loads(line) for line in members[name].splitlines()]
        rows[number - 1].update(columns)
        members[name] = b"".join(b"%s\n" % writing.canonical(row).encode() for row in rows)

    return rebuilt(path, to, change)


def flipped(path: Path, to: Path, place: int, by: int) -> Path:
    copy(path, to)
    with to.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ by]))
    return to
