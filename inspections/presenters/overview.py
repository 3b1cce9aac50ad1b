"""A whole dossier as the team sees it: criteria with their verdicts, questions, and what can be decided now."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse

from communes import clock, notation
from communes.models import User
from communes.permissions import Permission
from criteria.judgement import Judgement, counts_as_met

from .. import workflow
from ..models import CriterionConclusion, Dossier, EvidenceLink, InspectionRound, ReturnItem
from ..progress.waiting import with_marks
from ..workflow import Offer
from .desk import reads_team

UNASSESSED = str(Judgement.UNASSESSED)
DECISIONS = {
    "make_provisional": "inspections:dossier-provisional",
    "approve": "inspections:dossier-approve",
    "remind": "inspections:dossier-remind",
    "take_up_reply": "inspections:dossier-take-up-reply",
    "reopen": "inspections:dossier-reopen",
}
STEPS = (
    (Dossier.Status.SUBMITTED, "Kiểm tra"),
    (Dossier.Status.PROVISIONAL, "Dự thảo kết luận"),
    (Dossier.Status.CONCLUDED, "Đã kết luận"),
)


@dataclass(frozen=True)
class CriterionLine:
    """One criterion in the list."""

    number: int
    name: str
    group: str
    state: str
    word: str
    facts: str
    is_contrary: bool
    reply: str
    url: str
    differs: bool = False
    is_changed: bool = False


@dataclass(frozen=True)
class Decision:
    """A move that leads somewhere, as a button; missing: what still stands in its way."""

    label: str
    url: str
    missing: tuple[str, ...]
    is_main: bool


@dataclass(frozen=True)
class Overview:
    """Everything on the page of a dossier under review."""

    dossier: Dossier
    lines: tuple[CriterionLine, ...]
    decisions: tuple[Decision, ...]
    facts: tuple[tuple[str, str], ...]
    shows_team: bool
    shows_conclusions: bool

    @property
    def decided(self) -> int:
        return sum(line.state != UNASSESSED for line in self.lines)

    @property
    def met(self) -> int:
        counts = self.dossier.criteria_set.counts_basically_met
        return sum(counts_as_met(line.state, counts) for line in self.lines)

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        return review_crumbs(self.dossier, self.shows_team)

    @property
    def first_open(self) -> CriterionLine | None:
        return next((line for line in self.lines if line.state == UNASSESSED), None)


def overview_of(dossier: Dossier, user: User) -> Overview:
    """A fixed number of queries; agencies get the criteria with indicators of theirs only."""
    shows_team = reads_team(dossier, user)
    shows_conclusions = shows_team or dossier.is_disclosed
    rows = dossier.conclusions.select_related("criterion").order_by("criterion__number")
    if shows_team:
        rows = with_marks(rows, user)
    else:
        agencies = user.scope("agency", needs=Permission.OPINION_GIVE)
        rows = rows.filter(criterion__indicators__agency_assignments__agency__in=agencies).distinct()
    counts = _counts(dossier)
    lines = tuple(_line(dossier, row, counts.get(row.criterion_id, {}), shows_conclusions) for row in rows)
    offers = workflow.offered(dossier, user, DECISIONS) if shows_team else []
    return Overview(
        dossier=dossier,
        lines=lines,
        decisions=tuple(_decisions(dossier, offers)),
        facts=tuple(_facts(dossier)),
        shows_team=shows_team,
        shows_conclusions=shows_conclusions,
    )


def review_crumbs(dossier: Dossier, shows_team: bool, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Where one is: the round for the team, the queue for an agency, which sees no round."""
    start = (dossier.round.name, dossier.round.get_absolute_url())
    if not shows_team:
        start = ("Hàng chờ", reverse("inspections:queue"))
    here = reverse("inspections:review-dossier", args=[dossier.pk]) if more else ""
    return [start, (str(dossier), here), *more]


def _counts(dossier: Dossier) -> dict[int, dict[str, int]]:
    """{criterion id: how many indicators, not met by the commune's own word, questions, proofs}: three queries."""
    rows = dossier.assessments.order_by().values("criterion")
    found: dict[int, dict[str, int]] = {}
    for row in rows.annotate(
        indicators=Count("pk"), own_not_met=Count("pk", filter=Q(self_judgement=Judgement.NOT_MET))
    ):
        found[row["criterion"]] = {"indicators": row["indicators"], "own_not_met": row["own_not_met"]}
    links = EvidenceLink.objects.filter(assessment__dossier=dossier).order_by().values("assessment__criterion")
    for proof in links.annotate(files=Count("evidence", distinct=True)):
        found[proof["assessment__criterion"]]["files"] = proof["files"]
    asked = dossier.return_items.order_by().values("assessment__criterion")
    for item in asked.annotate(
        out=Count("pk", filter=Q(status=ReturnItem.Status.OPEN)),
        answered=Count("pk", filter=Q(status=ReturnItem.Status.ANSWERED)),
    ):
        found[item["assessment__criterion"]] |= {"out": item["out"], "answered": item["answered"]}
    return found


