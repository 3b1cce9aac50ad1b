"""Checks of PDF/UA-1 (ISO 14289-1): whether one who cannot see the pages is told all of them, in order."""

import io
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import pdfplumber
import pypdf
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, IndirectObject

from .paper import Sign
from .pdfa import fonts_of, metadata_of, root_of

KINDS = frozenset(
    ("Document", "Part", "Div", "P", "H1", "H2", "H3", "H4", "L", "LI", "Lbl", "LBody", "Span", "NonStruct", "Figure")
    + ("Table", "Caption", "THead", "TBody", "TR", "TH", "TD")
)
# What each kind may stand in; kinds not named here stand anywhere.
PARENTS = {
    "LI": {"L"},
    "LBody": {"LI"},
    "Lbl": {"LI"},
    "THead": {"Table"},
    "TBody": {"Table"},
    "TR": {"Table", "THead", "TBody"},
    "TH": {"TR"},
    "TD": {"TR"},
}
SHOWING = {b"Tj", b"TJ", b"'", b'"'}
PAINTING = {b"f", b"f*", b"F", b"S", b"s", b"B", b"B*", b"b", b"b*", b"sh", b"Do"}


@dataclass
class Element:
    """An element of the tree: its kind, its kids, and the marks (page, number) of the content that it holds."""

    kind: str
    data: DictionaryObject
    parent: "Element | None"
    kids: "list[Element | tuple[int, int]]"

    def walk(self) -> "Iterator[Element]":
        yield self
        for kid in self.kids:
            if isinstance(kid, Element):
                yield from kid.walk()

    def marks(self) -> Iterator[tuple[int, int]]:
        for kid in self.kids:
            if isinstance(kid, Element):
                yield from kid.marks()
            else:
                yield kid

    def all_of(self, *kinds: str) -> "list[Element]":
        return [element for element in self.walk() if element.kind in kinds]


class Tagged:
    """A PDF, its tree, and what is marked on its pages."""

    def __init__(self, pdf: bytes) -> None:
        self.pdf = pdf
        self.reader = pypdf.PdfReader(io.BytesIO(pdf))
        self.root = root_of(self.reader)
        self.pages = {page.indirect_reference.idnum: place for place, page in enumerate(self.reader.pages)}

    @cached_property
    def tree(self) -> Element:
        top = self.root.get("/StructTreeRoot", DictionaryObject()).get_object()
        return self._element("", top, None)

    def _element(self, kind: str, data: DictionaryObject, parent: Element | None) -> Element:
        element = Element(kind, data, parent, [])
        kids = data.get("/K", ())
        for kid in kids if isinstance(kids, (ArrayObject, tuple)) else [kids]:
            item = kid.get_object() if isinstance(kid, IndirectObject) else kid
            if isinstance(item, DictionaryObject) and "/S" in item:
                element.kids.append(self._element(item["/S"][1:], item, element))
            elif isinstance(item, int):
                element.kids.append((self.pages[data.raw_get("/Pg").idnum], int(item)))
        return element

    @cached_property
    def owners(self) -> dict[tuple[int, int], DictionaryObject]:
        """{(page, mark): the element that the table of parents names for it}."""
        table = self.root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
        keys = {int(key): value.get_object() for key, value in zip(table[::2], table[1::2], strict=True)}
        found = {}
        for place, page in enumerate(self.reader.pages):
            for mark, owner in enumerate(keys.get(int(page.get("/StructParents", -1)), ())):
                item = owner.get_object()
                if isinstance(item, DictionaryObject):
                    found[place, mark] = item
        return found

    @cached_property
    def marked(self) -> tuple[set[tuple[int, int]], list[str]]:
        """(marks that content carries, faults of content that carries none or two)."""
        marks, faults = set(), []
        for place, page in enumerate(self.reader.pages):
            around: list[str | int] = []
            for operands, operator in ContentStream(page.get_contents(), self.reader).operations:
                if operator in (b"BDC", b"BMC"):
                    around.append(_mark(operands))
                    if isinstance(around[-1], int):
                        marks.add((place, around[-1]))
                elif operator == b"EMC":
                    around.pop()
                elif operator in SHOWING | PAINTING:
                    kinds = {"artifact" if mark == "artifact" else "tagged" for mark in around if mark != ""}
                    if len(kinds) != 1:
                        faults.append(f"page {place + 1}: {operator.decode()} in {sorted(kinds) or 'nothing'}")
        return marks, faults

    def text(self) -> str:
        """The words in the order of the tree, as a screen reader says them."""
        signs: dict[tuple[int, int], list[Sign]] = defaultdict(list)
        with pdfplumber.open(io.BytesIO(self.pdf)) as opened:
            for place, page in enumerate(opened.pages):
                for sign in page.chars:
                    if sign["mcid"] is not None:
                        signs[place, sign["mcid"]].append(sign)
        said: list[str] = []
        before: Sign | None = None
        for stretch in (signs[mark] for mark in self.tree.marks() if mark in signs):
            if before and not _follows(before, stretch[0]):
                said.append(" ")
            said += [sign["text"] for sign in stretch]
            before = stretch[-1]
        return unicodedata.normalize("NFC", "".join(said))


