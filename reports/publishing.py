"""How notices are shown to the public: the shelf they stand on, the words to cite them by, addresses that last."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, QueryDict

from communes.notation import decree_day
from communes.text import fold, sort_key

from .content import NoticeContent
from .models import IssuedDocument, Notice, NoticeQuerySet
from .public_forms import ListFilter, Wanted

Rendition = IssuedDocument.Rendition
# {rendition: (its part of the address, kind, what it is)}; what is not here stays inside the office.
FILES: dict[str, tuple[str, str, str]] = {
    Rendition.FINAL: ("pdf", "PDF", "Bản ban hành"),
    Rendition.SIGNED: ("ky-so", "PDF", "Bản ký số sau khi ban hành"),
    Rendition.ACCESSIBLE: ("khong-ky", "PDF", "Bản không có chữ ký số, dùng cho trình đọc màn hình"),
    Rendition.DOCX: ("docx", "DOCX", "Bản Word"),
}


def absolute(request: HttpRequest, path: str) -> str:
    """The address by which the public knows a page, whatever name the server was asked by."""
    return f"{settings.PUBLIC_BASE_URL}{path}" if settings.PUBLIC_BASE_URL else request.build_absolute_uri(path)


@dataclass
class Shelf:
    """The public list with one request's filter; a few queries, whatever the number of notices."""

    data: QueryDict
    form: ListFilter = field(init=False)
    wanted: Wanted = field(init=False)

    def __post_init__(self) -> None:
        authorities = {code: name for code, name, _, _ in self._series}
        years = sorted({year for _, _, year, _ in self._series}, reverse=True)
        self.form = ListFilter(self.data, dict(sorted(authorities.items(), key=lambda row: sort_key(row[1]))), years)
        self.wanted = self.form.wanted

    @cached_property
    def _series(self) -> list[tuple[str, str, int, datetime]]:
        """(code and name of the authority, year, last issue) of every series that has notices."""
        rows = Notice.objects.public().order_by().values_list("authority__code", "authority__name", "year")
        return list(rows.annotate(last=Max("issued_at")))

    @property
    def changed_at(self) -> datetime | None:
        """When the list changed last: replacing a notice is the issue of another one."""
        return max((last for *_, last in self._series), default=None)

    @cached_property
    def _chosen(self) -> NoticeQuerySet:
        found = Notice.objects.public().with_successor()
        if self.wanted.authority:
            found = found.filter(authority__code=self.wanted.authority)
        return found.filter(year=self.wanted.year) if self.wanted.year else found

    @cached_property
    def is_loose(self) -> bool:
        """Whether the words searched for stand nowhere in a row, as "Nậm Cần", and are looked for one by one."""
        return len(self.wanted.words.split()) > 1 and not self._chosen.holding(self.wanted.words).exists()

    @cached_property
    def notices(self) -> NoticeQuerySet:
        # What is written without a space, as a number with its symbol, is never taken apart.
        words = self.wanted.words.split() if self.is_loose else [self.wanted.words]
        return self._chosen.holding(*filter(fold, words))


@dataclass(frozen=True)
class PublicFile:
    """A stored file that the public may have."""

    document: IssuedDocument
    part: str
    kind: str
    name: str


def files_of(documents: Iterable[IssuedDocument]) -> list[PublicFile]:
    """Those of a notice's documents that are published, the issued one first."""
    by_rendition = {document.rendition: document for document in documents}
    return [PublicFile(by_rendition[name], *FILES[name]) for name in FILES if name in by_rendition]


def changed_at(notice: Notice, documents: Iterable[IssuedDocument] = ()) -> datetime | None:
    """When the public page of a notice changed last."""
    moments = [notice.issued_at, *(document.made_at for document in documents)]
    if notice.replaced_by:
        moments.append(notice.replaced_by.issued_at)
    return max((moment for moment in moments if moment), default=None)


def citation(notice: Notice, content: NoticeContent) -> str:
    """As documents cite it for the first time: kind, number, date, issuer, subject."""
    subject = content.subject[:1].lower() + content.subject[1:]
    day = decree_day(notice.issued_on)
    return f"{notice.kind} số {content.code} ngày {day} của {issuer_of(notice, content)} {subject}"


def issuer_of(notice: Notice, content: NoticeContent) -> str:
    """The issuer in ordinary letters where a name that we know is printed in capitals, else as printed."""
    printed = " ".join(content.issuer)
    known = (notice.round.team_name, notice.authority.name)
    return next((name for name in known if name and " ".join(name.split()).upper() == printed.upper()), printed)
