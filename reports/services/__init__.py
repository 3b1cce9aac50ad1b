"""What people do with notices: one function for each act that means something."""

from .accepting import accept_finding, may_accept, withdraw_acceptance
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
from .issuing import approve_notice, approved_digest, issue_notice, lacks, send_back, unfit
from .library import add_recommendations, keep_text, rename_text, use_text, withdraw_text
from .numbering import Series, assign_number, next_number, series_of
from .replacing import abandon_replacement, start_replacement

__all__ = [
    "Conflict",
    "Series",
    "abandon_replacement",
    "accept_finding",
    "add_recommendations",
    "add_section",
    "approve_notice",
    "approved_digest",
    "assign_number",
    "bind_report",
    "create_notice",
    "draft_again",
    "issue_notice",
    "keep_text",
    "lacks",
    "may_accept",
    "may_become_report",
    "move_section",
    "next_number",
    "recommendations_seen",
    "remove_section",
    "rename_text",
    "replace_text",
    "save_details",
    "save_recipients",
    "save_recommendations",
    "save_section",
    "send_back",
    "series_of",
    "start_replacement",
    "unfit",
    "use_text",
    "withdraw_acceptance",
    "withdraw_text",
]
