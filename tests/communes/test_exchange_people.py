"""People as a table: what is read, whom one may add, what is refused, first passwords, and taking it back."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.contrib.auth import authenticate
from django.urls import reverse
from openpyxl import load_workbook

from communes import clock, services
from communes.exchange import runs
from communes.exchange.kinds import KINDS, CannotUndo
from communes.models import Event, ImportRun, Membership, User
from communes.permissions import Role
from tests.factories import AgencyFactory, UserFactory, person

from .tables import PEOPLE, confirm, people, problems, start, states

pytestmark = pytest.mark.django_db

OFFICER = "Công chức xã"
WIDE = (
    *PEOPLE,
    "Nơi làm việc",
    "Chức vụ",
    "Điện thoại",
    "Thư điện tử",
    "Từ ngày",
    "Đến hết ngày",
    "Tài khoản đang dùng",
)


def begun(by, *rows, headings=PEOPLE):
    return start(people(*rows, headings=headings), by, "nguoi-dung")


def taken(by, *rows, headings=PEOPLE):
    return confirm(begun(by, *rows, headings=headings), by)


def new(username="lan.pk", name="Lò Thị Lan", role=OFFICER, place="03602"):
    return (username, name, role, place)


def one_problem(run):
    (found,) = problems(run)
    return found


def test_a_new_person_gets_an_account_that_opens_nothing_yet(coordinator, commune):
    run = taken(coordinator, new())
    assert run.status == ImportRun.Status.DONE
    user = User.objects.get(username="lan.pk")
    assert (user.full_name, user.must_change_password, user.has_usable_password()) == ("Lò Thị Lan", True, False)
    (role,) = user.memberships.all()
    assert (role.role, role.commune, role.valid_from, role.valid_to) == (
        Role.COMMUNE_OFFICER,
        commune,
        clock.today(),
        None,
    )
    assert [event.action for event in Event.objects.about(user)] == ["user.created", "membership.granted"]
    assert Event.objects.get(action="import.done").data["rows"][0][3] is None


def test_all_columns_are_kept(coordinator, commune):
    taken(
        coordinator,
        ("lan.pk", "Lò Thị Lan", OFFICER, "03602", "xã Phúc Khoa", "Công chức", "0912 000 111", "lan@example.vn",
         "01/02/2025", "31/12/2027", "có"),
        headings=WIDE,
    )  # fmt: skip
    user = User.objects.get(username="lan.pk")
    assert (user.position, user.phone, user.email) == ("Công chức", "0912 000 111", "lan@example.vn")
    role = user.memberships.get()
    assert (role.valid_from, role.valid_to) == (date(2025, 2, 1), date(2027, 12, 31))


def test_several_roles_of_one_person_are_several_lines(coordinator, commune, neighbour_commune, agency):
    run = taken(
        coordinator,
        new(),
        new(place="03610"),
        new(role="Cán bộ phòng, ban", place="huyen-thu/giao-duc"),
    )
    assert states(run) == {2: "new", 3: "new", 4: "new"}
    assert User.objects.get(username="lan.pk").memberships.count() == 3


def test_of_a_known_person_only_what_differs_is_changed(coordinator, officer):
    headings = (*PEOPLE, "Chức vụ")
    run = begun(coordinator, (*new(officer.username, officer.full_name), "Phó Chủ tịch"), headings=headings)
    assert states(run) == {2: "changed"}
    (row,) = run.rows.all()
    assert row.changes == [["Chức vụ", "", "Phó Chủ tịch"]]
    confirm(run, coordinator)
    officer.refresh_from_db()
    assert officer.position == "Phó Chủ tịch"
    assert officer.memberships.count() == 1


def test_what_went_out_comes_in_without_a_change(coordinator, officer, agency_reviewer, inspector, other_district):
    kind = KINDS["nguoi-dung"]
    ((page, rows),) = kind.export(coordinator, "")
    run = start(people(*rows, headings=[column.heading for column in page.columns]), coordinator, "nguoi-dung")
    assert problems(run) == []
    assert set(states(run).values()) == {"same"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (new(place="03999"), "Không có xã mã “03999” trong phạm vi quản lý"),
        (new(place="huyen-thu"), "Không có xã mã “huyen-thu”"),
        (new(role="Vua"), "Vua"),
        (new("Lan Hoa"), "Chỉ dùng chữ thường không dấu"),
        (new(username=12), "đang là số"),
        (new(role="Quản trị hệ thống", place="huyen-thu"), "người quản trị hệ thống cấp"),
    ],
)
def test_a_line_is_refused_with_its_reason(row, reason, coordinator, commune, other_commune):
    assert reason in one_problem(begun(coordinator, row))
    assert not User.objects.filter(full_name="Lò Thị Lan").exists()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"Thư điện tử": "khong-phai-thu"}, "E2"),
        ({"Nơi làm việc": "xã Nậm Cần"}, "là xã Phúc Khoa"),
        ({"Tài khoản đang dùng": "không"}, "ở trang của người dùng"),
        ({"Từ ngày": "01/02/2025", "Đến hết ngày": "01/01/2025"}, "phải sau ngày bắt đầu"),
        ({"Từ ngày": "01/01/1990"}, "Không có đơn vị nào mang mã 03602 suốt từ ngày 01/01/1990"),
    ],
)
def test_a_cell_is_refused_with_its_reason(more, reason, coordinator, commune):
    run = begun(coordinator, (*new(), *more.values()), headings=(*PEOPLE, *more))
    assert reason in one_problem(run)


def test_an_agency_s_code_must_be_told_apart_where_it_is_used_twice(administrator, district, other_district, agency):
    AgencyFactory(authority=other_district, code=agency.code)
    run = begun(administrator, new(role="Cán bộ phòng, ban", place=agency.code))
    assert "có ở nhiều cơ quan; ghi cả mã cơ quan" in one_problem(run)
    run = taken(administrator, new(role="Cán bộ phòng, ban", place=f"huyen-thu/{agency.code}"))
    assert Membership.objects.get(user__username="lan.pk").agency == agency


def test_accounts_of_others_are_left_alone(coordinator, outsider, commune):
    assert "do nơi khác quản lý" in one_problem(begun(coordinator, new(outsider.username)))


def test_nobody_gives_himself_a_role(coordinator, commune):
    run = begun(coordinator, new(coordinator.username, coordinator.full_name))
    assert "Không tự cấp vai trò" in one_problem(run)


def test_ending_and_closing_are_for_the_page(coordinator, officer):
    role = officer.memberships.get()
    role.valid_to = clock.today() + timedelta(days=400)
    role.save()
    since = f"{role.valid_from:%d/%m/%Y}"
    row = (*new(officer.username, officer.full_name), since, "31/12/2030")
    run = begun(coordinator, row, headings=(*PEOPLE, "Từ ngày", "Đến hết ngày"))
    assert "đổi ngày kết thúc: việc này làm ở trang" in one_problem(run)
    run = begun(coordinator, (*new(officer.username, officer.full_name), "không"), headings=(*PEOPLE, WIDE[-1]))
    assert "Khóa, mở tài khoản" in one_problem(run)


def test_lines_that_contradict_each_other_are_refused(coordinator, commune, neighbour_commune):
    run = begun(coordinator, new(), new(), new(name="Lò Thị Loan", place="03610"))
    assert [each.partition(" ")[2] for each in problems(run)] == [
        "Trùng với dòng 2: cùng vai trò, cùng nơi, cùng thời gian.",
        "Thông tin của người này khác với dòng 2.",
    ]


def test_a_role_that_is_over_may_be_given_again(coordinator, officer):
    role = officer.memberships.get()
    role.valid_to = clock.today() - timedelta(days=30)
    role.save()
    run = taken(coordinator, new(officer.username, officer.full_name))
    assert run.status == ImportRun.Status.DONE
    assert officer.memberships.count() == 2


def test_a_closed_agency_takes_nobody(coordinator, agency):
    agency.is_active = False
    agency.save()
    run = begun(coordinator, new(role="Cán bộ phòng, ban", place=f"huyen-thu/{agency.code}"))
    assert "Không có phòng, ban mã" in one_problem(run)


def test_roles_that_overlap_within_the_file_are_refused_before_anything_is_saved(coordinator, commune):
    run = begun(coordinator, (*new(), "01/01/2025"), (*new(), "01/06/2025"), headings=(*PEOPLE, "Từ ngày"))
    assert one_problem(run).endswith("Trùng với dòng 2: cùng vai trò, cùng nơi, cùng thời gian.")


def test_a_name_taken_meanwhile_is_shown_before_anything_is_saved(coordinator, commune, other_district):
    run = begun(coordinator, new())
    person(Role.VIEWER, user=UserFactory(username="lan.pk"), authority=other_district)
    confirm(run, coordinator)
    assert run.status == ImportRun.Status.READY
    assert "do nơi khác quản lý" in one_problem(run)


# ---------------------------------------------------------------- first passwords


def slips(client, run, *, again=False, who=None):
    """The page; with who: sent for these user names, as the page of this moment has it."""
    address = reverse("communes:import-passwords", args=[run.pk]) + ("?lai=1" if again else "")
    page = client.get(address)
    return page if who is None else send(client, page, who)


def send(client, page, who):
    keys = list(User.objects.filter(username__in=who).values_list("pk", flat=True))
    address = page.wsgi_request.get_full_path()
    return client.post(address, {"person": keys, "seen": page.context["seen"]})


def given(answer):
    return {user.username: password for user, password in answer.context["slips"]}


def test_slips_show_each_password_once(client, coordinator, commune):
    run = taken(coordinator, new(), new("hoa.pk", "Hà Thị Hoa"))
    client.force_login(coordinator)
    assert "2 tài khoản mới chưa có mật khẩu" in client.get(run.get_absolute_url()).content.decode()
    page = slips(client, run)
    assert "Lò Thị Lan" in page.content.decode()
    assert not User.objects.get(username="lan.pk").has_usable_password()
    answer = send(client, page, ["lan.pk", "hoa.pk"])
    assert "no-store" in answer["Cache-Control"]
    first = given(answer)
    assert set(first) == {"lan.pk", "hoa.pk"}
    assert all(password in answer.content.decode() for password in first.values())
    assert authenticate(username="lan.pk", password=first["lan.pk"]).must_change_password
    assert "Không còn ai" in slips(client, run).content.decode()


def test_sent_twice_it_gives_nobody_another_password(client, coordinator, commune, monkeypatch):
    monkeypatch.setattr("communes.views.exchange.SLIPS", 2)
    run = taken(coordinator, *(new(f"nguoi-{n}") for n in range(3)))
    client.force_login(coordinator)
    page = slips(client, run)
    first = given(send(client, page, ["nguoi-0", "nguoi-1"]))
    late = send(client, page, ["nguoi-0", "nguoi-1"])
    assert (late.status_code, late.context["slips"]) == (409, [])
    assert "đã được cấp ở lần bấm trước" in late.content.decode()
    assert authenticate(username="nguoi-0", password=first["nguoi-0"])
    assert not User.objects.get(username="nguoi-2").has_usable_password()
    assert late.context["left"] == 1


def test_slips_that_were_not_printed_are_given_anew(client, coordinator, commune):
    run = taken(coordinator, new(), new("hoa.pk", "Hà Thị Hoa"))
    client.force_login(coordinator)
    first = given(slips(client, run, who=["lan.pk", "hoa.pk"]))
    User.objects.filter(username="hoa.pk").update(last_login=clock.machine_now())
    assert "Cấp lại cho 01 người" in slips(client, run).content.decode()
    page = slips(client, run, again=True)
    second = given(send(client, page, ["lan.pk", "hoa.pk"]))
    assert set(second) == {"lan.pk"}
    assert not authenticate(username="lan.pk", password=first["lan.pk"])
    assert send(client, page, ["lan.pk"]).status_code == 409
    assert authenticate(username="lan.pk", password=second["lan.pk"])


def test_nobody_outside_of_the_import_gets_a_slip(client, coordinator, officer, commune):
    run = taken(coordinator, new())
    client.force_login(coordinator)
    assert slips(client, run, who=[officer.username]).status_code == 409


@pytest.mark.parametrize("key", ["", "-1", "x", "9" * 40, "²"])
def test_a_forged_key_gives_nobody_a_slip(key, client, coordinator, commune):
    run = taken(coordinator, new())
    client.force_login(coordinator)
    answer = client.post(reverse("communes:import-passwords", args=[run.pk]), {"person": key})
    assert answer.status_code == 409


def test_who_works_elsewhere_by_now_keeps_nobody_else_waiting(client, coordinator, commune, other_district):
    run = taken(coordinator, new(), new("hoa.pk", "Hà Thị Hoa"))
    person(Role.INSPECTOR, user=User.objects.get(username="lan.pk"), authority=other_district)
    client.force_login(coordinator)
    assert set(given(slips(client, run, who=["lan.pk", "hoa.pk"]))) == {"hoa.pk"}


def test_an_account_closed_meanwhile_gets_no_slip(client, coordinator, commune):
    run = taken(coordinator, new())
    services.deactivate(User.objects.get(username="lan.pk"), reason="Thử", by=coordinator)
    client.force_login(coordinator)
    assert slips(client, run, who=["lan.pk"]).context["slips"] == []


def test_other_imports_and_other_people_s_have_no_slips(client, coordinator, administrator, commune):
    run = taken(coordinator, new())
    client.force_login(administrator)
    assert slips(client, run).status_code == 404


# ---------------------------------------------------------------- taking it back


def test_what_was_added_is_gone_and_what_was_changed_is_as_before(coordinator, officer, neighbour_commune):
    headings = (*PEOPLE, "Chức vụ")
    run = taken(
        coordinator,
        (*new(), ""),
        (*new(officer.username, officer.full_name, place="03610"), "Phó Chủ tịch"),
        headings=headings,
    )
    runs.undo(run, by=coordinator)
    assert not User.objects.filter(username="lan.pk").exists()
    officer.refresh_from_db()
    assert officer.position == ""
    assert officer.memberships.count() == 1


def test_who_has_signed_in_is_not_removed(client, coordinator, commune):
    run = taken(coordinator, new())
    user = User.objects.get(username="lan.pk")
    user.last_login = clock.now()
    user.save()
    with pytest.raises(CannotUndo, match="đã dùng tài khoản"):
        runs.undo(run, by=coordinator)
    assert user.memberships.exists()


def test_who_was_given_more_or_changed_since_is_not_removed(coordinator, commune, neighbour_commune):
    run = taken(coordinator, new(), new("hoa.pk", "Hà Thị Hoa"))
    lan, hoa = (User.objects.get(username=name) for name in ("lan.pk", "hoa.pk"))
    services.grant_membership(lan, role=Role.COMMUNE_OFFICER, scope=neighbour_commune, by=coordinator)
    hoa.full_name = "Hà Thị Hoà"
    services.change_user(hoa, by=coordinator)
    with pytest.raises(CannotUndo) as refused:
        runs.undo(run, by=coordinator)
    assert sorted(refused.value.reasons) == [
        "hoa.pk Hà Thị Hoa: đã có người sửa sau lần nhập này.",
        "lan.pk Lò Thị Lan: đã được giao thêm vai trò sau lần nhập này.",
    ]
    assert ImportRun.objects.get().status == ImportRun.Status.DONE


def test_a_role_that_has_ended_or_was_worked_in_stays(coordinator, officer, neighbour_commune):
    run = taken(coordinator, new(officer.username, officer.full_name, place="03610"))
    role = officer.memberships.get(commune=neighbour_commune)
    services.end_membership(role, by=coordinator)
    with pytest.raises(CannotUndo, match="vai trò đã thay đổi"):
        runs.undo(run, by=coordinator)
    Membership.objects.filter(pk=role.pk).update(valid_to=None)
    User.objects.filter(pk=officer.pk).update(last_login=clock.machine_now())
    with pytest.raises(CannotUndo, match="đã làm việc với vai trò này"):
        runs.undo(run, by=coordinator)


def test_who_is_managed_elsewhere_by_now_is_told_of(coordinator, other_district, commune):
    run = taken(coordinator, new())
    person(Role.INSPECTOR, user=User.objects.get(username="lan.pk"), authority=other_district)
    with pytest.raises(CannotUndo):
        runs.undo(run, by=coordinator)


def test_an_address_in_capitals_can_be_taken_back(coordinator, commune):
    run = taken(coordinator, (*new(), "lan@TanUyen.gov.vn"), headings=(*PEOPLE, "Thư điện tử"))
    assert User.objects.get(username="lan.pk").email == "lan@tanuyen.gov.vn"
    runs.undo(run, by=coordinator)
    assert not User.objects.filter(username="lan.pk").exists()


def test_the_template_tells_how_to_fill_it_in(client, coordinator):
    client.force_login(coordinator)
    answer = client.get(reverse("communes:exchange-template", args=["nguoi-dung"]))
    book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
    assert book.sheetnames == ["Người dùng", "Hướng dẫn"]
