"""Rounds that came as a bundle from another office say so."""

from django.db import migrations

import communes.fields


class Migration(migrations.Migration):
    dependencies = [("inspections", "0015_imported_results")]
    operations = [
        migrations.AddField(
            model_name="inspectionround",
            name="brought_from",
            field=communes.fields.LineField(
                blank=True, editable=False, max_length=200, verbose_name="nhập từ cơ quan khác"
            ),
        ),
    ]
