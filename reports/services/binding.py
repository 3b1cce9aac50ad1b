"""Making an issued document what its round is cited with: the team's report."""

from django.db import transaction

from communes import units
from communes.models import LegalDocument, User
from inspections import services as inspections

from ..models import Notice
from ..workflow import Incomplete


def may_become_report(notice: Notice) -> bool:
    """Whether an issued document is of a kind that its round is cited with, and the round has no report yet."""
    is_fit = notice.prescribed.becomes == "report" and notice.status == Notice.Status.ISSUED
    return is_fit and notice.round.report_id is None


@transaction.atomic
def bind_report(notice: Notice, *, by: User) -> LegalDocument:
    """Note an issued report as the report of its round, so that `{báo cáo}` cites it by number and day.

    Raises Incomplete, and what `update_round` raises for a round that is closed or not one's own.
    """
    if not may_become_report(notice) or notice.issued_on is None:
        raise Incomplete(f"{notice} chưa ban hành, không phải báo cáo, hoặc đợt đã có báo cáo.")
    document = units.add_document(
        by=by,
        key=f"bao-cao-{notice.round.code.lower()}",
        kind=notice.kind,
        number=notice.code,
        issued_on=notice.issued_on,
        issuer="Đoàn kiểm tra" if notice.round.team_name else notice.authority.name,
        subject=f"{notice.subject[:1].lower()}{notice.subject[1:]}",
    )
    inspections.update_round(notice.round, by=by, report=document)
    return document
