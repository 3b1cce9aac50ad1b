"""What the main pages cost beside a page that is nothing but the frame, in one run through gunicorn.

Ratios are of the processor time of the thread that answers: they hold on a machine that is busy with other
things, which times by the clock do not.
"""

from dataclasses import dataclass
from io import BytesIO
from itertools import count

import pytest
from django.urls import reverse
from PIL import Image

from communes import clock
from communes.models import User
from criteria.judgement import Judgement
from inspections.models import CriterionConclusion, Dossier

from ..factories import CommuneFactory
from ..inspections import factories as work
from ..serving import Answer, File, Visitor, serve
from .meter import Measured, measure, missed

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROUNDS = 25
COMMUNES, INDICATORS = 9, 75
PIECES, LINKS_EACH = 10, 10
MEGABYTE = 1_000_000


@dataclass
class Scene:
    world: work.World
    dossier: Dossier
    officer: User


@pytest.fixture
def scene(district, commune, officer):
    """A round of nine communes; the officer's dossier has 75 indicators filled and 100 links to evidence."""
    set_ = work.wide_set(indicators=INDICATORS)
    others = [CommuneFactory(authority=district) for _ in range(COMMUNES - 1)]
    world = work.open_round(district, communes=[commune, *others], criteria_set=set_)
    dossier = work.fill(world.dossier_of(commune), by=officer)
    codes = list(set_.indicators.order_by("pk").values_list("code", flat=True))
    for piece in range(PIECES):
        chosen = [codes[(piece * LINKS_EACH + place) % INDICATORS] for place in range(LINKS_EACH)]
        work.prove(dossier, *chosen, by=officer, title=f"Báo cáo thử số {piece}", number=f"{piece}/BC-UBND")
    _conclude_some(world)
    return Scene(world, dossier, officer)


def _conclude_some(world: work.World) -> None:
    """Two thirds of the matrix decided: straight in the rows, for the way there is not what is measured."""
    rows = CriterionConclusion.objects.filter(dossier__round=world.round)
    done = {"concluded_by": world.inspector, "concluded_at": clock.now()}
    for rest, verdict in ((0, Judgement.MET), (1, Judgement.NOT_MET)):
        keys = [pk for pk in rows.values_list("pk", flat=True) if pk % 3 == rest]
        rows.filter(pk__in=keys).update(verdict=verdict, reason="Chưa đủ hồ sơ.", **done)


class Hands:
    """What the officer does again and again: each time with other content, as a real save has."""

    def __init__(self, visitor: Visitor, dossier: Dossier) -> None:
        self.visitor, self.turns = visitor, count(1)
        row = dossier.assessments.select_related("criterion").order_by("pk")[0]
        address = reverse("inspections:criterion-edit", args=[dossier.pk, row.criterion.number])
        page = visitor.get(address)
        self.entry = page.form("remark", action=reverse("inspections:assessment-save", args=[row.pk]))
        uploads = reverse("inspections:evidence-upload", args=[dossier.pk, row.criterion.number])
        self.upload_form = next(form for form in page.forms if form.action == uploads and "files" in form.kinds)
        self.version = int(dict(self.entry.values)["version"])

    def save(self) -> Answer:
        remark = f"Đã đối chiếu sổ theo dõi lần {next(self.turns)}"
        answer = self.visitor.send(self.entry, script=True, remark=remark, version=str(self.version))
        self.version += 1
        return answer

    def upload(self) -> Answer:
        file = File(f"Biên bản {next(self.turns)}.pdf", scan(MEGABYTE), "application/pdf")
        return self.visitor.send(self.upload_form, files={"files": file}, script=True)


def scan(size: int) -> bytes:
    """A PDF of one scanned page of about this many bytes; no two are alike."""
    side = int((size / 0.66) ** 0.5)
    target = BytesIO()
    Image.effect_noise((side, side), 90).save(target, "PDF", resolution=150, quality=75)
    return target.getvalue()


def test_pages_beside_the_frame(scene):
    with serve("tests.bench.measured:application()") as server:
        officer, inspector = Visitor(server, scene.officer), Visitor(server, scene.world.inspector)
        hands = Hands(officer, scene.dossier)
        address = scene.dossier.get_absolute_url()
        matrix = reverse("inspections:round-detail", args=[scene.world.round.code])
        frame = Measured("frame alone, for a commune officer", lambda: page(officer, "/do/khung/"))
        team_frame = Measured("frame alone, for an inspector", lambda: page(inspector, "/do/khung/"))
        rows = [
            frame,
            Measured("dossier page, 75 indicators, 100 links", lambda: page(officer, address), frame, aim=6),
            Measured("saving one indicator", hands.save, frame),
            Measured(f"uploading {len(scan(MEGABYTE)) / 1e6:.2f} MB", hands.upload, frame),
            team_frame,
            Measured("matrix, 9 units × 19 criteria", lambda: page(inspector, matrix), team_frame, aim=4),
        ]
        measure(rows, ROUNDS)
    assert missed(rows) == []


def page(visitor: Visitor, address: str) -> Answer:
    return visitor.get(address, **{"Accept-Encoding": "gzip"})
