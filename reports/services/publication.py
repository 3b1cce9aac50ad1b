"""Putting an issued notice where the public finds it."""

from .. import searching
from ..content import NoticeContent
from ..models import Notice, SearchText


def index(notice: Notice, content: NoticeContent) -> None:
    """Let the public's search find a notice by what it prints. Called at issue; calling it again changes nothing."""
    row = SearchText(notice=notice, words=searching.words_of(content))
    SearchText.objects.bulk_create([row], update_conflicts=True, unique_fields=["notice"], update_fields=["words"])
