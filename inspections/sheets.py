"""The codes on a printed sheet: what is in one, how it is signed, how long it holds. Pure but for the server's key.

A code names a sheet and a criterion of a dossier, carries the sheet's secret, and is signed with the server's key.
Who has one code can make no other, for that takes the server's key; who has the database can make none either, for
of the secret it holds the hash alone.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.crypto import salted_hmac

SECRET_BYTES = 16
SIGNATURE_BYTES = 16
BODY = struct.Struct(f">QQ{SECRET_BYTES}s")
CODE_LENGTH = 64  # letters of base64 for body and signature
SALT = "inspections.sheets"

# Not ruled anywhere; chosen so that a lost sheet is worth little.
WITHOUT_DAY = timedelta(hours=72)
MOST_DAYS_AHEAD = 7
PHOTOS_AN_HOUR = 60
PHOTOS_A_SHEET = 300


@dataclass(frozen=True)
class Code:
    """What a genuine code says. conclusion_pk: the criterion of the dossier."""

    sheet_pk: int
    conclusion_pk: int
    secret: bytes


def written(code: Code) -> str:
    """The code as it stands in the address."""
    body = BODY.pack(code.sheet_pk, code.conclusion_pk, code.secret)
    return base64.urlsafe_b64encode(body + _signature(body)).decode().rstrip("=")


def read(text: str) -> Code | None:
    """What a code says, also where the whole address was given; None for anything not signed by this server."""
    last = text.strip().rpartition("#")[2]
    if len(last) != CODE_LENGTH:
        return None
    try:
        raw = base64.b64decode(last.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    body, signature = raw[: BODY.size], raw[BODY.size :]
    if not hmac.compare_digest(signature, _signature(body)):
        return None
    return Code(*BODY.unpack(body))


def _signature(body: bytes) -> bytes:
    return salted_hmac(SALT, body, algorithm="sha256").digest()[:SIGNATURE_BYTES]


def hash_of(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()


def expiry(visit_day: date | None, now: datetime) -> datetime:
    """Until when a sheet printed now holds: the end of the day after the visit; 72 hours where no day is to come."""
    if visit_day is None or visit_day < timezone.localdate(now):
        return now + WITHOUT_DAY
    return timezone.make_aware(datetime.combine(visit_day + timedelta(days=2), time()))
