"""Make and send the mails of the day now; the worker does it every day by itself."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from communes import clock, mailing


class Command(BaseCommand):
    help = "Lập và gửi thư tổng hợp của ngày; mỗi người nhiều nhất một thư một ngày."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retry-failed", action="store_true", help="gửi lại cả những thư máy chủ đã từ chối")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.HAS_MAIL:
            raise CommandError("Chưa đặt EMAIL_URL nên không gửi được thư.")
        if options["retry_failed"]:
            mailing.try_failed_again()
        made = mailing.gather(clock.today())
        ended = mailing.deliver()
        counts = {state: ended.get(state, 0) for state in ("sent", "pending", "failed")}
        self.stdout.write(
            f"Lập {made} thư; đã gửi {counts['sent']}, chờ gửi lại {counts['pending']}, bị từ chối {counts['failed']}."
        )
