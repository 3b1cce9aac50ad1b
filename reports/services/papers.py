"""What is stored when a notice is issued: its frozen facts and its files, made from the facts alone."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from communes import clock, journal
from inspections.models import Dossier

from .. import checks, renderer, verification
from ..compose import LAYOUT, Composition, page_of
from ..content import Facts, NoticeContent
from ..models import IssuedDocument
from ..workflow import Incomplete, Refused

Rendition = IssuedDocument.Rendition
Moment = tuple[int, date]
SUFFIXES = {Rendition.DOCX: ".docx"}


@dataclass(frozen=True, slots=True)
class Signed:
    """A notice signed before its issue. final: with every signature; blank: without number and day, where so signed."""

    final: bytes
    blank: bytes | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A notice as it is issued with one number and date: what it says, from what, and every file of it.

    dated: number and date; read_at: the moment before its text and figures were read.
    """

    dated: tuple[int, date]
    read_at: Moment
    content: NoticeContent
    facts: Facts
    files: dict[Rendition, bytes]

    @property
    def sha256(self) -> dict[Rendition, str]:
        return {rendition: hashlib.sha256(data).hexdigest() for rendition, data in self.files.items()}


def moment() -> Moment:
    """(events in the journal, today): as long as both are the same, so is what a notice tells of its round."""
    return journal.length(), clock.today()


def facts_of(composition: Composition, number: int, on: date) -> Facts:
    """What a notice with this number and date is made from."""
    return Facts(data_of(composition, composition.content(number=number, on=on, is_draft=False)))


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
    """A paper whose files are being made, within the `with`, from its content alone; leaving it gives them up.

    Both are made at once, in other processes: the caller has other work meanwhile. Raises Incomplete where the code
    that is to be printed has no address, Refused where nothing can be printed.
    """

    def __init__(self, composition: Composition, number: int, on: date, signed: Signed | None = None) -> None:
        read_at, facts = moment(), None
        printed = content = composition.content(number=number, on=on, is_draft=False)
        if composition.notice.prints_code:
            facts = Facts(data_of(composition, content))
            printed = replace(content, verification=_code(facts))
        self._composition, self._content, self._printed = composition, content, printed
        self._dated, self._read_at, self._facts, self._signed = (number, on), read_at, facts, signed

    def __enter__(self) -> Self:
        try:
            self._pages = renderer.begin(page_of(self._printed), LAYOUT)
            self._word = renderer.begin_docx(self._printed)
        except renderer.RenderError as error:
            raise Refused(str(error)) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._pages.drop()
        self._word.drop()

    def paper(self) -> Paper:
        """Raises Refused when it cannot be printed."""
        facts = self._facts or Facts(data_of(self._composition, self._content))
        try:
            files = _files(self._pages.result(), self._word.result(), self._signed)
        except renderer.RenderError as error:
            raise Refused(str(error)) from error
        return Paper(self._dated, self._read_at, self._printed, facts, files)


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
