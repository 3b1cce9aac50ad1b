"""A dossier as a workbook: what goes out, what comes back, and that nothing is saved unless all is right."""

import datetime
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from communes import clock
from communes.models import Event
from criteria.measures import Kind
from criteria.models import CriteriaSet
from inspections import services
from inspections.models import WorkbookUpload
from inspections.presenters.workbook.layout import SEAL_SHEET, Column, origin_of, seal, unseal
from inspections.workflow import NotAllowed, Refused, StaleState

from ..factories import VillageFactory
from . import factories as make
from .workbooks import cell_of, compared, downloaded, edited, kept, places, plain_book, saved

pytestmark = pytest.mark.django_db
LONG = "12345678901234.5678"  # more digits than a spreadsheet program keeps of a number
NUMBER, WHOLE, JUDGEMENT, REMARK = Column.NUMBER, Column.WHOLE, Column.JUDGEMENT, Column.REMARK


@pytest.fixture
def world(district, commune, neighbour_commune):
    return make.open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


@pytest.fixture
def full(world, dossier, commune, officer):
    """Everything entered, with contents that spreadsheets like to change."""
    make.fill(dossier, by=officer)
    make.enter(dossier, "1.1", by=officer, remark="=1+1")
    make.enter(dossier, "1.2", by=officer, remark="- Đã xóa nhà tạm\n- Còn 0 hộ", self_judgement="chua_dat")
    make.enter(dossier, "2.1", by=officer, numerator=Decimal("9.95"), denominator=Decimal("12.5"))
    make.enter(dossier, "2.2", by=officer, value=Decimal("0.0001"), remark="1,5\n_x000D_ 12/5")
    parts = {"a": {"numerator": "9", "denominator": LONG}, "b": {"passed": True}}
    make.enter(dossier, "3", by=officer, remark="85%", parts=parts)
    return world.dossier_of(commune)


# ---------------------------------------------------------------- nothing edited, nothing changed


def assert_unchanged(found):
    assert (found.changes, found.conflicts, found.faults, found.notes, found.rows) == ([], [], [], [], [])


def test_round_trip_of_a_full_dossier_changes_nothing(full, officer):
    assert_unchanged(compared(downloaded(full, officer), full, officer))


def test_round_trip_through_another_program_changes_nothing(full, officer):
    """As openpyxl saves it again: other archive, other order, shared strings."""
    assert_unchanged(compared(edited(downloaded(full, officer), {}), full, officer))


def test_empty_dossier_changes_nothing(dossier, officer):
    assert_unchanged(compared(downloaded(dossier, officer), dossier, officer))


@pytest.mark.parametrize("code", ["xa-ntm", "xa-ntm-nc", "ban-nc-mau"])
def test_supplied_sets_go_out_and_come_back(code, district, commune, officer):
    call_command("load_reference", verbosity=0)
    criteria_set = CriteriaSet.objects.filter(code=code, status="published").latest("version")
    villages = [VillageFactory(commune=commune)] if criteria_set.is_village_level else []
    communes = [] if villages else [commune]
    world = make.open_round(
        district, communes=communes, criteria_set=criteria_set, villages=villages, village_set=criteria_set
    )
    dossier = world.dossier_of(villages[0] if villages else commune)
    make.fill(dossier, by=officer, with_evidence=False)
    content = downloaded(dossier, officer)
    assert_unchanged(compared(content, dossier, officer))
    codes = set(criteria_set.indicators.values_list("code", flat=True))
    assert codes <= set(places(load_workbook(BytesIO(content))))


# ---------------------------------------------------------------- what goes out


def test_one_sheet_a_group_and_guidance(full, officer):
    book = load_workbook(BytesIO(downloaded(full, officer)))
    shown = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    assert shown[0] == "Hướng dẫn"
    assert [title.partition(". ")[2] for title in shown[1:]] == [
        "Quy hoạch", "Hạ tầng kinh tế - xã hội", "Văn hóa - xã hội - môi trườn",
    ]  # fmt: skip
    assert book[SEAL_SHEET].sheet_state == "veryHidden"


