"""python -m inspections.filechecks TYPE: looks into the file on standard input, tells JSON on standard output, ends."""

import json
import logging
import resource
import socket
import sys
from typing import Any, NoReturn

from . import reading

MAX_MEMORY_BYTES = 1024**3
CPU_SECONDS = 30


def no_network(*_: Any, **__: Any) -> NoReturn:
    raise OSError("files are looked into without a network")


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    socket.socket.connect = no_network  # type: ignore[method-assign]
    logging.disable(logging.CRITICAL)
    found = reading.look(sys.stdin.buffer.read(), sys.argv[1])
    sys.stdout.write(json.dumps(found, ensure_ascii=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
