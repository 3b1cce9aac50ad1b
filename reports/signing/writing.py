"""Adding to a printed notice: empty signature fields at their places, and signatures in two steps.

`prepare` writes everything but the signature, `complete` puts it in; between the two the key's owner signs,
wherever that key is kept. Nothing already in the file is changed: each act appends to it, so that what was
signed before stays valid.
"""

import asyncio
import hashlib
import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asn1crypto import cms, core, pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
    ensure_sig_flags,
    enumerate_sig_fields,
)
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest, SignatureObject
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from . import drawing, places, reading
from .model import SEAL_MM, Appearance, Box, Place, Prepared, Refused, Signer, Step

DIGEST = "sha256"
# Room for a CMS of 16 KB, with the certificates above the signer's and a time stamp; twice that in hexadecimal.
RESERVED = 32 * 1024
LABELS = {
    Step.LEADER: "Chữ ký số của người ký văn bản",
    Step.NUMBER: "Số văn bản, ký số bởi văn thư",
    Step.DATE: "Ngày, tháng ban hành, ký số bởi văn thư",
    Step.SEAL: "Dấu của cơ quan, tổ chức, ký số",
}
# The claim in a file's own data that it keeps PDF/UA, in either way of writing it.
UA_CLAIM = re.compile(rb"\s*pdfuaid:part\s*=\s*([\"']).*?\1|<pdfuaid:part>.*?</pdfuaid:part>", re.S)


class Update(IncrementalPdfFileWriter):
    """Appends to a file and leaves its own data alone.

    The library would write them anew with its own name and the present time, and lose what PDF/A needs of them.
    """

    def _update_meta(self) -> None:
        pass

    @classmethod
    def _handle_id(cls, prev: Any) -> generic.ArrayObject:
        """The file's first identifier, and a second made of its bytes: the same input gives the same output."""
        prev.stream.seek(0)
        changed = generic.ByteStringObject(hashlib.sha256(prev.stream.read()).digest()[:16])
        first = prev.trailer["/ID"][0]
        return generic.ArrayObject([generic.ByteStringObject(getattr(first, "original_bytes", first)), changed])


def add_fields(pdf: bytes, signer: Signer, *, seal_mm: float = SEAL_MM) -> bytes:
    """The same file with an empty field for each signature that it lacks: first of all, before anyone signs.

    Number and day get a field where they are blank. Raises Refused where the room for the signature is missing.
    """
    writer = _writer(pdf)
    for step, place in places.find(pdf, signer, seal_mm=seal_mm).items():
        edges: Any = tuple(drawing.points(edge) for edge in _edges(place.box))
        spec = SigFieldSpec(step.value, on_page=place.box.page, box=edges, readable_field_name=LABELS[step])
        append_signature_field(writer, spec)
    # As it will be once something is signed: later signatures then change nothing but themselves.
    ensure_sig_flags(writer, lock_sig_flags=True)
    _drop_ua_claim(writer)
    return _written(writer)


def field_boxes(pdf: bytes) -> dict[Step, Box]:
    """{step: box of its field} of every field of ours in the file, signed or not."""
    return reading.field_boxes(_writer(pdf))


def prepare(
    pdf: bytes,
    step: Step,
    appearance: Appearance,
    *,
    at: datetime,
    certificates: Sequence[bytes] = (),
    seal_mm: float = SEAL_MM,
) -> Prepared:
    """The file with its `step` signed but for the signature itself.

    at: the signing time that is stated. certificates: DER, the signer's first; with them `to_sign` holds the
    signed attributes, without them the signer makes the whole CMS. Raises Refused for a picture that is not
    fit, or when the step is signed or has no field.
    """
    writer = _writer(pdf)
    boxes = reading.field_boxes(writer)
    if step not in boxes:
        raise Refused(f"Văn bản không có chỗ cho: {LABELS[step].lower()}.")
    if not _is_empty(writer, step):
        raise Refused(f"Đã ký xong bước này: {LABELS[step].lower()}.")
    embedding = PdfCMSEmbedder().write_cms(step.value, writer, existing_fields_only=True)
    field = next(embedding).get_object()
    _draw(writer, field, pdf, step, appearance, boxes, seal_mm)
    placeholder = SignatureObject(
        timestamp=at, subfilter=SigSeedSubFilter.PADES, bytes_reserved=RESERVED
    )  # fmt: skip
    embedding.send(SigObjSetup(placeholder, mdp_setup=SigMDPSetup(DIGEST)))
    digest, output = embedding.send(SigIOSetup(DIGEST))
    to_sign = _attributes(digest.document_digest, certificates).dump() if certificates else b""
    return Prepared(
        output.getvalue(),
        step,
        digest.reserved_region_start,
        digest.reserved_region_end,
        digest.document_digest,
        to_sign,
        tuple(certificates),
    )


