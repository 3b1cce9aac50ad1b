"""Due dates of recommendations as a table: out, filled in, in again, and taken back; nothing else comes in by it."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from communes import clock
from communes.exchange import runs, writing
from communes.exchange.kinds import KINDS, CannotUndo
from communes.models import Event
from communes.permissions import Role
from inspections.workflow import StaleState
from reports.models import FollowUp
from reports.services import following

from ..communes.tables import confirm, problems, saved, start, states
from ..factories import person
from . import factories
from .test_following import fresh, issue, one

pytestmark = pytest.mark.django_db
KIND = "thoi-han-kien-nghi"


@pytest.fixture
def scene(district, agency):
    return issue(factories.draft(district))


@pytest.fixture
def items(scene):
    return fresh(scene.notice)


def out(by, **cells):
    """The table as it goes out, with other values in some cells: {"H2": day}."""
    with writing.file_of("xlsx", KINDS[KIND].export(by, "")) as made:
        book = load_workbook(BytesIO(made.read()))
    for place, value in cells.items():
        book["Thời hạn kiến nghị"][place] = value
    return saved(book)


def dues():
    return list(FollowUp.objects.order_by("recommendation__position").values_list("due_on", flat=True))


def test_what_went_out_comes_in_again_without_a_change(scene, items):
    run = start(out(scene.coordinator), scene.coordinator, kind=KIND)
    assert (problems(run), set(states(run).values())) == ([], {"same"})
    assert len(states(run)) == len(items)


def test_due_dates_of_many_come_in_by_one_event_and_are_taken_back(scene, items):
    by, first, second = scene.coordinator, clock.today() + timedelta(days=30), clock.today() + timedelta(days=60)
    before = {item.pk: item.version for item in items}
    run = start(out(by, H2=first, H3=f"{second:%d/%m/%Y}", E2="Nơi khác"), by, kind=KIND)
    assert [state for _, state in sorted(states(run).items())][:3] == ["changed", "changed", "same"]
    confirm(run, by)
    assert dues() == [first, second, *[None] * (len(items) - 2)]
    assert Event.objects.filter(action="import.done").count() == 1
    assert one(items[0]).recommendation.addressee == items[0].recommendation.addressee
    assert one(items[0]).version == before[items[0].pk] + 1
    with pytest.raises(StaleState):
        following.add_note(items[0], text="Đã làm.", version=before[items[0].pk], by=by)
    runs.undo(run, by=by)
    assert set(dues()) == {None}


def test_the_list_leads_there_whoever_sets_them(client, scene, items):
    for user, is_led in ((scene.coordinator, True), (scene.head, False)):
        client.force_login(user)
        page = client.get(reverse("reports:follow-up-list")).content.decode()
        assert (reverse("communes:exchange-import", args=[KIND]) in page) is is_led


def test_the_upload_page_offers_what_stands(client, scene, items):
    client.force_login(scene.coordinator)
    page = client.get(reverse("communes:exchange-import", args=[KIND])).content.decode()
    assert f'href="{reverse("communes:exchange-export", args=[KIND, "xlsx"])}"' in page
    home = client.get(reverse("communes:exchange")).content.decode()
    assert home.index("Thôn, bản, ấp") < home.index("Thời hạn kiến nghị")


def test_what_was_set_by_hand_since_is_not_taken_back(scene, items):
    by = scene.coordinator
    run = confirm(start(out(by, H2=clock.today() + timedelta(days=30)), by, kind=KIND), by)
    item = one(items[0])
    following.set_terms(
        item, due_on=clock.today() + timedelta(days=9), agencies=[], communes=[], version=item.version, by=by
    )
    with pytest.raises(CannotUndo, match="đã có người sửa sau lần nhập này"):
        runs.undo(run, by=by)


def test_wrong_rows_say_what_is_wrong(scene, items):
    by = scene.coordinator
    item = one(items[1])
    following.close_item(item, note="Đã xong.", version=item.version, by=by)
    early, late = clock.today() - timedelta(days=400), clock.today() + timedelta(days=9)
    run = start(out(by, H2=early, H3=late, D4=99), by, kind=KIND)
    assert problems(run) == [
        "H2 Thời hạn phải từ ngày ban hành thông báo trở đi.",
        "H3 Kiến nghị đã kết thúc (đã thực hiện), không đặt lại thời hạn.",
        "B4 Không có kiến nghị được theo dõi với cơ quan, số, ngày và thứ tự này trong phạm vi quản lý.",
    ]
    (words,) = problems(start(out(by, H2="mai"), by, kind=KIND))
    assert words.startswith("H2 “mai” không phải ngày.")
    assert set(dues()) == {None}


def test_the_office_of_another_authority_neither_sees_nor_sets_them(client, scene, items, other_district):
    other = person(Role.COORDINATOR, authority=other_district)
    with writing.file_of("xlsx", KINDS[KIND].export(other, "")) as made:
        assert load_workbook(BytesIO(made.read()))["Thời hạn kiến nghị"].max_row == 1
    run = start(out(scene.coordinator, H2=clock.today() + timedelta(days=9)), other, kind=KIND)
    assert set(states(run).values()) == {"error"}
    client.force_login(scene.head)
    assert client.get(reverse("communes:exchange-export", args=[KIND, "csv"])).status_code == 403
