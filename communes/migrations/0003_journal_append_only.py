"""The journal can only grow: triggers refuse UPDATE and DELETE on both databases."""

from django.db import migrations

from communes.journal import install_triggers, remove_triggers


class Migration(migrations.Migration):
    dependencies = [("communes", "0002_people_and_units")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: install_triggers(editor),
            lambda apps, editor: remove_triggers(editor),
        ),
    ]