def test_only_cells_to_fill_in_are_open(full, officer):
    book = load_workbook(BytesIO(downloaded(full, officer)))
    assert all(sheet.protection.sheet for sheet in book.worksheets if sheet.title != "_danh_sach")
    assert book.security.lockStructure
    is_open = {
        (code, column): not sheet.cell(row, column).protection.locked
        for code, (sheet, row) in places(book).items()
        for column in Column
    }
    assert {key for key, value in is_open.items() if value} == {
        *(("1.1", column) for column in (JUDGEMENT, REMARK)),
        *(("1.2", column) for column in (JUDGEMENT, REMARK)),
        *(("2.1", column) for column in (NUMBER, WHOLE, JUDGEMENT, REMARK)),
        *(("2.2", column) for column in (NUMBER, JUDGEMENT, REMARK)),
        *(("3", column) for column in (JUDGEMENT, REMARK)),
        *(("3 (a)", column) for column in (NUMBER, WHOLE)),
        ("3 (b)", NUMBER),
    }


def test_guidance_stands_in_comments(full, officer):
    content = downloaded(full, officer)
    said = cell_of(content, "2.1", Column.CODE).comment.text
    for words in ("Số km được cứng hóa chia cho tổng số km.", "≥ 80 %", "Minh chứng: Bảng thống kê chiều dài đường"):
        assert words in said
    assert "chưa đối chiếu" not in said
    assert "chưa đối chiếu" in cell_of(content, "2.2", Column.CODE).comment.text
    assert "chưa đối chiếu" in cell_of(content, "2.2", Column.THRESHOLD).value


def test_judgements_are_chosen_from_a_list(full, officer):
    book = load_workbook(BytesIO(downloaded(full, officer)))
    sheet, row = places(book)["1.2"]
    (rule,) = [item for item in sheet.data_validations.dataValidation if f"G{row}" in item.sqref]
    assert rule.type == "list"
    area = re.fullmatch(r"'_danh_sach'!\$(\w)\$1:\$\1\$(\d)", rule.formula1)
    words = [book["_danh_sach"][f"{area[1]}{place}"].value for place in range(1, int(area[2]) + 1)]
    assert words == ["Không (đạt)", "Còn (chưa đạt)", "Không đánh giá"]


def test_numbers_are_numbers_and_long_ones_keep_their_digits(full, officer):
    content = downloaded(full, officer)
    assert cell_of(content, "2.1", NUMBER).value == pytest.approx(9.95)
    assert cell_of(content, "2.1", NUMBER).data_type == "n"
    assert cell_of(content, "3 (a)", WHOLE).value == LONG.replace(".", ",")


def test_typed_formulas_leave_as_text(full, officer):
    content = downloaded(full, officer)
    cell = cell_of(content, "1.1", REMARK)
    assert (cell.value, cell.data_type, cell.quotePrefix, cell.number_format) == ("=1+1", "s", True, "@")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)


def test_sheets_print_on_a4_landscape_a_page_wide(full, officer):
    for sheet in load_workbook(BytesIO(downloaded(full, officer))).worksheets[:4]:
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)


def test_workbook_of_a_dossier_under_review_is_to_read_only(full, officer, commune, world):
    make.prove(full, "1.1", by=officer)
    services.submit(full, by=officer)
    content = downloaded(world.dossier_of(commune), officer)
    book = load_workbook(BytesIO(content))
    assert all(sheet.cell(row, column).protection.locked for sheet, row in places(book).values() for column in Column)
    assert "chỉ để xem và in" in " ".join(str(cell.value) for cell in book["Hướng dẫn"]["B"])


# ---------------------------------------------------------------- another unit, round, version


def test_workbook_of_another_commune_is_refused(full, world, neighbour_commune, officer):
    with pytest.raises(Refused, match=r"Đây là bảng tính của Xã Phúc Khoa; hồ sơ này là của Xã Nậm Cần\."):
        compared(downloaded(full, officer), world.dossier_of(neighbour_commune), officer)


