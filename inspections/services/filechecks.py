"""Looking into the files of a dossier before it is handed in: a bounded number at a time, each file once."""

import re
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from communes import clock
from communes.models import Commune, User
from communes.permissions import Permission
from communes.text import fold

from .. import filechecks, workflow
from ..models import Dossier, Evidence, EvidenceCheck
from ..workflow import NotAllowed

# Raised when the checks change: what was found by older rules is looked for again.
RULES = 1
MOST_FILES = 8
SECONDS = 15.0
YEARS = re.compile(r"\b(19[89]\d|20\d\d)\b")
NOT_OPENED = (Evidence.Scan.PENDING, Evidence.Scan.INFECTED)


def checkable(dossier: Dossier) -> QuerySet[Evidence]:
    """The files of a dossier that can be looked into: PDF and pictures, none that is kept aside."""
    used = Evidence.objects.filter(links__assessment__dossier=dossier).exclude(scan__in=NOT_OPENED).distinct()
    return used.filter(content_type="application/pdf") | used.filter(content_type__startswith="image/")


def unchecked(dossier: Dossier) -> QuerySet[Evidence]:
    return checkable(dossier).exclude(check_row__rules=RULES)


def check_files(dossier: Dossier, *, by: User) -> int:
    """Look into the next files of a dossier, as many as one request has time for; returns how many.

    What is found is kept with the file and blocks nothing.
    """
    if not by.has(Permission.DOSSIER_EDIT) or not workflow.edits(dossier, by):
        raise NotAllowed("Chỉ công chức của xã này được kiểm tra tệp của hồ sơ.")
    until, done = time.monotonic() + SECONDS, 0
    names = names_near(dossier.commune)
    for evidence in unchecked(dossier).order_by("pk")[:MOST_FILES]:
        found = _found(evidence, names, dossier.commune)
        EvidenceCheck.objects.update_or_create(
            evidence=evidence, defaults={"rules": RULES, "checked_at": clock.now(), "found": found}
        )
        done += 1
        if time.monotonic() > until:
            break
    return done


def names_near(commune: Commune) -> dict[str, str]:
    """{folded name: name} of the communes of the same authority but this one: one query.

    Names that differ from its own only in diacritics are left out: a scan's text layer often lacks them.
    """
    own = fold(commune.title)
    others = Commune.objects.filter(authority=commune.authority_id).exclude(pk=commune.pk)
    return {key: item.title for item in others if (key := fold(item.title)) != own}


def _found(evidence: Evidence, names: dict[str, str], commune: Commune) -> dict[str, Any]:
    try:
        with evidence.file.open("rb") as stream:
            looked = filechecks.look(stream.read(), evidence.content_type)
    except (filechecks.Unreadable, OSError):
        return {"problem": "Không mở được tệp để kiểm tra."}
    text = fold(looked.text)
    own = fold(commune.title)
    counts = mentions(text, [own, *names])
    return {
        "pages": looked.pages,
        "blank": looked.blank,
        "sideways": looked.sideways,
        "poor": looked.poor,
        "signatures": looked.signatures,
        "years": dict(Counter(YEARS.findall(text))),
        "others": {names[key]: times for key, times in counts.items() if key != own},
        "own": counts.get(own, 0),
    }


def mentions(text: str, names: Iterable[str]) -> Counter[str]:
    """How often each folded name stands in a folded text; of "xa nam" and "xa nam can" the longer one counts."""
    wanted = sorted(set(names), key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, wanted))})\b")
    return Counter(pattern.findall(text))
