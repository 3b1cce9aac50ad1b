"""Imports of units and agencies: what each row is taken for, saving as a whole, undoing."""

from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from communes import journal, tables, units
from communes.exchange import runs
from communes.exchange.kinds import CannotUndo
from communes.models import Agency, Commune, Event, ImportRun, User, Village
from communes.tables import Refused
from tests.factories import CommuneFactory, VillageFactory

from ..inspections import factories as work
from .tables import AGENCIES, COMMUNES, book, confirm, problems, start, states
from .tables import village as line

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------- what a row is taken for


def test_rows_are_new_changed_or_the_same(coordinator, village):
    VillageFactory(commune=village.commune, code="03602-02", name="Bản Cũ", valid_from=date(2009, 1, 1))
    run = start(
        book(
            ("03602-01", "Nà Lại", "bản", None, None, "01/01/2009", None),
            ("03602-02", "Bản  Đổi tên ", "thôn", "03602", "Xã Phúc Khoa", "1/1/2009", None),
            ("03602-03", "Bản Mới", "bản", "03602", None, date(2020, 7, 1), None),
        ),
        coordinator,
    )
    assert states(run) == {2: "same", 3: "changed", 4: "new"}
    assert run.rows.get(number=3).changes == [
        ["Tên thôn, bản", "Bản Cũ", "Bản Đổi tên"],
        ["Loại", "bản", "thôn"],
    ]
    assert Village.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (line("3602-01"), "Không có xã mã “3602”"),
        (line(3602), "Mã này đang là số (3602)"),
        (line(commune=3602), "Mã này đang là số (3602)"),
        (line("03602-7"), "mã phải có dạng 03602-01"),
        (line(name=""), "Chưa ghi tên thôn, bản"),
        (line(kind="làng"), "“làng” không có trong danh sách"),
        (line(since="13/13/2020"), "không phải ngày"),
        (line(since="2020"), "không phải ngày"),
        (line(since=None), "Chưa ghi có từ ngày"),
        (line(since="01/01/1990"), "không có xã nào mang mã 03602"),
        (line(until="31/12/2019"), "Ngày kết thúc phải sau"),
        (line(of="Nậm Sỏ"), "Mã 03602 là xã Phúc Khoa, không phải “Nậm Sỏ”"),
        (line("03999-01"), "Không có xã mã “03999” trong phạm vi quản lý"),
        (line(name="x" * 201), "Dài 201 ký tự"),
        (line("03602-01", since="01/01/2020"), "Mã này ngày 01/01/2020 đang của bản Nà Lại"),
    ],
)
def test_faults_name_cell_and_reason(row, said, coordinator, village, other_commune):
    run = start(book(row), coordinator)
    assert states(run) == {2: "error"}
    assert said in " ".join(problems(run))
    assert all(cell[-1] == "2" for cell in [text.split()[0] for text in problems(run)])
    with pytest.raises(runs.NotNow, match="dòng lỗi"):
        runs.confirm(run, by=coordinator, seen=run.digest)


def test_a_key_that_stands_twice_is_a_fault_of_both_rows(coordinator, commune):
    run = start(book(line(), line(name="Tên khác")), coordinator)
    assert states(run) == {2: "error", 3: "error"}
    assert "Trùng với dòng 3." in problems(run)[0]


def test_a_code_names_the_unit_of_the_day(coordinator, district):
    old = CommuneFactory(authority=district, code="03598", name="Cũ", valid_to=date(2025, 6, 30))
    new = CommuneFactory(authority=district, code="03598", name="Mới", valid_from=date(2025, 7, 1))
    run = start(book(line("03598-01"), line("03598-02", since="01/7/2025")), coordinator)
    confirm(run, coordinator)
    assert Village.objects.get(code="03598-01").commune == old
    assert Village.objects.get(code="03598-02").commune == new


# ---------------------------------------------------------------- names that are nearly right


