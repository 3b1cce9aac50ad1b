"""From a figure back to the evidence: every link leads on, nobody sees more than is theirs, issued figures stay."""

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes.permissions import Role
from criteria.judgement import Judgement
from inspections import services as inspections
from inspections.figures import UnitRow
from inspections.models import Dossier, Evidence
from reports import services
from reports.compose import Composition
from reports.presenters.chain import Chain

from ..factories import person
from ..inspections import factories as work
from . import factories

pytestmark = pytest.mark.django_db
MEAN = "bình quân xa-thu"


@pytest.fixture
def scene(district):
    return factories.draft(district, failed={"Nậm Cần": (1,)})


def address(notice, token="", unit=""):
    query = f"?ten={token}" + (f"&don-vi={unit}" if unit else "") if token else ""
    return reverse("reports:notice-figures", args=[notice.public_id]) + query


def dossier_of(scene, name):
    return Dossier.objects.get(round=scene.world.round, inspection__commune__name=name)


def test_mean_leads_to_units_verdicts_values_and_hashes(client, scene):
    client.force_login(scene.head)
    page = client.get(address(scene.notice, MEAN)).content.decode()
    dossier = dossier_of(scene, "Nậm Cần")
    assert "5 : 2 = 2,50" in page
    assert f"&amp;don-vi={dossier.pk}#ho-so" in page
    below = client.get(address(scene.notice, MEAN, dossier.pk)).content.decode()
    proof = Evidence.objects.filter(links__assessment__dossier=dossier).first()
    for words in (
        "1. Quy hoạch", "Chưa đạt", "Lý do: Chưa đủ hồ sơ.", str(scene.world.inspector), dossier.frozen_hash,
        "khớp với mã băm", proof.sha256, reverse("inspections:evidence-detail", args=[proof.pk]),
    ):  # fmt: skip
        assert words in below
    with proof.file.open("rb") as stream:
        assert hashlib.sha256(stream.read()).hexdigest() == proof.sha256


def test_every_figure_of_the_palette_says_where_it_comes_from(client, scene):
    client.force_login(scene.coordinator)
    for figure in Composition(scene.notice).palette.values():
        page = client.get(address(scene.notice), {"ten": figure.token})
        assert page.status_code == 200, figure.token
        assert page.context["source"].words
        if figure.units:
            lines = [line for group in page.context["groups"] for line in group.lines]
            assert lines, figure.token
            assert all(line.dossier for line in lines), figure.token


def test_hardest_criteria_lead_to_those_who_failed_them(scene):
    chain = Chain(scene.notice, scene.head)
    (group,) = chain.units(chain.figure("tiêu chí khó xa-thu"))
    assert group.heading == "Tiêu chí 1. Quy hoạch: 1 xã chưa đạt"
    assert [(line.name, line.result, line.dossier) for line in group.lines] == [
        ("xã Nậm Cần", "Chưa đạt", dossier_of(scene, "Nậm Cần").pk)
    ]


def test_documents_and_round_name_their_source(scene):
    chain = Chain(scene.notice, scene.head)
    assert "Kế hoạch số 12/KH-UBND" in chain.source(chain.figure("kế hoạch")).words
    assert "từ khóa “ke-hoach-thu”" in chain.source(chain.figure("văn bản ke-hoach-thu")).words
    assert chain.source(chain.figure("năm")).address == scene.world.round.get_absolute_url()
    count = chain.figure("số tiêu chí xa-thu")
    assert chain.units(count) == []
    assert chain.source(count).address == reverse("criteria:set-detail", args=["xa-thu", 1])


def test_villages_of_one_name_are_told_apart_by_their_result(scene):
    rows = [
        UnitRow(pk, "Bản Nà", "bản Nà", "ban", "on_site", 3, dict.fromkeys(range(1, met + 1), "dat"), position=pk)
        for pk, met in ((1, 1), (2, 3))
    ]
    units = (("bản Nà", "03/3"), ("bản Nà", "01/3"))
    assert [line.dossier for line in Chain._named(units, rows, {1: "", 2: ""})] == [2, 1]


@pytest.mark.parametrize(
    "query", [{"ten": "không có"}, {"ten": MEAN, "don-vi": "999999"}, {"ten": MEAN, "don-vi": "x"}]
)
def test_what_is_not_in_it_is_not_found(client, scene, query):
    client.force_login(scene.head)
    assert client.get(address(scene.notice), query).status_code == 404


def test_dossier_of_another_round_is_not_opened(client, scene, other_district):
    other = factories.draft(other_district, names=("Xa Lạ",))
    client.force_login(scene.head)
    pk = other.world.round.dossiers.get().pk
    assert client.get(address(scene.notice, MEAN, pk)).status_code == 404
    assert client.get(address(other.notice, MEAN)).status_code == 404


