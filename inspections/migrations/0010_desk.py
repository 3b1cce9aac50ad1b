"""Phrases for reasons, and when each person last looked at a criterion of a dossier."""

import communes.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('communes', '0005_user_words'),
        ("inspections", "0008_workbook"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('looked_at', models.DateTimeField(verbose_name='xem lúc')),
                ('conclusion', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='inspections.criterionconclusion', verbose_name='tiêu chí của hồ sơ')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người xem')),
            ],
            options={
                'verbose_name': 'lần xem gần nhất',
                'verbose_name_plural': 'lần xem gần nhất',
                'constraints': [models.UniqueConstraint(fields=('user', 'conclusion'), name='look_once_per_person')],
            },
        ),
        migrations.CreateModel(
            name='Phrase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', communes.fields.ProseField(verbose_name='câu mẫu')),
                ('made_at', models.DateTimeField(verbose_name='viết lúc')),
                ('authority', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='phrases', to='communes.authority', verbose_name='cơ quan')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người viết')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='của riêng')),
            ],
            options={
                'verbose_name': 'câu mẫu',
                'verbose_name_plural': 'câu mẫu',
                'ordering': ['made_at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='phrase_has_text')],
            },
        ),
    ]
