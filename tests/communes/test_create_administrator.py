"""The command that makes the first account."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from communes.models import Authority, User
from communes.permissions import Permission
from communes.services import load_reference_units

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command("create_administrator", *arguments, stdout=out)
    return out.getvalue()


def test_the_printed_password_opens_the_new_account():
    load_reference_units()
    said = run("QuanTri", "Lò Văn Quản")
    password = said.split("Mật khẩu ban đầu: ")[1].split("\n")[0]
    user = User.objects.get(username="quantri")
    assert user.check_password(password)
    assert user.has(Permission.ACCOUNT_MANAGE)


def test_an_empty_portal_gets_its_first_authority_too():
    run("quantri", "Lò Văn Quản", "--new-authority", "tinh-x", "UBND tỉnh X", "X")
    assert Authority.objects.get().letterhead == "UBND TỈNH X"


def test_without_an_authority_it_says_what_to_do():
    with pytest.raises(CommandError, match="load_reference"):
        run("quantri", "Lò Văn Quản")
    assert not User.objects.exists()


def test_a_second_run_makes_nobody(administrator):
    with pytest.raises(CommandError, match="Đã có người quản trị"):
        run("hai", "Người Hai")
    assert not User.objects.filter(username="hai").exists()


def test_an_impossible_name_is_refused_in_words(province):
    with pytest.raises(CommandError):
        run("tên có dấu cách", "Ai Đó")
