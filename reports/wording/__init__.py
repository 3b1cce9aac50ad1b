"""Figures in words: readable tokens in a text, each bound to a figure of the round. Pure; nothing here queries.

A token is written in braces: "Bình quân các xã đạt {bình quân xa-ntm} tiêu chí/xã". It is a name, and for a
figure of one criteria set the set's code after it. Case and repeated spaces do not matter. What is not in the
palette is no token: it is reported, never printed. Counts and means come from `inspections.figures`; here they
are only worded, with what they were made of beside them. A figure may be a table, printed where its token stands
alone on a line.
"""

from .facts import (
    Agreed,
    Charge,
    Cited,
    DossierFacts,
    Earlier,
    FollowUp,
    Handling,
    InspectionFacts,
    Noted,
    Person,
    Question,
    Reason,
    RoundFacts,
    SetInfo,
    Verdict,
)
from .palette import REPLACED, failed_by_agency, noun_of, palette_of
from .tokens import (
    MISSING,
    TOKEN,
    Figure,
    Grid,
    Palette,
    Piece,
    fill,
    is_told,
    key_of,
    problems,
    resolve,
    table_of,
    used,
)
from .words import BY_REPORT, HARDEST_NAMED, ON_SITE, hardest, names, plain, progress, result, results

__all__ = [
    "BY_REPORT",
    "HARDEST_NAMED",
    "MISSING",
    "ON_SITE",
    "REPLACED",
    "TOKEN",
    "Agreed",
    "Charge",
    "Cited",
    "DossierFacts",
    "Earlier",
    "Figure",
    "FollowUp",
    "Grid",
    "Handling",
    "InspectionFacts",
    "Noted",
    "Palette",
    "Person",
    "Piece",
    "Question",
    "Reason",
    "RoundFacts",
    "SetInfo",
    "Verdict",
    "failed_by_agency",
    "fill",
    "hardest",
    "is_told",
    "key_of",
    "names",
    "noun_of",
    "palette_of",
    "plain",
    "problems",
    "progress",
    "resolve",
    "result",
    "results",
    "table_of",
    "used",
]
