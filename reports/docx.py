"""NoticeContent → a Word document (DOCX) with the look of the printed page, made to be opened in Word and LibreOffice.

The same content gives the same bytes. Measures are those of the printed layout (templates/reports/pdf/notice_v1.css),
which has them from Decree 30/2020/NĐ-CP, Annex I. Text is only ever text: no field, link or formula comes from it.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt
from PIL import Image, ImageDraw

from . import widths, wire
from .content import Block, NoticeContent, Part, Piece, Signature, Table, Verification, from_facts, line
from .marks import DEMO_WORDS, DRAFT_WORDS

FONT = "Times New Roman"
LANGUAGE = "vi-VN"
JOINER = "\u2060"
BREAKS = re.compile("[-/]")
CENTER, JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY
SIDES = {"l": "left", "c": "center", "r": "right"}
HEAD_COLUMNS = (63, 1, 96)
END_COLUMNS = (74, 6, 80)
# A hair less than the printed page's 20: a line that only just fits there must fit where widths are rounded otherwise.
RIGHT_MARGIN = 19.8
ISSUER_PADDING = 4
MOTTO_WIDTH = 62.4  # mm of the motto at 14 points bold: the rule below is as long as the text (II.1b)
SUBJECT_WIDTH = 146
RULE_SHARE = 0.4  # of the longest line above: between a third and a half (II.2, II.5)
SIGNATURE_ROOM = 36
# In points, so that lines stand where they stand on the printed page; a line of the size 13 sits 0.9 higher than one
# of 14, and a rule takes a point of its own.
NUMBER_GAP, FIRST_GAP, LABEL_GAP, LIST_GAP = 4, 11, 1.4, 1.2
TABLE_SIZES = {"": (12, 4), "dense": (11, 3), "densest": (9, 1)}
# Where a document has no day yet: the same bytes must come out tomorrow.
NO_DAY = date(1980, 1, 1)
# A bar of dark modules in the path of a code (verification.py): M x y h length …
BAR = re.compile(r"M(\d+) (\d+)h(\d+)v1")
# Words drawn as a shape, behind the text: what is read or copied from the page is the same as without them.
SHAPE_TYPE = (
    '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" path="m@7,l@8,m@5,21600l@6,21600e">'
    '<v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/>'
    '<v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/>'
    '<v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>'
    '<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/></v:shapetype>'
)
DRAFT = (
    "width:400pt;height:110pt;rotation:308;"
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    "mso-position-vertical:center;mso-position-vertical-relative:margin"
)
DEMO = (
    "width:150pt;height:8pt;"
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    "margin-top:808pt;mso-position-vertical-relative:page"
)


def to_docx(content: NoticeContent) -> bytes:
    """The document as a DOCX file; blank number and day stay to be filled in by hand."""
    document = Document()
    _set_up(document, content)
    _head(document, content)
    _title(document, content)
    room: float = FIRST_GAP
    parts = content.flow
    for place, part in enumerate(parts, start=1):
        _part(document, part, room=room, is_kept=place < len(parts) and parts[place].kind == "closing")
        room = 10 if part.kind == Table.kind else 6
    _end(document, content)
    if content.verification:
        _code(document, content.verification)
    buffer = io.BytesIO()
    document.save(buffer)
    return _repeatable(buffer.getvalue())


def from_json(text: str) -> bytes:
    """The same of a content as JSON: {"content": its facts, "code": its verification or null}. Raises wire.TooLong."""
    if len(text.encode()) > wire.MAX_HTML_BYTES:
        raise wire.TooLong
    job = json.loads(text)
    code = Verification(**job["code"]) if job["code"] else None
    return to_docx(replace(from_facts(job["content"]), verification=code))


# ---------------------------------------------------------------- page, styles, properties


def _set_up(document: Any, content: NoticeContent) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(RIGHT_MARGIN)
    section.header_distance, section.footer_distance = Mm(7), Mm(7)
    _styles(document)
    _properties(document, content)
    _margins(section, content)


def _styles(document: Any) -> None:
    for name, size, bold in (("Normal", 14, None), ("Heading 1", 14, True), ("Heading 2", 14, True)):
        _style(document.styles[name], size, bold)
    _style(document.styles["Heading 3"], 14, False)
    for name in ("Header", "Footer"):
        _style(document.styles[name], 14, None)
    _style(document.styles["Title"], 14, True)
    language = document.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    for script in ("val", "eastAsia"):
        language.set(qn(f"w:{script}"), LANGUAGE)
    for rule in document.styles["Title"].element.findall(f".//{qn('w:pBdr')}"):
        rule.getparent().remove(rule)


def _style(style: Any, size: int, bold: bool | None) -> None:
    font = style.font
    font.name, font.size, font.italic = FONT, Pt(size), False if bold is not None else None
    font.bold = bold
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        if "heme" in name:
            del fonts.attrib[name]
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{script}"), FONT)
    properties = style.element.rPr
    for tag in ("w:color", "w:lang", "w:spacing", "w:kern"):
        for found in properties.findall(qn(tag)):
            properties.remove(found)
    # The printed page kerns all but headings, and lines would break elsewhere without it.
    least = 0 if style.name.startswith("Heading") else 2
    properties.find(qn("w:sz")).addprevious(parse_xml(f'<w:kern {nsdecls("w")} w:val="{least}"/>'))
    layout = style.paragraph_format
    layout.space_before = layout.space_after = Pt(0)
    layout.line_spacing = 1.0
    layout.widow_control = True


def _properties(document: Any, content: NoticeContent) -> None:
    properties = document.core_properties
    day = date.fromisoformat(content.iso_date) if content.iso_date else NO_DAY
    properties.title = _printable(content.title)[:255]
    properties.author = _printable(" ".join(content.issuer))[:255]
    properties.subject = _printable(f"{content.kind} {content.code}")[:255]
    properties.language = LANGUAGE
    properties.comments = properties.keywords = properties.last_modified_by = ""
    properties.created = properties.modified = datetime.combine(day, time(), UTC).replace(tzinfo=None)
    relations = document.part.package.rels
    for key in [key for key, found in relations.items() if found.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del relations[key]


def _margins(section: Any, content: NoticeContent) -> None:
    """Page numbers from the second page on, centred in the top margin (I.7); marks of drafts and of made-up data."""
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = CENTER
    for kind, text in (("begin", ""), ("", "PAGE"), ("separate", ""), ("", "2"), ("end", "")):
        run = number.add_run()
        if kind:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
            run._r.append(element)
        elif text == "PAGE":
            element = OxmlElement("w:instrText")
            element.text = " PAGE "
            run._r.append(element)
        else:
            run.text = text
    for place, header in enumerate((section.header, section.first_page_header), start=1):
        if content.is_draft:
            _mark(header.paragraphs[0], DRAFT_WORDS, f"1{place}", "#ededed", DRAFT)
        if content.is_demo:
            _mark(header.paragraphs[0], DEMO_WORDS, f"2{place}", "#595959", DEMO)


def _mark(paragraph: Any, words: str, number: str, colour: str, style: str) -> None:
    """A shape of words on every page that has this header."""
    shape = (
        f'<w:pict {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:o="urn:schemas-microsoft-com:office:office">'
        f'{SHAPE_TYPE}<v:shape id="mark{number}" o:spid="_x0000_s20{number}" type="#_x0000_t136" alt="{words}" '
        f'style="position:absolute;z-index:-251658752;{style}" fillcolor="{colour}" stroked="f">'
        f'<v:textpath style="font-family:&quot;{FONT}&quot;" string="{words}"/></v:shape></w:pict>'
    )
    paragraph.add_run()._r.append(parse_xml(shape))


# ---------------------------------------------------------------- head and title


def _head(document: Any, content: NoticeContent) -> None:
    table = _grid(document, HEAD_COLUMNS, rows=3 if content.is_draft else 2)
    size = 12 if content.has_long_issuer else 13
    issuer, nation = table.cell(0, 0), table.cell(0, 2)
    rows = [(row, False) for row in content.parent_rows] + [(row, True) for row in content.issuer_rows]
    for text, bold in rows:
        _in_cell(issuer, text, size=size, bold=bold, padding=ISSUER_PADDING)
    if content.issuer_rows:
        longest = max(_mm(row, size) for row in content.issuer_rows)
        _rule(issuer.add_paragraph(), longest * RULE_SHARE, HEAD_COLUMNS[0] - ISSUER_PADDING, after=ISSUER_PADDING)
    _in_cell(nation, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=13, bold=True)
    _in_cell(nation, "Độc lập - Tự do - Hạnh phúc", size=14, bold=True)
    _rule(nation.add_paragraph(), MOTTO_WIDTH, HEAD_COLUMNS[2], before=0)
    number = content.number_text or "\u00a0" * 11
    day, month = content.day_text or "\u00a0" * 7, content.month_text or "\u00a0" * 7
    _in_cell(
        table.cell(1, 0), f"Số: {number}/{content.symbol}", size=13, padding=ISSUER_PADDING, before=NUMBER_GAP + 0.9
    )
    place = f"{content.place}, ngày {day} tháng {month} năm {content.year}"
    dated = _in_cell(table.cell(1, 2), place, size=13 if content.has_long_place else 14, italic=True, before=NUMBER_GAP)
    if content.has_long_place:
        dated.paragraph_format.left_indent = Mm(-5)  # still centred within 3 mm
    if content.is_draft:
        paragraph = _in_cell(table.cell(2, 0), DRAFT_WORDS, size=13, bold=True, padding=ISSUER_PADDING, before=6)
        _box(paragraph, HEAD_COLUMNS[0] - ISSUER_PADDING, _mm(DRAFT_WORDS, 13) + 8)
    _drop_empty_paragraphs(table)


def _title(document: Any, content: NoticeContent) -> None:
    title = _styled(document, "Title")
    title.alignment = CENTER
    title.paragraph_format.space_before = Pt(18)
    title.paragraph_format.keep_with_next = True
    _run(title, content.kind, size=14, bold=True)
    subject = document.add_paragraph()
    subject.alignment = CENTER
    subject.paragraph_format.left_indent = subject.paragraph_format.right_indent = Mm((160 - SUBJECT_WIDTH) / 2)
    _run(subject, content.subject, size=14, bold=True)
    longest = _longest_line(content.subject)
    _rule(document.add_paragraph(), longest * RULE_SHARE, 160)


def _longest_line(text: str) -> float:
    """Width in mm of the longest line of a subject that is broken where it is full."""
    longest = used = 0.0
    space = _mm(" ", 14)
    for word in text.split():
        size = _mm(word, 14)
        if used and used + space + size > SUBJECT_WIDTH:
            used = size
        else:
            used += (space if used else 0) + size
        longest = max(longest, min(used, SUBJECT_WIDTH))
    return longest


# ---------------------------------------------------------------- text


def _part(document: Any, part: Part, *, room: float, is_kept: bool) -> None:
    """room: above it, in points; is_kept: its end stays on one page with what follows."""
    if part.heading:
        paragraph = _styled(document, f"Heading{part.depth}")
        _body_layout(paragraph, JUSTIFY, room)
        paragraph.paragraph_format.keep_with_next = True
        bold = part.kind != "heading-3"
        for text, italic in _looks(Block(part.heading).pieces):
            _run(paragraph, text, bold=bold, italic=italic)
        return
    for block in part.blocks:
        if isinstance(block, Table):
            _table(document, block, room=max(room, 8), is_kept=is_kept)
        else:
            paragraph = document.add_paragraph()
            _body_layout(paragraph, JUSTIFY, room if block is part.blocks[0] else 6)
            paragraph.paragraph_format.keep_with_next = part.kind == "closing" or None
            if part.kind == "list":
                _run(paragraph, "- ")
            for text, italic in _looks(block.pieces):
                _run(paragraph, text, italic=italic)


def _body_layout(paragraph: Any, alignment: Any, room: float) -> None:
    layout = paragraph.paragraph_format
    layout.alignment = alignment
    layout.first_line_indent = Mm(12.7)
    layout.space_before = Pt(room)


def _table(document: Any, table: Table, *, room: float, is_kept: bool) -> None:
    size, padding = TABLE_SIZES[table.density]
    if table.text:
        caption = document.add_paragraph()
        caption.alignment = CENTER
        caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(room), Pt(3)
        caption.paragraph_format.left_indent = caption.paragraph_format.right_indent = Mm(10)
        caption.paragraph_format.keep_with_next = True
        _run(caption, table.caption, size=12, bold=True)
    # Made as one piece of XML: python-docx looks for each cell anew, which takes long for a thousand rows.
    document.element.body.insert(-1, parse_xml("".join(_table_xml(table, size, padding, is_kept))))


def _table_xml(table: Table, size: int, padding: int, is_kept: bool) -> Iterator[str]:
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    twips = [round(quarters * 0.25 * 56.6929) for quarters in table.widths]
    yield f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(twips)}" w:type="dxa"/>'
    yield f"<w:tblBorders>{edges}</w:tblBorders>"
    yield '<w:tblLayout w:type="fixed"/><w:tblCellMar>'
    for side, room in (("top", 30), ("left", padding * 20 + 5), ("bottom", 30), ("right", padding * 20 + 5)):
        yield f'<w:{side} w:w="{room}" w:type="dxa"/>'
    yield "</w:tblCellMar></w:tblPr><w:tblGrid>"
    yield from (f'<w:gridCol w:w="{room}"/>' for room in twips)
    yield "</w:tblGrid>"
    yield "<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>"
    yield from (_cell_xml(cell.text, "center", room, size, True) for cell, room in zip(table.head, twips, strict=True))
    yield "</w:tr>"
    last = len(table.rows)
    for place, row in enumerate(table.body, start=1):
        kept = "<w:keepNext/>" if is_kept and place == last else ""
        yield "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
        for cell, room in zip(row, twips, strict=True):
            yield _cell_xml(cell.text, SIDES[cell.look], room, size, kept=kept)
        yield "</w:tr>"
    if not table.rows:
        span = f'<w:gridSpan w:val="{len(twips)}"/>'
        yield "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
        yield _cell_xml("Không có", "center", sum(twips), size, span=span) + "</w:tr>"
    yield "</w:tbl>"


def _cell_xml(text: str, side: str, room: int, size: int, bold: bool = False, *, span: str = "", kept: str = "") -> str:
    weight = "<w:b/>" if bold else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{room}" w:type="dxa"/>{span}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr>{kept}<w:jc w:val="{side}"/></w:pPr><w:r><w:rPr>{weight}<w:sz w:val="{size * 2}"/></w:rPr>'
        f'<w:t xml:space="preserve">{_escaped(line(text))}</w:t></w:r></w:p></w:tc>'
    )


def _escaped(text: str) -> str:
    return escape(_printable(text), {'"': "&quot;"})


# ---------------------------------------------------------------- end


def _end(document: Any, content: NoticeContent) -> None:
    """Recipients and signature on one page, with the last words; further recipients run on below."""
    if content.cosigner:
        _two_signatures(document, content.cosigner, content.signature)
    else:
        table = _grid(document, END_COLUMNS, rows=1, before=12)
        left, right = table.cell(0, 0), table.cell(0, 2)
        if content.recipients:
            _label(left.add_paragraph(), LABEL_GAP)
            for place, row in enumerate(content.recipients_beside):
                paragraph = left.add_paragraph()
                paragraph.paragraph_format.space_before = Pt(0 if place else LIST_GAP)
                _run(paragraph, row, size=11)
        for row in content.signature.authority:
            _in_cell(right, row, bold=True)
        _name(right, content.signature, room=SIGNATURE_ROOM)
        _drop_empty_paragraphs(table)
    if content.recipients_below:
        if content.cosigner:
            label = document.add_paragraph()
            label.paragraph_format.keep_with_next = True
            _label(label, 12 + LABEL_GAP)
        rows = content.recipients_below
        for place, row in enumerate(rows, start=1):
            paragraph = document.add_paragraph()
            if place < len(rows) and place in (1, len(rows) - 1):
                # None stands alone on a page.
                paragraph.paragraph_format.keep_with_next = True
            paragraph.paragraph_format.right_indent = Mm(160 - END_COLUMNS[0])
            _run(paragraph, row, size=11)


def _two_signatures(document: Any, first: Signature, second: Signature) -> None:
    table = _grid(document, END_COLUMNS, rows=2, before=12)
    for column, signature in ((0, first), (2, second)):
        for row in signature.authority:
            _in_cell(table.cell(0, column), row, bold=True)
        _name(table.cell(1, column), signature, room=SIGNATURE_ROOM)
        table.cell(1, column).vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.BOTTOM
    _drop_empty_paragraphs(table)


def _name(cell: Any, signature: Signature, *, room: float) -> None:
    for text in filter(None, (signature.post, signature.name)):
        _in_cell(cell, text, bold=True, before=room / 25.4 * 72)
        room = 0


def _label(paragraph: Any, before: float) -> None:
    paragraph.paragraph_format.space_before = Pt(before)
    _run(paragraph, "Nơi nhận:", size=12, bold=True, italic=True)


def _code(document: Any, code: Verification) -> None:
    table = _grid(document, (46, 23, 88), rows=1, before=12)
    picture, words = table.cell(0, 1), table.cell(0, 2)
    shape = picture.add_paragraph().add_run().add_picture(io.BytesIO(_drawn(code)), width=Mm(20))
    shape._inline.docPr.set("descr", f"Mã QR: {code.address}")
    shape._inline.docPr.set("name", "Mã QR")
    for text in ("Kiểm tra văn bản này tại", code.address, f"Mã dữ liệu: {code.short_hash}"):
        _run(words.add_paragraph(), text, size=10)
    _drop_empty_paragraphs(table)


def _drawn(code: Verification) -> bytes:
    """The QR code as a PNG: each bar of its path filled, eight dots a module."""
    picture = Image.new("1", (code.size, code.size), 1)
    pen = ImageDraw.Draw(picture)
    for x, y, length in BAR.findall(code.path):
        pen.line([(int(x), int(y)), (int(x) + int(length) - 1, int(y))], fill=0)
    target = io.BytesIO()
    picture.resize((code.size * 8, code.size * 8)).save(target, "PNG")
    return target.getvalue()


# ---------------------------------------------------------------- small pieces


def _styled(document: Any, style: str) -> Any:
    """A paragraph of the style with this identifier; python-docx would look through all styles for its name."""
    paragraph = document.add_paragraph()
    paragraph._p.style = style
    return paragraph


def _run(
    paragraph: Any, text: str, *, size: float | None = None, bold: bool | None = None, italic: bool | None = None
) -> Any:
    run = paragraph.add_run(_printable(text))
    run.bold, run.italic = bold, italic or None
    if size is not None:
        run.font.size = Pt(size)
    return run


def _looks(pieces: Iterable[Piece]) -> Iterator[tuple[str, bool]]:
    """(text, whether in italics) of each stretch with one look."""
    for italic, group in groupby(pieces, key=lambda piece: piece.italic):
        yield "".join(map(_joined, group)), italic


def _joined(piece: Piece) -> str:
    """Text that may not break at a line's end, with a sign of no width that says so after each "-" and "/"."""
    return BREAKS.sub(f"{JOINER}\\g<0>{JOINER}", piece.text) if piece.whole else piece.text


