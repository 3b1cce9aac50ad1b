"""A whole set of criteria as one workbook: out of any version, into a draft; never into a published set."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from import_export.widgets import Widget

from communes.exchange.flat import Read, read
from communes.exchange.kinds import (
    CannotUndo,
    Choices,
    Column,
    Kind,
    Located,
    Page,
    Planned,
    Progress,
    Record,
    State,
)
from communes.models import Agency, Commune, User
from communes.notation import day
from communes.permissions import Permission
from communes.resources import (
    ChoiceWidget,
    DayWidget,
    LineWidget,
    ProseWidget,
    WholeWidget,
    YesNoWidget,
    choices_of,
    line,
)

from . import content
from .measures import CountOperator, Operator
from .measures import Kind as Measure
from .models import (
    CriteriaSet,
    Criterion,
    EvidenceRequirement,
    Indicator,
    IndicatorPart,
    Threshold,
    ThresholdConfirmation,
)
from .models.sets import Provenance
from .services import next_version

SLUG = re.compile(r"^[-a-zA-Z0-9_]+$")
LINE, PROSE, YES, WHOLE, DAY = LineWidget(), ProseWidget(), YesNoWidget(), WholeWidget(), DayWidget()
SAID_CONFIRMED = (
    "{count} ngưỡng ghi “đã đối chiếu” trong tệp nhưng trên cổng chưa có bản ghi đối chiếu đúng nội dung ấy: "
    "nhập là chưa đối chiếu, người quản trị đối chiếu lại."
)


class ValueWidget(Widget):
    """A number with decimal comma or point; "85 %" is 85."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        words = line(value or "").removesuffix("%").strip().replace(" ", "")
        if not words:
            return None
        try:
            found = Decimal(words.replace(",", "."))
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite():
            raise ValueError(f"“{value}” không phải số. Ghi số thuần, dấu phẩy thập phân: 37,5.")
        if abs(found) >= 10**8 or found != round(found, 4):
            raise ValueError(f"“{value}”: nhiều nhất 8 chữ số và 4 chữ số thập phân.")
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else f"{value.normalize():f}".replace(".", ",")


class SignWidget(ChoiceWidget):
    """An operator by its signs; the words of the choice explain, so only the signs are written."""

    def __init__(self, signs: Sequence[str]) -> None:
        Widget.__init__(self)
        self.signs = {**{sign: sign for sign in signs}, "≥": ">=", "≤": "<=", "": ""}

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        words = line(value or "")
        if words not in self.signs:
            raise ValueError(f"“{words}”: chỉ dùng {', '.join(sign for sign in self.signs if sign)}.")
        return self.signs[words]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return {">=": "≥", "<=": "≤"}.get(value, value)


MEASURES = ChoiceWidget(
    {"pass_fail": "đạt/chưa đạt", "rate": "tỷ lệ", "number": "số đo", "compound": "nhiều thành phần"}
)
TRUST = ChoiceWidget(choices_of(Provenance), default="unverified")
LEVELS = ChoiceWidget(choices_of(CriteriaSet.Level))
TIERS = ChoiceWidget(choices_of(CriteriaSet.Tier))
REGIONS = ChoiceWidget({"": "", **choices_of(Commune.Region)}, default="")
OPERATORS = SignWidget([operator.value for operator in Operator])
COUNTS = SignWidget([operator.value for operator in CountOperator])

