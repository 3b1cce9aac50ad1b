"""Where every line of the samples stands, kept in `golden/`, so that no change moves the layout unseen.

    .venv/bin/python -m tests.reports.golden    write the lists anew; the difference is then looked at, with the pages

A list holds [page, line of the page, x, y, text]: x of the first sign and y of the baseline, in mm from the top
left corner of the sheet, rounded to 0.1 mm.
"""

import json
from pathlib import Path

from .paper import read

FOLDER = Path(__file__).parent / "golden"
# One of every kind of page; the samples beyond them repeat what these hold.
NAMES = ("reference", "one-page", "blank", "table-3", "minutes", "code")


def places(pdf: bytes) -> list[list]:
    rows, last = [], (-1, 0)
    for line in sorted(read(pdf).lines, key=lambda line: (line.page, round(line.base, 1), line.x0)):
        number = last[1] + 1 if last[0] == line.page else 1
        last = line.page, number
        rows.append([line.page + 1, number, round(line.x0, 1), round(line.base, 1), line.text])
    return rows


def kept(name: str) -> list[list]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def main() -> None:
    from .samples import SAMPLES, print_all

    FOLDER.mkdir(exist_ok=True)
    for name, pdf in print_all({name: SAMPLES[name] for name in NAMES}):
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in places(pdf))
        (FOLDER / f"{name}.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
