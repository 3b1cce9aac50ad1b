"""A finding: what is wrong in a notice, where, and whether it may be accepted with a reason."""

from dataclasses import dataclass, field, replace
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the words of a finding are typed: section, field of its form, first sign, the words as typed."""

    section_pk: int | None = None
    target: str = ""
    offset: int = 0
    words: str = ""

    @property
    def end(self) -> int:
        return self.offset + len(self.words)


@dataclass(frozen=True, slots=True)
class Finding:
    """place: where in the notice, in words; message: what is wrong and what to do; code: which check found it.

    words: the words it is about; anchor: the part in which they stand, however many paragraphs come before.
    is_blocking: cannot be accepted; the others stand in the way only until somebody gives a reason.
    edit_url, accept_url: where the words are mended, and where a reason is given; "" outside a page.
    accepted: the reason that was given, accepted_note: by whom and when.
    """

    place: str
    message: str
    code: str = ""
    words: str = ""
    is_blocking: bool = True
    anchor: str = ""
    spot: Spot = field(default=Spot())
    edit_url: str = ""
    accept_url: str = ""
    accepted: str = ""
    accepted_note: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    @property
    def key(self) -> str:
        """The same for the same words of the same part at each new reading, so that an acceptance holds."""
        told = "\n".join((self.code, self.anchor or self.place, " ".join(self.words.split())))
        return sha256(told.encode()).hexdigest()[:24]

    @property
    def is_open(self) -> bool:
        """Whether it stands in the way of approval."""
        return self.is_blocking or not self.accepted

    @property
    def group(self) -> str:
        """ "blocking", "open" or "accepted": how it is shown, and in this order."""
        return "blocking" if self.is_blocking else "accepted" if self.accepted else "open"

    @property
    def section_pk(self) -> int | None:
        return self.spot.section_pk

    @property
    def offset(self) -> int:
        """In the text as it is typed, in signs from its beginning."""
        return self.spot.offset

    def with_acceptance(self, reason: str, note: str) -> "Finding":
        return self if self.is_blocking else replace(self, accepted=reason, accepted_note=note)
