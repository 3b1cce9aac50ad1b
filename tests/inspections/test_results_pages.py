"""Importing and exporting results: the pages and the command, with real files."""

import os
import re
from io import BytesIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from communes import clock
from communes.models import Commune
from communes.permissions import Role
from inspections import services, workbook
from inspections.models import Dossier, InspectionRound, ResultsUpload
from inspections.presenters import results as presenter

from ..factories import person
from . import factories as make
from .result_books import book, order, past, read, saved, sheet, table, taken
from .workbooks import upload

pytestmark = pytest.mark.django_db
FULL = ("Đ", "Đ", "Đ")
ROWS = (("03602", "Phúc Khoa", "Đ", "CB", "K"), ("03610", "Nậm Cần", "X", "", "Đ"))
IMPORT = "/dot-kiem-tra/nhap-ket-qua/"
FIELDS = {
    "name": "Kết quả năm 2023", "code": "TU-2023", "year": "2023",
    "period_from": "01/01/2023", "period_to": "31/12/2023",
}  # fmt: skip


@pytest.fixture(autouse=True)
def quick_reading(monkeypatch, request):
    """The process that opens workbooks costs a second; one test goes through it."""
    if "whole_way" not in request.node.name:
        monkeypatch.setattr(workbook, "read", read)


@pytest.fixture
def coordinator(district, commune, neighbour_commune):
    make.small_set()
    return person(Role.COORDINATOR, authority=district)


@pytest.fixture
def imported(coordinator, district):
    taken(order(sheet("xa-thu", table(*ROWS)), columns=past(district)), by=coordinator)
    return InspectionRound.objects.get()


def send(client, content, *, to=IMPORT, **fields):
    return client.post(to, {"workbook": upload(content, "ket-qua.xlsx"), **fields})


def seen_on(answer):
    return re.search(r'name="seen" value="(\w+)"', answer.content.decode())[1]


def text_of(answer):
    return answer.content.decode()


# ---------------------------------------------------------------- the whole way


def test_whole_way_from_the_list_to_the_round(client, coordinator, district, commune):
    client.force_login(coordinator)
    assert IMPORT in text_of(client.get(reverse("inspections:round-list")))
    form = text_of(client.get(IMPORT))
    assert "Cách trình bày bảng" in form
    check = send(client, book(**{"xa-thu": table(*ROWS)}), **FIELDS, authority=district.pk)
    shown = client.get(check.url)
    for words in (
        "Kết quả năm 2023",
        "2 đơn vị mới",
        "Xã Phúc Khoa",
        "1/3",
        "phiên bản 1",
        "1,00 tiêu chí/đơn vị = 2 : 2",
    ):
        assert words in text_of(shown)
    assert not InspectionRound.objects.exists()
    done = client.post(check.url, {"seen": seen_on(shown)}, follow=True)
    page = text_of(done)
    assert "Đã nhập bảng kết quả: 2 đơn vị mới." in page
    assert f"Nhập từ bảng kết quả: {coordinator}" in page
    again = client.post(check.url, {"seen": seen_on(shown)}, follow=True)
    assert "Bảng kết quả ket-qua.xlsx đã được nhập." in text_of(again)
    assert InspectionRound.objects.count() == 1
    assert "nhập từ bảng kết quả" in text_of(client.get(reverse("inspections:round-list")))


def test_faults_are_listed_and_cannot_be_confirmed(client, coordinator, district):
    client.force_login(coordinator)
    rows = (("03602", "Phúc Khoa", "đ", "CB", "K"), ("03699", "Lạ", *FULL))
    check = send(client, book(**{"xa-thu": table(*rows)}), **FIELDS, authority=district.pk)
    page = text_of(client.get(check.url))
    assert "2 chỗ phải sửa trong bảng" in page
    assert "viết hoa: Đ" in page
    assert 'name="seen"' not in page
    answer = client.post(check.url, {"seen": "x"})
    assert answer.status_code == 409
    assert not InspectionRound.objects.exists()


