"""Official tables of a round: the figures' own numbers, who is counted, who may read; page, workbook and PDF alike."""

import io
import re
from datetime import datetime
from decimal import Decimal

import openpyxl
import pdfplumber
import pypdf
import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from communes import clock, notation
from criteria.models import AgencyAssignment
from inspections import figures, services
from inspections.models import Assessment, TeamMember
from inspections.progress import unit_rows
from reports import renderer
from reports.presenters.tables import sheet
from reports.presenters.tables.reading import Line, tables_of
from reports.presenters.tables.shape import Column, OfficialTable

from ..factories import AgencyFactory, CommuneFactory
from ..inspections import factories as work
from . import factories as paper

pytestmark = pytest.mark.django_db

SPRING = datetime(2025, 2, 5, 9)


@pytest.fixture
def world(district, commune, neighbour_commune, officer, neighbour):
    """Phúc Khoa passed, Nậm Cần failed criterion 2, one commune has provisional conclusions, one nothing yet."""
    third = CommuneFactory(authority=district, code="03700", name="Thân Thuộc")
    fourth = CommuneFactory(authority=district, code="03701", name="Trung Đồng")
    left_out = CommuneFactory(authority=district, code="03702", name="Bỏ Qua")
    with clock.at(SPRING):
        made = work.open_round(
            district, communes=[commune, neighbour_commune, third, fourth, left_out], reply_until=None
        )
        work.conclude(made.dossier_of(commune), made, officer=officer)
        second = work.conclude_all(work.hand_in(made.dossier_of(neighbour_commune), by=neighbour), by=made.inspector)
        row = work.conclusion_of(second, 2)
        services.conclude_criterion(
            row, verdict="chua_dat", reason="Đường xã mới đạt 72 %.", by=made.inspector, version=row.version
        )
        second.refresh_from_db()
        # The values decide nothing here: one indicator failed with its criterion, as an inspector would have it.
        second.assessments.filter(indicator__code="2.1").update(conclusion="chua_dat", conclusion_reason="Mới 72 %.")
        services.approve(services.make_provisional(second, by=made.head), by=made.head)
        helper = work.person(work.Role.COMMUNE_OFFICER, commune=third)
        work.make_provisional(work.hand_in(made.dossier_of(third), by=helper), made)
        unit = made.round.units.get(commune=left_out)
        services.leave_out(unit, reason="Đã sáp nhập.", by=made.coordinator)
    return made


@pytest.fixture
def plain(district):
    """A round in which nothing is handed in yet."""
    return work.open_round(district, communes=[CommuneFactory(authority=district) for _ in range(4)])


@pytest.fixture
def table(world):
    """`table("tong-hop")` as it stands on the day of the round."""

    def go(key):
        with clock.at(SPRING):
            return tables_of(world.round, "xa-thu").table(key)

    return go


def told(table):
    """The body and the totals as one text, a row a line."""
    return ["|".join(text for text, _ in cells) for _, cells in (*table.body, *table.foot)]


def address(world, key, *kind):
    return reverse(f"reports:table-{'file' if kind else 'detail'}", args=[world.round.code, "xa-thu", key, *kind])


# ---------------------------------------------------------------- what they say


def test_the_whole_summary(table):
    found = table("tong-hop")
    assert told(found) == [
        "1|Xã Nậm Cần|Đ|X|Đ|2|Chưa",
        "2|Xã Phúc Khoa|Đ|Đ|Đ|3|Có",
        "3|Xã Thân Thuộc (*)|Đ|Đ|Đ||Dự thảo kết luận",
        "4|Xã Trung Đồng (*)|||||Đang nhập",
        "|Số xã đạt|2|1|2|5|1",
        "|Số xã chưa đạt|0|1|0||1",
    ]
    assert found.notes[0] == "Bình quân: 2,50 tiêu chí/xã = 5 tiêu chí đạt chia cho 2 xã đã kết luận."
    assert "Không đưa vào kết luận: Xã Bỏ Qua (Đã sáp nhập)." in found.notes
    assert found.as_of == "Số liệu tính đến ngày 05/02/2025; còn 2 xã chưa có kết luận"
    assert found.dated == "Huyện Thử, ngày 05 tháng 02 năm 2025"
    assert (found.parent, found.issuer) == ("UBND HUYỆN THỬ", "ĐOÀN KIỂM TRA THỬ")


