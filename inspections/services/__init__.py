"""What people do: one function for each act that means something, used by pages, commands and the API alike."""

from .decision import approve, make_provisional, reopen, take_up_reply
from .entry import Conflict, answer_item, recall, reply, save_assessment, submit
from .review import (
    NewItem,
    conclude_criterion,
    conclude_indicator,
    give_opinion,
    return_items,
    settle_item,
    withdraw_item,
)
from .rounds import (
    add_member,
    add_unit,
    cancel_round,
    close_round,
    create_round,
    extend_unit,
    leave_out,
    lock_dossiers,
    open_round,
    update_round,
)

__all__ = [
    "Conflict",
    "NewItem",
    "add_member",
    "add_unit",
    "answer_item",
    "approve",
    "cancel_round",
    "close_round",
    "conclude_criterion",
    "conclude_indicator",
    "create_round",
    "extend_unit",
    "give_opinion",
    "leave_out",
    "lock_dossiers",
    "make_provisional",
    "open_round",
    "recall",
    "reopen",
    "reply",
    "return_items",
    "save_assessment",
    "settle_item",
    "submit",
    "take_up_reply",
    "update_round",
    "withdraw_item",
]
