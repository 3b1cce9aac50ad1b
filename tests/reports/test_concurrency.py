"""Several people at once, on real connections: one number each, one of two clicks, never half a notice."""

import threading

import pytest
from django.db import connections

from communes import clock
from reports import services
from reports.models import IssuedDocument, Notice
from reports.workflow import Refused

from . import factories

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Run each act in a thread of its own, all released together: [result or what was refused]."""
    answers, gate = [], threading.Barrier(len(acts))

    def run(act):
        try:
            gate.wait()
            answers.append(act())
        except Refused as refused:
            answers.append(refused)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_notices_issued_at_once_get_different_numbers_without_gaps(district):
    scenes = [factories.approved(district, names=(f"Thử {place}",)) for place in range(5)]
    on = clock.today()
    acts = [lambda scene=scene: services.issue_notice(scene.fresh(), on=on, by=scene.coordinator) for scene in scenes]
    answers = at_once(*acts)
    assert [type(answer) for answer in answers] == [Notice] * len(scenes)
    assert sorted(Notice.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    assert IssuedDocument.objects.filter(rendition="final").count() == len(scenes)


def test_one_notice_issued_by_two_clicks_is_issued_once(district):
    scene = factories.approved(district)
    seen = [scene.fresh(), scene.fresh()]
    on = clock.today()
    answers = at_once(
        *[lambda notice=notice: services.issue_notice(notice, on=on, by=scene.coordinator) for notice in seen]
    )
    assert sum(isinstance(answer, Refused) for answer in answers) == 1
    assert IssuedDocument.objects.filter(rendition="final").count() == 1
    assert scene.fresh().number == 1


def test_text_saved_while_it_is_approved_is_either_in_or_refused(district):
    scene = factories.draft(district)
    section = scene.notice.sections.select_related("notice__authority", "notice__round").get(position=1)
    shown = scene.fresh()

    def write():
        return services.save_section(section, heading="MỚI", body="Mới.", version=section.version, by=scene.coordinator)

    answers = at_once(write, lambda: services.approve_notice(shown, version=shown.version, by=scene.head))
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    stored = scene.notice.sections.get(pk=section.pk).heading
    assert len(refused) == 1
    assert (scene.fresh().status, stored) in (("draft", "MỚI"), ("approved", "ĐÁNH GIÁ CHUNG"))
