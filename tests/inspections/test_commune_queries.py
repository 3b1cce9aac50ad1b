"""What the commune's pages cost: the same for ten rows as for a thousand, within the agreed numbers."""

import os
from datetime import timedelta
from io import BytesIO
from itertools import pairwise

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfWriter

from communes import clock
from communes.permissions import Role
from inspections.models import Dossier, Evidence, EvidenceLink

from ..factories import CommuneFactory, person
from . import factories as make

pytestmark = pytest.mark.django_db
DOSSIER_QUERIES, DOSSIER_BYTES = 13, 60_000
SAVE_QUERIES, UPLOAD_QUERIES = 9, 14


@pytest.fixture
def signed_in(client, officer):
    """A session that has been seen just now, as on every page but the first."""
    client.force_login(officer)
    client.get("/tro-giup/")
    return client


def count(act):
    with CaptureQueriesContext(connection) as queries:
        response = act()
    assert response.status_code < 400, response.content
    return len(queries), response


def pieces(commune, officer, number):
    return Evidence.objects.bulk_create(
        Evidence(
            commune=commune,
            file=f"evidence/xx/{place}.pdf",
            original_name=f"van-ban-{place}.pdf",
            content_type="application/pdf",
            size=1,
            sha256=f"{place:064x}",
            title=f"Văn bản {place}",
            uploaded_by=officer,
            uploaded_at=clock.now(),
        )
        for place in range(Evidence.objects.count(), Evidence.objects.count() + number)
    )


def link(dossier, evidence, officer):
    rows = list(dossier.assessments.all())
    EvidenceLink.objects.bulk_create(
        EvidenceLink(evidence=item, assessment=rows[place % len(rows)], linked_by=officer, linked_at=clock.now())
        for place, item in enumerate(evidence)
    )


@pytest.fixture
def wide(district, commune, officer):
    """A dossier with 75 indicators, all entered, and 100 links."""
    world = make.open_round(district, communes=[commune], criteria_set=make.wide_set())
    dossier = world.dossier_of(commune)
    dossier.assessments.update(
        numerator=90, denominator=100, self_judgement="dat", self_by=officer, self_at=clock.now()
    )
    link(dossier, pieces(commune, officer, 100), officer)
    return dossier


def test_dossier_page_with_75_indicators_and_100_links(signed_in, wide):
    queries, response = count(lambda: signed_in.get(wide.get_absolute_url()))
    assert queries <= DOSSIER_QUERIES
    assert len(response.content) <= DOSSIER_BYTES


def test_dossier_page_costs_the_same_for_few_rows_and_for_many(signed_in, wide, district, commune, officer):
    few, _ = count(lambda: signed_in.get(wide.get_absolute_url()))
    link(wide, pieces(commune, officer, 1_000), officer)
    for _ in range(3):
        make.open_round(district, communes=[CommuneFactory(authority=district)])
    many, _ = count(lambda: signed_in.get(wide.get_absolute_url()))
    assert many == few


@pytest.mark.parametrize("state", ["draft", "submitted", "returned", "provisional", "concluded"])
def test_dossier_page_stays_within_its_queries_in_every_state(signed_in, district, commune, officer, state):
    world = make.open_round(district, communes=[commune])
    dossier = world.dossier_of(commune)
    if state == "concluded":
        make.conclude(dossier, world, officer=officer)
    elif state != "draft":
        make.hand_in(dossier, by=officer)
    if state == "returned":
        make.send_back(dossier, "2.1", by=world.inspector)
    if state == "provisional":
        make.make_provisional(dossier, world)
    queries, response = count(lambda: signed_in.get(dossier.get_absolute_url()))
    assert response.context["dossier"].status == state
    assert queries <= DOSSIER_QUERIES


def test_criterion_page_costs_the_same_for_few_rows_and_for_many(signed_in, wide, commune, officer):
    address = reverse("inspections:criterion-edit", args=[wide.pk, 1])
    few, _ = count(lambda: signed_in.get(address))
    link(wide, pieces(commune, officer, 1_000), officer)
    many, _ = count(lambda: signed_in.get(address))
    assert many == few


def test_evidence_list_costs_the_same_for_few_rows_and_for_many(signed_in, commune, officer):
    pieces(commune, officer, 10)
    few, _ = count(lambda: signed_in.get(reverse("inspections:evidence-list")))
    pieces(commune, officer, 990)
    many, _ = count(lambda: signed_in.get(reverse("inspections:evidence-list")))
    assert many == few


def test_evidence_list_with_uses_versions_and_filters_costs_the_same_for_a_thousand(signed_in, wide, commune, officer):
    """Each of a thousand pieces is used, every second one has a newer version; the page tells both."""
    address = reverse("inspections:evidence-list")
    few, _ = count(lambda: signed_in.get(address))
    filtered, _ = count(lambda: signed_in.get(address, {"q": "van ban", "indicator": "1.1", "standing": "current"}))
    made = pieces(commune, officer, 1_000)
    link(wide, made, officer)
    for old, new in zip(made[::2], made[1::2], strict=True):
        old.replaced_by, old.replacer, old.replaced_at = new, officer, clock.now()
    Evidence.objects.bulk_update(made[::2], ["replaced_by", "replacer", "replaced_at"])
    many, response = count(lambda: signed_in.get(address))
    assert many == few
    assert "Đã có bản mới" in response.content.decode()
    again, response = count(lambda: signed_in.get(address, {"q": "van ban", "indicator": "1.1", "standing": "current"}))
    assert again == filtered
    assert response.context["rows"]


