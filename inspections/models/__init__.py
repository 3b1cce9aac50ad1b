"""Rounds, teams, dossiers, assessments with their three judgements, conclusions, evidence, returns."""

from .assessments import Assessment, CriterionConclusion, DraftChange
from .dossiers import Dossier
from .evidence import Evidence, EvidenceLink
from .returns import ReturnItem
from .rounds import Inspection, InspectionRound, RoundUnit, TeamMember
from .workbooks import WorkbookUpload

__all__ = [
    "Assessment",
    "CriterionConclusion",
    "Dossier",
    "DraftChange",
    "Evidence",
    "EvidenceLink",
    "Inspection",
    "InspectionRound",
    "ReturnItem",
    "RoundUnit",
    "TeamMember",
    "WorkbookUpload",
]