def test_a_near_name_is_offered_and_never_taken_silently(coordinator, neighbour_commune):
    run = start(book(line("03610-01", of="Nậm Cắn")), coordinator)
    (row,) = run.rows.all()
    assert (row.state, row.offer) == ("ask", ["Tên xã", "Nậm Cắn", "Nậm Cần"])
    with pytest.raises(runs.NotNow, match="cần chọn"):
        runs.confirm(run, by=coordinator, seen=run.digest)
    runs.choose(run, {"Thôn, bản:2": True}, by=coordinator)
    assert states(run) == {2: "new"}
    confirm(run, coordinator)
    assert Village.objects.get().commune == neighbour_commune


def test_a_refused_name_of_the_commune_is_a_fault(coordinator, neighbour_commune):
    run = start(book(line("03610-01", of="Nậm Cắn")), coordinator)
    runs.choose(run, {"Thôn, bản:2": False}, by=coordinator)
    assert states(run) == {2: "error"}


@pytest.mark.parametrize(("take", "state", "name"), [(True, "same", "Nậm Cần"), (False, "changed", "Nậm Cắn")])
def test_the_own_near_name_is_kept_or_changed_as_chosen(take, state, name, coordinator, neighbour_commune, district):
    content = book(
        ("03610", "xã Nậm Cắn", "xã", district.code, "01/01/2009", None), title="Xã, thị trấn", headings=COMMUNES
    )
    run = start(content, coordinator, kind="don-vi")
    assert states(run) == {2: "ask"}
    runs.choose(run, {"Xã, thị trấn:2": take}, by=coordinator)
    assert states(run) == {2: state}
    if state == "changed":
        confirm(run, coordinator)
    neighbour_commune.refresh_from_db()
    assert neighbour_commune.name == name


# ---------------------------------------------------------------- saved whole, or not


def test_one_import_is_one_event_with_its_rows(coordinator, village):
    before = Event.objects.count()
    content = book(("03602-01", "Nà Lại Mới", "bản", None, None, "01/01/2009", None), line("03602-02", "Bản Hai"))
    run = confirm(start(content, coordinator), coordinator)
    assert run.status == ImportRun.Status.DONE
    assert Event.objects.count() == before + 1
    (made, changed) = run.event.data["rows"]
    assert made[3] is None
    assert made[4]["name"] == "Bản Hai"
    assert changed[3:] == [{"name": "Nà Lại"}, {"name": "Nà Lại Mới"}]
    assert list(journal.verify()) == []


def test_a_second_click_saves_nothing_twice(coordinator, commune):
    run = confirm(start(book(line()), coordinator), coordinator)
    with pytest.raises(runs.NotNow):
        runs.confirm(run, by=coordinator, seen=run.digest)
    assert Village.objects.count() == 1


def test_what_changed_meanwhile_is_shown_again_before_it_is_saved(coordinator, village):
    run = start(book(("03602-01", "Tên mới", "bản", None, None, "01/01/2009", None)), coordinator)
    village.name = "Đã đổi"
    units.save_unit(village, by=coordinator)
    seen = run.digest
    runs.confirm(run, by=coordinator, seen=seen)
    run.refresh_from_db()
    assert run.status == ImportRun.Status.READY
    assert "đã thay đổi" in run.message
    assert run.rows.get().changes == [["Tên thôn, bản", "Đã đổi", "Tên mới"]]
    with pytest.raises(runs.NotNow, match="đã thay đổi"):
        runs.confirm(run, by=coordinator, seen=seen)
    confirm(run, coordinator)
    village.refresh_from_db()
    assert village.name == "Tên mới"


def test_columns_that_are_not_there_stay_as_they_are(coordinator, commune, district):
    commune.group = 2
    commune.save()
    content = book(
        ("03602", "Phúc Khoa Mới", "xã", district.code, "01/01/2009", None), title="Xã, thị trấn", headings=COMMUNES
    )
    confirm(start(content, coordinator, kind="don-vi"), coordinator)
    commune.refresh_from_db()
    assert (commune.name, commune.group) == ("Phúc Khoa Mới", 2)


