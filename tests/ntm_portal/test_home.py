"""Home, search, help and health: what each person meets first."""

from datetime import date

import pytest
from django.urls import reverse

from communes import clock, services
from communes.permissions import Role
from inspections.models import InspectionRound
from ntm_portal.finding import AT_MOST, find
from ntm_portal.guide import HELP
from ntm_portal.tasks import home_of
from reports.models import Notice
from tests.factories import CommuneFactory, UserFactory, person

pytestmark = pytest.mark.django_db


def text_of(client, address, **query):
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


# ---------------------------------------------------------------- home


@pytest.mark.parametrize(
    "who",
    ["officer", "leader", "agency_reviewer", "inspector", "team_head", "coordinator", "viewer", "administrator"],
)
def test_home_opens_for_every_role_with_its_place(who, client, request):
    user = request.getfixturevalue(who)
    client.force_login(user)
    text = text_of(client, "/")
    assert user.active_memberships[0].role_label in text
    assert "Hiện không có việc nào chờ" in text


def test_home_of_someone_without_a_role_says_whom_to_ask(client, stranger):
    client.force_login(stranger)
    assert "Tài khoản chưa có vai trò nào" in text_of(client, "/")


def test_home_needs_a_signed_in_person(client):
    assert client.get("/").url == "/dang-nhap/?next=/"


def test_accounts_that_wait_are_tasks_of_the_administrator_only(client, administrator, coordinator, officer, settings):
    services.reset_password(officer, by=administrator)
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 1
    client.post("/dang-nhap/", {"username": officer.username, "password": "sai"})
    client.force_login(administrator)
    text = text_of(client, "/")
    assert "1 tài khoản đang tạm khóa đăng nhập" in text
    assert "1 tài khoản chưa đổi mật khẩu ban đầu" in text
    listed = client.get(reverse("communes:user-list"), {"trang-thai": "locked"}).context["page"]
    assert list(listed) == [officer]
    client.force_login(coordinator)
    assert "tài khoản" not in text_of(client, "/").split("<main")[1].split("</main>")[0]


@pytest.fixture
def round_(district):
    return InspectionRound.objects.create(
        code="THU-2025",
        name="Rà soát thử",
        authority=district,
        year=2025,
        period_from=date(2025, 4, 1),
        period_to=date(2025, 6, 30),
        due_on=date(2025, 6, 30),
    )


@pytest.mark.parametrize(
    ("who", "status", "title"),
    [
        ("coordinator", "draft", "Thông báo đang soạn"),
        ("team_head", "draft", "Dự thảo thông báo chờ phê duyệt"),
        ("coordinator", "approved", "Thông báo đã phê duyệt, chờ ban hành"),
    ],
)
def test_a_notice_waits_for_the_one_whose_turn_it_is(who, status, title, round_, coordinator, team_head, request):
    author = {"coordinator": coordinator, "team_head": team_head}
    moment = clock.now()
    approved = (
        {"approved_by": team_head, "approved_at": moment, "approved_sha256": "0" * 64} if status == "approved" else {}
    )
    Notice.objects.create(
        round=round_,
        authority=round_.authority,
        symbol="TB-ĐKT",
        issuer_name="ĐOÀN",
        status=status,
        composed_by=coordinator,
        composed_at=moment,
        **approved,
    )
    assert title in [task.title for task in home_of(author[who]).tasks]
    others = {"coordinator": team_head, "team_head": coordinator}[who]
    assert title not in [task.title for task in home_of(others).tasks]


# ---------------------------------------------------------------- search


def test_search_finds_units_without_diacritics(client, coordinator, neighbour_commune):
    client.force_login(coordinator)
    text = text_of(client, "/tim-kiem/", q="nam can")
    assert "Xã Nậm Cần" in text
    assert neighbour_commune.get_absolute_url() in text


def test_search_shows_nothing_of_another_commune(client, officer, neighbour_commune):
    client.force_login(officer)
    assert "Xã Nậm Cần" not in text_of(client, "/tim-kiem/", q="nam can")


@pytest.mark.parametrize(
    ("words", "said"),
    [("", "Gõ ít nhất hai chữ"), ("n", "Từ tìm quá ngắn"), ("zzzz", "Không tìm thấy gì"), ("<b>x</b>", "&lt;b&gt;")],
)
def test_search_says_what_it_did_not_find(words, said, client, officer):
    client.force_login(officer)
    assert said in text_of(client, "/tim-kiem/", q=words)


def test_people_are_found_by_who_manages_them_only(coordinator, inspector):
    UserFactory(full_name="Trần Thị Hoa")
    person(Role.VIEWER, user=UserFactory(full_name="Lò Thị Hoa"), authority=coordinator.memberships.get().authority)
    found = {group.heading: [hit.title for hit in group.hits] for group in find(coordinator, "thi hoa")}
    assert found == {"Người dùng": ["Lò Thị Hoa"]}
    assert find(inspector, "thi hoa") == []


def test_a_long_result_is_cut_and_says_so(coordinator, district):
    for n in range(AT_MOST + 3):
        CommuneFactory(authority=district, name=f"Nậm {n}", code=f"{n:05d}")
    (group,) = find(coordinator, "nam ")
    assert len(group.hits) == AT_MOST
    assert group.more


@pytest.mark.parametrize("words", ["%", "__", "' OR 1=1 --", "\x00ab", "a" * 5000, "💥💥"])
def test_search_survives_whatever_is_typed(words, client, coordinator, commune):
    client.force_login(coordinator)
    assert "Phúc Khoa" not in text_of(client, "/tim-kiem/", q=words).split("<h2>")[-1].split("</main>")[0]


# ---------------------------------------------------------------- help, health


def test_help_is_open_to_strangers_and_tells_every_role(client, settings):
    settings.COORDINATOR_PHONE = "0213 3 799 888"
    text = text_of(client, "/tro-giup/")
    assert "0213 3 799 888" in text
    assert all(role.label in text for role in Role)


def test_help_begins_with_the_own_role_and_names_the_own_authority(client, inspector, district, settings):
    settings.COORDINATOR_PHONE = "000"
    district.contact_name, district.contact_phone = "Chị Lan, VPĐP", "0213 3 786 555"
    district.save()
    client.force_login(inspector)
    text = text_of(client, "/tro-giup/")
    assert "Chị Lan, VPĐP" in text
    assert 'href="tel:02133786555"' in text
    assert text.index("Thành viên Đoàn kiểm tra</h2>") < text.index("Các vai trò khác")


def test_every_role_has_its_help():
    assert set(HELP) == set(Role)
    assert all(guide.steps and all(step.endswith(".") for step in guide.steps) for guide in HELP.values())


def test_health_answers_anyone_and_is_not_kept(client):
    answer = client.get("/suc-khoe/")
    assert answer.json() == {"status": "ok"}
    assert "no-store" in answer["Cache-Control"]
