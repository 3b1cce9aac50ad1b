"""What people do with notices: one function for each act that means something."""

from .accepting import accept_finding, may_accept, withdraw_acceptance
from .drafting import (
    Conflict,
    add_section,
    create_notice,
    move_section,
    recommendations_seen,
    remove_section,
    replace_text,
    save_details,
    save_recipients,
    save_recommendations,
    save_section,
)
from .issuing import approve_notice, issue_notice, next_number, send_back

__all__ = [
    "Conflict",
    "accept_finding",
    "add_section",
    "approve_notice",
    "create_notice",
    "issue_notice",
    "may_accept",
    "move_section",
    "next_number",
    "recommendations_seen",
    "remove_section",
    "replace_text",
    "save_details",
    "save_recipients",
    "save_recommendations",
    "save_section",
    "send_back",
    "withdraw_acceptance",
]