def test_workbook_of_another_round_is_refused(full, district, commune, officer):
    other_set = make.small_set(code="xa-khac")
    other = make.open_round(district, communes=[commune], criteria_set=other_set, name="Đợt sau")
    with pytest.raises(Refused, match="thuộc đợt “Đợt sau”"):
        compared(downloaded(full, officer), other.dossier_of(commune), officer)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("set_code", "xa-khac", "bộ tiêu chí xa-khac"), ("set_version", 7, "phiên bản 7"), ("dossier", 0, "hồ sơ khác")],
)
def test_workbook_of_another_set_or_version_is_refused(full, officer, field, value, said):
    content = downloaded(full, officer)
    book = load_workbook(BytesIO(content))
    origin = unseal([book[SEAL_SHEET]["A1"].value])
    book[SEAL_SHEET]["A1"] = seal(replace(origin, **{field: value}))[0]
    with pytest.raises(Refused, match=said):
        compared(saved(book), full, officer)


def test_record_that_was_changed_is_refused(full, officer):
    book = load_workbook(BytesIO(downloaded(full, officer)))
    text = book[SEAL_SHEET]["A1"].value
    book[SEAL_SHEET]["A1"] = text[:40] + ("A" if text[40] != "A" else "B") + text[41:]
    with pytest.raises(Refused, match="Không xác nhận được"):
        compared(saved(book), full, officer)


def test_some_other_workbook_is_refused(full, officer):
    with pytest.raises(Refused, match="không phải bảng tính tải từ hồ sơ"):
        compared(plain_book(A1="1.1"), full, officer)


def test_record_longer_than_a_cell_is_kept_in_several(full):
    rows = {
        str(place): (1, {f"field_{place}_{name}": f"{place * name:012x}" for name in range(8)})
        for place in range(2_000)
    }
    pieces = seal(origin_of(full, rows))
    assert len(pieces) > 1
    assert unseal(pieces).rows.keys() == rows.keys()


# ---------------------------------------------------------------- what cells say


UNDERSTOOD = [
    ("2.1", WHOLE, "85,5", "85,5"),
    ("2.1", WHOLE, " 1.250,5 ", "1250,5"),
    ("2.1", WHOLE, 85.5, "85,5"),
    ("2.1", NUMBER, 0.1 + 0.2, "0,3"),
    ("2.1", NUMBER, None, ""),
    ("2.2", NUMBER, "40 triệu đồng/người/năm", "40"),
    ("2.2", NUMBER, "1250.5", "1250,5"),
    ("1.1", JUDGEMENT, "chưa đạt", "Chưa đạt"),
    ("1.2", JUDGEMENT, "Không", "Không (đạt)"),
    ("1.1", JUDGEMENT, None, ""),
    ("1.1", REMARK, 12.5, "12,5"),
    ("1.1", REMARK, datetime.date(2025, 5, 12), "12/05/2025"),
    ("1.1", REMARK, "  Đã xong\r\n", "Đã xong"),
    ("3 (b)", NUMBER, "chưa đạt", "Chưa đạt"),
]


@pytest.mark.parametrize(("code", "column", "value", "new"), UNDERSTOOD)
def test_cells_are_understood(full, officer, code, column, value, new):
    found = compared(edited(downloaded(full, officer), {(code, column): value}), full, officer)
    assert found.faults == []
    assert [(line.code, line.new) for line in found.changes] == [(code, new)]


