"""python -m inspections.filechecks TYPE: looks into the file on standard input, tells JSON on standard output, ends."""

import json
import logging
import sys

from communes.aside import confine

from . import reading

MAX_MEMORY_BYTES = 1024**3
CPU_SECONDS = 30


def main() -> int:
    confine(memory=MAX_MEMORY_BYTES, cpu_seconds=CPU_SECONDS)
    logging.disable(logging.CRITICAL)
    found = reading.look(sys.stdin.buffer.read(), sys.argv[1])
    sys.stdout.write(json.dumps(found, ensure_ascii=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
