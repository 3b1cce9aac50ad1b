"""Events that were written elsewhere keep the ids they had there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("communes", "0007_imports")]
    operations = [
        migrations.AddField(
            model_name="event",
            name="origin",
            field=models.JSONField(blank=True, editable=False, null=True, verbose_name="mã ở nơi lập"),
        ),
    ]