def _printable(text: str) -> str:
    """Without what XML cannot hold and what python-docx would take for a tab or a new line."""
    return "".join(
        sign if sign.isprintable() or sign in ("\u00a0", JOINER) else " " if sign in "\t\n\r" else "" for sign in text
    )


def _in_cell(
    cell: Any,
    text: str,
    *,
    size: float = 14,
    bold: bool | None = None,
    italic: bool | None = None,
    padding: float = 0,
    before: float = 0,
) -> Any:
    """A centred paragraph at the end of a cell; padding: kept free on the right, in mm; before: in points."""
    paragraph = cell.add_paragraph()
    paragraph.alignment = CENTER
    paragraph.paragraph_format.right_indent = Mm(padding) if padding else None
    paragraph.paragraph_format.space_before = Pt(before) if before else None
    _run(paragraph, text, size=size, bold=bold, italic=italic)
    return paragraph


def _grid(document: Any, columns: Iterable[float], *, rows: int, before: float = 0) -> Any:
    """A table without lines that only keeps places; whole on one page. before: room above it, in points."""
    columns = tuple(columns)
    if before:
        _gap(document.add_paragraph(), before)
    table = document.add_table(rows=rows, cols=len(columns))
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    properties = table._tbl.tblPr
    margins = "".join(f'<w:{side} w:w="0" w:type="dxa"/>' for side in ("left", "right"))
    properties.append(parse_xml(f"<w:tblCellMar {nsdecls('w')}>{margins}</w:tblCellMar>"))
    for row in table.rows:
        row._tr.get_or_add_trPr().append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
        for cell, room in zip(row.cells, columns, strict=True):
            cell.width = Mm(room)
    for column, room in zip(table.columns, columns, strict=True):
        column.width = Mm(room)
    return table


