"""python -m communes.tables: reads one table from standard input, answers its cells as JSON, and ends.

Tables that somebody uploads are opened here and nowhere else; what such a process may: `communes.aside.confine`.
"""

import json
import sys
from typing import Any

from communes.aside import confine

from . import model, reading

MAX_MEMORY_BYTES = 300 * 1024**2
CPU_SECONDS = 15
TOO_MUCH = "Tệp quá lớn hoặc quá phức tạp, không đọc được. Chia thành nhiều tệp nhỏ hơn rồi gửi."


def main() -> int:
    confine(memory=MAX_MEMORY_BYTES, cpu_seconds=CPU_SECONDS)
    try:
        answer: dict[str, Any] = {"sheets": model.as_json(reading.read(sys.stdin.buffer.read(model.MAX_BYTES + 1)))}
    except model.Refused as refused:
        answer = {"refused": str(refused)}
    except (MemoryError, RecursionError):
        answer = {"refused": TOO_MUCH}
    sys.stdout.write(json.dumps(answer, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
