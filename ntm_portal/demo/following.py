"""What became of the recommendations of the first round's notice, and the monthly reports of agencies."""

from functools import partial
from typing import Any

from communes.models import Agency, User
from inspections.models import Evidence
from reports import kinds
from reports.models import FollowUp
from reports.services import following, monthly

from .people import authority
from .source import read
from .story import Story, moment

People = dict[str, User]


def tell_following(people: People, story: Story) -> None:
    """Due dates, progress and ends at their moments; the rule of monthly reports, and those that were submitted."""
    told = read("following")
    for terms in told["terms"]:
        for number in terms["items"]:
            story.tell(moment(terms["at"]), partial(_set_terms, terms, number, people))
    for note in told["note"]:
        story.tell(moment(note["at"]), partial(_note, note, people))
    for end in told["end"]:
        story.tell(moment(end["at"]), partial(_end, end, people))
    story.tell(moment(told["monthly"]["at"]), partial(_ask, told["monthly"], people))
    for report in told["report"]:
        story.tell(moment(report["at"]), partial(_report, report, people))


def _item(number: int) -> FollowUp:
    rows = FollowUp.objects.with_context().prefetch_related("agencies", "communes").order_by("recommendation__position")
    return rows.filter(
        recommendation__notice__round__code=read("following")["round"],
        recommendation__notice__kind_code=kinds.NOTICE,
    )[number - 1]


def _set_terms(told: dict[str, Any], number: int, people: People) -> None:
    item = _item(number)
    following.set_terms(
        item,
        due_on=told["due_on"],
        agencies=list(item.agencies.all()),
        communes=list(item.communes.all()),
        version=item.version,
        by=people[told["by"]],
    )


def _note(told: dict[str, Any], people: People) -> None:
    item, by = _item(told["item"]), people[told["by"]]
    commune, _ = following.speaks_for(item, by)
    pieces = Evidence.objects.current().filter(commune=commune, visit__isnull=True).order_by("pk")
    following.add_note(
        item,
        text=told["text"],
        version=item.version,
        by=by,
        evidence=pieces[: told.get("evidence", 0)] if commune else (),
    )


def _end(told: dict[str, Any], people: People) -> None:
    item = _item(told["item"])
    following.close_item(item, note=told["note"], version=item.version, by=people[told["by"]])


def _ask(told: dict[str, Any], people: People) -> None:
    monthly.set_rule(
        authority(),
        day=told["day"],
        first_month=told["first_month"],
        last_month=None,
        version=0,
        by=people[told["by"]],
    )


def _report(told: dict[str, Any], people: People) -> None:
    agency = Agency.objects.select_related("authority").get(authority=authority(), code=told["agency"])
    monthly.submit(agency, told["month"], general=told["general"], remarks={}, version=0, by=people[told["by"]])