def test_communes_and_agencies_do_not_see_the_chain(client, district, agency):
    scene = factories.issued(district)
    for user in (scene.officers[0], person(Role.AGENCY_REVIEWER, agency=agency)):
        client.force_login(user)
        assert client.get(address(scene.notice, MEAN)).status_code == 403
        preview = client.get(reverse("reports:notice-preview", args=[scene.notice.public_id]))
        assert "Số liệu trong văn bản và nguồn" not in preview.content.decode()


# ---------------------------------------------------------------- issued


@pytest.mark.parametrize("name", ["notice-figures", "notice-changes"])
def test_rights_in_another_authority_open_nothing_here(name, client, district, other_district):
    issued = factories.issued(district)
    commune = issued.world.round.dossiers.first().inspection.commune
    officer = person(Role.COMMUNE_OFFICER, commune=commune)
    person(Role.VIEWER, user=officer, authority=other_district)
    client.force_login(officer)
    assert client.get(reverse("reports:notice-preview", args=[issued.notice.public_id])).status_code == 200
    assert client.get(reverse(f"reports:{name}", args=[issued.notice.public_id])).status_code == 404
    client.force_login(person(Role.VIEWER, authority=district))
    assert client.get(reverse(f"reports:{name}", args=[issued.notice.public_id])).status_code == 200


def test_issued_figures_stay_and_a_dossier_concluded_anew_is_marked(client, district):
    scene = factories.issued(district, failed={"Nậm Cần": (1,)})
    client.force_login(scene.head)
    page = client.get(address(scene.notice)).content.decode()
    assert "đúng như khi ban hành" in page
    assert "2,50" in page
    dossier = dossier_of(scene, "Nậm Cần")
    _conclude_anew(scene, dossier)
    page = client.get(address(scene.notice, MEAN)).content.decode()
    assert "5 : 2 = 2,50" in page
    assert "Hồ sơ đã được kết luận lại sau khi ban hành văn bản này." in page


def _conclude_anew(scene, dossier):
    """As inside a replacing notice: reopened, another verdict, approved."""
    services.start_replacement(scene.fresh(), reason="Sửa kết luận.", by=scene.coordinator)
    dossier = Dossier.objects.with_context().get(pk=dossier.pk)
    inspections.reopen(dossier, reason="Xem lại.", by=scene.head)
    row = work.conclusion_of(dossier, 1)
    inspections.conclude_criterion(row, verdict=Judgement.MET, reason="", by=scene.world.inspector, version=row.version)
    dossier = Dossier.objects.with_context().get(pk=dossier.pk)
    inspections.make_provisional(dossier, by=scene.head)
    inspections.approve(dossier, by=scene.head)


def test_reopened_dossier_of_an_issued_notice_is_named(client, district):
    scene = factories.issued(district)
    services.start_replacement(scene.fresh(), reason="Sửa kết luận.", by=scene.coordinator)
    dossier = Dossier.objects.with_context().get(pk=dossier_of(scene, "Nậm Cần").pk)
    inspections.reopen(dossier, reason="Xem lại.", by=scene.head)
    client.force_login(scene.head)
    page = client.get(address(scene.notice, MEAN))
    assert "Hồ sơ đã được mở lại sau khi ban hành văn bản này." in page.content.decode()
    assert client.get(address(scene.notice, MEAN, dossier.pk)).status_code == 404


def test_facts_changed_behind_the_portal_show(scene, monkeypatch):
    dossier = dossier_of(scene, "Nậm Cần")
    chain = Chain(scene.notice, scene.head)
    figure = chain.figure(MEAN)
    assert chain.unit(figure, dossier.pk).is_whole
    real = Dossier.from_db.__func__

    def altered(cls, *read):
        row = real(cls, *read)
        row.frozen = {**row.frozen, "unit": "Xã Khác"}
        return row

    monkeypatch.setattr(Dossier, "from_db", classmethod(altered))
    assert not chain.unit(figure, dossier.pk).is_whole


def test_queries_do_not_grow_with_units(client, district):
    counts = []
    for number, names in enumerate((("A", "B"), tuple("CDEFGH"))):
        scene = factories.draft(district, names=names, code=f"DOT-{number}")
        client.force_login(scene.head)
        pk = scene.world.round.dossiers.first().pk
        client.get(address(scene.notice, MEAN, pk))
        with CaptureQueriesContext(connection) as seen:
            client.get(address(scene.notice, MEAN, pk))
        counts.append(len(seen))
    assert counts[0] == counts[1]
