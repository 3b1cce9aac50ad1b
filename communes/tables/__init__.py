"""Opens tables (XLSX, ODS, CSV) that people upload, in a process of its own: see `__main__.py`.

Functions over bytes; no models, no settings, no network. What may come in: `reading.py`.
"""

import json
import logging

from communes.aside import Aside, Broken, Busy, TooMuch

from .model import MAX_BYTES, Cell, Kind, Line, Refused, Sheet, address, from_json

__all__ = ["MAX_BYTES", "Cell", "Kind", "Line", "Refused", "Sheet", "address", "read"]

logger = logging.getLogger(__name__)

ASIDE = Aside(__name__, seconds=20)
BUSY = "Máy chủ đang đọc nhiều bảng tính khác; thử lại sau ít phút."
TOO_MUCH = "Tệp quá lớn hoặc quá phức tạp, không đọc được. Chia thành nhiều tệp nhỏ hơn rồi gửi."

BROKEN = "Không đọc được tệp này. Mở bằng Excel hoặc LibreOffice, lưu lại dạng .xlsx rồi gửi lần nữa."


def read(content: bytes) -> list[Sheet]:
    """The sheets of a file, each with its lines that are not empty; a CSV file is one sheet.

    Raises Refused with a Vietnamese sentence that says what is wrong, and where, and what to do.
    """
    if len(content) > MAX_BYTES:
        raise Refused(f"Tệp lớn hơn {MAX_BYTES // 1024**2} MB, không nhận. Xóa ảnh và phần thừa, hoặc chia nhỏ tệp.")
    try:
        answer = json.loads(ASIDE.ask(content))
    except Busy as error:
        raise Refused(BUSY) from error
    except TooMuch as error:
        raise Refused(TOO_MUCH) from error
    except Broken as error:
        logger.exception("A table could not be read")
        raise Refused(BROKEN) from error
    if "refused" in answer:
        raise Refused(answer["refused"])
    return from_json(answer["sheets"])
