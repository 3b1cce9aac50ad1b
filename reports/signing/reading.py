"""What the signatures of a PDF say and what holds of them; asks nobody, neither a network nor a clock."""

import asyncio
import hashlib
import io
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, core, x509
from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.general import extract_signer_info
from pyhanko.sign.validation import generic_cms
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from .model import Box, Refused, SignatureReport, Step
from .places import MM

# What the libraries raise at a file or a signature that is not as it should be.
MALFORMED = (
    *(PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, NotImplementedError),
    *(ArithmeticError, RecursionError, OSError, SyntaxError, zlib.error, struct.error, UnsupportedAlgorithm),
)
MOST_PAGES = 3000
WEAK_DIGESTS = frozenset({"md2", "md5", "sha1"})
LEAST_BITS = {"rsa": 2048, "rsassa_pss": 2048, "dsa": 10_000, "ec": 224}
HEX = re.compile(rb"<(?:[0-9A-F]*|[0-9a-f]*)>")
PADES = "/ETSI.CAdES.detached"
BROKEN = "Không đọc được tệp PDF: tệp bị hỏng hoặc đã bị sửa."


def open_reader(pdf: bytes) -> PdfFileReader:
    """Raises Refused for what is not a whole, open PDF."""
    if not pdf.startswith(b"%PDF-"):
        raise Refused("Tệp tải lên không phải PDF.")
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        is_encrypted = reader.encrypted
    except MALFORMED as error:
        raise Refused(BROKEN) from error
    if is_encrypted:
        raise Refused("Tệp PDF có mật khẩu hoặc bị khóa; tải lên tệp không đặt mật khẩu.")
    return reader


def report(pdf: bytes, *, roots: Sequence[bytes] = (), at: datetime | None = None) -> list[SignatureReport]:
    """One report for each signature of the file, in the order in which they were made; [] where there is none.

    roots: trusted certificates, DER; without any, trust stays None. at: the time at which a certificate is
    judged where the signer states none. Raises Refused for what cannot be read as a PDF.
    """
    reader = open_reader(pdf)
    try:
        shown = page_numbers(reader)
        found = [(name, reference) for name, value, reference in enumerate_sig_fields(reader, filled_status=True)]
    except MALFORMED as error:
        raise Refused(BROKEN) from error
    trust = Trust(tuple(roots), at)
    dated = [_order_and_report(reader, pdf, name, reference, shown, trust) for name, reference in found]
    return [row for _, row in sorted(dated, key=lambda pair: pair[0])]


# ---------------------------------------------------------------- trust


@dataclass(frozen=True, slots=True)
class Trust:
    """The roots that are trusted, and the time for signatures that state none."""

    roots: tuple[bytes, ...]
    at: datetime | None

    def judge(
        self, certificate: x509.Certificate, others: Sequence[x509.Certificate], moment: datetime | None
    ) -> tuple[bool | None, str]:
        """Whether the chain leads to a root, and why not. Certificates are judged as of the stated time."""
        if not self.roots:
            return None, ""
        try:
            context = ValidationContext(
                trust_roots=[x509.Certificate.load(der) for der in self.roots],
                other_certs=list(others),
                moment=moment or self.at,
                allow_fetching=False,
                revocation_mode="soft-fail",
            )
            asyncio.run(CertificateValidator(certificate, validation_context=context).async_validate_path())
        except (PathError, ValidationError, *MALFORMED) as error:
            return False, str(error)[:300]
        usage = certificate.key_usage_value
        if usage is not None and not {"digital_signature", "non_repudiation"} & usage.native:
            return False, "key usage"
        return True, ""


# ---------------------------------------------------------------- one signature


def _order_and_report(
    reader: PdfFileReader, pdf: bytes, name: str, field: Any, shown: dict[Any, int], trust: Trust
) -> tuple[int, SignatureReport]:
    """Where the signed bytes end, and the report; a signature that cannot be read is one that does not hold."""
    boxes: tuple[Box, ...] = ()
    try:
        boxes = tuple(widget_boxes(field.get_object(), shown))
        signature = EmbeddedPdfSignature(reader, field.get_object(), name)
        end = int(signature.byte_range[-2]) + int(signature.byte_range[-1])
        return end, _report(signature, pdf, boxes, trust)
    except MALFORMED:
        return len(pdf), _unreadable(name, boxes)


