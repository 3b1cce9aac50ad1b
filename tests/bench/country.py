"""A made-up country for measuring: provinces, districts, communes and five years of concluded rounds, by bulk SQL.

PostgreSQL only. Names, values and results come from hashes of codes, so that each filling makes the same rows: a
commune that is weak in an indicator stays so, gets better over the years, and now and then loses a criterion. Rows
go in with triggers and foreign keys off, for these look at each row alone; the journal is not written.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Model
from django.db.models.fields import NOT_PROVIDED

from communes.models import Authority, Commune, Membership, Recognition, User
from communes.permissions import Role
from criteria import services as criteria_sets
from criteria.models import CriteriaSet
from inspections.models import (
    Assessment,
    CriterionConclusion,
    Dossier,
    Evidence,
    EvidenceLink,
    Inspection,
    InspectionRound,
    RoundUnit,
    TeamMember,
)

from ..factories import LONG_AGO, PASSWORD

COUNTRY = 10_600
YEARS = (2021, 2022, 2023, 2024, 2025)
COMMUNES_A_DISTRICT, DISTRICTS_A_PROVINCE = 15, 11
FROZEN_AT_ONCE = 1_000

FIRST = ("Nậm", "Phúc", "Trung", "Tân", "Mường", "Thân", "Hố", "Pắc", "An", "Bình", "Yên", "Đông", "Thanh", "Vĩnh")
SECOND = ("Cần", "Khoa", "Đồng", "Thuộc", "Mít", "Ta", "Lạc", "Sơn", "Phú", "Hòa", "Thịnh", "Lộc", "Minh", "Giang")


@dataclass(frozen=True)
class Size:
    """How many of each unit; communes are dealt out to districts, districts to provinces."""

    communes: int

    @property
    def districts(self) -> int:
        return max(1, round(self.communes / COMMUNES_A_DISTRICT))

    @property
    def provinces(self) -> int:
        return max(1, round(self.districts / DISTRICTS_A_PROVINCE))


def fill(communes: int = COUNTRY) -> None:
    """Fill an empty, migrated database; says on the way how long each step took."""
    if connection.vendor != "postgresql":
        raise SystemExit("The scale is filled on PostgreSQL only: .ci/postgres COMMAND…")
    size = Size(communes)
    criteria_sets.load_supplied_sets()
    with told("units and people"), unguarded():
        _units(size)
        _people(size)
    with told("rounds and their units"), unguarded():
        _rounds()
    with told("assessments"), unguarded(), without_indexes(Assessment):
        _assessments()
    with told("conclusions"), unguarded(), without_indexes(CriterionConclusion):
        _conclusions()
    with told("evidence"), unguarded(), without_indexes(Evidence), without_indexes(EvidenceLink):
        _evidence()
    run("ANALYZE")
    with told("dossiers with their frozen facts"):
        _dossiers()
    with told("numbering and statistics"):
        for model in (Dossier, Inspection):
            _number_on(model)
        run("VACUUM ANALYZE")
    for model in (Commune, InspectionRound, Dossier, CriterionConclusion, Assessment, EvidenceLink):
        print(f"{model._meta.label:<36}{model.objects.count():>12,}", flush=True)


# ---------------------------------------------------------------- units and people


def _units(size: Size) -> None:
    levels = {"kind": "'province'", "valid_from": LONG_AGO_SQL, "letterhead": "upper({})", "locality": "{}"}
    name = "'Văn phòng Điều phối NTM Trung ương'"
    _authorities({**levels, "code": "'trung-uong'", "name": name}, name, "FROM generate_series(1, 1) AS n")
    name = "'UBND tỉnh ' || n"
    _authorities(
        {**levels, "code": "'tinh-' || n", "name": name, "parent_id": "top.id"},
        name,
        f"FROM generate_series(1, {size.provinces}) AS n JOIN communes_authority top ON top.code = 'trung-uong'",
    )
    name = "'UBND huyện ' || n"
    team = {"team_name": "'ĐOÀN KIỂM TRA'", "head_title": "'TRƯỞNG ĐOÀN'", "notice_symbol": "'TB-ĐKT'"}
    _authorities(
        {**levels, **team, "kind": "'district'", "code": "'huyen-' || n", "name": name, "parent_id": "up.id"},
        name,
        f"FROM generate_series(1, {size.districts}) AS n "
        f"JOIN communes_authority up ON up.code = 'tinh-' || 1 + mod(n - 1, {size.provinces})",
    )
    regions = tuple(Commune.Region.values)
    insert(
        Commune,
        {
            "code": "(40000 + n)::text",
            "name": f"{one_of(FIRST, 'n')} || ' ' || {one_of(SECOND, 'n / 14')} || ' ' || n",
            "region": one_of(regions, f"n / {max(1, size.communes // len(regions))}"),
            "authority_id": "up.id",
            "valid_from": LONG_AGO_SQL,
        },
        f"FROM generate_series(1, {size.communes}) AS n "
        f"JOIN communes_authority up ON up.code = 'huyen-' || 1 + mod(n - 1, {size.districts})",
    )
    insert(
        Recognition,
        {
            "commune_id": "c.id",
            "title": "'ntm'",
            "decision": "'Quyết định số ' || c.code || '/QĐ-UBND'",
            "valid_from": "DATE '2019-12-31'",
        },
        "FROM communes_commune c WHERE mod(c.code::int, 5) < 3",
    )


def _authorities(columns: Mapping[str, str], name: str, source: str) -> None:
    insert(Authority, {key: value.format(name) for key, value in columns.items()}, source)


def _people(size: Size) -> None:
    """A head and an inspector for each district; a viewer, a coordinator and an officer for looking at pages."""
    password = make_password(PASSWORD).replace("'", "")
    common = {"password": f"'{password}'", "date_joined": "now()"}
    for prefix, role in (
        ("truong-doan-", Role.TEAM_HEAD),
        ("kiem-tra-", Role.INSPECTOR),
        ("dieu-phoi-", Role.COORDINATOR),
    ):
        name = f"'{prefix}' || n"
        people = {**common, "username": name, "full_name": f"'{role.label} ' || n"}
        insert(User, people, f"FROM generate_series(1, {size.districts}) AS n")
        insert(
            Membership,
            {"user_id": "u.id", "role": f"'{role}'", "authority_id": "a.id", "valid_from": LONG_AGO_SQL},
            f"FROM generate_series(1, {size.districts}) AS n JOIN communes_user u ON u.username = {name} "
            "JOIN communes_authority a ON a.code = 'huyen-' || n",
        )
    for username, role, authority in (
        ("xem-trung-uong", Role.VIEWER, "trung-uong"),
        ("xem-tinh", Role.VIEWER, "tinh-1"),
    ):
        user = _person(username)
        where = Authority.objects.get(code=authority)
        Membership.objects.create(user=user, role=role, authority=where, valid_from=LONG_AGO)
    commune = Commune.objects.get(code="40001")
    Membership.objects.create(user=_person("xa-1"), role=Role.COMMUNE_OFFICER, commune=commune, valid_from=LONG_AGO)


def _person(username: str) -> User:
    return User.objects.create(username=username, full_name=f"Người dùng {username}", password=make_password(PASSWORD))


# ---------------------------------------------------------------- rounds


def _rounds() -> None:
    versions = {row.version: row.pk for row in CriteriaSet.objects.filter(code="xa-ntm")}
    years = ", ".join(map(str, YEARS))
    is_last = f"y = {YEARS[-1]}"
    who = "JOIN communes_user head ON head.username = 'truong-doan-' || substr(a.code, 7)"
    insert(
        InspectionRound,
        {
            "code": "'H' || substr(a.code, 7) || '-' || y",
            "name": "'Kiểm tra kết quả thực hiện Chương trình MTQG xây dựng nông thôn mới năm ' || y",
            "authority_id": "a.id",
            "year": "y",
            "period_from": "make_date(y, 10, 1)",
            "period_to": "make_date(y, 12, 15)",
            "due_on": "make_date(y, 10, 20)",
            "team_name": "'Đoàn kiểm tra ' || substr(a.code, 7)",
            "subject": "'kết quả thực hiện Chương trình MTQG xây dựng nông thôn mới'",
            # All are concluded; the last is still open, as it is while its notice is written.
            "status": f"CASE WHEN {is_last} THEN 'open' ELSE 'closed' END",
            "opened_by_id": "head.id",
            "opened_at": "make_date(y, 9, 15)",
            "closed_by_id": f"CASE WHEN {is_last} THEN NULL ELSE head.id END",
            "closed_at": f"CASE WHEN {is_last} THEN NULL ELSE make_date(y, 12, 20) END",
        },
        f"FROM communes_authority a {who} CROSS JOIN unnest(ARRAY[{years}]) AS y "
        "WHERE a.kind = 'district' AND a.code LIKE 'huyen-%'",
    )
    for prefix, position in (("truong-doan-", "head"), ("kiem-tra-", "member")):
        insert(
            TeamMember,
            {"round_id": "r.id", "user_id": "u.id", "position": f"'{position}'"},
            "FROM inspections_inspectionround r JOIN communes_authority a ON a.id = r.authority_id "
            f"JOIN communes_user u ON u.username = '{prefix}' || substr(a.code, 7)",
        )
    number = "row_number() OVER (PARTITION BY r.id ORDER BY c.code)"
    mode = "CASE WHEN mod(c.code::int + r.year, 3) = 0 THEN 'by_report' ELSE 'on_site' END"
    source = "FROM inspections_inspectionround r JOIN communes_commune c ON c.authority_id = r.authority_id"
    insert(
        RoundUnit,
        {
            "round_id": "r.id",
            "commune_id": "c.id",
            "criteria_set_id": f"CASE WHEN r.year < 2024 THEN {versions[1]} ELSE {versions[2]} END",
            "set_code": "'xa-ntm'",
            "mode": mode,
            "position": number,
            "is_active": "r.status = 'open'",
            "visit_on": "make_date(r.year, 11, 5)",
        },
        f"{source} ORDER BY r.id, c.code",
    )
    insert(
        Inspection,
        {
            "id": "u.id",
            "round_id": "u.round_id",
            "commune_id": "u.commune_id",
            "mode": "u.mode",
            "visited_on": "u.visit_on",
            "position": "u.position",
        },
        "FROM inspections_roundunit u",
    )


# ---------------------------------------------------------------- results

# A number from 0 to 9,999 that belongs to a text, the same at each run.
HASHED = "mod(hashtext({})::bigint & 2147483647, 10000)"
# How many of ten thousand indicators a commune fails in its first year: from 0 to 10 %, less each year.
WEAKNESS = f"(1000 * power({HASHED.format('c.code')} / 10000.0, 1.7) * (1 - 0.17 * (r.year - {YEARS[0]})))"
ALWAYS, THIS_YEAR = HASHED.format("c.code || i.code"), HASHED.format("c.code || i.code || r.year")
FAILS = f"({ALWAYS} < {WEAKNESS} OR {THIS_YEAR} < {WEAKNESS} / 6)"


def _assessments() -> None:
    """One row for each indicator of each unit of each round; a value stands on the side of its verdict.

    A dossier gets the id of its unit in the round, so that what belongs to it can be written before it.
    """
    run(
        f"""
        CREATE TEMPORARY TABLE judged AS
        SELECT u.id AS dossier, i.id AS indicator, i.criterion_id AS criterion, i.kind, i.operator, r.year,
               head.id AS head, {FAILS} AS fails, t.bound,
               {HASHED.format("i.code || c.code || r.year")} / 10000.0 AS part
        FROM inspections_roundunit u
        JOIN inspections_inspectionround r ON r.id = u.round_id
        JOIN communes_commune c ON c.id = u.commune_id
        JOIN inspections_teammember m ON m.round_id = r.id AND m.position = 'member'
        JOIN communes_user head ON head.id = m.user_id
        JOIN criteria_indicator i ON i.criteria_set_id = u.criteria_set_id
        LEFT JOIN LATERAL (
            SELECT min(value) AS bound FROM criteria_threshold t WHERE t.indicator_id = i.id AND t.part_id IS NULL
        ) t ON true
        ORDER BY u.id, i.criterion_id, i.position
        """
    )
    bound = "coalesce(bound, CASE WHEN kind = 'rate' THEN 80 ELSE 45 END)"
    value = f"""CASE
        WHEN operator = '>=' AND NOT fails THEN {bound} + part * CASE WHEN kind = 'rate' THEN 100 - {bound} ELSE 9 END
        WHEN operator = '>=' THEN {bound} * (0.98 - 0.25 * part)
        WHEN operator = '<=' AND NOT fails THEN {bound} * (1 - 0.5 * part)
        WHEN operator = '<=' THEN least(100, {bound} * (1.02 + 0.4 * part) + 0.1)
        WHEN fails THEN {bound} * 0.9 ELSE {bound} END"""
    counted = "200 + floor(part * 1800)"
    verdict = "CASE WHEN fails THEN 'chua_dat' ELSE 'dat' END"
    when = "make_date(year, {}, {})"
    insert(
        Assessment,
        {
            "dossier_id": "dossier",
            "indicator_id": "indicator",
            "criterion_id": "criterion",
            "numerator": f"CASE WHEN kind = 'rate' THEN round({value} * ({counted}) / 100, 4) END",
            "denominator": f"CASE WHEN kind = 'rate' THEN {counted} END",
            "value": f"CASE WHEN kind = 'number' THEN round({value}, 1) END",
            # Communes think a little better of themselves than the team does.
            "self_judgement": "CASE WHEN fails AND part > 0.4 THEN 'chua_dat' ELSE 'dat' END",
            "self_by_id": "head",
            "self_at": when.format(10, 10),
            "conclusion": verdict,
            "conclusion_reason": "CASE WHEN fails THEN 'Chưa đủ theo yêu cầu của chỉ tiêu.' ELSE '' END",
            "concluded_by_id": "head",
            "concluded_at": when.format(11, 20),
        },
        "FROM judged",
    )


def _conclusions() -> None:
    insert(
        CriterionConclusion,
        {
            "dossier_id": "dossier",
            "criterion_id": "criterion",
            "verdict": "CASE WHEN bool_or(fails) THEN 'chua_dat' ELSE 'dat' END",
            "reason": "CASE WHEN bool_or(fails) THEN 'Có chỉ tiêu chưa đạt theo số liệu báo cáo.' ELSE '' END",
            "concluded_by_id": "min(head)",
            "concluded_at": "make_date(min(year), 11, 20)",
        },
        "FROM judged GROUP BY dossier, criterion",
    )


def _evidence() -> None:
    """Twelve documents a commune, which prove the first indicator of each criterion again each year."""
    digest = "encode(sha256((c.code || '-' || n)::bytea), 'hex')"
    insert(
        Evidence,
        {
            "commune_id": "c.id",
            "file": f"'evidence/' || {digest}",
            "original_name": "'bao-cao-' || n || '.pdf'",
            "content_type": "'application/pdf'",
            "size": "250000",
            "sha256": digest,
            "number": "n || '/BC-UBND'",
            "issued_on": "DATE '2021-09-30'",
            "issuer": "'UBND xã ' || c.name",
            "title": "'Báo cáo kết quả thực hiện số ' || n",
            "valid_until": "CASE WHEN n = 12 THEN DATE '2026-12-31' END",
            "uploaded_by_id": "(SELECT min(id) FROM communes_user)",
            "uploaded_at": "TIMESTAMPTZ '2021-10-01 08:00+07'",
            "is_kept": "true",
        },
        "FROM communes_commune c CROSS JOIN generate_series(1, 12) AS n",
    )
    insert(
        EvidenceLink,
        {"assessment_id": "a.id", "evidence_id": "e.id", "linked_by_id": "a.self_by_id", "linked_at": "a.self_at"},
        "FROM inspections_assessment a JOIN criteria_indicator i ON i.id = a.indicator_id "
        "JOIN criteria_criterion k ON k.id = a.criterion_id AND i.code = k.number || '.1' "
        "JOIN inspections_roundunit u ON u.id = a.dossier_id "
        "JOIN inspections_evidence e ON e.commune_id = u.commune_id AND e.number = 1 + mod(k.number, 12) || '/BC-UBND'",
    )


def _dossiers() -> None:
    """Concluded, with the facts as an approval freezes them."""
    first, last = rows("SELECT min(id), max(id) FROM inspections_roundunit")[0]
    facts = """jsonb_build_object(
        'unit', 'Xã ' || c.name, 'unit_code', c.code, 'round', r.code,
        'criteria_set', jsonb_build_object('code', s.code, 'version', s.version),
        'counts_basically_met', s.counts_basically_met, 'criteria', told.criteria, 'indicators', judged.indicators)"""
    source = """
        FROM inspections_roundunit u
        JOIN inspections_inspectionround r ON r.id = u.round_id
        JOIN communes_commune c ON c.id = u.commune_id
        JOIN criteria_criteriaset s ON s.id = u.criteria_set_id
        JOIN inspections_teammember head ON head.round_id = r.id AND head.position = 'head'
        JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_object('number', k.number, 'name', k.name, 'verdict', cc.verdict,
                   'reason', cc.reason, 'reply', '', 'replies', '[]'::jsonb, 'at', cc.concluded_at) ORDER BY k.number)
                   AS criteria,
                   string_agg(CASE cc.verdict WHEN 'dat' THEN 'd' ELSE 'k' END, '' ORDER BY k.number) AS line
            FROM inspections_criterionconclusion cc JOIN criteria_criterion k ON k.id = cc.criterion_id
            WHERE cc.dossier_id = u.id
        ) told ON true
        JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_object('code', i.code, 'numerator', a.numerator::text,
                   'denominator', a.denominator::text, 'value', a.value::text, 'parts', a.parts,
                   'self', a.self_judgement, 'opinion', a.opinion, 'conclusion', a.conclusion,
                   'reason', a.conclusion_reason, 'evidence', '[]'::jsonb)) AS indicators
            FROM inspections_assessment a JOIN criteria_indicator i ON i.id = a.indicator_id
            WHERE a.dossier_id = u.id
        ) judged ON true
    """
    columns = {
        "id": "u.id",
        "round_id": "u.round_id",
        "inspection_id": "u.id",
        "round_unit_id": "u.id",
        "criteria_set_id": "u.criteria_set_id",
        "status": "'concluded'",
        "first_submitted_at": "make_date(r.year, 10, 18)",
        "submitted_by_id": "head.user_id",
        "submitted_at": "make_date(r.year, 10, 18)",
        "is_late": "mod(u.id, 11) = 0",
        "provisional_by_id": "head.user_id",
        "provisional_at": "make_date(r.year, 11, 25)",
        "concluded_by_id": "head.user_id",
        "concluded_at": "make_date(r.year, 12, 5)",
        "frozen": facts,
        "frozen_hash": "encode(sha256((r.code || c.code)::bytea), 'hex')",
        "frozen_verdicts": "told.line",
    }
    for begin in range(first, last + 1, FROZEN_AT_ONCE):
        with unguarded():
            insert(Dossier, columns, f"{source} WHERE u.id BETWEEN {begin} AND {begin + FROZEN_AT_ONCE - 1}")


# ---------------------------------------------------------------- writing many rows at once

LONG_AGO_SQL = f"DATE '{LONG_AGO}'"


def insert(model: type[Model], columns: Mapping[str, str], source: str) -> None:
    """INSERT … SELECT: `columns` are expressions over `source`; every other column gets its default.

    A column that a later version of a model brings is thereby filled too, as long as it has a default.
    """
    given, defaults = dict(columns), []
    for field in model._meta.concrete_fields:
        if field.column in given or field.primary_key:
            continue
        if field.default is not NOT_PROVIDED:
            given[field.column] = "%s"
            defaults.append(field.get_db_prep_save(field.get_default(), connection))
        elif not field.null and field.empty_strings_allowed:
            given[field.column] = "''"
    names = ", ".join(f'"{name}"' for name in given)
    # Only the defaults are parameters; a per cent sign of our own stands for itself.
    chosen = ", ".join(text if text == "%s" else text.replace("%", "%%") for text in given.values())
    statement = f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {chosen} {source.replace("%", "%%")}'
    with connection.cursor() as cursor:
        cursor.execute(statement, defaults)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall()


def one_of(texts: tuple[str, ...], number: str) -> str:
    """SQL that takes one of a few texts by a number."""
    listed = ", ".join(f"'{text}'" for text in texts)
    return f"(ARRAY[{listed}])[1 + mod(({number})::int, {len(texts)})]"


@contextmanager
def told(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"{what:<36}{time.perf_counter() - began:>10.1f} s", flush=True)


@contextmanager
def unguarded() -> Iterator[None]:
    """Triggers and foreign keys look at each row alone: three million looks that all find the same."""
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        run("SET LOCAL work_mem = '256MB'")
        run("SET LOCAL maintenance_work_mem = '512MB'")
        yield


@contextmanager
def without_indexes(model: type[Model]) -> Iterator[None]:
    """Indexes that hold no constraint are made anew at the end, which is quicker than growing them."""
    found = rows(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        model._meta.db_table,
    )
    for name, _ in found:
        run(f'DROP INDEX "{name}"')
    yield
    for _, definition in found:
        run(definition)


def _number_on(model: type[Model]) -> None:
    """Rows that brought their own ids: the next one gets a higher one."""
    table = model._meta.db_table
    run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
