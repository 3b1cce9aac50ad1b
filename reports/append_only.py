"""Triggers that keep what was said of recommendations, and submitted monthly reports, as they were; on both databases.

The services refuse first, with words; these hold against everything that does not come through them.
"""

from collections.abc import Iterator

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from communes import triggers

MESSAGE = "record is kept as it is"
SUBMITTED = "EXISTS (SELECT 1 FROM reports_monthlyreport r WHERE r.id = {row}.report_id AND r.status = 'submitted')"


FOLLOW_UP, MONTHLY = "reports_followup", "reports_monthly"


def conditions(*parts: str) -> Iterator[tuple[str, str, str]]:
    """(table, verb, condition under which the change is refused). parts: how their tables' names begin."""
    for table, verb, refused in _all():
        if table.startswith(parts):
            yield table, verb, refused


def _all() -> Iterator[tuple[str, str, str]]:
    yield "reports_followup", "DELETE", "1 = 1"
    for table in ("reports_followupnote", "reports_followupproof"):
        for verb in ("UPDATE", "DELETE"):
            yield table, verb, "1 = 1"
    for verb in ("UPDATE", "DELETE"):
        yield "reports_monthlyreport", verb, "OLD.status = 'submitted'"
    old, new = SUBMITTED.format(row="OLD"), SUBMITTED.format(row="NEW")
    yield "reports_monthlyline", "INSERT", new
    yield "reports_monthlyline", "UPDATE", f"{old} OR {new}"
    yield "reports_monthlyline", "DELETE", old


def install_triggers(editor: BaseDatabaseSchemaEditor, *parts: str) -> None:
    """Refuse to change or delete what is kept. parts: of FOLLOW_UP and MONTHLY, both where none is named."""
    for table, verb, refused in conditions(*(parts or (FOLLOW_UP, MONTHLY))):
        triggers.refuse(editor, _name(table, verb), table, verb, where=refused, message=MESSAGE)


def remove_triggers(editor: BaseDatabaseSchemaEditor, *parts: str) -> None:
    """Undo `install_triggers`: for going back a migration and for emptying a test database."""
    for table, verb, _ in conditions(*(parts or (FOLLOW_UP, MONTHLY))):
        triggers.drop(editor, _name(table, verb), table)


def _name(table: str, verb: str) -> str:
    return f"{table}_{verb.lower()}_kept"
