"""Rounds, teams, dossiers, assessments with their three judgements, conclusions, evidence, returns."""

from .assessments import Assessment, CriterionConclusion, DraftChange
from .dossiers import Dossier
from .evidence import Evidence, EvidenceLink
from .returns import ReturnItem
from .rounds import Inspection, InspectionRound, RoundUnit, TeamMember
from .visits import AgreedDeadline, SignedMinutes, VisitChange, VisitFinding, VisitSheet

__all__ = [
    "AgreedDeadline",
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
    "SignedMinutes",
    "TeamMember",
    "VisitChange",
    "VisitFinding",
    "VisitSheet",
]
