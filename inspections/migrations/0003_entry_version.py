"""What the commune enters is counted apart from what agencies and the team write: neither is the other's conflict.

SQLite builds a table anew to add a column and loses its triggers, so they are taken off before and put back after.
"""

from django.db import migrations, models

from inspections.guards import GUARDED, install_triggers, remove_triggers


def take_off(apps, editor):
    remove_triggers(editor, GUARDED)


def put_on(apps, editor):
    install_triggers(editor, GUARDED)


class Migration(migrations.Migration):
    dependencies = [("inspections", "0002_concluded_stays")]
    operations = [
        migrations.RunPython(take_off, put_on),
        migrations.AddField(
            model_name="assessment",
            name="entry_version",
            field=models.PositiveIntegerField(default=1, verbose_name="phiên bản phần xã nhập"),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="version",
            field=models.PositiveIntegerField(default=1, verbose_name="phiên bản phần thẩm tra"),
        ),
        migrations.RunPython(put_on, take_off),
    ]
