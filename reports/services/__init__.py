"""What people do with notices: one function for each act that means something."""

from .binding import bind_report, may_become_report
from .drafting import (
    Conflict,
    add_section,
    create_notice,
    draft_again,
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
    "add_section",
    "approve_notice",
    "bind_report",
    "create_notice",
    "draft_again",
    "issue_notice",
    "may_become_report",
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
]
