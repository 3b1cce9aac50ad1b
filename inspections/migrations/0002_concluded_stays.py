"""Nothing changes under a concluded dossier: triggers on both databases."""

from django.db import migrations

from inspections.guards import install_triggers, remove_triggers


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_rounds_and_dossiers")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: install_triggers(editor),
            lambda apps, editor: remove_triggers(editor),
        ),
    ]
