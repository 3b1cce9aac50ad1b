"""The file of a bundle, and what is chosen before it is brought in: who is who, and successors of merged units."""

from collections.abc import Mapping
from typing import Any

from django import forms

from communes.text import clean

from .bundles.planning import Choices, PersonLine, Plan, UnitLine, person_field, unit_field

UNIT, PERSON = unit_field(""), person_field("")


class BundleForm(forms.Form):
    bundle = forms.FileField(
        label="Gói đợt kiểm tra",
        help_text="Tệp .zip do cơ quan kia xuất từ cổng của họ; không mở ra và nén lại.",
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
        error_messages={"required": "Chưa chọn tệp.", "empty": "Tệp rỗng, chọn tệp khác."},
    )


class ChoicesForm(forms.Form):
    """A field for each unit and each person of the bundle; empty fields choose nothing."""

    def __init__(self, plan: Plan | None = None, data: Any = None) -> None:
        super().__init__(data)
        self.plan = plan
        for line in plan.units if plan else ():
            self.fields[unit_field(line.row["code"])] = forms.CharField(
                label=f"Mã đơn vị kế tục của {line.title}",
                required=False,
                max_length=14,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
        for person in plan.people if plan else ():
            self.fields[person_field(person.row["username"])] = forms.CharField(
                label=f"Tên đăng nhập ở đây của {person.row['full_name'] or person.row['username']}",
                required=False,
                max_length=150,
                widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for problem in self.plan.problems if self.plan else ():
            field = getattr(problem, "field", "")
            self.add_error(field if field in self.fields else None, str(problem))
        return cleaned

    @staticmethod
    def read(data: Mapping[str, str]) -> Choices:
        """What was typed, before it is known whether there is such a unit or person."""
        typed = {name: clean(value) for name, value in data.items() if isinstance(value, str) and clean(value)}
        return Choices(
            people={name.removeprefix(PERSON): value for name, value in typed.items() if name.startswith(PERSON)},
            successors={name.removeprefix(UNIT): value for name, value in typed.items() if name.startswith(UNIT)},
        )

    @property
    def choices(self) -> Choices:
        return self.read({name: value for name, value in self.cleaned_data.items() if name in self.fields})

    @property
    def groups(self) -> list[tuple[str, bool, list[tuple[UnitLine, forms.BoundField]]]]:
        """Communes, then villages: (heading, whether it is shown open, lines with their fields)."""
        units = self.plan.units if self.plan else []
        found = []
        for heading, table in (("Xã, thị trấn", "communes"), ("Thôn, bản", "villages")):
            rows = [(line, self[unit_field(line.row["code"])]) for line in units if line.table == table]
            is_open = table == "communes" or any(field.errors for _, field in rows)
            found += [(heading, is_open, rows)] if rows else []
        return found

    @property
    def has_wrong_people(self) -> bool:
        return any(field.errors for _, field in self.people)

    @property
    def people(self) -> list[tuple[PersonLine, forms.BoundField]]:
        return [(line, self[person_field(line.row["username"])]) for line in (self.plan.people if self.plan else ())]