def test_new_units_are_named_before_confirming(client, coordinator, district):
    client.force_login(coordinator)
    content = book(**{"xa-thu": table(("03699", "Thị trấn Lạ", *FULL))})
    check = send(client, content, **FIELDS, authority=district.pk, creates_units="on")
    shown = client.get(check.url)
    assert "03699 Thị trấn Lạ" in text_of(shown)
    assert not Commune.objects.filter(code="03699").exists()
    client.post(check.url, {"seen": seen_on(shown)})
    assert Commune.objects.get(code="03699").title == "Thị trấn Lạ"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("code", "tu 2023", "Chỉ dùng chữ hoa không dấu"),
        ("period_to", f"31/12/{clock.today().year + 1}", "Chỉ nhập kết quả của đợt đã kết thúc"),
        ("period_to", "31/12/2022", "Ngày kết thúc phải sau ngày bắt đầu."),
        ("name", "", 'aria-invalid="true"'),
    ],
)
def test_wrong_round_is_told_beside_its_field(client, coordinator, district, field, value, said):
    client.force_login(coordinator)
    answer = send(client, book(**{"xa-thu": table(*ROWS)}), **{**FIELDS, "authority": district.pk, field: value})
    assert answer.status_code == 400
    assert said in text_of(answer)
    assert not ResultsUpload.objects.exists()


def encrypted():
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


BAD = {
    "another kind": (lambda: b"1,2,3\n", "Tệp bị hỏng hoặc không phải tệp Excel"),
    "encrypted": (encrypted, "Tệp có mật khẩu"),
    "cut off": (lambda: book(**{"xa-thu": table(*ROWS)})[:-300], "Tệp bị hỏng"),
    "40 MB": (lambda: b"PK\x03\x04" + b"\0" * 40 * 1024**2, "Tệp lớn hơn 4 MB"),
    "empty": (lambda: b"", "Tệp rỗng"),
}


@pytest.mark.parametrize("name", BAD)
def test_hostile_file_is_told_beside_the_field(client, coordinator, district, name):
    make_file, said = BAD[name]
    client.force_login(coordinator)
    answer = send(client, make_file(), **FIELDS, authority=district.pk)
    assert answer.status_code == 400
    assert said in text_of(answer)
    assert 'value="TU-2023"' in text_of(answer)
    assert not ResultsUpload.objects.exists()


def test_merged_and_hidden_parts_of_a_real_file_are_found(client, coordinator, district):
    client.force_login(coordinator)
    made = load_workbook(BytesIO(book(**{"xa-thu": table(*ROWS)})))
    page = made["xa-thu"]
    page.merge_cells("A5:B5")
    page.row_dimensions[3].hidden = True
    page.column_dimensions["D"].hidden = True
    made.create_sheet("Ghi chú")["A1"] = "x"
    check = send(client, saved(made), **FIELDS, authority=district.pk)
    shown = text_of(client.get(check.url))
    for words in ("ô gộp", "dòng đang ẩn", "cột đang ẩn", "vùng A5:B5", "dòng 3", "cột D", "Ghi chú"):
        assert words in shown


# ---------------------------------------------------------------- again


def test_importing_again_shows_each_change(client, coordinator, imported):
    client.force_login(coordinator)
    address = reverse("inspections:results-import-again", args=["TU-2023"])
    assert address in text_of(client.get(imported.get_absolute_url()))
    check = send(client, book(**{"xa-thu": table(("03602", "Phúc Khoa", "Đ", "Đ", "K"))}), to=address)
    shown = client.get(check.url)
    assert "1 ô thay đổi" in text_of(shown)
    assert "→ Đ" in text_of(shown)
    client.post(check.url, {"seen": seen_on(shown)})
    assert Dossier.objects.get(inspection__commune__code="03602").conclusions.get(criterion__number=2).verdict == "dat"


