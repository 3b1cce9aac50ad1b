"""The people of the demonstration: accounts and roles, made by the administrator through the account services."""

from typing import Any

from communes import services
from communes.models import Agency, Authority, Commune, User
from communes.permissions import Role

from .source import read


def authority() -> Authority:
    """The district whose rounds are shown."""
    return Authority.objects.get(code=read("people")["authority"])


def make_people() -> dict[str, User]:
    """Every account, {user name: person}; each has chosen the one demo password."""
    told = read("people")
    first = told["administrator"]
    administrator, _ = services.create_first_administrator(
        username=first["username"], full_name=first["full_name"], authority=authority()
    )
    people = {administrator.username: administrator}
    for item in told["person"]:
        person, _ = services.create_user(
            username=item["username"],
            full_name=item["full_name"],
            role=Role(item["role"]),
            scope=_place(item),
            position=item["position"],
            by=administrator,
        )
        people[person.username] = person
    for person in people.values():
        services.change_own_password(person, told["password"])
    return people


def officer_of(commune_code: str) -> str:
    """User name of the officer who reports for a commune."""
    return next(
        str(item["username"])
        for item in read("people")["person"]
        if item["role"] == Role.COMMUNE_OFFICER and item["place"] == commune_code
    )


def _place(item: dict[str, Any]) -> Authority | Agency | Commune:
    district = authority()
    scope = Role(item["role"]).scope
    if scope == "commune":
        return Commune.objects.get(authority=district, code=item["place"])
    return Agency.objects.get(authority=district, code=item["place"]) if scope == "agency" else district
