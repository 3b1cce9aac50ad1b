"""Whose matters an office of coordination keeps: those of its own authority, and of the bodies right under it."""

from django.db.models import Q

from communes.models import Authority, User
from communes.permissions import Permission


def keeps(authority: Authority, user: User) -> bool:
    """Whether the person sets due dates and rules, reminds and closes there."""
    above = {authority.pk, authority.parent_id}
    return user.is_active and bool(above & user.scope("authority", needs=Permission.NOTICE_COMPOSE))


def kept(path: str, user: User) -> Q:
    """The same of many rows; path: how a row leads to its authority."""
    own = user.scope("authority", needs=Permission.NOTICE_COMPOSE) if user.is_active else set()
    return Q(**{f"{path}__in": own}) | Q(**{f"{path}__parent__in": own})
