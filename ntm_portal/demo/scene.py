"""Small drawn pictures that stand for photos from the field, each marked as a demonstration."""

import io
from datetime import datetime

from PIL import Image, ImageDraw, ImageFont

from reports import fonts

SIZE = (960, 640)
HORIZON = 300
BAND = 84
MARK = "MINH CHỨNG TRÌNH DIỄN"
EXIF_TIME = 0x0132  # DateTime, the tag every camera writes
Colour = tuple[int, int, int]


def photo(scene: str, caption: str, *, taken_at: datetime, share: float) -> bytes:
    """JPEG of a road or a house before hills, with what it shows written under it.

    share: from 0 to below 1, moves hills and colours so that no two places look (or hash) alike.
    """
    picture = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(picture)
    _sky(draw, share)
    _hills(draw, share)
    (_road if scene == "road" else _house)(draw, share)
    _write(draw, caption)
    exif = Image.Exif()
    exif[EXIF_TIME] = f"{taken_at:%Y:%m:%d %H:%M:%S}"
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=72, exif=exif)
    return out.getvalue()


def _sky(draw: ImageDraw.ImageDraw, share: float) -> None:
    for y in range(SIZE[1]):
        fade = y / SIZE[1]
        draw.line((0, y, SIZE[0], y), fill=(int(150 + 70 * fade), int(190 + 40 * fade), int(225 - 20 * share)))


def _hills(draw: ImageDraw.ImageDraw, share: float) -> None:
    width = SIZE[0]
    for row, colour in enumerate(((120, 150, 140), (88, 128, 96), (104, 150, 78))):
        top = HORIZON - 90 + 70 * row
        peaks = [(width * step // 4, top + int(60 * ((share * 7 + step * 0.37 + row * 0.21) % 1))) for step in range(5)]
        draw.polygon([(0, SIZE[1]), *peaks, (width, SIZE[1])], fill=colour)


def _road(draw: ImageDraw.ImageDraw, share: float) -> None:
    middle = int(SIZE[0] * (0.4 + 0.2 * share))
    draw.polygon(
        [(middle - 16, 380), (middle + 16, 380), (SIZE[0] - 200, SIZE[1]), (180, SIZE[1])], fill=(178, 176, 170)
    )
    for step in range(5):
        y = 400 + step * 38
        draw.line((middle, y, middle, y + 16), fill=(240, 240, 232), width=3 + step)


def _house(draw: ImageDraw.ImageDraw, share: float) -> None:
    left = int(220 + 120 * share)
    wall: Colour = (232, 214, 170)
    roof: Colour = (150, 62, 48)
    draw.rectangle((left, 330, left + 420, 530), fill=wall)
    draw.polygon([(left - 40, 334), (left + 210, 240), (left + 460, 334)], fill=roof)
    for x in (left + 30, left + 104, left + 260, left + 334):
        draw.rectangle((x, 380, x + 56, 450), fill=(96, 120, 140))
    draw.rectangle((left + 180, 440, left + 240, 530), fill=(110, 74, 50))


def _write(draw: ImageDraw.ImageDraw, caption: str) -> None:
    faces = fonts.find()
    top = SIZE[1] - BAND
    draw.rectangle((0, top, *SIZE), fill=(38, 44, 48))
    draw.text((24, top + 8), MARK, font=ImageFont.truetype(str(faces["Bold"]), 30), fill=(255, 214, 120))
    draw.text((24, top + 46), caption, font=ImageFont.truetype(str(faces["Regular"]), 24), fill=(240, 240, 240))
