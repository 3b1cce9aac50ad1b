"""The Vietnamese collation and search without diacritics; SQLite learns both at each connection."""

from django.contrib.postgres.operations import CreateCollation, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        UnaccentExtension(),
        CreateCollation("vietnamese", provider="icu", locale="vi"),
    ]
