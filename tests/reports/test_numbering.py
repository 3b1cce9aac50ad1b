"""Numbers given ahead of the signature, by hand and from the series; what they leave free."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse

from communes import clock, journal
from communes.models import Event
from reports import renderer, services
from reports.compose import Composition
from reports.models import IssuedDocument, Notice
from reports.services import Series
from reports.services.issuing import approved_digest
from reports.workflow import Incomplete, NotAllowed, StaleState

from . import factories

pytestmark = pytest.mark.django_db


def numbered(district, **fields):
    """An approved notice with its number given today."""
    wish = {"number": fields.pop("number", None)}
    scene = factories.approved(district, **fields)
    services.assign_number(scene.notice, on=clock.today(), by=scene.coordinator, **wish)
    return scene


# ---------------------------------------------------------------- the series in words


@pytest.mark.parametrize(
    ("used", "taken", "missing", "by_hand", "following"),
    [
        ({}, "", "", "", 1),
        ({1: False}, "01", "", "", 2),
        ({1: False, 2: False, 3: False}, "01-03", "", "", 4),
        ({8: True}, "08", "01-07", "08", 9),
        ({9: False, 8: True, 3: False}, "03, 08-09", "01-02, 04-07", "08", 10),
        ({99: False, 101: True}, "99, 101", "01-98, 100", "101", 102),
    ],
)
def test_series_tells_what_is_taken_and_what_is_free(used, taken, missing, by_hand, following):
    series = Series("TB", 2030, used)
    assert (series.taken, series.missing, series.by_hand, series.next) == (taken, missing, by_hand, following)


# ---------------------------------------------------------------- before the signature


def test_a_number_given_ahead_is_printed_and_kept_until_issue(district, text_of, printed):
    scene = numbered(district)
    notice, today = scene.fresh(), clock.today()
    assert (notice.status, notice.number, notice.issued_on, notice.number_is_manual) == ("approved", 1, today, False)
    assert f"Số: 01/{notice.symbol}" in text_of(printed(Composition(notice).content()))
    services.issue_notice(notice, on=today, by=scene.coordinator)
    assert (scene.fresh().status, scene.fresh().number) == ("issued", 1)


def test_the_next_notice_gets_the_number_after_one_given_ahead(district):
    numbered(district)
    assert factories.issued(district).fresh().number == 2


def test_number_and_day_are_no_part_of_what_was_approved(district):
    scene = factories.approved(district)
    before = approved_digest(Composition(scene.fresh()))
    services.assign_number(scene.notice, on=clock.today(), number=7, by=scene.coordinator)
    assert approved_digest(Composition(scene.fresh())) == before == scene.fresh().approved_sha256


def test_number_stays_when_the_notice_is_sent_back_and_approved_anew(district):
    scene = numbered(district)
    services.send_back(scene.fresh(), reason="Sửa mục II.", by=scene.head)
    assert (scene.fresh().status, scene.fresh().number) == ("draft", 1)
    notice = scene.fresh()
    services.approve_notice(notice, version=notice.version, by=scene.head)
    services.issue_notice(scene.fresh(), on=clock.today(), by=scene.coordinator)
    assert scene.fresh().number == 1


def test_symbol_of_a_number_given_does_not_change(district):
    scene = numbered(district)
    services.send_back(scene.fresh(), reason="Sửa mục II.", by=scene.head)
    notice = scene.fresh()
    with pytest.raises(Incomplete, match="không đổi ký hiệu"):
        services.save_details(notice, version=notice.version, by=scene.coordinator, symbol="BC-ĐKT")
    services.save_details(scene.fresh(), version=scene.fresh().version, by=scene.coordinator, place="Nơi khác")


@pytest.mark.parametrize("wish", [{"number": 5}, {"on": clock.today() - timedelta(days=1)}])
def test_issue_with_another_number_or_day_than_given_is_refused(district, wish):
    scene = numbered(district)
    with pytest.raises(Incomplete, match="đã được cấp số 01/"):
        services.issue_notice(scene.fresh(), **{"on": clock.today(), **wish}, by=scene.coordinator)
    assert scene.fresh().status == "approved"


def test_day_is_corrected_until_issue_and_that_is_journalled(district):
    scene = numbered(district)
    yesterday = clock.today() - timedelta(days=1)
    services.assign_number(scene.fresh(), on=yesterday, by=scene.coordinator)
    assert (scene.fresh().number, scene.fresh().issued_on) == (1, yesterday)
    event = Event.objects.about(scene.notice).get(action="notice.number_corrected")
    assert event.data["old"] == {"number": 1, "on": str(clock.today())}
    services.issue_notice(scene.fresh(), on=yesterday, by=scene.coordinator)
    with pytest.raises(StaleState):
        services.assign_number(scene.fresh(), on=clock.today(), by=scene.coordinator)


def test_the_same_number_and_day_again_change_nothing(district):
    scene = numbered(district)
    version = scene.fresh().version
    services.assign_number(scene.fresh(), on=clock.today(), number=1, by=scene.coordinator)
    assert scene.fresh().version == version
    assert Event.objects.about(scene.notice).filter(action__startswith="notice.number").count() == 1


def test_a_number_from_the_series_stays_one_by_hand_may_be_mended(district):
    scene = numbered(district)
    with pytest.raises(Incomplete, match="giữ số này"):
        services.assign_number(scene.fresh(), on=clock.today(), number=5, by=scene.coordinator)
    by_hand = numbered(district, number=80)
    services.assign_number(by_hand.fresh(), on=clock.today(), number=8, by=by_hand.coordinator)
    assert (by_hand.fresh().number, by_hand.fresh().number_is_manual) == (8, True)
    assert services.series_of(by_hand.notice.authority, "TB-ĐKT", clock.today().year).missing == "02-07"


def test_a_day_of_another_year_would_be_another_series(district):
    scene = numbered(district)
    with clock.at(clock.now() + timedelta(days=370)), pytest.raises(Incomplete, match="trong năm đó"):
        services.assign_number(scene.fresh(), on=clock.today(), by=scene.coordinator)


@pytest.mark.parametrize(("days", "words"), [(1, "sau hôm nay"), (-2, "trước ngày kết thúc kiểm tra")])
def test_day_given_ahead_must_be_possible(district, days, words):
    scene = factories.approved(district)
    with pytest.raises(Incomplete, match=words):
        services.assign_number(scene.notice, on=clock.today() + timedelta(days=days), by=scene.coordinator)


def test_a_used_number_is_not_given_again(district):
    first = numbered(district, number=3)
    second = factories.approved(district)
    with pytest.raises(Incomplete, match="Số 03/.* đã dùng"):
        services.assign_number(second.notice, on=clock.today(), number=3, by=second.coordinator)
    assert first.fresh().number == 3


def test_only_the_coordinator_gives_numbers_and_only_to_what_is_approved(district):
    scene = factories.approved(district)
    with pytest.raises(NotAllowed):
        services.assign_number(scene.notice, on=clock.today(), by=scene.head)
    draft = factories.draft(district)
    with pytest.raises(StaleState):
        services.assign_number(draft.notice, on=clock.today(), by=draft.coordinator)


# ---------------------------------------------------------------- printing while nobody waits


@pytest.fixture
def renderings(monkeypatch):
    """Of each rendering: whether it held up the database."""
    found, begin = [], renderer.begin

    def watch(html, layout, **more):
        found.append(connection.in_atomic_block)
        return begin(html, layout, **more)

    monkeypatch.setattr(renderer, "begin", watch)
    return found


@pytest.mark.django_db(transaction=True)
def test_issue_prints_before_it_holds_the_database(district, renderings):
    factories.issued(district)
    assert renderings == [False]


@pytest.mark.django_db(transaction=True)
def test_a_number_taken_meanwhile_is_printed_anew(district, renderings, monkeypatch, text_of):
    """Somebody else issues while the first one prints: both stand, each file with its own number."""
    first, second = factories.approved(district), factories.approved(district)
    begin, overtaken = renderer.begin, []

    def overtake(html, layout, **more):
        if not overtaken:
            overtaken.append(True)
            services.issue_notice(second.notice, on=clock.today(), by=second.coordinator)
        return begin(html, layout, **more)

    monkeypatch.setattr(renderer, "begin", overtake)
    services.issue_notice(first.notice, on=clock.today(), by=first.coordinator)
    assert renderings == [False, False, True]
    assert (second.fresh().number, first.fresh().number) == (1, 2)
    for scene in (first, second):
        with scene.notice.documents.get(rendition="final").file.open() as file:
            assert f"Số: {scene.fresh().number:02d}/TB-ĐKT" in text_of(file.read())


@pytest.mark.django_db(transaction=True)
def test_a_text_sent_back_while_it_prints_is_not_issued(district, monkeypatch):
    scene = factories.approved(district)
    begin = renderer.begin

    def send_back(html, layout, **more):
        services.send_back(scene.fresh(), reason="Dừng.", by=scene.head)
        return begin(html, layout, **more)

    monkeypatch.setattr(renderer, "begin", send_back)
    with pytest.raises(StaleState):
        services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)
    assert scene.fresh().status == "draft"
    assert not IssuedDocument.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_name_changed_while_it_prints_is_noticed(district, monkeypatch):
    """What was printed would no longer be what was approved."""
    scene = factories.approved(district)
    begin = renderer.begin

    def rename(html, layout, **more):
        commune = scene.world.round.inspections.first().commune
        commune.name = "Hố Mít"
        with transaction.atomic():
            commune.save()
            journal.record("commune.changed", subject=commune, by=None)
        return begin(html, layout, **more)

    monkeypatch.setattr(renderer, "begin", rename)
    with pytest.raises(Incomplete, match="đã thay đổi sau khi phê duyệt"):
        services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)
    assert (scene.fresh().status, scene.fresh().number) == ("approved", None)


def test_what_has_nothing_to_do_with_it_does_not_print_it_anew(district, renderings, monkeypatch):
    """An event elsewhere makes it look again, and no more."""
    scene = factories.approved(district)
    begin = renderer.begin

    def sign_elsewhere(html, layout, **more):
        with transaction.atomic():
            journal.record("user.signed_in", subject=scene.head, by=scene.head)
        return begin(html, layout, **more)

    monkeypatch.setattr(renderer, "begin", sign_elsewhere)
    services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)
    assert len(renderings) == 1
    assert scene.fresh().number == 1


# ---------------------------------------------------------------- what is stored


def test_every_file_is_stored_with_its_own_hash(district):
    scene = factories.issued(district)
    documents = {row.rendition: row for row in scene.notice.documents.all()}
    assert set(documents) == {"final", "docx"}
    assert documents["docx"].facts is None
    assert documents["docx"].facts_sha256 == documents["final"].facts_sha256
    assert str(documents["docx"].file.name).endswith(".docx")
    event = Event.objects.about(scene.notice).get(action="notice.issued")
    assert event.data["files"] == {name: row.sha256 for name, row in documents.items()}


def test_a_signed_file_is_official_and_the_unsigned_print_is_kept(district, text_of):
    scene = numbered(district)
    services.issue_notice(
        scene.fresh(), on=clock.today(), signed=b"%PDF signed", signed_blank=b"%PDF blank", by=scene.coordinator
    )
    stored = {}
    for row in scene.notice.documents.all():
        with row.file.open() as file:
            stored[row.rendition] = file.read()
    assert stored["final"] == b"%PDF signed"
    assert stored["signed_blank"] == b"%PDF blank"
    assert "Số: 01/TB-ĐKT" in text_of(stored["accessible"])
    assert set(stored) == {"final", "signed_blank", "accessible", "docx"}


def test_a_signed_file_needs_its_number_first(district):
    scene = factories.approved(district)
    with pytest.raises(Incomplete, match="cấp số và ngày trước"):
        services.issue_notice(scene.notice, on=clock.today(), signed=b"%PDF signed", by=scene.coordinator)


def test_code_is_printed_on_request_and_is_no_part_of_the_facts(district, settings, text_of):
    settings.PUBLIC_BASE_URL = "https://ntm.thu.example"
    scene = factories.draft(district)
    services.save_details(scene.notice, version=scene.notice.version, by=scene.coordinator, prints_code=True)
    services.approve_notice(scene.notice, version=scene.notice.version, by=scene.head)
    services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)
    document = scene.notice.documents.get(rendition="final")
    with document.file.open() as file:
        text = text_of(file.read())
    assert "https://ntm.thu.example/xac-minh/" in text
    assert document.facts_sha256[:4] in text
    assert "verification" not in document.printed_facts


def test_code_without_a_public_address_is_refused_with_the_way_out(district):
    scene = factories.draft(district)
    services.save_details(scene.notice, version=scene.notice.version, by=scene.coordinator, prints_code=True)
    services.approve_notice(scene.notice, version=scene.notice.version, by=scene.head)
    with pytest.raises(Incomplete, match="PUBLIC_BASE_URL"):
        services.issue_notice(scene.notice, on=clock.today(), by=scene.coordinator)
    assert scene.fresh().status == "approved"


# ---------------------------------------------------------------- pages


def url(name, notice):
    return reverse(f"reports:{name}", args=[notice.public_id])


def test_number_is_given_on_its_page_then_shown_on_the_issue_page(client, district):
    factories.issued(district, number=3)
    scene = factories.approved(district)
    client.force_login(scene.coordinator)
    page = client.get(url("notice-number", scene.notice)).content.decode()
    assert "01-02" in page
    today = f"{clock.today():%d/%m/%Y}"
    answer = client.post(url("notice-number", scene.notice), {"issued_on": today, "number": "2"}, follow=True)
    assert f"Đã cấp số 02/TB-ĐKT, ngày {today}" in answer.content.decode()
    page = client.get(url("notice-issue", scene.notice)).content.decode()
    assert f"Số 02/TB-ĐKT, ngày {today} (số nhập tay)" in page
    assert 'name="issued_on"' not in page
    done = client.post(url("notice-issue", scene.notice), follow=True).content.decode()
    assert "Đã ban hành Thông báo số 02/TB-ĐKT" in done
    assert Notice.objects.get(pk=scene.notice.pk).status == "issued"


def test_number_page_tells_a_used_number_and_keeps_what_was_typed(client, district):
    factories.issued(district, number=3)
    scene = factories.approved(district)
    client.force_login(scene.coordinator)
    answer = client.post(url("notice-number", scene.notice), {"issued_on": f"{clock.today():%d/%m/%Y}", "number": "3"})
    assert answer.status_code == 409
    assert "đã dùng cho" in answer.content.decode()
    assert 'value="3"' in answer.content.decode()


def test_page_after_issue_says_what_comes_next(client, district, settings):
    settings.PUBLIC_BASE_URL = "https://ntm.thu.example"
    scene = factories.issued(district)
    client.force_login(scene.coordinator)
    page = client.get(url("notice-issued", scene.notice)).content.decode()
    assert "UBND các xã" in page
    assert f"đến {scene.notice.recipients.count() - 1} nơi nhận" in page
    assert "<li>Lưu:" not in page
    assert f"https://ntm.thu.example/thong-bao/{scene.notice.public_id}/" in page
    assert "https://ntm.thu.example/xac-minh/" in page
    for document in scene.notice.documents.all():
        assert document.sha256 in page
    answer = client.get(reverse("reports:notice-rendition", args=[scene.notice.public_id, "docx"]))
    assert b"".join(answer.streaming_content).startswith(b"PK")
    answer.close()


def test_page_after_issue_of_what_is_not_issued_leads_back(client, district):
    scene = factories.approved(district)
    client.force_login(scene.coordinator)
    assert client.get(url("notice-issued", scene.notice)).url == scene.notice.get_absolute_url()


def test_issue_page_shows_what_forbids_it_before_the_button(client, district):
    scene = factories.approved(district)
    Notice.objects.filter(pk=scene.notice.pk).update(approved_sha256="0" * 64)
    client.force_login(scene.coordinator)
    page = client.get(url("notice-issue", scene.notice)).content.decode()
    assert "thay đổi sau khi phê duyệt" in page
    assert "Ban hành thông báo</button>" not in page


def test_list_is_filtered_by_status_and_year(client, district):
    draft, issued = factories.draft(district), factories.issued(district)
    client.force_login(draft.coordinator)
    address = reverse("reports:notice-list")

    def listed(**query):
        return {row.pk for row in client.get(address, query).context["page"]}

    assert listed() == {draft.notice.pk, issued.notice.pk}
    assert listed(status="issued") == {issued.notice.pk}
    assert listed(status="issued", year="1999") == {issued.notice.pk}
    assert listed(year=issued.world.round.year, status="draft") == {draft.notice.pk}
    assert "Không có thông báo nào khớp" in client.get(address, {"status": "superseded"}).content.decode()
