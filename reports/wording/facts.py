"""What a document can say of a round or of one inspection, read once: frozen data, nothing that queries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from communes.notation import decree_day
from inspections.figures import UnitChange, UnitRow

ADVANCED, STANDARD = "nông thôn mới nâng cao", "nông thôn mới"


@dataclass(frozen=True, slots=True)
class Cited:
    """A document as texts cite it."""

    kind: str
    number: str
    issued_on: date
    issuer: str
    subject: str = ""

    @property
    def full(self) -> str:
        """ "Kế hoạch số 1964/KH-UBND ngày 06/9/2024 của UBND huyện Tân Uyên"."""
        return f"{self.dated} của {self.issuer}"

    @property
    def dated(self) -> str:
        """ "Kế hoạch số 1964/KH-UBND ngày 06/9/2024"."""
        return f"{self.short} ngày {decree_day(self.issued_on)}"

    @property
    def short(self) -> str:
        """ "Kế hoạch số 1964/KH-UBND", for the second time on."""
        return f"{self.kind} số {self.number}"


@dataclass(frozen=True, slots=True)
class SetInfo:
    """A criteria set of the round. criteria: {number: name}; communes: how many communes its concluded units lie in.

    title: what a unit that meets it is called, "nông thôn mới nâng cao"; noun: what its units are called, "đơn vị"
    where they are of several kinds. Both have their usual value where nothing is told.
    """

    code: str
    version: int
    short_name: str
    is_village: bool
    is_advanced: bool
    criteria: Mapping[int, str]
    communes: int
    title: str = ""
    noun: str = ""

    @property
    def unit(self) -> str:
        return self.noun or ("bản" if self.is_village else "xã")

    @property
    def goal(self) -> str:
        """ "xã nông thôn mới nâng cao"."""
        return f"{self.unit} {self.title or (ADVANCED if self.is_advanced else STANDARD)}"


@dataclass(frozen=True, slots=True)
class Earlier:
    """The round before, as far as one set can be compared with it; other_version: the set has changed since."""

    round_name: str
    changes: tuple[UnitChange, ...]
    other_version: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the team found a criterion of a unit not met, in its own words."""

    set_code: str
    number: int
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Charge:
    """What an agency is in charge of: {set code: {criterion number: how many of its indicators}}."""

    code: str
    agency: str
    criteria: Mapping[str, Mapping[int, int]]


@dataclass(frozen=True, slots=True)
class Handling:
    """How dossiers came in. late: units that handed in after their day; asked: questions sent back and not withdrawn;
    overdue: those of them answered after their day, or not at all; asked_units: whose they are."""

    late: tuple[str, ...] = ()
    asked: int = 0
    overdue: int = 0
    asked_units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A recommendation of the notice before, in the words that were printed.

    number: its place in that notice, by which texts refer to it, whatever else is done meanwhile.
    """

    number: int
    addressee: str
    text: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who took part: name, post in the own office, place in the team; speaks: for the commune, as its leader."""

    name: str
    post: str
    role: str = ""
    speaks: bool = False

    @property
    def told(self) -> str:
        """ "đồng chí Lê Văn Thử, Phó Chủ tịch UBND huyện - Trưởng đoàn"."""
        parts = " - ".join(filter(None, (self.post, self.role)))
        return f"đồng chí {self.name}, {parts}" if parts else f"đồng chí {self.name}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the team holds of one criterion of a dossier; label: "Đạt"."""

    number: int
    name: str
    label: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What the commune was asked about one indicator; ending: how it ended, "" while it is open."""

    indicator: str
    text: str
    due_on: date
    ending: str = ""


@dataclass(frozen=True, slots=True)
class DossierFacts:
    """One dossier of an inspection as it stands now.

    number: its place in the inspection, by which texts refer to it, though another one be left out meanwhile.
    is_approved: whether the head has approved the conclusions; undecided: criteria without a conclusion;
    reply: what the commune said to them; has_replied, has_agreed: whether it said anything, or that it agrees.
    """

    number: int
    unit: str
    set_name: str
    row: UnitRow
    is_approved: bool
    verdicts: tuple[Verdict, ...]
    questions: tuple[Question, ...] = ()
    reply: str = ""
    has_replied: bool = False
    has_agreed: bool = False
    undecided: int = 0


@dataclass(frozen=True, slots=True)
class Noted:
    """What the team noted of one criterion at the visit. dossier: number of its dossier in the inspection."""

    dossier: int
    unit: str
    number: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides agreed at the visit."""

    what: str
    who: str
    due_on: date


@dataclass(frozen=True, slots=True)
class InspectionFacts:
    """The inspection of one commune: when, where and how, who was there, what was noted and agreed, and its dossiers.

    visited_to: the last of several days. guests: who came along with the team. notes: what was noted in general, a
    paragraph each; opinion: what the commune's people said at the visit.
    """

    commune: str
    mode: str
    visited_on: date | None
    team: tuple[Person, ...]
    hosts: tuple[Person, ...]
    dossiers: tuple[DossierFacts, ...]
    visited_to: date | None = None
    begins_at: time | None = None
    ends_at: time | None = None
    place: str = ""
    guests: tuple[Person, ...] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[Noted, ...] = ()
    deadlines: tuple[Agreed, ...] = ()
    opinion: str = ""


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """Everything a document of a round can say, read once: rows are the concluded dossiers, in the round's order.

    open_dossiers: names of those not yet concluded and not left out; left_out: {unit: reason}. communes: those whose
    dossiers are in the rows. earlier: {set code: the round before}. previous: the notice before, with what of it is
    not done yet (follow_ups) and done (followed). inspection: for a document about one commune; rows are then its
    own as they stand. replaced: the issued notice that this one is written to replace.
    """

    year: int
    period_from: date
    period_to: date
    team_name: str
    head_name: str
    head_post: str
    plan: Cited | None
    report: Cited | None
    documents: Mapping[str, Cited]
    sets: tuple[SetInfo, ...]
    rows: tuple[UnitRow, ...]
    open_dossiers: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""
    authority: str = ""
    communes: tuple[str, ...] = ()
    earlier: Mapping[str, Earlier] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    charges: tuple[Charge, ...] = ()
    handling: Handling = field(default=Handling())
    previous: Cited | None = None
    follow_ups: tuple[FollowUp, ...] = ()
    followed: tuple[FollowUp, ...] = ()
    inspection: InspectionFacts | None = None
    replaced: Cited | None = None
