"""What agencies and the team do in a round: opinions, questions, conclusions, provisional stage, approval."""

from datetime import datetime, timedelta
from typing import Any

from communes.permissions import Role
from criteria.judgement import Judgement
from inspections import services
from inspections.models import Assessment, Reply, ReturnItem

from .cast import Cast, Unit, told_reasons
from .entry import answering
from .source import read
from .story import Act, Story, moment

MINUTES_A_CRITERION = 14


def tell_review(cast: Cast, story: Story) -> None:
    """Everything that happens to the dossiers of a round after they came in."""
    for unit in cast.units:
        _tell_opinions(cast, story, unit)
        if unit.review_on:
            _tell_conclusions(cast, story, unit)
            _tell_decision(cast, story, unit)


# ---------------------------------------------------------------- opinions of agencies


def _tell_opinions(cast: Cast, story: Story, unit: Unit) -> None:
    reviewers = [item for item in read("people")["person"] if item["role"] == Role.AGENCY_REVIEWER]
    for place, item in enumerate(reviewers):
        if item["username"] in unit.told.get("opinions", [item["username"]]) and unit.told.get("submitted", True):
            day = cast.told["opinions_from"] + timedelta(days=unit.position % 4)
            at = moment(day, 9 + 2 * place, 3 * unit.position % 60)
            story.tell(at, _giving_opinions(cast, unit, item))


def _giving_opinions(cast: Cast, unit: Unit, told: dict[str, Any]) -> Act:
    def act() -> None:
        dossier, reviewer = cast.dossier(unit), cast.people[told["username"]]
        for row in cast.assessments(unit, dossier, unit.set.in_charge_of(told["place"])):
            judgement, reason = _truth(unit, row)
            services.give_opinion(row, judgement=judgement, reason=reason, by=reviewer, version=row.version)

    return act


def _truth(unit: Unit, row: Assessment) -> tuple[Judgement, str]:
    if row.indicator.code in unit.weak:
        return Judgement.NOT_MET, str(told_reasons(unit.set.code, row.criterion.number)["reason"])
    return Judgement.MET, ""


# ---------------------------------------------------------------- questions and conclusions


def _tell_conclusions(cast: Cast, story: Story, unit: Unit) -> None:
    """On the day of the visit all criteria that raise no question; the others once the commune has answered."""
    day = unit.review_on
    if day is None:
        return
    codes = {row.code: row.criterion.number for row in unit.set.indicators.values()}
    questions = cast.questions(unit)
    asked = {codes[told["indicator"]] for told in questions}
    numbers = list(unit.set.criteria)[: unit.told.get("concluded", len(unit.set.criteria))]
    start = moment(day, 8, 20 + 2 * (unit.position % 10))
    plain = [_concluding(cast, unit, number) for number in numbers if number not in asked]
    end = story.tell_spread(start, MINUTES_A_CRITERION, plain)
    if not questions:
        return
    story.tell(end, _asking(cast, unit, questions))
    last = end
    for told in questions:
        last = max(last, _tell_ending(cast, story, unit, told, end))
    if all(told.get("answer") or told.get("withdrawn") for told in questions):
        later = [_concluding(cast, unit, number) for number in numbers if number in asked]
        story.tell_spread(last + timedelta(hours=2), MINUTES_A_CRITERION, later)


def _tell_ending(cast: Cast, story: Story, unit: Unit, told: dict[str, Any], asked_at: datetime) -> datetime:
    """The answer to a question, or its withdrawal; returns when, or when it was asked where it stays open."""
    at = asked_at + timedelta(days=told.get("answered_after", told["days"] - 1), minutes=-45)
    if told.get("withdrawn"):
        story.tell(at, _withdrawing(cast, unit, told))
        return at
    if "answer" in told:
        story.tell(at, answering(cast, unit, told))
        return at
    return asked_at


def _asking(cast: Cast, unit: Unit, questions: list[dict[str, Any]]) -> Act:
    def act() -> None:
        dossier = cast.dossier(unit)
        items = []
        for told in questions:
            row = cast.assessments(unit, dossier, [told["indicator"]])[0]
            due_on = (unit.review_on or cast.round.due_on) + timedelta(days=told["days"])
            items.append(services.NewItem(row, told["reason"], told["text"], due_on))
        number = items[0].assessment.criterion.number
        services.return_items(dossier, items, by=cast.reviewer(unit, number))

    return act


def _withdrawing(cast: Cast, unit: Unit, told: dict[str, Any]) -> Act:
    def act() -> None:
        dossier = cast.dossier(unit)
        row = cast.assessments(unit, dossier, [told["indicator"]])[0]
        item = ReturnItem.objects.get(assessment=row, status=ReturnItem.Status.OPEN)
        item.dossier, item.assessment = dossier, row
        services.withdraw_item(item, by=cast.reviewer(unit, row.criterion.number))

    return act


def _concluding(cast: Cast, unit: Unit, number: int) -> Act:
    def act() -> None:
        dossier, reviewer = cast.dossier(unit), cast.reviewer(unit, number)
        fails = number in unit.failed
        reason = str(told_reasons(unit.set.code, number)["reason"]) if fails else ""
        if number in unit.claimed:
            # What the commune claims would be proposed as met: the team goes against it indicator by indicator.
            for row in cast.assessments(unit, dossier, sorted(unit.weak), number=0):
                if row.criterion.number == number:
                    services.conclude_indicator(
                        row, judgement=Judgement.NOT_MET, reason=reason, by=reviewer, version=row.version
                    )
        conclusion = cast.conclusion(unit, dossier, number)
        verdict = Judgement.NOT_MET if fails else Judgement.MET
        services.conclude_criterion(conclusion, verdict=verdict, reason=reason, by=reviewer, version=conclusion.version)

    return act


# ---------------------------------------------------------------- decision of the head


def _tell_decision(cast: Cast, story: Story, unit: Unit) -> None:
    provisional_at, approved_at = cast.when(unit, "provisional_at"), cast.when(unit, "approved_at")
    head = cast.people["truongdoan"]
    approver = cast.people[unit.told.get("approved_by", "truongdoan")]
    apart = timedelta(minutes=4 * unit.position)
    if provisional_at:
        story.tell(moment(provisional_at) + apart, lambda: services.make_provisional(cast.dossier(unit), by=head))
    if approved_at:
        story.tell(moment(approved_at) + apart - timedelta(minutes=1), lambda: _answer_replies(cast, unit))
        story.tell(moment(approved_at) + apart, lambda: services.approve(cast.dossier(unit), by=approver))


def _answer_replies(cast: Cast, unit: Unit) -> None:
    """The final word of whoever concluded the criterion on each explanation of the commune."""
    told = (item for item in cast.told["reply"] if (item["set"], item["code"]) == (unit.set.code, unit.code))
    words = {int(number): text for item in told for number, text in item.get("responses", {}).items()}
    if not words:
        return
    dossier = cast.dossier(unit)
    for reply in Reply.objects.filter(conclusion__dossier=dossier).select_related("conclusion__criterion"):
        reply.conclusion.dossier = dossier
        number = reply.conclusion.criterion.number
        services.respond(reply, response=words[number], by=cast.reviewer(unit, number))