Spec = tuple[str, str, Widget, str]  # column, heading, widget, marks: "n" needed, "c" a code
MEASURED: tuple[Spec, ...] = (
    ("text", "Nội dung", PROSE, "n"),
    ("kind", "Kiểu", MEASURES, "n"),
    ("unit", "Đơn vị", LINE, ""),
    ("operator", "Dấu so sánh", OPERATORS, ""),
    ("numerator_label", "Tên tử số", LINE, ""),
    ("denominator_label", "Tên mẫu số", LINE, ""),
)
NOTES: tuple[Spec, ...] = (
    ("lineage", "Khóa nối giữa các bộ", LINE, ""),
    ("provenance", "Mức tin cậy", TRUST, ""),
    ("source", "Nguồn", PROSE, ""),
    ("note", "Ghi chú", PROSE, ""),
)
TABLES: dict[str, tuple[str, type[models.Model], tuple[Spec, ...]]] = {
    "set": ("Bộ tiêu chí", CriteriaSet, (
        ("code", "Mã bộ", LINE, "nc"), ("name", "Tên bộ", LINE, "n"), ("short_name", "Tên ngắn", LINE, "n"),
        ("level", "Cấp", LEVELS, "n"), ("tier", "Mức", TIERS, "n"), ("legal_basis", "Căn cứ pháp lý", PROSE, ""),
        ("effective_from", "Áp dụng từ ngày", DAY, "n"), ("effective_to", "Đến hết ngày", DAY, ""),
        ("counts_basically_met", "Tính “cơ bản đạt” là đạt", YES, ""),
        ("is_incomplete", "Chưa đủ chỉ tiêu", YES, ""), ("note", "Ghi chú", PROSE, ""),
    )),
    "criteria": ("Tiêu chí", Criterion, (
        ("number", "Số", WHOLE, "n"), ("name", "Tên tiêu chí", LINE, "n"), ("group", "Nhóm", LINE, ""), *NOTES,
    )),
    "indicators": ("Chỉ tiêu", Indicator, (
        ("criterion", "Tiêu chí số", WHOLE, "n"), ("code", "Mã chỉ tiêu", LINE, "nc"), *MEASURED,
        ("may_be_not_applicable", "Có thể không đánh giá", YES, ""), ("code_is_temporary", "Mã tạm", YES, ""),
        ("how_measured", "Cách tính", PROSE, ""), *NOTES,
    )),
    "parts": ("Thành phần", IndicatorPart, (
        ("indicator", "Mã chỉ tiêu", LINE, "nc"), ("code", "Mã thành phần", LINE, "nc"), *MEASURED,
        ("count_of", "Đếm theo thành phần", LINE, "c"), ("count_operator", "Điều kiện số lượng", COUNTS, ""),
        ("count_bound", "Mốc số lượng", WHOLE, ""),
    )),
    "thresholds": ("Ngưỡng", Threshold, (
        ("indicator", "Mã chỉ tiêu", LINE, "nc"), ("part", "Mã thành phần", LINE, "c"),
        ("value", "Giá trị", ValueWidget(), ""), ("text", "Bằng chữ", LINE, ""), ("year", "Năm", WHOLE, ""),
        ("region", "Vùng", REGIONS, ""), ("commune_group", "Nhóm xã", LINE, ""), ("commune_class", "Loại xã", LINE, ""),
        ("confirmed", "Đã đối chiếu", YES, ""),
    )),
    "evidence": ("Minh chứng", EvidenceRequirement, (
        ("criterion", "Tiêu chí số", WHOLE, ""), ("indicator", "Mã chỉ tiêu", LINE, "c"),
        ("text", "Minh chứng", PROSE, "n"), ("is_required", "Bắt buộc", YesNoWidget(default=True), ""),
        ("is_unverified", "Gợi ý, chưa đối chiếu", YES, ""),
    )),
    "agencies": ("Phụ trách", models.Model, (
        ("authority", "Mã cơ quan", LINE, "nc"), ("agency", "Mã phòng, ban", LINE, "nc"),
        ("indicator", "Mã chỉ tiêu", LINE, "nc"),
    )),
}  # fmt: skip
KEYS: dict[str, tuple[str, ...]] = {
    "set": (),
    "criteria": ("number",),
    "indicators": ("code",),
    "parts": ("indicator", "code"),
    "thresholds": ("indicator", "part", "year", "region", "commune_group", "commune_class"),
    "evidence": ("criterion", "indicator", "text"),
    "agencies": ("authority", "agency", "indicator"),
}


def own_agencies(user: User) -> dict[tuple[str, str], int]:
    rows = Agency.objects.for_user(user).filter(is_active=True)
    return {(authority, code): pk for authority, code, pk in rows.values_list("authority__code", "code", "pk")}