WRONG = [
    ("2.1", NUMBER, "1.250", "hiểu được theo hai cách"),
    ("2.1", NUMBER, "-3", "Không nhập số âm"),
    ("2.1", NUMBER, -3, "Không nhập số âm"),
    ("2.1", NUMBER, "85 %", "tỷ lệ %"),
    ("2.1", NUMBER, "nhiều", "Chỉ nhập số"),
    ("2.1", NUMBER, True, "Chỉ nhập số"),
    ("2.1", NUMBER, datetime.date(2026, 5, 12), "Ô thành ngày 12/05/2026"),
    ("2.1", NUMBER, datetime.time(1, 30), "Ô thành ngày 01:30"),
    ("2.1", NUMBER, 1.123456, "Nhiều nhất 4 chữ số"),
    ("2.1", NUMBER, 10**16, "Số quá lớn"),
    ("2.1", NUMBER, "=SUM(A1:A2)", "công thức"),
    ("2.1", NUMBER, "#REF!", "#REF!"),
    ("2.1", WHOLE, 5, "Lớn hơn mẫu số 5"),
    ("2.2", NUMBER, "40 xã", "Chỉ nhập số"),
    ("2.2", WHOLE, 5, "không dùng ô này"),
    ("1.1", NUMBER, 5, "không dùng ô này"),
    ("1.1", JUDGEMENT, "Xong", "không có trong danh sách"),
    ("1.1", REMARK, '=HYPERLINK("http://x")', "công thức"),
    ("1.1", REMARK, "a" * 5_001, "5000"),
    ("3 (a)", JUDGEMENT, "Đạt", "không dùng ô này"),
    ("3 (b)", NUMBER, 3, "không có trong danh sách"),
]


@pytest.mark.parametrize(("code", "column", "value", "said"), WRONG)
def test_wrong_cells_are_named(full, officer, code, column, value, said):
    content = edited(downloaded(full, officer), {(code, column): value})
    sheet, row = places(load_workbook(BytesIO(content)))[code]
    found = compared(content, full, officer)
    (fault,) = found.faults
    assert said in fault.text
    assert fault.sheet == sheet.title
    # What compares two cells is told at the numerator, as in the form.
    assert fault.cell == f"{'E' if 'mẫu số' in said else 'ABCDEFGH'[column - 1]}{row}"
    assert not found.is_ready


def test_per_cent_of_a_cell_is_what_was_seen(district, commune, officer):
    set_ = make.draft_set(code="phan-tram")
    criterion = make.criterion_of(set_, 1, "Hộ nghèo", "")
    make.indicator_of(criterion, "1.1", Kind.NUMBER, "Tỷ lệ hộ nghèo", unit="%", operator="<=")
    world = make.open_round(district, communes=[commune], criteria_set=make.publish(set_))
    dossier = world.dossier_of(commune)
    content = downloaded(dossier, officer)
    for value, shown in ((0.855, "0.00%"), ("85,5 %", "General"), ("85,5%", "@")):
        sent = edited(content, {("1.1", NUMBER): value}, formats={("1.1", NUMBER): shown})
        (line,) = compared(sent, dossier, officer).changes
        assert line.new == "85,5"


def test_per_cent_in_a_count_is_refused(full, officer):
    content = edited(downloaded(full, officer), {("2.1", NUMBER): 0.85}, formats={("2.1", NUMBER): "0%"})
    (fault,) = compared(content, full, officer).faults
    assert "tỷ lệ %" in fault.text


def test_forty_wrong_cells_give_forty_messages(district, commune, officer):
    world = make.open_round(district, communes=[commune], criteria_set=make.wide_set())
    dossier = world.dossier_of(commune)
    content = downloaded(dossier, officer)
    where = places(load_workbook(BytesIO(content)))
    codes = [code for code in where if "." in code and code[0].isdigit()][:40]
    found = compared(edited(content, {(code, NUMBER): "sai" for code in codes}), dossier, officer)
    expected = {(where[code][0].title, f"E{where[code][1]}") for code in codes}
    assert len(found.faults) == 40
    assert {(fault.sheet, fault.cell) for fault in found.faults} == expected
    assert all("Chỉ nhập số" in fault.text for fault in found.faults)


def test_rows_that_were_removed_or_doubled_are_told(full, officer):
    book = load_workbook(BytesIO(downloaded(full, officer)))
    sheet, row = places(book)["2.2"]
    sheet.cell(row, 1).value = "2.1"
    said = " ".join(fault.text for fault in compared(saved(book), full, officer).faults)
    assert "Không thấy dòng của chỉ tiêu 2.2" in said
    assert "Mã 2.1 đứng ở hai dòng" in said


