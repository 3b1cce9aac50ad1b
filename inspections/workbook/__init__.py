"""Opens workbooks (XLSX) that people upload, in a process of its own: see `__main__.py`.

Functions over bytes; no models, no settings, no network. What may come in: `reading.py`.
"""

import json

from communes.aside import Aside, Busy, TooMuch

from .model import MAX_BYTES, Cell, Kind, Refused, Sheet, from_json

__all__ = ["MAX_BYTES", "Cell", "Kind", "Refused", "Sheet", "read"]

ASIDE = Aside(__name__, seconds=5, variables={"OPENPYXL_LXML": "False"})
BUSY = "Máy chủ đang đọc nhiều bảng tính khác; thử lại sau ít phút."
TOO_MUCH = "Tệp quá lớn hoặc quá phức tạp, không đọc được. Chép phần cần thiết sang một bảng tính mới rồi gửi lại."


def read(content: bytes) -> list[Sheet]:
    """The sheets of an uploaded workbook, hidden ones too. Raises Refused within five seconds, using 200 MB at most."""
    try:
        answer = json.loads(ASIDE.ask(content))
    except Busy as error:
        raise Refused(BUSY) from error
    except TooMuch as error:
        raise Refused(TOO_MUCH) from error
    if "refused" in answer:
        raise Refused(answer["refused"])
    return from_json(answer["sheets"])
