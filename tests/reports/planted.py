"""Faults planted in a notice: words of the text replaced as somebody would type them.

A fault names a place: preamble, closing, subject, recipients, signer, section:HEADING (the text right under it),
heading:HEADING, recommendation:ADDRESSEE, addressee:ADDRESSEE. Then the words to find there, "*" for all of it and
"" for its end, and what to put. The words are those typed, with figures in braces, or as people read them: there
each figure that is touched becomes typed text.
"""

from copy import deepcopy
from dataclasses import dataclass, replace

from reports import wording
from reports.models import NoticeSection
from reports.outline import Outline, SectionText
from reports.wording import Palette

from .rounds import Told

Kind = NoticeSection.Kind
PARTS = {"preamble": Kind.PREAMBLE, "closing": Kind.CLOSING}


class NotThere(LookupError):
    """The words to replace do not stand in that place."""


@dataclass(frozen=True)
class Fault:
    where: str
    find: str
    put: str


def planted(told: Told, fault: Fault) -> Told:
    """The notice with one fault in it."""
    place, _, name = fault.where.partition(":")
    text, palette = deepcopy(told.text), told.palette
    if place == "subject":
        return replace(told, subject=put(told.subject, fault, palette))
    if place == "signer":
        return replace(told, signer=put(told.signer, fault, palette))
    if place == "recipients":
        text.recipients = [line for line in put("\n".join(text.recipients), fault, palette).split("\n") if line]
    elif place == "addressee":
        _addressee(text, name, fault, palette)
    elif place == "recommendation":
        _recommendation(text, name, fault, palette)
    else:
        _section(text, place, name, fault, palette)
    return replace(told, text=text)


def _section(text: Outline, place: str, name: str, fault: Fault, palette: Palette) -> None:
    """Where a heading stands twice, in the first of them that has the words."""
    chosen = [part for part in text.sections if _is(part, place, name)]
    for part in chosen:
        try:
            if place == "heading":
                part.heading = put(part.heading, fault, palette)
            else:
                part.lines = [line for line in put(part.body, fault, palette).split("\n") if line]
        except NotThere:
            continue
        return
    raise NotThere(f"{fault.where}: {fault.find}")


def _is(part: SectionText, place: str, name: str) -> bool:
    return part.kind == PARTS[place] if place in PARTS else part.heading == name and part.kind != Kind.PREAMBLE


def _addressee(text: Outline, name: str, fault: Fault, palette: Palette) -> None:
    """Another name for all that one is asked to do."""
    if name not in {addressee for addressee, _ in text.recommendations}:
        raise NotThere(fault.where)
    right = put(name, fault, palette)
    text.recommendations = [
        (right if addressee == name else addressee, words) for addressee, words in text.recommendations
    ]


def _recommendation(text: Outline, name: str, fault: Fault, palette: Palette) -> None:
    """All that an addressee is asked to do, as it stands in its field: a dash a line."""
    places = [place for place, (addressee, _) in enumerate(text.recommendations) if addressee == name]
    if not places:
        raise NotThere(fault.where)
    field = "\n".join(f"- {text.recommendations[place][1]}" for place in places)
    lines = [line.removeprefix("- ") for line in put(field, fault, palette).split("\n") if line]
    text.recommendations[places[0] : places[-1] + 1] = [(name, line) for line in lines]


def put(text: str, fault: Fault, palette: Palette) -> str:
    """The text with the first occurrence replaced."""
    if fault.find == "*":
        return fault.put
    if not fault.find:
        return f"{text}\n{fault.put}" if text else fault.put
    if fault.find in text:
        return text.replace(fault.find, fault.put, 1)
    return _put_in_filled(text, fault, palette)


def _put_in_filled(text: str, fault: Fault, palette: Palette) -> str:
    pieces = []  # (as typed, as read)
    place = 0
    for match in wording.TOKEN.finditer(text):
        pieces += [(sign, sign) for sign in text[place : match.start()]]
        figure = palette.get(wording.key_of(match[1]))
        pieces.append((match[0], figure.value if figure else match[0]))
        place = match.end()
    pieces += [(sign, sign) for sign in text[place:]]
    # The signs for italics are not read; those between the words stay where they are.
    read = "".join(shown for typed, shown in pieces if typed != "*")
    start = read.find(fault.find)
    if start < 0:
        raise NotThere(fault.find)
    end, at, before, touched, after = start + len(fault.find), 0, "", "", ""
    for typed, shown in pieces:
        finish = at + (0 if typed == "*" else len(shown))
        if finish <= start and not (typed == "*" and at == start and touched):
            before += typed
        elif at >= end:
            after += typed
        elif typed != "*":
            touched += shown
        at = finish
    return before + touched.replace(fault.find, fault.put, 1) + after