class Sets(Kind):
    code = "bo-tieu-chi"
    title = "Bộ tiêu chí"
    about = "Cả bộ trong một tệp: tiêu chí, chỉ tiêu, thành phần, ngưỡng, minh chứng, phân công phụ trách."
    needs = Permission.CRITERIA_MANAGE
    formats = ("xlsx", "ods")

    def __init__(self) -> None:
        self.columns = {table: {spec[0]: spec for spec in specs} for table, (_, _, specs) in TABLES.items()}

    def pages(self) -> list[Page]:
        wide = {"text": 60, "name": 40, "source": 40, "legal_basis": 40, "how_measured": 40, "note": 30}
        return [
            Page(
                title,
                [
                    Column(name, heading, "n" in marks, "c" in marks, width=wide.get(name, 16))
                    for name, heading, _, marks in specs
                ],
            )
            for title, _, specs in TABLES.values()
        ]

    # ------------------------------------------------------------ out

    def targets(self, user: User) -> list[tuple[str, str]]:
        rows = CriteriaSet.objects.for_user(user).order_by("level", "code", "-version")
        return [(f"{row.code}/{row.version}", f"{row}: {row.get_status_display().lower()}") for row in rows]

    def import_targets(self, user: User) -> list[tuple[str, str]]:
        drafts = CriteriaSet.objects.for_user(user).filter(status=CriteriaSet.Status.DRAFT).order_by("code", "version")
        return [
            ("", "Bản nháp mới: phiên bản tiếp theo của mã bộ trong tệp"),
            *((f"{row.code}/{row.version}", f"Bản nháp đang có: {row}; thay toàn bộ nội dung") for row in drafts),
        ]

    def has_target(self, user: User, target: str, *, importing: bool = False) -> bool:
        offered = self.import_targets(user) if importing else self.targets(user)
        return target in dict(offered)

    def export(self, user: User, target: str) -> Iterator[tuple[Page, Iterable[Sequence[Any]]]]:
        tables = content.tables_of(_found(target))
        own = {authority for authority, _ in own_agencies(user)}
        tables["agencies"] = [row for row in tables["agencies"] if row["authority"] in own]
        for page, (table, specs) in zip(self.pages(), self.columns.items(), strict=True):
            yield page, [[_cell(spec[2], row[name]) for name, spec in specs.items()] for row in tables[table]]

    # ------------------------------------------------------------ in

    def plan(
        self, located: Located, *, by: User, target: str, choices: Choices, progress: Progress, lock: bool = False
    ) -> list[Planned]:
        draft = _draft(target, lock=lock) if target else None
        stands = content.tables_of(draft) if draft else {table: [] for table in TABLES}
        agencies = own_agencies(by)
        stands["agencies"] = [row for row in stands["agencies"] if (row["authority"], row["agency"]) in agencies]
        rows: dict[str, list[tuple[Planned, dict[str, Any]]]] = {}
        for table, (title, _, specs) in TABLES.items():
            reads = [
                Read(name, heading[0].lower() + heading[1:], widget.clean, "n" in marks, "c" in marks)
                for name, heading, widget, marks in specs
            ]
            rows[table] = [self._read(table, record, reads) for record in located.records[title]]
        self._check(rows, draft, agencies)
        self._confirmations(rows, draft, located)
        planned = []
        for table, found in rows.items():
            planned += self._compared(table, found, stands[table])
        return planned

    def _read(self, table: str, record: Record, reads: list[Read]) -> tuple[Planned, dict[str, Any]]:
        typed = read(record, reads)
        row = Planned(record, State.ERROR, _label(table, typed.values))
        for name, reason in typed.problems:
            self._blame(table, row, name, reason)
        model = TABLES[table][1]
        for name, value in typed.values.items():
            if model is models.Model or not isinstance(value, str) or name in ("indicator", "part", "criterion"):
                continue
            longest = getattr(model._meta.get_field(name), "max_length", None)
            if longest and len(value) > longest:
                self._blame(table, row, name, f"Dài {len(value)} ký tự, nhiều nhất {longest}.")
        slugs = {"lineage", "count_of"} if table == "indicators" else {"lineage", "count_of", "code"}
        for name in sorted(slugs & set(typed.values)):
            if typed.values[name] and not SLUG.match(typed.values[name]):
                self._blame(table, row, name, f"“{typed.values[name]}”: chỉ dùng chữ không dấu, chữ số, gạch nối.")
        return row, typed.values

    def _blame(self, table: str, row: Planned, name: str, reason: str) -> None:
        row.problems.append([row.record.addresses.get(name, ""), self.columns[table][name][1], reason])

    def _check(
        self,
        rows: dict[str, list[tuple[Planned, dict[str, Any]]]],
        draft: CriteriaSet | None,
        agencies: Mapping[tuple[str, str], int],
    ) -> None:
        """What one row says of others, and what the database would refuse; said before it could."""
        numbers = {values.get("number") for _, values in rows["criteria"]}
        kinds = {values.get("code"): values.get("kind") for _, values in rows["indicators"]}
        parts = {(values.get("indicator"), values.get("code")): values.get("kind") for _, values in rows["parts"]}
        self._check_one_set(rows, draft)
        self._check_places(rows, numbers, kinds)
        for table in ("indicators", "parts"):
            for row, values in rows[table]:
                self._check_measured(table, row, values)
        for row, values in rows["thresholds"]:
            self._check_threshold(row, values, kinds, parts)
        for row, values in rows["evidence"]:
            if bool(values.get("criterion")) == bool(values.get("indicator")):
                self._blame("evidence", row, "criterion", "Ghi số tiêu chí hoặc mã chỉ tiêu, không ghi cả hai.")
        for row, values in rows["agencies"]:
            pair = (values.get("authority"), values.get("agency"))
            if all(pair) and pair not in agencies:
                self._blame("agencies", row, "agency", f"Không có phòng, ban mã “{pair[1]}” của cơ quan “{pair[0]}”.")
        for table, found in rows.items():
            self._check_twice(table, found)

    def _check_one_set(
        self, rows: Mapping[str, list[tuple[Planned, dict[str, Any]]]], draft: CriteriaSet | None
    ) -> None:
        for row, _ in rows["set"][1:]:
            self._blame("set", row, "code", "Trang này chỉ có một dòng: một tệp là một bộ.")
        if rows["set"]:
            self._check_set(*rows["set"][0], draft)
            return
        first = next(row for found in rows.values() for row, _ in found)
        first.problems.append(["", "", "Trang “Bộ tiêu chí” chưa có dòng mô tả bộ."])

    def _check_places(
        self, rows: Mapping[str, list[tuple[Planned, dict[str, Any]]]], numbers: set[Any], kinds: Mapping[Any, Any]
    ) -> None:
        """That the criterion and the indicator which a row names are in the file."""
        for table in ("indicators", "evidence"):
            for row, values in rows[table]:
                if values.get("criterion") and values["criterion"] not in numbers:
                    self._blame(table, row, "criterion", f"Trang “Tiêu chí” không có số {values['criterion']}.")
        for table in ("parts", "thresholds", "evidence", "agencies"):
            for row, values in rows[table]:
                if values.get("indicator") and values["indicator"] not in kinds:
                    self._blame(table, row, "indicator", f"Trang “Chỉ tiêu” không có mã {values['indicator']}.")

    def _check_set(self, row: Planned, values: Mapping[str, Any], draft: CriteriaSet | None) -> None:
        if draft and values.get("code") and values["code"] != draft.code:
            self._blame("set", row, "code", f"Tệp là bộ “{values['code']}”, bản nháp đã chọn là “{draft.code}”.")
        begin, end = values.get("effective_from"), values.get("effective_to")
        if begin and end and end < begin:
            self._blame("set", row, "effective_to", "Ngày hết áp dụng phải sau ngày bắt đầu.")

    def _check_measured(self, table: str, row: Planned, values: Mapping[str, Any]) -> None:
        kind, operator = values.get("kind"), values.get("operator", "")
        if kind in (Measure.RATE, Measure.NUMBER) and not operator:
            self._blame(table, row, "operator", "Tỷ lệ và số đo phải có dấu so sánh: ≥, ≤ hoặc =.")
        if kind in (Measure.PASS_FAIL, Measure.COMPOUND) and operator:
            self._blame(table, row, "operator", "Kiểu này không so sánh số; để trống dấu.")
        if table == "indicators":
            return
        if kind == Measure.COMPOUND:
            self._blame(table, row, "kind", "Thành phần không thể gồm nhiều thành phần.")
        held = {bool(values.get("count_of")), bool(values.get("count_operator")), values.get("count_bound") is not None}
        if len(held) > 1:
            self._blame(table, row, "count_of", "Điều kiện số lượng phải đủ: thành phần được đếm, dấu và mốc.")

    def _check_threshold(
        self,
        row: Planned,
        values: Mapping[str, Any],
        kinds: Mapping[Any, Any],
        parts: Mapping[tuple[Any, Any], Any],
    ) -> None:
        indicator, part, value = values.get("indicator"), values.get("part", ""), values.get("value")
        if part and (indicator, part) not in parts:
            self._blame("thresholds", row, "part", f"Trang “Thành phần” không có ({part}) của chỉ tiêu {indicator}.")
        if value is None and not values.get("text"):
            self._blame("thresholds", row, "value", "Ngưỡng phải có giá trị hoặc nội dung bằng chữ.")
        kind = parts.get((indicator, part)) if part else kinds.get(indicator)
        if kind == Measure.RATE and value is not None and 0 < value < 1:
            said = ValueWidget().render(value)
            shown = ValueWidget().render(value * 100)
            reason = (
                f"{said} là {shown} % hay {said} %? Tỷ lệ ghi theo phần trăm: {shown} (định dạng Số, không phải %)."
            )
            self._blame("thresholds", row, "value", reason)

    def _check_twice(self, table: str, found: Sequence[tuple[Planned, Mapping[str, Any]]]) -> None:
        if table in ("set", "evidence"):
            return
        seen: dict[Any, Planned] = {}
        for row, values in found:
            key = tuple(values.get(name) for name in KEYS[table])
            if (first := seen.setdefault(key, row)) is not row:
                for each, other in ((row, first), (first, row)):
                    self._blame(table, each, KEYS[table][0], f"Trùng với dòng {other.record.number}.")

    def _confirmations(
        self, rows: dict[str, list[tuple[Planned, dict[str, Any]]]], draft: CriteriaSet | None, located: Located
    ) -> None:
        """Whether a threshold is confirmed is not the file's to say."""
        code = next((values.get("code") for _, values in rows["set"]), "")
        confirmed = content.confirmed_in(_sources(draft, code or ""))
        sound = {
            table: [values for row, values in rows[table] if not row.problems] for table in ("indicators", "parts")
        }
        measured = content.measured_in(sound)
        said = 0
        for row, values in rows["thresholds"]:
            how = measured.get((values.get("indicator", ""), values.get("part", "")))
            if row.problems or how is None:
                continue
            known = content.meaning(values, how) in confirmed
            said += bool(values["confirmed"] and not known)
            values["confirmed"] = known
        if said:
            located.notes.append(SAID_CONFIRMED.format(count=said))

    def _compared(
        self, table: str, found: Sequence[tuple[Planned, dict[str, Any]]], stands: Sequence[Mapping[str, Any]]
    ) -> list[Planned]:
        """Rows by their keys beside what stands; what stands and is not in the file goes."""
        before = dict(zip(_keys(table, stands), stands, strict=True))
        keys = _keys(table, [values for _, values in found])
        planned = []
        for (row, values), key in zip(found, keys, strict=True):
            current = before.pop(key, None)
            row.work = (table, values)
            planned.append(row)
            if row.problems:
                continue
            row.changes = [
                [heading, _shown(widget, current[name]) if current else "", _shown(widget, values.get(name))]
                for name, heading, widget, _ in TABLES[table][2]
                if (current[name] != values.get(name) if current else _shown(widget, values.get(name)))
            ]
            row.state = State.NEW if current is None else State.CHANGED if row.changes else State.SAME
        title = TABLES[table][0]
        gone = [Planned(Record(title, 0, {}, {}), State.GONE, _label(table, current)) for current in before.values()]
        return planned + gone

    # ------------------------------------------------------------ saving

    def apply(self, planned: list[Planned], *, by: User, target: str) -> tuple[list[Any], dict[str, Any]]:
        tables: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
        for row in planned:
            if row.work:
                table, values = row.work
                tables[table].append(values)
        agencies = own_agencies(by)
        for values in tables["agencies"]:
            values["agency_id"] = agencies[values["authority"], values["agency"]]
        code = tables["set"][0]["code"]
        draft = _draft(target, lock=True) if target else None
        before = content.snapshot(draft) if draft else None
        confirmed = content.confirmed_in(_sources(draft, code))
        if draft:
            # Agencies of other authorities stay as they are.
            others = content.tables_of(draft)["agencies"]
            tables["agencies"] += [row for row in others if (row["authority"], row["agency"]) not in agencies]
        made = draft or CriteriaSet(version=next_version(code))
        content.replace(made, tables, confirmed)
        rows = [[row.record.sheet, row.record.number, row.state.value, row.label, row.changes] for row in planned]
        data = {"set": f"{made.code}/{made.version}", "before": before, "after": content.snapshot(made)}
        return [row for row in rows if row[2] != State.SAME], data

    def undo(self, rows: list[Any], data: Mapping[str, Any], *, by: User) -> None:
        try:
            made = _draft(data["set"], lock=True)
        except ValidationError as error:
            raise CannotUndo(error.messages) from error
        if content.snapshot(made) != data["after"]:
            raise CannotUndo([f"{made}: nội dung bản nháp đã được sửa sau lần nhập này."])
        if data["before"]:
            content.restore(made, data["before"])
            return
        ThresholdConfirmation.objects.filter(threshold__indicator__criteria_set=made).delete()
        made.delete()

    def result_url(self, data: Mapping[str, Any]) -> str:
        return _found(data["set"]).get_absolute_url()


