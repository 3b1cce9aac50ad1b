"""Thirty rules of Decree 30/2020/NĐ-CP, Annex I, read from a printed PDF alone.

`check(pdf)` gives (rule, holds, what was measured) for each; holds is None where the document has nothing that the
rule speaks of. Rules are named by part, section and point of the annex; those without a number are the practice of
offices. Lengths are in mm, type sizes and distances of lines in points.
"""

import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pypdf

from .document import RIGHT_HALF, Document, is_left
from .paper import MM, Line, is_ink

Verdict = tuple[bool | None, str]
Result = tuple[str, bool | None, str]

NOTHING = None  # the document has nothing that the rule speaks of
SERIF = re.compile(r"times|tinos|liberation ?serif", re.IGNORECASE)
SUPERIOR = re.compile(
    r"^(UBND|ỦY BAN NHÂN DÂN|HĐND|HỘI ĐỒNG NHÂN DÂN) "
    r"(TỈNH|HUYỆN|THÀNH PHỐ|THỊ XÃ|QUẬN|XÃ|PHƯỜNG|THỊ TRẤN) \S"
)
ORGANISATION = re.compile(r"^(ĐOÀN|TỔ|BAN|PHÒNG|SỞ|CHI CỤC|VĂN PHÒNG|TRUNG TÂM|HỘI ĐỒNG) ")
NUMBER = re.compile(r"Số: ?(0[1-9]|[1-9]\d+)? ?/[A-ZĐ][A-Za-zĐ]*(-[A-ZĐ&]+)+")
DAY = re.compile(r"(.+), ngày ?(\d*) ?tháng ?(\d*) ?năm (\d{4})")
BLACK = (None, (0,), (0, 0, 0), (0, 0, 0, 1))


def _within(value: float, low: float, high: float) -> bool:
    return low <= value <= high


def _centred(line: Line, x: float, tolerance: float = 3) -> bool:
    return abs(line.middle - x) < tolerance


# ---------------------------------------------------------------- the rules

