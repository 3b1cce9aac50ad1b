"""What came out of rounds as tables: the verdicts on criteria, and the indicators with their values and judgements."""

from decimal import Decimal
from typing import Any

from django.db import models
from import_export.fields import Field
from import_export.resources import ModelResource

from communes.exchange.flat import OneTable
from communes.models import User
from communes.permissions import Permission
from communes.resources import ChoiceWidget, DayWidget, LineWidget, YesNoWidget, choices_of
from criteria.judgement import Judgement

from .models import Assessment, CriterionConclusion, Dossier, InspectionRound

JUDGEMENTS = ChoiceWidget(choices_of(Judgement))
STATES = ChoiceWidget(choices_of(Dossier.Status))


class OfDossier(ModelResource):
    """The columns that say which unit and which set a row belongs to."""

    round = Field("dossier__round__code", "Mã đợt", LineWidget())
    unit_code = Field(None, "Mã đơn vị", LineWidget())
    unit = Field(None, "Đơn vị", LineWidget())
    criteria_set = Field("dossier__criteria_set__code", "Mã bộ tiêu chí", LineWidget())
    version = Field("dossier__criteria_set__version", "Phiên bản", LineWidget())
    status = Field("dossier__status", "Hồ sơ", STATES)
    number = Field("criterion__number", "Tiêu chí số", LineWidget())
    criterion = Field("criterion__name", "Tiêu chí", LineWidget())

    class Meta:
        fields = ("round", "unit_code", "unit", "criteria_set", "version", "status", "number", "criterion")


FIRST = OfDossier.Meta.fields


class ResultResource(OfDossier):
    verdict = Field("verdict", "Kết luận", JUDGEMENTS)
    reason = Field("reason", "Lý do", LineWidget())
    concluded_on = Field("concluded_at", "Kết luận ngày", DayWidget())

    class Meta:
        model = CriterionConclusion
        fields = (*FIRST, "verdict", "reason", "concluded_on")


class AssessmentResource(OfDossier):
    code = Field("indicator__code", "Mã chỉ tiêu", LineWidget())
    indicator = Field("indicator__text", "Chỉ tiêu", LineWidget())
    numerator = Field("numerator", "Tử số", LineWidget())
    denominator = Field("denominator", "Mẫu số", LineWidget())
    value = Field("value", "Giá trị", LineWidget())
    self_judgement = Field("self_judgement", "Tự đánh giá", JUDGEMENTS)
    opinion = Field("opinion", "Ý kiến cơ quan phụ trách", JUDGEMENTS)
    conclusion = Field("conclusion", "Kết luận", JUDGEMENTS)
    conclusion_reason = Field("conclusion_reason", "Lý do kết luận", LineWidget())
    is_contrary = Field("is_contrary", "Khác kết quả đối chiếu ngưỡng", YesNoWidget())
    remark = Field("remark", "Thuyết minh", LineWidget())

    class Meta:
        model = Assessment
        fields = (
            *FIRST, "code", "indicator", "numerator", "denominator", "value", "self_judgement", "opinion",
            "conclusion", "conclusion_reason", "is_contrary", "remark",
        )  # fmt: skip


class OfRounds(OneTable):
    """Of one round, or of all that a person reads; units left out by name are not in it."""

    needs = Permission.ROUND_MANAGE
    formats = ("csv", "xlsx", "ods")
    widths = {"unit": 26, "criterion": 30, "indicator": 50, "reason": 40, "conclusion_reason": 40, "remark": 40}
    rows: Any

    def targets(self, user: User) -> list[tuple[str, str]]:
        rounds = InspectionRound.objects.for_user(user).filter(status__in=["open", "closed"]).order_by("-year", "-pk")
        return [*((round_.code, round_.name) for round_ in rounds), ("", "Mọi đợt")]

    def has_target(self, user: User, target: str, *, importing: bool = False) -> bool:
        return target in dict(self.targets(user))

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        dossiers = Dossier.objects.for_user(user).filter(round_unit__left_out_reason="").order_by()
        if target:
            dossiers = dossiers.filter(round__code=target)
        rows = self.rows.objects.filter(dossier__in=dossiers.values("pk")).defer("dossier__frozen", "dossier__reply")
        context = ("round", "inspection__commune", "village", "criteria_set")
        return rows.select_related(*(f"dossier__{name}" for name in context), "criterion")

    def cell(self, name: str, row: Any) -> Any:
        if name in ("unit", "unit_code"):
            unit = row.dossier.village or row.dossier.inspection.commune
            return unit.code if name == "unit_code" else unit.title
        if name == "concluded_on":
            return None if row.concluded_at is None else self.columns[name].widget.render(row.concluded_at)
        value = self.columns[name].get_value(row)
        return value if isinstance(value, Decimal) else super().cell(name, row)


class Results(OfRounds):
    code = "ket-qua"
    title = "Kết luận tiêu chí"
    about = "Kết luận của từng đơn vị theo từng tiêu chí, mỗi dòng một tiêu chí."
    resource = ResultResource
    rows = CriterionConclusion

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        return super().exported(user, target).order_by("dossier_id", "criterion_id")


class Assessments(OfRounds):
    code = "chi-tieu"
    title = "Chỉ tiêu trong hồ sơ"
    about = "Giá trị, tự đánh giá, ý kiến, kết luận của từng chỉ tiêu."
    resource = AssessmentResource
    rows = Assessment

    def exported(self, user: User, target: str) -> "models.QuerySet[Any]":
        rows = super().exported(user, target).select_related("indicator")
        return rows.order_by("dossier_id", "pk")