def test_piece_with_its_versions_costs_the_same_for_one_and_for_many(signed_in, wide, commune, officer):
    chain = pieces(commune, officer, 50)
    address = reverse("inspections:evidence-detail", args=[chain[0].pk])

    def chained(number):
        for old, new in pairwise(chain[: number + 1]):
            Evidence.objects.filter(pk=old.pk).update(replaced_by=new, replacer=officer, replaced_at=clock.now())

    chained(1)
    few, _ = count(lambda: signed_in.get(address))
    chained(49)
    link(wide, chain, officer)
    many, response = count(lambda: signed_in.get(address))
    assert many == few
    assert len(response.context["versions"]) == 50


def test_criterion_page_costs_the_same_for_few_offers_of_last_year_and_for_many(signed_in, district, commune, officer):
    """Last year's documents, a thousand of them, each with a newer version, under another version of the set."""
    old_set = make.wide_set()
    early = make.open_round(
        district, communes=[commune], criteria_set=old_set, reply_until=None, year=clock.today().year - 1,
        period_from=clock.today() - timedelta(days=500), period_to=clock.today() - timedelta(days=200),
    )  # fmt: skip
    then = early.dossier_of(commune)
    made = pieces(commune, officer, 10)
    link(then, made, officer)
    early.round.units.update(is_active=False)
    new_set = make.wide_set(version=2)
    now = make.open_round(district, communes=[commune], criteria_set=new_set).dossier_of(commune)
    address = reverse("inspections:criterion-edit", args=[now.pk, 1])

    def concluded(is_so):
        facts = {"indicators": [{"code": code} for code in old_set.indicators.values_list("code", flat=True)]}
        who, at = {"concluded_by": officer, "submitted_by": officer}, clock.now()
        more = {
            "frozen": facts,
            "frozen_hash": "0" * 64,
            "frozen_verdicts": "d",
            "concluded_at": at,
            "submitted_at": at,
            **who,
        }
        status = Dossier.Status.CONCLUDED if is_so else Dossier.Status.DRAFT
        Dossier.objects.filter(pk=then.pk).update(status=status, **more)

    newest = pieces(commune, officer, 1)[0]
    Evidence.objects.filter(pk=made[0].pk).update(replaced_by=newest, replacer=officer, replaced_at=clock.now())
    concluded(True)
    few, response = count(lambda: signed_in.get(address))
    assert response.context["page"].papers
    concluded(False)
    more = pieces(commune, officer, 1_000)
    link(then, more, officer)
    Evidence.objects.filter(pk__in=[item.pk for item in more[:500]]).update(
        replaced_by=newest, replacer=officer, replaced_at=clock.now()
    )
    concluded(True)
    many, response = count(lambda: signed_in.get(address))
    assert many == few
    assert len(response.context["page"].papers) > 20


def test_dossier_list_costs_the_same_for_one_dossier_and_for_many(client, district):
    make.small_set()
    units = [CommuneFactory(authority=district) for _ in range(12)]
    reader = person(Role.VIEWER, authority=district)
    client.force_login(reader)
    client.get("/tro-giup/")
    make.open_round(district, communes=units[:1])
    few, _ = count(lambda: client.get(reverse("inspections:dossier-list")))
    make.open_round(district, communes=units[1:])
    many, _ = count(lambda: client.get(reverse("inspections:dossier-list")))
    assert many == few


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("2.1", {"numerator": "9", "denominator": "10"}),
        ("2.2", {"value": "45,5"}),
        ("1.1", {}),
        ("3", {"part_a_numerator": "9", "part_a_denominator": "10", "part_b_passed": "yes"}),
    ],
)
def test_saving_one_indicator(signed_in, district, commune, code, typed):
    dossier = make.open_round(district, communes=[commune]).dossier_of(commune)
    row = make.assessment_of(dossier, code)
    data = {"version": row.entry_version, "self_judgement": "dat", "remark": "Đã đối chiếu.", **typed}
    address = reverse("inspections:assessment-save", args=[row.pk])
    queries, _ = count(lambda: signed_in.post(address, data, headers={"accept": "application/json"}))
    assert queries <= SAVE_QUERIES
    row.refresh_from_db()
    assert row.entry_version == 2


def test_uploading_one_megabyte(signed_in, district, commune):
    dossier = make.open_round(district, communes=[commune]).dossier_of(commune)
    row = make.assessment_of(dossier, "2.1")
    writer = PdfWriter(BytesIO(make.pdf_bytes()))
    writer.add_attachment("so-lieu.bin", os.urandom(1024 * 1024))
    target = BytesIO()
    writer.write(target)
    content = target.getvalue()
    data = {"assessments": row.pk, "files": SimpleUploadedFile("bao-cao.pdf", content), "number": "1/BC"}
    address = reverse("inspections:evidence-upload", args=[dossier.pk, 2])
    queries, _ = count(lambda: signed_in.post(address, data, headers={"accept": "application/json"}))
    assert queries <= UPLOAD_QUERIES
    assert Evidence.objects.get().size > 1024 * 1024
