"""Files that come in pieces; when and where a photo was taken."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import communes.fields

PLACE_ON_EARTH = models.Q(latitude__isnull=True, longitude__isnull=True) | models.Q(
    latitude__isnull=False, longitude__isnull=False
) & models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180))


class Migration(migrations.Migration):
    dependencies = [
        ("communes", "0005_user_words"),
        ("inspections", "0005_offline"),
    ]
    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="mã")),
                ("name", communes.fields.LineField(max_length=200, verbose_name="tên tệp")),
                ("length", models.PositiveBigIntegerField(verbose_name="dung lượng")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("metadata", models.TextField(blank=True, verbose_name="thông tin kèm theo")),
                ("created_at", models.DateTimeField(verbose_name="bắt đầu lúc")),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="giữ đến")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="người gửi",
                    ),
                ),
                (
                    "commune",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="communes.commune",
                        verbose_name="xã",
                    ),
                ),
                (
                    "evidence",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inspections.evidence",
                        verbose_name="minh chứng",
                    ),
                ),
            ],
            options={
                "verbose_name": "tệp đang gửi",
                "verbose_name_plural": "tệp đang gửi",
                "ordering": ["created_at", "pk"],
                "constraints": [models.CheckConstraint(condition=models.Q(length__gt=0), name="upload_has_length")],
            },
        ),
        migrations.AddField(
            model_name="evidence",
            name="taken_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="chụp lúc"),
        ),
        migrations.AddField(
            model_name="evidence",
            name="latitude",
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=8, null=True, verbose_name="vĩ độ"),
        ),
        migrations.AddField(
            model_name="evidence",
            name="longitude",
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="kinh độ"),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.CheckConstraint(condition=PLACE_ON_EARTH, name="evidence_place_on_earth"),
        ),
    ]
