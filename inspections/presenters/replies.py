"""Explanations of the commune beside the conclusions they are about, with the team's final word."""

from collections.abc import Iterable

from ..models import CriterionConclusion, Dossier, Reply
from .sight import Sight


def replies_of(conclusions: Iterable[CriterionConclusion]) -> dict[int, list[Reply]]:
    """{conclusion id: its replies with their proof, the oldest first}: one query, and one more where there are any."""
    known = {row.pk: row for row in conclusions}
    found: dict[int, list[Reply]] = {}
    rows = Reply.objects.filter(conclusion__in=known).select_related("replied_by", "responded_by")
    for reply in rows.prefetch_related("evidence"):
        reply.conclusion = known[reply.conclusion_id]
        found.setdefault(reply.conclusion_id, []).append(reply)
    return found


def shows_final_word(dossier: Dossier, sight: Sight) -> bool:
    """The commune reads it when the dossier is concluded, the team at once."""
    return not sight.is_commune or dossier.status == Dossier.Status.CONCLUDED
