"""What the public searches through, also for notices issued before; and documents found by the hash of their facts."""

import django.db.models.deletion
from django.db import migrations, models

from reports import content, searching


def index_issued(apps, editor):
    """From the frozen facts, as at issue."""
    documents = apps.get_model("reports", "IssuedDocument").objects.filter(rendition="final")
    search_text = apps.get_model("reports", "SearchText")
    for document in documents.iterator(chunk_size=100):
        printed = content.from_facts(document.facts["content"])
        search_text.objects.update_or_create(
            notice_id=document.notice_id, defaults={"words": searching.words_of(printed)}
        )


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_signing")]

    operations = [
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "notice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_text",
                        serialize=False,
                        to="reports.notice",
                        verbose_name="thông báo",
                    ),
                ),
                ("words", models.TextField(verbose_name="các từ để tìm")),
            ],
            options={"verbose_name": "nội dung để tìm", "verbose_name_plural": "nội dung để tìm"},
        ),
        migrations.AddIndex(
            model_name="issueddocument",
            index=models.Index(fields=["facts_sha256"], name="document_by_facts"),
        ),
        migrations.RunPython(index_issued, migrations.RunPython.noop),
    ]
