"""Pages of the criteria sets: reading and moving whole sets, and writing drafts."""

from .drafts import (
    criterion_add,
    criterion_edit,
    criterion_remove,
    indicator_add,
    indicator_agencies,
    indicator_edit,
    indicator_remove,
)
from .sets import (
    set_copy,
    set_create,
    set_detail,
    set_edit,
    set_list,
    set_publish,
    set_retire,
    threshold_confirm,
)

__all__ = [
    "criterion_add",
    "criterion_edit",
    "criterion_remove",
    "indicator_add",
    "indicator_agencies",
    "indicator_edit",
    "indicator_remove",
    "set_copy",
    "set_create",
    "set_detail",
    "set_edit",
    "set_list",
    "set_publish",
    "set_retire",
    "threshold_confirm",
]
