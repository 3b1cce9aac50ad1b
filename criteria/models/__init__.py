"""Criteria sets and what they are made of, one module per noun."""

from .indicators import Indicator, IndicatorPart
from .requirements import AgencyAssignment, EvidenceRequirement
from .sets import CriteriaSet, Criterion, Provenance
from .thresholds import Threshold, ThresholdConfirmation

__all__ = [
    "AgencyAssignment",
    "CriteriaSet",
    "Criterion",
    "EvidenceRequirement",
    "Indicator",
    "IndicatorPart",
    "Provenance",
    "Threshold",
    "ThresholdConfirmation",
]
