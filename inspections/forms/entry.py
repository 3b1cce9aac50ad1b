"""What a commune types for one indicator, and the answers it gives to the team."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.db.models import prefetch_related_objects
from django.urls import reverse

from communes.text import clean
from criteria.evaluation import rate, written
from criteria.judgement import Judgement
from criteria.measures import DEFAULT_ANSWERS, Kind
from criteria.models import Indicator, IndicatorPart
from criteria.models.indicators import Measured

from ..models import Assessment
from ..values import measured_rate, part_value, typed_number

WHOLE_DIGITS, PLACES = 14, 4
PLAIN = re.compile(r"[0-9]+([.,][0-9]+)?")
# Thousands set apart as in Vietnam (1.250,5 · 1.250.000) or as in English (1,250.5 · 1,250,000).
VIETNAMESE = re.compile(r"[0-9]{1,3}(\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(\.[0-9]{3}){2,}")
ENGLISH = re.compile(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(,[0-9]{3}){2,}")
# One point and three digits behind it: a thousand in Vietnam, a thousandth for a program's table.
AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")


PART_COLUMNS = {Kind.RATE: ("numerator", "denominator"), Kind.NUMBER: ("number",), Kind.PASS_FAIL: ("passed",)}


class NumberField(forms.Field):
    """A number that is not negative, typed as people do: 1.250,5 · 1250,5 · 1250.5; unclear ones are refused."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, *, unit: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit = unit

    def to_python(self, value: Any) -> Decimal | None:
        typed = re.sub(r"\s", "", clean(str(value or "")))
        if not typed:
            return None
        if typed.startswith(("-", "−")):
            raise forms.ValidationError("Không nhập số âm.")
        if AMBIGUOUS.fullmatch(typed):
            whole, _, rest = typed.partition(".")
            shown = f"{whole},{rest.rstrip('0')}".rstrip(",")
            raise forms.ValidationError(f"“{typed}” hiểu được theo hai cách: ghi {whole}{rest} hoặc {shown}.")
        if VIETNAMESE.fullmatch(typed):
            typed = typed.replace(".", "")
        elif ENGLISH.fullmatch(typed):
            typed = typed.replace(",", "")
        elif not PLAIN.fullmatch(typed):
            raise forms.ValidationError("Chỉ nhập số, ví dụ 1250,5.")
        return _exact(typed.replace(",", "."))

    def prepare_value(self, value: Any) -> Any:
        return typed_number(value) if isinstance(value, Decimal) else value


def _exact(text: str) -> Decimal:
    whole, _, places = text.partition(".")
    if len(whole.lstrip("0")) > WHOLE_DIGITS:
        raise forms.ValidationError("Số quá lớn.")
    if len(places.rstrip("0")) > PLACES:
        raise forms.ValidationError(f"Nhiều nhất {PLACES} chữ số sau dấu phẩy.")
    return Decimal(text)


class LongTextField(forms.CharField):
    """Text of several lines. The browser is not told the limit: it would cut what is pasted without a word."""

    def __init__(self, *, rows: int, max_length: int = 5_000, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)
        said = f"Dài %(show_value)s ký tự, nhiều nhất {max_length}: rút gọn hoặc gửi thành tệp minh chứng."
        self.validators = [item for item in self.validators if not isinstance(item, MaxLengthValidator)]
        self.validators.append(MaxLengthValidator(max_length, said))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


@dataclass(frozen=True)
class MeasureFields:
    """The fields of one measure together: the indicator's own, or those of one part of a compound one."""

    text: str
    is_rate: bool
    fields: list[forms.BoundField]
    rate: str

    @property
    def ids(self) -> str:
        return " ".join(field.auto_id for field in self.fields)


