"""The code by which a printed copy is checked: made when a notice is issued, read again when somebody types it."""

import re

from django.conf import settings
from django.urls import reverse

from communes import qr

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
    """The QR code of the address with the hash in it; the same two always give the same bytes."""
    code = qr.drawn(f"{address}?ma={facts_sha256}")
    return Verification(address, facts_sha256, code.path, code.size)


def read_code(typed: str) -> str | None:
    """The digits of a code or hash as people type or paste it, or of the whole address; None for what is neither.

    16 digits or more: of a hash that is only begun, its first ones.
    """
    text = typed.strip()
    if in_address := IN_ADDRESS.search(text):
        text = in_address[1]
    digits = SEPARATORS.sub("", LABELS.sub("", text.strip())).lower()
    return digits if HEX.fullmatch(digits) and SHORTEST_CODE <= len(digits) <= LONGEST_CODE else None
