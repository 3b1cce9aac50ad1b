"""Make the first account of a portal; its initial password is printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from communes import clock, services
from communes.models import Authority


class Command(BaseCommand):
    help = "Lập tài khoản quản trị hệ thống đầu tiên và in mật khẩu ban đầu (chỉ một lần)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="tên đăng nhập, ví dụ: quantri")
        parser.add_argument("full_name", help="họ và tên trong dấu nháy")
        place = parser.add_mutually_exclusive_group()
        place.add_argument(
            "--authority", metavar="MÃ", help="mã cơ quan đã có; mặc định: cơ quan cấp trên cùng duy nhất"
        )
        place.add_argument(
            "--new-authority", nargs=3, metavar=("MÃ", "TÊN", "ĐỊA_DANH"), help="lập cơ quan đầu tiên, khi chưa có"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            authority = self.find_authority(options)
            user, password = services.create_first_administrator(
                username=options["username"], full_name=options["full_name"], authority=authority
            )
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(f"Tên đăng nhập: {user.username}")
        self.stdout.write(f"Mật khẩu ban đầu: {password}")
        self.stdout.write("Mật khẩu chỉ in một lần và phải đổi khi đăng nhập.")

    def find_authority(self, options: dict[str, Any]) -> Authority:
        if options["new_authority"]:
            code, name, locality = options["new_authority"]
            return services.add_authority(code=code, name=name, locality=locality)
        candidates = Authority.objects.valid_on(clock.today())
        if options["authority"]:
            candidates = candidates.filter(code=options["authority"])
        else:
            candidates = candidates.filter(parent=None)
        found = list(candidates[:2])
        if len(found) != 1:
            raise CommandError(
                "Chưa xác định được cơ quan. Nạp danh mục bằng lệnh load_reference, hoặc chỉ rõ "
                '--authority MÃ, hoặc lập mới bằng --new-authority MÃ "TÊN" "ĐỊA DANH".'
            )
        return found[0]
