"""Write everything of a round into one file, to hand it over to another office."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from communes import notation
from inspections.models import InspectionRound
from inspections.workflow import Refused
from reports.services.bundles import export_round


class Command(BaseCommand):
    help = "Xuất toàn bộ một đợt kiểm tra (số liệu, minh chứng, thông báo, nhật ký) ra một tệp ZIP để bàn giao."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("round", metavar="MÃ_ĐỢT", help="ví dụ: TU-2024")
        parser.add_argument("-o", "--output", type=Path, required=True, metavar="TỆP.zip")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["output"]
        round_ = InspectionRound.objects.filter(code=options["round"]).select_related("authority").first()
        if round_ is None:
            raise CommandError(f"Không có đợt kiểm tra mang mã {options['round']}.")
        if path.exists():
            raise CommandError(f"Tệp {path} đã có; chọn tên khác, lệnh này không ghi đè.")
        try:
            digest = export_round(round_, path, by=None)
        except Refused as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"Không ghi được {path}: {error.strerror}") from error
        self.stdout.write(f"Đã xuất đợt {round_.code} ra {path} ({notation.file_size(path.stat().st_size)}).")
        self.stdout.write(f"SHA-256: {digest}")
