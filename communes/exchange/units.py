"""Communes, villages and agencies as tables. A code names a unit on a day: the key is (code, first day)."""

import re
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.db import models
from django.db.models import Q

from ..models import KIND_BEFORE_NAME, Agency, Authority, Commune, User, Village, within
from ..notation import day
from ..permissions import Permission
from ..resources import AgencyResource, CommuneResource, VillageResource, line
from ..text import fold
from .flat import FlatKind, Known, Typed
from .kinds import Choices, Planned, State

FIVE_DIGITS = re.compile(r"^\d{5}$")
DAY_HINT = "ngày/tháng/năm, ví dụ 01/7/2025"


def kept_authorities(user: User) -> "models.QuerySet[Authority]":
    """The authorities whose units and agencies a person keeps."""
    ids = user.scope("authority", needs=Permission.UNIT_MANAGE)
    return Authority.objects.filter(Q(pk__in=ids) | within("parent", ids))


def locked(rows: "models.QuerySet[Any]", lock: bool) -> "models.QuerySet[Any]":
    """Without an order: sorting names by the Vietnamese alphabet takes most of the time of a large import."""
    return rows.order_by().select_for_update(of=("self",)) if lock else rows.order_by()


def named(unit: Commune | Village) -> str:
    return f"{unit.phrase} (từ {day(unit.valid_from)})"


def plain_name(typed: str) -> str:
    """A commune's name without its kind: people type "xã Nậm Cần" too."""
    return KIND_BEFORE_NAME.sub("", typed) or typed


class Dated(FlatKind):
    """Units that exist from a day to a day, and whose codes are used again over time."""

    def check_days(self, typed: Typed) -> None:
        begin, end = typed.values["valid_from"], typed.values.get("valid_to")
        if end and end < begin:
            typed.blame("valid_to", "Ngày kết thúc phải sau ngày bắt đầu.")

    def keep_name(self, typed: Typed, current: Any, choices: Choices) -> None:
        """Offer the stored name where the typed one differs by diacritics or case alone."""
        name = typed.fields["name"]
        if current is None or name == current.name or fold(name) != fold(current.name):
            return
        choice = choices.get(typed.record.key)
        if choice is None:
            typed.offer = [self.headings["name"], name, current.name]
        if choice is not False:
            typed.fields["name"] = current.name

    def finish(self, planned: list[Planned], known: Known) -> None:
        """No two units may bear one code on the same day."""
        spans: dict[str, list[tuple[date, date | None, str, Planned | None]]] = defaultdict(list)
        told = {row.work["key"]: row for row in planned if row.work and row.state != State.ERROR}
        for key, unit in known.rows.items():
            if key not in told:
                spans[key[0]].append((unit.valid_from, unit.valid_to, named(unit), None))
        for (code, begin), row in told.items():
            current = row.work["current"]
            end = row.work["all"].get("valid_to", current.valid_to if current else None)
            spans[code].append((begin, end, f"dòng {row.record.number}", row))
        for found in spans.values():
            found.sort(key=lambda span: span[0])
            for (_, end, first, before), (begin, _, second, after) in pairwise(found):
                if end is not None and end < begin:
                    continue
                if after is not None:
                    self._mark(after, "code", f"Mã này ngày {day(begin)} đang của {first}; ghi ngày hết của đơn vị đó.")
                elif before is not None:
                    self._mark(before, "code", f"Mã này từ ngày {day(begin)} là của {second}; ghi ngày hết trước đó.")


