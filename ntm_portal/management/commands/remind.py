"""Tell people now what is due soon or late; the worker does it every day by itself."""

from typing import Any

from django.core.management.base import BaseCommand

from inspections import reminders
from reports import reminders as report_reminders


class Command(BaseCommand):
    help = "Nhắc những việc sắp đến hạn, quá hạn trong ngày; chạy nhiều lần vẫn chỉ nhắc một lần."

    def handle(self, *args: Any, **options: Any) -> None:
        told = reminders.remind() + report_reminders.remind()
        self.stdout.write(f"Đã xét {told} việc đến hạn hoặc quá hạn.")
