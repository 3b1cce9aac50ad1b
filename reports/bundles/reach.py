"""What a bundle may write here in a person's name: of units, agencies and authorities only what that person keeps.

A bundle is no more trusted than who brings it in, for its hashes can be made anew. The command on the server, which
acts for nobody, may bring in everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from communes.models import Agency, Authority, Commune, User, Village
from communes.permissions import Permission
from communes.text import fold
from inspections.models import InspectionRound

from . import member_of
from .container import BundleRefused

MOST_LEVELS = 4
Row = Mapping[str, Any]
BY_COMMAND = "người quản trị nhập được bằng lệnh import_round, không kèm --by"


@dataclass
class Reach:
    """by: None for the command, whose reach has no end. here: {number in the bundle: authority here}."""

    by: User | None
    authorities: list[dict[str, Any]]
    here: Mapping[int, Authority]
    # {(what, authority): names}: what the bundle would write outside, in the order in which it was found.
    outside: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._own = self.by.scope("authority", needs=Permission.UNIT_MANAGE) if self.by else set()
        self._known: dict[int, bool] = {}
        self._by_number = {row["n"]: row for row in self.authorities}

    def holds(self, authority: Authority) -> bool:
        if self.by is None:
            return True
        if authority.pk not in self._known:
            self._known[authority.pk] = authority.is_within(self._own)
        return self._known[authority.pk]

    def holds_unit(self, unit: Commune | Village) -> bool:
        return self.holds(authority_of(unit))

    def above(self, row: Row) -> Authority | None:
        """The nearest authority here above a new one; None: nothing above it is known. Raises BundleRefused."""
        seen = {row["n"]}
        number = row["parent"]
        while number is not None and number not in self.here:
            if number in seen or len(seen) > MOST_LEVELS:
                raise BundleRefused(
                    f"{member_of('authorities')}, dòng {row['n']}: cơ quan cấp trên đi vòng tròn hoặc quá nhiều cấp."
                )
            seen.add(number)
            number = self._by_number[number]["parent"] if number in self._by_number else None
        return self.here.get(number) if number is not None else None

    # ------------------------------------------------------------ what lies outside

    def look(self, kept: Mapping[str, list[dict[str, Any]]], units: Iterable[Any], new_sets: set[int]) -> None:
        """Note every new row that would belong to somebody else's authority.

        Of rows under a new authority or commune nothing is noted: that one is new itself, and looked at itself.
        """
        for row in self.authorities:
            above = None if row["n"] in self.here else self.above(row)
            if above:
                self._note("cơ quan", row["name"], above)
        known_agencies = set(Agency.objects.filter(authority__in=self.here.values()).values_list("authority", "code"))
        for row in kept["agencies"]:
            authority = self.here.get(row["authority"])
            if authority and (authority.pk, row["code"]) not in known_agencies:
                self._note("phòng, ban", row["name"], authority)
        lines = {(line.table, line.row["n"]): line for line in units}
        for line in lines.values():
            if line.found is not None:
                continue
            if line.table == "communes":
                authority = self.here.get(line.row["authority"])
            else:
                commune = lines.get(("communes", line.row["commune"]))
                authority = commune.found.authority if commune and commune.found else None
            if authority:
                self._note("đơn vị", line.title, authority)
        self._look_at_assignments(kept, new_sets)

    def _look_at_assignments(self, kept: Mapping[str, list[dict[str, Any]]], new_sets: set[int]) -> None:
        new = {row["n"] for row in kept["indicators"] if row["criteria_set"] in new_sets}
        agencies = {row["n"]: row for row in kept["agencies"]}
        for row in kept["assignments"]:
            agency = agencies.get(row["agency"]) if row["indicator"] in new else None
            authority = self.here.get(agency["authority"]) if agency else None
            if agency and authority:
                self._note("phân công của phòng, ban", agency["name"], authority)

    def look_at_results(self, rows: Iterable[Row], units: Iterable[Any]) -> None:
        """Note every commune of somebody else's that would be given results."""
        communes = {line.row["n"]: line for line in units if line.table == "communes"}
        for row in rows:
            line = communes.get(row["commune"]) if type(row["commune"]) is int else None
            if line and line.found:
                self._note("kết quả của", line.title, line.found.authority)

    def _note(self, what: str, name: object, authority: Authority) -> None:
        if not self.holds(authority):
            names = self.outside.setdefault((what, authority.name), [])
            if str(name) not in names[:1]:
                names.append(str(name))

    @property
    def problems(self) -> list[str]:
        """A sentence for each kind of thing and each authority, naming the first."""
        return [
            f"Gói thêm {what} {names[0]}{f' và {len(names) - 1} mục khác' if names[1:] else ''} của {authority}, "
            f"ngoài phạm vi được quản lý; {BY_COMMAND}."
            for (what, authority), names in self.outside.items()
        ]


def authority_of(unit: Commune | Village) -> Authority:
    found: Authority = unit.commune.authority if isinstance(unit, Village) else unit.authority
    return found


def holds_rounds_here(row: Row, here: Authority | None) -> bool:
    """Whether an authority of a bundle works with this portal: a round of it was opened here, not brought in.

    One that differs from an authority here by its first day alone, or by its code, is taken for it: a list of
    notices shows the name.
    """
    own = InspectionRound.objects.exclude(status=InspectionRound.Status.DRAFT).filter(brought_from="", imported_at=None)
    if here is not None:
        return own.filter(authority=here).exists()
    at_work = own.order_by().values_list("authority__code", "authority__name").distinct()
    return any(code == row["code"] or fold(name) == fold(row["name"]) for code, name in at_work)
