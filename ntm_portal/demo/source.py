"""Reads what the demonstration tells: one TOML file per subject in `data/`."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from communes.permissions import Role

DATA = Path(__file__).resolve().parent / "data"


@cache
def read(name: str) -> dict[str, Any]:
    """The content of `data/<name>.toml`; callers do not change it."""
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


def logins() -> list[tuple[str, str, str]]:
    """(role code, user name, password) of one person for each role, in the order of the table of roles."""
    told = read("people")
    people = [(item["role"], item["username"]) for item in told["person"] if item.get("login")]
    people.append(("administrator", told["administrator"]["username"]))
    order = list(Role)
    people.sort(key=lambda person: order.index(Role(person[0])))
    return [(role, username, told["password"]) for role, username in people]
