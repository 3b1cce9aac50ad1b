"""Documents of a round: minutes made by the team, the notice composed from its text, approved and issued."""

from collections.abc import Callable
from typing import Any

from inspections.models import Inspection
from reports import kinds, outline, services
from reports.models import Notice

from .cast import Cast
from .source import DATA
from .story import Story, moment


def tell_notice(cast: Cast, story: Story) -> None:
    """Composed, approved and issued at the told moments; nothing where the round tells of no notice."""
    told = cast.told.get("notice")
    if told is None:
        return
    head = cast.people["truongdoan"]
    story.tell(moment(told["composed_at"]), _composing(cast, told))
    story.tell(
        moment(told["approved_at"]),
        lambda: services.approve_notice(notice := _notice(cast), version=notice.version, by=head),
    )
    story.tell(
        moment(told["issued_at"]),
        lambda: services.issue_notice(
            _notice(cast), on=told["issued_at"].date(), number=told["number"], by=cast.coordinator
        ),
    )


def text_of(name: str) -> outline.Outline:
    """The text of a notice as it is told, in parts."""
    return outline.parse((DATA / f"{name}.txt").read_text(encoding="utf-8"))


def _composing(cast: Cast, told: dict[str, Any]) -> Callable[[], object]:
    def act() -> None:
        notice = services.create_notice(cast.round, by=cast.coordinator)
        services.replace_text(notice, text_of(told["text"]), by=cast.coordinator)

    return act


def _notice(cast: Cast) -> Notice:
    return Notice.objects.with_context().get(round=cast.round, kind_code=kinds.NOTICE)


# ---------------------------------------------------------------- minutes


def tell_minutes(cast: Cast, story: Story) -> None:
    """Minutes as the team made them on the day; without `issued_at` they wait for the head."""
    for told in cast.told.get("minutes", []):
        story.tell(moment(told["composed_at"]), _recording(cast, told))
        if "issued_at" in told:
            story.tell(moment(told["issued_at"]), _issuing(cast, told))


def _recording(cast: Cast, told: dict[str, Any]) -> Callable[[], object]:
    return lambda: services.create_notice(
        cast.round, by=cast.people[told["by"]], kind="bien-ban", inspection=_inspection(cast, told)
    )


def _issuing(cast: Cast, told: dict[str, Any]) -> Callable[[], object]:
    def act() -> None:
        rows = Notice.objects.with_context().select_related("inspection__commune")
        notice = rows.get(kind_code="bien-ban", inspection=_inspection(cast, told))
        services.approve_notice(notice, version=notice.version, by=cast.people["truongdoan"])
        services.issue_notice(notice, on=told["issued_at"].date(), by=cast.coordinator)

    return act


def _inspection(cast: Cast, told: dict[str, Any]) -> Inspection:
    return cast.round.inspections.select_related("commune").get(commune__code=told["code"])
