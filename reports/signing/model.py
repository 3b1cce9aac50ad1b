"""What signing speaks of: steps, boxes on the page, what is drawn, what waits for a signature, what a signature says.

Plain data that travels as JSON between the portal and the process that reads PDFs; imports nothing but the
standard library.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

# Real size of an agency's round seal; its picture is printed at that size (Decree 30/2020/NĐ-CP, Annex I, II.8).
SEAL_MM = 36.0


class Refused(Exception):
    """The file or signature is not taken; the message says why and what to do, in Vietnamese."""


class Step(StrEnum):
    """One signature; the value is the name of its field in the PDF."""

    LEADER = "ChuKy"
    NUMBER = "So"
    DATE = "NgayThang"
    SEAL = "Dau"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page (from 0) in millimetres, from the page's lower left corner."""

    page: int
    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.bottom <= y <= self.top

    def grown(self, x: float, y: float) -> "Box":
        return Box(self.page, self.left - x, self.bottom - y, self.right + x, self.top + y)


@dataclass(frozen=True, slots=True)
class Slot:
    """A blank in a line: where typeset text is centred, and the baseline it stands on."""

    centre: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step's field lies; slots: the blanks in it that its stamps fill, from left to right."""

    box: Box
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class Signer:
    """The lines between which the signer's name is signed: the last one above the room, the first one below."""

    above: str
    below: str


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a signature shows: a PNG with a transparent ground, or one small PDF for each slot of the step."""

    image: bytes = b""
    stamps: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A PDF that lacks only one signature.

    pdf: whole, with zeros where the signature comes. digest: SHA-256 of its signed bytes, all but those zeros.
    to_sign: what the key signs (SHA-256): the signed attributes where the signer's certificates were given,
    else empty, and the signer makes a detached CMS over `signed_bytes`.
    """

    pdf: bytes
    step: Step
    start: int
    end: int
    digest: bytes
    to_sign: bytes = b""
    certificates: tuple[bytes, ...] = ()

    @property
    def signed_bytes(self) -> bytes:
        """The bytes a detached signature is made over."""
        return self.pdf[: self.start] + self.pdf[self.end :]


class ExternalSigner(Protocol):
    """Whoever holds a key: an office's signing service, a token. Never the portal itself."""

    @property
    def certificates(self) -> Sequence[bytes]:
        """The signer's certificate and those above it, DER, the signer's first."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The raw signature of `data` with SHA-256, by the key of the first certificate."""
        ...


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """What one signature in a PDF says, and what holds of it. Every text is as the signer wrote it.

    kind: "signature", or "timestamp" (of the whole document). boxes: where it shows.
    signed_at: the time the signer states (ISO 8601), "" for none; timestamp_at: that of a time-stamping service.
    is_intact: the signed bytes are as they were signed. is_valid: the signature is that of the certificate.
    later: what follows the signed bytes: "none", "signatures" (further signatures and what belongs to them) or
    "other". is_trusted: the chain leads to a trusted root; None where no roots are set up.
    was_in_force: the certificate was valid at the stated time. weak: algorithms no longer held safe.
    is_pades: made as PAdES wants (ETSI.CAdES.detached, certificate bound by its hash).
    """

    field: str
    kind: str
    signer: str
    organisation: str
    subject: str
    issuer: str
    serial: str
    signed_at: str
    timestamp_at: str
    is_intact: bool
    is_valid: bool
    later: str
    is_trusted: bool | None
    trust_note: str
    was_in_force: bool
    algorithm: str
    weak: tuple[str, ...]
    is_pades: bool
    boxes: tuple[Box, ...]

    @property
    def holds(self) -> bool:
        """Whether what it signed is unchanged and really signed; says nothing of trust in the certificate."""
        return self.is_intact and self.is_valid and self.later != "other"

    @property
    def document_is_covered(self) -> bool:
        """Whether nothing at all follows what was signed."""
        return self.later == "none"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def report_from(data: dict[str, Any]) -> SignatureReport:
    """The report whose `as_json` this is."""
    boxes = tuple(Box(**box) for box in data["boxes"])
    return SignatureReport(**{**data, "weak": tuple(data["weak"]), "boxes": boxes})


def done(reports: Sequence[SignatureReport], places: dict[Step, Box]) -> set[Step]:
    """Which steps have been signed: by their field, or by a signature put in the same place by other software.

    places: {step: box of its field}. One signature is either the signer's or the seal; number and day may
    share one. Signatures that do not hold count for nothing.
    """
    found: set[Step] = set()
    for report in reports:
        if report.kind != "signature" or not report.holds:
            continue
        if report.field in places:
            found.add(Step(report.field))
            continue
        here = [step for step, box in places.items() if step not in found and _covers(report, box)]
        written = {step for step in here if step in (Step.NUMBER, Step.DATE)}
        found |= written or set(here[:1])
    return found


def _covers(report: SignatureReport, place: Box) -> bool:
    x, y = place.centre
    return any(box.page == place.page and (box.holds(x, y) or place.holds(*box.centre)) for box in report.boxes)
