"""What was approved, kept word for word, so that what changed afterwards can be shown."""

from dataclasses import replace

from communes import clock
from communes.models import User

from ..compose import Composition
from ..content import Facts
from ..models import ApprovedText


def keep(composition: Composition, *, by: User) -> ApprovedText:
    """Keep the text of this moment with its figures; part of the approval's own transaction."""
    printed = Facts(replace(composition.undated, is_draft=False).as_facts())
    figures = {
        token: {**figure.as_facts(), "label": figure.label, "group": figure.group}
        for token, figure in composition.figures.items()
    }
    return ApprovedText.objects.create(
        notice=composition.notice,
        facts={"content": printed.data, "figures": figures},
        sha256=printed.sha256,
        approved_by=by,
        approved_at=composition.notice.approved_at or clock.now(),
    )
