"""Finds the table of a kind in the sheets of a file: the right sheet, the line of headings, the columns."""

from collections.abc import Sequence

from ..tables import Line, Refused, Sheet, address
from ..text import fold
from .kinds import KINDS, Kind, Located, Page, Record

# People put a title above their table.
HEADING_WITHIN = 10
GUIDE = "Hướng dẫn"


def locate(sheets: Sequence[Sheet], kind: Kind) -> Located:
    """Raises Refused where a sheet, a heading or a column is missing, or where there is nothing to read."""
    pages = kind.pages()
    found = Located({}, {})
    known = {fold(page.title) for page in pages} | {fold(GUIDE)}
    for page in pages:
        sheet = _sheet_of(sheets, page, alone=len(pages) == 1)
        _read_page(sheet, page, kind, found)
    if len(pages) > 1 or len(sheets) > 1:
        left = [sheet.title for sheet in sheets if fold(sheet.title) not in known and sheet.lines]
        used = set() if len(pages) > 1 else {sheet.title for sheet in sheets if len(_contents(sheets)) == 1}
        found.notes += [f"Trang “{title}” không đọc." for title in left if title not in used]
    if not found.size:
        raise Refused("Bảng không có dòng nào dưới dòng tiêu đề; chưa có gì để nhập.")
    return found


def _contents(sheets: Sequence[Sheet]) -> list[Sheet]:
    return [sheet for sheet in sheets if sheet.lines and fold(sheet.title) != fold(GUIDE)]


def _sheet_of(sheets: Sequence[Sheet], page: Page, *, alone: bool) -> Sheet:
    for sheet in sheets:
        if fold(sheet.title) == fold(page.title):
            return sheet
    filled = _contents(sheets)
    if alone and len(filled) == 1:
        return filled[0]
    if alone and not filled:
        raise Refused("Tệp không có trang nào có nội dung.")
    names = ", ".join(f"“{sheet.title}”" for sheet in sheets[:8])
    raise Refused(f"Không thấy trang “{page.title}”. Tệp có: {names}. Đặt đúng tên trang rồi gửi lại; chưa nhập gì.")


def _read_page(sheet: Sheet, page: Page, kind: Kind, found: Located) -> None:
    where = f"Trang “{sheet.title}”" if sheet.title else "Tệp"
    heading = _heading(sheet, page)
    places = _columns(heading, page, where) if heading else {}
    missing = [column.heading for column in page.columns if column.is_needed and column.name not in places]
    other = _other_kind(sheet, kind) if missing else None
    hint = f" Tệp này giống bảng “{other.title}”: chọn loại dữ liệu đó." if other else ""
    if heading is None:
        wanted = ", ".join(column.heading for column in page.columns if column.is_needed)
        raise Refused(f"{where} không phải bảng “{page.title}”: không thấy dòng tiêu đề có các cột {wanted}.{hint}")
    if missing:
        raise Refused(f"{where}, dòng {heading.number}: thiếu cột {', '.join(missing)}. Chưa nhập gì.{hint}")
    used = set(places.values())
    spare = [cell.text for place, cell in enumerate(heading.cells) if cell.text and place not in used]
    if spare:
        found.notes.append(f"{where}: không đọc cột {', '.join(spare)}.")
    records = []
    for line in sheet.lines:
        if line.number <= heading.number:
            continue
        cells = {name: line.cells[place] for name, place in places.items() if place < len(line.cells)}
        if any(cell.text for cell in cells.values()):
            letters = {name: address(place + 1, line.number) for name, place in places.items()}
            records.append(Record(page.title, line.number, cells, letters))
    found.records[page.title] = records
    found.columns[page.title] = list(places)


def _names(page: Page) -> dict[str, str]:
    return {fold(column.heading): column.name for column in page.columns}


def _heading(sheet: Sheet, page: Page) -> Line | None:
    """The first line that holds at least half of the needed headings."""
    names = _names(page)
    needed = {column.name for column in page.columns if column.is_needed}
    for line in sheet.lines[:HEADING_WITHIN]:
        held = {names[fold(cell.text)] for cell in line.cells if fold(cell.text) in names}
        if held and len(held & needed) * 2 >= len(needed):
            return line
    return None


def _is_whole(sheet: Sheet, page: Page) -> bool:
    """Whether a sheet has every column that a page needs."""
    heading = _heading(sheet, page)
    held = _columns(heading, page, "") if heading else {}
    return all(column.name in held for column in page.columns if column.is_needed)


def _columns(heading: Line, page: Page, where: str) -> dict[str, int]:
    names, places = _names(page), {}
    for place, cell in enumerate(heading.cells):
        name = names.get(fold(cell.text))
        if name is None:
            continue
        if name in places:
            raise Refused(f"{where}, ô {address(place + 1, heading.number)}: cột “{cell.text}” có hai lần.")
        places[name] = place
    return places


def _other_kind(sheet: Sheet, kind: Kind) -> Kind | None:
    for other in KINDS.values():
        if other is not kind and other.can_import and any(_is_whole(sheet, page) for page in other.pages()):
            return other
    return None