class Communes(Dated):
    code = "don-vi"
    title = "Xã, thị trấn"
    about = "Mã, tên, loại, cơ quan quản lý, thời gian tồn tại, đơn vị kế tục."
    needs = Permission.UNIT_MANAGE
    model = Commune
    resource = CommuneResource
    needed = frozenset({"code", "name", "kind", "authority", "valid_from"})
    codes = frozenset({"code", "authority", "successor"})
    hints = {
        "code": "5 chữ số của danh mục hành chính, ghi dạng văn bản: 03602",
        "name": "tên riêng, không kèm loại: Nậm Cần",
        "kind": "xã, thị trấn hoặc phường",
        "authority": "mã trên cổng, ví dụ huyen-tan-uyen",
        "valid_from": DAY_HINT,
        "valid_to": "để trống nếu còn tồn tại",
        "successor": "mã của đơn vị có từ ngày sau ngày kết thúc",
        "group": "1, 2 hoặc 3; để trống nếu chưa phân nhóm",
    }
    widths = {"name": 28, "region": 28}
    stored = {
        "name": "name", "kind": "kind", "authority_id": "authority", "valid_from": "valid_from",
        "valid_to": "valid_to", "successor_id": "successor", "region": "region", "group": "group", "code": "code",
    }  # fmt: skip

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        rows = Commune.objects.for_user(user).filter(authority__in=kept_authorities(user))
        return rows.select_related("authority", "successor").order_by("code", "valid_from")

    def known(self, by: User, *, lock: bool) -> Known:
        authorities: dict[str, list[Authority]] = defaultdict(list)
        for authority in kept_authorities(by).order_by("valid_from"):
            authorities[authority.code].append(authority)
        kept = {each.pk for group in authorities.values() for each in group}
        rows = {}
        for unit in locked(Commune.objects.all(), lock).iterator(chunk_size=2000):
            rows[unit.code, unit.valid_from] = unit
        by_code: dict[str, list[Commune]] = defaultdict(list)
        for unit in rows.values():
            by_code[unit.code].append(unit)
        names = {each.pk: each.code for group in authorities.values() for each in group}
        by_id = {unit.pk: unit for unit in rows.values()}
        more = {"authorities": authorities, "kept": kept, "names": names, "by_code": by_code, "by_id": by_id}
        return Known(rows, more)

    def resolve(self, typed: Typed, known: Known, choices: Choices) -> None:
        values = typed.values
        if not FIVE_DIGITS.match(values["code"]):
            typed.blame("code", f"“{values['code']}”: mã gồm đúng 5 chữ số, kể cả số 0 ở đầu.")
            return
        self.check_days(typed)
        authority = self._authority(typed, known)
        typed.key = (values["code"], values["valid_from"])
        current = known.rows.get(typed.key)
        if current is not None and current.authority_id not in known.more["kept"]:
            typed.blame("code", "Đơn vị này thuộc cơ quan khác quản lý.")
            return
        typed.fields = {
            "name": plain_name(values["name"]),
            "kind": values["kind"],
            "authority_id": authority.pk if authority else None,
            "code": values["code"],
            "valid_from": values["valid_from"],
        }
        for name in ("valid_to", "region", "group"):
            if name in values:
                typed.fields[name] = values[name]
        if values.get("group") not in (None, 1, 2, 3):
            typed.blame("group", "Nhóm xã là 1, 2 hoặc 3.")
        if "successor" in values:
            self._successor(typed, known)
        typed.label = f"{values['code']} {typed.fields['name']}"
        self.keep_name(typed, current, choices)

    def _authority(self, typed: Typed, known: Known) -> Authority | None:
        code, on = typed.values["authority"], typed.values["valid_from"]
        offered = known.more["authorities"].get(code, [])
        if not offered:
            typed.blame("authority", f"Không có cơ quan mã “{code}” trong phạm vi quản lý.")
            return None
        found: Authority = next((each for each in offered if each.is_valid_on(on)), offered[-1])
        return found

    def _successor(self, typed: Typed, known: Known) -> None:
        code, last = typed.values["successor"], typed.values.get("valid_to")
        if not code:
            typed.fields["successor_id"] = None
            return
        if last is None:
            typed.blame("valid_to", "Đơn vị có đơn vị kế tục phải có ngày kết thúc.")
            return
        after = last + timedelta(days=1)
        found = [unit for unit in known.more["by_code"].get(code, ()) if unit.is_valid_on(after)]
        if not found:
            typed.blame("successor", f"Không có đơn vị mã {code} vào ngày {day(after)}; nhập đơn vị kế tục trước.")
            return
        typed.fields["successor_id"] = found[0].pk

    def shown(self, name: str, value: Any, known: Known) -> str:
        if name == "authority_id":
            return str(known.more["names"].get(value, value))
        if name == "successor_id":
            return named(known.more["by_id"][value]) if value else ""
        return super().shown(name, value, known)


