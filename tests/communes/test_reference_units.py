"""The units that come with the project, and what happens when they are loaded again."""

from datetime import date

import pytest

from communes import journal
from communes.models import Agency, Authority, Commune, Event
from communes.services import load_reference_units

pytestmark = pytest.mark.django_db


def test_loading_makes_the_district_its_communes_and_its_agencies():
    load_reference_units()
    district = Authority.objects.get(code="huyen-tan-uyen")
    assert district.parent.name == "UBND tỉnh Lai Châu"
    assert district.communes.valid_on(date(2024, 12, 5)).count() == 10
    assert Agency.objects.filter(authority=district).count() == 13


def test_a_reused_code_names_the_unit_of_its_day():
    load_reference_units()
    assert Commune.objects.valid_on(date(2025, 6, 30)).get(code="03598").title == "Thị trấn Tân Uyên"
    assert Commune.objects.valid_on(date(2025, 7, 1)).get(code="03598").title == "Xã Tân Uyên"


def test_each_commune_of_the_district_has_its_successor():
    load_reference_units()
    successors = {it.name: it.successor.name for it in Commune.objects.exclude(successor=None)}
    assert successors == {
        "Tân Uyên": "Tân Uyên",
        "Thân Thuộc": "Tân Uyên",
        "Trung Đồng": "Tân Uyên",
        "Nậm Cần": "Tân Uyên",
        "Mường Khoa": "Mường Khoa",
        "Phúc Khoa": "Mường Khoa",
        "Nậm Sỏ": "Nậm Sỏ",
        "Tà Mít": "Nậm Sỏ",
        "Pắc Ta": "Pắc Ta",
        "Hố Mít": "Pắc Ta",
    }


def test_loading_again_adds_nothing_and_keeps_what_the_office_changed():
    load_reference_units()
    Authority.objects.filter(code="huyen-tan-uyen").update(contact_phone="0213 3 123 456")
    events = Event.objects.count()
    assert load_reference_units() == 0
    assert Authority.objects.get(code="huyen-tan-uyen").contact_phone == "0213 3 123 456"
    assert Event.objects.count() == events


def test_each_loaded_unit_is_in_the_journal():
    made = load_reference_units()
    assert Event.objects.filter(chain=journal.REFERENCE, action__endswith=".loaded").count() == made == 29
    assert journal.verify() == []
