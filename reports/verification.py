"""The code by which a printed copy is checked: made when a notice is issued, read again when somebody types it."""

import re

import segno
from django.conf import settings
from django.urls import reverse

from .content import Verification

# Of a hash as it is printed, in fours: enough to find one document among all, short enough to be typed.
SHORTEST_CODE = 16
LONGEST_CODE = 64
SEPARATORS = re.compile(r"[\s:.·\-–_]+")
IN_ADDRESS = re.compile(r"\bma=([0-9a-f]+)", re.IGNORECASE)
HEX = re.compile(r"[0-9a-f]+")
LABELS = re.compile(r"^(?:sha\W?256|mã\s+dữ\s+liệu|mã\s+băm|mã)\b", re.IGNORECASE)


def address() -> str:
    """Where copies are checked, as it is printed; "" while PUBLIC_BASE_URL is not set, and then no code can be."""
    return f"{settings.PUBLIC_BASE_URL}{reverse('reports:verify')}" if settings.PUBLIC_BASE_URL else ""


def code_for(address: str, facts_sha256: str) -> Verification:
    """The QR code of the address with the hash in it; the same two always give the same bytes.

    Level M: a seventh of it may be soiled. Around it the layout leaves four modules free.
    """
    code = segno.make_qr(f"{address}?ma={facts_sha256}", error="m", boost_error=False, mode="byte", encoding="utf-8")
    rows = [[bool(module) for module in row] for row in code.matrix]
    return Verification(address, facts_sha256, path_of(rows), len(rows))


def path_of(rows: list[list[bool]]) -> str:
    """One SVG path that fills the dark modules, neighbours in a row drawn as one bar."""
    bars = []
    for y, row in enumerate(rows):
        start = None
        for x, is_dark in enumerate([*row, False]):
            if is_dark and start is None:
                start = x
            elif not is_dark and start is not None:
                bars.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
                start = None
    return "".join(bars)


def read_code(typed: str) -> str | None:
    """The digits of a code or hash as people type or paste it, or of the whole address; None for what is neither.

    16 digits or more: of a hash that is only begun, its first ones.
    """
    text = typed.strip()
    if in_address := IN_ADDRESS.search(text):
        text = in_address[1]
    digits = SEPARATORS.sub("", LABELS.sub("", text.strip())).lower()
    return digits if HEX.fullmatch(digits) and SHORTEST_CODE <= len(digits) <= LONGEST_CODE else None
