"""Being told: the bell, the way from a sentence to its page, reading all, choosing; by keyboard, without scripts."""

import re

import pytest
from playwright.sync_api import expect

from communes.models import Notification
from communes.notifications import Kind, unread_count

from ..conftest import PHONE
from ..inspections import factories as work

pytestmark = pytest.mark.journey


@pytest.fixture
def world(district, commune, officer):
    made = work.open_round(district, communes=[commune])
    Notification.objects.all().delete()
    return made


@pytest.fixture
def question(world, commune, officer):
    """The team asks the commune something."""
    dossier = work.hand_in(world.dossier_of(commune), by=officer)
    Notification.objects.all().delete()
    return work.send_back(dossier, "1.1", by=world.inspector)


def bell(page):
    return page.get_by_role("banner").get_by_role("link", name=re.compile("^Tin báo"))


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_bell_to_what_it_tells_of(desk, officer, question, scripts):
    page = desk(officer, java_script_enabled=scripts)
    page.goto("/")
    expect(bell(page)).to_have_accessible_name("Tin báo 1 chưa đọc")
    bell(page).click()
    page.get_by_role("button", name=re.compile("yêu cầu bổ sung 1 chỉ tiêu")).first.click()
    expect(page).to_have_url(re.compile(rf"/ho-so/{question.dossier_id}/bo-sung/$"))
    expect(bell(page)).to_have_accessible_name("Tin báo")
    assert unread_count(officer) == 0


@pytest.mark.parametrize("viewport", [PHONE])
def test_on_a_phone_with_the_keyboard_alone(desk, officer, question, viewport):
    page = desk(officer)
    page.goto("/tin-bao/")
    page.get_by_role("button", name="Đánh dấu đã đọc tất cả").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Đã đánh dấu 1 tin là đã đọc.")).to_be_visible()
    expect(page.get_by_role("button", name="Đánh dấu đã đọc tất cả")).to_have_count(0)


def test_choosing_what_to_be_told_of(desk, officer, question):
    page = desk(officer)
    page.goto("/tin-bao/tuy-chon/")
    page.get_by_label("Không nhận thư").check()
    page.get_by_label("Yêu cầu bổ sung và trả lời: hiện trên cổng").uncheck()
    expect(page.get_by_label("Tài khoản và vai trò: hiện trên cổng")).to_be_disabled()
    page.get_by_role("button", name="Lưu lựa chọn").click()
    expect(page.get_by_text("Đã lưu lựa chọn nhận tin báo.")).to_be_visible()
    expect(page.get_by_label("Không nhận thư")).to_be_checked()
    expect(page.get_by_label("Yêu cầu bổ sung và trả lời: hiện trên cổng")).not_to_be_checked()
    officer.refresh_from_db()
    assert not officer.wants_digest
    assert not officer.notification_choices.get(kind=Kind.RETURNED).in_portal
