"""Importing ten thousand villages, beside reading the file with openpyxl and one bulk insert of the same rows."""

import resource
import threading
import time
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from communes.exchange import runs
from communes.exchange.kinds import KINDS
from communes.models import ImportRun, Village

from ..factories import CommuneFactory

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROWS = 10_000
PER_COMMUNE = 99
AIM = 6.0
AIM_MB = 300
HEADINGS = ["Mã thôn, bản", "Tên thôn, bản", "Loại", "Mã xã", "Có từ ngày"]


@pytest.fixture
def communes(district):
    count = -(-ROWS // PER_COMMUNE)
    return [CommuneFactory(authority=district, code=f"{10000 + n}", name=f"Xã {n}") for n in range(count)]


def table(name="Bản"):
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Thôn, bản")
    sheet.append(HEADINGS)
    for place in range(ROWS):
        code = f"{10000 + place // PER_COMMUNE}"
        sheet.append([f"{code}-{place % PER_COMMUNE + 1:02d}", f"{name} {place}", "bản", code, date(2010, 1, 1)])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def plainly(content, communes):
    """Seconds that reading with openpyxl and one bulk insert take."""
    by_code = {commune.code: commune.pk for commune in communes}
    began = time.perf_counter()
    rows = load_workbook(BytesIO(content)).active.iter_rows(min_row=2, values_only=True)
    Village.objects.bulk_create(
        Village(code=code, name=name, kind="ban", commune_id=by_code[of], valid_from=since.date())
        for code, name, _, of, since in rows
    )
    took = time.perf_counter() - began
    Village.objects.all().delete()
    return took


def imported(content, by):
    """Seconds of upload, checking and storing the preview, and of saving, as the worker does them; and the run."""
    began = time.perf_counter()
    run = runs.start(KINDS["thon-ban"], by=by, name="bang.xlsx", content=content)
    runs.carry_on.call(str(run.pk))
    run.refresh_from_db()
    seen = time.perf_counter()
    assert run.status == ImportRun.Status.READY, run.message
    runs.confirm(run, by=by, seen=run.digest)
    runs.carry_on.call(str(run.pk))
    run.refresh_from_db()
    assert run.status == ImportRun.Status.DONE
    return seen - began, time.perf_counter() - seen, run


class Peak(threading.Thread):
    """The largest resident size of this process meanwhile, in MB; its children's largest is asked for at the end."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.mb = 0.0

    def run(self):
        while not self.over.wait(0.02):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.mb = max(self.mb, pages * resource.getpagesize() / 1024**2)


def test_ten_thousand_villages(communes, coordinator):
    content = table()
    plain = min(plainly(content, communes) for _ in range(2))
    peak = Peak()
    peak.start()
    looked, saved, run = imported(content, coordinator)
    assert Village.objects.count() == ROWS
    again = imported(table("Bản đổi tên"), coordinator)
    peak.over.set()
    peak.join()
    began = time.perf_counter()
    runs.undo(again[2], by=coordinator)
    runs.undo(run, by=coordinator)
    undone = time.perf_counter() - began
    assert not Village.objects.exists()
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nopenpyxl and one bulk insert of {ROWS} rows: {plain:.2f} s")
    for words, (first, second, _) in (("new", (looked, saved, run)), ("changed", again)):
        ratio = (first + second) / plain
        print(f"{words:<9} preview {first:.2f} s, saving {second:.2f} s: {ratio:.2f} × (aim ≤ {AIM:g} ×)")
    print(
        f"undoing both: {undone:.2f} s; memory {peak.mb:.0f} MB, of the reading process {child:.0f} MB (aim < {AIM_MB})"
    )
    assert (looked + saved) / plain <= AIM
    assert (again[0] + again[1]) / plain <= AIM
    assert peak.mb < AIM_MB
    assert child < AIM_MB
