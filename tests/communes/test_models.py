"""Constraints of the database, whom one sees, the alphabet, and search without diacritics."""

import unicodedata
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from communes.models import Agency, Authority, Commune, Membership, Recognition, User, Village
from communes.permissions import Role
from tests.factories import (
    AgencyFactory,
    AuthorityFactory,
    CommuneFactory,
    MembershipFactory,
    UserFactory,
    VillageFactory,
    person,
)

pytestmark = pytest.mark.django_db

# The order of a Vietnamese dictionary: letters first, tones second.
ALPHABETICAL = [
    "An", "Ảng", "Ăng", "Ân", "Bản", "Cần", "Dân", "Đồng", "Em", "Ên", "Hố Mít", "Mường Khoa",
    "Nậm Cần", "Nậm Sỏ", "Pắc Ta", "Phúc Khoa", "Ta", "Tà Mít", "Tân Uyên", "Thân Thuộc", "Trung Đồng", "Ước", "Ý",
]  # fmt: skip


def refuses(action):
    with pytest.raises(IntegrityError), transaction.atomic():
        action()


@pytest.mark.parametrize(
    ("factory", "values"),
    [
        (AuthorityFactory, {"kind": "vung"}),
        (CommuneFactory, {"kind": "lang"}),
        (CommuneFactory, {"group": 4}),
        (VillageFactory, {"kind": "xom"}),
        (AuthorityFactory, {"valid_to": date(2008, 12, 31)}),
        (CommuneFactory, {"valid_to": date(2008, 12, 31)}),
        (VillageFactory, {"valid_to": date(2008, 12, 31)}),
    ],
)
def test_the_database_refuses_a_wrong_value(factory, values):
    refuses(lambda: factory(**values))


def test_a_code_is_used_once_per_day_and_again_on_another():
    CommuneFactory(code="03598")
    refuses(lambda: CommuneFactory(code="03598"))
    CommuneFactory(code="03598", valid_from=date(2025, 7, 1))
    AuthorityFactory(code="huyen")
    refuses(lambda: AuthorityFactory(code="huyen"))
    VillageFactory(code="03598-01")
    refuses(lambda: VillageFactory(code="03598-01"))


def test_an_agency_code_is_used_once_per_authority(district):
    AgencyFactory(authority=district, code="y-te")
    AgencyFactory(code="y-te")
    refuses(lambda: AgencyFactory(authority=district, code="y-te"))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", ["commune", "agency", "authority"])
def test_a_role_carries_only_its_own_kind_of_place(role, scope, commune, agency, district):
    place = {"commune": commune, "agency": agency, "authority": district}[scope]
    if scope == role.scope:
        assert person(role, **{scope: place}).plays(role)
    else:
        refuses(lambda: person(role, **{scope: place}))


def test_a_role_never_carries_two_places(commune, district):
    refuses(lambda: person(Role.COMMUNE_OFFICER, commune=commune, authority=district))


def test_an_unknown_role_or_title_is_refused(commune, district):
    refuses(lambda: MembershipFactory(role="king", authority=district))
    refuses(
        lambda: Recognition.objects.create(commune=commune, title="vang", decision="1", valid_from=date(2024, 1, 1))
    )


def test_a_user_name_is_taken_whatever_its_case():
    UserFactory(username="lan.phuckhoa")
    refuses(lambda: UserFactory(username="Lan.PhucKhoa"))
    with pytest.raises(ValidationError, match="đã có người dùng"):
        User(username="LAN.phuckhoa", full_name="Lan", password="x").full_clean()


def test_a_person_is_found_whatever_the_case_of_the_name_typed():
    lan = UserFactory(username="lan.phuckhoa")
    assert User.objects.get_by_natural_key("LAN.PHUCKHOA") == lan


def test_names_are_sorted_by_the_vietnamese_alphabet(district):
    for place, name in enumerate(reversed(ALPHABETICAL)):
        CommuneFactory(authority=district, name=name, code=f"{place:05d}")
    assert list(Commune.objects.order_by("name").values_list("name", flat=True)) == ALPHABETICAL


