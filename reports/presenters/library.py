"""Texts offered for a part of a notice: what the last notices said at the same place, and what the office has kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from communes.models import User
from communes.text import fold

from .. import wording
from ..compose import Composition
from ..models import Notice, NoticeSection, Recommendation, TextSnippet

Kind = NoticeSection.Kind
NOTICES = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """A text to use. key: by which it is asked for; is_here: it stood at the same place of another notice.

    read: as it would read with the figures of this notice; unknown: tokens that this notice has no figure for.
    addressee: given for recommendations, whose lines are `body`.
    """

    key: str
    title: str
    origin: str
    body: str
    read: tuple[str, ...]
    unknown: int
    is_here: bool
    addressee: str = ""


def offers_for(composition: Composition, section: NoticeSection, user: User, words: str = "") -> list[Offer]:
    """Everything that holds the words, what stood at the same place first; for recommendations those of others."""
    wanted = fold(words).split()
    made = [*_earlier(composition, section, user), *_kept(composition, section, user)]
    found = [offer for offer in made if all(word in _words(offer) for word in wanted)] if wanted else made
    return sorted(found, key=lambda offer: not offer.is_here)


def _words(offer: Offer) -> str:
    return fold(f"{offer.title} {offer.origin} {offer.addressee} {offer.body} {' '.join(offer.read)}")


def _earlier(composition: Composition, section: NoticeSection, user: User) -> Iterator[Offer]:
    """Of the authority's last issued documents of the same kind."""
    notice = composition.notice
    rows = Notice.objects.for_user(user).filter(
        authority=notice.authority_id, kind_code=notice.kind_code, status__in=Notice.Status.public()
    )
    last = list(rows.exclude(pk=notice.pk).order_by("-issued_on", "-pk")[:NOTICES])
    places = {row.pk: place for place, row in enumerate(last)}
    if section.kind == Kind.RECOMMENDATIONS:
        asked = Recommendation.objects.filter(notice__in=last).order_by("position", "pk")
        yield from _asked(composition, sorted(asked, key=lambda row: places[row.notice_id]), last)
    texts = NoticeSection.objects.filter(notice__in=last).exclude(body="").order_by("position", "pk")
    for row in sorted(texts, key=lambda row: places[row.notice_id]):
        origin = _origin(last[places[row.notice_id]])
        yield _offer(composition, f"phan-{row.pk}", str(row), origin, row.body, is_here=_same(row, section))


def _asked(composition: Composition, rows: Iterable[Recommendation], last: list[Notice]) -> Iterator[Offer]:
    """Recommendations of each addressee together."""
    origins = {notice.pk: _origin(notice) for notice in last}
    for (notice, addressee), group in groupby(rows, key=lambda row: (row.notice_id, row.addressee)):
        same = list(group)
        body = "\n".join(f"- {row.text}" for row in same)
        key, title = f"kien-nghi-{same[0].pk}", f"Kiến nghị cho {addressee}"
        yield _offer(composition, key, title, origins[notice], body, is_here=True, addressee=addressee)


def _kept(composition: Composition, section: NoticeSection, user: User) -> Iterator[Offer]:
    rows = TextSnippet.objects.for_user(user).offered().filter(authority=composition.notice.authority_id)
    for row in rows.select_related("kept_by"):
        origin = f"Thư viện, {row.kept_by} giữ lại"
        yield _offer(composition, f"doan-{row.pk}", row.title, origin, row.body, is_here=_same(row, section))


def _same(row: NoticeSection | TextSnippet, section: NoticeSection) -> bool:
    """Whether a text belongs to the same place: the only one of its kind, or a section of the same name."""
    return row.kind == section.kind and (row.kind != Kind.SECTION or fold(row.heading) == fold(section.heading))


def _origin(notice: Notice) -> str:
    return f"{notice} năm {notice.year}"


def _offer(
    composition: Composition, key: str, title: str, origin: str, body: str, *, is_here: bool, addressee: str = ""
) -> Offer:
    read = wording.fill(body, composition.palette).replace("*", "")
    return Offer(
        key=key,
        title=title,
        origin=origin,
        body=body,
        read=tuple(line for line in read.splitlines() if line.strip()),
        unknown=len(wording.problems(body, composition.palette)),
        is_here=is_here,
        addressee=addressee,
    )


def lines_of(offer: Offer) -> list[tuple[str, str]]:
    """Recommendations of an offer as (addressee, text)."""
    return [(offer.addressee, line.removeprefix("- ")) for line in offer.body.splitlines()]
