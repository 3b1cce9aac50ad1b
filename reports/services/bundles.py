"""Handing a whole round over to another office, and taking one over: who may, and what the journal says of it."""

from pathlib import Path

from django.db import transaction

from communes import journal
from communes.models import User
from communes.permissions import Permission
from inspections.services.rounds import manage
from inspections.models import InspectionRound
from inspections.workflow import NotAllowed

from ..bundles import loading, planning, writing
from ..bundles.container import Reader
from ..bundles.planning import Choices, Plan


def export_round(round_: InspectionRound, path: Path, *, by: User | None) -> str:
    """Write everything of a round to a file; its SHA-256. by: None for the command on the server.

    Raises NotAllowed, or Incomplete where something of the round is missing; then there is no file.
    """
    if by is not None:
        manage(round_, by)
    digest = writing.export(round_, path)
    with transaction.atomic():
        # Beside the round's own chain, which is in the bundle and does not change by being handed over.
        journal.record("round.handed_out", subject=round_, by=by, data={"bundle": digest, "size": path.stat().st_size})
    return digest


def look_into(path: Path, choices: Choices, *, by: User | None) -> Plan:
    """Check every byte of a bundle and say what bringing it in would do. Raises BundleRefused or NotAllowed."""
    _require_importer(by)
    with Reader(path) as reader:
        return planning.plan(reader, reader.check(), choices, by)


def import_round(path: Path, choices: Choices, *, by: User | None) -> tuple[InspectionRound, Plan]:
    """Bring a bundle in: all of it, or nothing and BundleRefused."""
    _require_importer(by)
    with Reader(path) as reader:
        found = planning.plan(reader, reader.check(), choices, by)
        return loading.load(reader, found, by), found


def _require_importer(by: User | None) -> None:
    if by is not None and not by.has(Permission.ROUND_MANAGE):
        raise NotAllowed("Chỉ Văn phòng Điều phối được nhập đợt kiểm tra.")
