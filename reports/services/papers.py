"""What is stored when a notice is issued: its frozen facts and its files, made from the facts alone."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from communes import journal
from inspections.models import Dossier

from .. import checks, renderer, verification
from ..compose import LAYOUT, Composition, page_of
from ..content import Facts, NoticeContent
from ..models import IssuedDocument
from ..workflow import Incomplete, Refused

Rendition = IssuedDocument.Rendition
SUFFIXES = {Rendition.DOCX: ".docx"}


@dataclass(frozen=True, slots=True)
class Signed:
    """A notice signed before its issue. final: with every signature; blank: without number and day, where so signed."""

    final: bytes
    blank: bytes | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A notice as it is issued with one number and date: what it says, from what, and every file of it.

    journal_length: how many events the journal had before anything of it was read.
    """

    number: int
    on: date
    journal_length: int
    content: NoticeContent
    facts: Facts
    files: dict[Rendition, bytes]

    @property
    def sha256(self) -> dict[Rendition, str]:
        return {rendition: hashlib.sha256(data).hexdigest() for rendition, data in self.files.items()}


def facts_of(composition: Composition, number: int, on: date) -> tuple[NoticeContent, Facts]:
    """What is printed with this number and date, and what it is made from."""
    content = composition.content(number=number, on=on, is_draft=False)
    return content, Facts(data_of(composition, content))


def data_of(composition: Composition, content: NoticeContent) -> dict[str, Any]:
    """What a notice is made from: words, figures with their units, set versions, accepted findings, frozen dossiers."""
    return {
        "round": composition.notice.round.code,
        "content": content.as_facts(),
        "figures": {token: figure.as_facts() for token, figure in composition.figures.items()},
        "sets": [{"code": info.code, "version": info.version} for info in composition.facts.sets],
        "accepted": checks.accepted_facts(composition.notice),
        **stand_of(composition),
    }


def stand_of(composition: Composition) -> dict[str, Any]:
    """The dossiers that the notice counts, each with the hash of its frozen facts, and the units left out by name."""
    facts = composition.facts
    frozen = Dossier.objects.filter(pk__in=[row.dossier_id for row in facts.rows]).order_by("pk")
    return {
        "dossiers": [list(row) for row in frozen.values_list("pk", "frozen_hash")],
        "left_out": dict(facts.left_out),
    }


class Printing:
    """A paper while its files are being made from its content alone; to leave the `with` without it gives it up.

    Both are made at once, in other processes: the caller has other work meanwhile. Raises Incomplete where the code
    that is to be printed has no address.
    """

    def __init__(self, composition: Composition, number: int, on: date, signed: Signed | None = None) -> None:
        length, facts = journal.length(), None
        printed = content = composition.content(number=number, on=on, is_draft=False)
        if composition.notice.prints_code:
            facts = Facts(data_of(composition, content))
            printed = replace(content, verification=_code(facts))
        self._pages = renderer.begin(page_of(printed), LAYOUT)
        self._word = renderer.begin_docx(printed)
        self._told = number, on, length, printed, facts or Facts(data_of(composition, content))
        self._signed = signed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pages.drop()
        self._word.drop()

    def paper(self) -> Paper:
        """Raises Refused when it cannot be printed."""
        try:
            printed, word = self._pages.result(), self._word.result()
        except renderer.RenderError as error:
            raise Refused(str(error)) from error
        return Paper(*self._told, _files(printed, word, self._signed))


def _files(printed: bytes, word: bytes, signed: Signed | None) -> dict[Rendition, bytes]:
    """The official file first. What was signed is official as it is; the unsigned print stays beside it for readers."""
    files = {Rendition.FINAL: signed.final if signed else printed}
    if signed:
        files[Rendition.ACCESSIBLE] = printed
        if signed.blank:
            files[Rendition.SIGNED_BLANK] = signed.blank
    return {**files, Rendition.DOCX: word}


def _code(facts: Facts) -> Any:
    address = verification.address()
    if not address:
        raise Incomplete(
            "Chưa in được mã xác minh vì cổng chưa có địa chỉ công khai (PUBLIC_BASE_URL): "
            "đề nghị quản trị hệ thống đặt địa chỉ, hoặc gửi lại thông báo để bỏ mã."
        )
    return verification.code_for(address, facts.sha256)
