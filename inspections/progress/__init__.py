"""Read-only summaries: figures' rows, the matrix of a round, whose turn it is. Nothing here writes."""

from .agencies import IndicatorStandings, standings_of
from .earlier import EarlierRound, earlier_rounds
from .lines import DossierLine, Tally, dossiers_for, entered
from .matrix import Cell, Matrix, MatrixRow, SetTab, matrix, set_tabs
from .rows import live_rows, live_rows_of, unit_rows
from .tasks import Task, tasks_for, urgency

__all__ = [
    "Cell",
    "DossierLine",
    "EarlierRound",
    "IndicatorStandings",
    "Matrix",
    "MatrixRow",
    "SetTab",
    "Tally",
    "Task",
    "dossiers_for",
    "earlier_rounds",
    "entered",
    "live_rows",
    "live_rows_of",
    "matrix",
    "set_tabs",
    "standings_of",
    "tasks_for",
    "unit_rows",
    "urgency",
]