class Villages(Dated):
    code = "thon-ban"
    title = "Thôn, bản"
    about = "Thôn, bản, ấp, tổ dân phố của các xã."
    needs = Permission.UNIT_MANAGE
    model = Village
    resource = VillageResource
    needed = frozenset({"code", "name", "kind", "valid_from"})
    codes = frozenset({"code", "commune"})
    hints = {
        "code": "mã xã, gạch nối, hai chữ số: 03602-01",
        "kind": "bản, thôn, ấp hoặc tổ dân phố",
        "commune": "để trống thì lấy từ mã thôn, bản",
        "commune_name": "để đối chiếu với mã",
        "valid_from": DAY_HINT,
        "valid_to": "để trống nếu còn tồn tại",
    }
    widths = {"name": 28, "commune_name": 28}
    stored = {
        "name": "name", "kind": "kind", "commune_id": "commune", "valid_from": "valid_from", "valid_to": "valid_to",
        "code": "code",
    }  # fmt: skip

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        rows = Village.objects.filter(commune__authority__in=kept_authorities(user))
        return rows.select_related("commune").order_by("code", "valid_from")

    def known(self, by: User, *, lock: bool) -> Known:
        communes: dict[str, list[Commune]] = defaultdict(list)
        kept = Commune.objects.filter(authority__in=kept_authorities(by))
        for commune in kept.order_by().iterator(chunk_size=2000):
            communes[commune.code].append(commune)
        rows = locked(Village.objects.filter(commune__in=kept), lock)
        names = {each.pk: each.code for group in communes.values() for each in group}
        return Known(
            {(unit.code, unit.valid_from): unit for unit in rows.iterator(chunk_size=2000)},
            {"communes": communes, "names": names},
        )

    def resolve(self, typed: Typed, known: Known, choices: Choices) -> None:
        values = typed.values
        commune = self._commune(typed, known, choices)
        self.check_days(typed)
        if commune is None:
            return
        if not re.fullmatch(rf"{re.escape(commune.code)}-\d\d", values["code"]):
            typed.blame("code", f"“{values['code']}”: mã phải có dạng {commune.code}-01, {commune.code}-02 …")
            return
        typed.key = (values["code"], values["valid_from"])
        typed.fields = {
            "name": values["name"],
            "kind": values["kind"],
            "commune_id": commune.pk,
            "code": values["code"],
            "valid_from": values["valid_from"],
        }
        if "valid_to" in values:
            typed.fields["valid_to"] = values["valid_to"]
        typed.label = f"{values['code']} {values['name']}"
        if typed.offer is None:
            self.keep_name(typed, known.rows.get(typed.key), choices)

    def _commune(self, typed: Typed, known: Known, choices: Choices) -> Commune | None:
        """The commune of the code on the village's first day; a name beside it must be that commune's."""
        values = typed.values
        code, on = values.get("commune") or values["code"].partition("-")[0], values["valid_from"]
        offered = known.more["communes"].get(code, [])
        if not offered:
            column = "commune" if values.get("commune") else "code"
            typed.blame(column, f"Không có xã mã “{code}” trong phạm vi quản lý. Mã xã gồm đúng 5 chữ số: 03602.")
            return None
        found = [each for each in offered if each.is_valid_on(on)]
        if not found:
            spans = "; ".join(f"{each.phrase} từ {day(each.valid_from)}" for each in offered)
            typed.blame("valid_from", f"Ngày {day(on)} không có xã nào mang mã {code} (mã này: {spans}).")
            return None
        commune: Commune = found[0]
        self._check_name(typed, commune, choices)
        return commune

    def _check_name(self, typed: Typed, commune: Commune, choices: Choices) -> None:
        name = plain_name(line(typed.values.get("commune_name") or ""))
        if not name or name.casefold() == commune.name.casefold():
            return
        if fold(name) != fold(commune.name):
            typed.blame("commune_name", f"Mã {commune.code} là {commune.phrase}, không phải “{name}”.")
            return
        choice = choices.get(typed.record.key)
        if choice is None:
            typed.offer = [self.headings["commune_name"], name, commune.name]
        elif not choice:
            typed.blame("commune_name", f"Tên xã khác với {commune.phrase} của mã {commune.code}.")

    def shown(self, name: str, value: Any, known: Known) -> str:
        if name == "commune_id":
            return str(known.more["names"].get(value, value))
        return super().shown(name, value, known)


class Agencies(FlatKind):
    code = "phong-ban"
    title = "Phòng, ban"
    about = "Phòng, ban phụ trách chỉ tiêu của các cơ quan."
    needs = Permission.UNIT_MANAGE
    model = Agency
    resource = AgencyResource
    needed = frozenset({"authority", "code", "name"})
    codes = frozenset({"authority", "code"})
    hints = {
        "authority": "mã trên cổng, ví dụ huyen-tan-uyen",
        "code": "chữ thường không dấu, gạch nối: giao-duc",
        "is_active": "có hoặc không; để trống là có",
    }
    widths = {"name": 40, "code": 24, "authority": 24}
    stored = {"name": "name", "authority_id": "authority", "is_active": "is_active", "code": "code"}

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        rows = Agency.objects.filter(authority__in=kept_authorities(user))
        return rows.select_related("authority").order_by("authority__code", "code")

    def known(self, by: User, *, lock: bool) -> Known:
        authorities: dict[str, list[Authority]] = defaultdict(list)
        for authority in kept_authorities(by).order_by("valid_from"):
            authorities[authority.code].append(authority)
        kept = [each for group in authorities.values() for each in group]
        rows = locked(Agency.objects.filter(authority__in=kept), lock)
        names = {each.pk: each.code for each in kept}
        return Known({(row.authority_id, row.code): row for row in rows}, {"authorities": authorities, "names": names})

    def resolve(self, typed: Typed, known: Known, choices: Choices) -> None:
        values = typed.values
        offered = known.more["authorities"].get(values["authority"], [])
        if not offered:
            typed.blame("authority", f"Không có cơ quan mã “{values['authority']}” trong phạm vi quản lý.")
            return
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", values["code"]):
            typed.blame("code", f"“{values['code']}”: mã chỉ gồm chữ thường không dấu, chữ số, gạch nối.")
            return
        typed.key = (offered[-1].pk, values["code"])
        typed.fields = {"name": values["name"], "authority_id": offered[-1].pk, "code": values["code"]}
        if "is_active" in values:
            typed.fields["is_active"] = values["is_active"]
        typed.label = f"{values['code']} {values['name']}"
        current = known.rows.get(typed.key)
        name = values["name"]
        if current is not None and name != current.name and fold(name) == fold(current.name):
            choice = choices.get(typed.record.key)
            typed.offer = [self.headings["name"], name, current.name] if choice is None else None
            if choice is not False:
                typed.fields["name"] = current.name

    def shown(self, name: str, value: Any, known: Known) -> str:
        if name == "authority_id":
            return str(known.more["names"].get(value, value))
        return super().shown(name, value, known)
