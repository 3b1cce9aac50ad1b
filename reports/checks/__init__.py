"""What stands in the way of approving or issuing a notice: each finding names the place, the words and the way out.

One module for each family of checks, pure over `Material`; `reading` alone asks the database.

    parts        open dossiers, unknown figures, missing parts, empty sections, signs that cannot be printed
    lists        units with results: twice, missing, unknown, other results, sums
    means        the units of a mean, "còn lại"
    counts       how many units were inspected, passed, have a result
    typed        numbers, days and document numbers typed although data states them
    names        units, places, agencies, people
    structure    numbers of sections, repeated sentences, addressees
    words        spelling, capitals and programme terms (words.toml)
    typography   spaces, stops, quotation marks, "./."
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.urls import reverse

from communes.notation import minute

from ..compose import Composition
from ..models import AcceptedFinding, Notice
from . import counts, lists, means, names, parts, structure, typed, typography, words
from .finding import Finding, Spot
from .known import Known
from .passages import Material
from .reading import material_of

__all__ = ["Finding", "Material", "Spot", "accepted_facts", "examine", "findings", "open_findings"]

GROUPS = ("blocking", "open", "accepted")


def findings(composition: Composition) -> list[Finding]:
    """Everything that was found, with the reasons given so far: what blocks, what is open, what is accepted.

    In each of these in the order of checking; empty when all is well.
    """
    notice = composition.notice
    accepted = {row.key: row for row in notice.accepted_findings.select_related("accepted_by")}
    found = [_on_page(one, notice, accepted.get(one.key)) for one in examine(material_of(composition))]
    return sorted(found, key=lambda one: GROUPS.index(one.group))


def _on_page(one: Finding, notice: Notice, row: AcceptedFinding | None) -> Finding:
    """The finding with its addresses, and with the reason for which it was accepted."""
    accept_url = "" if one.is_blocking else reverse("reports:finding", args=[notice.public_id, one.key])
    placed = replace(one, edit_url=_edit_url(notice, one), accept_url=accept_url)
    return placed.with_acceptance(row.reason, f"{row.accepted_by}, {minute(row.accepted_at)}") if row else placed


def open_findings(found: Iterable[Finding]) -> list[Finding]:
    """Those that forbid approval and issue: blocking ones, and others without a reason."""
    return [one for one in found if one.is_open]


def accepted_facts(notice: Notice) -> list[dict[str, Any]]:
    """The findings that were accepted, for the frozen facts of the issued notice."""
    rows = notice.accepted_findings.select_related("accepted_by")
    return [
        {
            "place": row.place,
            "message": row.message,
            "reason": row.reason,
            "by": str(row.accepted_by),
            "at": row.accepted_at.isoformat(),
        }
        for row in rows
    ]


def examine(material: Material) -> list[Finding]:
    """All findings of a text: pure, the same for the same text and figures. One finding for each key."""
    return list({one.key: one for one in reversed(typed.without_covered(list(_all(material))))}.values())[::-1]


def _all(material: Material) -> Iterator[Finding]:
    known = Known(material.facts)
    yield from parts.found(material)
    yield from lists.found(material, known)
    yield from means.found(material, known)
    yield from counts.found(material, known)
    yield from typed.found(material, known)
    yield from names.found(material)
    yield from structure.found(material)
    yield from words.found(material)
    yield from typography.found(material)


def _edit_url(notice: Notice, one: Finding) -> str:
    """The part in the composer with the words to select; the round for its dossiers; else the letterhead."""
    spot = one.spot
    if one.code in parts.OF_ROUND:
        return reverse("inspections:round-detail", args=[notice.round.code])
    if spot.section_pk is None:
        return reverse("reports:notice-details", args=[notice.public_id]) + (f"#{spot.target}" if spot.target else "")
    query = f"?phan={spot.section_pk}&tim={spot.offset}-{spot.end}&o={spot.target}"
    return f"{reverse('reports:notice-edit', args=[notice.public_id])}{query}#{spot.target}"
