"""Write a notice to a file: the stored document of an issued one, a marked draft of any other."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string

from reports import content, renderer
from reports.compose import LAYOUT, Composition
from reports.models import IssuedDocument, Notice


class Command(BaseCommand):
    help = "Ghi thông báo ra tệp: bản đã lưu nếu đã ban hành, bản dự thảo nếu chưa."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="mã công khai (UUID) hoặc số thứ tự của thông báo")
        parser.add_argument("--format", choices=["pdf", "html"], default="pdf")
        parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        notice = self._notice(options["id"])
        document = notice.documents.filter(rendition=IssuedDocument.Rendition.FINAL).first()
        data = _html(notice, document) if options["format"] == "html" else _pdf(notice, document)
        try:
            options["output"].write_bytes(data)
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


def _html(notice: Notice, document: IssuedDocument | None) -> bytes:
    made = content.from_facts(document.printed_facts) if document else Composition(notice).content()
    return render_to_string(f"reports/pdf/{LAYOUT}.html", {"notice": made}).encode()


def _pdf(notice: Notice, document: IssuedDocument | None) -> bytes:
    if document is not None:
        with document.file.open("rb") as file:
            stored: bytes = file.read()
        return stored
    try:
        return renderer.render(_html(notice, None).decode(), LAYOUT)
    except renderer.RenderError as error:
        raise CommandError(str(error)) from error
