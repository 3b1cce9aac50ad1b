"""Triggers that refuse a change of a row, in the words of either database."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def refuse(editor: BaseDatabaseSchemaEditor, name: str, table: str, verb: str, *, where: str, message: str) -> None:
    """Refuse an INSERT, UPDATE or DELETE of rows of a table.

    where: SQL over OLD and NEW, true for what is refused. message: ASCII, it is looked for in logs. All of them are
    our own words, never a person's.
    """
    if editor.connection.vendor == "postgresql":
        result = "OLD" if verb == "DELETE" else "NEW"
        editor.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {where} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; "
            f"END IF; RETURN {result}; END $$",
            params=None,
        )
        editor.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()", params=None
        )
    else:
        editor.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN {where} BEGIN SELECT RAISE(ABORT, '{message}'); END",
            params=None,
        )


def drop(editor: BaseDatabaseSchemaEditor, name: str, table: str) -> None:
    """Undo `refuse`; a trigger that is not there is no error."""
    on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
