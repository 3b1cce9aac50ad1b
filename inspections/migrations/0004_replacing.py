"""A round remembers which of its notices is being replaced."""

from django.db import migrations

import communes.fields


class Migration(migrations.Migration):
    dependencies = [("inspections", "0003_entry_version")]
    operations = [
        migrations.AddField(
            model_name="inspectionround",
            name="replacing",
            field=communes.fields.LineField(blank=True, max_length=100, verbose_name="thông báo đang được thay thế"),
        ),
    ]
