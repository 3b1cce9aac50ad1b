"""WeasyPrint alone in a warm process: reads one page of HTML a line (JSON), answers with the processor seconds it took.

It waits between two jobs as the portal's renderer does, so that both start each job equally cold.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Printer:
    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process

    def seconds(self, html: str, layout: str) -> float:
        self.process.stdin.write(json.dumps([html, layout]) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def printer() -> Iterator[Printer]:
    command = [sys.executable, "-m", "tests.bench.alone"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        yield Printer(process)
        process.stdin.close()


def main() -> None:
    from reports.pdf import Engine

    engine = Engine()
    for line in sys.stdin:
        html, layout = json.loads(line)
        began = time.process_time()
        engine.render(html, layout)
        print(time.process_time() - began, flush=True)


if __name__ == "__main__":
    main()
