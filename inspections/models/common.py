"""What the models of this app share: constraints that read as sentences, links to people."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q


def known(field: str, choices: type[models.TextChoices], name: str) -> models.CheckConstraint:
    """A column holds only values of its list: `.update()` does not ask the choices."""
    return models.CheckConstraint(name=name, condition=Q(**{f"{field}__in": choices.values}))


def both_or_neither(name: str, *fields: str) -> models.CheckConstraint:
    """Who and when (and why) are given together or not at all."""
    empty, full = Q(), Q()
    for field in fields:
        empty &= Q(**{f"{field}__isnull": True})
        full &= Q(**{f"{field}__isnull": False})
    return models.CheckConstraint(name=name, condition=empty | full)


def person(verbose_name: str, **kwargs: Any) -> Any:
    """A link to whoever did something; people are never deleted."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=verbose_name,
        null=True,
        blank=True,
        related_name="+",
        **kwargs,
    )
