"""Bring a round in that another office handed over."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from communes.models import User
from inspections.workflow import Refused
from reports.bundles.planning import Choices, Plan
from reports.services.bundles import import_round, look_into


class Command(BaseCommand):
    help = "Nhập một đợt kiểm tra từ gói ZIP do cổng khác xuất ra; nhập đủ cả gói hoặc không nhập gì."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="TỆP.zip")
        parser.add_argument(
            "--successor",
            action="append",
            default=[],
            metavar="MÃ_CŨ=MÃ_MỚI",
            help="đơn vị đã sáp nhập trong gói và đơn vị kế tục đang có ở đây; kết quả vẫn thuộc đơn vị cũ",
        )
        parser.add_argument(
            "--person",
            action="append",
            default=[],
            metavar="TÊN_Ở_GÓI=TÊN_Ở_ĐÂY",
            help="người trong gói là tài khoản nào ở đây; không ghi thì lập tài khoản khóa, chỉ để giữ tên",
        )
        parser.add_argument(
            "--by", metavar="TÊN_ĐĂNG_NHẬP", help="nhập nhân danh điều phối viên này, trong phạm vi của họ"
        )
        parser.add_argument("--check", action="store_true", help="chỉ kiểm tra và cho biết sẽ nhập gì")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"Không có tệp {path}.")
        by = None
        if (
            options["by"]
            and (by := User.objects.filter(username__iexact=options["by"], is_active=True).first()) is None
        ):
            raise CommandError(f"Không có tài khoản đang dùng mang tên {options['by']}.")
        choices = Choices(people=pairs(options["person"]), successors=pairs(options["successor"]))
        try:
            plan = look_into(path, choices, by=by)
            for line in told(plan):
                self.stdout.write(line)
            if plan.already:
                self.stdout.write(plan.already)
                return
            if plan.problems:
                raise CommandError("Không nhập được:\n" + "\n".join(f"- {line}" for line in plan.problems))
            if options["check"]:
                self.stdout.write("Gói nguyên vẹn, nhập được. Chưa nhập gì.")
                return
            round_, _ = import_round(path, choices, by=by)
        except Refused as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(f"Đã nhập đợt {round_.code} “{round_}”. Kiểm tra nhật ký bằng verify_audit.")


def pairs(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        old, sign, new = text.partition("=")
        if not sign or not old.strip() or not new.strip():
            raise CommandError(f"“{text}” phải có dạng A=B.")
        found[old.strip()] = new.strip()
    return found


def told(plan: Plan) -> list[str]:
    """What the bundle is and where its units and people go, a line each."""
    counts = plan.counts
    lines = [
        f"Đợt {plan.round['code']} “{plan.round['name']}” của {plan.origin}; SHA-256 của gói: {plan.whole.sha256}",
        f"{counts['dossiers']} hồ sơ, {counts['assessments']} chỉ tiêu, {counts['evidence']} minh chứng, "
        f"{counts['notices']} văn bản, {plan.whole.manifest['chain']['events']} sự kiện, {plan.file_count} tệp",
    ]
    for line in plan.sets:
        where = "đã có ở đây" if line.found else "sẽ thêm"
        lines.append(f"  Bộ tiêu chí {line.row['short_name']}, phiên bản {line.row['version']}: {where}")
    if plan.unconfirmed:
        lines.append(f"  {plan.unconfirmed}")
    for unit in plan.units:
        where = f"là {unit.found} ở đây" if unit.found else "chưa có ở đây, sẽ lập mới"
        after = f"; kế tục: {unit.successor}" if unit.successor else ""
        lines.append(f"  {unit.row['code']} {unit.title} (từ {unit.row['valid_from']}): {where}{after}")
    for person in plan.people:
        where = f"tài khoản {person.user.username}" if person.user else "giữ tên, lập tài khoản khóa"
        lines.append(f"  {person.row['full_name']} ({person.row['username']}): {where}")
    return lines
