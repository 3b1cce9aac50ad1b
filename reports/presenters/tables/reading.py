"""Reads a round into official tables: by unit and criterion, of one criterion, of one agency.

Counts and means come from inspections/figures.py. A unit without a conclusion is listed and marked, and counted in
nothing. Only for people with ROUND_READ, as the matrix of the round is; an agency reads its own table.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from communes import clock, notation
from communes.models import Agency
from communes.text import sort_key
from criteria.judgement import Judgement
from criteria.models import AgencyAssignment, CriteriaSet, Criterion, Indicator
from inspections import figures
from inspections.figures import SetFigures, UnitRow
from inspections.models import Assessment, CriterionConclusion, Dossier, InspectionRound
from inspections.presenters.guidance import thresholds_for
from inspections.presenters.words import value_in_words
from inspections.progress import SetTab, set_tabs
from inspections.progress.rows import dossiers_of, row_of, verdicts_of

from ...models import Notice
from .shape import LEGEND, MARKS, Column, Line, OfficialTable

KEY = r"tong-hop|tieu-chi-[0-9]{1,4}|phong-ban-[0-9]{1,15}"
_KEY = re.compile(rf"(?:{KEY})\Z")
SUMMARY = "tong-hop"
WIDTH = 267  # mm between the margins of an A4 sheet laid across


@dataclass(frozen=True)
class Choice:
    """One of the tables of a round under one set."""

    key: str
    label: str
    is_agency: bool = False


class RoundTables:
    """The tables of one set of a round, read once for a page or a file.

    own_agencies: ids of the only agencies whose tables there are for the reader; None for all tables.
    """

    def __init__(self, round_: InspectionRound, tab: SetTab, own_agencies: Collection[int] | None = None) -> None:
        self.round, self.tab, self.own_agencies = round_, tab, own_agencies

    @property
    def noun(self) -> str:
        return "bản" if self.tab.is_village_level else "xã"

    # ---------------------------------------------------------------- what there is

    @cached_property
    def criteria_set(self) -> CriteriaSet | None:
        """The newest version that units of the round are judged by."""
        used = CriteriaSet.objects.filter(dossiers__round=self.round, code=self.tab.code)
        return used.order_by("-version").first()

    @cached_property
    def criteria(self) -> list[Criterion]:
        return list(Criterion.objects.filter(criteria_set=self.criteria_set).order_by("number"))

    @cached_property
    def agencies(self) -> list[Agency]:
        """Agencies of the round's authority with indicators of the set."""
        of_set = AgencyAssignment.objects.filter(indicator__criteria_set=self.criteria_set).order_by()
        rows = Agency.objects.filter(authority=self.round.authority_id, pk__in=of_set.values("agency"))
        if self.own_agencies is not None:
            rows = rows.filter(pk__in=self.own_agencies)
        return sorted(rows, key=lambda row: sort_key(row.name))

    @property
    def choices(self) -> list[Choice]:
        of_agencies = [Choice(f"phong-ban-{row.pk}", row.name, is_agency=True) for row in self.agencies]
        if self.own_agencies is not None:
            return of_agencies
        return [
            Choice(SUMMARY, "Tổng hợp theo đơn vị và tiêu chí"),
            *(Choice(f"tieu-chi-{row.number}", f"Tiêu chí {row.number}. {row.name}") for row in self.criteria),
            *of_agencies,
        ]

    def table(self, key: str) -> OfficialTable | None:
        """None where the round has no such table for the reader."""
        if not _KEY.match(key):
            return None
        kind, _, number = key.rpartition("-")
        if kind != "phong-ban" and self.own_agencies is not None:
            return None
        if key == SUMMARY:
            return self.summary()
        if kind == "tieu-chi":
            criterion = next((row for row in self.criteria if row.number == int(number)), None)
            return self.of_criterion(criterion) if criterion else None
        agency = next((row for row in self.agencies if row.pk == int(number)), None)
        return self.of_agency(agency) if agency else None

    # ---------------------------------------------------------------- rows

    @cached_property
    def _all(self) -> list[Dossier]:
        rows = list(dossiers_of(self.round).filter(criteria_set__code=self.tab.code))
        rows.sort(key=lambda item: (sort_key(item.commune.name), sort_key(item.unit.name), item.pk))
        return rows

    @cached_property
    def dossiers(self) -> list[Dossier]:
        """In the order of the matrix, without the units left out by name."""
        return [row for row in self._all if not row.round_unit.left_out_reason]

    @cached_property
    def rows(self) -> list[UnitRow]:
        verdicts = verdicts_of(self.dossiers)
        return [row_of(dossier, verdicts.get(dossier.pk, {})) for dossier in self.dossiers]

    @cached_property
    def concluded(self) -> SetFigures:
        pairs = zip(self.dossiers, self.rows, strict=True)
        return figures.of_set(self.tab.code, [row for dossier, row in pairs if is_concluded(dossier)])

    @property
    def is_final(self) -> bool:
        return len(self.concluded.rows) == len(self.rows)

    # ---------------------------------------------------------------- the tables

    def summary(self) -> OfficialTable:
        """Units × criteria with the totals of both."""
        numbers = [row.number for row in self.criteria]
        lines = [
            self._unit_line(place, dossier, row, numbers)
            for place, (dossier, row) in enumerate(zip(self.dossiers, self.rows, strict=True), start=1)
        ]
        found = self.concluded
        met = tuple(found.met_by_criterion.get(number, 0) for number in numbers)
        failed = tuple(found.failed_by_criterion.get(number, 0) for number in numbers)
        fixed = 8 + 17 + 20
        name_width = 50.0
        each = round(min(12.0, (WIDTH - fixed - name_width) / max(1, len(numbers))), 2)
        name_width = round(WIDTH - fixed - each * len(numbers), 2)
        columns = (
            Column("TT", 8),
            Column("Đơn vị", name_width, "l"),
            *(Column(str(row.number), each, name=row.name) for row in self.criteria),
            Column("Số tiêu chí đạt", 17),
            Column("Đạt mọi tiêu chí", 20),
        )
        return self._table(
            SUMMARY,
            number="01",
            title="BIỂU TỔNG HỢP KẾT QUẢ THEO ĐƠN VỊ VÀ TIÊU CHÍ",
            unit="Đơn vị tính: tiêu chí",
            columns=columns,
            lines=lines,
            totals=(
                Line(("", f"Số {self.noun} đạt", *met, found.mean.numerator, len(found.passed)), "total"),
                Line(("", f"Số {self.noun} chưa đạt", *failed, "", len(found.not_passed)), "total"),
            ),
            notes=(
                *self._mean_notes(),
                "Tiêu chí: " + "; ".join(f"{row.number}. {row.name}" for row in self.criteria) + ".",
            ),
        )

    def _unit_line(self, place: int, dossier: Dossier, row: UnitRow, numbers: Iterable[int]) -> Line:
        marks = tuple(mark(dossier, row.verdicts.get(number, "")) for number in numbers)
        if not is_concluded(dossier):
            return Line((place, named(dossier), *marks, "", dossier.get_status_display()), "open")
        return Line((place, named(dossier), *marks, row.met, "Có" if row.passed else "Chưa"))

    def of_criterion(self, criterion: Criterion) -> OfficialTable:
        """Each unit's verdict with its reason, and its values beside the thresholds that hold for it."""
        told = self._told(criterion)
        assessed = self._assessed(criterion)
        lines: list[Line] = []
        for place, (dossier, row) in enumerate(zip(self.dossiers, self.rows, strict=True), start=1):
            verdict = row.verdicts.get(criterion.number, "")
            is_shown = dossier.is_disclosed
            reason = told.get(dossier.pk, "") if is_shown else dossier.get_status_display()
            kind = "unit" if is_concluded(dossier) else "open"
            lines.append(Line((place, named(dossier), "", "", mark(dossier, verdict), reason), kind))
            lines += [self._value_line(item, dossier) for item in assessed.get(dossier.pk, [])]
        number, found = criterion.number, self.concluded
        met, failed = found.met_by_criterion.get(number, 0), found.failed_by_criterion.get(number, 0)
        total = len(found.rows)
        indicators = Indicator.objects.filter(criterion=criterion).order_by("position")
        texts = [f"Chỉ tiêu {row.code}: {row.text.rstrip('.')}." for row in indicators]
        return self._table(
            f"tieu-chi-{number}",
            number=f"02.{number}",
            title=f"BIỂU TỔNG HỢP KẾT QUẢ TIÊU CHÍ SỐ {number}: {criterion.name.upper()}",
            unit="Đơn vị tính: ghi theo từng chỉ tiêu",
            columns=(
                Column("TT", 10),
                Column("Đơn vị, chỉ tiêu", 62, "l"),
                Column("Kết quả báo cáo", 55, "l"),
                Column("Ngưỡng", 50, "l"),
                Column("Kết luận", 18),
                Column("Lý do", 72, "l"),
            ),
            lines=lines,
            totals=(
                Line(("", f"Số {self.noun} đạt", "", "", met, f"trên {total} {self.noun} đã kết luận"), "total"),
                Line(("", f"Số {self.noun} chưa đạt", "", "", failed, ""), "total"),
            ),
            notes=tuple(texts),
        )

    def _told(self, criterion: Criterion) -> dict[int, str]:
        """{dossier id: reason of the verdict}."""
        rows = CriterionConclusion.objects.filter(dossier__in=self.dossiers, criterion__number=criterion.number)
        return dict(rows.order_by().values_list("dossier", "reason"))

    def _assessed(self, criterion: Criterion) -> dict[int, list[Assessment]]:
        """{dossier id: assessments of the criterion's indicators in their order}, measures at hand."""
        rows = Assessment.objects.filter(dossier__in=self.dossiers, criterion__number=criterion.number).order_by("pk")
        found = list(rows)
        known = Indicator.objects.filter(pk__in={row.indicator_id for row in found}).with_measures()
        indicators = {row.pk: row for row in known}
        sorted_: dict[int, list[Assessment]] = {}
        for row in found:
            # One object for all rows of an indicator: its parts and thresholds are read once.
            row.indicator = indicators[row.indicator_id]
            sorted_.setdefault(row.dossier_id, []).append(row)
        for members in sorted_.values():
            members.sort(key=lambda row: row.indicator.position)
        return sorted_

    def _value_line(self, item: Assessment, dossier: Dossier) -> Line:
        limits = thresholds_for(item.indicator, dossier.commune, self.round.year)
        words = [
            (f"{row.part.text}: " if row.part else "")
            + row.requirement
            + ("" if row.is_confirmed else " (chưa đối chiếu)")
            for row in limits
        ]
        is_shown = dossier.is_disclosed
        verdict = mark(dossier, item.conclusion)
        reason = item.conclusion_reason if is_shown else ""
        value = value_in_words(item) if dossier.submitted_at else ""
        return Line(("", f"Chỉ tiêu {item.indicator.code}", value, "; ".join(words), verdict, reason), "part")

    def of_agency(self, agency: Agency) -> OfficialTable:
        """The agency's indicators: how many units meet each, and by name those that do not."""
        own = Indicator.objects.filter(criteria_set=self.criteria_set, agency_assignments__agency=agency)
        indicators = list(own.select_related("criterion").order_by("criterion__number", "position"))
        judged = self._by_indicator({row.code: place for place, row in enumerate(indicators, start=1)})
        counted = figures.of_set(self.tab.code, judged)
        total = len(judged)
        lines: list[Line] = []
        last = None
        for place, row in enumerate(indicators, start=1):
            if row.criterion != last:
                last = row.criterion
                heading = f"Tiêu chí {last.number}. {last.name}"
                lines.append(Line(("", heading, "", "", "", ""), "unit"))
            met, failed = counted.met_by_criterion.get(place, 0), counted.failed_by_criterion.get(place, 0)
            names = [unit.unit_name for unit in judged if unit.failed(place)]
            lines.append(Line((row.code, row.text, met, failed, total - met - failed, "; ".join(names)), "part"))
        open_names = [dossier.unit.title for dossier in self.dossiers if not is_concluded(dossier)]
        return self._table(
            f"phong-ban-{agency.pk}",
            number="03",
            title=f"BIỂU TỔNG HỢP KẾT QUẢ CÁC CHỈ TIÊU DO {agency.name.upper()} PHỤ TRÁCH",
            unit=f"Đơn vị tính: {self.noun}",
            columns=(
                Column("Mã", 13),
                Column("Tiêu chí, chỉ tiêu", 112, "l"),
                Column(f"Số {self.noun} đạt", 18),
                Column(f"Số {self.noun} chưa đạt", 18),
                Column("Không đánh giá", 18),
                Column("Đơn vị chưa đạt", 88, "l"),
            ),
            lines=lines,
            totals=(),
            notes=(
                f"Tính trên {total} {self.noun} đã kết luận.",
                *([f"Chưa có kết luận, không tính: {'; '.join(open_names)}."] if open_names else []),
            ),
            has_marks=False,
        )

    def _by_indicator(self, places: dict[str, int]) -> list[UnitRow]:
        """The concluded units with verdicts of indicators where a row of figures has those of criteria.

        places: {code: number in the agency's list}; another version of the set is matched by code.
        """
        verdicts: dict[int, dict[int, str]] = {}
        rows = Assessment.objects.filter(
            dossier__in=[row.dossier_id for row in self.concluded.rows], indicator__code__in=places
        ).order_by()
        for pk, code, conclusion in rows.values_list("dossier", "indicator__code", "conclusion"):
            verdicts.setdefault(pk, {})[places[code]] = conclusion
        return [
            replace(row, criteria=len(places), verdicts=verdicts.get(row.dossier_id, {})) for row in self.concluded.rows
        ]

    # ---------------------------------------------------------------- what all have in common

    def _mean_notes(self) -> tuple[str, ...]:
        mean = self.concluded.mean
        if mean.value is None:
            return ("Chưa có hồ sơ nào được phê duyệt kết luận.",)
        return (
            f"Bình quân: {notation.number(mean.value, 2)} tiêu chí/{self.noun} = {mean.numerator} tiêu chí đạt "
            f"chia cho {mean.denominator} {self.noun} đã kết luận.",
        )

    def _table(
        self,
        key: str,
        *,
        number: str,
        title: str,
        unit: str,
        columns: tuple[Column, ...],
        lines: list[Line],
        totals: tuple[Line, ...],
        notes: tuple[str, ...],
        has_marks: bool = True,
    ) -> OfficialTable:
        round_, today = self.round, clock.today()
        left_out = [row for row in self._all if row.round_unit.left_out_reason]
        below = list(notes)
        if left_out:
            reasons = "; ".join(f"{row.unit.title} ({row.round_unit.left_out_reason.rstrip('.')})" for row in left_out)
            below.append(f"Không đưa vào kết luận: {reasons}.")
        if has_marks:
            below.append(f"Ký hiệu: {LEGEND}")
        waiting = len(self.rows) - len(self.concluded.rows)
        as_of = f"Số liệu tính đến ngày {notation.day(today)}"
        return OfficialTable(
            key=key,
            number=f"Biểu số {number}",
            parent=round_.authority.letterhead,
            issuer=round_.team_name.upper(),
            place=round_.authority.locality,
            day=today,
            title=title,
            subject=f"{round_.name}; bộ tiêu chí: {self.tab.name}",
            attached=self._attached(),
            as_of=as_of + (f"; còn {waiting} {self.noun} chưa có kết luận" if waiting else ""),
            unit=unit,
            columns=columns,
            lines=tuple(lines),
            totals=totals,
            notes=tuple(below),
            is_demo=round_.is_demo,
            is_final=self.is_final,
        )

    def _attached(self) -> str:
        """The notice in force that was issued on these conclusions; "" while one is missing or being replaced."""
        if not self.is_final or self.round.replacing:
            return ""
        issued = Notice.objects.filter(
            round=self.round, inspection__isnull=True, kind_code="thong-bao", status=Notice.Status.ISSUED
        )
        notice = issued.order_by("-issued_on", "-pk").first()
        if notice is None:
            return ""
        day = notation.decree_day(notice.issued_on)
        return f"(Kèm theo {notice.kind} số {notice.code} ngày {day} của {self.round.team_name})"


def tables_of(
    round_: InspectionRound, set_code: str, own_agencies: Collection[int] | None = None
) -> RoundTables | None:
    """Tables of one set of the round; None where it has no such set. own_agencies: as of `RoundTables`."""
    tabs = set_tabs(round_)
    found = next((tab for tab in tabs if tab.code == set_code), None)
    return RoundTables(round_, found, own_agencies) if found else None


def is_concluded(dossier: Dossier) -> bool:
    return dossier.status == Dossier.Status.CONCLUDED


def named(dossier: Dossier) -> str:
    """The unit, of a village its commune too; (*) where it has no conclusion."""
    name = dossier.unit.title + (f" ({dossier.commune.title})" if dossier.village else "")
    return name if is_concluded(dossier) else f"{name} (*)"


def mark(dossier: Dossier, verdict: str) -> str:
    """What stands in the cell; nothing while the team still decides."""
    return MARKS[verdict or Judgement.UNASSESSED] if dossier.is_disclosed else ""
