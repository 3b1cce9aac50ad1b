"""No dossier is concluded without its line of verdicts: it would be missing in the figures of districts and above."""

from django.db import migrations, models
from django.db.models import Q

from inspections.guards import install_triggers, remove_triggers


def off(apps, editor):
    remove_triggers(editor)


def on(apps, editor):
    install_triggers(editor)


class Migration(migrations.Migration):
    dependencies = [("inspections", "0017_kept_verdicts")]
    operations = [
        # SQLite makes the table of dossiers anew: the triggers that look into it step aside.
        migrations.RunPython(off, on),
        migrations.RemoveConstraint(model_name="dossier", name="dossier_concluded_is_frozen"),
        migrations.AddConstraint(
            model_name="dossier",
            constraint=models.CheckConstraint(
                name="dossier_concluded_is_frozen",
                condition=~Q(status="concluded")
                | (
                    Q(concluded_at__isnull=False)
                    & Q(frozen__isnull=False)
                    & ~Q(frozen_hash="")
                    & ~Q(frozen_verdicts="")
                ),
            ),
        ),
        migrations.RunPython(on, off),
    ]
