"""Rounds, teams, dossiers, assessments with their three judgements, conclusions, evidence, returns, the desk."""

from .assessments import Assessment, CriterionConclusion, DraftChange
from .desk import Look, Phrase
from .dossiers import Dossier
from .evidence import Evidence, EvidenceLink
from .returns import ReturnItem
from .rounds import Inspection, InspectionRound, RoundUnit, TeamMember

__all__ = [
    "Assessment",
    "CriterionConclusion",
    "Dossier",
    "DraftChange",
    "Evidence",
    "EvidenceLink",
    "Inspection",
    "InspectionRound",
    "Look",
    "Phrase",
    "ReturnItem",
    "RoundUnit",
    "TeamMember",
]
