"""Model fields for Vietnamese text: stored composed (NFC), names sorted by the Vietnamese alphabet."""

from typing import Any

from django.db import models

from . import text


class CleanMixin:
    """Stores `text.clean(value)`, whichever road the value came by: form, service, import or API."""

    attname: str

    def pre_save(self, instance: models.Model, add: bool) -> Any:
        value = getattr(instance, self.attname)
        if isinstance(value, str):
            setattr(instance, self.attname, text.clean(value))
        return super().pre_save(instance, add)  # type: ignore[misc]

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)  # type: ignore[misc]
        return text.clean(value) if isinstance(value, str) else value


class LineField(CleanMixin, models.CharField):
    """One line of text."""


class ProseField(CleanMixin, models.TextField):
    """Several lines of text."""


class NameField(CleanMixin, models.CharField):
    """A name that lists are sorted by: a ă â b … đ … ư, tones second."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 200)
        kwargs["db_collation"] = "vietnamese"
        super().__init__(*args, **kwargs)
