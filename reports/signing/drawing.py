"""What a signature shows, as the appearance of its field: the picture of a signature or seal, or typeset stamps."""

import io
import re
from collections.abc import Sequence

from PIL import Image, ImageStat, UnidentifiedImageError
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.images import pil_image
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from . import places
from .model import Box, Place, Refused, Step

# A page scanned at 600 dots an inch holds a signature in much less.
MAX_PIXELS = 4_000_000
# More than this share of the picture must be see-through: a filled ground would hide the text behind it.
LEAST_CLEAR = 0.25
# By how much, of 255, the ink's own colour must exceed the opposite one on average.
LEAST_TINT = 24
NAMES = {Step.LEADER: "Ảnh chữ ký", Step.SEAL: "Ảnh con dấu"}
# (channel of the ink, channel it must exceed, its name): Decree 30/2020/NĐ-CP, Annex I, II.7d and II.8.
INKS = {Step.LEADER: (2, 0, "xanh"), Step.SEAL: (0, 2, "đỏ")}
# A stamp's text is tagged for the page it was made as; within an appearance those tags point to nothing.
TAGS = re.compile(rb"/\w+\s+<<[^>]*>>\s+BDC\s|\bEMC\s")


def picture(data: bytes, step: Step) -> Image.Image:
    """The PNG of a signature (blue) or seal (red) on a transparent ground, cut to what is drawn.

    Raises Refused with what is wrong. Only dots are kept: no comment, place or profile of the file.
    """
    name = NAMES[step]
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as file:
            if file.width * file.height > MAX_PIXELS:
                raise Refused(f"{name} quá lớn ({file.width} × {file.height} điểm ảnh); cắt sát nét rồi tải lên lại.")
            image = file.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise Refused(f"{name} phải là tệp PNG nền trong suốt.") from error
    alpha = image.getchannel("A")
    drawn = alpha.getbbox()
    if drawn is None:
        raise Refused(f"{name} không có nét nào.")
    image, alpha = image.crop(drawn), alpha.crop(drawn)
    clear = alpha.histogram()[0] / (image.width * image.height)
    if clear < LEAST_CLEAR:
        raise Refused(f"{name} phải có nền trong suốt: nền đang che chữ ở dưới.")
    ink, other, colour = INKS[step]
    mean = ImageStat.Stat(image.convert("RGB"), mask=alpha).mean
    if mean[ink] - mean[other] < LEAST_TINT:
        raise Refused(f"{name} phải màu {colour} theo Nghị định 30/2020/NĐ-CP.")
    return image


def image_appearance(writer: BasePdfFileWriter, image: Image.Image, box: Box) -> generic.IndirectObject:
    """The picture over the whole of its field."""
    width, height = points(box.width), points(box.height)
    commands = f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Im Do Q"
    return _form(writer, commands, {"/Im": pil_image(image, writer)}, box)


def stamp_appearance(writer: BasePdfFileWriter, stamps: Sequence[bytes], place: Place) -> generic.IndirectObject:
    """Each stamp's text centred in its slot, on the baseline of the line."""
    if len(stamps) != len(place.slots):
        raise ValueError(f"{len(place.slots)} stamps are needed, {len(stamps)} were given")
    commands, forms = [], {}
    for number, (stamp, slot) in enumerate(zip(stamps, place.slots, strict=True)):
        name = f"/S{number}"
        forms[name], left, right, baseline = _imported(writer, stamp)
        x = points(slot.centre - (left + right) / 2 - place.box.left)
        y = points(slot.baseline - baseline - place.box.bottom)
        commands.append(f"q 1 0 0 1 {x:.3f} {y:.3f} cm {name} Do Q")
    return _form(writer, " ".join(commands), forms, place.box)


def points(millimetres: float) -> float:
    return millimetres / places.MM


def _imported(writer: BasePdfFileWriter, stamp: bytes) -> tuple[generic.IndirectObject, float, float, float]:
    """A stamp's page as a form, and where its one line of text lies in it: left, right, baseline (mm)."""
    document = places.open_pdf(stamp)
    try:
        (line,) = places.lines_of(places.signs_of(document[0]))
    finally:
        document.close()
    left, _, right, _ = line.box
    reader = PdfFileReader(io.BytesIO(stamp))
    try:
        form = writer.import_page_as_xobject(reader, inherit_filters=False)
    except PdfError as error:
        raise Refused("Không dùng được bản chữ của số, ngày.") from error
    stream = form.get_object()
    stream = generic.StreamObject(
        {key: value for key, value in stream.items() if key not in ("/Filter", "/Length")},
        stream_data=TAGS.sub(b"", stream.data),
    )
    stream.compress()
    return writer.add_object(stream), left, right, line.signs[0].baseline


def _form(
    writer: BasePdfFileWriter, commands: str, objects: dict[str, generic.IndirectObject], box: Box
) -> generic.IndirectObject:
    resources = generic.DictionaryObject(
        {pdf_name("/XObject"): generic.DictionaryObject({pdf_name(name): ref for name, ref in objects.items()})}
    )
    corner = [generic.FloatObject(0), generic.FloatObject(0)]
    size = [generic.FloatObject(f"{points(box.width):.3f}"), generic.FloatObject(f"{points(box.height):.3f}")]
    entries = {
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): generic.ArrayObject(corner + size),
        pdf_name("/Resources"): resources,
    }
    return writer.add_object(generic.StreamObject(entries, stream_data=commands.encode("ascii")))
