"""The notice of the round of 2024: composed from its text, approved by the head, issued by the coordinator."""

from collections.abc import Callable
from typing import Any

from reports import outline, services
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
    return Notice.objects.with_context().get(round=cast.round)
