"""Looks into a file of evidence for what a reader would stumble over: blank or sideways pages, poor scans, signatures.

Files come from outside, so each is opened in a process of its own (`__main__.py`): without the database's password
and the portal's keys, without a network, with limits on memory and time. What is found is advice, never a refusal.
"""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 40
# Processes of one web worker at a time: the machine keeps its memory for the portal.
AT_ONCE = threading.BoundedSemaphore(2)
WAIT_SECONDS = 20
ROOT = Path(__file__).resolve().parent.parent.parent


class Unreadable(Exception):
    """The file cannot be looked into: damaged, too large, or too many others are looked into now."""


@dataclass(frozen=True)
class Looked:
    """What is in a file.

    pages: how many were looked at. blank, sideways, poor: numbers of such pages, from 1; poor: too few dots or
    blurred. text: of the text layer, cut. signatures: [{signer, organisation, at (ISO 8601 or ""), holds}].
    """

    pages: int = 0
    blank: list[int] = field(default_factory=list)
    sideways: list[int] = field(default_factory=list)
    poor: list[int] = field(default_factory=list)
    text: str = ""
    signatures: list[dict[str, Any]] = field(default_factory=list)


def look(content: bytes, content_type: str) -> Looked:
    """Look into a PDF or picture. Raises Unreadable."""
    if not AT_ONCE.acquire(timeout=WAIT_SECONDS):
        raise Unreadable("busy")
    try:
        ended = subprocess.run(
            [sys.executable, "-m", __name__, content_type],
            cwd=ROOT,
            env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""},
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("too slow") from error
    finally:
        AT_ONCE.release()
    if ended.returncode:
        raise Unreadable(ended.stderr.decode(errors="replace")[-500:])
    return Looked(**json.loads(ended.stdout))
