"""A whole set as one workbook: out and in again without loss, into a new draft or an own one, and taken back."""

from datetime import date
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from openpyxl import load_workbook

from communes import clock
from communes.exchange import runs, writing
from communes.exchange.kinds import KINDS, CannotUndo
from communes.models import ImportRun
from criteria import content, services
from criteria.models import AgencyAssignment, CriteriaSet, EvidenceRequirement, Threshold, ThresholdConfirmation
from tests.communes.tables import confirm, problems, saved, start
from tests.factories import AgencyFactory

from ..inspections.factories import small_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(district, administrator):
    """A published set with agencies, evidence of both kinds, and a confirmed threshold."""
    found = small_set(code="xa-thu")
    for row in found.indicators.all()[:2]:
        AgencyAssignment.objects.create(
            indicator=row, agency=AgencyFactory(authority=district, code=f"p-{row.position}")
        )
    EvidenceRequirement.objects.create(indicator=found.indicators.first(), text="=HYPERLINK(x)\nHai dòng", position=9)
    services.confirm_threshold(
        Threshold.objects.filter(indicator__criteria_set=found, is_confirmed_in_source=False).first(),
        decision="12/QĐ", article="1", on=date(2024, 1, 1), by=administrator,
    )  # fmt: skip
    return found


def out(criteria_set, by, form="xlsx"):
    kind = KINDS["bo-tieu-chi"]
    with writing.file_of(form, kind.export(by, f"{criteria_set.code}/{criteria_set.version}")) as made:
        return made.read()


def told(criteria_set):
    tables = content.tables_of(criteria_set)
    return tables["set"], {name: rows for name, rows in tables.items() if name != "set"}


def edited(data, **cells):
    """cells: {"Ngưỡng!C2": value}"""
    book = load_workbook(BytesIO(data))
    for place, value in cells.items():
        sheet, _, cell = place.partition("!")
        book[sheet][cell] = value
    return saved(book)


@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_out_and_in_again_loses_nothing(form, full, coordinator):
    run = start(out(full, coordinator, form), coordinator, kind="bo-tieu-chi")
    assert problems(run) == []
    assert set(run.counts) == {"new"}
    confirm(run, coordinator)
    made = CriteriaSet.objects.get(code="xa-thu", version=2)
    assert made.status == CriteriaSet.Status.DRAFT
    assert told(made) == told(full)
    (row,) = ThresholdConfirmation.objects.filter(threshold__indicator__criteria_set=made)
    assert (row.decision, row.confirmed_on) == ("12/QĐ", date(2024, 1, 1))


def test_the_supplied_set_goes_out_and_in(db, coordinator):
    services.load_supplied_sets()
    full = CriteriaSet.objects.get(code="xa-ntm", version=2)
    run = confirm(start(out(full, coordinator), coordinator, kind="bo-tieu-chi"), coordinator)
    assert run.event.data["set"] == "xa-ntm/3"
    made = CriteriaSet.objects.get(code="xa-ntm", version=3)
    assert told(made) == told(full)


def test_into_a_draft_only_what_differs_is_told_and_all_of_it_can_be_taken_back(full, coordinator):
    draft = services.copy_set(full, by=coordinator)
    before = content.snapshot(draft)
    data = edited(out(draft, coordinator), **{"Tiêu chí!B2": "Tên khác"})
    book = load_workbook(BytesIO(data))
    book["Minh chứng"].delete_rows(book["Minh chứng"].max_row)
    run = start(saved(book), coordinator, kind="bo-tieu-chi", target="xa-thu/2")
    assert problems(run) == []
    assert {state: n for state, n in run.counts.items() if state != "same"} == {"changed": 1, "gone": 1}
    confirm(run, coordinator)
    draft.refresh_from_db()
    assert draft.criteria.get(number=1).name == "Tên khác"
    runs.undo(run, by=coordinator)
    draft.refresh_from_db()
    assert content.snapshot(draft) == before