def test_live_round_says_why_nothing_is_imported(client, coordinator, district, commune):
    world = make.open_round(district, communes=[commune])
    client.force_login(coordinator)
    address = reverse("inspections:results-import-again", args=[world.round.code])
    assert "Không nhập được vào đợt này" in text_of(client.get(address))
    assert send(client, book(**{"xa-thu": table(*ROWS)}), to=address).status_code == 409


def test_a_preview_is_its_senders_own(client, coordinator, district):
    client.force_login(coordinator)
    check = send(client, book(**{"xa-thu": table(*ROWS)}), **FIELDS, authority=district.pk)
    client.force_login(person(Role.COORDINATOR, authority=district))
    assert client.get(check.url).status_code == 404
    client.force_login(person(Role.VIEWER, authority=district))
    assert client.get(check.url).status_code == 403


def test_what_changed_meanwhile_is_shown_anew(client, coordinator, imported):
    client.force_login(coordinator)
    address = reverse("inspections:results-import-again", args=["TU-2023"])
    check = send(client, book(**{"xa-thu": table(("03602", "Phúc Khoa", "K", "K", "K"))}), to=address)
    seen = seen_on(client.get(check.url))
    taken(order(sheet("xa-thu", table(("03602", "Phúc Khoa", *FULL)))), by=coordinator)
    answer = client.post(check.url, {"seen": seen})
    assert answer.status_code == 409
    assert "dữ liệu trên cổng đã thay đổi" in text_of(answer)
    assert client.post(check.url, {"seen": seen_on(answer)}).status_code == 302


# ---------------------------------------------------------------- what is seen of it afterwards


@pytest.mark.parametrize("who", ["officer", "coordinator", "agency_reviewer"])
def test_pages_of_an_imported_dossier_open(client, imported, request, coordinator, who):
    user = request.getfixturevalue(who)
    client.force_login(user)
    for dossier in Dossier.objects.for_user(user):
        names = ["dossier-detail", "dossier-print", "dossier-history", "dossier-trial", "review-dossier"]
        for name in names:
            answer = client.get(reverse(f"inspections:{name}", args=[dossier.pk]))
            assert answer.status_code in (200, 403), name
            if name in ("dossier-detail", "dossier-print") and answer.status_code == 200:
                assert "ập từ bảng kết quả" in text_of(answer)
        for name in ("criterion-edit", "review-criterion"):
            answer = client.get(reverse(f"inspections:{name}", args=[dossier.pk, 3]))
            assert answer.status_code in (200, 403, 404), name
            if who != "agency_reviewer" and answer.status_code == 200:
                assert "Nhập từ bảng kết quả" in text_of(answer), name


def test_history_of_a_dossier_tells_of_its_own_row(client, imported, officer, coordinator):
    client.force_login(officer)
    (dossier,) = Dossier.objects.for_user(officer)
    page = text_of(client.get(reverse("inspections:dossier-history", args=[dossier.pk])))
    assert "Tệp: ket-qua.xlsx; 1: Đ; 2: CB; 3: K" in page
    assert coordinator.full_name in page


# ---------------------------------------------------------------- out


def sheets_of(content):
    return {
        page.title: [[item.value for item in row] for row in page.iter_rows()]
        for page in load_workbook(BytesIO(content))
    }


def test_export_is_what_the_import_reads(client, coordinator, imported):
    client.force_login(coordinator)
    answer = client.get(reverse("inspections:results-export", args=["TU-2023"]))
    assert 'filename="ket-qua-tu-2023.xlsx"' in answer["Content-Disposition"]
    assert sheets_of(answer.content) == {
        "xa-thu": [
            ["Mã", "Tên đơn vị", "1", "2", "3"],
            ["03610", "Xã Nậm Cần", "X", None, "Đ"],
            ["03602", "Xã Phúc Khoa", "Đ", "CB", "K"],
        ]
    }
    plan = services.plan_results(order(*read(answer.content)), by=coordinator)
    assert (plan.faults, plan.remarks, plan.changed, plan.fresh) == ((), (), 0, 0)


