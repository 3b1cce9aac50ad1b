"""Rounds, dossiers and what fills them, made by the services that people use; each test states what it is about.

set_ = small_set()
world = open_round(district, communes=[commune], criteria_set=set_)    # round, head, inspector, coordinator
dossier = world.dossier_of(commune)
fill(dossier, by=officer)
hand_in(dossier, by=officer)
"""

import os
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf import PdfWriter

from communes import clock
from communes.models import Authority, Commune, User, Village
from communes.permissions import Role
from criteria import services as criteria_services
from criteria.judgement import Judgement
from criteria.measures import Kind
from criteria.models import CriteriaSet, Criterion, EvidenceRequirement, Indicator, IndicatorPart, Threshold
from inspections import services
from inspections.models import Assessment, CriterionConclusion, Dossier, Evidence, InspectionRound, TeamMember

from ..factories import UserFactory, person

# ---------------------------------------------------------------- sets


def draft_set(*, code: str = "xa-thu", **fields: Any) -> CriteriaSet:
    return CriteriaSet.objects.create(
        **{
            "code": code,
            "name": "Bộ tiêu chí thử về xã nông thôn mới",
            "short_name": "Xã NTM",
            "level": CriteriaSet.Level.COMMUNE,
            "tier": CriteriaSet.Tier.STANDARD,
            "legal_basis": "Quyết định thử",
            "effective_from": date(2022, 1, 1),
            **fields,
        }
    )


def publish(criteria_set: CriteriaSet) -> CriteriaSet:
    return criteria_services.publish(criteria_set, by=UserFactory())


def criterion_of(criteria_set: CriteriaSet, number: int, name: str, group: str = "") -> Criterion:
    return Criterion.objects.create(criteria_set=criteria_set, number=number, name=name, group=group)


def indicator_of(criterion: Criterion, code: str, kind: str, text: str = "", **fields: Any) -> Indicator:
    return Indicator.objects.create(
        criteria_set=criterion.criteria_set,
        criterion=criterion,
        code=code,
        kind=kind,
        text=text or f"Nội dung chỉ tiêu {code}",
        position=criterion.indicators.count() + 1,
        **fields,
    )


def threshold_of(indicator: Indicator, value: str | None = None, *, confirmed: bool = True, **fields: Any) -> Threshold:
    return Threshold.objects.create(
        indicator=indicator,
        value=None if value is None else Decimal(value),
        is_confirmed_in_source=confirmed,
        **fields,
    )


def small_set(*, code: str = "xa-thu", is_published: bool = True, **fields: Any) -> CriteriaSet:
    """Three criteria with one indicator of every kind.

    1.1 pass/fail (may be not applicable) and 1.2 with its own words (Không/Còn); 2.1 rate ≥ 80 %, confirmed,
    with a required proof; 2.2 number ≥ 30, not confirmed; 3 compound of a rate and a pass/fail.
    """
    set_ = draft_set(code=code, **fields)
    first = criterion_of(set_, 1, "Quy hoạch", "Quy hoạch")
    plan = indicator_of(
        first,
        "1.1",
        Kind.PASS_FAIL,
        "Có quy hoạch chung được phê duyệt",
        unit="Đạt/Chưa đạt",
        may_be_not_applicable=True,
    )
    threshold_of(plan, text="Đạt")
    houses = indicator_of(first, "1.2", Kind.PASS_FAIL, "Nhà tạm, nhà dột nát", unit="Không/Còn")
    threshold_of(houses, text="Không")
    second = criterion_of(set_, 2, "Giao thông", "Hạ tầng kinh tế - xã hội")
    roads = indicator_of(
        second,
        "2.1",
        Kind.RATE,
        "Tỷ lệ đường xã được cứng hóa",
        unit="%",
        operator=">=",
        numerator_label="Số km được cứng hóa",
        denominator_label="Tổng số km",
        how_measured="Số km được cứng hóa chia cho tổng số km.",
    )
    threshold_of(roads, "80")
    income = indicator_of(second, "2.2", Kind.NUMBER, "Thu nhập bình quân", unit="triệu đồng/người/năm", operator=">=")
    threshold_of(income, "30", confirmed=False)
    third = criterion_of(set_, 3, "Trường học", "Văn hóa - xã hội - môi trường")
    schools = indicator_of(third, "3", Kind.COMPOUND, "Trường học đạt chuẩn cơ sở vật chất")
    share = IndicatorPart.objects.create(
        indicator=schools,
        code="a",
        position=1,
        kind=Kind.RATE,
        text="Tỷ lệ trường đạt chuẩn",
        unit="%",
        operator=">=",
        numerator_label="Số trường đạt chuẩn",
        denominator_label="Tổng số trường",
    )
    literacy = IndicatorPart.objects.create(
        indicator=schools, code="b", position=2, kind=Kind.PASS_FAIL, text="Đạt chuẩn xóa mù chữ", unit="Đạt/Chưa đạt"
    )
    threshold_of(schools, "70", part=share)
    threshold_of(schools, part=literacy, text="Đạt")
    EvidenceRequirement.objects.create(indicator=roads, text="Bảng thống kê chiều dài đường")
    EvidenceRequirement.objects.create(criterion=first, text="Quyết định phê duyệt quy hoạch", is_unverified=True)
    return publish(set_) if is_published else set_