def _drop_empty_paragraphs(table: Any) -> None:
    """Each cell of python-docx begins with an empty paragraph; those that have more do without it."""
    last = len(table.rows) - 1
    for place, row in enumerate(table.rows):
        for cell in row.cells:
            if len(cell.paragraphs) > 1:
                first = cell.paragraphs[0]._p
                first.getparent().remove(first)
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.keep_with_next = place < last or None


def _gap(paragraph: Any, height: float) -> None:
    """An empty line of so many points, kept with what follows."""
    layout = paragraph.paragraph_format
    layout.line_spacing = Pt(1)
    layout.space_before = Pt(max(0, height - 1))
    layout.keep_with_next = True
    _run(paragraph, "", size=1)
    paragraph._p.get_or_add_pPr().append(parse_xml(f'<w:rPr {nsdecls("w")}><w:sz w:val="2"/></w:rPr>'))


def _rule(paragraph: Any, length: float, room: float, *, after: float = 0, before: float = 2.5) -> None:
    """A line of `length` mm in the middle of `room` mm; after: mm kept free right of the room; before: points."""
    side = max(0.0, (room - length) / 2)
    layout = paragraph.paragraph_format
    layout.left_indent, layout.right_indent = Mm(side), Mm(side + after)
    layout.line_spacing = Pt(1)
    layout.space_before = Pt(before)
    properties = paragraph._p.get_or_add_pPr()
    properties.append(
        parse_xml(f'<w:pBdr {nsdecls("w")}><w:top w:val="single" w:sz="6" w:space="0" w:color="000000"/></w:pBdr>')
    )
    properties.append(parse_xml(f'<w:rPr {nsdecls("w")}><w:sz w:val="2"/></w:rPr>'))
    _in_order(properties)


