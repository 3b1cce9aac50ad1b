"""Whether a copy is one of ours: a file's hash or a printed code looked up among the issued documents."""

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from criteria.models import CriteriaSet

from . import content
from .content import NoticeContent
from .models import IssuedDocument, Notice
from .verification import LONGEST_CODE

Rendition = IssuedDocument.Rendition
# What issuing makes public; a file signed before the number was given is ours but not the issued one.
PUBLISHED = (Rendition.FINAL, Rendition.SIGNED, Rendition.ACCESSIBLE, Rendition.DOCX)
# A count, a mean or a share; a bare number of four digits is a year, for counts from 1.000 on have a point.
RESULT = re.compile(r"(?!\d{4}$)\d[\d.,]*(?:/\d+)?")
MOST_FIGURES = 12


@dataclass(frozen=True)
class Found:
    """A document of ours. file: the stored file that it is, None where only the code of the facts was compared."""

    notice: Notice
    file: IssuedDocument | None
    facts: dict[str, Any]
    content: NoticeContent
    facts_sha256: str

    @property
    def is_published(self) -> bool:
        return self.file is None or self.file.rendition in PUBLISHED

    @property
    def has_page(self) -> bool:
        """Whether the notice stands on the public pages; minutes and reports do not."""
        return self.notice.is_published

    @property
    def replaced_by(self) -> Notice | None:
        return self.notice.replaced_by

    @property
    def figures(self) -> list[tuple[str, str]]:
        """(what, value as printed) of counts, means and shares that the text states, in the order of the text."""
        names = _set_names(self.facts)
        stated = ((name, figure["value"]) for name, figure in self.facts.get("figures", {}).items())
        return [(_label(name, names), value) for name, value in stated if RESULT.fullmatch(value)][:MOST_FIGURES]


def _set_names(facts: dict[str, Any]) -> dict[str, str]:
    """{code: name} of the sets that the notice tells of, in the versions it was made from."""
    wanted = Q()
    for row in facts.get("sets", []):
        wanted |= Q(code=row["code"], version=row["version"])
    return dict(CriteriaSet.objects.filter(wanted).values_list("code", "short_name")) if wanted else {}


def _label(name: str, sets: dict[str, str]) -> str:
    """ "bình quân xa-ntm" → "Bình quân, Xã NTM 2021-2025"."""
    words, _, code = name.rpartition(" ")
    label = f"{words}, {sets[code]}" if code in sets else name
    return label[:1].upper() + label[1:]


def find(code: str) -> Found | None:
    """The issued document whose file or facts have this hash; a code shorter than a hash is the beginning of one.

    code: from `verification.read_code`. Nothing of a notice that is not issued is ever found.
    """
    issued = IssuedDocument.objects.filter(notice__status__in=Notice.Status.public()).select_related(
        *("notice__authority", "notice__round__brought__brought_by", "notice__superseded_by")
    )
    if len(code) == LONGEST_CODE:
        file = issued.defer("facts").filter(sha256=code).order_by("pk").first()
        if file:
            return _found(file.notice, file)
    # A range and not LIKE, so that the index serves on both databases.
    by_facts = issued.filter(rendition=Rendition.FINAL, facts_sha256__gte=code, facts_sha256__lt=f"{code}g")
    final = by_facts.order_by("pk").first()
    return _found(final.notice, None) if final else None


def _found(notice: Notice, file: IssuedDocument | None) -> Found:
    """With the facts, which only the final rendition keeps."""
    final = notice.documents.get(rendition=Rendition.FINAL)
    printed = content.from_facts(final.printed_facts)
    return Found(notice, file, final.facts or {}, printed, final.facts_sha256)
