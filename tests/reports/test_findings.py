"""Findings of a stored notice: shown where they stand, accepted with a reason, kept with the issued notice."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from playwright.sync_api import expect

from communes import clock
from communes.models import Event
from communes.permissions import Role
from reports import checks, outline, services
from reports.compose import Composition
from reports.models import AcceptedFinding
from reports.workflow import Incomplete, NotAllowed, StaleState

from ..factories import person
from . import factories

pytestmark = pytest.mark.django_db

WRONG_NAME = "xã Nậm Cắn"
# One warning: a unit that is misspelt; the rest of the text is that of every test.
TEXT = factories.TEXT.replace("- Kết quả:", f"- Việc làm tốt ở {WRONG_NAME}.\n- Kết quả:")


@pytest.fixture
def scene(district):
    scene = factories.draft(district)
    services.replace_text(scene.notice, outline.parse(TEXT), by=scene.coordinator)
    return scene


def found_in(scene):
    return checks.findings(Composition(scene.fresh()))


def warning(scene):
    (one,) = found_in(scene)
    return one


def accept(scene, reason="Tên theo sổ cũ.", by=None):
    return services.accept_finding(scene.fresh(), warning(scene).key, reason=reason, by=by or scene.coordinator)


def url(name, scene, *args):
    return reverse(f"reports:{name}", args=[scene.notice.public_id, *args])


# ---------------------------------------------------------------- accepting


def test_warning_stands_in_the_way_until_it_is_accepted(scene):
    with pytest.raises(Incomplete, match="đúng là “xã Nậm Cần”"):
        services.approve_notice(scene.notice, version=scene.fresh().version, by=scene.head)
    accept(scene)
    services.approve_notice(scene.notice, version=scene.fresh().version, by=scene.head)
    assert scene.fresh().status == "approved"


def test_acceptance_is_recorded_with_its_reason_and_person(scene):
    row = accept(scene, "Tên theo sổ cũ.")
    assert (row.reason, row.accepted_by) == ("Tên theo sổ cũ.", scene.coordinator)
    event = Event.objects.about(scene.notice).get(action="notice.finding_accepted")
    assert event.data["reason"] == "Tên theo sổ cũ."
    assert WRONG_NAME in event.data["message"]
    one = warning(scene)
    assert (one.accepted, one.group, one.is_open) == ("Tên theo sổ cũ.", "accepted", False)


def test_second_reason_takes_the_place_of_the_first(scene):
    accept(scene, "Một.")
    accept(scene, "Hai.")
    assert list(AcceptedFinding.objects.values_list("reason", flat=True)) == ["Hai."]


def test_withdrawn_reason_stands_in_the_way_again_and_stays_in_the_journal(scene):
    key = accept(scene).key
    services.withdraw_acceptance(scene.fresh(), key, by=scene.head)
    assert warning(scene).is_open
    event = Event.objects.about(scene.notice).get(action="notice.acceptance_withdrawn")
    assert event.data["reason"] == "Tên theo sổ cũ."
    with pytest.raises(StaleState, match="không còn"):
        services.withdraw_acceptance(scene.fresh(), key, by=scene.head)


def test_acceptance_changes_what_the_head_was_shown(scene):
    shown = scene.fresh().version
    accept(scene)
    with pytest.raises(StaleState):
        services.approve_notice(scene.fresh(), version=shown, by=scene.head)


@pytest.mark.parametrize("reason", ["", "  "])
def test_acceptance_needs_a_reason(scene, reason):
    with pytest.raises(Incomplete, match="Chưa ghi lý do"):
        accept(scene, reason)


def test_words_that_were_mended_meanwhile_cannot_be_accepted(scene):
    key = warning(scene).key
    services.replace_text(scene.fresh(), outline.parse(factories.TEXT), by=scene.coordinator)
    with pytest.raises(StaleState, match="đã được sửa"):
        services.accept_finding(scene.fresh(), key, reason="Lý do", by=scene.coordinator)


def test_what_is_wrong_cannot_be_accepted(scene):
    text = factories.TEXT.replace("{bình quân xa-thu}", "{bình quân xa-thu-sai}")
    services.replace_text(scene.fresh(), outline.parse(text), by=scene.coordinator)
    one = found_in(scene)[0]
    assert (one.is_blocking, one.accept_url) == (True, "")
    with pytest.raises(Incomplete, match="phải sửa"):
        services.accept_finding(scene.fresh(), one.key, reason="Lý do", by=scene.coordinator)


def test_who_neither_writes_nor_approves_does_not_accept(scene, district, other_district):
    strangers = [scene.world.inspector, person(Role.COORDINATOR, authority=other_district)]
    strangers.append(person(Role.TEAM_HEAD, authority=district))
    for stranger in strangers:
        with pytest.raises(NotAllowed):
            accept(scene, by=stranger)


def test_accepted_text_that_is_approved_stays(scene):
    key = accept(scene).key
    services.approve_notice(scene.notice, version=scene.fresh().version, by=scene.head)
    with pytest.raises(StaleState):
        services.withdraw_acceptance(scene.fresh(), key, by=scene.coordinator)


# ---------------------------------------------------------------- after issue


@pytest.fixture
def issued(scene):
    accept(scene)
    services.approve_notice(scene.notice, version=scene.fresh().version, by=scene.head)
    services.issue_notice(scene.fresh(), on=clock.today(), by=scene.coordinator)
    return scene


def test_acceptances_stay_with_the_issued_notice(issued, client):
    (fact,) = checks.accepted_facts(issued.fresh())
    assert (fact["reason"], fact["by"]) == ("Tên theo sổ cũ.", str(issued.coordinator))
    assert fact["place"] == "Mục II, gạch đầu dòng thứ 1"
    client.force_login(issued.coordinator)
    assert "Tên theo sổ cũ." in client.get(url("notice-preview", issued)).content.decode()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE reports_acceptedfinding SET reason = 'khác'", "DELETE FROM reports_acceptedfinding"],
)
def test_database_keeps_what_was_accepted(issued, statement):
    with pytest.raises(IntegrityError, match="notice is issued"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_issued_notice_takes_no_further_acceptance(issued):
    fields = {"place": "x", "message": "x", "reason": "x", "accepted_by": issued.head, "accepted_at": clock.now()}
    with pytest.raises(IntegrityError, match="notice is issued"), transaction.atomic():
        issued.notice.accepted_findings.create(key="x", **fields)


@pytest.mark.parametrize("fields", [{"reason": ""}, {"message": ""}])
def test_database_holds_no_acceptance_without_reason_or_matter(scene, fields):
    row = accept(scene)
    with pytest.raises(IntegrityError), transaction.atomic():
        AcceptedFinding.objects.filter(pk=row.pk).update(**fields)


# ---------------------------------------------------------------- pages


def test_composer_links_each_finding_to_its_words(client, scene):
    client.force_login(scene.coordinator)
    page = client.get(url("notice-edit", scene)).content.decode()
    assert "Cần xem lại: sửa, hoặc chấp nhận kèm lý do (1)" in page
    address = urlsplit(re.search(r'<a href="([^"]+)" data-ntm-jump="([^"]+)"', page)[1].replace("&amp;", "&"))
    query = parse_qs(address.query)
    section = scene.notice.sections.get(pk=query["phan"][0])
    begin, end = map(int, query["tim"][0].split("-"))
    assert section.body[begin:end] == "Nậm Cắn"
    assert query["o"] == ["id_body"]
    assert address.fragment == "id_body"


def test_reason_is_given_and_withdrawn_on_a_page_of_its_own(client, scene):
    client.force_login(scene.coordinator)
    address = warning(scene).accept_url
    assert "đúng là “xã Nậm Cần”" in client.get(address).content.decode()
    assert client.post(address, {"reason": ""}).status_code == 200
    response = client.post(address, {"reason": "Tên theo sổ cũ."}, follow=True)
    page = response.content.decode()
    assert "Đã ghi lý do chấp nhận." in page
    assert "Đã chấp nhận kèm lý do (1)" in page
    assert "Nội dung đủ để Trưởng đoàn phê duyệt" in page
    assert "Tên theo sổ cũ." in client.get(address).content.decode()
    page = client.post(url("finding-withdraw", scene, warning(scene).key), follow=True).content.decode()
    assert "Cần xem lại" in page


def test_head_sees_what_was_accepted_and_may_accept(client, scene):
    client.force_login(scene.head)
    page = client.get(url("notice-approve", scene)).content.decode()
    assert "Phê duyệt thông báo</button>" not in page
    assert "data-ntm-jump" not in page
    response = client.post(warning(scene).accept_url, {"reason": "Đồng ý để nguyên."}, follow=True)
    page = response.content.decode()
    assert "Đồng ý để nguyên." in page
    assert "Phê duyệt thông báo</button>" in page


def test_reader_sees_findings_without_links(client, scene, district):
    client.force_login(person(Role.VIEWER, authority=district))
    page = client.get(url("notice-preview", scene)).content.decode()
    assert "đúng là “xã Nậm Cần”" in page
    assert "Chấp nhận kèm lý do<" not in page
    assert client.get(warning(scene).accept_url).status_code == 403


def test_finding_that_is_gone_leads_back_to_the_text(client, scene):
    client.force_login(scene.coordinator)
    address = warning(scene).accept_url
    services.replace_text(scene.fresh(), outline.parse(factories.TEXT), by=scene.coordinator)
    page = client.get(address, follow=True).content.decode()
    assert "Lưu ý này không còn" in page


def test_recommendation_and_recipient_are_found_in_their_own_fields(client, scene):
    text = factories.TEXT.replace("- Hoàn thành trong năm {năm sau}.", "- Hoàn thành.\n- Báo cáo hàng tháng.")
    text = text.replace("UBND các xã\n", "UBND xã Nậm Cắn\n")
    services.replace_text(scene.fresh(), outline.parse(text), by=scene.coordinator)
    asked, received = sorted(found_in(scene), key=lambda one: one.place)
    assert (asked.spot.target, asked.spot.words) == ("id_kien-nghi-0-text", "hàng tháng")
    assert (received.spot.target, received.spot.words) == ("id_recipients", "Nậm Cắn")
    client.force_login(scene.coordinator)
    field = client.get(asked.edit_url).context["addressees"].forms[0].initial["text"]
    assert field[asked.offset : asked.spot.end] == "hàng tháng"
    field = client.get(received.edit_url).context["form"].initial["recipients"]
    assert field[received.offset : received.spot.end] == "Nậm Cắn"


def test_open_dossiers_lead_to_the_round(district):
    world, _ = factories.concluded_round(district, concluded=False)
    notice = services.create_notice(world.round, by=world.coordinator)
    first = checks.findings(Composition(notice))[0]
    assert first.edit_url == reverse("inspections:round-detail", args=[world.round.code])


# ---------------------------------------------------------------- in a browser


def selected(page):
    field = "document.querySelector('#id_body')"
    return page.evaluate(f"{field}.value.slice({field}.selectionStart, {field}.selectionEnd)")


def selects(page, words):
    """Whether the words come to be selected: the script runs once the page is there."""
    for _ in range(50):
        if selected(page) == words:
            return True
        page.wait_for_timeout(100)
    return False


def at(live_server, scene, part):
    return f"{live_server.url}{url('notice-edit', scene)}?phan={part.pk}"


@pytest.mark.django_db(transaction=True)
def test_press_on_a_finding_selects_its_words(scene, login_as, page, live_server):
    login_as(scene.coordinator)
    page.goto(at(live_server, scene, scene.notice.sections.get(position=1)))
    page.get_by_role("link", name="Mục II, gạch đầu dòng thứ 1").click()
    expect(page.locator("#id_body")).to_be_focused()
    assert selects(page, "Nậm Cắn")
    # On the part itself nothing is loaded anew, and words that have moved since are still found.
    page.locator("#id_body").evaluate("field => { field.value = 'Thêm chữ. ' + field.value; field.blur(); }")
    page.get_by_role("link", name="Mục II, gạch đầu dòng thứ 1").click()
    assert selects(page, "Nậm Cắn")
    assert page.locator("#id_body").input_value().startswith("Thêm chữ.")
