"""Pages of communes and villages."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from communes import clock
from communes.models import Commune, Event, Recognition, Village
from tests.factories import CommuneFactory, VillageFactory

pytestmark = pytest.mark.django_db


def url(name, *arguments):
    return reverse(f"communes:{name}", args=arguments)


@pytest.fixture
def as_coordinator(client, coordinator):
    client.force_login(coordinator)
    return client


def day(offset=0):
    return f"{clock.today() + timedelta(days=offset):%d/%m/%Y}"


def commune_data(district, **changed):
    return {
        "authority": district.pk,
        "kind": "xa",
        "name": "Nậm Sỏ",
        "code": "03613",
        "region": "tdmnpb",
        "group": "",
        "valid_from": "01/01/2009",
        "valid_to": "",
        "successor": "",
    } | changed


@pytest.mark.parametrize("who", ["officer", "inspector", "coordinator", "viewer", "administrator"])
def test_readers_open_the_list_and_the_own_commune(who, client, request, commune):
    client.force_login(request.getfixturevalue(who))
    assert "Phúc Khoa" in client.get(url("commune-list")).content.decode()
    assert client.get(url("commune-detail", commune.pk)).status_code == 200


def test_without_a_role_the_list_is_closed(client, stranger):
    client.force_login(stranger)
    assert client.get(url("commune-list")).status_code == 403


def test_a_foreign_commune_is_not_there(client, officer, neighbour_commune, other_commune):
    client.force_login(officer)
    assert client.get(url("commune-detail", neighbour_commune.pk)).status_code == 404
    assert client.get(url("commune-detail", other_commune.pk)).status_code == 404


@pytest.mark.parametrize("name", ["commune-edit", "village-create", "recognition-add"])
def test_who_reads_only_gets_403_and_the_coordinator_no_foreign_commune(
    name, client, viewer, coordinator, commune, other_commune
):
    client.force_login(viewer)
    assert client.get(url(name, commune.pk)).status_code == 403
    client.force_login(coordinator)
    assert client.get(url(name, commune.pk)).status_code == 200
    assert client.get(url(name, other_commune.pk)).status_code == 404


def test_the_list_sorts_searches_and_leaves_out_old_units(as_coordinator, district, commune):
    for code, name in (("03607", "Hố Mít"), ("03605", "Trung Đồng"), ("03616", "Pắc Ta")):
        CommuneFactory(authority=district, name=name, code=code)
    CommuneFactory(authority=district, name="Cũ", code="03600", valid_to=date(2020, 1, 1))

    def names(**query):
        return [it.name for it in as_coordinator.get(url("commune-list"), query).context["page"]]

    assert names() == ["Hố Mít", "Pắc Ta", "Phúc Khoa", "Trung Đồng"]
    assert names(q="trung dong") == ["Trung Đồng"]
    assert names(**{"ca-don-vi-cu": "1"})[0] == "Cũ"
    assert names(q="zzz") == []


def test_the_list_costs_the_same_for_many(as_coordinator, district, django_assert_num_queries):
    for n in range(2):
        VillageFactory(commune=CommuneFactory(authority=district, code=f"{n:05d}"), code=f"{n:05d}-01")
    as_coordinator.get(url("commune-list"))
    with django_assert_num_queries(7):
        as_coordinator.get(url("commune-list"))
    for n in range(2, 80):
        VillageFactory(commune=CommuneFactory(authority=district, code=f"{n:05d}"), code=f"{n:05d}-01")
    with django_assert_num_queries(7):
        page = as_coordinator.get(url("commune-list")).context["page"]
    assert {it.village_count for it in page} == {1}


def test_a_commune_is_added_and_changed_with_its_events(as_coordinator, district):
    assert as_coordinator.post(url("commune-create"), commune_data(district)).status_code == 302
    made = Commune.objects.get(code="03613")
    data = commune_data(district, name="Nậm Sỏ Mới")
    assert as_coordinator.post(url("commune-edit", made.pk), data).status_code == 302
    actions = [it.action for it in Event.objects.about(made)]
    assert actions == ["commune.created", "commune.changed"]
    assert Event.objects.about(made).last().data["new"] == {"name": "Nậm Sỏ Mới"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"code": "3613"}, "5 chữ số"),
        ({"code": "03602"}, "Mã này đã có đơn vị"),
        ({"name": ""}, "Chưa nhập mục này."),
        ({"group": "7"}, "chọn lại trong danh sách"),
        ({"valid_to": "31/12/2008"}, "Ngày kết thúc phải sau ngày bắt đầu"),
        ({"valid_from": "32/13/2008"}, "Ghi ngày dạng"),
    ],
)
def test_a_wrong_commune_is_told_not_stored(changed, message, as_coordinator, district, commune):
    answer = as_coordinator.post(url("commune-create"), commune_data(district, **changed))
    assert answer.status_code == 200
    assert message in str(answer.context["form"].errors)
    assert Commune.objects.count() == 1


def test_a_successor_begins_after_the_unit_ended(as_coordinator, district, commune):
    data = commune_data(district, valid_to=day(), successor=commune.pk)
    answer = as_coordinator.post(url("commune-create"), data)
    assert "phải bắt đầu sau ngày kết thúc" in answer.content.decode()
    answer = as_coordinator.post(url("commune-create"), commune_data(district, successor=commune.pk))
    assert "phải có ngày kết thúc" in answer.content.decode()


def test_a_commune_is_not_put_under_another_authority(as_coordinator, other_district):
    answer = as_coordinator.post(url("commune-create"), commune_data(other_district))
    assert "authority" in answer.context["form"].errors


def test_a_village_carries_the_code_of_its_commune(as_coordinator, commune):
    data = {"kind": "ban", "name": "Nà Lại", "code": "03610-01", "valid_from": "01/01/2009", "valid_to": ""}
    answer = as_coordinator.post(url("village-create", commune.pk), data)
    assert "03602-01" in answer.content.decode()
    assert as_coordinator.post(url("village-create", commune.pk), data | {"code": "03602-01"}).status_code == 302
    assert Village.objects.get().title == "Bản Nà Lại"


def test_a_village_is_changed_within_the_own_authority_only(as_coordinator, village, other_commune):
    foreign = VillageFactory(commune=other_commune, code="03999-01")
    assert as_coordinator.get(url("village-edit", foreign.pk)).status_code == 404
    data = {"kind": "ban", "name": "Nà Mới", "code": "03602-01", "valid_from": "01/01/2009", "valid_to": ""}
    assert as_coordinator.post(url("village-edit", village.pk), data).status_code == 302
    village.refresh_from_db()
    assert village.name == "Nà Mới"


def test_a_title_is_noted_shown_and_ended(as_coordinator, commune):
    data = {"title": "ntm", "village": "", "decision": "Quyết định số 1/QĐ-UBND", "valid_from": "30/10/2023"}
    assert as_coordinator.post(url("recognition-add", commune.pk), data).status_code == 302
    held = Recognition.objects.get()
    assert "Nông thôn mới" in as_coordinator.get(url("commune-list")).content.decode()
    early = as_coordinator.post(url("recognition-end", held.pk), {"on": "01/01/2020", "reason": "x"})
    assert "chọn ngày sau đó" in early.content.decode()
    as_coordinator.post(url("recognition-end", held.pk), {"on": day(-1), "reason": "Quyết định thu hồi"})
    held.refresh_from_db()
    assert held.valid_to == clock.today() - timedelta(days=1)
    assert {it.action for it in Event.objects.about(held)} == {"recognition.added", "recognition.ended"}


def test_a_title_of_another_authority_is_not_there(as_coordinator, other_commune):
    foreign = Recognition.objects.create(commune=other_commune, title="ntm", decision="1", valid_from=date(2024, 1, 1))
    assert as_coordinator.get(url("recognition-end", foreign.pk)).status_code == 404


def test_the_page_names_what_a_unit_was_made_of(as_coordinator, district):
    new = CommuneFactory(authority=district, name="Tân Uyên", code="03598")
    CommuneFactory(authority=district, name="Nậm Cần", code="03610", valid_to=date(2025, 6, 30), successor=new)
    text = as_coordinator.get(url("commune-detail", new.pk)).content.decode()
    assert "Hợp thành từ" in text
    assert "Xã Nậm Cần" in text