def _report(signature: EmbeddedPdfSignature, pdf: bytes, boxes: tuple[Box, ...], trust: Trust) -> SignatureReport:
    signature.compute_integrity_info()
    certificate = signature.signer_cert
    is_timestamp = signature.sig_object_type == "/DocTimeStamp"
    is_intact, is_valid = _timestamp_holds(signature) if is_timestamp else _holds(signature)
    at = _stated(signature) if not is_timestamp else _time_of(signature.signed_data)
    is_trusted, note = trust.judge(certificate, signature.other_embedded_certs, at)
    algorithm, weak = _algorithms(signature.signer_info, certificate)
    return SignatureReport(
        field=signature.field_name,
        kind="timestamp" if is_timestamp else "signature",
        signer=_named(certificate, "common_name") or certificate.subject.human_friendly,
        organisation=_named(certificate, "organization_name") or _named(certificate, "organizational_unit_name"),
        subject=certificate.subject.human_friendly,
        issuer=certificate.issuer.human_friendly,
        serial=f"{certificate.serial_number:x}",
        signed_at=at.astimezone(UTC).isoformat() if at else "",
        timestamp_at=_timestamp(signature),
        is_intact=is_intact and _is_exact(signature, pdf),
        is_valid=is_valid,
        later=_later(signature),
        is_trusted=is_trusted,
        trust_note=note,
        was_in_force=_was_in_force(certificate, at or trust.at),
        algorithm=algorithm,
        weak=weak,
        is_pades=not is_timestamp and _is_pades(signature),
        boxes=boxes,
    )


def _unreadable(name: str, boxes: tuple[Box, ...]) -> SignatureReport:
    return SignatureReport(
        field=name, kind="signature", signer="", organisation="", subject="", issuer="", serial="", signed_at="",
        timestamp_at="", is_intact=False, is_valid=False, later="other", is_trusted=None, trust_note="",
        was_in_force=False, algorithm="", weak=(), is_pades=False, boxes=boxes,
    )  # fmt: skip


def _holds(signature: EmbeddedPdfSignature) -> tuple[bool, bool]:
    return generic_cms.validate_sig_integrity(
        signature.signer_info, signature.signer_cert, "data", signature.compute_digest()
    )


def _timestamp_holds(signature: EmbeddedPdfSignature) -> tuple[bool, bool]:
    """A time stamp of the document states its digest, and is signed over that statement."""
    is_intact, is_valid = _token_holds(signature.signed_data)
    imprint = signature.signed_data["encap_content_info"]["content"].parsed["message_imprint"]
    return is_intact and imprint["hashed_message"].native == signature.compute_digest(), is_valid


def _token_holds(token: cms.SignedData) -> tuple[bool, bool]:
    info = extract_signer_info(token)
    statement = bytes(token["encap_content_info"]["content"])
    digest = hashlib.new(info["digest_algorithm"]["algorithm"].native, statement).digest()
    certificate = generic_cms.extract_certs_for_validation(token).signer_cert
    return generic_cms.validate_sig_integrity(info, certificate, "tst_info", digest)


def _timestamp(signature: EmbeddedPdfSignature) -> str:
    """Time of the stamp that a service put on the signature, where it stamps this very signature."""
    check = generic_cms.message_imprint_checker(signature.signer_info)
    for token in generic_cms.extract_tst_data_iter(signature.signer_info, signed=False):
        imprint, time = token["encap_content_info"]["content"].parsed["message_imprint"], _time_of(token)
        is_its_own = imprint["hashed_message"].native == check(imprint["hash_algorithm"]["algorithm"].native)
        if time and is_its_own and all(_token_holds(token)):
            return time.astimezone(UTC).isoformat()
    return ""


def _time_of(token: cms.SignedData) -> datetime | None:
    time: datetime | None = token["encap_content_info"]["content"].parsed["gen_time"].native
    return time


def _stated(signature: EmbeddedPdfSignature) -> datetime | None:
    """The signing time that the signer states; one without a zone counts as UTC."""
    at: datetime | None = signature.self_reported_timestamp
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _later(signature: EmbeddedPdfSignature) -> str:
    if signature.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return "none"
    if signature.signed_revision == signature.reader.xrefs.total_revisions - 1:
        return "other"  # bytes that belong to no part of the file
    result = signature.diff_result
    allowed = isinstance(result, DiffResult) and result.modification_level <= ModificationLevel.FORM_FILLING
    return "signatures" if allowed and signature.summarise_integrity_info()["docmdp_ok"] else "other"


def _is_exact(signature: EmbeddedPdfSignature, pdf: bytes) -> bool:
    """Whether nothing hides where signed bytes leave a gap: only the signature in hexadecimal, and zeros behind it."""
    start, end = int(signature.byte_range[1]), int(signature.byte_range[2])
    gap = pdf[start:end]
    if not HEX.fullmatch(gap):
        return False
    raw = bytes.fromhex(gap[1:-1].decode("ascii"))
    used = cms.ContentInfo.load(raw, strict=False).dump()
    data, info = signature.signed_data, signature.signer_info
    stated = {row.dump() for row in data["digest_algorithms"]}
    return (
        raw.startswith(used)
        and not raw[len(used) :].strip(b"\0")
        and info["version"].native == ("v1" if info["sid"].name == "issuer_and_serial_number" else "v3")
        and data["version"].native == _cms_version(data)
        and _names_signer(info, signature.signer_cert)
        and info["digest_algorithm"].dump() in stated
    )