def wide_set(*, criteria: int = 19, indicators: int = 75, code: str = "xa-rong", **fields: Any) -> CriteriaSet:
    """A set as large as the largest real one: rates with thresholds, spread over its criteria."""
    set_ = draft_set(code=code, **fields)
    rows = [
        criterion_of(set_, number, f"Tiêu chí thử số {number}", f"Nhóm {number // 5}")
        for number in range(1, criteria + 1)
    ]
    made = Indicator.objects.bulk_create(
        Indicator(
            criteria_set=set_,
            criterion=rows[place % criteria],
            code=f"{place % criteria + 1}.{place // criteria + 1}",
            position=place // criteria + 1,
            kind=Kind.RATE,
            text=f"Tỷ lệ hộ dân trong xã đạt yêu cầu thứ {place + 1} theo quy định của bộ tiêu chí",
            unit="%",
            operator=">=",
        )
        for place in range(indicators)
    )
    Threshold.objects.bulk_create(
        Threshold(indicator=item, value=Decimal(80), is_confirmed_in_source=True) for item in made
    )
    return publish(set_)


# ---------------------------------------------------------------- rounds


@dataclass
class World:
    """A round with its people."""

    round: InspectionRound
    coordinator: User
    head: User
    deputy: User
    inspector: User

    def dossier_of(self, unit: Commune | Village) -> Dossier:
        """Read anew from the database, with everything that headings and services need."""
        rows = self.round.dossiers.with_context()
        if isinstance(unit, Village):
            return rows.get(village=unit)
        return rows.get(inspection__commune=unit, village=None)


_codes = iter(range(1, 10**6))


def open_round(
    authority: Authority,
    *,
    communes: list[Commune],
    criteria_set: CriteriaSet | None = None,
    villages: list[Village] = (),
    village_set: CriteriaSet | None = None,
    is_open: bool = True,
    **fields: Any,
) -> World:
    """A round with a head, a deputy and an inspector, opened: `open_round(district, communes=[commune])`."""
    criteria_set = criteria_set or CriteriaSet.objects.filter(code="xa-thu").first() or small_set()
    coordinator = person(Role.COORDINATOR, authority=authority)
    today = clock.today()
    round_ = services.create_round(
        by=coordinator,
        **{
            "code": f"THU-{next(_codes)}",
            "name": "Rà soát 6 tháng thử",
            "authority": authority,
            "year": today.year,
            "period_from": today - timedelta(days=60),
            "period_to": today + timedelta(days=30),
            "team_name": "Đoàn kiểm tra thử",
            "subject": "thực hiện Chương trình mục tiêu quốc gia xây dựng nông thôn mới",
            "due_on": today + timedelta(days=10),
            "reply_until": today + timedelta(days=20),
            **fields,
        },
    )
    for commune in communes:
        services.add_unit(round_, by=coordinator, criteria_set=criteria_set, commune=commune)
    for village in villages:
        services.add_unit(round_, by=coordinator, criteria_set=village_set, commune=village.commune, village=village)
    people = [person(role, authority=authority) for role in (Role.TEAM_HEAD, Role.TEAM_HEAD, Role.INSPECTOR)]
    positions = (TeamMember.Position.HEAD, TeamMember.Position.DEPUTY, TeamMember.Position.MEMBER)
    for member, position in zip(people, positions, strict=True):
        services.add_member(round_, member, by=coordinator, position=position)
    if is_open:
        services.open_round(round_, by=coordinator)
    return World(round_, coordinator, *people)


# ---------------------------------------------------------------- what the commune enters


def assessment_of(dossier: Dossier, code: str) -> Assessment:
    """Fresh from the database, with what the services need."""
    return Assessment.objects.select_related(
        "indicator",
        "criterion",
        "dossier__round",
        "dossier__round_unit",
        "dossier__inspection__commune",
        "dossier__village",
        "dossier__criteria_set",
    ).get(dossier=dossier, indicator__code=code)


def conclusion_of(dossier: Dossier, number: int) -> CriterionConclusion:
    return CriterionConclusion.objects.select_related(
        "criterion", "dossier__round", "dossier__inspection__commune", "dossier__village", "dossier__criteria_set"
    ).get(dossier=dossier, criterion__number=number)


def sensible_value(indicator: Indicator) -> dict[str, Any]:
    """A value that meets usual thresholds, in the shape `save_assessment` wants it."""
    if indicator.kind == Kind.RATE:
        return {"numerator": Decimal(9), "denominator": Decimal(10)}
    if indicator.kind == Kind.NUMBER:
        return {"value": Decimal("45.5")}
    if indicator.kind == Kind.COMPOUND:
        return {
            "parts": {
                part.code: {"passed": True}
                if part.kind == Kind.PASS_FAIL
                else {"numerator": "9", "denominator": "10"}
                if part.kind == Kind.RATE
                else {"number": "45.5"}
                for part in indicator.parts.all()
            }
        }
    return {}


