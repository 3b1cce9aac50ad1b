from django.core.management import call_command
from django.db import migrations


def make_table(apps, schema_editor):
    """The table in which calls of the API are counted; made by Django's own command, which leaves an old one alone."""
    call_command("createcachetable", "ntm_throttle", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("reports", "0011_monthly")]
    operations = [migrations.RunPython(make_table, migrations.RunPython.noop)]
