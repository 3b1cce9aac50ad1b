"""Nothing changes under a concluded dossier: triggers on both databases."""

from django.db import migrations

from inspections.guards import GUARDED, install_triggers, remove_triggers


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_rounds_and_dossiers")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: install_triggers(editor, GUARDED),
            lambda apps, editor: remove_triggers(editor, GUARDED),
        ),
    ]
