"""Filter of the page of tasks."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from django import forms

from communes import clock, text
from inspections.progress import Task

WEEK = timedelta(days=7)


def _is_late(task: Task) -> bool:
    return task.due_on is not None and task.due_on < clock.today()


def _is_near(task: Task) -> bool:
    return task.due_on is not None and clock.today() <= task.due_on <= clock.today() + WEEK


WHEN: dict[str, tuple[str, Callable[[Task], bool]]] = {
    "gap": ("Cần làm ngay", lambda task: task.is_urgent),
    "qua-han": ("Quá hạn", _is_late),
    "7-ngay": ("Đến hạn trong 7 ngày", _is_near),
    "khong-han": ("Không có hạn", lambda task: task.due_on is None),
}


class TaskFilter(forms.Form):
    """Every field may stay empty; what is not understood filters nothing."""

    han = forms.ChoiceField(
        label="Thời hạn",
        required=False,
        choices=[("", "Mọi thời hạn"), *((code, label) for code, (label, _) in WHEN.items())],
    )
    q = forms.CharField(
        label="Từ trong việc, đơn vị hoặc đợt",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def filtered(self, tasks: Iterable[Task]) -> list[Task]:
        """The tasks that fit, in their order; words are found without case and diacritics."""
        self.is_valid()
        _, fits = WHEN.get(self.cleaned_data.get("han", ""), ("", lambda task: True))
        words = text.fold(self.cleaned_data.get("q", ""))
        return [task for task in tasks if fits(task) and words in text.fold(f"{task.title} {task.detail}")]
