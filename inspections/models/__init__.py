"""Rounds, teams, dossiers, assessments with their three judgements, conclusions, evidence, returns, the desk."""

from .assessments import Assessment, CriterionConclusion, DraftChange
from .desk import Look, Phrase
from .dossiers import Dossier
from .evidence import Evidence, EvidenceCheck, EvidenceLink
from .offline import Delivery, DeviceKey
from .replies import Reply
from .results import ResultsUpload
from .returns import ReturnItem, ReturnTurn
from .rounds import Inspection, InspectionRound, RoundUnit, TeamMember
from .uploads import Upload
from .visits import AgreedDeadline, SignedMinutes, VisitChange, VisitFinding, VisitSheet
from .workbooks import WorkbookUpload

__all__ = [
    "AgreedDeadline",
    "Assessment",
    "CriterionConclusion",
    "Delivery",
    "DeviceKey",
    "Dossier",
    "DraftChange",
    "Evidence",
    "EvidenceCheck",
    "EvidenceLink",
    "Inspection",
    "InspectionRound",
    "Look",
    "Phrase",
    "Reply",
    "ResultsUpload",
    "ReturnItem",
    "ReturnTurn",
    "RoundUnit",
    "SignedMinutes",
    "TeamMember",
    "Upload",
    "VisitChange",
    "VisitFinding",
    "VisitSheet",
    "WorkbookUpload",
]