def _found(target: str) -> CriteriaSet:
    code, _, version = target.rpartition("/")
    return CriteriaSet.objects.get(code=code, version=int(version))


def _draft(target: str, *, lock: bool) -> CriteriaSet:
    """The draft of a target; ValidationError where it is published by now, or gone."""
    code, _, version = target.rpartition("/")
    rows = CriteriaSet.objects.select_for_update(of=("self",)) if lock else CriteriaSet.objects.all()
    found = rows.filter(code=code, version=int(version)).first()
    if found is None:
        raise ValidationError(f"Không còn bản nháp {target}.")
    if not found.is_editable:
        raise ValidationError(CriteriaSet.IMMUTABLE)
    return found


def _sources(draft: CriteriaSet | None, code: str) -> list[CriteriaSet]:
    return list(CriteriaSet.objects.filter(code=draft.code if draft else code))


def _keys(table: str, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """A key for each row; of evidence the same may stand twice, so its number is part of it."""
    seen: Counter[tuple[Any, ...]] = Counter()
    found = []
    for row in rows:
        key = tuple(row.get(name) for name in KEYS[table])
        seen[key] += 1
        found.append((*key, seen[key]))
    return found


def _label(table: str, values: Mapping[str, Any]) -> str:
    names = {
        "set": ("code", "name"),
        "criteria": ("number", "name"),
        "indicators": ("code", "text"),
        "parts": ("indicator", "code", "text"),
        "thresholds": ("indicator", "part", "value", "text"),
        "evidence": ("criterion", "indicator", "text"),
        "agencies": ("indicator", "agency"),
    }[table]
    widgets = {spec[0]: spec[2] for spec in TABLES[table][2]}
    return " ".join(words for name in names if (words := _shown(widgets[name], values.get(name))))[:300]


def _shown(widget: Widget, value: Any) -> str:
    if value is None or value is False or value == "":
        return ""
    if isinstance(widget, DayWidget):
        return day(value)
    return str(widget.render(value))


def _cell(widget: Widget, value: Any) -> Any:
    """Dates, whole numbers and values as such, all else as text."""
    if value is None or isinstance(widget, DayWidget | WholeWidget):
        return value
    if isinstance(widget, ValueWidget):
        return Decimal(f"{value.normalize():f}")
    return widget.render(value)
