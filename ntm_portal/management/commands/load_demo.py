"""Fills an empty portal with demonstration data, and prints the accounts to try it with."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from communes.models import User
from communes.permissions import Role
from ntm_portal.demo import source
from ntm_portal.demo.load import is_loaded, load


class Command(BaseCommand):
    help = "Nạp dữ liệu trình diễn: hai đợt kiểm tra của huyện Tân Uyên, tài khoản, minh chứng, thông báo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--print-logins", action="store_true", help="chỉ in bảng tài khoản trình diễn, không nạp gì"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Không có DEBUG=1 thì không có dữ liệu và tài khoản trình diễn.")
        if options["print_logins"]:
            self._print_logins()
            return
        if is_loaded():
            self.stdout.write("Dữ liệu trình diễn đã có, không nạp lại.")
            return
        if User.objects.exists():
            raise CommandError("Cơ sở dữ liệu đã có người dùng; dữ liệu trình diễn chỉ nạp vào cơ sở dữ liệu trống.")
        load()
        call_command("verify_audit", stdout=self.stdout, stderr=self.stderr)
        self.stdout.write("Đã nạp dữ liệu trình diễn.")

    def _print_logins(self) -> None:
        rows = [("Vai trò", "Tên đăng nhập", "Mật khẩu")]
        rows += [(Role(role).label, username, password) for role, username, password in source.logins()]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for row in rows:
            cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write(f"    {cells.rstrip()}")
