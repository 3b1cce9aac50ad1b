"""Agencies report each month; what was submitted stays as it was."""

import communes.fields
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from reports.append_only import MONTHLY, install_triggers, remove_triggers


def keep(apps, editor):
    install_triggers(editor, MONTHLY)


def keep_no_longer(apps, editor):
    remove_triggers(editor, MONTHLY)


class Migration(migrations.Migration):

    dependencies = [
        ('communes', '0006_notifications'),
        ('criteria', '0001_criteria_sets'),
        ('inspections', '0014_visit'),
        ("reports", "0010_bundles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MonthlyReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(verbose_name='tháng')),
                ('number', models.PositiveSmallIntegerField(default=1, verbose_name='bản')),
                ('status', models.CharField(choices=[('draft', 'Đang soạn'), ('submitted', 'Đã nộp')], default='draft', max_length=10, verbose_name='trạng thái')),
                ('general', communes.fields.ProseField(blank=True, verbose_name='đánh giá chung')),
                ('figures', models.JSONField(blank=True, encoder=django.core.serializers.json.DjangoJSONEncoder, null=True, verbose_name='số liệu khi nộp')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='hạn nộp khi nộp')),
                ('correction_reason', communes.fields.ProseField(blank=True, verbose_name='lý do sửa')),
                ('changed_at', models.DateTimeField(blank=True, null=True, verbose_name='sửa lúc')),
                ('submitted_at', models.DateTimeField(blank=True, null=True, verbose_name='nộp lúc')),
                ('version', models.PositiveIntegerField(default=1, verbose_name='phiên bản')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='monthly_reports', to='communes.agency', verbose_name='phòng, ban')),
                ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người sửa sau cùng')),
                ('round', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inspections.inspectionround', verbose_name='đợt kiểm tra')),
                ('submitted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người nộp')),
            ],
            options={
                'verbose_name': 'báo cáo tháng',
                'verbose_name_plural': 'báo cáo tháng',
                'ordering': ['-month', 'agency', '-number'],
            },
        ),
        migrations.CreateModel(
            name='MonthlyLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('remark', communes.fields.ProseField(verbose_name='nhận xét')),
                ('indicator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='criteria.indicator', verbose_name='chỉ tiêu')),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='reports.monthlyreport', verbose_name='báo cáo')),
            ],
            options={
                'verbose_name': 'nhận xét về chỉ tiêu',
                'verbose_name_plural': 'nhận xét về chỉ tiêu',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='MonthlyRule',
            fields=[
                ('authority', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='monthly_rule', serialize=False, to='communes.authority', verbose_name='cơ quan')),
                ('day', models.PositiveSmallIntegerField(default=20, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(28)], verbose_name='ngày phải nộp')),
                ('first_month', models.DateField(verbose_name='tháng đầu tiên')),
                ('last_month', models.DateField(blank=True, null=True, verbose_name='tháng cuối cùng')),
                ('changed_at', models.DateTimeField(blank=True, null=True, verbose_name='sửa lúc')),
                ('version', models.PositiveIntegerField(default=1, verbose_name='phiên bản')),
                ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người sửa')),
            ],
            options={
                'verbose_name': 'quy định báo cáo tháng',
                'verbose_name_plural': 'quy định báo cáo tháng',
            },
        ),
        migrations.AddConstraint(
            model_name='monthlyreport',
            constraint=models.UniqueConstraint(fields=('agency', 'month', 'number'), name='monthly_report_once'),
        ),
        migrations.AddConstraint(
            model_name='monthlyreport',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'draft')), fields=('agency', 'month'), name='monthly_report_one_draft', violation_error_message='Báo cáo của tháng này đang được soạn.'),
        ),
        migrations.AddConstraint(
            model_name='monthlyreport',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'submitted'])), name='monthly_report_status_known'),
        ),
        migrations.AddConstraint(
            model_name='monthlyreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('figures__isnull', True), ('status', 'draft'), ('submitted_at__isnull', True)), models.Q(('figures__isnull', False), ('status', 'submitted'), ('submitted_at__isnull', False)), _connector='OR'), name='monthly_report_submitted_with_figures'),
        ),
        migrations.AddConstraint(
            model_name='monthlyreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('correction_reason', ''), ('number', 1)), models.Q(('number__gt', 1), models.Q(('correction_reason', ''), _negated=True)), _connector='OR'), name='monthly_report_corrected_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='monthlyreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('submitted_by__isnull', True), ('submitted_at__isnull', True)), models.Q(('submitted_by__isnull', False), ('submitted_at__isnull', False)), _connector='OR'), name='monthly_report_submitted_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='monthlyreport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('changed_by__isnull', True), ('changed_at__isnull', True)), models.Q(('changed_by__isnull', False), ('changed_at__isnull', False)), _connector='OR'), name='monthly_report_changed_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='monthlyline',
            constraint=models.UniqueConstraint(fields=('report', 'indicator'), name='monthly_line_once_per_indicator'),
        ),
        migrations.AddConstraint(
            model_name='monthlyline',
            constraint=models.CheckConstraint(condition=models.Q(('remark', ''), _negated=True), name='monthly_line_has_remark'),
        ),
        migrations.AddConstraint(
            model_name='monthlyrule',
            constraint=models.CheckConstraint(condition=models.Q(('day__gte', 1), ('day__lte', 28)), name='monthly_rule_day_in_every_month'),
        ),
        migrations.AddConstraint(
            model_name='monthlyrule',
            constraint=models.CheckConstraint(condition=models.Q(('last_month__isnull', True), ('last_month__gte', models.F('first_month')), _connector='OR'), name='monthly_rule_months_in_order', violation_error_message='Tháng cuối cùng phải sau tháng đầu tiên.'),
        ),
        migrations.AddConstraint(
            model_name='monthlyrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('changed_by__isnull', True), ('changed_at__isnull', True)), models.Q(('changed_by__isnull', False), ('changed_at__isnull', False)), _connector='OR'), name='monthly_rule_changed_by_and_at'),
        ),
        migrations.RunPython(keep, keep_no_longer),
    ]
