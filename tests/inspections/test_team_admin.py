"""The administration site shows rounds and dossiers and changes none of them."""

import pytest
from django.urls import reverse

from .factories import conclude, open_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def dossier(district, commune, officer):
    world = open_round(district, communes=[commune])
    return conclude(world.dossier_of(commune), world, officer=officer)


def test_the_administrator_reads_rounds_and_dossiers(client, administrator, dossier):
    client.force_login(administrator)
    for model, pk in (("inspectionround", dossier.round_id), ("dossier", dossier.pk)):
        assert client.get(reverse(f"admin:inspections_{model}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:inspections_{model}_change", args=[pk])).status_code == 200


def test_nothing_is_changed_added_or_deleted_there(client, administrator, dossier):
    client.force_login(administrator)
    for model, pk in (("inspectionround", dossier.round_id), ("dossier", dossier.pk)):
        assert client.get(reverse(f"admin:inspections_{model}_add")).status_code == 403
        assert (
            client.post(reverse(f"admin:inspections_{model}_change", args=[pk]), {"status": "draft"}).status_code == 403
        )
        assert client.post(reverse(f"admin:inspections_{model}_delete", args=[pk]), {"post": "yes"}).status_code == 403
    dossier.refresh_from_db()
    assert dossier.status == "concluded"


def test_search_finds_without_diacritics(client, administrator, dossier):
    client.force_login(administrator)
    page = client.get(reverse("admin:inspections_dossier_changelist"), {"q": "phuc khoa"})
    assert page.context["cl"].result_count == 1
