"""Whether a PDF that was signed elsewhere is our document plus signatures, and nothing else.

Four questions, each of which alone would let something through: are our bytes its beginning; does every
later part add only what signing adds; is all of it signed; does the page look the same outside the signatures.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from PIL import ImageChops, ImageDraw
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from . import places, reading
from .model import Box, Refused, SignatureReport, Step

MAX_BYTES = 30 * 1024 * 1024
# A signature with its picture takes a fraction of this; a file that grew by more carries something else.
MOST_ADDED = 10 * 1024 * 1024
# Entries and types that make a reader act, or carry files: no signature needs them.
ACTIVE = frozenset(
    {"/A", "/AA", "/OpenAction", "/JS", "/JavaScript", "/Launch", "/URI", "/SubmitForm", "/ImportData", "/GoToR",
     "/GoToE", "/EmbeddedFile", "/EmbeddedFiles", "/AF", "/Filespec", "/EF", "/RichMedia", "/Movie", "/Sound",
     "/Rendition", "/3D", "/XFA", "/Collection"}
)  # fmt: skip
DEEPEST = 60
PIXELS_PER_MM = 3.0
SCALE = PIXELS_PER_MM * places.MM
# Signatures may cover what is printed around their places by this much, and nothing else on any page.
AROUND_SIGNATURE_MM = (10.0, 10.0)
AROUND_HEAD_MM = (8.0, 3.0)
HOW = "Mở đúng tệp tải từ trang này trong phần mềm ký số, ký nối tiếp, không in, không xuất hay lưu lại thành tệp khác."


def judge(
    base: bytes, upload: bytes, *, roots: Sequence[bytes] = (), at: datetime | None = None
) -> list[SignatureReport]:
    """The signatures of `upload`, which must be `base` with at least one signature more.

    base: the file as the portal gave it out, with its signature fields and the signatures it already had.
    Raises Refused with the reason.
    """
    _require_continuation(base, upload)
    reader = reading.open_reader(upload)
    reports = reading.report(upload, roots=roots, at=at)
    known = {row.field for row in reading.report(base)}
    added = [row for row in reports if row.field not in known]
    if not added:
        raise Refused("Tệp chưa có chữ ký số mới. Ký tệp này rồi tải lên lại.")
    for row in reports:
        _require_good(row)
    if not upload.rstrip(b"\r\n").endswith(b"%%EOF"):
        raise Refused(f"Cuối tệp có dữ liệu lạ không được ký. {HOW}")
    if reports[-1].later != "none" and not _only_closes(upload, reader, reports[-1]):
        raise Refused(f"Sau chữ ký cuối cùng tệp còn bị sửa mà không được ký. {HOW}")
    try:
        _require_signatures_only(reader, base)
        _require_nothing_active(reader, base)
    except reading.MALFORMED as error:
        raise Refused(reading.BROKEN) from error
    _require_same_pages(base, upload, reader, [box for row in added for box in row.boxes])
    return reports


# ---------------------------------------------------------------- our bytes first


def _require_continuation(base: bytes, upload: bytes) -> None:
    if len(upload) > min(MAX_BYTES, len(base) + MOST_ADDED):
        raise Refused("Tệp quá lớn so với văn bản và các chữ ký; kiểm tra lại tệp đã chọn.")
    if not upload.startswith(b"%PDF-"):
        raise Refused("Tệp tải lên không phải PDF.")
    if upload == base:
        raise Refused("Tệp chưa có chữ ký số mới. Ký tệp này rồi tải lên lại.")
    if upload.startswith(base):
        return
    reading.open_reader(upload)  # says that it is broken or locked, where it is
    if base.startswith(upload) or _says_the_same(base, upload):
        raise Refused(
            "Tệp có cùng nội dung nhưng không nối tiếp tệp của cổng: phần mềm đã ghi lại toàn bộ tệp, hoặc tệp được "
            f"ký từ một bản cũ hơn, nên không chứng minh được là nguyên văn. {HOW}"
        )
    raise Refused("Tệp không phải văn bản này: nội dung khác với tệp tải từ trang này.")


def _says_the_same(base: bytes, upload: bytes) -> bool:
    return _words(base) == _words(upload)


def _words(pdf: bytes) -> list[str]:
    document = places.open_pdf(pdf)
    try:
        return ["".join(sign.text for sign in places.signs_of(page)).replace(" ", "") for page in document]
    finally:
        document.close()


# ---------------------------------------------------------------- only signatures after them


def _require_good(row: SignatureReport) -> None:
    who = f" của {row.signer}" if row.signer else ""
    if not row.is_intact or not row.is_valid:
        raise Refused(f"Chữ ký{who} không hợp lệ: tệp hoặc chữ ký đã bị thay đổi sau khi ký. {HOW}")
    if row.later == "other":
        raise Refused(f"Sau chữ ký{who} nội dung tệp đã bị sửa. {HOW}")


def _only_closes(upload: bytes, reader: PdfFileReader, last: SignatureReport) -> bool:
    """Whether nothing but proof of validity (DSS) follows the last signature."""
    field = next(ref for _, _, ref in enumerate_sig_fields(reader, with_name=last.field)).get_object()
    signature = EmbeddedPdfSignature(reader, field, last.field)
    signature.compute_integrity_info()
    result = signature.diff_result
    return isinstance(result, DiffResult) and result.modification_level <= ModificationLevel.LTA_UPDATES


def _require_signatures_only(reader: PdfFileReader, base: bytes) -> None:
    """pyHanko's own policy, from our last revision on: fields of signatures, their values and looks, DSS."""
    if "/Perms" in reader.root and "/Perms" not in _open(base).root:
        raise Refused("Chữ ký khóa tệp (certify) làm các bước sau không ký được; chọn kiểu ký thường rồi ký lại.")
    first = _revisions(base)
    if not first <= reader.xrefs.total_revisions - 1:
        raise Refused(f"Tệp không có phần ký nối tiếp. {HOW}")
    result = DEFAULT_DIFF_POLICY.review_file(reader, first - 1)
    if not isinstance(result, DiffResult) or result.modification_level > ModificationLevel.FORM_FILLING:
        raise Refused(f"Ngoài chữ ký số, tệp còn có thay đổi khác (chú thích, liên kết, trang hoặc nội dung). {HOW}")
    signed = {name for name, _, _ in enumerate_sig_fields(reader)}
    if not set(result.changed_form_fields) <= signed:
        raise Refused(f"Ngoài chữ ký số, tệp còn có trường biểu mẫu khác. {HOW}")


