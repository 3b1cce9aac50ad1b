"""Pages of accounts: who comes in, what is shown, what one act after another leaves behind."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from communes import clock, services
from communes.models import Event, User
from communes.permissions import Permission, Role
from tests.factories import MembershipFactory, UserFactory, person

pytestmark = pytest.mark.django_db


def url(name, *arguments):
    return reverse(f"communes:{name}", args=arguments)


def fresh(user):
    return User.objects.get(pk=user.pk)


@pytest.fixture
def as_coordinator(client, coordinator):
    client.force_login(coordinator)
    return client


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


OF_ONE = ["user-detail", "user-edit", "user-reset-password", "user-deactivate", "user-hand-over", "membership-add"]


# ---------------------------------------------------------------- doors


@pytest.mark.parametrize("name", ["user-list", "user-create"])
@pytest.mark.parametrize("who", ["officer", "inspector", "team_head", "viewer", "agency_reviewer", "stranger"])
def test_who_manages_no_people_gets_403(name, who, client, request):
    client.force_login(request.getfixturevalue(who))
    assert client.get(url(name)).status_code == 403


@pytest.mark.parametrize("name", OF_ONE)
def test_the_coordinator_opens_pages_of_own_people_and_finds_no_others(name, as_coordinator, officer, outsider):
    assert as_coordinator.get(url(name, officer.pk)).status_code == 200
    assert as_coordinator.get(url(name, outsider.pk)).status_code == 404


@pytest.mark.parametrize("name", [it for it in OF_ONE if it != "user-detail"])
def test_the_coordinator_only_sees_who_also_works_elsewhere(name, as_coordinator, inspector, other_district):
    person(Role.INSPECTOR, user=inspector, authority=other_district)
    assert as_coordinator.get(url(name, inspector.pk)).status_code == 403
    assert as_coordinator.get(url("user-detail", inspector.pk)).status_code == 200


def test_a_role_in_another_authority_is_not_ended_by_the_coordinator(as_coordinator, inspector, other_district):
    elsewhere = MembershipFactory(user=inspector, role=Role.INSPECTOR, authority=other_district)
    assert as_coordinator.post(url("membership-end", elsewhere.pk), {"on": "01/01/2025"}).status_code == 403


@pytest.mark.parametrize("name", ["user-unlock"])
def test_acts_without_a_form_take_post_only(name, as_coordinator, officer):
    assert as_coordinator.get(url(name, officer.pk)).status_code == 405


# ---------------------------------------------------------------- the list


def test_people_are_listed_by_the_vietnamese_alphabet(as_administrator):
    for name in ("Ước", "Bình", "Ánh", "Đào", "Dũng", "An", "Ân"):
        UserFactory(full_name=name)
    names = [it.full_name for it in as_administrator.get(url("user-list")).context["page"]]
    assert [it for it in names if len(it) <= 4] == ["An", "Ánh", "Ân", "Bình", "Dũng", "Đào", "Ước"]


@pytest.mark.parametrize("words", ["tran thi hoa", "TRẦN", "hoa.namcan", "nam can"])
def test_people_are_found_without_diacritics_by_name_account_or_commune(
    words, as_coordinator, officer, neighbour_commune
):
    hoa = UserFactory(full_name="Trần Thị Hoa", username="hoa.namcan")
    MembershipFactory(user=hoa, commune=neighbour_commune)
    assert list(as_coordinator.get(url("user-list"), {"q": words}).context["page"]) == [hoa]


def test_people_are_filtered_by_role_and_state(as_coordinator, officer, inspector, coordinator):
    def found(**query):
        return set(as_coordinator.get(url("user-list"), query).context["page"])

    assert found(**{"vai-tro": "inspector"}) == {inspector}
    services.reset_password(officer, by=coordinator)
    assert found(**{"trang-thai": "initial"}) == {officer}
    services.deactivate(inspector, reason="x", by=coordinator)
    assert found(**{"trang-thai": "inactive"}) == {inspector}
    assert inspector not in found(**{"trang-thai": "active"})


def test_nobody_found_says_so(as_coordinator):
    assert "Không có người dùng nào khớp" in as_coordinator.get(url("user-list"), {"q": "zzz"}).content.decode()


def test_the_list_costs_the_same_for_many(as_coordinator, commune, django_assert_num_queries):
    person(Role.COMMUNE_OFFICER, commune=commune)
    as_coordinator.get(url("user-list"))
    with django_assert_num_queries(7):
        as_coordinator.get(url("user-list"))
    for _ in range(60):
        person(Role.COMMUNE_OFFICER, commune=commune)
    with django_assert_num_queries(7):
        assert len(as_coordinator.get(url("user-list")).context["page"]) == 30


# ---------------------------------------------------------------- making and changing


def profile(**changed):
    return {"full_name": "Lò Thị Lan", "username": "lan.phuckhoa", "position": "", "phone": "", "email": ""} | changed


def test_an_account_is_made_and_its_password_shown_once_on_a_page_nobody_keeps(as_coordinator, commune, client):
    answer = as_coordinator.post(url("user-create"), profile(role="commune_officer", place=f"commune-{commune.pk}"))
    lan = User.objects.get(username="lan.phuckhoa")
    password = answer.context["password"]
    assert lan.check_password(password)
    assert password in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert password not in as_coordinator.get(url("user-detail", lan.pk)).content.decode()
    assert lan.has(Permission.DOSSIER_EDIT)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"username": "lan phuc khoa"}, "Chỉ dùng chữ thường không dấu"),
        ({"username": "Lan.PHUCKHOA"}, "Chỉ dùng chữ thường không dấu"),
        ({"username": "lần"}, "Chỉ dùng chữ thường không dấu"),
        ({"username": "taken"}, "đã"),
        ({"full_name": ""}, "Chưa nhập mục này."),
        ({"role": "king"}, "chọn lại trong danh sách"),
        ({"place": "commune-0"}, "chọn lại trong danh sách"),
        ({"role": "inspector"}, "phải gắn với một cơ quan"),
        ({"role": "administrator"}, "chọn lại trong danh sách"),
    ],
)
def test_a_wrong_entry_is_told_and_the_rest_kept(changed, message, as_coordinator, commune):
    UserFactory(username="taken")
    data = profile(role="commune_officer", place=f"commune-{commune.pk}") | changed
    answer = as_coordinator.post(url("user-create"), data)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert message in text
    assert 'role="alert"' in text
    if "full_name" not in changed:
        assert 'value="Lò Thị Lan"' in text
    assert not User.objects.filter(full_name="Lò Thị Lan").exists()


def test_a_place_of_another_authority_is_not_offered_and_not_taken(as_coordinator, other_commune):
    page = as_coordinator.get(url("user-create")).content.decode()
    assert "Xa Lạ" not in page
    data = profile(role="commune_officer", place=f"commune-{other_commune.pk}")
    assert as_coordinator.post(url("user-create"), data).status_code == 200
    assert not User.objects.filter(username="lan.phuckhoa").exists()


def test_a_profile_is_changed_and_said_in_the_journal(as_coordinator, officer):
    answer = as_coordinator.post(
        url("user-edit", officer.pk), profile(username=officer.username, position="Công chức ĐC-NN-XD-MT")
    )
    assert answer.status_code == 302
    assert fresh(officer).position == "Công chức ĐC-NN-XD-MT"
    assert Event.objects.about(officer).last().action == "user.changed"


def test_html_in_a_name_is_text_on_the_page(as_coordinator, officer):
    User.objects.filter(pk=officer.pk).update(full_name="<script>alert(1)</script>")
    text = as_coordinator.get(url("user-detail", officer.pk)).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


# ---------------------------------------------------------------- locks and ends


def test_resetting_asks_first_and_then_shows_a_new_password(as_coordinator, officer):
    assert "một lần duy nhất" in as_coordinator.get(url("user-reset-password", officer.pk)).content.decode()
    answer = as_coordinator.post(url("user-reset-password", officer.pk))
    assert fresh(officer).check_password(answer.context["password"])
    assert "no-store" in answer["Cache-Control"]


def test_closing_needs_a_reason(as_coordinator, officer):
    as_coordinator.post(url("user-deactivate", officer.pk), {"reason": " "})
    assert fresh(officer).is_active
    as_coordinator.post(url("user-deactivate", officer.pk), {"reason": "Chuyển công tác"})
    assert not fresh(officer).is_active


def test_a_closed_account_is_opened_again_with_a_new_password(as_coordinator, coordinator, officer):
    services.deactivate(officer, reason="x", by=coordinator)
    answer = as_coordinator.post(url("user-reactivate", officer.pk))
    assert fresh(officer).is_active
    assert fresh(officer).check_password(answer.context["password"])


def test_the_last_administrator_is_told_why_not(as_administrator, administrator):
    post = administrator.memberships.get()
    answer = as_administrator.post(url("membership-end", post.pk), {"on": f"{clock.today():%d/%m/%Y}"})
    assert "người quản trị hệ thống duy nhất" in answer.content.decode()


def test_nobody_closes_the_own_account_by_the_page(as_administrator, administrator):
    answer = as_administrator.post(url("user-deactivate", administrator.pk), {"reason": "x"})
    assert "Không tự khóa tài khoản" in answer.content.decode()
    assert fresh(administrator).is_active


def test_unlocking_is_written_down(as_coordinator, officer):
    assert as_coordinator.post(url("user-unlock", officer.pk)).status_code == 302
    assert Event.objects.about(officer).last().action == "user.unlocked"


# ---------------------------------------------------------------- roles, handing over


def test_a_role_is_added_and_ended_by_dates_as_people_write_them(as_coordinator, officer, district):
    day = clock.today()
    data = {"role": "viewer", "place": f"authority-{district.pk}", "valid_from": f"{day:%d/%m/%Y}"}
    assert as_coordinator.post(url("membership-add", officer.pk), data).status_code == 302
    membership = officer.memberships.get(role=Role.VIEWER)
    assert membership.valid_from == day
    as_coordinator.post(url("membership-end", membership.pk), {"on": f"{day + timedelta(days=3):%d/%m/%Y}"})
    membership.refresh_from_db()
    assert membership.valid_to == day + timedelta(days=3)


def test_the_same_role_twice_is_told(as_coordinator, officer, commune):
    data = {"role": "commune_officer", "place": f"commune-{commune.pk}", "valid_from": f"{clock.today():%d/%m/%Y}"}
    assert "đã có vai trò này" in as_coordinator.post(url("membership-add", officer.pk), data).content.decode()


def test_a_day_before_the_role_began_is_told(as_coordinator, officer):
    membership = officer.memberships.get()
    answer = as_coordinator.post(url("membership-end", membership.pk), {"on": "01/01/1999"})
    assert "Ngày kết thúc phải sau ngày bắt đầu" in answer.content.decode()


def test_handing_over_by_the_page(as_coordinator, officer, viewer, outsider):
    page = as_coordinator.get(url("user-hand-over", officer.pk)).content.decode()
    assert viewer.full_name in page
    assert f'value="{outsider.pk}"' not in page
    answer = as_coordinator.post(url("user-hand-over", officer.pk), {"receiver": viewer.pk}, follow=True)
    assert fresh(viewer).has(Permission.DOSSIER_EDIT)
    assert any("Đã bàn giao" in str(it) for it in get_messages(answer.wsgi_request)) or "Đã bàn giao" in (
        answer.content.decode()
    )


# ---------------------------------------------------------------- one's own account


def test_everyone_has_an_account_page_and_keeps_the_own_telephone(client, officer):
    client.force_login(officer)
    assert "Công chức xã" in client.get(url("account")).content.decode()
    client.post(url("account"), {"phone": "0912 345 678", "email": ""})
    assert fresh(officer).phone == "0912 345 678"


def test_the_own_page_changes_nothing_else(client, officer):
    client.force_login(officer)
    name = officer.full_name
    client.post(url("account"), {"phone": "", "email": "", "full_name": "Khác", "is_superuser": "1"})
    assert fresh(officer).full_name == name
    assert not fresh(officer).is_superuser
