"""Triggers that keep what stands under a concluded dossier as it was frozen, on both databases.

The services refuse first, with words; these hold against everything that does not come through them.
"""

from collections.abc import Mapping

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from communes import triggers

# Table → how its row leads to its dossier.
GUARDED = {
    "inspections_assessment": "{row}.dossier_id",
    "inspections_criterionconclusion": "{row}.dossier_id",
    "inspections_evidencelink": "(SELECT dossier_id FROM inspections_assessment WHERE id = {row}.assessment_id)",
}
# Tables that came later: a migration before theirs cannot put triggers on them.
REPLIES = {
    "inspections_reply": "(SELECT dossier_id FROM inspections_criterionconclusion WHERE id = {row}.conclusion_id)",
    "inspections_reply_evidence": "(SELECT c.dossier_id FROM inspections_criterionconclusion c "
    "JOIN inspections_reply r ON r.conclusion_id = c.id WHERE r.id = {row}.reply_id)",
}
ALL = GUARDED | REPLIES
ROWS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
MESSAGE = "dossier is concluded"


def install_triggers(editor: BaseDatabaseSchemaEditor, guarded: Mapping[str, str] = ALL) -> None:
    """Refuse to add, change or delete a row of a concluded dossier."""
    for table, path in guarded.items():
        for verb, rows in ROWS.items():
            concluded = " OR ".join(
                "EXISTS (SELECT 1 FROM inspections_dossier d "  # noqa: S608 - our own names
                f"WHERE d.status = 'concluded' AND d.id = {path.format(row=row)})"
                for row in rows
            )
            triggers.refuse(editor, _name(table, verb), table, verb, where=concluded, message=MESSAGE)


def remove_triggers(editor: BaseDatabaseSchemaEditor, guarded: Mapping[str, str] = ALL) -> None:
    """Undo `install_triggers`: for going back a migration and for emptying a test database."""
    for table in guarded:
        for verb in ROWS:
            triggers.drop(editor, _name(table, verb), table)


def _name(table: str, verb: str) -> str:
    return f"{table}_{verb.lower()}_guard"