def complete(prepared: Prepared, signature: bytes) -> bytes:
    """The signed file. signature: the raw one over `to_sign` where certificates were given, else a detached CMS
    (DER or PEM) over `signed_bytes`.

    Raises Refused when it is not a signature of exactly this file.
    """
    signed = cms_over(prepared, signature) if prepared.certificates else _cms(signature)
    if 2 * len(signed) > RESERVED:
        raise Refused("Chữ ký lớn hơn chỗ dành sẵn trong tệp; bỏ bớt chứng thư kèm theo rồi ký lại.")
    output = io.BytesIO(prepared.pdf)
    PreparedByteRangeDigest(prepared.digest, prepared.start, prepared.end).fill_with_cms(output, signed)
    pdf = output.getvalue()
    report = next(row for row in reading.report(pdf) if row.field == prepared.step.value)
    if not report.is_intact:
        raise Refused("Chữ ký không phải của tệp này: ký đúng tệp vừa tải về rồi tải chữ ký lên lại.")
    if not report.is_valid:
        raise Refused("Chữ ký không khớp với chứng thư kèm theo.")
    if not report.is_pades:
        raise Refused("Chữ ký phải theo chuẩn CAdES: trong chữ ký có mã băm của chứng thư (signing-certificate-v2).")
    return pdf


def cms_over(prepared: Prepared, signature: bytes) -> bytes:
    """The CMS of a raw signature over `to_sign`."""
    attributes = cms.CMSAttributes.load(prepared.to_sign)
    signer = _signer(prepared.certificates, signature)
    made = asyncio.run(signer.async_sign_prescribed_attributes(DIGEST, signed_attrs=attributes))
    return made.dump()


def _attributes(digest: bytes, certificates: Sequence[bytes]) -> cms.CMSAttributes:
    signer = _signer(certificates)
    return asyncio.run(signer.signed_attrs(digest, DIGEST, use_pades=True))


def _signer(certificates: Sequence[bytes], signature: bytes | None = None) -> ExternalSigner:
    try:
        own, *others = [x509.Certificate.load(der, strict=True) for der in certificates]
        own.public_key.dump()
    except (ValueError, TypeError) as error:
        raise Refused("Không đọc được chứng thư số của người ký.") from error
    store = SimpleCertificateStore()
    store.register_multiple(others)  # the signer's own is added by itself
    return ExternalSigner(own, store, signature_value=signature)


def _cms(data: bytes) -> bytes:
    """DER of one detached CMS signature with its certificate; Refused for anything else."""
    try:
        if pem.detect(data):
            data = pem.unarmor(data)[2]
        message = cms.ContentInfo.load(data, strict=True)
        content = message["content"]
        ok = message["content_type"].native == "signed_data" and len(content["signer_infos"]) == 1
        has_certificate = content["certificates"] is not core.VOID and len(content["certificates"]) > 0
        is_detached = ok and content["encap_content_info"]["content"].native is None
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise Refused("Tệp tải lên không phải chữ ký CMS (.p7s) hợp lệ.") from error
    if not ok:
        raise Refused("Tệp tải lên không phải chữ ký CMS (.p7s) của một người ký.")
    if not is_detached:
        raise Refused("Chữ ký phải tách rời (detached): không kèm nội dung đã ký.")
    if not has_certificate:
        raise Refused("Chữ ký phải kèm chứng thư số của người ký.")
    return data


def _draw(
    writer: Update,
    field: generic.DictionaryObject,
    pdf: bytes,
    step: Step,
    appearance: Appearance,
    boxes: dict[Step, Box],
    seal_mm: float,
) -> None:
    """Give the field its appearance; the first signature also moves its own field and the seal's to fit the picture."""
    box = boxes[step]
    if step in drawing.NAMES:
        image = drawing.picture(appearance.image, step)
        if step is Step.LEADER:
            box = places.fitted(box, *image.size)
            _move(field, box)
            _move_seal(writer, boxes, box, seal_mm)
        form = drawing.image_appearance(writer, image, box)
    else:
        slots = places.find(pdf)[step].slots
        form = drawing.stamp_appearance(writer, appearance.stamps, Place(box, slots))
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): form})
    writer.update_container(field)


def _move_seal(writer: Update, boxes: dict[Step, Box], signature: Box, seal_mm: float) -> None:
    """Nobody has signed yet, so that its empty field may still move: beside the signature as it is really drawn."""
    if Step.SEAL not in boxes or not _is_empty(writer, Step.SEAL):
        return
    _, _, reference = next(enumerate_sig_fields(writer, with_name=Step.SEAL.value))
    field = reference.get_object()
    _move(field, places.seal_beside(signature, seal_mm))
    writer.update_container(field)


def _move(field: generic.DictionaryObject, box: Box) -> None:
    edges = (generic.FloatObject(f"{drawing.points(edge):.3f}") for edge in _edges(box))
    field[pdf_name("/Rect")] = generic.ArrayObject(list(edges))


def _drop_ua_claim(writer: Update) -> None:
    """A file with signature fields no longer keeps PDF/UA-1 and must not say so; it stays PDF/A-2a."""
    if "/Metadata" not in writer.root:
        return
    old = writer.root["/Metadata"]
    entries = {key: value for key, value in old.items() if key not in ("/Filter", "/Length")}
    new = generic.StreamObject(entries, stream_data=UA_CLAIM.sub(b"", old.data))
    writer.root[pdf_name("/Metadata")] = writer.add_object(new)
    writer.update_root()


def _is_empty(writer: Update, step: Step) -> bool:
    return any(enumerate_sig_fields(writer, filled_status=False, with_name=step.value))


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.bottom, box.right, box.top


def _writer(pdf: bytes) -> Update:
    return Update(io.BytesIO(pdf))


def _written(writer: Update) -> bytes:
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
