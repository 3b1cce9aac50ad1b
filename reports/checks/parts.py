"""What a notice must have: concluded dossiers, known figures, every part written, signs that can be printed."""

from collections.abc import Iterator

from .. import wording
from .finding import Finding, Spot
from .passages import BODY, HEADING, Heading, Kind, Material, Passage

# From here on lie pictures and scripts of other languages, which the fonts of office texts do not draw.
FIRST_UNDRAWN = 0x2600
# What is mended in the round, not in the text.
OF_ROUND = frozenset(("dossier-open", "dossier-none"))


def found(material: Material) -> Iterator[Finding]:
    yield from _dossiers(material)
    for passage in material.passages:
        yield from _tokens(passage, material)
        yield from _signs(passage)
    yield from _letterhead_signs(material)
    yield from _required(material)
    yield from _empty(material)


def _dossiers(material: Material) -> Iterator[Finding]:
    waiting = material.facts.open_dossiers
    if waiting:
        listed = "; ".join(waiting[:5]) + ("; …" if len(waiting) > 5 else "")
        message = (
            f"còn {len(waiting)} hồ sơ chưa kết luận ({listed}). "
            "Kết luận hết, hoặc ghi lý do không đưa đơn vị vào kết luận."
        )
        yield Finding("Số liệu", message, "dossier-open", "; ".join(waiting))
    if not material.facts.rows:
        yield Finding("Số liệu", "đợt kiểm tra chưa có hồ sơ nào được kết luận.", "dossier-none")


def _tokens(passage: Passage, material: Material) -> Iterator[Finding]:
    """Names in braces that stand for no figure, or for one without a value."""
    if "{" not in passage.raw and "}" not in passage.raw:
        return
    place = 0
    for match in (*wording.TOKEN.finditer(passage.raw), None):
        end = match.start() if match else len(passage.raw)
        pieces = [(place, passage.raw[place:end])]
        if match:
            pieces.append((match.start(), match[0]))
            place = match.end()
        for start, raw in pieces:
            for problem in wording.problems(raw, material.palette):
                sign = next((found for found in range(len(raw)) if raw[found] in "{}"), 0)
                at, length = (start, len(raw)) if raw.startswith("{") and raw.endswith("}") else (start + sign, 1)
                words = passage.raw[at : at + length]
                spot = Spot(passage.section_pk, passage.target, passage.offset + at, words)
                yield Finding(passage.place, problem, "token", words, True, passage.anchor, spot)


def _signs(passage: Passage) -> Iterator[Finding]:
    """Signs that cannot be printed: told while the text is written, not after it was approved."""
    undrawn = _undrawn(passage.text)
    if undrawn:
        start = passage.text.index(undrawn[0])
        yield passage.found("sign", _told(undrawn), start, start + 1, is_blocking=True)


def _letterhead_signs(material: Material) -> Iterator[Finding]:
    for place, value in material.required.items():
        undrawn = _undrawn(value) if isinstance(value, str) else []
        if undrawn and place != "Trích yếu":
            yield Finding(place, _told(undrawn), "sign", "".join(undrawn))


def _undrawn(text: str) -> list[str]:
    return [] if text.isascii() else [sign for sign in dict.fromkeys(text) if ord(sign) >= FIRST_UNDRAWN]


def _told(signs: list[str]) -> str:
    listed = ", ".join(f"“{sign}”" for sign in signs[:5])
    return f"không in được ký tự {listed}; xóa hoặc thay bằng chữ."


def _required(material: Material) -> Iterator[Finding]:
    pks = {heading.place: heading.pk for heading in material.headings}
    for place, value in material.required.items():
        if not value:
            yield Finding(
                place, "chưa có nội dung.", "missing", spot=Spot(pks.get(place), BODY if place in pks else "")
            )
    if material.recipients and not material.recipients[-1].startswith("Lưu: VT"):
        yield Finding(
            "Nơi nhận", "dòng cuối phải là nơi lưu, bắt đầu bằng “Lưu: VT”.", "archive", material.recipients[-1]
        )


def _empty(material: Material) -> Iterator[Finding]:
    """A section has a name, and a text or sections below it."""
    for place, heading in enumerate(material.headings):
        section = heading.written
        if section.kind != Kind.SECTION:
            continue
        below = material.headings[place + 1].written if place + 1 < len(material.headings) else None
        if not section.heading:
            yield _of(heading, "Mục chưa có tên", "ghi tên mục, hoặc xóa mục này.", HEADING)
        elif not section.body and (below is None or below.kind != Kind.SECTION or below.level <= section.level):
            yield _of(heading, f"“{section.heading}”", "mục chưa có nội dung; viết nội dung hoặc xóa mục.", BODY)


def _of(heading: Heading, place: str, message: str, target: str) -> Finding:
    name = heading.written.heading
    return Finding(place, message, "empty", name, True, name or heading.place, Spot(heading.pk, target))
