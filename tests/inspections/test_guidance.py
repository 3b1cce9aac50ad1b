"""Help beside an indicator: proofs, measure, thresholds with how surely they are known; on both sides' pages."""

from datetime import date

import pytest
from django.urls import reverse

from criteria import services as criteria_services
from criteria.models import EvidenceRequirement, Threshold
from inspections.presenters.guidance import guidance_of, proofs_wanted, thresholds_for

from . import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune):
    return make.open_round(district, communes=[commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


def help_for(dossier, code):
    row = make.assessment_of(dossier, code)
    limits = thresholds_for(row.indicator, dossier.inspection.commune, dossier.round.year)
    return guidance_of(row.indicator, limits, proofs_wanted(row.criterion))


def test_proofs_of_the_indicator_come_before_those_of_the_criterion(dossier):
    criterion = dossier.criteria_set.criteria.get(number=2)
    EvidenceRequirement.objects.create(criterion=criterion, text="Ảnh hiện trạng", is_required=False)
    found = help_for(dossier, "2.1")
    assert [(item.text, item.note) for item in found.proofs] == [
        ("Bảng thống kê chiều dài đường", "bắt buộc"),
        ("Ảnh hiện trạng", "nếu có, chung cho cả tiêu chí"),
    ]
    # A proof of one indicator is not asked for at its neighbour.
    assert [item.text for item in help_for(dossier, "2.2").proofs] == ["Ảnh hiện trạng"]
    assert help_for(dossier, "1.1").proofs[0].note == "gợi ý, chưa đối chiếu, chung cho cả tiêu chí"


def test_threshold_says_how_surely_it_is_known(dossier, administrator):
    (sure,), (open_,) = help_for(dossier, "2.1").limits, help_for(dossier, "2.2").limits
    assert (sure.requirement, sure.standing) == ("≥ 80 %", "đã đối chiếu khi lập bộ tiêu chí")
    assert not open_.is_confirmed
    assert "chưa đối chiếu" in open_.standing
    criteria_services.confirm_threshold(
        Threshold.objects.get(indicator__code="2.2"), decision="Quyết định 318/QĐ-TTg", article="mục 10",
        on=date(2025, 1, 2), by=administrator,
    )  # fmt: skip
    (known,) = help_for(dossier, "2.2").limits
    assert known.standing == f"đã đối chiếu ngày 02/01/2025: Quyết định 318/QĐ-TTg, mục 10 ({administrator})"


def test_threshold_of_the_place_and_year_is_shown(dossier):
    indicator = dossier.criteria_set.indicators.get(code="2.2")
    make.threshold_of(indicator, "48", year=dossier.round.year)
    make.threshold_of(indicator, "60", year=dossier.round.year + 1)
    (limit,) = help_for(dossier, "2.2").limits
    assert limit.requirement == f"≥ 48 triệu đồng/người/năm (năm {dossier.round.year})"


def test_threshold_that_is_not_confirmed_decides_nothing(client, dossier, officer, world):
    """A value far below an unconfirmed threshold: the rules say nothing, and the proposal is the commune's own word."""
    make.enter(dossier, "2.2", by=officer, value=1, self_judgement="dat")
    make.fill(dossier, by=officer)
    make.enter(dossier, "2.2", by=officer, value=1, self_judgement="dat")
    make.hand_in(world.dossier_of(dossier.inspection.commune), by=officer)
    client.force_login(world.inspector)
    desk = client.get(reverse("inspections:review-criterion", args=[dossier.pk, 2])).context["desk"]
    view = next(item for item in desk.indicators if item.indicator.code == "2.2")
    assert view.proposal == "dat"
    assert not view.guidance.limits[0].is_confirmed


def test_help_stands_in_every_block_of_both_sides(client, dossier, officer, world):
    make.hand_in(dossier, by=officer)
    for who, name in ((officer, "criterion-edit"), (world.inspector, "review-criterion")):
        client.force_login(who)
        page = client.get(reverse(f"inspections:{name}", args=[dossier.pk, 2])).content.decode()
        assert page.count("Cách đo, minh chứng và nguồn") == 2
        assert "Số km được cứng hóa chia cho tổng số km." in page
        assert "không tự quyết định đạt hay chưa đạt" in page
        assert "Bảng thống kê chiều dài đường" in page
