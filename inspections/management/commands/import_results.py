"""Take the results of a past round from a workbook: into a round that is there, or into one that is made by it."""

import hashlib
import re
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from communes.models import Authority, User
from communes.permissions import Permission, roles_with
from inspections import services, workbook
from inspections.evidence import safe_name
from inspections.forms.rounds import CODE, authorities_of
from inspections.models import InspectionRound
from inspections.services.results import Order, Plan
from inspections.workflow import Refused

NEW = ("name", "year", "from", "to", "authority")
YEAR = re.compile(r"(?:^|-)(20\d\d)(?:-|$)")


class Command(BaseCommand):
    help = (
        "Nhập kết quả của một đợt đã qua từ bảng tính (mỗi bộ tiêu chí một trang, tên trang là mã bộ; dòng đầu: "
        "Mã | Tên đơn vị | 1 | 2 | …; ô: Đ, CB, K, X hoặc để trống). Không nhập gì nếu có một chỗ chưa đúng."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("round", metavar="ROUND", help="mã đợt, ví dụ TU-2022; chưa có thì được lập")
        parser.add_argument("file", metavar="FILE.xlsx", type=Path)
        parser.add_argument("--create-units", action="store_true", help="lập đơn vị chưa có trong danh mục")
        parser.add_argument("--by", metavar="LOGIN", help="tên đăng nhập của người nhập (Văn phòng Điều phối)")
        parser.add_argument("--check", action="store_true", help="chỉ kiểm tra và cho xem, không nhập")
        new = parser.add_argument_group("đợt mới", "chỉ khi chưa có đợt với mã này")
        new.add_argument("--name", help="tên đợt; mặc định: Kết quả năm …")
        new.add_argument("--year", type=int, help="năm đánh giá; mặc định: năm trong mã đợt")
        new.add_argument("--from", type=date.fromisoformat, metavar="2022-01-01", help="mặc định: ngày đầu năm")
        new.add_argument("--to", type=date.fromisoformat, metavar="2022-12-31", help="mặc định: ngày cuối năm")
        new.add_argument("--authority", metavar="CODE", help="mã cơ quan; mặc định: cơ quan của người nhập")

    def handle(self, *args: Any, **options: Any) -> None:
        by = self._person(options["by"])
        content = self._content(options["file"])
        order = Order(
            code=options["round"],
            sheets=self._sheets(content),
            columns=self._columns(options, by),
            creates_units=options["create_units"],
        )
        try:
            plan = services.plan_results(order, by=by)
            self._show(plan)
            if options["check"]:
                return
            services.take_results(
                order,
                by=by,
                seen=plan.seen,
                file=safe_name(options["file"].name),
                sha256=hashlib.sha256(content).hexdigest(),
            )
        except Refused as refused:
            raise CommandError("\n".join(refused.messages)) from refused
        self.stdout.write(f"Đã nhập {plan.fresh} đơn vị mới, {plan.changed} ô thay đổi vào đợt {order.code}.")

    def _person(self, login: str | None) -> User:
        """Who imports: the named one, or the only coordinator there is."""
        people = User.objects.filter(is_active=True)
        if login:
            person = people.filter(username__iexact=login).first()
            if person is None:
                raise CommandError(f"Không có tài khoản đang dùng nào tên “{login}”.")
            return person
        found = people.filter(memberships__role__in=roles_with(Permission.ROUND_MANAGE)).distinct()[:2]
        able = [person for person in found if person.has(Permission.ROUND_MANAGE)]
        if len(able) != 1:
            raise CommandError("Ghi rõ người nhập: --by TÊN_ĐĂNG_NHẬP (một người của Văn phòng Điều phối).")
        return able[0]

    def _content(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(workbook.MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"Không đọc được {path}: {error.strerror}.") from error

    def _sheets(self, content: bytes) -> list[workbook.Sheet]:
        try:
            return workbook.read(content)
        except workbook.Refused as refused:
            raise CommandError(str(refused)) from refused

    def _columns(self, options: dict[str, Any], by: User) -> dict[str, Any] | None:
        """Those of the new round; None where the round is there."""
        code = options["round"]
        if InspectionRound.objects.filter(code=code).exists():
            if given := [f"--{name}" for name in NEW if options[name]]:
                raise CommandError(f"Đợt {code} đã có; bỏ {', '.join(given)}.")
            return None
        try:
            CODE(code)
        except ValidationError as error:
            raise CommandError(f"Mã đợt “{code}”: {error.message}") from error
        in_code = YEAR.search(code)
        year = options["year"] or (int(in_code[1]) if in_code else 0)
        if not 2000 <= year <= 2100:
            raise CommandError(f"Chưa có đợt {code}. Muốn lập đợt, ghi năm đánh giá: --year 2022.")
        return {
            "name": options["name"] or f"Kết quả năm {year}",
            "year": year,
            "authority": self._authority(options["authority"], by).pk,
            "period_from": (options["from"] or date(year, 1, 1)).isoformat(),
            "period_to": (options["to"] or date(year, 12, 31)).isoformat(),
        }

    def _authority(self, code: str | None, by: User) -> Authority:
        own = by.scope("authority", needs=Permission.ROUND_MANAGE)
        rows = authorities_of(by).filter(code=code) if code else Authority.objects.filter(pk__in=own)
        found = list(rows.order_by("-valid_from"))
        if code and not found:
            raise CommandError(f"{by} không phụ trách cơ quan nào có mã “{code}”.")
        if not code and len(found) != 1:
            raise CommandError("Ghi rõ cơ quan của đợt: --authority MÃ_CƠ_QUAN.")
        return found[0]

    def _show(self, plan: Plan) -> None:
        for problem in (*plan.refusals, *map(str, plan.faults)):
            self.stderr.write(problem)
        if plan.refusals or plan.faults:
            count = len(plan.refusals) + len(plan.faults)
            raise CommandError(f"Chưa nhập gì: còn {count} chỗ phải sửa.")
        for remark in plan.remarks:
            self.stdout.write(remark)
        for made in plan.new_units:
            self.stdout.write(f"Lập đơn vị {made.code} {made.title}.")
        for item in plan.sets:
            self.stdout.write(f"Trang “{item.set.code}”, {item.set}: {len(item.fresh)} đơn vị mới.")
            for unit in item.changed:
                told = "; ".join(f"{one.number}: {one.old or 'trống'} → {one.new or 'trống'}" for one in unit.changes)
                self.stdout.write(f"  {unit.line.code} {unit.unit.title}: {told}")
