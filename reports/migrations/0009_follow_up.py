"""Each recommendation of an issued notice is followed: items for those issued before too, and notes that stay."""

import communes.fields
import django.db.models.deletion
import reports.models.follow_ups
from django.conf import settings
from django.db import migrations, models

from reports.append_only import FOLLOW_UP, install_triggers, remove_triggers
from reports.following import addressed, printed, same_matter


def keep(apps, editor):
    install_triggers(editor, FOLLOW_UP)


def keep_no_longer(apps, editor):
    remove_triggers(editor, FOLLOW_UP)


def follow_what_was_issued(apps, editor):
    """Items for every notice issued so far, the older first: those of a replaced one end with it."""
    Notice = apps.get_model("reports", "Notice")
    made = {}
    for notice in Notice.objects.filter(status__in=["issued", "superseded"]).order_by("issued_at", "pk"):
        made[notice.pk] = _items_of(apps, notice, made.get(notice.supersedes_id, []))


def _items_of(apps, notice, old):
    FollowUp = apps.get_model("reports", "FollowUp")
    rows = list(notice.recommendations.order_by("position", "pk"))
    asked = [(row.addressee, row.text) for row in rows]
    final = notice.documents.filter(rendition="final").first()
    texts = printed(asked, final.facts["content"]["sections"] if final else [])
    told = [(row.addressee, text) for row, text in zip(rows, texts)]
    goes_on = same_matter(told, [(item.recommendation.addressee, item.text) for item in old])
    now = notice.issued_at
    FollowUp.objects.filter(pk__in=[item.pk for item in old]).update(replaced_at=now)
    items = []
    for place, (row, text) in enumerate(zip(rows, texts)):
        before = old[goes_on[place]] if place in goes_on else None
        item = FollowUp.objects.create(recommendation=row, text=text, continues=before)
        if before is not None and before.recommendation.status != row.status:
            row.status = before.recommendation.status
            row.save(update_fields=["status"])
        whom = addressed(row.addressee, *_places(apps, notice))
        item.agencies.set(whom.agencies or ({row.agency_id} if row.agency_id else set()))
        item.communes.set(whom.communes)
        items.append(item)
    return items


def _places(apps, notice):
    """Agencies of the authority, communes of the round (of the one inspected), agencies in charge of something."""
    Agency, Inspection = apps.get_model("communes", "Agency"), apps.get_model("inspections", "Inspection")
    agencies = Agency.objects.filter(authority=notice.authority_id)
    inspected = Inspection.objects.filter(round=notice.round_id).select_related("commune")
    if notice.inspection_id:
        inspected = inspected.filter(pk=notice.inspection_id)
    communes = {row.commune_id: f"{row.commune.get_kind_display()} {row.commune.name}" for row in inspected}
    active = agencies.filter(is_active=True, indicator_assignments__isnull=False).distinct()
    names = dict(agencies.order_by().values_list("pk", "name"))
    return names, communes, list(active.order_by().values_list("pk", flat=True))


class Migration(migrations.Migration):

    dependencies = [
        ('communes', '0006_notifications'),
        ('inspections', '0014_visit'),
        ("reports", "0008_superseded_stays"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FollowUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', communes.fields.ProseField(verbose_name='nội dung đã in')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='thời hạn')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='kết thúc lúc')),
                ('replaced_at', models.DateTimeField(blank=True, null=True, verbose_name='được thay thế lúc')),
                ('changed_at', models.DateTimeField(blank=True, null=True, verbose_name='sửa lúc')),
                ('version', models.PositiveIntegerField(default=1, verbose_name='phiên bản')),
                ('agencies', models.ManyToManyField(blank=True, related_name='follow_ups', to='communes.agency', verbose_name='phòng, ban')),
                ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người sửa sau cùng')),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người kết thúc')),
                ('communes', models.ManyToManyField(blank=True, related_name='follow_ups', to='communes.commune', verbose_name='xã')),
                ('continues', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='continued_by', to='reports.followup', verbose_name='tiếp tục kiến nghị')),
                ('recommendation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='follow_up', to='reports.recommendation', verbose_name='kiến nghị')),
            ],
            options={
                'verbose_name': 'mục theo dõi kiến nghị',
                'verbose_name_plural': 'theo dõi kiến nghị',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='FollowUpNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('progress', 'Báo tiến độ'), ('closed', 'Kết thúc: đã thực hiện'), ('carried_over', 'Chuyển đợt sau'), ('reopened', 'Mở lại'), ('replaced', 'Thông báo được thay thế')], default='progress', max_length=12, verbose_name='loại')),
                ('text', communes.fields.ProseField(verbose_name='nội dung')),
                ('at', models.DateTimeField(verbose_name='ghi lúc')),
                ('agency', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communes.agency', verbose_name='phòng, ban')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='người ghi')),
                ('commune', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='communes.commune', verbose_name='xã')),
                ('follow_up', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='reports.followup', verbose_name='mục theo dõi')),
            ],
            options={
                'verbose_name': 'ghi chép theo dõi kiến nghị',
                'verbose_name_plural': 'ghi chép theo dõi kiến nghị',
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='FollowUpProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(blank=True, max_length=200, upload_to=reports.models.follow_ups.proof_path, verbose_name='tệp')),
                ('name', communes.fields.LineField(max_length=300, verbose_name='tên tệp')),
                ('content_type', models.CharField(max_length=100, verbose_name='loại tệp')),
                ('size', models.PositiveBigIntegerField(verbose_name='dung lượng')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('evidence', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='follow_up_proofs', to='inspections.evidence', verbose_name='minh chứng')),
                ('note', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proofs', to='reports.followupnote', verbose_name='ghi chép')),
            ],
            options={
                'verbose_name': 'minh chứng theo dõi kiến nghị',
                'verbose_name_plural': 'minh chứng theo dõi kiến nghị',
                'ordering': ['pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='followup',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='follow_up_has_text'),
        ),
        migrations.AddConstraint(
            model_name='followup',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_by__isnull', True), ('closed_at__isnull', True)), models.Q(('closed_by__isnull', False), ('closed_at__isnull', False)), _connector='OR'), name='follow_up_closed_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='followup',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('changed_by__isnull', True), ('changed_at__isnull', True)), models.Q(('changed_by__isnull', False), ('changed_at__isnull', False)), _connector='OR'), name='follow_up_changed_by_and_at'),
        ),
        migrations.AddConstraint(
            model_name='followupnote',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['progress', 'closed', 'carried_over', 'reopened', 'replaced'])), name='follow_up_note_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='followupnote',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='follow_up_note_has_text'),
        ),
        migrations.AddConstraint(
            model_name='followupnote',
            constraint=models.CheckConstraint(condition=models.Q(('agency__isnull', True), ('commune__isnull', True), _connector='OR'), name='follow_up_note_for_one'),
        ),
        migrations.AddConstraint(
            model_name='followupproof',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('evidence__isnull', True), models.Q(('file', ''), _negated=True)), models.Q(('evidence__isnull', False), ('file', '')), _connector='OR'), name='follow_up_proof_evidence_or_file'),
        ),
        migrations.AddConstraint(
            model_name='followupproof',
            constraint=models.UniqueConstraint(fields=('note', 'sha256'), name='follow_up_proof_once_a_note'),
        ),
        migrations.RunPython(keep, keep_no_longer),
        migrations.RunPython(follow_what_was_issued, migrations.RunPython.noop),
    ]
