"""A key for each account's machines, and what has arrived from them: what is sent twice is saved once."""

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("inspections", "0004_replacing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DeviceKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=44, verbose_name='khóa')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='tài khoản')),
            ],
            options={
                'verbose_name': 'khóa của mục chưa gửi',
                'verbose_name_plural': 'khóa của mục chưa gửi',
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry', models.UUIDField(verbose_name='mã mục')),
                ('at', models.DateTimeField(db_index=True, verbose_name='nhận lúc')),
                ('answer', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='trả lời')),
                ('assessment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inspections.assessment', verbose_name='chỉ tiêu trong hồ sơ')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người gửi')),
            ],
            options={
                'verbose_name': 'mục đã nhận',
                'verbose_name_plural': 'mục đã nhận',
                'constraints': [models.UniqueConstraint(fields=('by', 'entry'), name='delivery_once_per_account_and_entry')],
            },
        ),
    ]
