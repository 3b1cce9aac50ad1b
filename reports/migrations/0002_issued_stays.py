"""An issued notice stays as it was issued: triggers on both databases."""

from django.db import migrations

from reports.guards import install_triggers, remove_triggers


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_notices")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: install_triggers(editor),
            lambda apps, editor: remove_triggers(editor),
        ),
    ]
