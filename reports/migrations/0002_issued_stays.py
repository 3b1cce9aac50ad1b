"""An issued notice stays as it was issued: triggers on both databases."""

from django.db import migrations

from reports.guards import install_triggers, remove_triggers

# The columns of a notice at this point; later migrations install the triggers anew with theirs.
FROZEN = (
    *("public_id", "round_id", "authority_id", "kind", "parent_name", "issuer_name", "symbol", "place", "subject"),
    *("signer_authority", "signer_post", "signer_name", "number", "number_is_manual", "year", "issued_on"),
    *("approved_by_id", "approved_at", "approved_sha256", "issued_by_id", "issued_at", "supersedes_id"),
)
# The tables of its parts at this point.
PARTS = ("reports_noticesection", "reports_recipient")


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_notices")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: install_triggers(editor, FROZEN, PARTS),
            lambda apps, editor: remove_triggers(editor),
        ),
    ]
