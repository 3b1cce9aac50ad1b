"""Notice → NoticeContent: gathers every printed fact of a notice; the only reader of its rows for printing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby

from django.template.loader import render_to_string

from . import wording
from .content import Block, Dash, NoticeContent, Section, Signature, Table, line, parse_blocks
from .facts import facts_of, replaced
from .models import Notice, NoticeSection, Recommendation
from .wording import Figure, Palette, RoundFacts

LAYOUT = "notice_v1"
Kind = NoticeSection.Kind


@dataclass
class Composition:
    """A notice with what its round can say, read once for a page, a check or a rendition."""

    notice: Notice

    @cached_property
    def facts(self) -> RoundFacts:
        notice, old = self.notice, self.notice.supersedes
        return replace(facts_of(notice.round, notice.inspection), replaced=replaced(old) if old else None)

    @cached_property
    def palette(self) -> Palette:
        return wording.palette_of(self.facts)

    @cached_property
    def sections(self) -> list[NoticeSection]:
        return list(self.notice.sections.select_related("changed_by"))

    @cached_property
    def recommendations(self) -> list[Recommendation]:
        return list(self.notice.recommendations.all())

    @cached_property
    def recipients(self) -> list[str]:
        return list(self.notice.recipients.values_list("text", flat=True))

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Every text that may hold tokens, with the name of the place where it stands."""
        parts = [("Trích yếu", self.notice.subject)]
        for section in self.sections:
            parts += [(f"“{section}”", section.heading), (f"“{section}”", section.body)]
        parts += [(f"Kiến nghị cho {row.addressee}", row.text) for row in self.recommendations]
        return [(place, text) for place, text in parts if text]

    @property
    def figures(self) -> dict[str, Figure]:
        """{token: figure} of all figures that the notice states."""
        return wording.used([text for _, text in self.texts], self.palette)

    def content(self, *, number: int | None = None, on: date | None = None, is_draft: bool = True) -> NoticeContent:
        """The notice as it is printed, with the present figures in it.

        number, on: None for those it was given already, which stay blank as long as it was given none.
        """
        number = self.notice.number if number is None else number
        on = on or self.notice.issued_on
        dated = replace(self.undated, number=number, is_draft=is_draft)
        return replace(dated, day=on.day, month=on.month, year=on.year) if on else dated

    @cached_property
    def undated(self) -> NoticeContent:
        """All that is printed but number and date, as a draft: what is approved."""
        notice = self.notice
        return NoticeContent(
            parent=rows(notice.parent_name),
            issuer=rows(notice.issuer_name),
            number=None,
            symbol=line(notice.symbol),
            place=line(notice.place),
            day=None,
            month=None,
            year=notice.round.year,
            kind=line(notice.kind).upper(),
            subject=line(self.fill(notice.subject)),
            preamble=self._blocks(Kind.PREAMBLE),
            sections=tuple(self._printed_sections()),
            closing=ended(self._blocks(Kind.CLOSING)),
            signature=Signature(rows(notice.signer_authority), line(notice.signer_post), line(notice.signer_name)),
            recipients=tuple(line(text).rstrip(";.") for text in self.recipients),
            is_draft=True,
            is_demo=notice.round.is_demo,
            cosigner=self._cosigner,
        )

    @property
    def _cosigner(self) -> Signature | None:
        notice = self.notice
        if not notice.cosigner_name and not notice.cosigner_authority:
            return None
        return Signature(rows(notice.cosigner_authority), line(notice.cosigner_post), line(notice.cosigner_name))

    def fill(self, text: str) -> str:
        return wording.fill(text, self.palette)

    def blocks(self, text: str) -> tuple[Block, ...]:
        """Paragraphs, dashes and tables of a text as it is typed: a table where its token stands alone on a line."""
        blocks: list[Block] = []
        for row in text.splitlines():
            grid = wording.table_of(row, self.palette)
            if grid is None:
                blocks += parse_blocks(self.fill(row))
            else:
                cells = tuple(tuple(line(cell) for cell in cells) for cells in grid.rows)
                blocks.append(Table(grid.caption, grid.header, cells, grid.aligned))
        return tuple(blocks)

    def _blocks(self, kind: str) -> tuple[Block, ...]:
        return tuple(block for section in self.sections if section.kind == kind for block in self.blocks(section.body))

    def _printed_sections(self) -> Iterable[Section]:
        for section in self.sections:
            if not section.has_heading:
                continue
            heading = line(self.fill(section.heading))
            if section.kind == Kind.RECOMMENDATIONS:
                yield from self._recommendations(heading.upper(), self.blocks(section.body))
            else:
                heading = heading.upper() if section.level == 1 else heading
                yield Section(section.level, heading, self.blocks(section.body))

    def _recommendations(self, heading: str, blocks: tuple[Block, ...]) -> Iterable[Section]:
        """One heading for each addressee in a row, the recommendations under it as dashes."""
        if not self.recommendations:
            return
        yield Section(1, heading, blocks)
        for addressee, group in groupby(self.recommendations, key=lambda row: row.addressee):
            yield Section(2, line(addressee), tuple(Dash(line(self.fill(row.text))) for row in group))


def page_of(content: NoticeContent, layout: str = LAYOUT) -> str:
    """The HTML page that is printed."""
    return render_to_string(f"reports/pdf/{layout}.html", {"notice": content})


def rows(text: str) -> tuple[str, ...]:
    """Lines of a letterhead or a signature, in capitals where the decree wants them: they are typed so."""
    return tuple(line(row) for row in text.splitlines() if line(row))


def ended(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The last words with the sign that ends every official text: "./."."""
    if not blocks or blocks[-1].text.endswith("./.") or isinstance(blocks[-1], Table):
        return blocks
    last = blocks[-1]
    return (*blocks[:-1], type(last)(f"{last.text.rstrip('. ;,')}./."))
