"""Importing ten thousand villages, beside reading the file with openpyxl and one bulk insert of the same rows."""

import resource
import threading
import time
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from communes.exchange import runs, writing
from communes.exchange.kinds import KINDS
from communes.models import ImportRun, Village

from ..factories import CommuneFactory
from ..inspections import factories as work

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROWS = 10_000
PER_COMMUNE = 99
AIM = 6.0
AIM_MB = 300
ASSESSMENTS = 100_000
AIM_GROWTH_MB = 25
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


def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1024**2


class Peak(threading.Thread):
    """The largest resident size of this process meanwhile, in MB; its children's largest is asked for at the end."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.mb = 0.0

    def run(self):
        while not self.over.wait(0.02):
            self.mb = max(self.mb, resident_mb())


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


def twins(row, rows, **columns):
    """Copies of a row, one for each place, with the columns that tell them apart; saved by one insert."""
    model = type(row)
    values = {
        field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields if not field.primary_key
    }
    return model.objects.bulk_create(
        [model(**values | {name: column[place] for name, column in columns.items()}) for place in range(rows)],
        batch_size=500,
    )


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_hundred_thousand_indicators_go_out_in_flat_memory(form, district, commune, tmp_path):
    world = work.open_round(district, communes=[commune], criteria_set=work.wide_set())
    dossier = world.dossier_of(commune)
    rows = list(dossier.assessments.all())
    more = -(-ASSESSMENTS // len(rows)) - 1
    communes = twins(commune, more, code=[f"{20000 + n}" for n in range(more)])
    inspections = twins(dossier.inspection, more, commune_id=[each.pk for each in communes])
    places = range(2, more + 2)
    of = {"commune_id": [each.pk for each in communes], "position": list(places)}
    units = twins(dossier.round_unit, more, **of)
    dossiers = twins(
        dossier,
        more,
        inspection_id=[each.pk for each in inspections],
        round_unit_id=[each.pk for each in units],
    )
    for row in rows:
        twins(row, more, dossier_id=[each.pk for each in dossiers])
    kind = KINDS["chi-tieu"]
    first, _ = written(form, kind, world, tmp_path, most=2_000)
    whole, count = written(form, kind, world, tmp_path)
    print(f"\n{count} rows as {form}: {whole:.0f} MB above the start, of which {first:.0f} MB after the first 2000")
    assert count >= ASSESSMENTS
    assert whole - first < AIM_GROWTH_MB


def written(form, kind, world, folder, most=None):
    """(MB by which the process grew while it wrote, number of rows), writing to a file in pieces as the pages do."""
    ((page, rows),) = kind.export(world.coordinator, "")
    count = 0

    def counted():
        nonlocal count
        for row in rows:
            if most and count >= most:
                return
            count += 1
            yield row

    peak = Peak()
    before = resident_mb()
    peak.start()
    if form == "csv":
        with (folder / "out.csv").open("w") as target:
            target.writelines(writing.csv_lines(counted(), [column.heading for column in page.columns]))
    else:
        writing.file_of(form, [(page, counted())]).close()
    peak.over.set()
    peak.join()
    return max(0.0, peak.mb - before), count