def test_live_round_goes_out_as_it_stands(coordinator, district, commune, neighbour_commune, officer):
    world = make.open_round(district, communes=[commune, neighbour_commune])
    make.conclude(world.dossier_of(commune), world, officer=officer)
    unit = world.round.units.get(commune=neighbour_commune)
    assert len(sheets_of(presenter.workbook(world.round))["xa-thu"]) == 3
    services.leave_out(unit, reason="Chưa làm", by=world.coordinator)
    assert sheets_of(presenter.workbook(world.round))["xa-thu"][1:] == [["03602", "Xã Phúc Khoa", *FULL]]


def test_export_takes_the_same_queries_for_many_units(imported, coordinator, django_assert_num_queries):
    with django_assert_num_queries(3):
        presenter.workbook(imported)


# ---------------------------------------------------------------- the command


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "ket-qua.xlsx"
    path.write_bytes(book(**{"xa-thu": table(*ROWS)}))
    return path


def test_command_makes_the_round_and_imports(coordinator, file, capsys):
    call_command("import_results", "TU-2023", str(file))
    round_ = InspectionRound.objects.get(code="TU-2023")
    assert (round_.year, str(round_.period_from), round_.imported_by) == (2023, "2023-01-01", coordinator)
    assert "Đã nhập 2 đơn vị mới, 0 ô thay đổi vào đợt TU-2023." in capsys.readouterr().out
    with pytest.raises(CommandError, match="không có gì khác"):
        call_command("import_results", "TU-2023", str(file), by=coordinator.username)
    with pytest.raises(CommandError, match="đã có; bỏ --name"):
        call_command("import_results", "TU-2023", str(file), name="Khác")


def test_command_imports_nothing_unless_all_is_right(coordinator, file, capsys):
    file.write_bytes(book(**{"xa-thu": table(*ROWS, ("03699", "Thị trấn Lạ", *FULL))}))
    with pytest.raises(CommandError, match="Chưa nhập gì: còn 1 chỗ phải sửa"):
        call_command("import_results", "TU-2023", str(file))
    assert "Trang “xa-thu”, ô A4: tìm thấy mã “03699” chưa có trong danh mục" in capsys.readouterr().err
    call_command("import_results", "TU-2023", str(file), "--create-units", "--check")
    assert not InspectionRound.objects.exists()
    call_command("import_results", "TU-2023", str(file), "--create-units")
    assert Dossier.objects.count() == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["TU-CU"], "ghi năm đánh giá"),
        (["tu-2023"], "Chỉ dùng chữ hoa"),
        (["TU-2023", "--by", "khong-co"], "Không có tài khoản"),
        (["TU-2023", "--authority", "huyen-khac"], "không phụ trách cơ quan nào"),
        (["TU-2023", "--from", "2023-12-31", "--to", "2023-01-01"], "Ngày kết thúc phải sau ngày bắt đầu"),
    ],
)
def test_command_says_what_is_missing(coordinator, other_district, file, arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("import_results", arguments[0], str(file), *arguments[1:])
    assert not InspectionRound.objects.exists()


def test_command_refuses_a_large_and_a_missing_file(coordinator, tmp_path):
    large = tmp_path / "lon.xlsx"
    large.write_bytes(os.urandom(workbook.MAX_BYTES + 9))
    for path, said in ((large, "lớn hơn 4 MB"), (tmp_path / "khong-co.xlsx", "Không đọc được")):
        with pytest.raises(CommandError, match=said):
            call_command("import_results", "TU-2023", str(path))


def test_formulas_and_numbers_of_a_real_file_are_told(coordinator, district):
    made = Workbook()
    made.active.title = "xa-thu"
    for row in table((3602, "Phúc Khoa", "=1", 1, 0.85)):
        made.active.append(row)
    plan = services.plan_results(order(*read(saved(made)), columns=past(district)), by=coordinator)
    told = [f"{fault.cell}: {fault.found}" for fault in plan.faults]
    assert told == ["A2: số 3602", "C2: công thức", "D2: số 1", "E2: số 0,85"]
