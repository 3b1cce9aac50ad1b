"""The administration site: one door, our own table of rights, nothing deleted, every change in the journal."""

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from communes.admin import Guarded
from communes.models import Agency, Commune, Event, LegalDocument, User, Village
from tests.factories import CommuneFactory

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda it: it._meta.label)


def address(model, page="changelist", *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


@pytest.fixture
def as_administrator(client, administrator):
    client.force_login(administrator)
    return client


def test_a_stranger_is_led_to_the_one_login_page(client):
    assert client.get("/quan-tri/", follow=True).redirect_chain[-1][0] == "/dang-nhap/?next=/quan-tri/"
    answer = client.get("/quan-tri/login/?next=/quan-tri/communes/commune/")
    assert answer.url == "/dang-nhap/?next=/quan-tri/communes/commune/"


def test_a_password_is_not_taken_at_a_second_door(client, administrator):
    client.post("/quan-tri/login/", {"username": administrator.username, "password": "x"})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("who", ["officer", "inspector", "team_head", "coordinator", "viewer", "stranger"])
def test_everyone_else_gets_403(who, client, request):
    user = request.getfixturevalue(who)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(pk=user.pk))
    for path in ("/quan-tri/", "/quan-tri/login/", "/quan-tri/communes/user/"):
        assert client.get(path).status_code == 403, path


@pytest.mark.parametrize("model", MODELS, ids=lambda it: it._meta.label)
def test_every_list_opens_in_vietnamese_and_its_search_works(model, as_administrator):
    answer = as_administrator.get(address(model), {"q": "nam"})
    assert answer.status_code == 200
    assert "Quản trị" in answer.content.decode()


@pytest.mark.parametrize("model", MODELS, ids=lambda it: it._meta.label)
def test_nothing_is_deleted_here(model, as_administrator, rf):
    request = rf.get("/")
    request.user = as_administrator.get("/quan-tri/").wsgi_request.user
    assert not admin.site._registry[model].has_delete_permission(request)
    assert "delete_selected" not in admin.site._registry[model].get_actions(request)


@pytest.mark.parametrize("model", MODELS, ids=lambda it: it._meta.label)
def test_rights_come_from_our_table(model):
    names = [it.__name__ for it in type(admin.site._registry[model]).__mro__]
    assert issubclass(type(admin.site._registry[model]), Guarded) or "ReadOnly" in names


@pytest.mark.parametrize("model", [it for it in MODELS if it._meta.app_label in ("inspections", "reports", "criteria")])
def test_results_of_the_work_are_shown_and_never_changed(model, as_administrator, rf):
    request = rf.get("/")
    request.user = as_administrator.get("/quan-tri/").wsgi_request.user
    page = admin.site._registry[model]
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)


def test_the_journal_is_read_only(as_administrator, administrator):
    as_administrator.post("/tai-khoan/", {"phone": "0912", "email": ""})
    event = Event.objects.latest("pk")
    assert as_administrator.get(address(Event, "change", event.pk)).status_code == 200
    assert as_administrator.post(address(Event, "change", event.pk), {"action": "x"}).status_code == 403
    assert as_administrator.get(address(Event, "add")).status_code == 403


def document(**changed):
    return {
        "key": "ke-hoach-2024",
        "kind": "Kế hoạch",
        "number": "1964/KH-UBND",
        "issued_on": "06/9/2024",
        "issuer": "UBND huyện Tân Uyên",
        "subject": "",
    } | changed


def test_a_change_of_reference_data_is_in_the_journal(as_administrator, administrator):
    assert as_administrator.post(address(LegalDocument, "add"), document()).status_code == 302
    made = LegalDocument.objects.get()
    as_administrator.post(address(LegalDocument, "change", made.pk), document(number="1965/KH-UBND"))
    created, changed = Event.objects.about(made)
    assert (created.action, created.actor) == ("legaldocument.created", administrator)
    assert changed.data == {"old": {"number": "1964/KH-UBND"}, "new": {"number": "1965/KH-UBND"}}
    as_administrator.post(address(LegalDocument, "change", made.pk), document(number="1965/KH-UBND"))
    assert Event.objects.about(made).count() == 2


def test_a_profile_is_mended_but_no_password_role_or_lock(as_administrator, officer):
    data = {
        "full_name": "Lò Thị Lan",
        "username": officer.username,
        "position": "",
        "phone": "",
        "email": "",
        "is_active": "",
        "password": "x",
        "is_superuser": "on",
    }
    assert as_administrator.post(address(User, "change", officer.pk), data).status_code == 302
    changed = User.objects.get(pk=officer.pk)
    assert (changed.full_name, changed.is_active, changed.is_superuser) == ("Lò Thị Lan", True, False)
    assert changed.password == officer.password
    assert Event.objects.about(officer).get().action == "user.changed"


def test_people_are_neither_added_nor_deleted_here(as_administrator, officer):
    assert as_administrator.get(address(User, "add")).status_code == 403
    assert as_administrator.post(address(User, "delete", officer.pk), {"post": "yes"}).status_code == 403
    with pytest.raises(NoReverseMatch):
        reverse("admin:auth_user_password_change", args=[officer.pk])


def test_the_password_and_the_way_out_are_the_portals_own(as_administrator):
    assert as_administrator.get("/quan-tri/password_change/").url == "/tai-khoan/mat-khau/"
    assert as_administrator.post("/quan-tri/logout/").url == "/dang-nhap/"


@pytest.mark.parametrize("model", [Commune, Village, Agency, User])
def test_what_also_comes_as_a_table_leads_there(model, as_administrator):
    html = as_administrator.get(address(model)).content.decode()
    assert f'<a href="{reverse("communes:exchange")}">Nhập, xuất dữ liệu</a>' in html
    assert ("addlink" in html) == (model is not User)


def test_a_commune_is_found_without_diacritics(as_administrator, district):
    CommuneFactory(authority=district, name="Nậm Cần", code="03610")
    assert "Nậm Cần" in as_administrator.get(address(Commune), {"q": "nam can"}).content.decode()
