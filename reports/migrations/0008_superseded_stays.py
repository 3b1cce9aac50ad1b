"""A notice that was replaced is never in force again: its trigger refuses every way back."""

from django.db import migrations

from reports.guards import install_triggers, remove_triggers

# The columns of a notice and the tables of its parts at this point.
FROZEN = (
    *("public_id", "round_id", "authority_id", "kind", "parent_name", "issuer_name", "symbol", "place", "subject"),
    *("signer_authority", "signer_post", "signer_name", "number", "number_is_manual", "year", "issued_on"),
    *("approved_by_id", "approved_at", "approved_sha256", "issued_by_id", "issued_at", "supersedes_id"),
    *("kind_code", "inspection_id", "cosigner_authority", "cosigner_post", "cosigner_name"),
    *("prints_code", "replace_reason"),
)
PARTS = ("reports_noticesection", "reports_recipient", "reports_acceptedfinding")


def anew(apps, editor):
    remove_triggers(editor)
    install_triggers(editor, FROZEN, PARTS)


class Migration(migrations.Migration):
    dependencies = [("reports", "0007_text_library")]
    # Back: what the triggers refuse is what the code says; there is nothing older to put in their place.
    operations = [migrations.RunPython(anew, migrations.RunPython.noop)]
