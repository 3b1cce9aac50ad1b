"""A batch of a thousand notices through the renderer, and one notice beside LibreOffice."""

import re
import shutil
import statistics
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from reports import renderer
from reports.compose import LAYOUT
from reports.content import Paragraph

from ..processes import printing
from ..reports.samples import REFERENCE

pytestmark = pytest.mark.bench

BATCH, LOOK_EVERY = 1000, 20
# Of the largest size in the first half of the batch: a process that grows is replaced, and so must not add up.
FLAT = 1.1
FURTHER_FILES = 6
# Ours, warm, beside LibreOffice once it runs, which makes no tags, no bookmarks and no archive's file.
AIM_BESIDE_LIBREOFFICE = 2.5


def notice(number: int):
    """No two of a batch are alike, as in use."""
    more = Paragraph(f"Thông báo thứ {number} của đợt kiểm tra gửi đơn vị số {number * 7919 % 10_007}.")
    return replace(REFERENCE, number=number, preamble=(*REFERENCE.preamble, more))


def page(number: int) -> str:
    return render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": notice(number)})


def resident_mb(pid: int | str) -> float:
    return int(re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)[1]) / 1024


def test_a_thousand_notices_in_a_row():
    sizes, own = [], []
    try:
        renderer.render(page(1), LAYOUT)
        began = time.perf_counter()
        for number in range(1, BATCH + 1):
            assert renderer.render(page(number), LAYOUT).startswith(b"%PDF")
            if number % LOOK_EVERY == 0:
                sizes.append(resident_mb(*printing()))
                own.append(resident_mb("self"))
        took = time.perf_counter() - began
    finally:
        renderer.stop()
    half = len(sizes) // 2
    print(f"\n{BATCH} notices of three pages in {took:.0f} s: {BATCH / took:.1f} a second, template included")
    for name, found in (("renderer", sizes), ("caller", own)):
        print(
            f"memory of the {name}: {max(found[:half]):.0f} MB at most in the first half, {max(found[half:]):.0f} after"
        )
    assert max(sizes[half:]) <= FLAT * max(sizes[:half])
    assert max(own[half:]) <= FLAT * max(own[:half])


def test_beside_libreoffice(tmp_path):
    """Our DOCX made into a PDF by LibreOffice: the first file with its start, each further one, and ours."""
    from reports.docx import to_docx

    program = shutil.which("soffice")
    if not program:
        pytest.skip("no LibreOffice: apt-get install libreoffice-writer-nogui")
    for number in range(FURTHER_FILES + 1):
        (tmp_path / f"{number}.docx").write_bytes(to_docx(notice(number + 1)))
    convert(program, tmp_path, "0.docx")  # makes its profile
    first = convert(program, tmp_path, "0.docx")
    all_of_them = convert(program, tmp_path, *(f"{number}.docx" for number in range(FURTHER_FILES + 1)))
    further = (all_of_them - first) / FURTHER_FILES
    try:
        renderer.render(page(1), LAYOUT)
        ours = statistics.median(clocked(number) for number in range(2, 12))
    finally:
        renderer.stop()
    print(f"\n{'':<44}{'all ms':>10}{'':>10}{'aim':>10}")
    print(f"{'LibreOffice, from its start':<44}{first * 1000:>10.0f}{first / further:>8.2f} ×")
    print(f"{'LibreOffice, each further file':<44}{further * 1000:>10.0f}{'1':>8}")
    aim = f"≤ {AIM_BESIDE_LIBREOFFICE} ×"
    print(f"{'ours, warm, template included':<44}{ours * 1000:>10.0f}{ours / further:>8.2f} ×{aim:>10}")
    assert ours <= AIM_BESIDE_LIBREOFFICE * further


def convert(program: str, folder: Path, *names: str) -> float:
    """Seconds by the clock."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [program, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder / "out"), *names]
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
    took = time.perf_counter() - began
    assert all((folder / "out" / name).with_suffix(".pdf").is_file() for name in names)
    return took


def clocked(number: int) -> float:
    began = time.perf_counter()
    assert renderer.render(page(number), LAYOUT).startswith(b"%PDF")
    return time.perf_counter() - began