def _require_nothing_active(reader: PdfFileReader, base: bytes) -> None:
    for revision in range(_revisions(base), reader.xrefs.total_revisions):
        for reference in reader.xrefs.explicit_refs_in_revision(revision):
            found = reader.get_object(reference, revision=revision)
            if any(name in ACTIVE for name in _names(found, DEEPEST)):
                raise Refused(f"Tệp có thêm mã lệnh, liên kết hoặc tệp đính kèm. {HOW}")
    root = reader.root
    if set(root.keys()) & {"/AA", "/OpenAction", "/AF", "/Collection"} - set(_open(base).root.keys()):
        raise Refused(f"Tệp có thêm mã lệnh, liên kết hoặc tệp đính kèm. {HOW}")


def _names(found: Any, deep: int) -> Iterator[str]:
    """Keys, and values that are names, of an object and all that lies directly in it."""
    if deep == 0:
        raise Refused(reading.BROKEN)
    if isinstance(found, generic.DictionaryObject):
        for key, value in found.items():
            yield str(key)
            yield from _names(value, deep - 1)
    elif isinstance(found, generic.ArrayObject):
        for value in found:
            yield from _names(value, deep - 1)
    elif isinstance(found, generic.NameObject):
        yield str(found)


def _open(pdf: bytes) -> PdfFileReader:
    return PdfFileReader(io.BytesIO(pdf))


def _revisions(pdf: bytes) -> int:
    count: int = _open(pdf).xrefs.total_revisions
    return count


# ---------------------------------------------------------------- the same pages to the eye


def _require_same_pages(base: bytes, upload: bytes, reader: PdfFileReader, boxes: Sequence[Box]) -> None:
    """Text and look of every page outside the signatures; and these cover no text but around their places."""
    old, new = places.open_pdf(base), places.open_pdf(upload)
    try:
        if len(old) != len(new):
            raise Refused("Số trang của tệp khác với văn bản của cổng.")
        allowed = list(zones(base))
        for number in range(len(old)):
            signs = places.signs_of(old[number])
            if signs != places.signs_of(new[number]) or old[number].get_size() != new[number].get_size():
                raise Refused(f"Nội dung trang {number + 1} khác với văn bản của cổng.")
            here = [box for box in boxes if box.page == number]
            _require_clear(signs, here, [zone for zone in allowed if zone.page == number], number)
            old_look, new_look = _drawn(old[number], here), _drawn(new[number], here)
            if ImageChops.difference(old_look, new_look).getbbox() is not None:
                raise Refused(f"Hình ảnh trang {number + 1} khác với văn bản của cổng ngoài chỗ ký.")
    finally:
        old.close()
        new.close()


def zones(base: bytes) -> Iterator[Box]:
    """Where signatures may stand over printed text: around the fields, those of the head from margin to margin."""
    boxes = reading.field_boxes(_open(base))
    head = [boxes[step] for step in (Step.NUMBER, Step.DATE) if step in boxes]
    end = [boxes[step] for step in (Step.LEADER, Step.SEAL) if step in boxes]
    for group, around in ((head, AROUND_HEAD_MM), (end, AROUND_SIGNATURE_MM)):
        if group:
            yield Box(
                group[0].page, min(box.left for box in group), min(box.bottom for box in group),
                max(box.right for box in group), max(box.top for box in group),
            ).grown(*around)  # fmt: skip


def _require_clear(signs: Iterable[places.Sign], boxes: Sequence[Box], allowed: Sequence[Box], number: int) -> None:
    for sign in signs:
        if sign.text.isspace():
            continue
        is_covered = any(box.holds(*sign.middle) for box in boxes)
        if is_covered and not any(zone.holds(*sign.middle) for zone in allowed):
            raise Refused(
                f"Hình ảnh chữ ký trên trang {number + 1} che chữ của văn bản. Đặt lại vào chỗ ký dành sẵn rồi ký lại."
            )


def _drawn(page: Any, boxes: Sequence[Box]) -> Any:
    """The page as a reader shows it, with the places of the added signatures painted over."""
    image = page.render(scale=SCALE, may_draw_forms=True, grayscale=True).to_pil()
    pen = ImageDraw.Draw(image)
    for box in boxes:
        around = box.grown(0.5, 0.5)
        x = [edge * PIXELS_PER_MM for edge in (around.left, around.right)]
        y = [image.height - edge * PIXELS_PER_MM for edge in (around.top, around.bottom)]
        pen.rectangle((x[0], y[0], x[1], y[1]), fill=255)
    return image
