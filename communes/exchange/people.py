"""People and their roles as a table: out only. Accounts are given one by one, each with its initial password."""

from typing import Any

from django.db import models

from ..models import Membership, User
from ..permissions import Permission
from ..resources import MembershipResource
from .flat import OneTable


class People(OneTable):
    code = "nguoi-dung"
    title = "Người dùng"
    about = "Người dùng và vai trò, mỗi vai trò một dòng; không có mật khẩu."
    needs = Permission.PEOPLE_MANAGE
    resource = MembershipResource
    widths = {"full_name": 26, "position": 26, "place": 30, "role": 26}

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        rows = Membership.objects.filter(user__in=User.objects.for_user(user).values("pk"))
        scopes = ("user", "authority", "agency", "commune")
        return rows.select_related(*scopes).order_by("user__username", "role", "valid_from", "pk")

    def cell(self, name: str, row: Any) -> Any:
        if name == "place_code":
            return (row.commune or row.agency or row.authority).code
        return super().cell(name, row)
