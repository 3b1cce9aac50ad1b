"""A set has at most 200 criteria: told where a number is typed or brought in; the table stays as it is."""

from django.core.validators import MaxValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("criteria", "0001_criteria_sets")]
    operations = [
        migrations.AlterField(
            model_name="criterion",
            name="number",
            field=models.PositiveSmallIntegerField(
                validators=[MaxValueValidator(200, "Số tiêu chí lớn nhất được là 200.")], verbose_name="số"
            ),
        ),
    ]
