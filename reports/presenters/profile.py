"""One commune on one page: who it is, its titles, results round by round, what is met, proof, questions, advice."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.shortcuts import get_object_or_404
from django.urls import reverse

from communes import clock, notation
from communes.models import Commune, Recognition, User, within
from communes.permissions import Permission
from communes.text import fold
from criteria.judgement import Judgement
from criteria.models import CriteriaSet
from inspections import figures
from inspections.models import CriterionConclusion, Dossier, EvidenceLink, Inspection, ReturnItem, TeamMember
from inspections.models.evidence import LAPSES_SOON
from inspections.presenters.sight import sight_of
from inspections.progress.earlier import numbered_as
from inspections.progress.rows import for_rows, row_of, verdicts_of

from ..content import Dash
from ..models import IssuedDocument, Notice, Recommendation

Status = Dossier.Status
# What fits on a page; the rest stands where the line leads to.
MOST_QUESTIONS, MOST_ADVICE, MOST_RESULTS = 5, 6, 9


@dataclass(frozen=True)
class Result:
    """How one set stood in one round: of the commune "15/19", of its villages their mean. url: where it comes from.

    share: (met, criteria) for a bar; None for villages, and where the result is not told to this person yet.
    """

    round: str
    set_name: str
    told: str
    state: str
    state_label: str
    facts: str
    url: str
    share: tuple[int, int] | None = None


@dataclass(frozen=True)
class Cell:
    """One criterion in the strip of a set; url leads to it."""

    number: int
    name: str
    state: str
    label: str
    url: str


@dataclass(frozen=True)
class NotMet:
    """A criterion that is not met, with the reason given."""

    cell: Cell
    reason: str
    is_lost: bool


@dataclass(frozen=True)
class SetPicture:
    """How one set stands now, by the newest dossier whose result is told. before: the round it is compared with."""

    name: str
    round: str
    state_label: str
    url: str
    row: figures.UnitRow
    cells: tuple[Cell, ...]
    not_met: tuple[NotMet, ...]
    lost: tuple[int, ...]
    gained: tuple[int, ...]
    before: str

    @property
    def failed(self) -> int:
        return sum(self.row.failed(cell.number) for cell in self.cells)

    @property
    def left(self) -> int:
        """How many are neither met nor failed: không đánh giá, or not concluded."""
        return self.row.criteria - self.row.met - self.failed


@dataclass(frozen=True)
class Proofs:
    """Files that prove something in the dossiers of one set."""

    name: str
    files: int
    lapsed: int
    lapsing: int
    url: str


@dataclass(frozen=True)
class Advice:
    """What an issued notice asks of the commune; text: as it was printed, its figures included."""

    row: Recommendation
    text: str


@dataclass(frozen=True)
class Profile:
    """The whole page. may_lead: whether the reader may open the pages of rounds."""

    commune: Commune
    facts: tuple[tuple[str, str], ...]
    titles: tuple[Recognition, ...]
    results: tuple[Result, ...]
    more_results: int
    pictures: tuple[SetPicture, ...]
    proofs: tuple[Proofs, ...]
    questions: tuple[ReturnItem, ...]
    question_count: int
    advice: tuple[Advice, ...]
    advice_count: int
    visit: Inspection | None
    may_lead: bool
    on: date


def profiled(user: User, pk: int) -> Commune:
    """A commune whose profile one may open: the own one, one of the authorities one reads, one that one inspects."""
    rows = Q(pk__in=user.scope("commune", needs=Permission.DOSSIER_READ))
    if user.has(Permission.ROUND_READ):
        rows |= within("authority", user.scope("authority", needs=Permission.ROUND_READ))
        inspected = Inspection.objects.filter(
            commune=pk, round__in=TeamMember.objects.filter(user=user).values("round")
        )
        rows |= Q(pk__in=inspected.order_by().values("commune"))
    return get_object_or_404(Commune.objects.select_related("authority__parent", "successor").filter(rows), pk=pk)


def profile_of(commune: Commune, user: User) -> Profile:
    """A fixed number of queries, each by the commune alone."""
    found = for_rows(Dossier.objects.for_user(user).filter(inspection__commune=commune.pk))
    dossiers = list(found.order_by("-round__period_to", "-round_id", "round_unit__position", "pk"))
    told = {item.pk for item in dossiers if sight_of(item, user).sees_conclusions}
    verdicts = verdicts_of(item for item in dossiers if item.pk in told)
    rows = {item.pk: row_of(item, verdicts.get(item.pk, {})) for item in dossiers}
    results = list(_results(dossiers, rows, told, user))
    pictures = _pictures([item for item in dossiers if item.village is None and item.pk in told], rows, user)
    questions = ReturnItem.objects.filter(dossier__in=[item.pk for item in dossiers], status=ReturnItem.Status.OPEN)
    questions = questions.select_related("assessment__indicator", "dossier__criteria_set", "dossier__village")
    asked = list(questions.order_by("due_on", "pk"))
    advice = _advice(commune, dossiers, user)
    return Profile(
        commune=commune,
        facts=tuple(_facts(commune)),
        titles=tuple(commune.recognitions.filter(village=None).order_by("-valid_from", "pk")),
        results=tuple(results[:MOST_RESULTS]),
        more_results=max(0, len(results) - MOST_RESULTS),
        pictures=pictures,
        proofs=tuple(_proofs(dossiers, user)),
        questions=tuple(asked[:MOST_QUESTIONS]),
        question_count=len(asked),
        advice=tuple(advice[:MOST_ADVICE]),
        advice_count=len(advice),
        visit=_last_visit(dossiers),
        may_lead=user.has(Permission.ROUND_READ),
        on=clock.today(),
    )


def _facts(commune: Commune) -> Iterable[tuple[str, str]]:
    until = f" đến hết {notation.day(commune.valid_to)}" if commune.valid_to else ""
    villages = commune.villages.order_by().aggregate(
        count=Count("pk", filter=Q(valid_to__isnull=True) | Q(valid_to__gte=clock.today()))
    )
    yield "Mã đơn vị", commune.code
    yield "Trực thuộc", commune.authority.name
    yield "Vùng", commune.get_region_display()
    if commune.group:
        yield "Nhóm xã", f"Nhóm {commune.group}"
    yield "Thôn, bản", str(villages["count"])
    yield "Thời gian", f"từ {notation.day(commune.valid_from)}{until}"
    if commune.successor:
        yield "Đơn vị kế tục", commune.successor.title


def dossier_url(dossier: Dossier, user: User) -> str:
    """Where this person reads a dossier: the team's page, or the commune's."""
    name = "dossier-detail" if sight_of(dossier, user).is_commune else "review-dossier"
    return reverse(f"inspections:{name}", args=[dossier.pk])


def criterion_url(dossier: Dossier, number: int, user: User) -> str:
    name = "criterion-edit" if sight_of(dossier, user).is_commune else "review-criterion"
    return reverse(f"inspections:{name}", args=[dossier.pk, number])


# ---------------------------------------------------------------- round by round


def _results(
    dossiers: Sequence[Dossier], rows: dict[int, figures.UnitRow], told: set[int], user: User
) -> Iterable[Result]:
    groups: dict[tuple[int, str, bool], list[Dossier]] = {}
    for item in dossiers:
        groups.setdefault((item.round_id, item.criteria_set.code, item.village is not None), []).append(item)
    for (_, code, is_village), items in groups.items():
        if is_village:
            yield _of_villages(items, rows, told, code, user)
        else:
            yield from (_of_commune(item, rows[item.pk], item.pk in told, user) for item in items)


def _of_commune(item: Dossier, row: figures.UnitRow, is_told: bool, user: User) -> Result:
    when = notation.day(item.concluded_at) if item.concluded_at else ""
    facts = f"phê duyệt {when}" if when else f"hạn nộp {notation.day(item.due_on)}"
    if item.round_unit.left_out_reason:
        facts = f"không đưa vào kết luận: {item.round_unit.left_out_reason}"
    is_shown = is_told and any(verdict != Judgement.UNASSESSED for verdict in row.verdicts.values())
    return Result(
        round=item.round.name,
        set_name=item.criteria_set.short_name,
        told=f"{row.met}/{row.criteria}" if is_shown else "chưa có kết luận",
        state=item.status,
        state_label=item.get_status_display(),
        facts=facts,
        url=dossier_url(item, user),
        share=(row.met, row.criteria) if is_shown else None,
    )


def _of_villages(
    items: list[Dossier], rows: dict[int, figures.UnitRow], told: set[int], code: str, user: User
) -> Result:
    """The villages of the commune under one set: the mean over those concluded, as everywhere."""
    concluded = [item for item in items if item.status == Status.CONCLUDED and item.pk in told]
    found = figures.of_set(code, [rows[item.pk] for item in concluded if not item.round_unit.left_out_reason])
    first = items[0]
    words = "chưa có kết luận"
    if found.mean.denominator:
        value = notation.number(found.mean.value, 2)
        words = f"bình quân {value} = {found.mean.numerator} : {found.mean.denominator} bản"
    url = dossier_url(first, user) if len(items) == 1 else _list_url(items, user)
    return Result(
        round=first.round.name,
        set_name=first.criteria_set.short_name,
        told=words,
        state="concluded" if len(concluded) == len(items) else first.status,
        state_label=f"{len(concluded)}/{len(items)} hồ sơ đã kết luận",
        facts=f"{len(found.passed)} bản đạt mọi tiêu chí" if found.mean.denominator else "",
        url=url,
    )


def _list_url(items: Sequence[Dossier], user: User) -> str:
    """Where this person finds several dossiers of one round and set."""
    if sight_of(items[0], user).is_commune:
        return reverse("inspections:dossier-list")
    return f"{items[0].round.get_absolute_url()}?bo={items[0].criteria_set.code}"


# ---------------------------------------------------------------- how it stands now


def _pictures(dossiers: Sequence[Dossier], rows: dict[int, figures.UnitRow], user: User) -> tuple[SetPicture, ...]:
    newest: dict[str, Dossier] = {}
    before: dict[str, Dossier] = {}
    for item in dossiers:
        code, row = item.criteria_set.code, rows[item.pk]
        if code not in newest:
            if any(verdict != Judgement.UNASSESSED for verdict in row.verdicts.values()):
                newest[code] = item
        elif item.status == Status.CONCLUDED and item.round_id != newest[code].round_id:
            before.setdefault(code, item)
    versions = {code: item.criteria_set_id for code, item in newest.items()}
    used = {code: item.criteria_set_id for code, item in before.items()}
    then = numbered_as([rows[item.pk] for item in before.values()], used, versions)
    moved = {change.row.set_code: change for change in figures.changes([rows[d.pk] for d in newest.values()], then)}
    conclusions: dict[int, list[CriterionConclusion]] = {}
    found = CriterionConclusion.objects.filter(dossier__in=[item.pk for item in newest.values()])
    for conclusion in found.select_related("criterion").order_by("criterion__number"):
        conclusions.setdefault(conclusion.dossier_id, []).append(conclusion)
    ordered = sorted(newest.values(), key=lambda item: (item.criteria_set.tier != CriteriaSet.Tier.STANDARD, item.pk))
    return tuple(_picture(item, rows[item.pk], conclusions.get(item.pk, []), moved, before, user) for item in ordered)


def _picture(
    item: Dossier,
    row: figures.UnitRow,
    conclusions: list[CriterionConclusion],
    moved: dict[str, figures.UnitChange],
    before: dict[str, Dossier],
    user: User,
) -> SetPicture:
    code = item.criteria_set.code
    change, earlier = moved.get(code), before.get(code)
    lost = change.lost if change else ()
    cells, not_met = [], []
    for conclusion in conclusions:
        number = conclusion.criterion.number
        url = criterion_url(item, number, user)
        cell = Cell(number, conclusion.criterion.name, conclusion.verdict, conclusion.get_verdict_display(), url)
        cells.append(cell)
        if row.failed(number):
            not_met.append(NotMet(cell, conclusion.reason, number in lost))
    return SetPicture(
        name=item.criteria_set.short_name,
        round=item.round.name,
        state_label=item.get_status_display(),
        url=dossier_url(item, user),
        row=row,
        cells=tuple(cells),
        not_met=tuple(not_met),
        lost=lost,
        gained=change.gained if change else (),
        before=earlier.round.name if earlier else "",
    )


# ---------------------------------------------------------------- proof, advice, visit


def _proofs(dossiers: Sequence[Dossier], user: User) -> Iterable[Proofs]:
    """Of the newest round in which the commune has dossiers, set by set, a file counted once in each: one query."""
    newest: dict[int, list[Dossier]] = {}
    for item in dossiers:
        if item.round_id == dossiers[0].round_id:
            newest.setdefault(item.criteria_set_id, []).append(item)
    today = clock.today()
    links = EvidenceLink.objects.filter(
        assessment__dossier__in=[item.pk for of_set in newest.values() for item in of_set]
    )
    counted = (
        links.order_by()
        .values("assessment__dossier__criteria_set")
        .annotate(
            files=Count("evidence", distinct=True),
            lapsed=Count("evidence", distinct=True, filter=Q(evidence__valid_until__lt=today)),
            lapsing=Count(
                "evidence", distinct=True, filter=Q(evidence__valid_until__range=(today, today + LAPSES_SOON))
            ),
        )
    )
    found: dict[int, dict[str, Any]] = {row["assessment__dossier__criteria_set"]: dict(row) for row in counted}
    for key, items in newest.items():
        row = found.get(key, {})
        url = reverse("inspections:dossier-print", args=[items[0].pk]) if len(items) == 1 else _list_url(items, user)
        name = items[0].criteria_set.short_name
        yield Proofs(name, row.get("files", 0), row.get("lapsed", 0), row.get("lapsing", 0), url)


def _advice(commune: Commune, dossiers: Sequence[Dossier], user: User) -> list[Advice]:
    """What issued notices of its rounds ask of this commune, or of all communes; the newest first: two queries."""
    rounds = {item.round_id for item in dossiers}
    # Not all that a commune may read, whose condition looks at every dossier under review: published ones will do.
    mine = Notice.objects.for_user(user) if user.has(Permission.ROUND_READ) else Notice.objects.public()
    notices = mine.filter(round__in=rounds, status=Notice.Status.ISSUED)
    about = Q(inspection=None) | Q(inspection__commune=commune.pk)
    rows = Recommendation.objects.filter(notice__in=notices.filter(about).order_by().values("pk"))
    found = list(rows.select_related("notice").order_by("-notice__issued_on", "-notice", "position"))
    documents = IssuedDocument.objects.filter(
        notice__in={row.notice_id for row in found}, rendition=IssuedDocument.Rendition.FINAL
    )
    printed: dict[tuple[int, str], deque[str]] = {}
    for notice, sections in documents.values_list("notice", "facts__content__sections"):
        for section in sections or ():
            texts = deque(Dash(block["text"]).plain for block in section["blocks"])
            printed.setdefault((notice, section["heading"]), deque()).extend(texts)
    advice = []
    for row in found:
        texts = printed.get((row.notice_id, row.addressee)) or deque([row.text])
        text = texts.popleft()
        if addressed_to(commune, row.addressee):
            advice.append(Advice(row, text))
    return advice


def addressed_to(commune: Commune, addressee: str) -> bool:
    """Whether "Ủy ban nhân dân các xã", or "UBND xã Nậm Cần, xã Phúc Khoa", means this commune."""
    words = f" {fold(addressee)} "
    return any(f" {phrase} " in words for phrase in (fold(commune.name), "cac xa", "cac dia phuong"))


def _last_visit(dossiers: Sequence[Dossier]) -> Inspection | None:
    today = clock.today()
    visits = {item.inspection_id: item.inspection for item in dossiers}
    for item in dossiers:
        visits[item.inspection_id].round = item.round
    been = [visit for visit in visits.values() if visit.visited_on and visit.visited_on <= today]
    return max(been, key=lambda visit: (visit.visited_on, visit.pk), default=None)
