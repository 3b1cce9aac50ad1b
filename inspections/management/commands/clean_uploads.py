"""Clear away files that were begun and never sent to their end; for a nightly timer."""

from typing import Any

from django.core.management.base import BaseCommand

from inspections.services import clean_uploads


class Command(BaseCommand):
    help = "Xóa các tệp gửi dở đã quá hạn giữ (7 ngày không gửi tiếp)."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Đã xóa {clean_uploads()} tệp gửi dở.")