def test_the_numbers_are_those_of_the_figures(world, table):
    rows = unit_rows(world.round)
    counted = figures.of_set("xa-thu", rows)
    found = table("tong-hop")
    met, failed = found.totals
    assert met.cells[2:5] == tuple(counted.met_by_criterion[number] for number in (1, 2, 3))
    assert failed.cells[2:5] == tuple(counted.failed_by_criterion[number] for number in (1, 2, 3))
    assert met.cells[5:] == (counted.mean.numerator, len(counted.passed))
    assert {line.cells[1]: line.cells[5] for line in found.lines if line.kind == "unit"} == {
        row.unit_name: row.met for row in rows
    }
    for number in (1, 2, 3):
        of_one = table(f"tieu-chi-{number}")
        assert [line.cells[4] for line in of_one.totals] == [met.cells[number + 1], failed.cells[number + 1]]
    assert counted.mean.value == Decimal("2.50")


def test_a_criterion_with_values_thresholds_and_reasons(world, table):
    lines = told(table("tieu-chi-2"))
    assert lines[0] == "1|Xã Nậm Cần|||X|Đường xã mới đạt 72 %."
    assert lines[1].startswith("|Chỉ tiêu 2.1|90 % (9/10)|≥ 80 %|")
    assert lines[2].startswith("|Chỉ tiêu 2.2|45,5 triệu đồng/người/năm|≥ 30 triệu đồng/người/năm (chưa đối chiếu)|")
    assert lines[9] == "4|Xã Trung Đồng (*)||||Đang nhập"
    assert lines[10] == "|Chỉ tiêu 2.1||≥ 80 %||"  # nothing of what is still being typed
    assert lines[-2:] == ["|Số xã đạt|||1|trên 2 xã đã kết luận", "|Số xã chưa đạt|||1|"]


def test_an_agency_with_its_indicators(world, agency, table):
    for code in ("2.1", "3"):
        indicator = Assessment.objects.filter(dossier__round=world.round, indicator__code=code).first().indicator
        AgencyAssignment.objects.create(indicator=indicator, agency=agency)
    found = table(f"phong-ban-{agency.pk}")
    assert told(found) == [
        "|Tiêu chí 2. Giao thông||||",
        "2.1|Tỷ lệ đường xã được cứng hóa|1|1|0|Xã Nậm Cần",
        "|Tiêu chí 3. Trường học||||",
        "3|Trường học đạt chuẩn cơ sở vật chất|2|0|0|",
    ]
    assert found.notes[0] == "Tính trên 2 xã đã kết luận."
    assert "Xã Thân Thuộc" in found.notes[1]


def test_a_table_of_villages_names_their_commune(district, commune, village, officer):
    set_ = work.draft_set(code="ban-thu", level="village", is_incomplete=True)
    work.criterion_of(set_, 1, "Nhà ở")
    made = work.open_round(district, communes=[], villages=[village], village_set=work.publish(set_))
    found = tables_of(made.round, "ban-thu").summary()
    assert told(found)[0] == "1|Bản Nà Lại (Xã Phúc Khoa) (*)|||Đang nhập"
    assert told(found)[1] == "|Số bản đạt|0|0|0"


def test_it_goes_with_a_notice_only_while_that_is_in_force(district):
    scene = paper.issued(district)
    round_ = scene.notice.round

    def attached():
        return tables_of(round_, "xa-thu").summary().attached

    day = notation.decree_day(clock.today())
    notice = scene.fresh()
    assert attached() == f"(Kèm theo Thông báo số {notice.code} ngày {day} của {round_.team_name})"
    round_.replacing = str(notice)
    assert attached() == ""


def test_provisional_results_are_attached_to_no_notice(world, table):
    found = table("tong-hop")
    assert (found.attached, found.is_final) == ("", False)


# ---------------------------------------------------------------- pages and files


