"""A notice as a file: which bytes are handed out as PDF, DOCX, HTML or JSON, for commands, pages and the API alike.

Of an issued notice these are the stored files and the frozen facts, never anything computed today; of any other the
present text as a marked draft.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.template.loader import render_to_string

from . import content, renderer
from .compose import LAYOUT, Composition
from .content import Facts, NoticeContent
from .docx import to_docx
from .models import IssuedDocument, Notice

Rendition = IssuedDocument.Rendition
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
CONTENT_TYPES = {
    "pdf": "application/pdf",
    "docx": DOCX_TYPE,
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}
FORMATS = tuple(CONTENT_TYPES)


@dataclass(frozen=True, slots=True)
class File:
    """name: as people find it in their folder of downloads, "thong-bao-08-TB-ĐKT.pdf"."""

    data: bytes
    content_type: str
    name: str


def of(notice: Notice, wanted: str, *, attach_data: bool = False) -> File:
    """A notice in one of FORMATS. attach_data: a PDF made anew with the facts in it, as PDF/A-3a.

    Raises KeyError for another format, renderer.RenderError where it cannot be printed.
    """
    document = issued(notice)
    data = _with_data(notice, document) if wanted == "pdf" and attach_data else MAKERS[wanted](notice, document)
    return File(data, CONTENT_TYPES[wanted], f"{name_of(notice)}.{wanted}")


def name_of(notice: Notice) -> str:
    """Without an ending: "thong-bao-08-TB-ĐKT", or "thong-bao-du-thao" while it has not been issued."""
    return f"{notice.kind_code}-{notice.code.replace('/', '-')}" if notice.is_public else f"{notice.kind_code}-du-thao"


def quoted(name: str) -> str:
    """A file's name for a header, as RFC 5987 writes letters outside ASCII."""
    return quote(name, safe="")


def issued(notice: Notice) -> IssuedDocument | None:
    """The final document of an issued notice, which keeps its facts."""
    return notice.documents.filter(rendition=Rendition.FINAL).first() if notice.is_public else None


def content_of(notice: Notice, document: IssuedDocument | None) -> NoticeContent:
    """What the notice says: as it was frozen, or as it stands now."""
    return content.from_facts(document.printed_facts) if document else Composition(notice).content()


def page(made: NoticeContent) -> str:
    """The HTML that is printed."""
    return render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": made})


def facts_of(notice: Notice, document: IssuedDocument | None) -> dict[str, Any]:
    """What stands in the JSON rendition.

    notice: public id; status; is_draft; facts: for an issued notice all that was frozen (round, content, figures with
    their units, set versions, hashes of the dossiers), else the present content and figures; facts_sha256: of the
    facts as canonical JSON (keys sorted, no spaces, UTF-8).
    """
    if document is not None and document.facts is not None:
        facts = Facts(document.facts)
    else:
        composition = Composition(notice)
        figures = {token: figure.as_facts() for token, figure in composition.figures.items()}
        facts = Facts({"content": composition.content().as_facts(), "figures": figures, "round": notice.round.code})
    return {
        "notice": str(notice.public_id),
        "status": notice.status,
        "is_draft": document is None,
        "facts": facts.data,
        "facts_sha256": document.facts_sha256 if document else facts.sha256,
    }


# ---------------------------------------------------------------- each format


def _pdf(notice: Notice, document: IssuedDocument | None) -> bytes:
    return _stored(document) if document else renderer.render(page(content_of(notice, document)), LAYOUT)


def _with_data(notice: Notice, document: IssuedDocument | None) -> bytes:
    data = content.canonical_json(facts_of(notice, document))
    return renderer.render(page(content_of(notice, document)), LAYOUT, data=data)


def _docx(notice: Notice, document: IssuedDocument | None) -> bytes:
    stored = notice.documents.filter(rendition=Rendition.DOCX).first() if document else None
    return _stored(stored) if stored else to_docx(content_of(notice, document))


def _html(notice: Notice, document: IssuedDocument | None) -> bytes:
    return render_to_string("reports/html/notice.html", {"content": content_of(notice, document)}).encode()


def _json(notice: Notice, document: IssuedDocument | None) -> bytes:
    return content.canonical_json(facts_of(notice, document)).encode()


def _stored(document: IssuedDocument) -> bytes:
    with document.file.open("rb") as file:
        data: bytes = file.read()
    return data


MAKERS: dict[str, Callable[[Notice, IssuedDocument | None], bytes]] = {
    "pdf": _pdf,
    "docx": _docx,
    "html": _html,
    "json": _json,
}
