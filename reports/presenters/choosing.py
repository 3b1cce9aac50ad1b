"""Which round, set and communes a leader's page is about: what its address says, else the newest and the first."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404

from communes.models import Authority, User
from communes.text import sort_key
from inspections.models import Dossier, InspectionRound
from inspections.progress import SetTab, set_tabs
from inspections.progress.rows import counted

# Enough for the years of a programme; older rounds have their own pages.
MOST_ROUNDS = 40
SHOWN = (InspectionRound.Status.OPEN, InspectionRound.Status.CLOSED)


@dataclass(frozen=True)
class Choice:
    """places: authorities whose communes were judged in the round; one of them bounds what a page works through."""

    rounds: tuple[InspectionRound, ...]
    round: InspectionRound
    sets: tuple[SetTab, ...]
    set: SetTab
    places: tuple[Authority, ...]
    place: Authority

    @property
    def dossiers(self) -> QuerySet[Dossier]:
        """Those that count in the figures, as `rows_of` wants them."""
        return counted(self.round).filter(
            criteria_set__code=self.set.code, inspection__commune__authority=self.place.pk
        )

    @property
    def unit_noun(self) -> str:
        return "bản" if self.set.is_village_level else "xã"

    @property
    def query(self) -> dict[str, str]:
        """The choice as an address says it."""
        return {"dot": self.round.code, "bo": self.set.code, "co-quan": str(self.place.pk)}


def readable_rounds(user: User) -> QuerySet[InspectionRound]:
    """Open and closed rounds whose results one may read, the newest first."""
    return InspectionRound.objects.for_reading(user).filter(status__in=SHOWN).order_by("-period_to", "-pk").distinct()


def choice_of(user: User, given: Mapping[str, str]) -> Choice | None:
    """None where there is no round, or nothing in it, to look at. Raises Http404 for a round that is not theirs."""
    rounds = tuple(readable_rounds(user).select_related("authority")[:MOST_ROUNDS])
    wanted = given.get("dot", "")
    round_ = next((item for item in rounds if item.code == wanted or not wanted), None)
    if wanted and round_ is None:
        round_ = readable_rounds(user).select_related("authority").filter(code=wanted).first()
        if round_ is None:
            raise Http404
    if round_ is None or not (sets := set_tabs(round_)):
        return None
    chosen = next((tab for tab in sets if tab.code == given.get("bo")), sets[0])
    places = _places(round_)
    place = next((item for item in places if str(item.pk) == given.get("co-quan")), places[0])
    return Choice(rounds, round_, tuple(sets), chosen, places, place)


def _places(round_: InspectionRound) -> tuple[Authority, ...]:
    found = Authority.objects.filter(pk__in=round_.inspections.order_by().values("commune__authority"))
    return tuple(sorted(found, key=lambda item: sort_key(item.name))) or (round_.authority,)


def by_name(dossiers: QuerySet[Dossier]) -> list[Dossier]:
    """In the order of the Vietnamese alphabet, villages within their commune."""
    return sorted(dossiers, key=lambda item: (sort_key(item.commune.name), sort_key(item.unit.name), item.pk))
