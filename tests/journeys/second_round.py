"""A second round with the units and conclusions of the demonstration's first, and a notice of the same text.

`main(unit, number)`: one conclusion is changed from met to not met before anything is approved; then every
dossier and the notice go their way through the services. Run in a process of its own, on a copy.
"""

from typing import Any

from django.db.models import Model

from communes import clock
from communes.models import User
from criteria.judgement import Judgement
from inspections import services as inspections
from inspections.models import Dossier, InspectionRound
from ntm_portal.demo.notices import text_of
from reports import renderer
from reports import services as notices
from reports.models import Notice

FIRST, SECOND = "TU-2024", "TU-2024-2"
AS_SUBMITTED: dict[str, Any] = {
    "status": Dossier.Status.SUBMITTED, "frozen": None, "frozen_hash": "",
    "frozen_verdicts": "", "locked_by_notice": "",
    "provisional_by": None, "provisional_at": None, "concluded_by": None, "concluded_at": None,
    "replied_by": None, "replied_at": None, "reply_waived": False, "reply": "",
}  # fmt: skip


def main(unit: str, number: str) -> str:
    """Address of the public page of the second round's notice."""
    head = User.objects.get(username="truongdoan")
    coordinator = User.objects.get(username="dieuphoi")
    round_ = copied_round()
    change(round_, unit, int(number))
    for pk in round_.dossiers.values_list("pk", flat=True):
        dossier = Dossier.objects.with_context().get(pk=pk)
        inspections.make_provisional(dossier, by=head)
        inspections.approve(Dossier.objects.with_context().get(pk=pk), by=approver_of(dossier))
    notice = notices.create_notice(round_, by=coordinator)
    notices.replace_text(notice, text_of("notice_2024"), by=coordinator)
    notice = Notice.objects.with_context().get(pk=notice.pk)
    notices.approve_notice(notice, version=notice.version, by=head)
    notices.issue_notice(Notice.objects.with_context().get(pk=notice.pk), on=clock.today(), number=None, by=coordinator)
    renderer.stop()
    return f"/thong-bao/{notice.public_id}/"


def change(round_: InspectionRound, unit: str, number: int) -> None:
    """Conclude one criterion of a commune the other way; the one who concluded it does so."""
    rows = round_.dossiers.filter(village=None, criteria_set__code="xa-ntm", inspection__commune__name=unit)
    dossier = Dossier.objects.with_context().get(pk=rows.get().pk)
    row = dossier.conclusions.select_related("criterion", "concluded_by").get(criterion__number=number)
    row.dossier = dossier
    assert row.verdict == Judgement.MET
    reason = "Hồ sơ đã hết hiệu lực khi kiểm tra lại."
    inspections.conclude_criterion(
        row, verdict=Judgement.NOT_MET, reason=reason, by=row.concluded_by, version=row.version
    )


def approver_of(dossier: Dossier) -> User:
    """Who approved the same in the first round: nobody approves alone what was concluded alone."""
    same = Dossier.objects.filter(round__code=FIRST, village=dossier.village, criteria_set=dossier.criteria_set)
    return same.get(inspection__commune=dossier.inspection.commune).concluded_by


# ---------------------------------------------------------------- copying


def twin(row: Model, **changes: Any) -> Any:
    """The same row once more, with other values in some columns."""
    values = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key
    }
    made = type(row)(**values)
    for name, value in changes.items():
        setattr(made, name, value)
    made.save(force_insert=True)
    return made


def copied_round() -> InspectionRound:
    first = InspectionRound.objects.get(code=FIRST)
    second = twin(first, code=SECOND, name=f"{first.name}, lần hai", status="open", closed_by=None, closed_at=None)
    for member in first.team.all():
        made = twin(member, round=second)
        made.communes.set(member.communes.all())
        made.criteria.set(member.criteria.all())
    visits = {visit.pk: twin(visit, round=second) for visit in first.inspections.all()}
    for dossier in first.dossiers.select_related("round_unit"):
        unit = twin(dossier.round_unit, round=second, is_active=False)
        made = twin(dossier, round=second, inspection=visits[dossier.inspection_id], round_unit=unit, **AS_SUBMITTED)
        for row in (*dossier.assessments.all(), *dossier.conclusions.all()):
            twin(row, dossier=made)
    return second
