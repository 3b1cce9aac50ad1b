"""Rounds, teams, dossiers, assessments with their three judgements, conclusions, evidence, returns."""

from .assessments import Assessment, CriterionConclusion, DraftChange
from .dossiers import Dossier
from .evidence import Evidence, EvidenceLink
from .offline import Delivery, DeviceKey
from .returns import ReturnItem
from .rounds import Inspection, InspectionRound, RoundUnit, TeamMember
from .uploads import Upload

__all__ = [
    "Assessment",
    "CriterionConclusion",
    "Delivery",
    "DeviceKey",
    "Dossier",
    "DraftChange",
    "Evidence",
    "EvidenceLink",
    "Inspection",
    "InspectionRound",
    "ReturnItem",
    "RoundUnit",
    "TeamMember",
    "Upload",
]