def test_page_and_workbook_say_the_same(client, world, table):
    client.force_login(world.inspector)
    with clock.at(SPRING):
        page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(address(world, "tong-hop")).content.decode()))
        answer = client.get(address(world, "tong-hop", "xlsx"))
    assert "BIỂU TỔNG HỢP KẾT QUẢ THEO ĐƠN VỊ VÀ TIÊU CHÍ" in page
    assert "1 Xã Nậm Cần Đ X Đ 2 Chưa" in page
    assert 'filename="bieu-so-01' in answer["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = [["" if value is None else str(value) for value in row] for row in book.iter_rows(values_only=True)]
    heading = next(place for place, row in enumerate(rows) if row[0] == "TT")
    expected = told(table("tong-hop"))
    assert ["|".join(row) for row in rows[heading + 1 : heading + 1 + len(expected)]] == expected
    assert book.print_title_rows == f"${heading + 1}:${heading + 1}"
    assert (book.page_setup.orientation, book.page_setup.paperSize) == ("landscape", 9)


def test_what_looks_like_a_formula_stays_text(plain):
    found = tables_of(plain.round, "xa-thu").summary()
    made = OfficialTable(**{**vars(found), "lines": (Line((1, "=1+1", "Đ", "Đ", "Đ", 3, "Có")),), "totals": ()})
    book = openpyxl.load_workbook(io.BytesIO(sheet.workbook(made))).active
    cell = next(cell for row in book.iter_rows() for cell in row if cell.value == "=1+1")
    assert (cell.data_type, cell.number_format, cell.quotePrefix) == ("s", "@", True)


@pytest.mark.parametrize("key", ["tieu-chi-9", "phong-ban-1", "tieu-chi-0"])
def test_no_such_table(client, plain, key):
    client.force_login(plain.inspector)
    assert client.get(address(plain, key)).status_code == 404


def test_a_round_that_is_still_being_set_up_has_none(client, district, commune):
    made = work.open_round(district, communes=[commune], is_open=False)
    client.force_login(made.coordinator)
    assert client.get(reverse("reports:table-list", args=[made.round.code])).status_code == 404


def test_a_commune_officer_reads_none(client, plain, officer):
    client.force_login(officer)
    for kind in ((), ("pdf",), ("xlsx",)):
        assert client.get(address(plain, "tong-hop", *kind)).status_code == 403


def test_an_agency_reads_its_own_table_and_no_other(client, world, agency, agency_reviewer):
    other = AgencyFactory(authority=agency.authority)
    for owner, code in ((agency, "2.1"), (other, "3")):
        indicator = Assessment.objects.filter(dossier__round=world.round, indicator__code=code).first().indicator
        AgencyAssignment.objects.create(indicator=indicator, agency=owner)
    client.force_login(agency_reviewer)
    overview = client.get(reverse("reports:overview-of", args=[agency.authority_id])).content.decode()
    place = reverse("reports:table-list", args=[world.round.code])
    assert f'href="{place}?bo=xa-thu"' in overview
    listed = client.get(place).content.decode()
    own, others = address(world, f"phong-ban-{agency.pk}"), address(world, f"phong-ban-{other.pk}")
    assert f'href="{own}"' in listed
    assert others not in listed
    assert "/xa-thu/tong-hop/" not in listed
    assert "Tỷ lệ đường xã được cứng hóa" in client.get(own).content.decode()
    for kind in ((), ("pdf",), ("xlsx",)):
        assert client.get(address(world, f"phong-ban-{agency.pk}", *kind)).status_code == 200
        for key in ("tong-hop", "tieu-chi-2", f"phong-ban-{other.pk}"):
            assert client.get(address(world, key, *kind)).status_code == 404


def test_an_agency_without_indicators_finds_no_table_and_one_elsewhere_no_round(client, world, agency_reviewer):
    client.force_login(agency_reviewer)
    place = reverse("reports:table-list", args=[world.round.code])
    assert "Phòng, ban không phụ trách chỉ tiêu nào của bộ này" in client.get(place).content.decode()
    client.force_login(work.person(work.Role.AGENCY_REVIEWER, agency=AgencyFactory()))
    assert client.get(place).status_code == 404


def test_who_once_was_in_the_team_and_is_in_an_agency_now_reads_as_the_agency(client, world, agency, agency_reviewer):
    indicator = Assessment.objects.filter(dossier__round=world.round, indicator__code="2.1").first().indicator
    AgencyAssignment.objects.create(indicator=indicator, agency=agency)
    TeamMember.objects.create(round=world.round, user=agency_reviewer, position="member", agency=agency)
    client.force_login(agency_reviewer)
    assert client.get(address(world, f"phong-ban-{agency.pk}")).status_code == 200
    assert client.get(address(world, "tong-hop")).status_code == 404


@pytest.mark.parametrize("key", ["tong-hop", "tieu-chi-2"])
def test_more_units_need_no_more_queries(client, plain, district, key, django_assert_max_num_queries):
    more = work.open_round(district, communes=[CommuneFactory(authority=district) for _ in range(12)])
    for world in (plain, more):
        client.force_login(world.head)
        client.get(address(world, key))
        with django_assert_max_num_queries(25) as needed:
            page = client.get(address(world, key)).content.decode()
        assert page.count("Xã Xã Số") == world.round.units.count()
        if world is plain:
            few = len(needed)
    assert len(needed) == few


def test_a_long_table_is_paged_and_its_totals_are_of_all(client, plain, monkeypatch):
    monkeypatch.setattr("reports.views.tables.ROWS_A_PAGE", 3)
    client.force_login(plain.inspector)
    pages = [client.get(address(plain, "tong-hop"), {"page": page}).content.decode() for page in (1, 2)]
    assert [page.count("Xã Xã Số") for page in pages] == [3, 1]
    assert all("Số xã đạt" in page for page in pages)


# ---------------------------------------------------------------- on paper


def printed(table):
    return renderer.render(render_to_string("reports/pdf/table_v1.html", {"table": table}), "table_v1")


def test_pdf_says_the_same_and_is_tagged(client, world, table):
    client.force_login(world.inspector)
    with clock.at(SPRING):
        answer = client.get(address(world, "tong-hop", "pdf"))
    assert answer["Content-Type"] == "application/pdf"
    with pdfplumber.open(io.BytesIO(answer.content)) as book:
        (page,) = book.pages
        assert page.width > page.height
        cells = [[(cell or "").replace("\n", " ") for cell in row] for row in page.extract_tables()[0]]
        words = page.extract_text()
    assert ["|".join(row) for row in cells[1:]] == told(table("tong-hop"))
    for said in ("Biểu số 01", "NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG ĐƠN VỊ", "ngày 05 tháng 02 năm 2025", "CB: cơ bản đạt"):
        assert said in words
    catalog = pypdf.PdfReader(io.BytesIO(answer.content)).trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "vi"


def test_heads_and_numbers_stand_on_each_page(plain):
    found = tables_of(plain.round, "xa-thu").summary()
    lines = tuple(Line((place, f"Xã Số {place}", "Đ", "X", "CB", 1, "Chưa")) for place in range(1, 61))
    with pdfplumber.open(io.BytesIO(printed(OfficialTable(**{**vars(found), "lines": lines})))) as book:
        texts = [page.extract_text() for page in book.pages]
    assert len(texts) >= 3
    assert all("Đơn vị" in text for text in texts[:-1])
    assert [text.split("\n")[0] for text in texts[1:]] == [str(number) for number in range(2, len(texts) + 1)]


def test_twenty_five_criteria_fit_on_the_sheet(plain):
    found = tables_of(plain.round, "xa-thu").summary()
    columns = (
        Column("TT", 8), Column("Đơn vị", 47, "l"), *(Column(str(number), 7) for number in range(1, 26)),
        Column("Số tiêu chí đạt", 17), Column("Đạt mọi tiêu chí", 20),
    )  # fmt: skip
    lines = (Line((1, "Xã Nậm Cần", *["CB"] * 25, 0, "Chưa")),)
    made = OfficialTable(**{**vars(found), "columns": columns, "lines": lines, "totals": ()})
    with pdfplumber.open(io.BytesIO(printed(made))) as book:
        words = [word for word in book.pages[0].extract_words() if word["text"] == "CB"]
        assert len(words) == 25
        assert len({round(word["top"]) for word in words}) == 1
        assert max(word["x1"] for word in words) < book.pages[0].width - 40
