"""Objects for tests, each valid by itself; what a test is about it states itself."""

from datetime import date

import factory
from factory.django import DjangoModelFactory, Password

from communes.models import Agency, Authority, Commune, Membership, User, Village
from communes.permissions import Role

PASSWORD = "mat-khau-chi-de-thu-2025"
LONG_AGO = date(2009, 1, 1)


class AuthorityFactory(DjangoModelFactory):
    class Meta:
        model = Authority

    code = factory.Sequence(lambda n: f"huyen-{n}")
    name = factory.Sequence(lambda n: f"UBND huyện Số {n}")
    kind = Authority.Kind.DISTRICT
    locality = factory.Sequence(lambda n: f"Số {n}")
    letterhead = factory.LazyAttribute(lambda it: it.name.upper())
    team_name = "ĐOÀN KIỂM TRA CHƯƠNG TRÌNH MTQG XÂY DỰNG NTM"
    head_title = "TRƯỞNG ĐOÀN KIỂM TRA"
    notice_symbol = "TB-ĐKT"
    valid_from = LONG_AGO


class AgencyFactory(DjangoModelFactory):
    class Meta:
        model = Agency

    authority = factory.SubFactory(AuthorityFactory)
    code = factory.Sequence(lambda n: f"phong-{n}")
    name = factory.Sequence(lambda n: f"Phòng Số {n}")


class CommuneFactory(DjangoModelFactory):
    class Meta:
        model = Commune

    authority = factory.SubFactory(AuthorityFactory)
    code = factory.Sequence(lambda n: f"{90000 + n:05d}")
    name = factory.Sequence(lambda n: f"Xã Số {n}")
    valid_from = LONG_AGO


class VillageFactory(DjangoModelFactory):
    class Meta:
        model = Village

    commune = factory.SubFactory(CommuneFactory)
    code = factory.Sequence(lambda n: f"90000-{n:02d}")
    name = factory.Sequence(lambda n: f"Bản Số {n}")
    valid_from = LONG_AGO


class UserFactory(DjangoModelFactory):
    """A person without a role; the password is PASSWORD."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"nguoi-dung-{n}")
    full_name = factory.Sequence(lambda n: f"Nguyễn Văn Số {n}")
    password = Password(PASSWORD)


class MembershipFactory(DjangoModelFactory):
    """A role of a person; give the scope that fits it: `commune=`, `agency=` or `authority=`."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = Role.COMMUNE_OFFICER
    valid_from = LONG_AGO


def person(role: Role, *, user: User | None = None, **scope: object) -> User:
    """A person in a role: `person(Role.INSPECTOR, authority=district)`."""
    details = {} if user else {"user__full_name": f"{role.label} thử"}
    return MembershipFactory(role=role, **({"user": user} if user else details), **scope).user
