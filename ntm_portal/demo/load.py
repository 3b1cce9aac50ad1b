"""Plays the whole demonstration: reference data, people, both rounds."""

from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.db import transaction
from django.db.models import F

from communes import clock
from communes.models import Notification
from inspections.models import InspectionRound

from . import entry, following, notices, review, rounds
from .people import make_people
from .source import read
from .story import Story, moment

# What is older than this on the demonstration's day has been read.
UNREAD_FOR = timedelta(days=5)
ROUNDS = ("round_2024", "round_2025")


def is_loaded() -> bool:
    """Whether the demonstration stands in this database already."""
    return InspectionRound.objects.filter(code__in=[read(name)["code"] for name in ROUNDS]).exists()


@transaction.atomic
def load() -> None:
    """Make everything, or nothing; the journal tells it in the order of time."""
    story = Story()
    library: dict[tuple[str, str], int] = {}
    with clock.at(moment(read("people")["made_at"])):
        call_command("load_reference", stdout=StringIO())
        people = make_people()
        rounds.make_villages(people["dieuphoi"])
        rounds.make_phrases(people["dieuphoi"])
    for name in ROUNDS:
        told = read(name)
        with clock.at(moment(told["created_at"])):
            cast = rounds.make_round(told, people)
        rounds.tell_opening(cast, story)
        entry.tell_entry(cast, story, library)
        review.tell_review(cast, story)
        notices.tell_minutes(cast, story)
        notices.tell_notice(cast, story)
        if name == ROUNDS[-1]:
            # Of the round before, but told in the order of time with this one.
            following.tell_following(people, story)
        story.play()
    _read_what_is_old()


def _read_what_is_old() -> None:
    """Everybody has read what he was told more than a few days ago."""
    since = clock.now() - UNREAD_FOR
    Notification.objects.filter(at__lt=since).update(read_at=F("at"))
