"""A workbook saved again by LibreOffice comes back unchanged, and its sheets print."""

import shutil
import subprocess

import pytest

from ..inspections import factories as work
from ..inspections.workbooks import Column, cell_of, compared, downloaded, edited

pytestmark = [pytest.mark.long, pytest.mark.django_db]


@pytest.fixture
def converted(tmp_path):
    """`converted(workbook, "pdf")`: the file as LibreOffice Calc writes it."""
    program = shutil.which("soffice")

    def convert(content, to):
        source, target = tmp_path / "ho-so.xlsx", tmp_path / to
        source.write_bytes(content)
        home = f"-env:UserInstallation=file://{tmp_path}/home"
        command = [program, home, "--headless", "--convert-to", to, "--outdir", target, source]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        if "could not be loaded" in ended.stderr + ended.stdout:
            pytest.skip("LibreOffice without Calc: apt-get install libreoffice-calc-nogui")
        return (target / f"ho-so.{to}").read_bytes()

    if not program:
        pytest.skip("no LibreOffice: apt-get install libreoffice-calc-nogui")
    return convert


@pytest.fixture
def dossier(district, commune, officer):
    world = work.open_round(district, communes=[commune])
    work.fill(world.dossier_of(commune), by=officer)
    work.enter(world.dossier_of(commune), "1.1", by=officer, remark="=1+1\n- gạch đầu dòng")
    return world.dossier_of(commune)


def test_workbook_saved_by_libreoffice_changes_nothing(dossier, officer, converted):
    again = converted(downloaded(dossier, officer), "xlsx")
    found = compared(again, dossier, officer)
    assert (found.changes, found.conflicts, found.faults, found.notes) == ([], [], [], [])
    assert cell_of(again, "2.1", Column.CODE).protection.locked
    assert not cell_of(again, "2.1", Column.NUMBER).protection.locked


def test_what_was_edited_comes_back_through_libreoffice(dossier, officer, converted):
    content = edited(downloaded(dossier, officer), {("2.2", Column.NUMBER): 14.89})
    (line,) = compared(converted(content, "xlsx"), dossier, officer).changes
    assert (line.code, line.new) == ("2.2", "14,89")


def test_sheets_print(dossier, officer, converted):
    assert converted(downloaded(dossier, officer), "pdf").startswith(b"%PDF-")
