"""Triggers that keep an issued notice as it was issued, on both databases.

The services refuse first, with words; these hold against everything that does not come through them. After
issue two things may still change: the notice's status when another replaces it, and how far a recommendation
has been followed.
"""

from collections.abc import Iterator

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from communes import triggers

MESSAGE = "notice is issued"
ISSUED = "status IN ('issued', 'superseded')"
FROZEN_COLUMNS = (
    *("public_id", "round_id", "authority_id", "kind", "parent_name", "issuer_name", "symbol", "place", "subject"),
    *("signer_authority", "signer_post", "signer_name", "number", "number_is_manual", "year", "issued_on"),
    *("approved_by_id", "approved_at", "approved_sha256", "issued_by_id", "issued_at", "supersedes_id"),
    *("kind_code", "inspection_id", "cosigner_authority", "cosigner_post", "cosigner_name"),
    *("prints_code", "replace_reason"),
)
# Tables whose rows belong to a notice and stay with it as they are.
PARTS = ("reports_noticesection", "reports_recipient", "reports_acceptedfinding")
RECOMMENDATION_COLUMNS = ("notice_id", "position", "addressee", "agency_id", "text")


def changed(columns: tuple[str, ...], is_postgresql: bool) -> str:
    different = "IS DISTINCT FROM" if is_postgresql else "IS NOT"
    return "(" + " OR ".join(f"OLD.{column} {different} NEW.{column}" for column in columns) + ")"


def issued(row: str) -> str:
    return f"EXISTS (SELECT 1 FROM reports_notice n WHERE n.id = {row}.notice_id AND n.{ISSUED})"  # noqa: S608 - our own names


def conditions(
    is_postgresql: bool, frozen: tuple[str, ...] = FROZEN_COLUMNS, parts: tuple[str, ...] = PARTS
) -> Iterator[tuple[str, str, str]]:
    """(table, verb, condition under which the change is refused); frozen: columns of a notice that stay."""
    notice_changed = changed(frozen, is_postgresql)
    way_back = "NEW.status IN ('draft', 'approved') OR (OLD.status = 'superseded' AND NEW.status <> 'superseded')"
    yield "reports_notice", "UPDATE", f"OLD.{ISSUED} AND ({notice_changed} OR {way_back})"
    yield "reports_notice", "DELETE", f"OLD.{ISSUED}"
    for table in parts:
        yield table, "INSERT", issued("NEW")
        yield table, "UPDATE", f"{issued('OLD')} OR {issued('NEW')}"
        yield table, "DELETE", issued("OLD")
    yield "reports_recommendation", "INSERT", issued("NEW")
    moved = changed(RECOMMENDATION_COLUMNS, is_postgresql)
    yield "reports_recommendation", "UPDATE", f"({issued('OLD')} OR {issued('NEW')}) AND {moved}"
    yield "reports_recommendation", "DELETE", issued("OLD")
    for verb in ("UPDATE", "DELETE"):
        yield "reports_issueddocument", verb, "1 = 1"


def install_triggers(
    editor: BaseDatabaseSchemaEditor, frozen: tuple[str, ...] = FROZEN_COLUMNS, parts: tuple[str, ...] = PARTS
) -> None:
    """Refuse to change, add to or delete what an issued notice consists of.

    frozen, parts: given by a migration that comes before the column or the table last added.
    """
    for table, verb, refused in conditions(editor.connection.vendor == "postgresql", frozen, parts):
        triggers.refuse(editor, _name(table, verb), table, verb, where=refused, message=MESSAGE)


def remove_triggers(editor: BaseDatabaseSchemaEditor) -> None:
    """Undo `install_triggers`: for going back a migration and for emptying a test database."""
    for table, verb, _ in conditions(editor.connection.vendor == "postgresql"):
        triggers.drop(editor, _name(table, verb), table)


def _name(table: str, verb: str) -> str:
    return f"{table}_{verb.lower()}_guard"
