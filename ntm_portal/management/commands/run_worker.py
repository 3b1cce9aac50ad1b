"""The background worker: runs enqueued tasks and sees to what is done daily. One is enough; several do no harm."""

import logging
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from ntm_portal import routines

log = logging.getLogger(__name__)
POLL_SECONDS = 5.0


class PortalWorker(Worker):
    """Takes tasks until none is left, then looks what the clock asks for, then waits."""

    def run(self) -> None:
        while self.running:
            try:
                routines.tick()
                super().run()
            except Error:
                # The database restarts or is busy: leave the connection and come again.
                log.exception("The worker cannot use the database; it goes on trying.")
                close_old_connections()
            if self.running:
                time.sleep(self.interval)


class Command(BaseCommand):
    help = "Chạy việc nền: nhắc hạn, lập và gửi thư tổng hợp. Dừng bằng Ctrl+C hoặc SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--interval", type=float, default=POLL_SECONDS, help="giây nghỉ giữa hai lần xem việc")

    def handle(self, *args: Any, **options: Any) -> None:
        worker = PortalWorker(
            queue_names=["default"],
            interval=options["interval"],
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        worker.run()