def _line(dossier: Dossier, row: CriterionConclusion, counts: dict[str, int], shows_conclusions: bool) -> CriterionLine:
    state = row.verdict if shows_conclusions else UNASSESSED
    facts = [f"{counts.get('indicators', 0)} chỉ tiêu", f"{counts.get('files', 0)} minh chứng"]
    if not_met := counts.get("own_not_met"):
        facts.append(f"xã tự đánh giá {not_met} chỉ tiêu chưa đạt")
    if shows_conclusions and (out := counts.get("out")):
        facts.append(f"{out} yêu cầu chờ xã trả lời")
    if shows_conclusions and (answered := counts.get("answered")):
        facts.append(f"{answered} trả lời cần xem lại")
    return CriterionLine(
        number=row.criterion.number,
        name=row.criterion.name,
        group=row.criterion.group,
        state=state,
        word=str(Judgement(state).label) if shows_conclusions else "",
        facts=" · ".join(facts),
        is_contrary=shows_conclusions and row.is_contrary,
        reply=row.reply if shows_conclusions else "",
        url=reverse("inspections:review-criterion", args=[dossier.pk, row.criterion.number]),
        differs=getattr(row, "differs", False),
        is_changed=getattr(row, "looked_at", None) is not None and bool(row.is_changed),  # type: ignore[attr-defined]
    )


def _decisions(dossier: Dossier, offers: Iterable[Offer]) -> Iterable[Decision]:
    for offer in offers:
        if offer.name == "take_up_reply" and dossier.replied_at is None:
            continue
        if offer.name == "remind" and offer.missing:
            continue
        address = reverse(DECISIONS[offer.name], args=[dossier.pk])
        yield Decision(offer.label, address, offer.missing, offer.name in ("make_provisional", "approve"))


def _facts(dossier: Dossier) -> Iterable[tuple[str, str]]:
    """What is recorded of the dossier, as label and value."""
    late = ", nộp muộn" if dossier.is_late else ""
    handed_in = f"{notation.minute(dossier.submitted_at)}{late}" if dossier.submitted_at else ""
    yield "Bộ tiêu chí", str(dossier.criteria_set)
    if dossier.is_imported:
        yield "Nhập từ bảng kết quả", f"{dossier.imported_by}, {notation.minute(dossier.imported_at)}"
    else:
        yield "Hình thức kiểm tra", mode_of(dossier)
        yield "Hạn nộp", notation.day(dossier.due_on)
        yield "Đã nộp", handed_in
    if dossier.is_disclosed and dossier.round.reply_until:
        yield "Giải trình của xã", reply_of(dossier)
    if dossier.concluded_at and not dossier.is_imported:
        yield "Phê duyệt", notation.minute(dossier.concluded_at)
    if dossier.round_unit.left_out_reason:
        yield "Không đưa vào kết luận", dossier.round_unit.left_out_reason
    if dossier.reopen_reason:
        yield "Lý do mở lại", dossier.reopen_reason
    unit = dossier.round_unit
    if unit.extended_until:
        yield "Gia hạn nộp", f"đến {notation.day(unit.extended_until)}: {unit.extension_reason}"
    if unit.reply_extended_until:
        yield "Gia hạn giải trình", f"đến {notation.day(unit.reply_extended_until)}: {unit.reply_extension_reason}"
    if dossier.locked_by_notice:
        yield "Đã công bố trong", dossier.locked_by_notice


def mode_of(dossier: Dossier) -> str:
    unit = dossier.round_unit
    mode = str(unit.get_mode_display())
    return f"{mode}, ngày {notation.day(unit.visit_on)}" if unit.visit_on else mode


def reply_of(dossier: Dossier) -> str:
    """What the commune answered to the provisional conclusions; its silence as the round takes it."""
    until = dossier.reply_until
    if dossier.reply_waived:
        return "Đồng ý, không giải trình"
    if dossier.replied_at:
        return f"Đã giải trình lúc {notation.minute(dossier.replied_at)}"
    if until and clock.today() <= until:
        return f"Chờ xã giải trình đến hết ngày {notation.day(until)}"
    if dossier.round.silence == InspectionRound.Silence.ACCEPTED:
        return "Không có ý kiến (coi là đồng ý)"
    if workflow.was_reminded(dossier):
        return f"Không có ý kiến, đã nhắc ngày {notation.day(dossier.round_unit.reminded_at)} (không coi là đồng ý)"
    return "Không có ý kiến, chưa nhắc (không coi là đồng ý)"
