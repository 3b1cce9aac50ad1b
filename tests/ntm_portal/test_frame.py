"""The frame of every page: navigation by role, fields, shared pieces, pages for what went wrong."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory

from communes.models import Authority, Commune, Membership, User
from communes.permissions import Role
from criteria.judgement import Judgement
from ntm_portal import context
from ntm_portal.templatetags.portal import SHAPES

DISTRICT = Authority(name="UBND huyện Tân Uyên")
STATIC = Path(settings.BASE_DIR, "ntm_portal", "static", "ntm_portal")


def person(*roles):
    """Somebody with memberships in these roles; not stored, for the frame must not ask the database."""
    user = User(full_name="Lò Thị Phương Thảo", username="thao", pk=1)
    user.__dict__["active_memberships"] = [
        Membership(role=role, commune=Commune(name="Phúc Khoa", authority=DISTRICT))
        if role.scope == "commune"
        else Membership(role=role, authority=DISTRICT)
        for role in roles
    ]
    return user


def labels(user):
    return [link.label for link in context.navigation(user, "/")]


def draw(template, user=None, path="/", **extra):
    request = RequestFactory().get(path)
    request.user = user or AnonymousUser()
    return render_to_string(template, extra, request)


# ---------------------------------------------------------------- navigation


@pytest.mark.parametrize(
    ("role", "entries"),
    [
        (Role.COMMUNE_OFFICER, ["Việc cần làm", "Hồ sơ", "Minh chứng", "Kiến nghị", "Trợ giúp"]),
        (Role.AGENCY_REVIEWER, ["Việc cần làm", "Hồ sơ", "Tổng quan", "Kiến nghị", "Báo cáo tháng", "Trợ giúp"]),
        (
            Role.INSPECTOR,
            [
                *("Việc cần làm", "Đợt kiểm tra", "Hàng chờ", "Tổng quan", "Thông báo", "Kiến nghị"),
                *("Báo cáo tháng", "Trợ giúp"),
            ],
        ),
        (
            Role.VIEWER,
            ["Việc cần làm", "Đợt kiểm tra", "Tổng quan", "Thông báo", "Kiến nghị", "Báo cáo tháng", "Trợ giúp"],
        ),
        (
            Role.COORDINATOR,
            [
                *("Việc cần làm", "Đợt kiểm tra", "Tổng quan", "Thông báo", "Kiến nghị", "Báo cáo tháng"),
                *("Bộ tiêu chí", "Đơn vị", "Người dùng", "Nhập, xuất dữ liệu", "Trợ giúp"),
            ],
        ),
        (
            Role.ADMINISTRATOR,
            ["Việc cần làm", "Bộ tiêu chí", "Đơn vị", "Người dùng", "Nhập, xuất dữ liệu", "Quản trị", "Trợ giúp"],
        ),
    ],
)
def test_navigation_follows_what_the_role_may_do(role, entries):
    assert labels(person(role)) == entries


def test_navigation_of_two_roles_is_the_union():
    both = labels(person(Role.COMMUNE_OFFICER, Role.INSPECTOR))
    assert {"Hồ sơ", "Minh chứng", "Hàng chờ"} <= set(both)


@pytest.mark.parametrize("role", list(Role))
def test_bottom_bar_has_at_most_four_entries(role):
    request = RequestFactory().get("/")
    request.user = person(role)
    frame = context.portal(request)
    shown = sum(link.in_bar for link in frame["nav"]) + bool(frame["nav_more"])
    assert shown <= 4
    assert [link for link in frame["nav"] if not link.in_bar] == frame["nav_more"]


def test_navigation_marks_only_the_nearest_entry():
    user = person(Role.COORDINATOR)
    target = context.navigation(user, "/")[1].url
    assert [link.url for link in context.navigation(user, target + "12/") if link.active] == [target]
    assert [link.url for link in context.navigation(user, "/") if link.active] == ["/"]


def test_every_icon_of_the_navigation_is_drawn():
    drawn = set(re.findall(r'id="([\w-]+)"', (STATIC / "img" / "icons.svg").read_text()))
    assert {entry.icon for entry in context.ENTRIES} | {"more"} <= drawn


def test_request_without_user_is_a_strangers():
    frame = context.portal(RequestFactory().get("/"))
    assert frame["nav"] == []
    assert frame["memberships"] == []


# ---------------------------------------------------------------- frame


@pytest.fixture(autouse=True)
def nothing_unread(monkeypatch):
    """These people stand in no database."""
    monkeypatch.setattr(context, "unread_count", lambda user: 0)


def test_frame_names_person_unit_and_role():
    html = draw("404.html", person(Role.COMMUNE_OFFICER))
    assert "Lò Thị Phương Thảo" in html
    assert "Công chức xã" in html
    assert "Phúc Khoa" in html
    assert "Đăng xuất" in html


def test_frame_of_a_stranger_has_no_menu():
    html = draw("404.html")
    assert "Đăng xuất" not in html
    assert 'class="main-nav"' not in html


def test_frame_says_the_day_of_the_demonstration(settings):
    settings.DEMO_TODAY = "2025-06-17"
    assert "Dữ liệu trình diễn · hôm nay là 17/6/2025" in draw("404.html", person(Role.VIEWER))
    settings.DEMO_TODAY = ""
    assert "trình diễn" not in draw("404.html", person(Role.VIEWER))


@pytest.mark.parametrize("name", ["400", "413", "500", "csrf_failure"])
def test_error_page_stands_without_context(name):
    html = get_template(f"{name}.html").render()
    assert html.count("<h1") == 1
    assert 'href="/"' in html


def test_templates_hold_no_inline_script_or_style():
    breach = re.compile(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)
    places = [
        f"{path.name}: {found.group()}"
        for path in Path(settings.BASE_DIR, "templates").rglob("*.html")
        # Printed pages, and the one file that is saved and read outside the portal.
        if not {"pdf", "html"} & set(path.parts)
        for found in breach.finditer(path.read_text())
    ]
    assert places == []


# ---------------------------------------------------------------- fields


class PaperForm(forms.Form):
    number = forms.CharField(label="Số, ký hiệu", help_text="Ví dụ 12/BC-UBND")
    share = forms.DecimalField(label="Tỷ lệ", required=False)
    seen = forms.BooleanField(label="Đã đối chiếu", required=False)
    judgement = forms.ChoiceField(label="Tự đánh giá", choices=Judgement.choices, widget=forms.RadioSelect)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["share"].unit = "%"


def test_field_ties_label_hint_and_message_to_its_control():
    html = PaperForm({})["number"].as_field_group()
    control = re.search(r"<input[^>]+>", html).group()
    described = re.search(r'aria-describedby="([^"]+)"', control).group(1).split()
    assert 'aria-invalid="true"' in control
    assert all(f'id="{name}"' in html for name in described)
    assert len(described) == 2
    assert '<label class="field-label" for="id_number">' in html


def test_field_shows_its_unit():
    assert '<span class="field-unit">%</span>' in PaperForm()["share"].as_field_group()


def test_field_of_choices_is_a_group_with_a_legend():
    html = PaperForm()["judgement"].as_field_group()
    assert "<legend>Tự đánh giá" in html
    assert html.count('type="radio"') == len(Judgement)


def test_field_with_a_tick_has_its_label_behind():
    html = PaperForm()["seen"].as_field_group()
    assert html.index("<input") < html.index("<label")
    assert html.count("<label") == 1


def test_field_escapes_what_was_typed():
    html = PaperForm({"number": '"><script>x</script>'})["number"].as_field_group()
    assert "<script>" not in html


# ---------------------------------------------------------------- shared pieces


def test_error_summary_links_to_each_wrong_field():
    html = render_to_string("components/_error_summary.html", {"form": PaperForm({"share": "x"})})
    links = re.findall(r'href="#([^"]+)"', html)
    assert links == ["id_number", "id_share", "id_judgement"]
    assert 'role="alert"' in html


def test_error_summary_names_errors_of_a_formset():
    formset = forms.formset_factory(PaperForm, min_num=1, extra=0)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-number": "1"}
    )
    html = render_to_string("components/_error_summary.html", {"formset": formset})
    assert 'href="#id_form-0-judgement"' in html


def test_error_summary_draws_nothing_without_errors():
    assert render_to_string("components/_error_summary.html", {"form": PaperForm()}).strip() == ""


@pytest.mark.parametrize("judgement", list(Judgement))
def test_status_badge_has_sign_and_word(judgement):
    html = render_to_string("components/_status_badge.html", {"status": judgement, "label": judgement.label})
    assert f"badge-{judgement.value}" in html
    assert f"sign-{SHAPES[judgement]}" in html
    assert judgement.label in html


def test_open_round_does_not_look_like_an_open_question():
    item = render_to_string("components/_status_badge.html", {"status": "open", "label": "Chờ xã bổ sung"})
    of_round = render_to_string(
        "components/_status_badge.html", {"status": "open", "label": "Đang mở", "kind": "round"}
    )
    assert "sign-back" in item
    assert "sign-back" not in of_round
    assert "badge-round-open" in of_round


def test_every_shape_is_drawn_by_the_style_sheet():
    css = (STATIC / "css" / "components.css").read_text()
    assert all(f".sign-{shape} {{" in css for shape in SHAPES.values())


def test_judgement_offers_each_value_with_sign_and_word():
    html = render_to_string(
        "components/_judgement.html", {"field": PaperForm(initial={"judgement": "dat"})["judgement"]}
    )
    assert html.count('class="sign ') == len(Judgement)
    assert html.count(" checked") == 1


def test_pagination_keeps_the_filters():
    request = RequestFactory().get("/minh-chung/", {"loai": "BC", "page": "2"})
    page = Paginator(range(60), 25).page(2)
    html = render_to_string("components/_pagination.html", {"page": page, "noun": "minh chứng"}, request)
    assert "26–50 trong 60 minh chứng" in html
    assert "?loai=BC&amp;page=3" in html


def test_pagination_of_a_single_page_is_silent():
    page = Paginator(range(5), 25).page(1)
    request = RequestFactory().get("/")
    assert render_to_string("components/_pagination.html", {"page": page}, request).strip() == ""


def test_messages_announce_errors_at_once():
    messages = [Message(25, "Đã lưu."), Message(40, "Không nhận tệp bien-ban.exe.")]
    html = render_to_string("components/_messages.html", {"messages": messages})
    assert html.index('role="status"') < html.index('role="alert"')


def test_summary_list_says_what_is_missing():
    rows = [("Số", "12/BC-UBND", "/sua/"), ("Trích yếu", ""), ("Số trang", 0)]
    html = render_to_string("components/_summary_list.html", {"rows": rows})
    assert html.count("Chưa có") == 1
    assert html.count("Sửa") == 1
