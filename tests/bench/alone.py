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
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.pens.svgPathPen import SVGPathPen

from reports import marks

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


# ---------------------------------------------------------------- the marks as pictures of their own


@cache
def draft_mark() -> bytes:
    """The word DỰ THẢO slanting over the page, light grey (SVG)."""
    line = marks.Line(marks.DRAFT_WORDS, "Bold")
    path, width, em = _path_of(line), line.width, line.em
    box = f"{-width * 0.1:.0f} {-width * 0.7:.0f} {width * 1.2:.0f} {width * 1.2:.0f}"
    turn = f"rotate(-52 {width / 2:.0f} {-em * 0.33:.0f})"
    return _svg(f'<path fill="#ededed" transform="{turn}" d="{path}"/>', box, 600, 600)


@cache
def demo_mark() -> bytes:
    """One small line for the foot of the page that says the data are made up for showing the portal (SVG)."""
    line = marks.Line(marks.DEMO_WORDS, "Regular")
    path, width, em = _path_of(line), line.width, line.em
    box = f"0 {-em:.0f} {width:.0f} {em * 1.3:.0f}"
    return _svg(f'<path fill="#595959" d="{path}"/>', box, round(13 * width / em), round(13 * 1.3))


def _path_of(line: marks.Line) -> str:
    pen = SVGPathPen(line.glyphs)
    line.draw(pen)
    return pen.getCommands()


def _svg(body: str, box: str, width: int, height: int) -> bytes:
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="{box}">'
    return f"{frame}{body}</svg>".encode()


# ---------------------------------------------------------------- printing


def main() -> None:
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcherResponse

    from reports.pdf import LAYOUTS, ProjectFiles, font_faces

    pictures = {"ntm:draft-mark": draft_mark, "ntm:demo-mark": demo_mark}

    class Files(ProjectFiles):
        """With the marks as any page has its pictures: each a file, made once."""

        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            if url in pictures:
                return URLFetcherResponse(url, pictures[url](), {"Content-Type": "image/svg+xml"})
            return super().fetch(url, headers)

    fetcher, config = Files(), FontConfiguration()
    kept: dict[str, list] = {}
    for line in sys.stdin:
        html, layout = json.loads(line)
        if layout not in kept:
            texts = font_faces(), (LAYOUTS / f"{layout}.css").read_text(encoding="utf-8")
            kept[layout] = [weasyprint.CSS(string=text, font_config=config, url_fetcher=fetcher) for text in texts]
        began = time.process_time()
        page = weasyprint.HTML(string=html, url_fetcher=fetcher)
        page.write_pdf(stylesheets=kept[layout], font_config=config, pdf_variant="pdf/a-2a")
        print(time.process_time() - began, flush=True)


if __name__ == "__main__":
    main()
