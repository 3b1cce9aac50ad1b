"""Faults planted in a notice: words of the text replaced as somebody would type them.

A fault names a section ("mở đầu", "kết thúc", "trích yếu", "nơi nhận", "kiến nghị: NƠI THỰC HIỆN" or a heading), the
words to find there and what to put. They are the words as typed ("raw") or as people read them, with figures in
("filled"): there each figure that is touched becomes typed text.
"""

from copy import deepcopy
from dataclasses import dataclass, replace

from reports import wording
from reports.models import NoticeSection
from reports.outline import Outline, SectionText
from reports.wording import Palette

from .rounds import Told

Kind = NoticeSection.Kind
PARTS = {"mở đầu": Kind.PREAMBLE, "kết thúc": Kind.CLOSING}
RECOMMENDED = "kiến nghị:"


class NotThere(LookupError):
    """The words to replace do not stand in the section."""


@dataclass(frozen=True)
class Fault:
    name: str
    section: str
    find: str
    put: str
    kind: str = ""
    where: str = ""
    note: str = ""


def planted(told: Told, fault: Fault) -> Told:
    """The notice with one fault in it."""
    text, palette, place = deepcopy(told.text), told.palette, fault.section.strip()
    if place.casefold() == "trích yếu":
        return replace(told, subject=put(told.subject, fault, palette))
    if place.casefold() == "nơi nhận":
        text.recipients = put("\n".join(text.recipients), fault, palette).split("\n")
    elif place.casefold().startswith(RECOMMENDED):
        _in_recommendations(text, place[len(RECOMMENDED) :].strip(), fault, palette)
    else:
        _in_section(text, place, fault, palette)
    return replace(told, text=text)


def _in_section(text: Outline, place: str, fault: Fault, palette: Palette) -> None:
    """In the heading where the words stand there, else in the text under it."""
    chosen = [part for part in text.sections if _is(part, place)]
    if not chosen:
        raise NotThere(place)
    for part in chosen:
        for name in ("heading", "body") if fault.find else ("body",):
            try:
                changed = put(getattr(part, name), fault, palette)
            except NotThere:
                continue
            if name == "heading":
                part.heading = changed
            else:
                part.lines = changed.split("\n")
            return
    raise NotThere(fault.find)


def _is(part: SectionText, place: str) -> bool:
    kind = PARTS.get(place.casefold())
    return part.kind == kind if kind else part.heading.casefold() == place.casefold()


def _in_recommendations(text: Outline, addressee: str, fault: Fault, palette: Palette) -> None:
    """An addressee that is itself replaced is replaced for all that it was asked."""
    rows = list(enumerate(text.recommendations))
    if fault.find == addressee:
        text.recommendations = [
            (fault.put if name == addressee else name, words) for name, words in text.recommendations
        ]
        return
    for place, (name, words) in rows:
        if name.casefold() == addressee.casefold():
            try:
                changed = put(words, fault, palette)
            except NotThere:
                continue
            text.recommendations[place : place + 1] = [(name, line.removeprefix("- ")) for line in changed.split("\n")]
            return
    raise NotThere(f"{addressee}: {fault.find}")


def put(text: str, fault: Fault, palette: Palette) -> str:
    """The text with the first occurrence replaced. An empty `find` puts the words at the end."""
    if not fault.find:
        return f"{text}\n{fault.put}" if text else fault.put
    if fault.where != "filled" and fault.find in text:
        return text.replace(fault.find, fault.put, 1)
    if fault.where != "raw":
        return _put_in_filled(text, fault, palette)
    raise NotThere(fault.find)


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
