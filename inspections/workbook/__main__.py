"""python -m inspections.workbook: reads one workbook from standard input, answers its cells as JSON, and ends.

Workbooks that somebody uploads are opened here and nowhere else: without the database's password and the
portal's keys, with limits on memory and time, and without a network to ask.
"""

import json
import sys
import warnings
from typing import Any

from communes.aside import confine

from . import model, reading

MAX_MEMORY_BYTES = 200 * 1024**2
CPU_SECONDS = 4
TOO_MUCH = "Tệp quá lớn hoặc quá phức tạp, không đọc được. Chép phần cần thiết sang một bảng tính mới rồi gửi lại."


def limit() -> None:
    confine(memory=MAX_MEMORY_BYTES, cpu_seconds=CPU_SECONDS)


def main() -> int:
    limit()
    warnings.simplefilter("ignore")  # what openpyxl leaves out of a file it reads is no news
    try:
        answer: dict[str, Any] = {"sheets": model.as_json(reading.read(sys.stdin.buffer.read(model.MAX_BYTES + 1)))}
    except model.Refused as refused:
        answer = {"refused": str(refused)}
    except (MemoryError, RecursionError):
        answer = {"refused": TOO_MUCH}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
