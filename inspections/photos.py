"""When and where a photo was taken, as the camera wrote it into the file (EXIF 2.32, CIPA DC-008, 4.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from django.utils import timezone
from PIL import Image

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
TAKEN, TAKEN_OFFSET = 0x9003, 0x9011
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE = 1, 2, 3, 4
# Cameras without a set clock write the year of their make or zeros.
FIRST_YEAR = 1995
PLACE = Decimal("0.000001")  # a tenth of a metre


@dataclass(frozen=True)
class Shot:
    """What a photo says of itself; latitude and longitude in degrees (WGS 84), both or none."""

    taken_at: datetime | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None

    def or_else(self, other: "Shot") -> "Shot":
        """This one, with what it does not know taken from the other."""
        has_place = self.latitude is not None
        return Shot(
            self.taken_at or other.taken_at,
            self.latitude if has_place else other.latitude,
            self.longitude if has_place else other.longitude,
        )


NOTHING = Shot()


def read(stream: IO[bytes]) -> Shot:
    """From a picture that was already found sound; a picture without EXIF, or with a broken one, says nothing."""
    stream.seek(0)
    try:
        with Image.open(stream) as picture:
            exif = picture.getexif()
            return _shot(exif.get_ifd(EXIF_IFD), exif.get_ifd(GPS_IFD))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, EOFError):
        return NOTHING


def _shot(exif: Mapping[int, Any], gps: Mapping[int, Any]) -> Shot:
    latitude = _degrees(gps.get(LATITUDE), gps.get(LATITUDE_REF), "S", 90)
    longitude = _degrees(gps.get(LONGITUDE), gps.get(LONGITUDE_REF), "W", 180)
    taken = moment(str(exif.get(TAKEN, "")), str(exif.get(TAKEN_OFFSET, "")))
    return Shot(taken, latitude, longitude) if is_place(latitude, longitude) else Shot(taken)


def moment(local: str, offset: str = "") -> datetime | None:
    """ "2025:06:12 10:15:00" and "+07:00" as an aware moment; without an offset the camera ran on Vietnam's time."""
    try:
        found = datetime.strptime(f"{local.strip()}{offset.strip()}", "%Y:%m:%d %H:%M:%S%z")
    except ValueError:
        try:
            found = timezone.make_aware(datetime.strptime(local.strip(), "%Y:%m:%d %H:%M:%S"))  # noqa: DTZ007
        except ValueError:
            return None
    return found if found.year >= FIRST_YEAR else None


def is_place(latitude: Decimal | None, longitude: Decimal | None) -> bool:
    """Whether both are known; 0°, 0° is what a receiver without satellites writes."""
    return latitude is not None and longitude is not None and bool(latitude or longitude)


def _degrees(parts: Any, side: Any, negative: str, most: int) -> Decimal | None:
    """Degrees, minutes and seconds as one number of degrees; None for what cannot be."""
    if not parts or len(parts) != 3:
        return None
    try:
        degrees, minutes, seconds = (Decimal(str(float(part))) for part in parts)
    except (InvalidOperation, ZeroDivisionError):
        return None
    total = degrees + minutes / 60 + seconds / 3600
    if not total.is_finite() or total > most:
        return None
    sign = -1 if str(side).strip("\0 ").upper() == negative else 1
    return (sign * total).quantize(PLACE)
