"""Reads from the database what a document can say: a few queries, whatever the number of units."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate

from communes import clock, text
from communes.models import Agency, LegalDocument, Membership
from communes.permissions import Role
from criteria.judgement import Judgement
from criteria.models import AgencyAssignment, CriteriaSet, Criterion
from inspections import figures
from inspections.figures import UnitRow
from inspections.models import CriterionConclusion, Dossier, Inspection, InspectionRound, ReturnItem, TeamMember
from inspections.progress import earlier_rounds, live_rows_of, unit_rows

from . import kinds
from .content import line
from .models import FollowUp as Followed
from .models import IssuedDocument, Notice, Recommendation
from .wording import (
    Agreed,
    Charge,
    Cited,
    DossierFacts,
    Earlier,
    FollowUp,
    Handling,
    InspectionFacts,
    Noted,
    Person,
    Question,
    Reason,
    RoundFacts,
    SetInfo,
    Verdict,
    noun_of,
)

ASKED = Q(status__in=[ReturnItem.Status.OPEN, ReturnItem.Status.ANSWERED, ReturnItem.Status.SETTLED])


def facts_of(round_: InspectionRound, inspection: Inspection | None = None) -> RoundFacts:
    """Facts of a round as they stand now; only concluded dossiers count.

    inspection: of this one commune alone, with the team's conclusions as they stand, approved or not.
    """
    dossiers = _dossiers(round_, inspection)
    counted = [dossier for dossier in dossiers if not dossier.round_unit.left_out_reason]
    rows = tuple(live_rows_of(inspection) if inspection else unit_rows(round_))
    told = {row.dossier_id for row in rows}
    stated = [dossier for dossier in counted if dossier.pk in told]
    sets = _sets(counted, told)
    head = round_.team.filter(position=TeamMember.Position.HEAD).select_related("user").first()
    previous = previous_notice(round_) if not inspection else None
    undone, done = _follow_ups(previous) if previous else ((), ())
    documents = {row.pk: row for row in LegalDocument.objects.order_by("key")}
    return RoundFacts(
        year=round_.year,
        period_from=round_.period_from,
        period_to=round_.period_to,
        team_name=round_.team_name,
        head_name=head.user.full_name if head else "",
        head_post=head.user.position if head else "",
        plan=cited(documents.get(round_.plan_id or 0)),
        report=cited(documents.get(round_.report_id or 0)),
        documents={row.key: _cited(row) for row in documents.values()},
        sets=sets,
        rows=rows,
        open_dossiers=tuple(str(row) for row in counted if row.status != Dossier.Status.CONCLUDED and not inspection),
        left_out={
            str(dossier.unit): dossier.round_unit.left_out_reason
            for dossier in dossiers
            if dossier.round_unit.left_out_reason
        },
        subject=round_.subject,
        authority=round_.authority.name,
        communes=tuple(dict.fromkeys(dossier.commune.phrase for dossier in stated)),
        earlier={} if inspection else _earlier(round_, counted, rows),
        reasons=_reasons(rows),
        charges=() if inspection else _charges(round_, counted),
        handling=_handling(stated),
        previous=_as_cited(previous) if previous else None,
        follow_ups=undone,
        followed=done,
        inspection=_inspection(inspection, dossiers, rows) if inspection else None,
    )


def replaced(notice: Notice) -> Cited:
    """An issued notice as the one that replaces it names it, in the words that were printed."""
    printed = notice.documents.get(rendition=IssuedDocument.Rendition.FINAL).printed_facts
    # The letterhead is in capitals; names that are known are cited in ordinary letters.
    names = (notice.round.team_name, notice.authority.name)
    issuer = " ".join(printed["issuer"])
    issuer = next((name for name in names if name and name.upper() == issuer.upper()), issuer)
    if notice.issued_on is None:
        raise ValueError(f"{notice} was never issued")
    return Cited(notice.kind, notice.code, notice.issued_on, issuer, printed["subject"])


def _dossiers(round_: InspectionRound, inspection: Inspection | None) -> list[Dossier]:
    rows = round_.dossiers.select_related("criteria_set", "inspection__commune", "village", "round_unit")
    return list((rows.filter(inspection=inspection) if inspection else rows).defer("frozen"))


def cited(document: LegalDocument | None) -> Cited | None:
    return _cited(document) if document else None


def _cited(document: LegalDocument) -> Cited:
    return Cited(document.kind, document.number, document.issued_on, document.issuer, document.subject)


def _sets(dossiers: list[Dossier], told: set[int]) -> tuple[SetInfo, ...]:
    """The sets of the round: communes before villages, the standard one first. told: the dossiers that count."""
    sets = {dossier.criteria_set_id: dossier.criteria_set for dossier in dossiers}
    names: dict[int, dict[int, str]] = {pk: {} for pk in sets}
    for pk, number, name in Criterion.objects.filter(criteria_set__in=sets).values_list(
        "criteria_set", "number", "name"
    ):
        names[pk][number] = name
    communes: dict[int, set[int]] = {pk: set() for pk in sets}
    units: dict[int, list[str]] = defaultdict(list)
    for dossier in dossiers:
        if dossier.pk in told:
            communes[dossier.criteria_set_id].add(dossier.inspection.commune_id)
            units[dossier.criteria_set_id].append(dossier.unit.phrase)
    ordered = sorted(sets.values(), key=lambda row: (row.is_village_level, row.tier != row.Tier.STANDARD, row.code))
    return tuple(
        SetInfo(
            code=row.code,
            version=row.version,
            short_name=row.short_name,
            is_village=row.is_village_level,
            is_advanced=row.tier != row.Tier.STANDARD,
            criteria=dict(sorted(names[row.pk].items())),
            communes=len(communes[row.pk]),
            title=_small(row.get_tier_display()),
            noun=noun_of(units[row.pk]) if units[row.pk] else "",
        )
        for row in ordered
    )


def _small(label: str) -> str:
    return f"{label[:1].lower()}{label[1:]}"


# ---------------------------------------------------------------- what is said of failures and of the round before


def _earlier(round_: InspectionRound, dossiers: list[Dossier], rows: tuple[UnitRow, ...]) -> dict[str, Earlier]:
    newest: dict[str, CriteriaSet] = {}
    for dossier in dossiers:
        known = newest.setdefault(dossier.criteria_set.code, dossier.criteria_set)
        if dossier.criteria_set.version > known.version:
            newest[dossier.criteria_set.code] = dossier.criteria_set
    before = earlier_rounds(round_, {code: row.pk for code, row in newest.items()})
    return {
        code: Earlier(found.round.name, figures.changes(rows, found.rows), found.other_version)
        for code, found in before.items()
    }


def _reasons(rows: Iterable[UnitRow]) -> tuple[Reason, ...]:
    """In the order of the rows and of the criteria."""
    units = {row.dossier_id: row for row in rows}
    told = (
        CriterionConclusion.objects.filter(dossier__in=units)
        .exclude(reason="")
        .order_by("criterion__number")
        .values_list("dossier", "criterion__number", "reason")
    )
    found = [(units[pk], number, reason) for pk, number, reason in told if units[pk].failed(number)]
    found.sort(key=lambda item: item[0].position)
    return tuple(Reason(row.set_code, number, row.unit_phrase, reason) for row, number, reason in found)


def _charges(round_: InspectionRound, dossiers: list[Dossier]) -> tuple[Charge, ...]:
    """The authority's own agencies with the criteria of the round's sets of which they have indicators."""
    told = (
        AgencyAssignment.objects.filter(
            indicator__criteria_set__in={row.criteria_set_id for row in dossiers},
            agency__authority=round_.authority_id,
            agency__is_active=True,
        )
        .order_by()
        .values_list("agency__code", "agency__name", "indicator__criteria_set__code", "indicator__criterion__number")
        .annotate(indicators=Count("pk"))
    )
    found: dict[tuple[str, str], dict[str, dict[int, int]]] = {}
    for code, name, set_code, number, indicators in told:
        found.setdefault((code, name), {}).setdefault(set_code, {})[number] = indicators
    return tuple(Charge(code, name, criteria) for (code, name), criteria in found.items())


def _handling(dossiers: list[Dossier]) -> Handling:
    """How the dossiers that count came in. A question still out counts as overdue once its day is over."""
    late = [row for row in dossiers if row.is_late]
    asked = ReturnItem.objects.filter(ASKED, dossier__in=[row.pk for row in dossiers])
    overdue = Q(answered_on__gt=F("due_on")) | Q(status=ReturnItem.Status.OPEN, due_on__lt=clock.today())
    told = asked.annotate(answered_on=TruncDate("answered_at")).order_by().values("dossier")
    counts = {row["dossier"]: row for row in told.annotate(all=Count("pk"), overdue=Count("pk", filter=overdue))}
    return Handling(
        late=tuple(row.unit.phrase for row in late),
        asked=sum(row["all"] for row in counts.values()),
        overdue=sum(row["overdue"] for row in counts.values()),
        asked_units=tuple(row.unit.phrase for row in dossiers if row.pk in counts),
    )


# ---------------------------------------------------------------- the notice before


def previous_notice(round_: InspectionRound) -> Notice | None:
    """The last notice that the authority issued of an earlier round."""
    rows = Notice.objects.filter(
        authority=round_.authority_id,
        kind_code=kinds.NOTICE,
        status=Notice.Status.ISSUED,
        round__period_to__lt=round_.period_from,
    )
    return rows.select_related("authority").order_by("-round__period_to", "-issued_on", "-pk").first()


def _as_cited(notice: Notice) -> Cited:
    if notice.issued_on is None:
        raise ValueError(f"{notice} is not issued")
    issuer = " ".join(notice.issuer_name.split())
    return Cited(notice.kind, notice.code, notice.issued_on, issuer, notice.subject)


def _follow_ups(notice: Notice) -> tuple[tuple[FollowUp, ...], tuple[FollowUp, ...]]:
    """What was recommended and is not done yet, and what is done, in the words that were printed.

    Carried over counts as not done: it is asked for again by the notice of this round.
    """
    rows = Followed.objects.filter(recommendation__notice=notice).select_related("recommendation")
    told = [
        (row.status == Recommendation.Status.DONE, FollowUp(number, row.recommendation.addressee, row.text))
        for number, row in enumerate(rows.order_by("recommendation__position", "pk"), 1)
    ]
    undone, done = (tuple(row for is_done, row in told if is_done is wanted) for wanted in (False, True))
    return undone, done


# ---------------------------------------------------------------- one inspection


def _inspection(inspection: Inspection, dossiers: list[Dossier], rows: tuple[UnitRow, ...]) -> InspectionFacts:
    """dossiers: all of the inspection, those left out by name too, for they keep their number."""
    named = {row.dossier_id: row for row in rows}
    conclusions = _conclusions(dossiers)
    questions = _questions(dossiers)
    numbers = dict(enumerate(sorted(dossiers, key=lambda row: (row.round_unit.position, row.pk)), 1))
    visits = [dossier.round_unit.visit_on for dossier in dossiers if dossier.round_unit.visit_on]
    return InspectionFacts(
        commune=inspection.commune.phrase,
        mode=inspection.mode,
        visited_on=inspection.visited_on or min(visits, default=None),
        team=_team(inspection),
        hosts=_people(inspection.hosts, first_speaks=True) or _hosts(inspection),
        dossiers=tuple(
            _dossier_facts(number, dossier, named[dossier.pk], conclusions[dossier.pk], questions[dossier.pk])
            for number, dossier in numbers.items()
            if dossier.pk in named
        ),
        visited_to=inspection.visited_to,
        begins_at=inspection.begins_at,
        ends_at=inspection.ends_at,
        place=inspection.place,
        guests=_people(inspection.guests),
        notes=tuple(filter(None, (line(row) for row in inspection.findings.splitlines()))),
        findings=_noted(inspection, numbers),
        deadlines=tuple(
            Agreed(row.what, row.who, row.due_on) for row in inspection.agreed_deadlines.order_by("due_on", "pk")
        ),
        opinion=inspection.hosts_opinion,
    )


def _noted(inspection: Inspection, numbers: dict[int, Dossier]) -> tuple[Noted, ...]:
    """What was noted of criteria at the visit, in the order of the dossiers. numbers: {place: dossier}."""
    places = {dossier.pk: number for number, dossier in numbers.items()}
    rows = inspection.visit_findings.filter(dossier__in=places).exclude(text="").select_related("criterion")
    found = [
        Noted(
            places[row.dossier_id],
            numbers[places[row.dossier_id]].unit.phrase,
            row.criterion.number,
            row.criterion.name,
            row.text,
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda row: (row.dossier, row.number)))


def _people(lines: str, *, first_speaks: bool = False) -> tuple[Person, ...]:
    """People as they were typed, one a line: "Lò Văn Mẫu, Chủ tịch UBND xã"; the first of the commune signs."""
    found: list[Person] = []
    for row in filter(None, (line(row) for row in lines.splitlines())):
        name, _, post = row.partition(",")
        found.append(Person(name.strip(), post.strip(" ,;."), speaks=first_speaks and not found))
    return tuple(found)


def _dossier_facts(
    number: int, dossier: Dossier, row: UnitRow, conclusions: list[CriterionConclusion], questions: list[Question]
) -> DossierFacts:
    replies = [f"{item.criterion.name}: {item.reply}" for item in conclusions if item.reply]
    return DossierFacts(
        number=number,
        unit=dossier.unit.phrase,
        set_name=dossier.criteria_set.short_name,
        row=row,
        is_approved=dossier.status == Dossier.Status.CONCLUDED,
        verdicts=tuple(
            Verdict(item.criterion.number, item.criterion.name, str(Judgement(item.verdict).label), item.reason)
            for item in conclusions
        ),
        questions=tuple(questions),
        reply=". ".join(part.strip(" .") for part in (dossier.reply, *replies) if part.strip(" .")),
        has_replied=dossier.replied_at is not None,
        has_agreed=dossier.reply_waived,
        undecided=sum(item.verdict == Judgement.UNASSESSED for item in conclusions),
    )


def _conclusions(dossiers: list[Dossier]) -> dict[int, list[CriterionConclusion]]:
    found: dict[int, list[CriterionConclusion]] = defaultdict(list)
    rows = CriterionConclusion.objects.filter(dossier__in=[row.pk for row in dossiers]).select_related("criterion")
    for row in rows.order_by("criterion__number"):
        found[row.dossier_id].append(row)
    return found


def _questions(dossiers: list[Dossier]) -> dict[int, list[Question]]:
    """All that was asked, oldest first: who writes of one that has ended since is told so."""
    found: dict[int, list[Question]] = defaultdict(list)
    rows = ReturnItem.objects.filter(dossier__in=[row.pk for row in dossiers])
    for row in rows.select_related("assessment__indicator").order_by("asked_at", "pk"):
        ending = "" if row.status == ReturnItem.Status.OPEN else _small(row.get_status_display())
        found[row.dossier_id].append(Question(row.assessment.indicator.code, row.question, row.due_on, ending))
    return found


def _team(inspection: Inspection) -> tuple[Person, ...]:
    """Who of the team was there, as it was recorded, else who inspects this commune; its head first."""
    rows = TeamMember.objects.filter(round=inspection.round_id)
    if present := set(inspection.attended_by.values_list("pk", flat=True)):
        rows = rows.filter(user__in=present)
    else:
        rows = rows.filter(Q(communes__isnull=True) | Q(communes=inspection.commune_id))
    members = sorted(rows.select_related("user").distinct(), key=lambda member: (member.rank, member.pk))
    return tuple(
        Person(member.user.full_name, member.user.position, str(member.get_position_display())) for member in members
    )


def _hosts(inspection: Inspection) -> tuple[Person, ...]:
    """The commune's people by their accounts, its leaders first."""
    on = inspection.visited_on or inspection.round.period_to
    rows = Membership.objects.valid_on(min(on, clock.today())).filter(
        commune=inspection.commune_id, role__in=[Role.COMMUNE_LEADER, Role.COMMUNE_OFFICER], user__is_active=True
    )
    ordered = sorted(
        rows.select_related("user"),
        key=lambda row: (row.role != Role.COMMUNE_LEADER, text.sort_key(row.user.get_short_name()), row.pk),
    )
    people: dict[int, Person] = {}
    for row in ordered:
        leads = row.role == Role.COMMUNE_LEADER
        people.setdefault(row.user_id, Person(row.user.full_name, row.user.position, speaks=leads))
    return tuple(people.values())


def signers(round_: InspectionRound, facts: RoundFacts) -> dict[str, Person]:
    """{who of kinds.SIGNERS: the person}; whoever is not known is left out, and written in by hand."""
    people = {"head": Person(facts.head_name, facts.head_post)}
    secretary = round_.team.filter(position=TeamMember.Position.SECRETARY).select_related("user").first()
    if secretary:
        people["secretary"] = Person(secretary.user.full_name, secretary.user.position)
    leader = next((host for host in facts.inspection.hosts if host.speaks), None) if facts.inspection else None
    if leader:
        people["commune"] = leader
    return people


def addressees(round_: InspectionRound) -> list[str]:
    """Names to choose from for a recommendation: the agencies of the authority, and the communes together."""
    agencies = Agency.objects.filter(authority=round_.authority, is_active=True).values_list("name", flat=True)
    return [*agencies, "Ủy ban nhân dân các xã"]