def test_a_new_draft_is_taken_back_as_long_as_nobody_wrote_in_it(full, coordinator):
    run = confirm(start(out(full, coordinator), coordinator, kind="bo-tieu-chi"), coordinator)
    made = CriteriaSet.objects.get(version=2)
    services.describe_set(made, by=coordinator, note="Đã sửa")
    with pytest.raises(CannotUndo, match="đã được sửa"):
        runs.undo(run, by=coordinator)
    services.describe_set(made, by=coordinator, note="")
    runs.undo(run, by=coordinator)
    assert not CriteriaSet.objects.filter(version=2).exists()


def test_a_file_confirms_no_threshold(full, coordinator):
    data = out(full, coordinator)
    book = load_workbook(BytesIO(data))
    for row in book["Ngưỡng"].iter_rows(min_row=2):
        row[8].value = "có"
        if row[2].value:
            row[2].value = 99
    run = start(saved(book), coordinator, kind="bo-tieu-chi")
    assert any("nhập là chưa đối chiếu" in note for note in run.notes)
    confirm(run, coordinator)
    made = Threshold.objects.filter(indicator__criteria_set__version=2, value=99)
    assert made.exists()
    assert not made.confirmed().exists()


def test_a_published_set_is_no_target(full, coordinator):
    with pytest.raises(PermissionDenied):
        start(out(full, coordinator), coordinator, kind="bo-tieu-chi", target="xa-thu/1")
    assert not ImportRun.objects.exists()


def test_a_draft_published_meanwhile_is_not_touched(full, coordinator):
    draft = services.copy_set(full, by=coordinator)
    data = edited(out(draft, coordinator), **{"Tiêu chí!B2": "Tên khác"})
    run = start(data, coordinator, kind="bo-tieu-chi", target="xa-thu/2")
    CriteriaSet.objects.filter(pk=draft.pk).update(
        status="published", published_by=coordinator, published_at=clock.now()
    )
    runs.confirm(run, by=coordinator, seen=run.digest)
    run.refresh_from_db()
    assert run.status == ImportRun.Status.DROPPED
    assert run.message


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"Chỉ tiêu!B2": 1.1}, "B2 Mã này đang là số (1.1)"),
        ({"Chỉ tiêu!A2": 77}, "A2 Trang “Tiêu chí” không có số 77"),
        ({"Chỉ tiêu!D2": "rate"}, "Tỷ lệ và số đo phải có dấu so sánh"),
        ({"Ngưỡng!A2": "9.9"}, "A2 Trang “Chỉ tiêu” không có mã 9.9"),
        ({"Ngưỡng!C2": "abc"}, "C2 “abc” không phải số"),
        ({"Phụ trách!B2": "khong-co"}, "Không có phòng, ban mã “khong-co”"),
        ({"Bộ tiêu chí!D2": "huyện"}, "D2 “huyện” không có trong danh sách"),
    ],
)
def test_faults_name_their_cell(cells, said, full, coordinator):
    run = start(edited(out(full, coordinator), **cells), coordinator, kind="bo-tieu-chi")
    assert said in "\n".join(problems(run))
    assert run.count("error")


@pytest.mark.parametrize(("typed", "said"), [(0.85, "0,85 là 85 % hay 0,85 %"), ("0,85", "0,85 là 85 %")])
def test_a_share_instead_of_per_cent_is_asked_about(typed, said, full, coordinator):
    data = out(full, coordinator)
    book = load_workbook(BytesIO(data))
    kinds = {row[1].value: row[3].value for row in book["Chỉ tiêu"].iter_rows(min_row=2)}
    row = next(row for row in book["Ngưỡng"].iter_rows(min_row=2) if kinds[row[0].value] == "tỷ lệ")
    row[2].value = typed
    run = start(saved(book), coordinator, kind="bo-tieu-chi")
    assert said in "\n".join(problems(run))
    row[2].value = "85 %"
    assert problems(start(saved(book), coordinator, kind="bo-tieu-chi")) == []