def _box(paragraph: Any, room: float, length: float) -> None:
    side = (room - length) / 2
    layout = paragraph.paragraph_format
    layout.left_indent, layout.right_indent = Mm(side), Mm(side + ISSUER_PADDING)
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="6" w:space="1" w:color="000000"/>'
        for edge in ("top", "left", "bottom", "right")
    )
    properties = paragraph._p.get_or_add_pPr()
    properties.append(parse_xml(f"<w:pBdr {nsdecls('w')}>{edges}</w:pBdr>"))
    _in_order(properties)


# Word refuses a paragraph whose properties stand in another order than the schema's.
ORDER = ("pStyle", "keepNext", "keepLines", "widowControl", "pBdr", "spacing", "ind", "jc", "rPr")


def _in_order(properties: Any) -> None:
    places = {qn(f"w:{name}"): place for place, name in enumerate(ORDER)}
    properties[:] = sorted(properties, key=lambda element: places[element.tag])


def _mm(text: str, size: float) -> float:
    """Width of a text on one line."""
    millimetres: float = widths.width(text) * size / 1000 / widths.POINTS_OF_MM
    return millimetres


def _repeatable(data: bytes) -> bytes:
    """The same package with the same time on every part of it."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for item in source.infolist():
            entry = zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            copy.writestr(entry, source.read(item))
    return target.getvalue()
