"""Reads from the database what a notice of a round can say: a few queries, whatever the number of units."""

from communes.models import Agency, LegalDocument
from criteria.models import Criterion
from inspections.models import Dossier, InspectionRound, TeamMember
from inspections.progress import unit_rows

from .models import IssuedDocument, Notice
from .wording import Cited, RoundFacts, SetInfo


def facts_of(round_: InspectionRound) -> RoundFacts:
    """Facts of a round as they stand now; only concluded dossiers count."""
    dossiers = list(
        round_.dossiers.select_related("criteria_set", "inspection__commune", "village", "round_unit").defer("frozen")
    )
    counted = [dossier for dossier in dossiers if not dossier.round_unit.left_out_reason]
    head = round_.team.filter(position=TeamMember.Position.HEAD).select_related("user").first()
    return RoundFacts(
        year=round_.year,
        period_from=round_.period_from,
        period_to=round_.period_to,
        team_name=round_.team_name,
        head_name=head.user.full_name if head else "",
        head_post=head.user.position if head else "",
        plan=cited(round_.plan),
        report=cited(round_.report),
        documents={row.key: _cited(row) for row in LegalDocument.objects.order_by("key")},
        sets=_sets(counted),
        rows=tuple(unit_rows(round_)),
        open_dossiers=tuple(str(dossier) for dossier in counted if dossier.status != Dossier.Status.CONCLUDED),
        left_out={
            str(dossier.unit): dossier.round_unit.left_out_reason
            for dossier in dossiers
            if dossier.round_unit.left_out_reason
        },
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


def cited(document: LegalDocument | None) -> Cited | None:
    return _cited(document) if document else None


def _cited(document: LegalDocument) -> Cited:
    return Cited(document.kind, document.number, document.issued_on, document.issuer, document.subject)


def _sets(dossiers: list[Dossier]) -> tuple[SetInfo, ...]:
    """The sets of the round: communes before villages, the standard one first."""
    sets = {dossier.criteria_set_id: dossier.criteria_set for dossier in dossiers}
    names: dict[int, dict[int, str]] = {pk: {} for pk in sets}
    for pk, number, name in Criterion.objects.filter(criteria_set__in=sets).values_list(
        "criteria_set", "number", "name"
    ):
        names[pk][number] = name
    communes: dict[int, set[int]] = {pk: set() for pk in sets}
    for dossier in dossiers:
        if dossier.status == Dossier.Status.CONCLUDED:
            communes[dossier.criteria_set_id].add(dossier.inspection.commune_id)
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
        )
        for row in ordered
    )


def addressees(round_: InspectionRound) -> list[str]:
    """Names to choose from for a recommendation: the agencies of the authority, and the communes together."""
    agencies = Agency.objects.filter(authority=round_.authority, is_active=True).values_list("name", flat=True)
    return [*agencies, "Ủy ban nhân dân các xã"]
