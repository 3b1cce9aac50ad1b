"""WeasyPrint alone in a warm process: reads one page of HTML a line (JSON), answers with the processor seconds it took.

Fonts and style sheets are read once and kept, as its authors advise; nothing of ours looks at the page, checks its
signs or mends its tags. It waits between two jobs as the portal's renderer does, so that both start each job equally
cold.
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
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    from reports.pdf import LAYOUTS, ProjectFiles, font_faces

    fetcher, fonts = ProjectFiles(), FontConfiguration()
    kept: dict[str, list] = {}
    for line in sys.stdin:
        html, layout = json.loads(line)
        if layout not in kept:
            texts = font_faces(), (LAYOUTS / f"{layout}.css").read_text(encoding="utf-8")
            kept[layout] = [weasyprint.CSS(string=text, font_config=fonts, url_fetcher=fetcher) for text in texts]
        began = time.process_time()
        page = weasyprint.HTML(string=html, url_fetcher=fetcher)
        page.write_pdf(stylesheets=kept[layout], font_config=fonts, pdf_variant="pdf/a-2a")
        print(time.process_time() - began, flush=True)


if __name__ == "__main__":
    main()
