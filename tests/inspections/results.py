"""Concluded rounds straight into the database: for tests of figures, where the way to a conclusion does not matter."""

from datetime import date, timedelta
from itertools import count

from communes import clock
from communes.models import Authority, Commune, User
from criteria.judgement import Judgement
from criteria.models import CriteriaSet
from inspections.figures import letters
from inspections.models import CriterionConclusion, Dossier, Inspection, InspectionRound, RoundUnit

from ..factories import UserFactory

_codes = count(1)


def held(
    authority: Authority,
    set_: CriteriaSet,
    results: dict[Commune, dict[int, str] | None],
    *,
    ends: date | None = None,
    year: int | None = None,
    by: User | None = None,
    left_out: tuple[Commune, ...] = (),
    **fields: object,
) -> InspectionRound:
    """A round with these verdicts {commune: {criterion number: verdict}}; None: handed in, not concluded."""
    ends, by = ends or clock.today() - timedelta(days=1), by or UserFactory()
    number = next(_codes)
    round_ = InspectionRound.objects.create(**{
        "code": f"KQ-{number}", "name": f"Đợt kết quả {number}", "authority": authority, "year": year or ends.year,
        "period_from": ends - timedelta(days=30), "period_to": ends, "due_on": ends, "team_name": "Đoàn",
        "subject": "kết quả", "status": InspectionRound.Status.CLOSED, **fields,
    })  # fmt: skip
    criteria = {row.number: row for row in set_.criteria.all()}
    now = clock.now()
    for place, (commune, verdicts) in enumerate(results.items()):
        unit = RoundUnit.objects.create(
            round=round_, commune=commune, criteria_set=set_, set_code=set_.code, position=place,
            left_out_reason="Chưa làm" if commune in left_out else "",
        )  # fmt: skip
        inspection, _ = Inspection.objects.get_or_create(round=round_, commune=commune)
        dossier = Dossier.objects.create(
            round=round_, inspection=inspection, round_unit=unit, criteria_set=set_, status="submitted",
            submitted_by=by, submitted_at=now,
        )  # fmt: skip
        CriterionConclusion.objects.bulk_create(
            CriterionConclusion(
                dossier=dossier,
                criterion=criteria[number],
                verdict=verdict,
                reason="Lý do",
                concluded_by=None if verdict == Judgement.UNASSESSED else by,
                concluded_at=None if verdict == Judgement.UNASSESSED else now,
            )
            for number, verdict in (verdicts or {}).items()
        )
        if verdicts is not None:
            Dossier.objects.filter(pk=dossier.pk).update(
                status="concluded", concluded_by=by, concluded_at=now, frozen={}, frozen_hash="0",
                frozen_verdicts=letters(dict.fromkeys(criteria, Judgement.UNASSESSED) | verdicts),
            )  # fmt: skip
    return round_


def failing(set_: CriteriaSet, *failed: int) -> dict[int, str]:
    """Everything met but these."""
    return {row.number: Judgement.NOT_MET if row.number in failed else Judgement.MET for row in set_.criteria.all()}