class AssessmentForm(forms.Form):
    """Value, self-assessment and remark of one indicator; which fields there are depends on its kind.

    The names are those of the columns, of a part "part_<code>_<column>".
    """

    version = forms.IntegerField(widget=forms.HiddenInput)
    # What somebody else saved meanwhile, when both wordings must be shown.
    stored: Assessment | None = None

    def __init__(self, assessment: Assessment, data: Any = None, *, is_open: bool = True) -> None:
        self.assessment = assessment
        self.indicator: Indicator = assessment.indicator
        super().__init__(data, auto_id=f"ct-{assessment.pk}-%s", initial=self._initial())
        self._add_measures()
        self.fields["self_judgement"] = forms.ChoiceField(
            label="Tự đánh giá",
            choices=self._judgements(),
            required=False,
            widget=forms.RadioSelect,
        )
        self.fields["remark"] = LongTextField(label="Thuyết minh", required=False, rows=2)
        if not is_open:
            for field in self.fields.values():
                field.disabled = True

    @property
    def measures(self) -> list[MeasureFields]:
        """What is measured, each with its fields and the rate that follows from what is stored."""
        if self.indicator.kind == Kind.PASS_FAIL:
            return []
        if self.indicator.kind != Kind.COMPOUND:
            own = ("numerator", "denominator") if self.indicator.kind == Kind.RATE else ("value",)
            return [self._measure(self.indicator, own, measured_rate(self.assessment))]
        found = []
        for part in self.parts:
            names = tuple(f"part_{part.code}_{name}" for name in PART_COLUMNS[Kind(part.kind)])
            value = part_value(self.assessment.parts.get(part.code, {}))
            known = value.numerator is not None and value.denominator is not None
            found.append(self._measure(part, names, rate(value.numerator, value.denominator) if known else None))  # type: ignore[arg-type]
        return found

    def _measure(self, measure: Measured, names: tuple[str, ...], share: Fraction | None) -> MeasureFields:
        shown = "–" if share is None else f"{written(share)} %"
        return MeasureFields(measure.text, measure.kind == Kind.RATE, [self[name] for name in names], shown)

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """(label, what was saved before, what is typed here) of each field in which the two differ."""
        if self.stored is None:
            return []
        other = AssessmentForm(self.stored)
        found = []
        for name, field in self.fields.items():
            theirs, mine = _shown(other[name]), _shown(self[name])
            if name != "version" and theirs != mine:
                found.append((str(field.label), theirs, mine))
        return found

    @property
    def page_url(self) -> str:
        row = self.assessment
        address = reverse("inspections:criterion-edit", args=[row.dossier_id, row.criterion.number])
        return f"{address}#ct-{row.pk}"

    def _initial(self) -> dict[str, Any]:
        row = self.assessment
        initial = {name: getattr(row, name) for name in ("numerator", "denominator", "value", "remark")}
        initial["version"] = row.entry_version
        initial["self_judgement"] = "" if row.self_judgement == Judgement.UNASSESSED else row.self_judgement
        for code, stored in row.parts.items():
            for name, value in stored.items():
                initial[f"part_{code}_{name}"] = (
                    ("yes" if value else "no") if name == "passed" else Decimal(value) if value else None
                )
        return initial

    def _add_measures(self) -> None:
        kind = self.indicator.kind
        if kind == Kind.COMPOUND:
            for part in self.parts:
                self._add_measure(part, f"part_{part.code}_")
        elif kind != Kind.PASS_FAIL:
            self._add_measure(self.indicator, "")

    def _add_measure(self, measure: Measured, prefix: str) -> None:
        if measure.kind == Kind.RATE:
            self.fields[f"{prefix}numerator"] = self._number(measure.numerator_label or "Số đạt", "data-ntm-part")
            self.fields[f"{prefix}denominator"] = self._number(measure.denominator_label or "Tổng số", "data-ntm-whole")
        elif measure.kind == Kind.NUMBER:
            name = f"{prefix}number" if prefix else "value"
            self.fields[name] = NumberField(label="Giá trị", required=False, unit=measure.unit)
        else:
            good, bad = measure.answers
            self.fields[f"{prefix}passed"] = forms.ChoiceField(
                label="Kết quả", choices=[("yes", good), ("no", bad)], required=False, widget=forms.RadioSelect
            )

    def _number(self, label: str, role: str) -> NumberField:
        field = NumberField(label=label, required=False)
        field.widget.attrs[role] = ""
        return field

    @cached_property
    def parts(self) -> list[IndicatorPart]:
        if self.indicator.kind != Kind.COMPOUND:
            return []
        prefetch_related_objects([self.indicator], "parts")  # kept for whoever looks at the same indicator next
        return list(self.indicator.parts.all())

    def _judgements(self) -> list[tuple[str, str]]:
        present = self.assessment.self_judgement
        counts = self.assessment.dossier.criteria_set.counts_basically_met
        offered = [Judgement.MET, Judgement.NOT_MET, Judgement.NOT_ASSESSED]
        if counts or present == Judgement.BASICALLY_MET:
            offered.insert(1, Judgement.BASICALLY_MET)
        words: dict[str, str] = {item: str(item.label) for item in offered}
        if self.indicator.kind == Kind.PASS_FAIL and self.indicator.answers != DEFAULT_ANSWERS:
            # The unit's own words first: "Không" is the good answer to "nhà tạm".
            good, bad = self.indicator.answers
            words |= {Judgement.MET: f"{good} (đạt)", Judgement.NOT_MET: f"{bad} (chưa đạt)"}
        return [(item.value, words[item]) for item in offered]

    def clean_self_judgement(self) -> str:
        return self.cleaned_data["self_judgement"] or Judgement.UNASSESSED

    def clean_remark(self) -> str:
        return clean(self.cleaned_data["remark"].replace("\r\n", "\n"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in [name for name in self.fields if name.endswith("numerator")]:
            part, whole = cleaned.get(name), cleaned.get(name.replace("numerator", "denominator"))
            if part is not None and whole is not None and part > whole:
                self.add_error(name, f"Lớn hơn mẫu số {typed_number(whole)}: kiểm tra lại hai số.")
        return cleaned

    def changes(self) -> dict[str, Any]:
        """What `save_assessment` takes: {column: final value}."""
        cleaned = self.cleaned_data
        names = [name for name in ("numerator", "denominator", "value") if name in self.fields]
        found = {name: cleaned[name] for name in (*names, "self_judgement", "remark")}
        if self.indicator.kind == Kind.COMPOUND:
            found["parts"] = {part.code: stored for part in self.parts if (stored := self._stored(part))}
        return found

    def _stored(self, part: IndicatorPart) -> dict[str, Any]:
        """One part as kept in JSON: numbers as text, empty ones left out."""
        found: dict[str, Any] = {}
        for name in PART_COLUMNS[Kind(part.kind)]:
            value = self.cleaned_data.get(f"part_{part.code}_{name}")
            if value not in (None, ""):
                found[name] = value == "yes" if name == "passed" else str(value)
        return found


def _shown(field: forms.BoundField) -> str:
    """What stands in a field, choices by their words."""
    value = field.value()
    choices = dict(getattr(field.field, "choices", []))
    return str(choices.get(value, value) or "")


class AnswerForm(forms.Form):
    """The commune's answer to one question of the team; files that come with it are read from the request."""

    answer = LongTextField(
        label="Trả lời",
        rows=3,
        error_messages={"required": "Chưa nhập nội dung trả lời."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Several questions stand on one page, each with its own form: sending one must not lose the others.
        self.fields["answer"].widget.attrs["data-ntm-keep"] = self["answer"].auto_id


class SubmitForm(forms.Form):
    """Handing in while proof that is only advised is missing: knowingly."""

    accept_missing = forms.BooleanField(
        label="Nộp dù còn thiếu những minh chứng này",
        error_messages={"required": "Đánh dấu ô này nếu vẫn nộp khi còn thiếu minh chứng."},
    )


class ReplyForm(forms.Form):
    """The commune's reply to provisional conclusions: in general and by criterion ("criterion_<number>")."""

    general = LongTextField(label="Giải trình chung", required=False, rows=4)

    def __init__(self, numbers: list[int], data: Any = None, *, initial: dict[str, str] | None = None) -> None:
        super().__init__(data, initial=initial)
        for number in numbers:
            self.fields[f"criterion_{number}"] = LongTextField(
                label=f"Giải trình về tiêu chí {number}", required=False, rows=3
            )
