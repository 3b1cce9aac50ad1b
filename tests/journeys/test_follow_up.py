"""After the notice: an agency reports its month with one click; a commune notes progress, the office closes it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from communes import clock
from criteria.models import AgencyAssignment
from reports import monthly as reading
from reports.models import FollowUp, MonthlyReport
from reports.services import monthly

from ..conftest import PHONE
from ..inspections import factories as work
from ..reports import factories as paper

pytestmark = pytest.mark.journey


@pytest.fixture
def asked(district, agency, agency_reviewer):
    """An issued notice, and an agency in charge of one of the round's indicators that reports each month."""
    scene = paper.issued(district, names=("Phúc Khoa",))
    set_ = scene.world.round.dossiers.first().criteria_set
    AgencyAssignment.objects.create(indicator=set_.indicators.get(code="2.1"), agency=agency)
    this = reading.month_of(clock.today())
    monthly.set_rule(district, day=28, first_month=this, last_month=None, version=0, by=scene.coordinator)
    return scene


def assert_clean(page):
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.parametrize("scripts", [True, False])
def test_agency_submits_its_report_with_one_click(desk, asked, agency_reviewer, scripts):
    page = desk(agency_reviewer, java_script_enabled=scripts)
    page.goto("/")
    page.get_by_role("link", name=re.compile("^Lập và nộp")).click()
    expect(page.get_by_role("heading", name=re.compile("^Báo cáo tháng"))).to_be_visible()
    expect(page.get_by_role("cell", name="1", exact=True).first).to_be_visible()
    if scripts:
        assert_clean(page)
    page.get_by_role("button", name="Nộp báo cáo").click()
    expect(page.get_by_text(re.compile("Đã nộp báo cáo tháng"))).to_be_visible()
    expect(page.get_by_role("button", name="Nộp báo cáo")).to_have_count(0)
    assert MonthlyReport.objects.get().is_submitted


@pytest.mark.parametrize("viewport", [PHONE])
def test_commune_notes_progress_with_proof_and_the_office_closes(desk, asked, viewport, tmp_path):
    officer, item = asked.officers[0], FollowUp.objects.get()
    proof = tmp_path / "bien-ban.pdf"
    proof.write_bytes(work.pdf_upload("bien-ban.pdf").read())
    page = desk(officer)
    page.goto("/")
    page.get_by_role("link", name=re.compile("^Báo tiến độ")).click()
    page.get_by_role("link", name=re.compile("^Hoàn thành trong năm")).click()
    page.get_by_label("Tiến độ, kết quả thực hiện").fill("Đã hoàn thành 3/3 tiêu chí.")
    page.get_by_label("Tệp đính kèm").set_input_files(proof)
    assert_clean(page)
    page.get_by_role("button", name="Ghi tiến độ").click()
    expect(page.get_by_text("Đã ghi tiến độ.")).to_be_visible()
    expect(page.get_by_role("link", name="bien-ban.pdf")).to_be_visible()

    office = desk(asked.coordinator)
    office.goto(item.get_absolute_url())
    expect(office.get_by_text("Đã hoàn thành 3/3 tiêu chí.")).to_be_visible()
    office.get_by_role("radio", name="Đã thực hiện").check()
    office.get_by_label("Kết quả kiểm tra lại, hoặc lý do chuyển").fill("Đã kiểm tra hồ sơ.")
    office.get_by_role("button", name="Kết thúc theo dõi").click()
    expect(office.get_by_text("Đã kết thúc theo dõi kiến nghị.")).to_be_visible()
    item.refresh_from_db()
    assert item.recommendation.status == "done"
