"""Concluding many criteria at once: which are complete enough for it, and the act, row by row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from communes.models import User
from criteria.evaluation import Verdict
from criteria.judgement import Judgement
from criteria.models import Indicator

from .. import workflow
from ..completeness import Requirements, missing_among, requirements_of
from ..models import Assessment, CriterionConclusion, Dossier, EvidenceLink, ReturnItem
from ..values import evaluation_of
from ..workflow import StaleState
from .review import conclude_criterion

# The rule, as pages name it; `_lack_of` and `_standing` are what it means.
RULE = (
    "Một tiêu chí đủ căn cứ khi mỗi chỉ tiêu được xã tự đánh giá đạt và cơ quan phụ trách cho ý kiến đạt, hoặc đạt "
    "theo ngưỡng đã đối chiếu và có minh chứng; không có đánh giá nào trái nhau, không thiếu minh chứng bắt buộc, "
    "không còn yêu cầu bổ sung chưa giải quyết."
)
RUNNING = (ReturnItem.Status.OPEN, ReturnItem.Status.ANSWERED)
WORDS = (("self_judgement", "xã tự đánh giá"), ("opinion", "cơ quan phụ trách"), ("conclusion", "kết luận riêng"))


@dataclass(frozen=True)
class Standing:
    """How a criterion stands: its indicators with what the rules say, and what it lacks to be concluded đạt unseen.

    stamp: changes with everything it depends on. lacks: empty when it is complete by `RULE`.
    """

    conclusion: CriterionConclusion
    indicators: tuple[tuple[Assessment, Verdict], ...]
    proofs: int
    lacks: str
    stamp: str

    @property
    def key(self) -> str:
        """What a form sends back: the row, and the state it was shown in."""
        return f"{self.conclusion.pk}:{self.stamp}"


def standings_of(conclusions: Iterable[CriterionConclusion]) -> list[Standing]:
    """How criteria stand, in the order given: eight queries for any number of them.

    The conclusions must come with their criterion and their dossier with_context().
    """
    rows = list(conclusions)
    found = _assessments_of(rows)
    proofs = _proofs_of(found.values())
    requirements = requirements_of(*{row.dossier.criteria_set_id for row in rows})
    running = set(
        ReturnItem.objects.filter(dossier__in={row.dossier_id for row in rows}, status__in=RUNNING)
        .order_by()
        .values_list("dossier", "assessment__criterion")
    )
    return [
        _standing(
            row,
            found.get((row.dossier_id, row.criterion_id), []),
            proofs,
            requirements,
            is_asked=(row.dossier_id, row.criterion_id) in running,
        )
        for row in rows
    ]


def unreported(rows: QuerySet[CriterionConclusion], *, by: User) -> QuerySet[CriterionConclusion]:
    """Those rows whose dossier this person neither entered nor handed in; `conclude_criterion` would refuse them."""
    entered = Assessment.objects.filter(self_by=by).order_by().values("dossier")
    return rows.exclude(dossier__submitted_by=by).exclude(dossier__in=entered)


def conclude_complete(conclusion: CriterionConclusion, *, stamp: str, by: User) -> CriterionConclusion:
    """Conclude đạt what was shown as complete. Raises StaleState when anything of it changed since `stamp`."""
    with transaction.atomic():
        workflow.lock(conclusion.dossier)
        fresh = CriterionConclusion.objects.select_related("criterion", "concluded_by").get(pk=conclusion.pk)
        fresh.dossier = conclusion.dossier
        standing = standings_of([fresh])[0]
        if fresh.verdict != Judgement.UNASSESSED:
            when = workflow.written_time(fresh.concluded_at)
            raise StaleState(
                f"Đã được {fresh.concluded_by} kết luận “{fresh.get_verdict_display()}”, cập nhật lúc {when}."
            )
        if standing.lacks:
            raise StaleState(f"Nay không còn đủ căn cứ: {standing.lacks}.")
        if standing.stamp != stamp:
            raise StaleState("Số liệu, ý kiến hoặc minh chứng đã thay đổi sau khi mở trang; mở tiêu chí để xem lại.")
        return conclude_criterion(fresh, verdict=Judgement.MET, reason="", by=by, version=fresh.version)


Place = tuple[int, int]  # (dossier id, criterion id)


def _assessments_of(rows: Iterable[CriterionConclusion]) -> dict[Place, list[Assessment]]:
    """The indicators of each criterion with all that evaluation needs, in the order of the set."""
    dossiers = {row.dossier_id: row.dossier for row in rows}
    wanted = Assessment.objects.filter(
        dossier__in=dossiers, criterion__in={row.criterion_id for row in rows}
    ).select_related("criterion")
    items = list(wanted.order_by("indicator__position"))
    indicators = Indicator.objects.with_measures().in_bulk({item.indicator_id for item in items})
    found: dict[Place, list[Assessment]] = {}
    for item in items:
        item.dossier, item.indicator = dossiers[item.dossier_id], indicators[item.indicator_id]
        found.setdefault((item.dossier_id, item.criterion_id), []).append(item)
    return found


def _proofs_of(groups: Iterable[list[Assessment]]) -> Mapping[int, list[int]]:
    """{assessment id: ids of its links to evidence}."""
    found: dict[int, list[int]] = {}
    links = EvidenceLink.objects.filter(assessment__in=[item.pk for group in groups for item in group])
    for pk, assessment in links.order_by("pk").values_list("pk", "assessment"):
        found.setdefault(assessment, []).append(pk)
    return found


def _standing(
    row: CriterionConclusion,
    items: list[Assessment],
    proofs: Mapping[int, list[int]],
    requirements: Requirements,
    *,
    is_asked: bool,
) -> Standing:
    judged = tuple((item, evaluation_of(item)) for item in items)
    lacks = "còn yêu cầu bổ sung chưa giải quyết" if is_asked else "" if items else "tiêu chí không có chỉ tiêu"
    if row.dossier.status not in Dossier.Status.under_review():
        lacks = f"hồ sơ ở trạng thái “{row.dossier.get_status_display()}”"
    for item, said in judged:
        lacks = lacks or _lack_of(item, said, has_proof=bool(proofs.get(item.pk)))
    lacks = lacks or _missing(items, proofs, requirements)
    links = [pk for item in items for pk in proofs.get(item.pk, [])]
    stand = [row.version, *(part for item in items for part in (item.version, item.entry_version)), *links]
    return Standing(row, judged, len(links), lacks, "-".join(map(str, stand)))


def _lack_of(item: Assessment, said: Verdict, *, has_proof: bool) -> str:
    """Why an indicator is not met beyond doubt; empty when it is."""
    code = item.indicator.code
    if said.judgement is not None and said.judgement != Judgement.MET:
        return f"chỉ tiêu {code}: đối chiếu ngưỡng là “{said.judgement.label}”"
    for name, who in WORDS:
        judgement = Judgement(getattr(item, name))
        if judgement not in (Judgement.MET, Judgement.UNASSESSED):
            return f"chỉ tiêu {code}: {who} “{judgement.label}”"
    if item.conclusion == Judgement.MET or item.self_judgement == item.opinion == Judgement.MET:
        return ""
    if said.judgement == Judgement.MET:
        # A yes or a number of the commune's own proves nothing yet.
        return "" if has_proof else f"chỉ tiêu {code}: chưa có minh chứng, cơ quan phụ trách chưa cho ý kiến"
    return f"chỉ tiêu {code}: không có ngưỡng đã đối chiếu, cơ quan phụ trách chưa cho ý kiến"


def _missing(items: list[Assessment], proofs: Mapping[int, list[int]], requirements: Requirements) -> str:
    """What the commune had to enter or prove and did not."""
    counts = {item.pk: len(proofs.get(item.pk, [])) for item in items}
    texts = [each.text.rstrip(".") for each in missing_among(items, counts, requirements) if each.is_blocking]
    return texts[0][0].lower() + texts[0][1:] if texts else ""