def test_agencies_of_the_own_authority_only(coordinator, agency, district, other_district):
    rows = [(district.code, "van-hoa", "Phòng Văn hóa"), (other_district.code, "van-hoa", "Phòng Văn hóa")]
    run = start(book(*rows, title="Phòng, ban", headings=AGENCIES), coordinator, kind="phong-ban")
    assert states(run) == {2: "new", 3: "error"}
    run = start(book(rows[0], title="Phòng, ban", headings=AGENCIES), coordinator, kind="phong-ban")
    confirm(run, coordinator)
    assert Agency.objects.get(code="van-hoa").is_active


def test_a_unit_of_another_authority_is_not_touched(coordinator, other_commune, district):
    content = book(
        ("03999", "Lấy về", "xã", district.code, "01/01/2009", None), title="Xã, thị trấn", headings=COMMUNES
    )
    run = start(content, coordinator, kind="don-vi")
    assert "thuộc cơ quan khác" in problems(run)[0]


@pytest.mark.parametrize("who", ["officer", "inspector", "viewer"])
def test_others_import_nothing(who, request, commune):
    with pytest.raises(PermissionDenied):
        start(book(line()), request.getfixturevalue(who))


# ---------------------------------------------------------------- undoing


def test_undoing_brings_back_what_was(coordinator, village):
    content = book(
        ("03602-01", "Nà Lại Mới", "thôn", None, None, "01/01/2009", "31/12/2030"), line("03602-02", "Bản Hai")
    )
    run = confirm(start(content, coordinator), coordinator)
    runs.undo(run, by=coordinator)
    run.refresh_from_db()
    (stands,) = Village.objects.all()
    assert (stands.name, stands.kind, stands.valid_to) == ("Nà Lại", "ban", None)
    assert run.status == ImportRun.Status.UNDONE
    assert Event.objects.latest("pk").action == "import.undone"
    with pytest.raises(runs.NotNow):
        runs.undo(run, by=coordinator)
    assert list(journal.verify()) == []


def test_what_was_changed_since_keeps_the_import_from_being_undone(coordinator, village):
    run = confirm(start(book(("03602-01", "Mới", "bản", None, None, "01/01/2009", None)), coordinator), coordinator)
    village.refresh_from_db()
    village.name = "Mới hơn"
    units.save_unit(village, by=coordinator)
    with pytest.raises(CannotUndo, match="đã có người sửa"):
        runs.undo(run, by=coordinator)
    run.refresh_from_db()
    assert run.status == ImportRun.Status.DONE


def test_what_is_used_since_keeps_the_import_from_being_undone(coordinator, district):
    content = book(("03700", "Mới", "xã", district.code, "01/01/2009", None), title="Xã, thị trấn", headings=COMMUNES)
    run = confirm(start(content, coordinator, kind="don-vi"), coordinator)
    VillageFactory(commune=Commune.objects.get(code="03700"))
    with pytest.raises(CannotUndo, match="đã được dùng"):
        runs.undo(run, by=coordinator)
    assert Commune.objects.filter(code="03700").exists()


def test_a_unit_of_a_round_in_preparation_is_in_use(coordinator, district):
    content = book(("03700", "Mới", "xã", district.code, "01/01/2009", None), title="Xã, thị trấn", headings=COMMUNES)
    run = confirm(start(content, coordinator, kind="don-vi"), coordinator)
    work.open_round(district, communes=[Commune.objects.get(code="03700")], is_open=False)
    with pytest.raises(CannotUndo, match="đã được dùng"):
        runs.undo(run, by=coordinator)


def test_who_keeps_other_units_by_now_takes_nothing_back(coordinator, village, other_district):
    run = confirm(start(book(("03602-01", "Mới", "bản", None, None, "01/01/2009", None)), coordinator), coordinator)
    coordinator.memberships.update(authority=other_district)
    with pytest.raises(CannotUndo, match="cơ quan khác quản lý"):
        runs.undo(run, by=User.objects.get(pk=coordinator.pk))
    village.refresh_from_db()
    assert village.name == "Mới"