def _cms_version(data: cms.SignedData) -> str:
    """RFC 5652, 5.1: what the version must be, given what the message holds."""
    kinds = {choice.name for choice in data["certificates"]} if data["certificates"] is not core.VOID else set()
    if "other" in kinds:
        return "v5"
    if "v2_attr_cert" in kinds:
        return "v4"
    is_plain = data["encap_content_info"]["content_type"].native == "data"
    is_first = all(info["version"].native == "v1" for info in data["signer_infos"])
    return "v1" if is_plain and is_first and "v1_attr_cert" not in kinds else "v3"


def _names_signer(info: cms.SignerInfo, certificate: x509.Certificate) -> bool:
    """The signer is named as the certificate names its issuer, to the letter: names compare without regard to case."""
    named = info["sid"].chosen
    if info["sid"].name != "issuer_and_serial_number":
        return bool(named.native == certificate.key_identifier)
    return bool(named["issuer"].dump() == certificate.issuer.dump())


def _is_pades(signature: EmbeddedPdfSignature) -> bool:
    """ISO 32000-2, 12.8.3.4 and ETSI EN 319 142-1: the subfilter, and the certificate bound by its hash."""
    bound = generic_cms.get_signing_cert_attr(signature.signer_info["signed_attrs"])
    return signature.sig_object.get("/SubFilter") == PADES and bound is not None


def _was_in_force(certificate: x509.Certificate, at: datetime | None) -> bool:
    return at is not None and certificate.not_valid_before <= at <= certificate.not_valid_after


def _algorithms(info: cms.SignerInfo, certificate: x509.Certificate) -> tuple[str, tuple[str, ...]]:
    """What the signature is made with, in words, and what of it is no longer held safe."""
    key, digest = certificate.public_key, info["digest_algorithm"]["algorithm"].native.lower()
    bits = key.bit_size if key.algorithm in LEAST_BITS else 256
    name = "ECDSA" if key.algorithm == "ec" else key.algorithm.upper()
    written = digest.upper().replace("SHA", "SHA-") if digest.startswith("sha") else digest.upper()
    weak = []
    if digest in WEAK_DIGESTS:
        weak.append(written)
    if bits < LEAST_BITS.get(key.algorithm, 0):
        weak.append(f"{name} {bits} bit")
    if certificate.hash_algo in WEAK_DIGESTS and certificate.self_signed == "no":
        weak.append(f"chứng thư ký bằng {certificate.hash_algo.upper()}")
    return f"{name} {bits} bit, {written}", tuple(weak)


def _named(certificate: x509.Certificate, part: str) -> str:
    value = certificate.subject.native.get(part, "")
    return value if isinstance(value, str) else ", ".join(map(str, value))


# ---------------------------------------------------------------- where signatures show


def page_numbers(handler: PdfHandler) -> dict[Any, int]:
    """{reference of an annotation: number of the page that lists it}; what no page lists is not shown."""
    count = int(handler.root["/Pages"]["/Count"])
    if not 0 < count <= MOST_PAGES:
        raise Refused(f"Tệp PDF phải có từ 1 đến {MOST_PAGES} trang.")
    found = {}
    for number in range(count):
        reference, _ = handler.find_page_for_modification(number)
        for annotation in reference.get_object().get("/Annots", ()):
            if isinstance(annotation, generic.IndirectObject):
                found[annotation.reference] = number
    return found


def widget_boxes(field: generic.DictionaryObject, shown: dict[Any, int]) -> Iterator[Box]:
    """Where a field shows on its pages; nothing for an invisible signature."""
    for widget in field.get("/Kids", (field,)):
        shape = widget.get_object()
        number = shown.get(shape.container_ref)
        rectangle = [float(edge) * MM for edge in shape.get("/Rect", ())]
        if number is None or len(rectangle) != 4:
            continue
        (left, right), (bottom, top) = sorted(rectangle[::2]), sorted(rectangle[1::2])
        if right > left and top > bottom:
            yield Box(number, left, bottom, right, top)


def field_boxes(handler: PdfHandler) -> dict[Step, Box]:
    """{step: box of its field} of every field of ours that shows on a page, signed or not."""
    shown = page_numbers(handler)
    found: dict[Step, Box] = {}
    for name, _, reference in enumerate_sig_fields(handler):
        box = next(widget_boxes(reference.get_object(), shown), None)
        if box is not None and name in Step._value2member_map_:
            found[Step(name)] = box
    return found
