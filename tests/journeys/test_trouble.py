"""What goes wrong in an office: a double click, the back button, two at one thing, a wrong file, a lost session."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from communes.models import Event
from communes.permissions import Role
from inspections.models import Evidence

from ..factories import PASSWORD, person
from ..inspections import factories as work

pytestmark = pytest.mark.journey


@pytest.fixture
def world(district, commune):
    return work.open_round(district, communes=[commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


def criterion(dossier, number):
    return f"/ho-so/{dossier.pk}/tieu-chi/{number}/"


def block_of(page, code):
    return page.get_by_role("region", name=re.compile(rf"^{re.escape(code)} "))


def state_of(block):
    return block.locator("[data-ntm-save-state]")


# ---------------------------------------------------------------- handing in


def ready(dossier, officer):
    work.fill(dossier, by=officer)
    work.prove(dossier, "1.1", by=officer)
    return f"/ho-so/{dossier.pk}/nop/"


def test_double_click_hands_in_once(desk, officer, dossier):
    page = desk(officer)
    page.goto(ready(dossier, officer))
    page.get_by_role("button", name="Nộp hồ sơ").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã nộp hồ sơ")
    expect(page.locator(".message-danger")).to_have_count(0)
    assert Event.objects.filter(action="dossier.submitted").count() == 1


def test_back_button_after_handing_in_does_not_hand_in_again(desk, officer, dossier):
    page = desk(officer)
    page.goto(ready(dossier, officer))
    page.get_by_role("button", name="Nộp hồ sơ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã nộp hồ sơ")
    page.go_back()
    expect(page.get_by_role("button", name="Nộp hồ sơ")).to_have_count(0)
    expect(page.get_by_role("main")).to_contain_text("Đã nộp")
    assert Event.objects.filter(action="dossier.submitted").count() == 1


def test_check_page_left_open_in_another_tab_says_who_handed_in(desk, officer, dossier, commune, expected_errors):
    expected_errors.append("status of 409")
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    address = ready(dossier, officer)
    first, second = desk(officer), desk(colleague)
    first.goto(address)
    second.goto(address)
    first.get_by_role("button", name="Nộp hồ sơ").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Đã nộp hồ sơ")
    second.get_by_role("button", name="Nộp hồ sơ").click()
    message = second.locator(".message-danger")
    expect(message).to_contain_text(officer.full_name)
    expect(message).to_contain_text(re.compile(r"\d\d:\d\d"))
    assert Event.objects.filter(action="dossier.submitted").count() == 1


# ---------------------------------------------------------------- two people at one thing


def test_stale_tab_keeps_what_was_typed_and_names_who_saved(desk, officer, dossier, commune, expected_errors):
    expected_errors.append("status of 409")
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    colleague.full_name = "Lò Văn Nam"
    colleague.save()
    mine, theirs = desk(officer), desk(colleague)
    for page in (mine, theirs):
        page.goto(criterion(dossier, 2))
    theirs_block, block = block_of(theirs, "2.2"), block_of(mine, "2.2")
    theirs_block.get_by_label("Giá trị").fill("31")
    expect(state_of(theirs_block)).to_contain_text("Đã lưu lúc")

    block.get_by_label("Giá trị").fill("45")
    panel = block.get_by_role("alert")
    expect(panel).to_contain_text("Lò Văn Nam")
    expect(panel).to_contain_text(re.compile(r"\d\d:\d\d"))
    expect(panel.get_by_role("row", name=re.compile("Giá trị.*31.*45"))).to_be_visible()
    expect(block.get_by_label("Giá trị")).to_have_value("45")
    assert work.assessment_of(dossier, "2.2").value == 31

    panel.get_by_role("button", name="Giữ nội dung đang nhập ở đây").click()
    expect(state_of(block)).to_contain_text("Đã lưu lúc")
    assert work.assessment_of(dossier, "2.2").value == 45


def test_dossier_handed_in_meanwhile_stops_saving_and_keeps_what_was_typed(desk, officer, dossier, expected_errors):
    expected_errors.append("status of 409")
    ready(dossier, officer)
    page = desk(officer)
    page.goto(criterion(dossier, 2))
    work.hand_in(dossier, by=officer)
    block = block_of(page, "2.2")
    block.get_by_label("Giá trị").fill("99")
    expect(state_of(block)).to_contain_text("Đã nộp")
    expect(state_of(block)).to_contain_text(officer.full_name)
    expect(block.get_by_label("Giá trị")).to_have_value("99")
    page.on("dialog", lambda dialog: dialog.accept())


def test_stale_conclusion_names_the_colleague_and_keeps_the_reason(desk, officer, world, dossier, expected_errors):
    expected_errors.append("status of 409")
    work.hand_in(dossier, by=officer)
    world.deputy.full_name = "Hoàng Thị Mai"
    world.deputy.save()
    mine, theirs = desk(world.inspector), desk(world.deputy)
    for page in (mine, theirs):
        page.goto(f"/kiem-tra/{dossier.pk}/tieu-chi/1/")
    conclude(theirs, "Đạt", "")
    expect(theirs.get_by_role("heading", level=1)).to_contain_text("Tiêu chí 2")
    conclude(mine, "Chưa đạt", "Quy hoạch chưa được phê duyệt.")
    summary = mine.locator(".error-summary")
    expect(summary).to_contain_text("Hoàng Thị Mai")
    expect(summary).to_contain_text(re.compile(r"\d\d:\d\d"))
    expect(mine.locator("form.decide").get_by_label("Lý do")).to_have_value("Quy hoạch chưa được phê duyệt.")
    expect(mine.locator("form.decide").get_by_role("radio", name="Chưa đạt")).to_be_checked()
    assert work.conclusion_of(dossier, 1).verdict == "dat"


def conclude(page, choice, reason):
    form = page.locator("form.decide")
    form.get_by_role("radio", name=choice, exact=True).check()
    form.get_by_label("Lý do").fill(reason)
    form.get_by_role("button", name="Ghi kết luận").click()


# ---------------------------------------------------------------- files


def file(name, content, kind="application/pdf"):
    return {"name": name, "mimeType": kind, "buffer": content}


def test_wrong_file_among_several_is_refused_by_name_and_the_others_go_up(desk, officer, dossier, expected_errors):
    expected_errors.append("status of 400")
    page = desk(officer)
    page.goto(criterion(dossier, 2))
    block = block_of(page, "2.1")
    block.locator("input[type=file][multiple]").set_input_files(
        [
            file("báo cáo.pdf", work.pdf_bytes()),
            file("cai-dat.pdf", b"MZ" + bytes(2000)),
            file("anh.jpg", work.image_bytes(), "image/jpeg"),
        ]
    )
    expect(block.locator("ul[id^=tep-] > li")).to_have_count(2)
    refusal = block.locator("[data-ntm-upload-list] li")
    expect(refusal).to_have_count(1)
    expect(refusal).to_contain_text("Không nhận tệp cai-dat.pdf")
    assert sorted(Evidence.objects.values_list("original_name", flat=True)) == ["anh.jpg", "báo cáo.pdf"]


# ---------------------------------------------------------------- a lost session


def test_session_ended_during_autosave_keeps_what_was_typed(desk, sign_in, officer, dossier):
    page = desk(officer)
    page.goto(criterion(dossier, 2))
    Session.objects.all().delete()
    block = block_of(page, "2.2")
    block.get_by_label("Giá trị").fill("45")
    expect(state_of(block)).to_contain_text("Phiên làm việc đã hết")
    expect(block.get_by_label("Giá trị")).to_have_value("45")
    assert work.assessment_of(dossier, "2.2").value is None

    # As the message says: sign in in another tab, come back, try again.
    other = page.context.new_page()
    sign_in(other, officer, PASSWORD)
    expect(other.get_by_role("heading", level=1)).to_have_text("Việc cần làm")
    block.get_by_role("button", name="Thử lại").click()
    expect(state_of(block)).to_contain_text("Đã lưu lúc")
    assert work.assessment_of(dossier, "2.2").value == 45
