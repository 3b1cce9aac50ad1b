"""Read-only summaries: figures' rows, the matrix of a round, whose turn it is. Nothing here writes."""

from .lines import DossierLine, Tally, dossiers_for, entered
from .matrix import Cell, Matrix, MatrixRow, SetTab, matrix, set_tabs
from .rows import live_rows, unit_rows
from .tasks import Task, tasks_for

__all__ = [
    "Cell",
    "DossierLine",
    "Matrix",
    "MatrixRow",
    "SetTab",
    "Tally",
    "Task",
    "dossiers_for",
    "entered",
    "live_rows",
    "matrix",
    "set_tabs",
    "tasks_for",
    "unit_rows",
]
