"""The recommendations of notices as a table."""

from typing import Any

from django.db import models
from import_export.fields import Field
from import_export.resources import ModelResource

from communes.exchange.flat import OneTable
from communes.models import User
from communes.permissions import Permission
from communes.resources import ChoiceWidget, DayWidget, LineWidget, choices_of

from .models import Notice, Recommendation


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
