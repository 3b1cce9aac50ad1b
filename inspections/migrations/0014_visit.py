"""The record of a visit: who, where, what was found and agreed, the signed minutes, sheets with codes, photos."""

import communes.fields
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('communes', '0005_user_words'),
        ('criteria', '0001_criteria_sets'),
        ("inspections", "0013_file_checks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AgreedDeadline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', communes.fields.ProseField(verbose_name='việc phải làm')),
                ('who', communes.fields.LineField(max_length=200, verbose_name='người, cơ quan làm')),
                ('due_on', models.DateField(verbose_name='hạn hoàn thành')),
                ('agreed_at', models.DateTimeField(verbose_name='ghi lúc')),
                ('version', models.PositiveIntegerField(default=1, verbose_name='phiên bản')),
            ],
            options={
                'verbose_name': 'thời hạn đã thống nhất',
                'verbose_name_plural': 'thời hạn đã thống nhất',
                'ordering': ['due_on', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SignedMinutes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(max_length=200, upload_to='', verbose_name='tệp')),
                ('original_name', communes.fields.LineField(max_length=200, verbose_name='tên tệp gốc')),
                ('content_type', models.CharField(max_length=100, verbose_name='loại tệp')),
                ('size', models.PositiveBigIntegerField(verbose_name='dung lượng')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('page_count', models.PositiveIntegerField(default=1, verbose_name='số trang')),
                ('scan', models.CharField(choices=[('pending_scan', 'Đang chờ quét vi-rút'), ('clean', 'Đã quét, an toàn'), ('infected', 'Có vi-rút'), ('not_scanned', 'Chưa quét vi-rút')], default='not_scanned', max_length=14, verbose_name='quét vi-rút')),
                ('attached_at', models.DateTimeField(verbose_name='đính kèm lúc')),
                ('replaced_at', models.DateTimeField(blank=True, null=True, verbose_name='thay thế lúc')),
            ],
            options={
                'verbose_name': 'biên bản đã ký',
                'verbose_name_plural': 'biên bản đã ký',
                'ordering': ['-attached_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='VisitChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(max_length=40)),
                ('started_at', models.DateTimeField()),
                ('old', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
                ('new', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
            ],
            options={
                'verbose_name': 'thay đổi chưa ghi nhật ký của cuộc kiểm tra',
                'verbose_name_plural': 'thay đổi chưa ghi nhật ký của cuộc kiểm tra',
            },
        ),
        migrations.CreateModel(
            name='VisitFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', communes.fields.ProseField(blank=True, verbose_name='ghi nhận tại chỗ')),
                ('noted_at', models.DateTimeField(blank=True, null=True, verbose_name='ghi lúc')),
                ('version', models.PositiveIntegerField(default=1, verbose_name='phiên bản')),
            ],
            options={
                'verbose_name': 'ghi nhận tại chỗ',
                'verbose_name_plural': 'ghi nhận tại chỗ',
                'ordering': ['dossier', 'criterion__number'],
            },
        ),
        migrations.CreateModel(
            name='VisitSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('printed_at', models.DateTimeField(verbose_name='in lúc')),
                ('expires_at', models.DateTimeField(verbose_name='hết hạn lúc')),
                ('secret_sha256', models.CharField(max_length=64, verbose_name='SHA-256 của khóa')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='thu hồi lúc')),
            ],
            options={
                'verbose_name': 'phiếu mã QR',
                'verbose_name_plural': 'phiếu mã QR',
                'ordering': ['-printed_at', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='evidence',
            name='visit',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inspections.inspection', verbose_name='Đoàn chụp tại cuộc kiểm tra'),
        ),
        migrations.AddField(
            model_name='evidencelink',
            name='visit',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inspections.inspection', verbose_name='Đoàn gắn tại cuộc kiểm tra'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='attended_by',
            field=models.ManyToManyField(blank=True, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='thành viên Đoàn có mặt'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='begins_at',
            field=models.TimeField(blank=True, null=True, verbose_name='bắt đầu lúc'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='ends_at',
            field=models.TimeField(blank=True, null=True, verbose_name='kết thúc lúc'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='findings',
            field=communes.fields.ProseField(blank=True, verbose_name='ghi nhận chung'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='guests',
            field=communes.fields.ProseField(blank=True, verbose_name='người khác cùng tham gia'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='hosts',
            field=communes.fields.ProseField(blank=True, verbose_name='đại diện xã'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='hosts_opinion',
            field=communes.fields.ProseField(blank=True, verbose_name='ý kiến của đại diện xã'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='place',
            field=communes.fields.LineField(blank=True, max_length=300, verbose_name='địa điểm'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='recorded_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='ghi lúc'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='recorded_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người ghi sau cùng'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='version',
            field=models.PositiveIntegerField(default=1, verbose_name='phiên bản'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='visit_ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='kết thúc buổi kiểm tra lúc'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='visit_ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người kết thúc buổi kiểm tra'),
        ),
        migrations.AddField(
            model_name='inspection',
            name='visited_to',
            field=models.DateField(blank=True, null=True, verbose_name='đến ngày'),
        ),
        migrations.AddConstraint(
            model_name='inspection',
            constraint=models.CheckConstraint(condition=models.Q(('visited_to__isnull', True), models.Q(('visited_on__isnull', False), ('visited_to__gte', models.F('visited_on'))), _connector='OR'), name='inspection_days_in_order'),
        ),
        migrations.AddConstraint(
            model_name='inspection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('recorded_by__isnull', True), ('recorded_at__isnull', True)), models.Q(('recorded_by__isnull', False), ('recorded_at__isnull', False)), _connector='OR'), name='inspection_recorded_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='inspection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('visit_ended_by__isnull', True), ('visit_ended_at__isnull', True)), models.Q(('visit_ended_by__isnull', False), ('visit_ended_at__isnull', False)), _connector='OR'), name='inspection_visit_ended_by_and_at'),
        ),
        migrations.AddField(
            model_name='agreeddeadline',
            name='agreed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người ghi'),
        ),
        migrations.AddField(
            model_name='agreeddeadline',
            name='inspection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='agreed_deadlines', to='inspections.inspection', verbose_name='cuộc kiểm tra'),
        ),
        migrations.AddField(
            model_name='agreeddeadline',
            name='return_item',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inspections.returnitem', verbose_name='yêu cầu bổ sung'),
        ),
        migrations.AddField(
            model_name='signedminutes',
            name='attached_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người đính kèm'),
        ),
        migrations.AddField(
            model_name='signedminutes',
            name='inspection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signed_minutes', to='inspections.inspection', verbose_name='cuộc kiểm tra'),
        ),
        migrations.AddField(
            model_name='signedminutes',
            name='replaced_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người thay thế'),
        ),
        migrations.AddField(
            model_name='visitchange',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='visitchange',
            name='inspection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='visit_changes', to='inspections.inspection'),
        ),
        migrations.AddField(
            model_name='visitfinding',
            name='criterion',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='criteria.criterion', verbose_name='tiêu chí'),
        ),
        migrations.AddField(
            model_name='visitfinding',
            name='dossier',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visit_findings', to='inspections.dossier', verbose_name='hồ sơ'),
        ),
        migrations.AddField(
            model_name='visitfinding',
            name='inspection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visit_findings', to='inspections.inspection', verbose_name='cuộc kiểm tra'),
        ),
        migrations.AddField(
            model_name='visitfinding',
            name='noted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người ghi'),
        ),
        migrations.AddField(
            model_name='visitsheet',
            name='inspection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visit_sheets', to='inspections.inspection', verbose_name='cuộc kiểm tra'),
        ),
        migrations.AddField(
            model_name='visitsheet',
            name='printed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người in'),
        ),
        migrations.AddField(
            model_name='visitsheet',
            name='revoked_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người thu hồi'),
        ),
        migrations.AddField(
            model_name='evidencelink',
            name='sheet',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='links', to='inspections.visitsheet', verbose_name='qua phiếu mã QR'),
        ),
        migrations.AddConstraint(
            model_name='agreeddeadline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('what', ''), _negated=True), models.Q(('who', ''), _negated=True)), name='agreed_deadline_says_what'),
        ),
        migrations.AddConstraint(
            model_name='signedminutes',
            constraint=models.UniqueConstraint(condition=models.Q(('replaced_at__isnull', True)), fields=('inspection',), name='signed_minutes_one_current'),
        ),
        migrations.AddConstraint(
            model_name='signedminutes',
            constraint=models.UniqueConstraint(fields=('inspection', 'sha256'), name='signed_minutes_bytes_once'),
        ),
        migrations.AddConstraint(
            model_name='signedminutes',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('file', ''), _negated=True), django.db.models.lookups.Exact(django.db.models.functions.text.Length('sha256'), 64)), name='signed_minutes_has_file_of_hash'),
        ),
        migrations.AddConstraint(
            model_name='signedminutes',
            constraint=models.CheckConstraint(condition=models.Q(('scan__in', ['pending_scan', 'clean', 'infected', 'not_scanned'])), name='signed_minutes_scan_known'),
        ),
        migrations.AddConstraint(
            model_name='signedminutes',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('replaced_by__isnull', True), ('replaced_at__isnull', True)), models.Q(('replaced_by__isnull', False), ('replaced_at__isnull', False)), _connector='OR'), name='signed_minutes_replaced_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='visitchange',
            constraint=models.UniqueConstraint(fields=('inspection', 'field', 'by'), name='visit_change_once_per_field'),
        ),
        migrations.AddConstraint(
            model_name='visitfinding',
            constraint=models.UniqueConstraint(fields=('dossier', 'criterion'), name='finding_once_per_criterion'),
        ),
        migrations.AddConstraint(
            model_name='visitfinding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('noted_by__isnull', True), ('noted_at__isnull', True)), models.Q(('noted_by__isnull', False), ('noted_at__isnull', False)), _connector='OR'), name='finding_noted_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='visitsheet',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('inspection', 'printed_by'), name='visit_sheet_one_valid_per_person'),
        ),
        migrations.AddConstraint(
            model_name='visitsheet',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revoked_by__isnull', True), ('revoked_at__isnull', True)), models.Q(('revoked_by__isnull', False), ('revoked_at__isnull', False)), _connector='OR'), name='visit_sheet_revoked_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='visitsheet',
            constraint=models.CheckConstraint(condition=models.Q(django.db.models.lookups.Exact(django.db.models.functions.text.Length('secret_sha256'), 64)), name='visit_sheet_has_hash_of_secret'),
        ),
    ]
