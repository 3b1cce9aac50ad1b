"""Putting an issued notice where the public finds it."""

from django.db import transaction

from .. import searching
from ..content import NoticeContent
from ..models import Notice, SearchText


@transaction.atomic
def index(notice: Notice, content: NoticeContent) -> None:
    """Let the public's search find a notice by what it prints. Called at issue; calling it again changes nothing."""
    SearchText.objects.update_or_create(notice=notice, defaults={"words": searching.words_of(content)})
