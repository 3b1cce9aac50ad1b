"""Text in the cells of a workbook that leaves the portal: never a formula, whatever somebody typed.

Every export writes text through `put_text`.
"""

import re
from typing import Any

# With these a spreadsheet program begins a formula, when a cell is edited or a table pasted on.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "|", "%")
LONGEST = 32_767
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def put_text(cell: Any, text: str) -> None:
    """Put text into a cell (openpyxl's) as text: shown as it is, kept by editing and by saving again.

    Stored as a string in a text cell; one that looks like a formula also carries the mark that a leading
    apostrophe sets, so that the content itself stays the same. Longer text than a cell holds is cut.
    """
    cell.value = ESCAPE.sub("_x005F_", ILLEGAL.sub("", text))[:LONGEST] or None
    if cell.value is None:
        return
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = text.lstrip(" \n").startswith(FORMULA_STARTS)
