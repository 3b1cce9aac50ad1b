"""Rounds, teams, dossiers, assessments with their three judgements, conclusions, evidence, returns."""

from .assessments import Assessment, CriterionConclusion, DraftChange
from .dossiers import Dossier
from .evidence import Evidence, EvidenceCheck, EvidenceLink
from .replies import Reply
from .returns import ReturnItem, ReturnTurn
from .rounds import Inspection, InspectionRound, RoundUnit, TeamMember

__all__ = [
    "Assessment",
    "CriterionConclusion",
    "Dossier",
    "DraftChange",
    "Evidence",
    "EvidenceCheck",
    "EvidenceLink",
    "Inspection",
    "InspectionRound",
    "Reply",
    "ReturnItem",
    "ReturnTurn",
    "RoundUnit",
    "TeamMember",
]
