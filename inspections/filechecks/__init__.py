"""Looks into a file of evidence for what a reader would stumble over: blank or sideways pages, poor scans, signatures.

Files come from outside, so each is opened in a process of its own (`__main__.py`): without the database's password
and the portal's keys, without a network, with limits on memory and time. What is found is advice, never a refusal.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from communes.aside import Aside, Broken, Busy, TooMuch

ASIDE = Aside(__name__, seconds=40)


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
    try:
        answer = ASIDE.ask(content, content_type)
    except Busy as error:
        raise Unreadable("busy") from error
    except TooMuch as error:
        raise Unreadable("too slow") from error
    except Broken as error:
        raise Unreadable(str(error)[-500:]) from error
    return Looked(**json.loads(answer))
