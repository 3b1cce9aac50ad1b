"""Write a notice to a file: the stored document of an issued one, a marked draft of any other."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from reports import renderer, renditions
from reports.models import Notice


class Command(BaseCommand):
    help = "Ghi thông báo ra tệp: bản đã lưu hoặc nội dung đã chốt nếu đã ban hành, bản dự thảo nếu chưa."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="mã công khai (UUID) hoặc số thứ tự của thông báo")
        parser.add_argument("--format", choices=renditions.FORMATS, default="pdf")
        parser.add_argument(
            "--attach-data",
            action="store_true",
            help="PDF/A-3a có dữ liệu JSON đính kèm; được tạo mới, không phải tệp đã ban hành",
        )
        parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["attach_data"] and options["format"] != "pdf":
            raise CommandError("--attach-data chỉ dùng với --format pdf.")
        notice = self._notice(options["id"])
        try:
            made = renditions.of(notice, options["format"], attach_data=options["attach_data"])
        except renderer.RenderError as error:
            raise CommandError(str(error)) from error
        try:
            options["output"].write_bytes(made.read())
        except OSError as error:
            raise CommandError(f"Không ghi được {options['output']}: {error.strerror}.") from error
        self.stdout.write(f"Đã ghi {notice} ({notice.get_status_display().lower()}) vào {options['output']}.")

    def _notice(self, wanted: str) -> Notice:
        rows = Notice.objects.with_context()
        try:
            found = rows.filter(pk=int(wanted)) if wanted.isdecimal() else rows.filter(public_id=UUID(wanted))
        except ValueError as error:
            raise CommandError(f"“{wanted}” không phải mã thông báo.") from error
        notice = found.first()
        if notice is None:
            raise CommandError(f"Không có thông báo nào có mã {wanted}.")
        return notice