def _follows(before: Sign, sign: Sign) -> bool:
    """Whether a sign stands right behind another: a word that is partly italic has two marks."""
    is_level = abs(before["matrix"][5] - sign["matrix"][5]) < 0.1
    return is_level and abs(sign["x0"] - before["x1"]) < 0.18 * sign["size"]


def _mark(operands: list) -> str | int:
    """The number of a marked stretch, "artifact", or "" for one that says nothing."""
    if operands[0] == "/Artifact":
        return "artifact"
    return int(operands[1]["/MCID"]) if len(operands) > 1 and "/MCID" in operands[1] else ""


Rule = Callable[[Tagged], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    def kept(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return kept


def check(pdf: bytes) -> dict[str, str]:
    """{rule: first fault} of what is broken; without a tree only that is said."""
    tagged = Tagged(pdf)
    if "/StructTreeRoot" not in tagged.root:
        return {"7.1 tags": "no tree"}
    found = {name: next(function(tagged), None) for name, function in RULES.items()}
    return {name: fault for name, fault in found.items() if fault}


@rule("5 identifier")
def _identifier(tagged):
    text = metadata_of(tagged.reader)
    if 'pdfuaid:part="1"' not in text and "<pdfuaid:part>1<" not in text:
        yield "the metadata do not claim PDF/UA-1"


@rule("7.1 title")
def _title(tagged):
    if not (tagged.reader.metadata and tagged.reader.metadata.title) or "<dc:title>" not in metadata_of(tagged.reader):
        yield "no title"
    shown = tagged.root.get("/ViewerPreferences", {}).get("/DisplayDocTitle")
    if shown is None or shown.value is not True:
        yield "the window shows the file's name"


@rule("7.2 language")
def _language(tagged):
    if not str(tagged.root.get("/Lang", "")).startswith("vi"):
        yield "not said to be Vietnamese"


@rule("7.1 tags")
def _tags(tagged):
    said = tagged.root.get("/MarkInfo", {})
    if "/Marked" not in said or said["/Marked"].value is not True:
        yield "not said to be tagged"
    if "/Suspects" in said and said["/Suspects"].value:
        yield "tags said to be doubtful"


@rule("7.1 content")
def _content(tagged):
    yield from tagged.marked[1]


@rule("7.1 tree")
def _tree(tagged):
    marks, held = tagged.marked[0], list(tagged.tree.marks())
    if marks != set(held):
        yield f"marked and not in the tree, or the other way: {sorted(marks ^ set(held))[:3]}"
    if len(held) != len(set(held)):
        yield "said twice"
    if marks != set(tagged.owners):
        yield f"the table of parents differs: {sorted(marks ^ set(tagged.owners))[:3]}"
    for element in tagged.tree.walk():
        for mark in (kid for kid in element.kids if isinstance(kid, tuple)):
            if tagged.owners.get(mark) is not element.data:
                yield f"the table of parents names another element for {mark}"


@rule("7.1 kinds")
def _kinds(tagged):
    for element in tagged.tree.walk():
        if element.parent is None:
            continue
        if element.kind not in KINDS:
            yield f"{element.kind} is no kind of PDF 1.7 that is used here"
        if element.parent.kind not in PARENTS.get(element.kind, {element.parent.kind}):
            yield f"{element.kind} in {element.parent.kind}"
        if element.data["/P"].get_object() is not element.parent.data:
            yield f"{element.kind} names another parent"


@rule("7.4 headings")
def _headings(tagged):
    levels = [int(element.kind[1]) for element in tagged.tree.all_of("H1", "H2", "H3", "H4")]
    if not levels or levels[0] != 1 or levels.count(1) != 1:
        yield f"the first heading is not the one of the first level: {levels[:4]}"
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"H{after} after H{before}"


@rule("7.5 tables")
def _tables(tagged):
    for table in tagged.tree.all_of("Table"):
        heads = {str(head.data.get("/ID")): head for head in table.all_of("TH")}
        if not heads or "None" in heads:
            yield "heads without identifiers"
        if any(head.data["/A"].get("/Scope") not in ("/Column", "/Row") for head in heads.values()):
            yield "heads that do not say of what"
        for cell in table.all_of("TD"):
            named = [str(name) for name in cell.data["/A"].get("/Headers", ())]
            if not named or not set(named) <= set(heads):
                yield "a cell without its head"
        widths = {sum(_span(cell) for cell in row.all_of("TH", "TD")) for row in table.all_of("TR")}
        if len(widths) != 1:
            yield f"rows of unequal length: {sorted(widths)}"
    yield from _listed(tagged)


def _span(cell: Element) -> int:
    return int(cell.data.get("/A", {}).get("/ColSpan", 1))


def _listed(tagged: Tagged) -> Iterator[str]:
    """Every identifier stands in the list of the whole tree, once and in order (ISO 32000-1, table 322)."""
    used = sorted(str(element.data["/ID"]) for element in tagged.tree.walk() if "/ID" in element.data)
    kids = tagged.root.get("/StructTreeRoot", {}).get("/IDTree", {}).get("/Kids", ())
    kept = [str(name) for kid in kids for name in kid.get_object()["/Names"][::2]]
    if used != kept:
        yield "identifiers that are not listed"


@rule("7.3 figures")
def _figures(tagged):
    for figure in tagged.tree.all_of("Figure"):
        if not str(figure.data.get("/Alt", "")).strip():
            yield "a picture without words for it"
        left, bottom, right, top = map(float, figure.data["/A"]["/BBox"])
        signs = list(figure.marks())
        width, height = (float(edge) for edge in tagged.reader.pages[signs[0][0]].mediabox[2:])
        if not (0 <= left < right <= width and 0 <= bottom < top <= height):
            yield "a picture that is not on its page"


@rule("7.18 tab order")
def _tabs(tagged):
    for place, page in enumerate(tagged.reader.pages):
        if page.get("/Tabs") != "/S":
            yield f"page {place + 1} does not follow the tree"


@rule("7.18 annotations")
def _annotations(tagged):
    for page in tagged.reader.pages:
        for item in page.get("/Annots", ()):
            if "/StructParent" not in item.get_object() or "/Contents" not in item.get_object():
                yield "one without a tag or words"


@rule("7.21 fonts")
def _fonts(tagged):
    for font in fonts_of(tagged.reader):
        if "/ToUnicode" not in font:
            yield f"{font['/BaseFont']} does not say which letters it draws"


@rule("7.16 security")
def _security(tagged):
    if tagged.reader.is_encrypted:
        yield "closed to other programs"


@rule("7.17 bookmarks")
def _bookmarks(tagged):
    titles = list(_titles(tagged.reader.outline))
    if len(titles) != len(tagged.tree.all_of("H1", "H2", "H3", "H4")):
        yield f"{len(titles)} bookmarks for other headings"


def _titles(items: list) -> Iterator[str]:
    for item in items:
        if isinstance(item, list):
            yield from _titles(item)
        else:
            yield str(item.title)
