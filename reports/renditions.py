"""A notice as a file: which bytes are handed out as PDF, DOCX, HTML or JSON, for commands, pages and the API alike.

Of an issued notice these are the stored files and the frozen facts, never anything computed today; of any other the
present text as a marked draft.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string

from . import content, renderer, verification
from .compose import LAYOUT, Composition, page_of
from .content import Facts, NoticeContent
from .models import IssuedDocument, Notice
from .services import papers

Rendition = IssuedDocument.Rendition
CONTENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}
FORMATS = tuple(CONTENT_TYPES)
JSON_SCHEMA = "ntm-notice-1"


@dataclass(frozen=True, slots=True)
class File:
    """name: as people find it in their folder of downloads, "thong-bao-08-TB-ĐKT.pdf".

    stored: the document that holds the bytes; None where `data` was made for this one time.
    """

    name: str
    content_type: str
    data: bytes = b""
    stored: IssuedDocument | None = None

    def read(self) -> bytes:
        if self.stored is None:
            return self.data
        with self.stored.file.open("rb") as file:
            data: bytes = file.read()
        return data


def of(notice: Notice, wanted: str, *, attach_data: bool = False) -> File:
    """A notice in one of FORMATS.

    attach_data: a PDF made anew, PDF/A-3a with the facts in it as JSON; of an issued notice it says the same as the
    issued file, but is not that file. Raises KeyError for another format, RenderError where it cannot be printed.
    """
    source = Source(notice)
    name, content_type = f"{name_of(notice)}.{wanted}", CONTENT_TYPES[wanted]
    stored = None if attach_data else source.stored(wanted)
    if stored:
        return File(name, content_type, stored=stored)
    if wanted == "pdf":
        return File(name, content_type, source.pdf(data=source.facts.text if attach_data else None))
    makers = {"docx": source.docx, "html": source.html, "json": source.json}
    return File(name, content_type, makers[wanted]())


def name_of(notice: Notice) -> str:
    """Without an ending: "thong-bao-08-TB-ĐKT", or "thong-bao-du-thao" while it has not been issued."""
    return f"{notice.kind_code}-{notice.code.replace('/', '-')}" if notice.is_public else f"{notice.kind_code}-du-thao"


@dataclass
class Source:
    """What a notice says, read once: as it was frozen at its issue, or as it stands now."""

    notice: Notice

    @cached_property
    def final(self) -> IssuedDocument | None:
        """The document of an issued notice that keeps its facts."""
        return self._document(Rendition.FINAL)

    @cached_property
    def _composition(self) -> Composition:
        return Composition(self.notice)

    @cached_property
    def content(self) -> NoticeContent:
        if self.final is None:
            return self._composition.content()
        frozen = content.from_facts(self.final.printed_facts)
        address = verification.address() if self.notice.prints_code else ""
        code = verification.code_for(address, self.final.facts_sha256) if address else None
        return replace(frozen, verification=code)

    @cached_property
    def facts(self) -> Facts:
        if self.final is None:
            return Facts(papers.data_of(self._composition, self.content))
        return Facts(self.final.facts or {})

    def stored(self, wanted: str) -> IssuedDocument | None:
        """The file that was made at the issue, where there is one in this format."""
        if wanted == "pdf":
            return self.final
        return self._document(Rendition.DOCX) if wanted == "docx" else None

    def _document(self, rendition: Rendition) -> IssuedDocument | None:
        return self.notice.documents.filter(rendition=rendition).first() if self.notice.is_public else None

    def pdf(self, *, data: str | None = None) -> bytes:
        layout = self.final.template_version if self.final else LAYOUT
        return renderer.render(page_of(self.content, layout), layout, data=data)

    def docx(self) -> bytes:
        return renderer.to_docx(self.content)

    def html(self) -> bytes:
        """One file that loads nothing: readable on a phone, printable, and saying itself what it is worth."""
        context = {
            "content": self.content,
            "replaced_by": str(self.notice.replaced_by or ""),
            "is_superseded": self.notice.status == Notice.Status.SUPERSEDED,
            "facts_sha256": self.final.facts_sha256 if self.final else "",
        }
        return render_to_string("reports/html/notice.html", context).encode()

    def json(self) -> bytes:
        """The facts of the notice as canonical JSON: keys sorted, no spaces, letters as they are, in UTF-8.

        schema          "ntm-notice-1"
        id              public id of the notice, as in its public address
        status          draft, approved, issued or superseded
        is_draft        false once issued: then the facts are frozen
        facts           content: everything printed, in the order of reading; figures: {token: value, formula, the units
                        in it}; sets: code and version of each criteria set; dossiers: [id, hash of its frozen facts];
                        left_out: {unit: reason}; round: its code
        facts_sha256    SHA-256 of the facts written the same way; of an issued notice its public page shows it
        """
        data: dict[str, Any] = {
            "schema": JSON_SCHEMA,
            "id": str(self.notice.public_id),
            "status": self.notice.status,
            "is_draft": self.final is None,
            "facts": self.facts.data,
            "facts_sha256": self.final.facts_sha256 if self.final else self.facts.sha256,
        }
        return content.canonical_json(data).encode()