Rule = Callable[[Document], Verdict]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    def kept(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return kept


def check(pdf: bytes | Path, kind: str = "THÔNG BÁO") -> list[Result]:
    """All rules on one PDF, in the order of the annex; kind: as it is printed in capitals."""
    document = Document(pdf, kind)
    return [(name, *function(document)) for name, function in RULES.items()] + [_file(pdf)]


def broken(results: Iterable[Result]) -> dict[str, str]:
    """{rule: what was measured} of the rules that do not hold."""
    return {name: measured for name, holds, measured in results if holds is False}


@rule("I.1 A4")
def _sheet(document: Document) -> Verdict:
    sizes = document.paper.sizes
    return all(abs(width - 210) < 0.5 and abs(height - 297) < 0.5 for width, height in sizes), f"{sizes[0]}"


@rule("I.3 lề")
def _margins(document: Document) -> Verdict:
    top = min(line.top for line in document.printed)
    bottom = 297 - max(line.bottom for line in document.printed)
    left, right = document.left, document.right
    holds = _within(left, 29.5, 35.3 if document.knows_left else 45)
    holds = holds and _within(right, 14.7, 20.3 if document.is_wrapped else 30)
    return holds and _within(top, 19.5, 26) and bottom >= 19.5, f"{left:.1f} {right:.1f} {top:.1f} {bottom:.1f}"


@rule("I.4 phông")
def _font(document: Document) -> Verdict:
    names = {sign["fontname"].split("+")[-1] for line in document.paper.lines for sign in line.ink}
    return all(SERIF.search(name) for name in names), ", ".join(sorted(names))


@rule("I.4 màu đen")
def _colour(document: Document) -> Verdict:
    colours = {_colour_of(sign) for line in document.paper.lines for sign in line.ink}
    return colours <= set(BLACK), str(colours)


def _colour_of(sign: dict[str, Any]) -> Any:
    found = sign.get("non_stroking_color")
    return tuple(found) if isinstance(found, (list, tuple)) else None if found is None else (found,)


@rule("I.7 số trang")
def _page_number(document: Document) -> Verdict:
    found = document.page_numbers
    placed = {(line.page, line.text) for line in found}
    holds = all(line.page > 0 for line in found)
    holds = holds and all((page, str(page + 1)) in placed for page in range(1, document.pages))
    upright = (not line.is_italic and not line.is_bold and _within(line.size, 12.9, 14.1) for line in found)
    return holds and all(upright) and all(_centred(line, document.middle) for line in found), str(sorted(placed)[:3])


@rule("II.1a Quốc hiệu")
def _nation(document: Document) -> Verdict:
    line = document.nation
    if line is None:
        return False, "không thấy"
    holds = _within(line.size, 11.9, 13.1) and line.is_bold and not line.is_italic and line.middle > RIGHT_HALF
    return holds, f"{line.size} {line.x0:.1f}-{line.x1:.1f}"


@rule("II.1b Tiêu ngữ")
def _motto(document: Document) -> Verdict:
    line, above = document.motto, document.nation
    if line is None or above is None:
        return False, "không thấy"
    return _within(line.size, 12.9, 14.1) and line.is_bold and _centred(line, above.middle, 2), f"{line.size}"


@rule("II.1b kẻ = dòng chữ")
def _motto_stroke(document: Document) -> Verdict:
    stroke, line = document.stroke_under(document.motto), document.motto
    if stroke is None or line is None:
        return False, "không thấy"
    return abs(stroke.width / line.width - 1) < 0.06, f"{stroke.width / line.width:.2f}"


@rule("II.2b cơ quan chủ quản")
def _parent(document: Document) -> Verdict:
    parent, issuer = document.parent, document.issuer
    if parent:
        fit = (not line.is_bold and line.text.isupper() and _within(line.size, 11.9, 13.1) for line in parent)
        return all(fit) and all(_centred(line, parent[0].middle, 1.5) for line in parent), parent[0].text
    if not issuer:
        return False, "không thấy"
    if len(issuer) > 1 and SUPERIOR.match(issuer[0].text) and ORGANISATION.match(issuer[1].text):
        return False, f"“{issuer[0].text}” in đậm"
    return NOTHING, "không có cơ quan chủ quản"


@rule("II.2b cơ quan ban hành")
def _issuer(document: Document) -> Verdict:
    issuer = document.issuer
    if not issuer:
        return False, "không thấy"
    centre = (document.parent or issuer)[0].middle
    fit = (line.is_bold and line.text == line.text.upper() and _within(line.size, 11.9, 13.1) for line in issuer)
    holds = any(line.text.isupper() for line in issuer) and all(fit)
    return holds and all(_centred(line, centre, 1.5) for line in issuer), f"{len(issuer)} dòng"


@rule("II.2b kẻ 1/3-1/2")
def _issuer_stroke(document: Document) -> Verdict:
    return _third_to_half(document, document.issuer)


@rule("II.3 số, ký hiệu")
def _number(document: Document) -> Verdict:
    line = document.number
    if line is None:
        return False, "không thấy"
    written = " ".join(piece.text for piece in document.level_with(line) if piece.middle < 100)
    holds = line.size == 13 and not line.is_bold and not line.is_italic and bool(NUMBER.fullmatch(written))
    return holds, f"“{written}” {line.size}"


@rule("II.4 địa danh, ngày")
def _day(document: Document) -> Verdict:
    line, nation = document.date, document.nation
    if line is None or nation is None:
        return False, "không thấy"
    pieces = [piece for piece in document.level_with(line) if piece.middle > 100]
    written = " ".join(piece.text for piece in pieces)
    found = DAY.fullmatch(written)
    middle = (min(piece.x0 for piece in pieces) + max(piece.x1 for piece in pieces)) / 2
    holds = bool(found) and len(found[2]) in (0, 2) and _is_month(found[3])
    holds = holds and line.is_italic and not line.is_bold and _within(line.size, 12.9, 14.1)
    return holds and abs(middle - nation.middle) < 3, f"“{written}” {line.size} {middle - nation.middle:+.1f}"


def _is_month(text: str) -> bool:
    return text in ("", "01", "02") or (int(text) > 2 and not text.startswith("0"))


@rule("II.4c cùng dòng với số")
def _level(document: Document) -> Verdict:
    number, date = document.number, document.date
    if number is None or date is None:
        return False, "không thấy"
    return abs(number.base - date.base) < 0.8, f"{abs(number.base - date.base):.2f}"


@rule("II.5b tên loại")
def _kind(document: Document) -> Verdict:
    line = document.kind
    if line is None:
        return False, "không thấy"
    holds = line.is_bold and not line.is_italic and _within(line.size, 12.9, 14.1)
    return holds and _centred(line, document.middle), f"{line.size} {line.middle - document.middle:+.1f}"


@rule("II.5b trích yếu")
def _subject(document: Document) -> Verdict:
    lines = document.subject
    fit = (line.is_bold and not line.is_italic and _within(line.size, 12.9, 14.1) for line in lines)
    return bool(lines) and all(fit) and all(_centred(line, document.middle) for line in lines), f"{len(lines)} dòng"


@rule("II.5b kẻ 1/3-1/2")
def _subject_stroke(document: Document) -> Verdict:
    return _third_to_half(document, document.subject)


def _third_to_half(document: Document, lines: list[Line]) -> Verdict:
    stroke = document.stroke_under(lines[-1]) if lines else None
    if stroke is None:
        return False, "không có đường kẻ"
    ratio = stroke.width / max(line.width for line in lines)
    return _within(ratio, 0.32, 0.51), f"{ratio:.2f}"


@rule("II.6e cỡ chữ nội dung")
def _size(document: Document) -> Verdict:
    sizes = {line.size for line in document.body}
    return len(sizes) == 1 and all(_within(size, 12.9, 14.1) for size in sizes), str(sorted(sizes))


@rule("II.6e lùi đầu dòng 1/1,27cm")
def _indent(document: Document) -> Verdict:
    indents = sorted({round(line.x0 - document.left, 1) for line in document.firsts})
    fit = (_within(indent, 9.6, 13.1) for indent in indents)
    if not document.knows_left:  # the edge may be anywhere from 30 to 35
        fit = (_within(line.x0, 29.5 + 9.6, 35.3 + 13.1) for line in document.firsts)
    return 0 < len(indents) <= 4 and all(fit), str(indents[:6])


@rule("II.6e giãn dòng 1-1,5")
def _spacing(document: Document) -> Verdict:
    if not document.leading:
        return NOTHING if document.body else False, "không có đoạn nhiều dòng"
    size = max(line.size for line in document.body)
    return _within(document.pitch, 1.13 * size * 0.97, 1.5 * 1.15 * size), f"{document.pitch:.1f}"


@rule("II.6e cách đoạn >=6pt")
def _paragraphs(document: Document) -> Verdict:
    gaps = [step for _, two, step in document.steps if two in document.firsts]
    if not gaps:
        return NOTHING if document.body else False, "không có hai đoạn liền nhau"
    return min(gaps) - document.pitch >= 5.8, f"{min(gaps) - document.pitch:.1f}"


@rule("II.6e canh đều")
def _justified(document: Document) -> Verdict:
    ends = [line.x1 for line, _ in document.leading]
    if not ends:
        return NOTHING if document.body else False, "không có đoạn nhiều dòng"
    touching = sum(abs(end - max(ends)) < 0.7 for end in ends)
    return touching / len(ends) > 0.97, f"{touching}/{len(ends)}"


@rule("II.6đ đề mục đậm")
def _bold_headings(document: Document) -> Verdict:
    if not document.headings and not document.misplaced:
        return NOTHING if document.body else False, "không có đề mục"
    upright = all(line.is_bold and not line.is_italic for line in document.headings)
    return upright and not document.misplaced, f"{len(document.headings)}, {len(document.misplaced)} không lùi"


@rule("đề mục không mồ côi")
def _orphans(document: Document) -> Verdict:
    if not document.headings:
        return NOTHING if document.body and not document.misplaced else not document.misplaced, "không có đề mục"
    last = {line.page: line for line in document.body}
    found = [line for line in document.headings if last[line.page] is line and line.page < document.pages - 1]
    found = [line for line in found if not _table_follows(document, line)]
    return not found, str([line.text for line in found])


def _table_follows(document: Document, line: Line) -> bool:
    return any(table.page == line.page and table.bottom > line.base for table in document.paper.tables)


@rule("kết thúc ./.")
def _closing(document: Document) -> Verdict:
    return any(line.text.endswith("./.") for line in document.body), document.body[-1].text[
        -20:
    ] if document.body else ""


@rule("II.7 chữ ký")
def _signature(document: Document) -> Verdict:
    top, block = document.authority, document.signature
    if top is None or not block:
        return False, "không thấy"
    holds = top.is_bold and top.text.isupper() and _within(top.size, 12.9, 14.1)
    holds = holds and block[-1].is_bold and not block[-1].text.isupper()
    return holds and _centred(block[-1], top.middle, 1.5), f"{top.text} … {block[-1].text}"


@rule("chữ ký kèm >=2 dòng nội dung")
def _company(document: Document) -> Verdict:
    top = document.authority
    if top is None or not document.body:
        return False, "không thấy"
    page = (document.label or top).page
    cells = {(line.page, round(line.base)) for line in document.paper.lines if line.in_table}
    here = sum(line.page == page for line in document.body) + sum(cell[0] == page for cell in cells)
    return here >= min(2, len(document.body) + len(cells)), f"{here} dòng"


@rule("II.9 'Nơi nhận' 12 ngh.đậm, ngang hàng")
def _label(document: Document) -> Verdict:
    label, top = document.label, document.authority
    if label is None:
        return _without_label(document)
    if top is None:
        return False, "không có chữ ký"
    holds = label.size == 12 and label.is_bold and label.is_italic and abs(label.x0 - document.left) < 1
    if document.secretary:
        placed = label.page > top.page or label.base > top.base + 8
    else:
        placed = label.page == top.page and abs(label.base - top.base) < 1.5
    return holds and placed, f"{label.size} {label.page + 1}/{top.page + 1} {label.base - top.base:.1f}"


@rule("II.9 danh sách 11, -…; Lưu…")
def _recipients(document: Document) -> Verdict:
    if document.label is None:
        return _without_label(document)
    lines, items = document.recipients, _items(document.recipients)
    if not items:
        return False, "không thấy"
    holds = all(line.size == 11 and not line.is_bold and not line.is_italic for line in lines)
    holds = holds and all(item.startswith("- ") for item in items) and all(item.endswith(";") for item in items[:-1])
    return holds and bool(re.match(r"- Lưu: VT, .+\.$", items[-1])), f"{len(items)} mục; {items[-1]}"


def _without_label(document: Document) -> Verdict:
    """Nothing to say where nobody is named; broken where somebody is, without the label."""
    top = document.authority
    stray = [line for line in document.text if re.search(r"nơi nhận|^- Lưu", line.text, re.IGNORECASE)]
    below = [line for line in document.text if top and line.place > (top.page, top.base - 2) and is_left(line)]
    beside = [line for line in below if not (document.secretary and line.is_bold)]
    return NOTHING if top and not stray and not beside else False, "không có nơi nhận"


def _items(lines: list[Line]) -> list[str]:
    """Recipients, wrapped ones joined: a line without a dash goes on where its first word found no more room."""
    items: list[str] = []
    edge = max((line.x1 for line in lines), default=0)
    for before, line in zip([None, *lines], lines, strict=False):
        goes_on = before is not None and not line.text.startswith("- ") and not re.search("[;.]$", before.text)
        if goes_on and (before.page != line.page or before.x1 + _space(line) + _first_word(line) + 0.5 > edge):
            items[-1] += f" {line.text}"
        else:
            items.append(line.text)
    return items


def _space(line: Line) -> float:
    """Between two words on one line: a quarter of the type size in Times."""
    return line.size / 4 / MM


def _first_word(line: Line) -> float:
    signs = [sign for sign in line.signs if is_ink(sign)][: len(line.text.split()[0])]
    return (signs[-1]["x1"] - signs[0]["x0"]) / MM


def _file(pdf: bytes | Path) -> Result:
    reader = pypdf.PdfReader(io.BytesIO(pdf) if isinstance(pdf, bytes) else pdf)
    root: Any = reader.trailer["/Root"]
    holds = "/StructTreeRoot" in root and "/Lang" in root and bool(reader.metadata and reader.metadata.title)
    return FILE_RULE, holds, f"{root.get('/Lang')}, {len(reader.outline)} dấu trang"


FILE_RULE = "thẻ + ngôn ngữ + tiêu đề"
NAMES = (*RULES, FILE_RULE)
