"""A small gate for PDF/A-2a and 3a (ISO 19005): the clauses that the printing could break, read from the file alone."""

import io
import re
from collections.abc import Callable, Iterator

import pypdf
from pypdf.generic import ContentStream, DictionaryObject, StreamObject

Rule = Callable[[pypdf.PdfReader], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(clause: str) -> Callable[[Rule], Rule]:
    def kept(function: Rule) -> Rule:
        RULES[clause] = function
        return function

    return kept


def check(pdf: bytes) -> dict[str, str]:
    """{clause: first fault} of what is broken."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    found = {clause: next(function(reader), None) for clause, function in RULES.items()}
    return {clause: fault for clause, fault in found.items() if fault}


def root_of(reader: pypdf.PdfReader) -> DictionaryObject:
    return reader.trailer["/Root"]


def metadata_of(reader: pypdf.PdfReader) -> str:
    found = root_of(reader).get("/Metadata")
    return found.get_object().get_data().decode() if found else ""


def identified(reader: pypdf.PdfReader) -> tuple[str, str]:
    """(part, level) that the file claims: ("2", "A"); "" where it claims none."""
    text = metadata_of(reader)
    part = re.search(r'pdfaid:part(?:="|>)(\d)', text)
    level = re.search(r'pdfaid:conformance(?:="|>)(\w)', text)
    return part[1] if part else "", level[1] if level else ""


def objects_of(reader: pypdf.PdfReader) -> Iterator[DictionaryObject]:
    for number in range(1, len(reader.xref_objStm) + sum(map(len, reader.xref.values())) + 1):
        found = reader.get_object(number)
        if isinstance(found, DictionaryObject):
            yield found


def fonts_of(reader: pypdf.PdfReader) -> Iterator[DictionaryObject]:
    return (item for item in objects_of(reader) if item.get("/Type") == "/Font" and "/DescendantFonts" in item)


@rule("6.1.3 identifier")
def _identifier(reader):
    if len(reader.trailer.get("/ID", ())) != 2:
        yield "no /ID in the trailer"


@rule("6.1.3 encryption")
def _encryption(reader):
    if "/Encrypt" in reader.trailer:
        yield "encrypted"


@rule("6.1.7 streams")
def _streams(reader):
    for item in objects_of(reader):
        filters = item.get("/Filter", ()) if isinstance(item, StreamObject) else ()
        if "LZW" in str(filters):
            yield "LZW"
        if isinstance(item, StreamObject) and "/F" in item:
            yield "kept outside the file"


@rule("6.2.3 output intent")
def _intent(reader):
    intents = [item.get_object() for item in root_of(reader).get("/OutputIntents", ())]
    if not any(item.get("/S") == "/GTS_PDFA1" and "/DestOutputProfile" in item for item in intents):
        yield "none for PDF/A"


@rule("6.2.11.4 fonts")
def _fonts(reader):
    for font in fonts_of(reader):
        inner = font["/DescendantFonts"][0].get_object()
        described = inner.get("/FontDescriptor", {})
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(described.get_object()):
            yield f"{font['/BaseFont']} is not embedded"


@rule("6.2.11.7 letters")
def _letters(reader):
    for font in fonts_of(reader):
        if "/ToUnicode" not in font:
            yield f"{font['/BaseFont']} does not say which letters it draws"


@rule("6.2.11.8 no glyph")
def _glyphs(reader):
    for number, page in enumerate(reader.pages, 1):
        for operands, operator in ContentStream(page.get_contents(), reader).operations:
            shown = operands[0] if operator == b"TJ" else operands if operator == b"Tj" else ()
            for piece in shown:
                raw = getattr(piece, "original_bytes", piece if isinstance(piece, bytes) else b"")
                if b"\0\0" in (raw[at : at + 2] for at in range(0, len(raw), 2)):
                    yield f"a sign without a glyph on page {number}"


@rule("6.4 transparency")
def _transparency(reader):
    for item in objects_of(reader):
        if item.get("/Type") == "/XObject" and "/SMask" in item:
            yield "a picture with a soft mask"


@rule("6.5 actions")
def _actions(reader):
    names = root_of(reader).get("/Names", {})
    if "/JavaScript" in names or any(item.get("/S") == "/JavaScript" for item in objects_of(reader)):
        yield "a script"


@rule("6.6.2 metadata")
def _metadata(reader):
    part, level = identified(reader)
    if (part, level) not in (("2", "A"), ("3", "A")):
        yield f"claims part “{part}”, level “{level}”"


@rule("6.6.2.3 same in both places")
def _same(reader):
    title = (reader.metadata.title if reader.metadata else None) or ""
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if not title or escaped not in metadata_of(reader):
        yield "the title differs between the file's information and its metadata"


@rule("6.7 structure")
def _structure(reader):
    root = root_of(reader)
    if "/StructTreeRoot" not in root or root.get("/MarkInfo", {}).get("/Marked", False).value is not True:
        yield "no tags"
    elif not root.get("/Lang"):
        yield "no language"


@rule("6.8 attachments")
def _attachments(reader):
    part, _ = identified(reader)
    files = [item for item in objects_of(reader) if item.get("/Type") == "/Filespec"]
    associated = [item.get_object() for item in root_of(reader).get("/AF", ())]
    if files and part != "3":
        yield "attached files need part 3"
    for item in files:
        inner = item["/EF"]["/F"].get_object()
        if item.get("/AFRelationship") not in ("/Data", "/Source", "/Alternative", "/Supplement", "/Unspecified"):
            yield "a file without a relationship"
        if item not in associated:
            yield "a file that belongs to nothing"
        if "/UF" not in item or "/Subtype" not in inner or "/ModDate" not in inner.get("/Params", {}):
            yield "a file without name, kind or day"
    if len(associated) != len({item.indirect_reference.idnum for item in associated}):
        yield "a file twice"
