"""What the tree of tags still needs for readers who cannot see the page; works on the PDF before it is written.

WeasyPrint tags the text of margin boxes and leaves it out of the tree, names no direction of a table's heads, keeps
no list of their identifiers, and measures pictures from the top. ISO 32000-1, 14.7 and 14.8; ISO 14289-1, 7.
"""

from collections.abc import Iterator
from typing import Any

# Of WeasyPrint's own unit (a 96th of an inch) in points.
POINTS = 0.75


def mend(document: Any, pdf: Any) -> None:
    """A finisher for WeasyPrint's `write_pdf`."""
    root = _resolve(pdf, pdf.catalog["StructTreeRoot"])
    reached = dict(_elements(pdf, root))
    loose = [item for item in pdf.objects if _is(item, "/StructElem") and item.number not in reached]
    _set_aside(pdf, root, loose)
    _name_heads(pdf, root, reached)
    for element in reached.values():
        if element["S"] == "/Figure":
            _measure(pdf, element)
    if "AF" in pdf.catalog:
        # Each attachment stands there twice.
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])


def _set_aside(pdf: Any, root: Any, loose: list[Any]) -> None:
    """Page numbers are no text of the document: mark what has tags outside the tree as an artifact of its page."""
    places: dict[bytes, set[int]] = {}
    for element in loose:
        places.setdefault(element["Pg"], set()).update(kid for kid in element["K"] if isinstance(kid, int))
    parents = _resolve(pdf, root["ParentTree"])["Nums"]
    for reference, marks in places.items():
        page = _resolve(pdf, reference)
        stream = _resolve(pdf, page["Contents"]).stream
        for at, item in enumerate(stream):
            if isinstance(item, dict) and item.get("MCID") in marks:
                stream[at - 1] = "/Artifact"
                item.clear()
                item["Type"] = "/Pagination"
        owners = parents[2 * page["StructParents"] + 1]
        for mark in marks:
            owners[mark] = "null"
    for element in loose:
        element.clear()


def _name_heads(pdf: Any, root: Any, reached: dict[int, Any]) -> None:
    """Say of each head of a table that it is one of a column, and list all heads by their identifiers."""
    names = []
    for element in reached.values():
        if element["S"] == "/TH":
            element["A"]["Scope"] = "/Column"
            names.append((element["ID"].data, element["ID"], element.reference))
    if names:
        first, last = min(names)[1], max(names)[1]
        tree = type(pdf.catalog)({"Names": type(root["K"])(), "Limits": type(root["K"])((first, last))})
        for _, name, reference in sorted(names):
            tree["Names"] += [name, reference]
        root["IDTree"] = type(pdf.catalog)({"Kids": type(root["K"])((_added(pdf, tree),))})


def _measure(pdf: Any, element: Any) -> None:
    height = _resolve(pdf, element["Pg"])["MediaBox"][3]
    left, top, right, bottom = (edge * POINTS for edge in element["A"]["BBox"])
    element["A"]["BBox"][:] = left, height - bottom, right, height - top


def _elements(pdf: Any, parent: Any) -> Iterator[tuple[int, Any]]:
    waiting = [parent]
    while waiting:
        for kid in waiting.pop()["K"]:
            element: Any = None if isinstance(kid, int) else _resolve(pdf, kid)
            if _is(element, "/StructElem"):
                yield element.number, element
                waiting.append(element)


def _is(item: Any, kind: str) -> bool:
    return isinstance(item, dict) and item.get("Type") == kind


def _resolve(pdf: Any, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _added(pdf: Any, item: Any) -> bytes:
    pdf.add_object(item)
    reference: bytes = item.reference
    return reference
