"""Look over what the portal stands on and say, for each thing that is wrong, how to mend it."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from communes import clock as portal_clock
from communes.models import Digest, Event, Routine
from reports import kinds, renderer, telling
from reports.compose import LAYOUT, page_of
from reports.content import NoticeContent, Paragraph, Signature
from reports.models import IssuedDocument

LOW_DISK_BYTES = 1024**3
SILENT_AT_MOST = timedelta(minutes=10)
DAILY_AT_MOST = timedelta(hours=36)
TRIES_WORTH_A_WORD = 3
Check = Callable[[], Iterator[str]]


def database() -> Iterator[str]:
    """The database answers, takes a write, and is migrated to this version of the code."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
    except Error as error:
        yield f"không kết nối được ({error}). Kiểm tra DATABASE_URL và máy chủ cơ sở dữ liệu."
        return
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield f"còn {len(waiting)} thay đổi cấu trúc chưa áp dụng. Chạy: python manage.py migrate"


def storage() -> Iterator[str]:
    """Files can be written, read back and deleted, and there is room for more."""
    words = b"kiem tra"
    try:
        name = default_storage.save("check/portal.txt", ContentFile(words))
        with default_storage.open(name) as file:
            same = file.read() == words
        default_storage.delete(name)
    except OSError as error:
        yield f"không ghi được tệp ({error}). Kiểm tra quyền ghi của thư mục {settings.MEDIA_ROOT}."
        return
    if not same:
        yield f"tệp đọc lại khác tệp đã ghi. Kiểm tra ổ đĩa của {settings.MEDIA_ROOT}."
    free = shutil.disk_usage(_existing(Path(settings.MEDIA_ROOT))).free
    if free < LOW_DISK_BYTES:
        yield f"chỉ còn {free // 1024**2} MB trống cho {settings.MEDIA_ROOT}. Dọn hoặc mở rộng ổ đĩa."


def documents() -> Iterator[str]:
    """Every issued notice still has its file, byte for byte."""
    for document in IssuedDocument.objects.select_related("notice").iterator():
        try:
            with document.file.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            yield f"mất tệp của {document.notice}. Lấy lại tệp {document.file.name} từ bản sao lưu."
            continue
        if digest != document.sha256:
            yield f"tệp của {document.notice} đã bị thay đổi. Lấy lại tệp {document.file.name} từ bản sao lưu."


def printing() -> Iterator[str]:
    """Fonts, Pango and the renderer process: a page is really printed."""
    page = NoticeContent(
        parent=(),
        issuer=("CỔNG",),
        number=None,
        symbol="TB",
        place="Thử",
        day=None,
        month=None,
        year=1,
        kind="THÔNG BÁO",
        subject="Kiểm tra in",
        preamble=(),
        sections=(),
        closing=(Paragraph("Nậm Cần, Hố Mít, Thân Thuộc./."),),
        signature=Signature(("TRƯỞNG ĐOÀN",), "", "Thử"),
        is_draft=True,
    )
    try:
        renderer.check()
        renderer.render(page_of(page), LAYOUT)
    except renderer.RenderError as error:
        yield str(error)


def document_kinds() -> Iterator[str]:
    """The kinds of documents can be read and ask only for what there is."""
    try:
        for kind in kinds.every().values():
            yield from telling.faults(kind)
    except kinds.BadKind as error:
        yield str(error)


def clock() -> Iterator[str]:
    """The computer's clock does not stand before what has already happened."""
    if settings.DEMO_TODAY:
        return
    last = Event.objects.order_by("-at").values_list("at", flat=True).first()
    present = datetime.now(UTC)  # noqa: TID251 - the real clock is what is looked at
    if last and last > present:
        yield f"giờ của máy ({present:%d/%m/%Y %H:%M}) sớm hơn nhật ký ({last:%d/%m/%Y %H:%M}), giờ UTC. Chỉnh giờ."


def worker() -> Iterator[str]:
    """The background worker has given a sign of life, and does what is to be done daily."""
    start = "Chạy thường trực: python manage.py run_worker"
    signs = dict(Routine.objects.values_list("name", "done_at"))
    if (alive := signs.get("worker")) is None:
        yield f"việc nền chưa từng chạy, nên không nhắc hạn và không gửi thư. {start}"
        return
    silent = portal_clock.machine_now() - alive
    if silent > SILENT_AT_MOST:
        yield f"việc nền đã dừng {silent // timedelta(minutes=1)} phút. {start}"
    last = signs.get("daily")
    if last is not None and portal_clock.machine_now() - last > DAILY_AT_MOST and not settings.DEMO_TODAY:
        yield "việc hằng ngày (nhắc hạn, lập thư) quá một ngày chưa xong; xem nhật ký của run_worker."


def mail() -> Iterator[str]:
    """Mail is set up, or said not to be wanted; and what is to be sent goes out."""
    if settings.MAIL_URL == "none":
        return
    if not settings.HAS_MAIL:
        yield "chưa đặt EMAIL_URL nên không gửi thư. Đặt smtp+tls://người:mật-khẩu@máy-chủ:587, hoặc EMAIL_URL=none."
        return
    if not settings.PUBLIC_BASE_URL and not settings.DEBUG:
        yield "chưa đặt PUBLIC_BASE_URL nên trong thư không có đường dẫn."
    if "localhost" in settings.DEFAULT_FROM_EMAIL and not settings.DEBUG:
        yield "chưa đặt DEFAULT_FROM_EMAIL (người gửi), nhiều máy chủ thư sẽ từ chối."
    stuck = Digest.objects.filter(state=Digest.State.PENDING, attempts__gte=TRIES_WORTH_A_WORD)
    if first := stuck.order_by("pk").first():
        yield f"{stuck.count()} thư chưa gửi được sau nhiều lần thử; lỗi gần nhất: {first.error[:200]}"
    refused = Digest.objects.filter(state=Digest.State.FAILED)
    if first := refused.order_by("-pk").first():
        yield (
            f"{refused.count()} thư bị từ chối; gần nhất của {first.person}: {first.error[:200]}. "
            "Sửa địa chỉ rồi chạy: python manage.py send_digests --retry-failed"
        )


CHECKS: dict[str, Check] = {
    "Cơ sở dữ liệu": database,
    "Lưu trữ tệp": storage,
    "Tệp thông báo đã ban hành": documents,
    "Phông chữ và in": printing,
    "Mẫu văn bản": document_kinds,
    "Đồng hồ": clock,
    "Việc nền": worker,
    "Thư điện tử": mail,
}


class Command(BaseCommand):
    help = "Kiểm tra phông chữ, thư viện in, cơ sở dữ liệu, lưu trữ, đồng hồ, việc nền và thư; nêu cách khắc phục."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for name, check in CHECKS.items():
            try:
                problems = list(check())
            except Error as error:
                problems = [f"không đọc được cơ sở dữ liệu ({error})."]
            self.stdout.write(f"{name}: {'; '.join(problems) if problems else 'tốt'}")
            wrong += bool(problems)
        if wrong:
            raise CommandError(f"{wrong} mục cần khắc phục.")


def _existing(path: Path) -> Path:
    """The nearest folder above that exists: an empty installation has no media yet."""
    return next((place for place in (path, *path.parents) if place.exists()), Path(tempfile.gettempdir()))
