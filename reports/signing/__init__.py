"""Digital signatures of printed documents: prepare, complete, take what was signed elsewhere, say what holds.

Functions over bytes; no models, no settings, no network, no private key. Each one runs in a process of its own
(`__main__.py`): opening a PDF from outside is kept apart from the portal's secrets, and the libraries for it,
some 40 MB, from its web workers. Places on the page: places.py; writing: writing.py, drawing.py; what a
signature says: reading.py; what is taken back: judging.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from communes.aside import Aside, Busy, TooMuch

from . import envelope
from .model import (
    SEAL_MM,
    Appearance,
    Box,
    ExternalSigner,
    Prepared,
    Refused,
    SignatureReport,
    Signer,
    Step,
    done,
    report_from,
)

__all__ = [
    "SEAL_MM",
    "Appearance",
    "Box",
    "ExternalSigner",
    "Prepared",
    "Refused",
    "SignatureReport",
    "Signer",
    "Step",
    "add_fields",
    "complete",
    "done",
    "judge",
    "prepare",
    "report",
    "report_from",
    "sign",
]

ASIDE = Aside(__name__, seconds=60, wait=30)
BUSY = "Đang kiểm tra nhiều tệp khác; thử lại sau ít phút."
TOO_MUCH = "Tệp quá lớn hoặc quá phức tạp, không kiểm tra được."


def add_fields(pdf: bytes, signer: Signer, *, seal_mm: float = SEAL_MM) -> tuple[bytes, dict[Step, Box]]:
    """The printed file with empty fields for the signature, the seal, and number and day where they are blank.

    Also {step: box of its field}. A file that has such fields already stays as it is.
    """
    data = {"above": signer.above, "below": signer.below, "seal_mm": seal_mm}
    found, (made,) = _ask("add_fields", data, pdf)
    return made, {Step(step): Box(*edges) for step, edges in found["boxes"].items()}


def prepare(
    pdf: bytes,
    step: Step,
    appearance: Appearance,
    *,
    at: datetime,
    certificates: Sequence[bytes] = (),
    seal_mm: float = SEAL_MM,
) -> Prepared:
    """The file with one more signature, but for the signature itself; see `writing.prepare`."""
    data = {"step": step.value, "at": at.isoformat(), "seal_mm": seal_mm, "stamps": len(appearance.stamps)}
    blobs = (pdf, appearance.image, *appearance.stamps, *certificates)
    found, (made, digest, to_sign) = _ask("prepare", data, *blobs)
    return Prepared(made, step, found["start"], found["end"], digest, to_sign, tuple(certificates))


def complete(prepared: Prepared, signature: bytes) -> bytes:
    """The signed file, from the raw signature over `to_sign` or a detached CMS; see `writing.complete`."""
    data = {"step": prepared.step.value, "start": prepared.start, "end": prepared.end}
    blobs = (signature, prepared.pdf, prepared.digest, prepared.to_sign, *prepared.certificates)
    _, (made,) = _ask("complete", data, *blobs)
    return made


def sign(
    pdf: bytes,
    step: Step,
    appearance: Appearance,
    signer: ExternalSigner,
    *,
    at: datetime,
    seal_mm: float = SEAL_MM,
) -> bytes:
    """The file signed by a service that answers at once: prepare, let it sign, complete."""
    prepared = prepare(pdf, step, appearance, at=at, certificates=signer.certificates, seal_mm=seal_mm)
    return complete(prepared, signer.sign(prepared.to_sign))


def report(pdf: bytes, *, at: datetime, roots: Sequence[bytes] = ()) -> list[SignatureReport]:
    """What each signature of any PDF says and whether it holds, in the order in which they were made.

    roots: trusted certificates (DER); without any `is_trusted` is None. at: now. Raises Refused for what is no
    readable PDF, with the reason in Vietnamese. Safe for files of strangers.
    """
    data, _ = _ask("report", {"at": at.isoformat()}, pdf, *roots)
    return [report_from(row) for row in data["reports"]]


def judge(base: bytes, upload: bytes, *, at: datetime, roots: Sequence[bytes] = ()) -> list[SignatureReport]:
    """The signatures of `upload` where it is `base` and further signatures only; else Refused, see `judging.judge`."""
    data, _ = _ask("judge", {"at": at.isoformat()}, base, upload, *roots)
    return [report_from(row) for row in data["reports"]]


def _ask(act: str, data: dict[str, Any], *blobs: bytes) -> tuple[dict[str, Any], list[bytes]]:
    found, made = envelope.unpack(_run(envelope.pack({"act": act, **data}, *blobs)))
    if "refused" in found:
        raise Refused(found["refused"])
    return found, made


def _run(message: bytes) -> bytes:
    """The answer of a new process to one message."""
    try:
        return ASIDE.ask(message)
    except Busy as error:
        raise Refused(BUSY) from error
    except TooMuch as error:
        raise Refused(TOO_MUCH) from error
