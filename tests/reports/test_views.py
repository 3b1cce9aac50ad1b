"""Pages of notices: who gets which, what they say, what happens on a press."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes import clock
from communes.permissions import Role
from reports import services
from reports.models import IssuedDocument, Notice

from ..factories import person
from . import factories

pytestmark = pytest.mark.django_db


def url(name, notice, *args):
    return reverse(f"reports:{name}", args=[notice.public_id, *args])


@pytest.fixture
def scene(district):
    return factories.draft(district, failed={"Nậm Cần": (1,)})


@pytest.fixture
def composing(client, scene):
    client.force_login(scene.coordinator)
    return scene


def section(scene, position=1):
    return scene.notice.sections.get(position=position)


# ---------------------------------------------------------------- composing


def test_coordinator_starts_a_notice_from_a_round(client, district):
    world, _ = factories.concluded_round(district)
    client.force_login(world.coordinator)
    assert world.round.name in client.get(reverse("reports:notice-list")).content.decode()
    response = client.post(reverse("reports:notice-create"), {"round": world.round.pk}, follow=True)
    assert "Đã lập dự thảo" in response.content.decode()
    assert Notice.objects.get().round == world.round


def test_composer_shows_palette_with_present_values_and_text(client, composing):
    page = client.get(url("notice-edit", composing.notice), {"phan": section(composing).pk}).content.decode()
    assert "5 : 2 = 2,50" in page
    assert "{bình quân xa-thu}" in page
    assert "Bình quân các xã đạt 2,50 tiêu chí/xã." in page
    assert "xã Nậm Cần: 02/3" in page


def test_autosave_answers_with_new_text_and_version(client, composing):
    row = section(composing)
    data = {"heading": "ĐÁNH GIÁ", "body": "Đạt {tổng tiêu chí đạt xa-thu} lượt.", "version": row.version}
    address = url("section-save", composing.notice, row.pk)
    response = client.post(address, data, headers={"accept": "application/json"})
    answer = response.json()
    assert answer["version"] == row.version + 1
    assert "Đạt 5 lượt." in answer["fragments"]["#ban-xem"]
    assert "đủ để Trưởng đoàn phê duyệt" in answer["fragments"]["#can-xem-lai"]
    read = answer["fragments"]["#so-lieu-cua-phan"]
    assert 'title="Tổng số tiêu chí đạt (tử số)">5</a> lượt.' in read
    assert "{tổng tiêu chí đạt xa-thu}" in read


def test_unknown_token_is_shown_at_once(client, composing):
    row = section(composing)
    data = {"heading": "A", "body": "{bình quan xa-thu}", "version": row.version}
    answer = client.post(
        url("section-save", composing.notice, row.pk), data, headers={"accept": "application/json"}
    ).json()
    assert "Có thể là {bình quân xa-thu}" in answer["fragments"]["#can-xem-lai"]


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_second_writer_keeps_both_wordings(client, composing, accept):
    row = section(composing)
    address = url("section-save", composing.notice, row.pk)
    client.post(address, {"heading": "MỘT", "body": "Của người thứ nhất.", "version": row.version})
    second = {"heading": "HAI", "body": "Của người thứ hai.", "version": row.version}
    response = client.post(address, second, headers={"accept": accept})
    assert response.status_code == 409
    text = json.dumps(response.json(), ensure_ascii=False) if "json" in accept else response.content.decode()
    assert "Của người thứ nhất." in text
    if "html" in accept:
        assert "Của người thứ hai." in text
    again = client.post(address, {**second, "version": row.version + 1})
    assert again.status_code == 302
    assert section(composing).body == "Của người thứ hai."


def test_heading_too_long_is_told_and_typed_text_stays(client, composing):
    row = section(composing)
    data = {"heading": "A" * 301, "body": "Còn nguyên.", "version": row.version}
    response = client.post(url("section-save", composing.notice, row.pk), data)
    assert response.status_code == 400
    assert "Còn nguyên." in response.content.decode()


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_text_beyond_any_notice_is_refused_with_its_length(client, composing, accept):
    row = section(composing)
    data = {"heading": "A", "body": "chữ " * 10_000, "version": row.version}
    response = client.post(url("section-save", composing.notice, row.pk), data, headers={"accept": accept})
    assert response.status_code == 400
    told = json.dumps(response.json(), ensure_ascii=False) if "json" in accept else response.content.decode()
    assert "tối đa 30.000" in told
    assert section(composing).body == row.body


def test_a_recipient_beyond_its_line_is_refused_by_name(client, composing):
    page = client.get(url("notice-details", composing.notice))
    data = {**page.context["form"].initial, "recipients": "UBND các xã\n" + "B" * 301 + "\nLưu: VT"}
    response = client.post(url("notice-details", composing.notice), data)
    assert response.status_code == 200
    assert "BBB…” dài quá 300 ký tự" in response.content.decode()


def test_a_sign_that_cannot_be_printed_is_found_before_approval(client, composing):
    row = section(composing)
    data = {"heading": "A", "body": "Rất tốt 😀 ≥ 80 %.", "version": row.version}
    address = url("section-save", composing.notice, row.pk)
    answer = client.post(address, data, headers={"accept": "application/json"}).json()
    assert "không in được ký tự “😀”;" in answer["fragments"]["#can-xem-lai"]


def test_who_writes_after_approval_is_told_of_the_approval(client, district):
    scene = factories.approved(district)
    client.force_login(scene.coordinator)
    row = section(scene)
    data = {"heading": "A", "body": "Viết muộn.", "version": row.version}
    address = url("section-save", scene.notice, row.pk)
    answer = client.post(address, data, headers={"accept": "application/json"})
    assert answer.status_code == 409
    assert f"{scene.head} chuyển sang “Đã phê duyệt”" in answer.json()["message"]
    assert "đủ để Trưởng đoàn phê duyệt" not in client.get(url("notice-preview", scene.notice)).content.decode()


def test_recommendations_are_saved_by_line(client, composing):
    row = composing.notice.sections.get(kind="recommendations")
    assert "Thêm nơi thực hiện" in client.get(url("notice-edit", composing.notice), {"phan": row.pk}).content.decode()
    data = {
        "kien-nghi-TOTAL_FORMS": 2,
        "kien-nghi-INITIAL_FORMS": 1,
        "kien-nghi-0-addressee": "Phòng Thử",
        "kien-nghi-0-text": "- Việc một\n- Việc hai\n",
        "kien-nghi-1-addressee": "",
        "kien-nghi-1-text": "",
    }
    client.post(url("recommendations-save", composing.notice), data)
    stored = list(composing.notice.recommendations.values_list("addressee", "text"))
    assert stored == [("Phòng Thử", "Việc một"), ("Phòng Thử", "Việc hai")]
    data["kien-nghi-0-addressee"] = ""
    response = client.post(url("recommendations-save", composing.notice), data)
    assert response.status_code == 400
    assert "Ghi nơi thực hiện các kiến nghị này." in response.content.decode()


def test_recommendations_saved_meanwhile_are_not_overwritten_unseen(client, composing):
    notice = composing.notice
    row = notice.sections.get(kind="recommendations")
    shown = client.get(url("notice-edit", notice), {"phan": row.pk}).context["addressees_seen"]
    data = {
        "kien-nghi-TOTAL_FORMS": 1,
        "kien-nghi-INITIAL_FORMS": 0,
        "kien-nghi-0-addressee": "Phòng Thử",
        "shown": shown,
    }
    assert (
        client.post(url("recommendations-save", notice), {**data, "kien-nghi-0-text": "Của người trước"}).status_code
        == 302
    )
    late = client.post(url("recommendations-save", notice), {**data, "kien-nghi-0-text": "Của người sau"})
    page = late.content.decode()
    assert late.status_code == 409
    assert "Các kiến nghị vừa được sửa" in page
    assert "Của người trước" in page
    assert "Của người sau" in page
    assert notice.recommendations.get().text == "Của người trước"
    data["shown"] = late.context["addressees_seen"]
    client.post(url("recommendations-save", notice), {**data, "kien-nghi-0-text": "Của người sau"})
    assert notice.recommendations.get().text == "Của người sau"


def test_sections_are_added_moved_and_removed_by_buttons(client, composing):
    notice = composing.notice
    client.post(url("section-add", notice), {"heading": "Mục thêm", "level": 2, "after": section(composing).pk})
    added = notice.sections.get(heading="Mục thêm")
    assert (added.position, added.level) == (2, 2)
    client.post(url("section-move", notice, added.pk, "xuong"))
    assert notice.sections.get(heading="Mục thêm").position == 3
    client.post(url("section-remove", notice, added.pk))
    assert not notice.sections.filter(heading="Mục thêm").exists()


def test_details_are_saved_with_recipients(client, composing):
    page = client.get(url("notice-details", composing.notice))
    data = {**page.context["form"].initial, "place": "Nơi khác", "recipients": "- UBND tỉnh;\n- Lưu: VT."}
    client.post(url("notice-details", composing.notice), data)
    assert composing.fresh().place == "Nơi khác"
    assert list(composing.notice.recipients.values_list("text", flat=True)) == ["UBND tỉnh", "Lưu: VT"]
    stale = client.post(url("notice-details", composing.notice), {**data, "place": "Cũ"})
    assert stale.status_code == 409
    assert "Cũ" in stale.content.decode()
    assert composing.fresh().place == "Nơi khác"


def test_details_and_recipients_are_saved_together_or_not_at_all(composing, monkeypatch):
    monkeypatch.setattr("reports.services.drafting._write_recipients", lambda *_: 1 / 0)
    notice = composing.fresh()
    with pytest.raises(ZeroDivisionError):
        services.save_details(
            notice, version=notice.version, by=composing.coordinator, place="Nơi khác", recipients=["UBND tỉnh"]
        )
    assert composing.fresh().place != "Nơi khác"


def test_typed_markup_is_shown_as_text(client, composing):
    row = section(composing)
    hostile = "<script>alert(1)</script>"
    client.post(
        url("section-save", composing.notice, row.pk), {"heading": hostile, "body": hostile, "version": row.version}
    )
    page = client.get(url("notice-edit", composing.notice)).content.decode()
    assert hostile not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


# ---------------------------------------------------------------- deciding


def test_head_reads_approves_and_coordinator_issues(client, scene):
    client.force_login(scene.head)
    page = client.get(url("notice-approve", scene.notice))
    assert "số liệu của 2 hồ sơ đã kết luận" in page.content.decode()
    client.post(url("notice-approve", scene.notice), {"version": page.context["form"].initial["version"]})
    assert scene.fresh().status == "approved"
    client.force_login(scene.coordinator)
    assert "01/TB-ĐKT" in client.get(url("notice-issue", scene.notice)).content.decode()
    today = f"{clock.today():%d/%m/%Y}"
    response = client.post(url("notice-issue", scene.notice), {"issued_on": today, "number": ""}, follow=True)
    assert "<h1>Đã ban hành Thông báo số 01/TB-ĐKT</h1>" in response.content.decode()
    assert scene.fresh().status == "issued"


def test_stale_approval_is_refused_with_the_reason(client, scene):
    client.force_login(scene.head)
    response = client.post(url("notice-approve", scene.notice), {"version": scene.notice.version - 1}, follow=True)
    assert "sửa lúc" in response.content.decode()
    assert scene.fresh().status == "draft"


def test_blocked_approval_lists_what_is_missing_and_has_no_button(client, scene):
    scene.notice.recipients.all().delete()
    client.force_login(scene.head)
    page = client.get(url("notice-approve", scene.notice)).content.decode()
    assert "Nơi nhận: chưa có nội dung." in page
    assert "Phê duyệt thông báo</button>" not in page


def test_sent_back_notice_tells_the_writer_why(client, scene):
    client.force_login(scene.head)
    client.post(url("notice-send-back", scene.notice), {"reason": "Viết rõ mục I."})
    client.force_login(scene.coordinator)
    assert "Viết rõ mục I." in client.get(url("notice-edit", scene.notice)).content.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"issued_on": "31/02/2025"}, "ngày"),
        ({"issued_on": ""}, "ngày"),
        ({"issued_on": f"{clock.today() + timedelta(days=1):%d/%m/%Y}"}, "không được sau hôm nay"),
        ({"issued_on": f"{clock.today():%d/%m/%Y}", "number": "-1"}, "Số phải từ 1 trở lên."),
    ],
)
def test_impossible_date_or_number_is_told_at_the_field(client, district, data, words):
    scene = factories.approved(district)
    client.force_login(scene.coordinator)
    page = client.post(url("notice-issue", scene.notice), data)
    assert words in page.content.decode()
    assert scene.fresh().status == "approved"


def test_draft_prints_as_pdf_marked_draft(client, scene, text_of):
    client.force_login(scene.head)
    response = client.get(url("notice-draft-pdf", scene.notice))
    assert response["Content-Type"] == "application/pdf"
    assert "DỰ THẢO" in text_of(response.content)


# ---------------------------------------------------------------- who sees what


def test_officer_sees_a_notice_only_when_issued(client, scene):
    client.force_login(scene.officers[0])
    assert client.get(url("notice-preview", scene.notice)).status_code == 404
    assert client.get(url("notice-edit", scene.notice)).status_code == 403


def test_other_district_sees_no_draft(client, scene, other_district):
    for role in (Role.COORDINATOR, Role.TEAM_HEAD, Role.VIEWER):
        client.force_login(person(role, authority=other_district))
        assert client.get(url("notice-preview", scene.notice)).status_code == 404


def test_viewer_reads_but_does_not_write(client, scene, district):
    client.force_login(person(Role.VIEWER, authority=district))
    assert client.get(url("notice-preview", scene.notice)).status_code == 200
    assert client.get(url("notice-edit", scene.notice)).status_code == 403
    assert client.get(url("notice-approve", scene.notice)).status_code == 403
    assert client.get(url("notice-issue", scene.notice)).status_code == 403


# ---------------------------------------------------------------- the public


def test_public_reads_the_issued_notice_and_its_file(client, district, text_of):
    scene = factories.issued(district, failed={"Nậm Cần": (1,)})
    listed = client.get(reverse("reports:public-list")).content.decode()
    assert "Thông báo số 01/TB-ĐKT" in listed
    page = client.get(url("public-detail", scene.notice)).content.decode()
    assert "Bình quân các xã đạt 2,50 tiêu chí/xã." in page
    assert IssuedDocument.objects.get(rendition="final").sha256 in page
    response = client.get(url("public-file", scene.notice))
    assert "2,50" in text_of(b"".join(response.streaming_content))
    response.close()


def test_public_sees_no_draft(client, scene):
    assert scene.notice.code not in client.get(reverse("reports:public-list")).content.decode()
    for name in ("public-detail", "public-file"):
        assert client.get(url(name, scene.notice)).status_code == 404


def test_issued_page_tells_the_frozen_figures(client, district):
    scene = factories.issued(district)
    dossiers = scene.world.round.dossiers.all()
    dossiers[0].round_unit.__class__.objects.filter(round=scene.world.round).update(left_out_reason="Đổi sau.")
    page = client.get(url("public-detail", scene.notice)).content.decode()
    assert "xã Phúc Khoa đạt 03/3 tiêu chí" in page


@pytest.mark.parametrize(("name", "most"), [("notice-edit", 30), ("notice-preview", 29)])
def test_pages_need_the_same_queries_for_few_and_many_units(name, most, client, district):
    needed = []
    for count in (2, 12):
        scene = factories.draft(district, names=[f"Thử {count} {place}" for place in range(count)])
        client.force_login(scene.coordinator)
        with CaptureQueriesContext(connection) as queries:
            client.get(url(name, scene.notice))
        needed.append(len(queries))
    assert needed[0] == needed[1] <= most
