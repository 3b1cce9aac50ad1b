"""Opens workbooks (XLSX) that people upload, in a process of its own: see `__main__.py`.

Functions over bytes; no models, no settings, no network. What may come in: `reading.py`.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path

from .model import MAX_BYTES, Cell, Kind, Refused, Sheet, from_json

__all__ = ["MAX_BYTES", "Cell", "Kind", "Refused", "Sheet", "read"]

SECONDS = 5
# Of one web worker at a time: whoever uploads many files at once waits, and the machine keeps its memory.
AT_ONCE = threading.BoundedSemaphore(2)
WAIT_SECONDS = 20
ROOT = Path(__file__).resolve().parent.parent.parent
BUSY = "Máy chủ đang đọc nhiều bảng tính khác; thử lại sau ít phút."
TOO_MUCH = "Tệp quá lớn hoặc quá phức tạp, không đọc được. Chép phần cần thiết sang một bảng tính mới rồi gửi lại."


def read(content: bytes) -> list[Sheet]:
    """The sheets of an uploaded workbook, hidden ones too. Raises Refused within five seconds, using 200 MB at most."""
    if not AT_ONCE.acquire(timeout=WAIT_SECONDS):
        raise Refused(BUSY)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PATH": "", "OPENPYXL_LXML": "False"},
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused(TOO_MUCH) from error
    finally:
        AT_ONCE.release()
    if ended.returncode < 0:
        raise Refused(TOO_MUCH)  # ended by a limit
    if ended.returncode:
        raise RuntimeError(ended.stderr.decode(errors="replace")[-2000:])
    answer = json.loads(ended.stdout)
    if "refused" in answer:
        raise Refused(answer["refused"])
    return from_json(answer["sheets"])
