"""Notice → Material: the only reader of rows for the checks."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Q, QuerySet, Value

from communes.models import Agency, Authority, Commune, User, Village

from ..compose import Composition
from ..content import NoticeContent
from .passages import Material, Names, read


def material_of(composition: Composition) -> Material:
    """Everything the checks look at, with the present figures."""
    notice = composition.notice
    recommendations = tuple((row.addressee, row.text) for row in composition.recommendations)
    passages, headings = read(
        composition.sections,
        recommendations,
        subject=notice.subject,
        recipients=composition.recipients,
        palette=composition.palette,
    )
    content = composition.content()
    return Material(
        passages=passages,
        headings=headings,
        recommendations=recommendations,
        recipients=content.recipients,
        facts=composition.facts,
        palette=composition.palette,
        names=names_of(composition),
        required=_required(content),
        symbol=content.symbol,
        replaced=notice.supersedes.code if notice.supersedes else "",
    )


def names_of(composition: Composition) -> Names:
    """Names that texts of this notice may use: of the authority, of those above and below it, and of the round."""
    notice, facts = composition.notice, composition.facts
    above = [pk for pk in (notice.authority_id, notice.authority.parent_id) if pk]
    authorities = Authority.objects.filter(Q(pk__in=above) | Q(parent=notice.authority_id)).order_by()
    places = {word for name, place in authorities.values_list("name", "locality") for word in (_place_of(name), place)}
    named = _named(
        unit=Commune.objects.filter(authority__in=above),
        village=Village.objects.filter(commune__authority=notice.authority_id),
        agency=Agency.objects.filter(authority__in=above),
        person=User.objects.filter(teams__round=notice.round_id).annotate(name=F("full_name")),
    )
    in_round = {row.unit_phrase.partition(" ")[2] for row in facts.rows}
    return Names(
        units=frozenset({*named["unit"], *named["village"], *in_round}),
        places=frozenset(places - {""}),
        agencies=tuple(sorted(named["agency"])),
        people=tuple(sorted(named["person"])),
    )


def _named(**rows: QuerySet[Any]) -> dict[str, list[str]]:
    """{what: names} of all of them in one query."""
    parts = [
        found.order_by().annotate(what=Value(what), word=F("name")).values_list("what", "word")
        for what, found in rows.items()
    ]
    names: dict[str, list[str]] = {what: [] for what in rows}
    for what, name in parts[0].union(*parts[1:], all=True):
        names[what].append(name)
    return names


def _place_of(name: str) -> str:
    """ "UBND huyện Tân Uyên" → "Tân Uyên"."""
    words = name.split()
    kinds = [place for place, word in enumerate(words) if word in ("huyện", "tỉnh", "xã", "thị", "thành")]
    return " ".join(words[kinds[0] + 1 :]) if kinds else ""


def _required(content: NoticeContent) -> Mapping[str, object]:
    """{what must not be empty: its content}."""
    return {
        "Trích yếu": content.subject,
        "Cơ quan ban hành": "\n".join((*content.parent, *content.issuer)) if content.issuer else "",
        "Ký hiệu": content.symbol,
        "Địa danh": content.place,
        "Phần mở đầu": content.preamble,
        "Phần kết thúc": content.closing,
        "Chức vụ người ký": "\n".join((*content.signature.authority, content.signature.post))
        if content.signature.authority
        else "",
        "Họ tên người ký": content.signature.name,
        "Nơi nhận": content.recipients,
    }