@pytest.mark.parametrize("words", ["nam can", "NẬM CẦN", "nậm cần", "Nam Can", "xã nậm cần", "Xa Nam", "03610"])
def test_search_finds_a_commune_whatever_case_and_diacritics(words, commune, neighbour_commune):
    assert list(Commune.objects.search(words)) == [neighbour_commune]


@pytest.mark.parametrize("words", ["%", "_", "nậm sỏ"])
def test_search_finds_nothing_where_nothing_matches(words, commune, neighbour_commune):
    assert not Commune.objects.search(words).exists()


def test_text_is_stored_composed_and_clean(district):
    typed = unicodedata.normalize("NFD", "  Nậm Cần\u200b ")
    commune = CommuneFactory(authority=district, name=typed)
    commune.refresh_from_db()
    assert commune.name == "Nậm Cần"
    assert Commune.objects.filter(name=unicodedata.normalize("NFD", "Nậm Cần")).exists()


def test_a_unit_is_valid_on_its_first_and_last_day(district):
    commune = CommuneFactory(authority=district, valid_from=date(2024, 1, 1), valid_to=date(2025, 6, 30))
    found = {
        day: Commune.objects.valid_on(day).filter(pk=commune.pk).exists()
        for day in (date(2023, 12, 31), date(2024, 1, 1), date(2025, 6, 30), date(2025, 7, 1))
    }
    assert list(found.values()) == [False, True, True, False]
    assert [commune.is_valid_on(day) for day in found] == list(found.values())


def test_each_sees_the_communes_of_the_own_place(
    officer, inspector, agency_reviewer, outsider, stranger, commune, neighbour_commune, other_commune
):
    def seen(user):
        return {it.name for it in Commune.objects.for_user(user)}

    assert seen(officer) == {"Phúc Khoa"}
    assert seen(inspector) == seen(agency_reviewer) == {"Phúc Khoa", "Nậm Cần"}
    assert seen(outsider) == {"Xa Lạ"}
    assert seen(stranger) == set()


def test_the_province_sees_the_communes_of_all_its_districts(province, commune, other_commune):
    viewer = person(Role.VIEWER, authority=province)
    assert {it.name for it in Commune.objects.for_user(viewer)} == {"Phúc Khoa", "Xa Lạ"}


def test_villages_agencies_and_authorities_follow_the_place(officer, outsider, village, agency, district):
    assert list(Village.objects.for_user(officer)) == [village]
    assert not Village.objects.for_user(outsider).exists()
    assert list(Agency.objects.for_user(officer)) == [agency]
    assert not Agency.objects.for_user(outsider).exists()
    assert district not in Authority.objects.for_user(outsider)


def test_the_coordinator_sees_people_of_the_own_authority_only(
    coordinator, officer, inspector, agency_reviewer, outsider
):
    seen = set(User.objects.for_user(coordinator))
    assert {coordinator, officer, inspector, agency_reviewer} <= seen
    assert outsider not in seen


def test_an_officer_sees_nobody_and_the_administrator_everybody(officer, administrator, outsider, stranger):
    assert not User.objects.for_user(officer).exists()
    assert {officer, outsider, stranger} <= set(User.objects.for_user(administrator))


def test_a_role_gives_nothing_before_its_first_and_after_its_last_day(commune):
    today = date.today()
    ended = person(Role.COMMUNE_OFFICER, commune=commune)
    Membership.objects.filter(user=ended).update(valid_to=today - timedelta(days=1))
    future = person(Role.COMMUNE_OFFICER, commune=commune)
    Membership.objects.filter(user=future).update(valid_from=today + timedelta(days=2))
    assert User.objects.get(pk=ended.pk).permissions == User.objects.get(pk=future.pk).permissions == frozenset()


def test_an_account_that_is_closed_may_nothing(officer):
    granted = next(iter(officer.permissions))
    assert officer.has(granted)
    officer.is_active = False
    assert not officer.has(granted)
