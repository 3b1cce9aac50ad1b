"""A notice as people may write it down in one plain text, and the outline a new notice begins with.

    = mở đầu
    Đoạn văn …
    # TÊN MỤC
    ## Tiêu đề
    - gạch đầu dòng
    = kiến nghị KIẾN NGHỊ CỦA ĐOÀN KIỂM TRA
    ## Nơi thực hiện
    - kiến nghị
    = kết thúc
    Trên đây là …
    = nơi nhận
    Lưu: VT

The outline of a kind of document (data/kinds/) may hold four more signs, which data decides when a draft is made:

    @ tên khối     lines that data gives, or none: the blocks of telling.py
    ? câu          stands if each of its figures has something to say
    : câu          stands instead of the line above, under the same condition
    ! câu          stands where its part has nothing else

Parts that are left without a word go with their headings. Pure: text in, parts out. Figures stand in it as tokens
(wording), never as digits.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .models import NoticeSection
from .widths import BOUND

Kind = NoticeSection.Kind
PARTS = {
    "mở đầu": Kind.PREAMBLE,
    "kiến nghị": Kind.RECOMMENDATIONS,
    "kết thúc": Kind.CLOSING,
    "nơi nhận": "recipients",
}


@dataclass
class SectionText:
    kind: str
    level: int = 1
    heading: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        return "\n".join(self.lines)


@dataclass
class Outline:
    """Sections in their order, recommendations as (addressee, text) and recipients."""

    sections: list[SectionText] = field(default_factory=list)
    recommendations: list[tuple[str, str]] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


def parse(text: str) -> Outline:
    """Raises ValueError for a line that stands where it cannot belong."""
    outline, part, addressee = Outline(), "", ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            continue
        if line.startswith("= "):
            part, heading = _part(line[2:])
            if part != "recipients":
                outline.sections.append(SectionText(part, heading=heading))
        elif part == "recipients":
            outline.recipients.append(line.removeprefix("- ").rstrip(";."))
        elif part == Kind.RECOMMENDATIONS and line.startswith("## "):
            addressee = line[3:]
        elif part == Kind.RECOMMENDATIONS and line.startswith("- ") and addressee:
            outline.recommendations.append((addressee, line[2:]))
        elif line.startswith("#"):
            marks, _, heading = line.partition(" ")
            part = Kind.SECTION
            outline.sections.append(SectionText(part, len(marks), heading))
        elif outline.sections and part != Kind.RECOMMENDATIONS:
            outline.sections[-1].lines.append(line)
        else:
            raise ValueError(line)
    return outline


def _part(title: str) -> tuple[str, str]:
    for name, kind in PARTS.items():
        if title == name or title.startswith(f"{name} "):
            return kind, title[len(name) :].strip()
    raise ValueError(title)


# ---------------------------------------------------------------- what data decides


def expand(template: str, block: Callable[[str], list[str]], is_told: Callable[[str], bool]) -> str:
    """The template with its blocks, alternatives and spare lines decided, and empty parts left out.

    block: the lines of a name; is_told: whether every figure of a text has something to say.
    """
    parts = [_Stretch("", [])]
    for line in _decided(template, block, is_told):
        if _begins_part(line, parts[-1].head):
            parts.append(_Stretch(line, []))
        elif line:
            parts[-1].lines.append(line)
    kept: list[list[str]] = []
    deepest = 0
    for part in reversed(parts):
        lines = part.filled
        # A heading without words of its own stays for what is below it.
        if lines or (part.level and deepest > part.level):
            kept.insert(0, [part.head, *lines] if part.head else lines)
            deepest = part.level
    return "\n".join(line for lines in kept for line in lines)


@dataclass
class _Stretch:
    """A heading, or none, with the lines up to the next one."""

    head: str
    lines: list[str]

    @property
    def level(self) -> int:
        """1 for "# ", 2 for "## "; 0 for what is no heading."""
        return len(self.head) - len(self.head.lstrip("#"))

    @property
    def filled(self) -> list[str]:
        """Its lines without the spare ones, or, where there are no others, the spare ones."""
        return [line for line in self.lines if not line.startswith("! ")] or [line[2:] for line in self.lines]


def _begins_part(line: str, head: str) -> bool:
    """Whether a line is the heading of a part; within the recommendations "## " is an addressee."""
    if line.startswith("= "):
        return True
    is_addressee = line.startswith("## ") and head.startswith("= ") and _part(head[2:])[0] == Kind.RECOMMENDATIONS
    return line.startswith("#") and not is_addressee


def _decided(template: str, block: Callable[[str], list[str]], is_told: Callable[[str], bool]) -> Iterator[str]:
    is_open = False
    for raw in template.splitlines():
        line = raw.strip()
        if line.startswith("@ "):
            yield from block(line[2:])
        elif line.startswith(("? ", ": ")):
            is_open = is_open or line.startswith("? ")
            if is_open and is_told(line[2:]):
                is_open = False
                yield line[2:]
        else:
            is_open = False
            yield line


def plain(template: str) -> str:
    """A template without what data decides: all its lines but the blocks, to see whether each is in its place."""
    rows = (raw.strip() for raw in template.splitlines())
    return "\n".join(line[2:] if line.startswith(("? ", ": ", "! ")) else line for line in rows if line[:2] != "@ ")


def blocks_of(template: str) -> list[str]:
    """Names of the blocks that a template asks for."""
    rows = (raw.strip() for raw in template.splitlines())
    return [line[2:] for line in rows if line.startswith("@ ")]


# ---------------------------------------------------------------- letterhead

LINE = 24


def letterhead(name: str) -> str:
    """A long name of an agency or a team in lines for the letterhead: few, whole, of like length."""
    words = name.split()
    best: list[tuple[tuple[int, int, int], list[str]]] = [((0, 0, 0), [])]
    for end in range(1, len(words) + 1):
        options = []
        for start in range(end):
            cost, lines = best[start]
            text = " ".join(words[start:end])
            torn = start > 0 and f"{words[start - 1]} {words[start]}" in BOUND
            bad = max(0, len(text) - LINE) + (100 if torn else 0)
            options.append(((cost[0] + bad, cost[1] + 1, cost[2] + len(text) ** 2), [*lines, text]))
        best.append(min(options))
    return "\n".join(best[-1][1])
