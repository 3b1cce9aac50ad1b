"""python -m reports.signing: does one job that it reads from standard input, answers on standard output, and ends.

PDFs that somebody uploads are opened here and nowhere else: without the database's password and the portal's
keys, with limits on memory and time, and without a network to ask.
"""

import logging
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from communes.aside import confine

from . import envelope, judging, reading, writing
from .model import Appearance, Prepared, Refused, Signer, Step

MAX_MEMORY_BYTES = 1024**3
CPU_SECONDS = 40
TOO_MUCH = "Tệp quá lớn hoặc quá phức tạp, không kiểm tra được."

Answer = tuple[dict[str, Any], tuple[bytes, ...]]


def add_fields(data: dict[str, Any], blobs: list[bytes]) -> Answer:
    pdf = blobs[0]
    if not writing.field_boxes(pdf):
        pdf = writing.add_fields(pdf, Signer(data["above"], data["below"]), seal_mm=data["seal_mm"])
    found = {
        step.value: [box.page, box.left, box.bottom, box.right, box.top]
        for step, box in writing.field_boxes(pdf).items()
    }
    return {"boxes": found}, (pdf,)


def prepare(data: dict[str, Any], blobs: list[bytes]) -> Answer:
    pdf, image, *rest = blobs
    stamps, certificates = rest[: data["stamps"]], rest[data["stamps"] :]
    prepared = writing.prepare(
        pdf,
        Step(data["step"]),
        Appearance(image, tuple(stamps)),
        at=datetime.fromisoformat(data["at"]),
        certificates=certificates,
        seal_mm=data["seal_mm"],
    )
    return {"start": prepared.start, "end": prepared.end}, (prepared.pdf, prepared.digest, prepared.to_sign)


def complete(data: dict[str, Any], blobs: list[bytes]) -> Answer:
    signature, pdf, digest, to_sign, *certificates = blobs
    step = Step(data["step"])
    prepared = Prepared(pdf, step, data["start"], data["end"], digest, to_sign, tuple(certificates))
    return {}, (writing.complete(prepared, signature),)


def report(data: dict[str, Any], blobs: list[bytes]) -> Answer:
    pdf, *roots = blobs
    found = reading.report(pdf, roots=roots, at=datetime.fromisoformat(data["at"]))
    return {"reports": [row.as_json() for row in found]}, ()


def judge(data: dict[str, Any], blobs: list[bytes]) -> Answer:
    base, upload, *roots = blobs
    found = judging.judge(base, upload, roots=roots, at=datetime.fromisoformat(data["at"]))
    return {"reports": [row.as_json() for row in found]}, ()


ACTS: dict[str, Callable[[dict[str, Any], list[bytes]], Answer]] = {
    act.__name__: act for act in (add_fields, prepare, complete, report, judge)
}


def answer(message: bytes) -> bytes:
    """The answer to one message; a refusal or a failure is an answer too."""
    data, blobs = envelope.unpack(message)
    try:
        found, made = ACTS[data["act"]](data, blobs)
    except Refused as refusal:
        return envelope.pack({"refused": str(refusal)})
    except (MemoryError, RecursionError):
        return envelope.pack({"refused": TOO_MUCH})
    except reading.MALFORMED:
        logging.getLogger(__name__).exception("job failed")
        return envelope.pack({"refused": reading.BROKEN})
    return envelope.pack(found, *made)


def main() -> int:
    confine(memory=MAX_MEMORY_BYTES, cpu_seconds=CPU_SECONDS)
    # What the libraries say of a bad file is told in the answer; their tracebacks would only fill the log.
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    output = sys.stdout.buffer
    output.write(answer(sys.stdin.buffer.read()))
    output.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
