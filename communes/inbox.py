"""What a person does with what was told: read it, and choose what to be told of."""

from collections.abc import Mapping

from django.db import transaction

from . import clock, journal
from .models import Notification, NotificationChoice, User
from .notifications import ALWAYS_IN_PORTAL, Kind


def mark_read(notification: Notification) -> None:
    """Read once; a second look changes nothing."""
    Notification.objects.filter(pk=notification.pk, read_at__isnull=True).update(read_at=clock.now())


def mark_all_read(user: User, *, kind: Kind | None = None) -> int:
    """Everything that the portal shows the person, or of one kind; how many there were."""
    rows = Notification.objects.for_user(user).unread()
    if kind:
        rows = rows.filter(kind=kind)
    return rows.update(read_at=clock.now())


def choices_of(user: User) -> dict[Kind, tuple[bool, bool]]:
    """{kind: (in the portal, by mail)}; whoever has chosen nothing is told everything both ways."""
    chosen = {item.kind: (item.in_portal, item.by_mail) for item in user.notification_choices.all()}
    return {kind: chosen.get(kind.value, (True, True)) for kind in Kind}


@transaction.atomic
def choose(user: User, choices: Mapping[Kind, tuple[bool, bool]], *, wants_digest: bool) -> None:
    """Store what a person wants to be told of from now on; what was told before stays as it was."""
    rows = [
        NotificationChoice(person=user, kind=kind, in_portal=in_portal or kind in ALWAYS_IN_PORTAL, by_mail=by_mail)
        for kind, (in_portal, by_mail) in choices.items()
    ]
    NotificationChoice.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["person", "kind"], update_fields=["in_portal", "by_mail"]
    )
    User.objects.filter(pk=user.pk).update(wants_digest=wants_digest)
    user.wants_digest = wants_digest
    told = {item.kind: [item.in_portal, item.by_mail] for item in rows}
    journal.record("user.notifications_chosen", subject=user, by=user, data={"digest": wants_digest, "kinds": told})
