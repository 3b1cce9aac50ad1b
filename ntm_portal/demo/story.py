"""A list of moments and what happened then, played in the order of time with the portal's clock stopped at each."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from communes import clock

Act = Callable[[], object]


def moment(day: date | datetime, hour: int = 8, minute: int = 0) -> datetime:
    """An aware moment in Vietnam: of a day at a time, or of a datetime as it is told."""
    if isinstance(day, datetime):
        return timezone.make_aware(day)
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


class Story:
    """Gathers acts in any order; the journal then tells them in the order of time, as it would have been."""

    def __init__(self) -> None:
        self._acts: list[tuple[datetime, Act]] = []

    def tell(self, at: datetime, act: Act) -> None:
        self._acts.append((at, act))

    def tell_spread(self, start: datetime, minutes: int, acts: list[Act]) -> datetime:
        """Acts one after the other, so many minutes apart; returns the moment after the last."""
        for number, act in enumerate(acts):
            self.tell(start + timedelta(minutes=minutes * number), act)
        return start + timedelta(minutes=minutes * len(acts))

    def play(self) -> None:
        """Do everything told so far, earliest first; at one moment in the order it was told."""
        acts, self._acts = sorted(self._acts, key=lambda pair: pair[0]), []
        for at, act in acts:
            with clock.at(at):
                act()
