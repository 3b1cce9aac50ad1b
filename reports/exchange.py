"""The recommendations of notices as a table, and the due dates of those that are followed, out and in."""

from typing import Any

from django.db import models
from django.db.models import F
from import_export.fields import Field
from import_export.resources import ModelResource

from communes import clock
from communes.exchange.flat import FlatKind, Known, OneTable, Typed
from communes.exchange.kinds import Choices, Planned
from communes.exchange.units import locked
from communes.models import User
from communes.permissions import Permission
from communes.resources import ChoiceWidget, DayWidget, LineWidget, WholeWidget, choices_of

from .models import FollowUp, Notice, Recommendation
from .offices import kept


class RecommendationResource(ModelResource):
    round = Field("notice__round__code", "Mã đợt", LineWidget())
    notice = Field("notice__number", "Số thông báo", LineWidget())
    issued_on = Field("notice__issued_on", "Ngày ban hành", DayWidget())
    notice_status = Field("notice__status", "Thông báo", ChoiceWidget(choices_of(Notice.Status)))
    position = Field("position", "Thứ tự", LineWidget())
    addressee = Field("addressee", "Nơi thực hiện", LineWidget())
    agency = Field("agency__code", "Mã phòng, ban", LineWidget())
    text = Field("text", "Nội dung", LineWidget())
    status = Field("status", "Thực hiện", ChoiceWidget(choices_of(Recommendation.Status)))

    class Meta:
        model = Recommendation
        fields = (
            "round", "notice", "issued_on", "notice_status", "position", "addressee", "agency", "text", "status",
        )  # fmt: skip


class Recommendations(OneTable):
    code = "kien-nghi"
    title = "Kiến nghị"
    about = "Kiến nghị trong các thông báo: nơi thực hiện, nội dung, kết quả thực hiện."
    needs = Permission.NOTICE_COMPOSE
    formats = ("xlsx", "csv", "ods")
    resource = RecommendationResource
    widths = {"addressee": 30, "text": 70}

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        rows = Recommendation.objects.for_user(user).select_related("notice__round", "agency")
        return rows.order_by("notice_id", "position")


class FollowUpResource(ModelResource):
    authority = Field("recommendation__notice__authority__code", "Mã cơ quan", LineWidget())
    notice = Field("recommendation__notice__code", "Số, ký hiệu", LineWidget())
    issued_on = Field("recommendation__notice__issued_on", "Ngày ban hành", DayWidget())
    number = Field("number", "Thứ tự", WholeWidget())
    addressee = Field("recommendation__addressee", "Nơi thực hiện", LineWidget())
    text = Field("text", "Nội dung", LineWidget())
    status = Field("recommendation__status", "Thực hiện", ChoiceWidget(choices_of(Recommendation.Status)))
    due_on = Field("due_on", "Thời hạn", DayWidget())

    class Meta:
        model = FollowUp
        fields = ("authority", "notice", "issued_on", "number", "addressee", "text", "status", "due_on")


class DueDates(FlatKind):
    """Only due dates come in: who is asked and how it ended stay matters of each item's own page."""

    code = "thoi-han-kien-nghi"
    title = "Thời hạn kiến nghị"
    about = "Kiến nghị được theo dõi của các thông báo đã ban hành; nhập lại để đặt thời hạn một lượt."
    needs = Permission.NOTICE_COMPOSE
    is_seldom = True
    model = FollowUp
    resource = FollowUpResource
    needed = frozenset({"authority", "notice", "issued_on", "number"})
    codes = frozenset({"authority", "notice"})
    hints = {
        "authority": "mã trên cổng của cơ quan ban hành",
        "notice": "như in trên thông báo: 08/TB-ĐKT",
        "number": "kiến nghị thứ mấy của thông báo, từ 1",
        "due_on": "từ ngày ban hành trở đi, để trống là chưa có; cột duy nhất được nhập",
    }
    widths = {"addressee": 30, "text": 70, "notice": 20}
    stored = {"due_on": "due_on"}

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        """Those whose due date the person sets: of an own authority, or of one right under it."""
        rows = FollowUp.objects.current().filter(kept("recommendation__notice__authority", user))
        return rows.select_related("recommendation__notice__authority").order_by(
            "recommendation__notice__issued_on", "recommendation__notice__pk", "recommendation__position"
        )

    def known(self, by: User, *, lock: bool) -> Known:
        return Known({_key(row): row for row in locked(self.exported(by, ""), lock)})

    def resolve(self, typed: Typed, known: Known, choices: Choices) -> None:
        values = typed.values
        typed.key = (values["authority"], values["notice"], values["issued_on"], values["number"])
        typed.label = f"{values['notice']}, kiến nghị {values['number']}"
        current = known.rows.get(typed.key)
        if current is None:
            typed.blame(
                "notice", "Không có kiến nghị được theo dõi với cơ quan, số, ngày và thứ tự này trong phạm vi quản lý."
            )
            return
        due_on = values.get("due_on", current.due_on)
        if due_on != current.due_on and not current.is_running:
            typed.blame("due_on", f"Kiến nghị đã kết thúc ({current.status_label.lower()}), không đặt lại thời hạn.")
        if lack := current.lack_in_due(due_on):
            typed.blame("due_on", lack)
        typed.fields = {"due_on": due_on}

    def apply(self, planned: list[Planned], *, by: User, target: str) -> tuple[list[Any], dict[str, Any]]:
        rows, data = super().apply(planned, by=by, target=target)
        _touch([row[1] for row in rows], by)
        return rows, data

    def undo(self, rows: list[Any], data: Any, *, by: User) -> None:
        super().undo(rows, data, by=by)
        _touch([row[1] for row in rows], by)


def _key(item: FollowUp) -> tuple[Any, ...]:
    notice = item.recommendation.notice
    return notice.authority.code, notice.code, notice.issued_on, item.number


def _touch(keys: list[int], by: User) -> None:
    """Whoever has one of these pages open writes over nothing unseen."""
    rows = FollowUp.objects.filter(pk__in=keys)
    rows.update(version=F("version") + 1, changed_by=by, changed_at=clock.now())