def test_rows_that_were_moved_are_found_by_their_code(full, officer):
    book = load_workbook(BytesIO(downloaded(full, officer)))
    sheet, row = places(book)["2.1"]
    sheet.insert_rows(row)
    sheet.cell(row + 1, NUMBER).value = 7
    (line,) = compared(saved(book), full, officer).changes
    assert (line.code, line.new, line.cell) == ("2.1", "7", f"E{row + 1}")


def test_what_stands_beside_the_table_is_told_not_read(full, officer):
    book = load_workbook(BytesIO(downloaded(full, officer)))
    sheet, row = places(book)["2.1"]
    sheet.cell(row, 11).value = "ghi nhớ"
    found = compared(saved(book), full, officer)
    assert found.notes == [f"Trang “{sheet.title}”: không đọc ô K{row}, nằm ngoài bảng."]


# ---------------------------------------------------------------- saving


def test_everything_is_saved_at_once(full, officer):
    content = edited(
        downloaded(full, officer),
        {
            ("2.1", NUMBER): 8,
            ("2.1", WHOLE): 9,
            ("3 (a)", NUMBER): "7",
            ("1.1", JUDGEMENT): "Chưa đạt",
            ("2.2", REMARK): None,
        },
    )
    found = compared(content, full, officer)
    codes = services.take_workbook(kept(content, full, officer), by=officer, rows=found.rows)
    assert sorted(codes) == ["1.1", "2.1", "2.2", "3"]
    rows = {row.indicator.code: row for row in full.assessments.select_related("indicator")}
    assert (rows["2.1"].numerator, rows["2.1"].denominator) == (8, 9)
    assert rows["3"].parts["a"] == {"numerator": "7", "denominator": LONG}
    assert rows["3"].parts["b"] == {"passed": True}
    assert rows["1.1"].self_judgement == "chua_dat"
    assert rows["2.2"].remark == ""
    assert_unchanged(compared(content, full, officer))


def test_saving_is_told_in_the_journal_row_by_row(full, officer):
    content = edited(downloaded(full, officer), {("2.2", NUMBER): 50})
    found = compared(content, full, officer)
    services.take_workbook(kept(content, full, officer), by=officer, rows=found.rows)
    event = Event.objects.get(action="dossier.workbook_taken")
    assert event.data == {"file": "ho-so.xlsx", "sha256": "0" * 64, "indicators": ["2.2"]}
    row = make.assessment_of(full, "2.2")
    changed = Event.objects.about(row).filter(action="assessment.entered").latest("seq")
    assert changed.data["changes"]["value"]["new"] == "50"


def test_workbook_is_taken_once(full, officer):
    content = edited(downloaded(full, officer), {("2.2", NUMBER): 50})
    upload, rows = kept(content, full, officer), compared(content, full, officer).rows
    services.take_workbook(upload, by=officer, rows=rows)
    make.enter(full, "2.2", by=officer, value=Decimal(60))
    with pytest.raises(StaleState, match="đã được lưu"):
        services.take_workbook(upload, by=officer, rows=rows)
    assert make.assessment_of(full, "2.2").value == 60


