"""Sets for the tests of this folder."""

from datetime import date
from decimal import Decimal

import pytest

from criteria import services
from criteria.models import CriteriaSet, Criterion, Indicator, IndicatorPart, Threshold


@pytest.fixture
def supplied(db):
    """Every set that comes with the portal, by (code, version)."""
    services.load_supplied_sets()
    return {(item.code, item.version): item for item in CriteriaSet.objects.all()}


@pytest.fixture
def draft(coordinator):
    """A small draft that may be published: one criterion, a rate and a compound indicator."""
    criteria_set = services.create_set(
        code="xa-thu",
        name="Bộ thử",
        short_name="Thử",
        level="commune",
        tier="ntm",
        effective_from=date(2024, 1, 1),
        legal_basis="Quyết định số 01/QĐ-UBND",
        by=coordinator,
    )
    criterion = Criterion.objects.create(criteria_set=criteria_set, number=1, name="Trường học")
    whole = Indicator.objects.create(
        criteria_set=criteria_set, criterion=criterion, code="1.1", position=1, text="Tỷ lệ", kind="rate", operator=">="
    )
    Threshold.objects.create(indicator=whole, value=Decimal(80))
    compound = Indicator.objects.create(
        criteria_set=criteria_set, criterion=criterion, code="1.10", position=2, text="Ghép", kind="compound"
    )
    part = IndicatorPart.objects.create(
        indicator=compound, code="a", position=1, text="Phần", kind="rate", operator=">="
    )
    Threshold.objects.create(indicator=compound, part=part, value=Decimal(50), is_confirmed_in_source=True)
    return criteria_set


@pytest.fixture
def published(draft, coordinator):
    return services.publish(draft, by=coordinator)
