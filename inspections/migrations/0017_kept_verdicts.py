"""A concluded dossier keeps its verdicts as one line, so that a country is counted without its conclusions."""

from django.db import migrations, models

from inspections.guards import install_triggers, remove_triggers

LETTERS = {"dat": "d", "co_ban_dat": "c", "chua_dat": "k", "khong_danh_gia": "-", "chua_danh_gia": "."}
BATCH = 500


def keep(apps, editor):
    Dossier = apps.get_model("inspections", "Dossier")
    CriterionConclusion = apps.get_model("inspections", "CriterionConclusion")
    concluded = Dossier.objects.filter(status="concluded").order_by("pk")
    pks = list(concluded.values_list("pk", flat=True))
    for start in range(0, len(pks), BATCH):
        chosen = pks[start : start + BATCH]
        verdicts = {pk: {} for pk in chosen}
        rows = CriterionConclusion.objects.filter(dossier__in=chosen).order_by()
        for pk, number, verdict in rows.values_list("dossier", "criterion__number", "verdict"):
            verdicts[pk][number] = verdict
        alike = {}
        for pk, found in verdicts.items():
            alike.setdefault(line(found), []).append(pk)
        for kept, same in alike.items():
            Dossier.objects.filter(pk__in=same).update(frozen_verdicts=kept)


def line(verdicts):
    numbers = range(1, max(verdicts, default=0) + 1)
    return "".join(LETTERS[verdicts.get(number, "chua_danh_gia")] for number in numbers)


def off(apps, editor):
    remove_triggers(editor)


def on(apps, editor):
    install_triggers(editor)


class Migration(migrations.Migration):
    dependencies = [("inspections", "0016_bundles")]
    operations = [
        # SQLite makes the table of dossiers anew: the triggers that look into it step aside.
        migrations.RunPython(off, on),
        migrations.AddField(
            model_name="dossier",
            name="frozen_verdicts",
            field=models.CharField(blank=True, default="", max_length=200, verbose_name="kết luận chốt"),
            preserve_default=False,
        ),
        migrations.RunPython(keep, migrations.RunPython.noop),
        migrations.RunPython(on, off),
    ]