def enter(dossier: Dossier, code: str, *, by: User, **changes: Any) -> Assessment:
    """Enter one indicator: `enter(dossier, "2.1", by=officer, numerator=…, self_judgement="dat")`."""
    row = assessment_of(dossier, code)
    return services.save_assessment(row, by=by, version=row.entry_version, changes=changes)


def fill(dossier: Dossier, *, by: User, judgement: str = Judgement.MET, with_evidence: bool = True) -> Dossier:
    """Enter every indicator, and a proof for each that must have one."""
    for row in dossier.assessments.select_related("indicator"):
        enter(dossier, row.indicator.code, by=by, self_judgement=judgement, **sensible_value(row.indicator))
    if with_evidence:
        wanted = dossier.assessments.filter(indicator__evidence_requirements__is_required=True).distinct()
        rows = [assessment_of(dossier, row.indicator.code) for row in wanted.select_related("indicator")]
        if rows:
            prove(dossier, *[row.indicator.code for row in rows], by=by)
    dossier.refresh_from_db()
    return dossier


def prove(dossier: Dossier, *codes: str, by: User, upload: Any = None, **meta: Any) -> Evidence:
    """Upload a file and link it to indicators: `prove(dossier, "2.1", by=officer)`."""
    rows = [assessment_of(dossier, code) for code in codes]
    added = services.add_evidence(
        dossier.inspection.commune, upload or pdf_upload(), meta=meta, by=by, assessments=rows
    )
    return added.evidence


def hand_in(dossier: Dossier, *, by: User) -> Dossier:
    """Fill what is empty and submit."""
    if dossier.assessments.filter(self_judgement=Judgement.UNASSESSED).exists():
        fill(dossier, by=by)
    return services.submit(dossier, by=by)


# ---------------------------------------------------------------- what the team decides


def send_back(dossier: Dossier, code: str, *, by: User, **fields: Any) -> Any:
    """One question about one indicator."""
    item = services.NewItem(
        **{
            "assessment": assessment_of(dossier, code),
            "reason_code": "thieu",
            "question": "Đề nghị bổ sung biên bản nghiệm thu.",
            "due_on": clock.today() + timedelta(days=5),
            **fields,
        }
    )
    return services.return_items(dossier, [item], by=by)[0]


def conclude_all(dossier: Dossier, *, by: User, verdict: str = Judgement.MET, reason: str = "") -> Dossier:
    for number in dossier.criteria_set.criteria.values_list("number", flat=True):
        row = conclusion_of(dossier, number)
        services.conclude_criterion(row, verdict=verdict, reason=reason, by=by, version=row.version)
    dossier.refresh_from_db()
    return dossier


def make_provisional(dossier: Dossier, world: World) -> Dossier:
    """From handed in to provisional: the inspector concludes, the head makes it provisional."""
    conclude_all(dossier, by=world.inspector)
    return services.make_provisional(dossier, by=world.head)


def conclude(dossier: Dossier, world: World, *, officer: User) -> Dossier:
    """From draft to concluded, with the commune waiving its reply."""
    hand_in(dossier, by=officer)
    make_provisional(dossier, world)
    if dossier.round.reply_until:
        services.reply(dossier, by=officer, waive=True)
    return services.approve(dossier, by=world.head)


# ---------------------------------------------------------------- files

_pages = iter(range(1, 10**6))


def heavy_pdf(size: int) -> bytes:
    """A real PDF of about `size` bytes that nothing packs smaller."""
    writer = PdfWriter(BytesIO(pdf_bytes()))
    writer.add_attachment("anh.bin", os.urandom(size))
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def pdf_bytes(pages: int = 1) -> bytes:
    """A small real PDF; each call gives other bytes."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=200 + next(_pages) % 1000, height=300)
    writer.add_metadata({"/Title": f"Minh chứng thử {next(_pages)}"})
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def image_bytes(kind: str = "JPEG", size: tuple[int, int] = (64, 48)) -> bytes:
    """A small real picture; each call gives other bytes."""
    shade = next(_pages)
    target = BytesIO()
    # JPEG makes one of two colours that are close: the comment keeps their bytes apart.
    more = {"comment": str(shade).encode()} if kind == "JPEG" else {}
    Image.new("RGB", size, (shade % 256, shade // 256 % 256, 90)).save(target, kind, **more)
    return target.getvalue()


def pdf_upload(name: str = "bao-cao.pdf", pages: int = 1) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf_bytes(pages), content_type="application/pdf")


def image_upload(name: str = "anh.jpg", kind: str = "JPEG") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, image_bytes(kind), content_type="image/jpeg")