# ---------------------------------------------------------------- busy machines and lost rights


def test_a_busy_machine_lets_the_import_wait(coordinator, commune, monkeypatch):
    run = start(book(line()), coordinator)

    def busy(content):
        raise tables.Refused(tables.BUSY)

    monkeypatch.setattr(tables, "read", busy)
    runs.confirm(run, by=coordinator, seen=run.digest)
    run.refresh_from_db()
    assert (run.status, run.message, run.is_stuck) == (ImportRun.Status.SAVING, tables.BUSY, True)
    monkeypatch.undo()
    runs.resume(run)
    run.refresh_from_db()
    assert run.status == ImportRun.Status.DONE


def test_who_lost_the_right_meanwhile_saves_nothing(coordinator, commune, monkeypatch):
    monkeypatch.setattr(runs, "AT_ONCE", 0)
    run = start(book(line()), coordinator)
    runs.carry_on.call(str(run.pk))
    run.refresh_from_db()
    runs.confirm(run, by=coordinator, seen=run.digest)
    coordinator.memberships.all().delete()
    assert runs.carry_on.call(str(run.pk)) == "dropped"
    run.refresh_from_db()
    assert "không còn quyền" in run.message
    assert not Village.objects.exists()


# ---------------------------------------------------------------- many rows


def test_many_rows_wait_for_the_worker(coordinator, commune, monkeypatch):
    monkeypatch.setattr(runs, "AT_ONCE", 2)
    run = start(book(*(line(f"03602-{n:02d}") for n in range(1, 6))), coordinator)
    assert (run.status, run.rows.count()) == (ImportRun.Status.CHECKING, 0)
    assert runs.carry_on.call(str(run.pk)) == "ready"
    run.refresh_from_db()
    runs.confirm(run, by=coordinator, seen=run.digest)
    assert run.status == ImportRun.Status.SAVING
    assert runs.carry_on.call(str(run.pk)) == "done"
    assert runs.carry_on.call(str(run.pk)) == "done"
    assert Village.objects.count() == 5


def test_a_run_whose_worker_died_is_asked_for_again(coordinator, commune, monkeypatch):
    monkeypatch.setattr(runs, "AT_ONCE", 0)
    run = start(book(line()), coordinator)
    with pytest.raises(runs.NotNow):
        runs.resume(run)
    ImportRun.objects.update(touched_at=None)
    run.refresh_from_db()
    runs.resume(run)
    assert runs.carry_on.call(str(run.pk)) == "ready"


def test_statements_do_not_grow_with_the_rows(coordinator, commune):
    def statements(count):
        content = book(*(line(f"03602-{n:02d}") for n in range(1, count + 1)))
        with CaptureQueriesContext(connection) as caught:
            start(content, coordinator)
        return len(caught)

    statements(1)
    assert statements(40) == statements(3)


# ---------------------------------------------------------------- files


def test_files_go_after_their_time(coordinator, commune, django_capture_on_commit_callbacks):
    run = start(book(line()), coordinator)
    path = run.file.path
    assert runs.forget_old() == 0
    ImportRun.objects.update(uploaded_at="2009-01-01T00:00:00Z")
    with django_capture_on_commit_callbacks(execute=True):
        assert runs.forget_old() == 1
    run.refresh_from_db()
    assert (run.status, run.rows.count(), bool(run.file)) == (ImportRun.Status.DROPPED, 0, False)
    assert not Path(path).exists()


def test_another_kind_of_table_is_named(coordinator, district, commune):
    content = book(("03700", "Mới", "xã", district.code, "01/01/2009", None), title="Trang1", headings=COMMUNES)
    with pytest.raises(Refused, match="giống bảng “Xã, thị trấn”"):
        start(content, coordinator)
    assert not ImportRun.objects.exists()
