"""Who put a newer version in the place of a piece of evidence, and when."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("inspections", "0006_uploads"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField(
            model_name="evidence",
            name="replaced_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="thay lúc"),
        ),
        migrations.AddField(
            model_name="evidence",
            name="replacer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="người thay",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(("replaced_by__isnull", True), ("replacer__isnull", True), ("replaced_at__isnull", True)),
                    Q(("replaced_by__isnull", False), ("replacer__isnull", False), ("replaced_at__isnull", False)),
                    _connector="OR",
                ),
                name="evidence_replaced_by_whom_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.CheckConstraint(
                condition=Q(replaced_by__isnull=True) | ~Q(replaced_by=F("pk")), name="evidence_not_replaced_by_itself"
            ),
        ),
    ]
