"""What the process that opens foreign files finds in them; knows neither Django nor the portal."""

from datetime import UTC
from io import BytesIO
from itertools import pairwise
from typing import Any

import pillow_heif
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageFilter, ImageOps, ImageStat
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import generic_cms

MOST_PAGES = 40
MOST_TEXT = 60_000
MAX_PIXELS = 64_000_000
WIDTH = 600  # dots across a page: lines of text stay apart
MARGIN = 0.04  # edges of scans are dark and say nothing
INK = 50  # so much darker than the paper is ink, of 255
LEAST_INK = 0.0006  # share of a page; a page number alone is less
LEAST_DPI = 100
LEAST_SIDE = 1_000  # of a photographed document
LEAST_SHARPNESS = 25.0  # variance of the Laplacian
STANDS_OUT = 2.0  # how much stronger stripes across must be than along
RULES = 0.15  # share of the steps that the lines of a table may make
LAPLACE = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)


def look(content: bytes, content_type: str) -> dict[str, Any]:
    """See `inspections.filechecks.Looked`."""
    return _pdf(content) if content_type == "application/pdf" else _picture(content)


# ---------------------------------------------------------------- pictures


def _picture(content: bytes) -> dict[str, Any]:
    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with Image.open(BytesIO(content)) as found:
        picture = ImageOps.exif_transpose(found).convert("L")
    is_poor = max(picture.size) < LEAST_SIDE or is_blurred(picture)
    return {"pages": 1, "poor": [1] if is_poor else []}


def is_blurred(picture: Image.Image) -> bool:
    """Whether nothing in a picture has sharp edges; a plain surface counts as blurred, so ask `is_blank` first."""
    small = picture.copy()
    small.thumbnail((LEAST_SIDE, LEAST_SIDE))
    edges = small.filter(LAPLACE).crop((1, 1, small.width - 1, small.height - 1))
    return ImageStat.Stat(edges).var[0] < LEAST_SHARPNESS


# ---------------------------------------------------------------- pages


def _pdf(content: bytes) -> dict[str, Any]:
    document = pypdfium2.PdfDocument(content)
    found: dict[str, Any] = {"pages": 0, "blank": [], "sideways": [], "poor": []}
    text: list[str] = []
    for number in range(1, min(len(document), MOST_PAGES) + 1):
        page = document[number - 1]
        _page(page, number, found, text)
        page.close()
    document.close()
    found["text"] = "\n".join(text)[:MOST_TEXT]
    found["signatures"] = signatures(content)
    return found


def _page(page: Any, number: int, found: dict[str, Any], text: list[str]) -> None:
    found["pages"] = number
    words = page.get_textpage()
    text.append(words.get_text_range())
    words.close()
    picture = page.render(scale=WIDTH / max(page.get_width(), 1)).to_pil().convert("L")
    picture = _within_margins(picture)
    if is_blank(picture):
        found["blank"].append(number)
        return
    if is_sideways(picture):
        found["sideways"].append(number)
    if is_poor_scan(page):
        found["poor"].append(number)


def _within_margins(picture: Image.Image) -> Image.Image:
    across, down = round(picture.width * MARGIN), round(picture.height * MARGIN)
    return picture.crop((across, down, picture.width - across, picture.height - down))


def _ink(picture: Image.Image) -> Image.Image:
    """White where there is ink: what is clearly darker than most of the page."""
    histogram = picture.histogram()
    paper = max(range(256), key=histogram.__getitem__)
    return picture.point(lambda shade: 255 if shade < paper - INK else 0)


def is_blank(picture: Image.Image) -> bool:
    return ImageStat.Stat(_ink(picture)).mean[0] / 255 < LEAST_INK


def is_sideways(picture: Image.Image) -> bool:
    """Whether the lines of text run up and down the page: then stripes of ink stand side by side."""
    ink = _ink(picture)
    return _stripes(ink.resize((ink.width, 1), Image.Resampling.BOX)) > STANDS_OUT * _stripes(
        ink.resize((1, ink.height), Image.Resampling.BOX)
    )


def _stripes(profile: Image.Image) -> float:
    """How much neighbouring rows (or columns) differ in ink, on the average; the rules of a table left out."""
    values = profile.tobytes()
    steps = sorted((one - two) ** 2 for one, two in pairwise(values))
    kept = steps[: round(len(steps) * (1 - RULES))]
    return sum(kept) / max(len(kept), 1)


def is_poor_scan(page: Any) -> bool:
    """Whether a picture that fills most of the page has too few dots to read, or no sharp edges."""
    area = page.get_width() * page.get_height()
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        if (right - left) * (top - bottom) < area * 0.6:
            continue
        dots, _ = item.get_px_size()
        if dots / max((right - left) / 72, 0.1) < LEAST_DPI:
            return True
        picture = page.render(scale=LEAST_SIDE / max(page.get_width(), page.get_height(), 1)).to_pil().convert("L")
        return is_blurred(_within_margins(picture))
    return False


# ---------------------------------------------------------------- signatures


def signatures(content: bytes) -> list[dict[str, Any]]:
    """Who signed and when, as the signatures say, and whether they hold; trust in the certificates is not judged."""
    try:
        found = PdfFileReader(BytesIO(content)).embedded_regular_signatures
    except Exception:  # noqa: BLE001 - a file that pyHanko cannot read has no signature to tell of
        return []
    return [_signature(item) for item in found]


def _signature(item: Any) -> dict[str, Any]:
    try:
        item.compute_integrity_info()
        intact, valid = generic_cms.validate_sig_integrity(
            item.signer_info, item.signer_cert, "data", item.compute_digest()
        )
        subject = item.signer_cert.subject.native
        at = item.self_reported_timestamp
        if at is not None and at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return {
            "signer": str(subject.get("common_name", "")),
            "organisation": str(subject.get("organization_name", "")),
            "at": at.isoformat() if at else "",
            "holds": bool(intact and valid),
        }
    except Exception:  # noqa: BLE001 - what cannot be read does not hold
        return {"signer": "", "organisation": "", "at": "", "holds": False}
