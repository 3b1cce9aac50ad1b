"""The results of past rounds as a workbook: `plan_results` reads and tells, `take_results` does what was told.

sheets.py reads the cells, units.py finds what their codes mean, plan.py puts both beside what the round holds.
"""

from .plan import Order, Plan, plan_results, refusals_of
from .sheets import FIRST_CRITERION, HEADINGS, MARK_OF, MARKS, Fault
from .take import confirm_results, keep_results, order_of, take_results

__all__ = [
    "FIRST_CRITERION",
    "HEADINGS",
    "MARKS",
    "MARK_OF",
    "Fault",
    "Order",
    "Plan",
    "confirm_results",
    "keep_results",
    "order_of",
    "plan_results",
    "refusals_of",
    "take_results",
]
