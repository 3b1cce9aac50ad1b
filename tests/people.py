"""The people of the tests, with the places they work for.

The district has two communes: the officer's and the neighbour's; the outsider inspects in another district.
"""

import pytest

from communes.models import Authority
from communes.permissions import Role

from .factories import AgencyFactory, AuthorityFactory, CommuneFactory, UserFactory, VillageFactory, person


@pytest.fixture
def province(db):
    return AuthorityFactory(
        code="tinh-thu", name="UBND tỉnh Thử", kind=Authority.Kind.PROVINCE, locality="Thử", letterhead="UBND TỈNH THỬ"
    )


@pytest.fixture
def district(province):
    return AuthorityFactory(code="huyen-thu", name="UBND huyện Thử", locality="Huyện Thử", parent=province)


@pytest.fixture
def other_district(province):
    return AuthorityFactory(code="huyen-khac", name="UBND huyện Khác", parent=province)


@pytest.fixture
def agency(district):
    return AgencyFactory(authority=district, code="giao-duc", name="Phòng Giáo dục và Đào tạo")


@pytest.fixture
def commune(district):
    """The officer's commune."""
    return CommuneFactory(authority=district, code="03602", name="Phúc Khoa")


@pytest.fixture
def neighbour_commune(district):
    return CommuneFactory(authority=district, code="03610", name="Nậm Cần")


@pytest.fixture
def other_commune(other_district):
    """A commune of another district."""
    return CommuneFactory(authority=other_district, code="03999", name="Xa Lạ")


@pytest.fixture
def village(commune):
    return VillageFactory(commune=commune, code="03602-01", name="Nà Lại")


@pytest.fixture
def officer(commune):
    return person(Role.COMMUNE_OFFICER, commune=commune)


@pytest.fixture
def leader(commune):
    return person(Role.COMMUNE_LEADER, commune=commune)


@pytest.fixture
def neighbour(neighbour_commune):
    """Officer of the other commune of the same district."""
    return person(Role.COMMUNE_OFFICER, commune=neighbour_commune)


@pytest.fixture
def agency_reviewer(agency):
    return person(Role.AGENCY_REVIEWER, agency=agency)


@pytest.fixture
def inspector(district):
    return person(Role.INSPECTOR, authority=district)


@pytest.fixture
def team_head(district):
    return person(Role.TEAM_HEAD, authority=district)


@pytest.fixture
def coordinator(district):
    return person(Role.COORDINATOR, authority=district)


@pytest.fixture
def viewer(district):
    return person(Role.VIEWER, authority=district)


@pytest.fixture
def administrator(province):
    return person(Role.ADMINISTRATOR, authority=province)


@pytest.fixture
def outsider(other_district):
    """Inspector of another district."""
    return person(Role.INSPECTOR, authority=other_district)


@pytest.fixture
def stranger(db):
    """Someone with an account and no role at all."""
    return UserFactory(full_name="Người Không Vai Trò")