def test_workbook_waits_two_hours(full, officer):
    content = edited(downloaded(full, officer), {("2.2", NUMBER): 50})
    upload, rows = kept(content, full, officer), compared(content, full, officer).rows
    with clock.at(clock.now() + timedelta(hours=3)):
        assert not WorkbookUpload.objects.for_user(officer).exists()
        with pytest.raises(StaleState, match="quá hai giờ"):
            services.take_workbook(upload, by=officer, rows=rows)
        kept(content, full, officer)
    assert not WorkbookUpload.objects.filter(pk=upload.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_one_stale_row_saves_nothing(full, officer):
    content = edited(downloaded(full, officer), {("2.1", NUMBER): 8, ("2.2", NUMBER): 50})
    upload, rows = kept(content, full, officer), compared(content, full, officer).rows
    make.enter(full, "2.2", by=officer, value=Decimal(60))
    with pytest.raises(services.Conflict):
        services.take_workbook(upload, by=officer, rows=rows)
    assert make.assessment_of(full, "2.1").numerator == Decimal("9.95")
    upload.refresh_from_db()
    assert upload.taken_at is None


def test_only_the_own_commune_saves(full, officer, neighbour, inspector):
    content = edited(downloaded(full, officer), {("2.2", NUMBER): 50})
    upload, rows = kept(content, full, officer), compared(content, full, officer).rows
    for person in (neighbour, inspector):
        with pytest.raises(NotAllowed):
            services.take_workbook(upload, by=person, rows=rows)


def test_dossier_handed_in_meanwhile_is_not_written(full, officer, world, commune):
    content = edited(downloaded(full, officer), {("2.2", NUMBER): 50})
    upload, rows = kept(content, full, officer), compared(content, full, officer).rows
    make.prove(full, "1.1", by=officer)
    services.submit(world.dossier_of(commune), by=officer)
    with pytest.raises(StaleState):
        services.take_workbook(upload, by=officer, rows=rows)
    with pytest.raises(StaleState, match="Đã nộp"):
        kept(content, world.dossier_of(commune), officer)


def test_only_what_was_sent_back_is_open(full, officer, world, commune):
    make.prove(full, "1.1", by=officer)
    services.submit(full, by=officer)
    make.send_back(world.dossier_of(commune), "2.2", by=world.inspector)
    dossier = world.dossier_of(commune)
    content = downloaded(dossier, officer)
    assert not cell_of(content, "2.2", NUMBER).protection.locked
    assert cell_of(content, "2.1", NUMBER).protection.locked
    (line,) = compared(edited(content, {("2.2", NUMBER): 50}), dossier, officer).changes
    assert line.new == "50"
    (fault,) = compared(edited(content, {("2.1", NUMBER): 5}), dossier, officer).faults
    assert "không mở để sửa" in fault.text


# ---------------------------------------------------------------- somebody else was faster


@pytest.fixture
def stale(full, officer, world, commune):
    """A workbook whose 2.1 and 2.2 were changed on the portal since it was downloaded."""
    content = downloaded(full, officer)
    make.enter(full, "2.1", by=officer, remark="Sửa trên cổng")
    make.enter(full, "2.2", by=officer, value=Decimal(60))
    return content, world.dossier_of(commune)


def test_what_was_changed_on_the_portal_only_stays(stale, officer):
    content, dossier = stale
    assert_unchanged(compared(content, dossier, officer))


def test_other_fields_of_a_changed_indicator_are_no_conflict(stale, officer):
    content, dossier = stale
    found = compared(edited(content, {("2.1", NUMBER): 8}), dossier, officer)
    assert [line.new for line in found.changes] == ["8"]
    assert found.conflicts == []
    services.take_workbook(kept(content, dossier, officer), by=officer, rows=found.rows)
    row = make.assessment_of(dossier, "2.1")
    assert (row.numerator, row.remark) == (8, "Sửa trên cổng")


@pytest.mark.parametrize(("choice", "value"), [("mine", 50), ("theirs", 60)])
def test_the_person_chooses_between_both(stale, officer, choice, value):
    content, dossier = stale
    content = edited(content, {("2.2", NUMBER): 50, ("2.1", NUMBER): 8})
    found = compared(content, dossier, officer)
    (line,) = found.conflicts
    assert (line.old, line.new, line.changed_by) == ("60", "50", str(officer))
    assert found.undecided == [line]
    found = compared(content, dossier, officer, **{line.name: choice})
    assert found.undecided == []
    services.take_workbook(kept(content, dossier, officer), by=officer, rows=found.rows)
    assert make.assessment_of(dossier, "2.2").value == value
    assert make.assessment_of(dossier, "2.1").numerator == 8


def test_both_wrote_the_same(stale, officer):
    content, dossier = stale
    assert_unchanged(compared(edited(content, {("2.2", NUMBER): 60}), dossier, officer))
