"""The commune's acts: each move goes through once, and refuses with who, when and why."""

from datetime import timedelta
from decimal import Decimal

import pytest

from communes import clock
from communes.models import Event
from inspections import services
from inspections.models import Assessment, Dossier, DraftChange
from inspections.workflow import Incomplete, NotAllowed, Refused, StaleState

from . import factories as make

pytestmark = pytest.mark.django_db
Status = Dossier.Status


@pytest.fixture
def world(district, commune, neighbour_commune):
    return make.open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


def test_first_and_second_saving_are_one_event_after_handing_in(dossier, officer):
    make.enter(dossier, "2.2", by=officer, value=Decimal(40))
    make.enter(dossier, "2.2", by=officer, value=Decimal(50))
    assert not Event.objects.filter(action="assessment.entered").exists()
    make.hand_in(make.fill(dossier, by=officer), by=officer)
    row = make.assessment_of(dossier, "2.2")
    assert Event.objects.about(row).filter(action="assessment.entered").count() == 1
    assert not DraftChange.objects.exists()


def test_typing_after_ten_minutes_is_another_event(dossier, officer):
    with clock.at(clock.now() - timedelta(minutes=30)):
        make.enter(dossier, "2.2", by=officer, value=Decimal(40))
    make.enter(dossier, "2.2", by=officer, value=Decimal(50))
    (event,) = Event.objects.filter(action="assessment.entered")
    assert event.data["changes"]["value"]["new"] == "40"


def test_unchanged_saving_writes_nothing(dossier, officer):
    row = make.enter(dossier, "2.2", by=officer, value=Decimal(40))
    again = make.enter(dossier, "2.2", by=officer, value=Decimal(40))
    assert again.entry_version == row.entry_version


@pytest.mark.django_db(transaction=True)
def test_saving_on_an_old_version_keeps_what_is_stored(dossier, officer):
    row = make.assessment_of(dossier, "2.2")
    make.enter(dossier, "2.2", by=officer, value=Decimal(40))
    with pytest.raises(services.Conflict, match=str(officer)) as conflict:
        services.save_assessment(row, by=officer, version=row.entry_version, changes={"value": Decimal(50)})
    assert conflict.value.stored.value == Decimal(40)
    assert conflict.value.typed == {"value": Decimal(50)}
    assert make.assessment_of(dossier, "2.2").value == Decimal(40)


def test_neighbour_may_not_save(dossier, neighbour):
    with pytest.raises(NotAllowed):
        make.enter(dossier, "2.2", by=neighbour, value=Decimal(1))


def test_submit_needs_every_indicator(dossier, officer):
    with pytest.raises(Incomplete, match=r"Chỉ tiêu 2\.2: chưa tự đánh giá"):
        services.submit(dossier, by=officer)
    assert Dossier.objects.get(pk=dossier.pk).status == Status.DRAFT


def test_submit_needs_a_confirmed_required_proof(dossier, officer):
    make.fill(dossier, by=officer, with_evidence=False)
    with pytest.raises(Incomplete, match=r"Chỉ tiêu 2\.1: chưa có minh chứng"):
        services.submit(dossier, by=officer)


def test_submit_twice_goes_through_once(dossier, officer):
    make.fill(dossier, by=officer)
    other = Dossier.objects.with_context().get(pk=dossier.pk)
    services.submit(dossier, by=officer)
    with pytest.raises(StaleState, match="Đã nộp"):
        services.submit(other, by=officer)
    assert Event.objects.filter(action="dossier.submitted").count() == 1


def test_submit_after_the_due_day_is_marked_late(district, commune, officer):
    today = clock.today()
    world = make.open_round(district, communes=[commune], due_on=today - timedelta(days=1))
    assert make.hand_in(world.dossier_of(commune), by=officer).is_late


def test_submit_after_the_freeze_day_needs_an_exception(district, commune, officer):
    day = clock.today() - timedelta(days=1)
    world = make.open_round(district, communes=[commune], due_on=day, freeze_on=day)
    dossier = make.fill(world.dossier_of(commune), by=officer)
    with pytest.raises(Incomplete, match="Đã khóa hồ sơ sau ngày"):
        services.submit(dossier, by=officer)
    services.extend_unit(
        dossier.round_unit, until=clock.today() + timedelta(days=1), reason="Mưa lũ.", by=world.coordinator
    )
    assert services.submit(world.dossier_of(commune), by=officer).status == Status.SUBMITTED


def test_recall_on_a_stale_page_is_refused(dossier, officer):
    make.hand_in(dossier, by=officer)
    old = Dossier.objects.with_context().get(pk=dossier.pk)
    services.recall(dossier, by=officer)
    with pytest.raises(StaleState, match="Đang nhập"):
        services.recall(old, by=officer)


def test_answering_twice_names_who_answered(dossier, officer, world):
    make.hand_in(dossier, by=officer)
    item = make.send_back(dossier, "2.1", by=world.inspector)
    make.send_back(world.dossier_of(dossier.inspection.commune), "2.2", by=world.inspector)
    dossier = world.dossier_of(dossier.inspection.commune)
    item.dossier = dossier
    services.answer_item(item, answer="Đã bổ sung.", by=officer)
    with pytest.raises(StaleState, match=str(officer)):
        services.answer_item(item, answer="Lần nữa.", by=officer)
    dossier.refresh_from_db()
    assert dossier.status == Status.RETURNED


def test_only_the_returned_indicator_can_be_changed(dossier, officer, world):
    make.hand_in(dossier, by=officer)
    make.send_back(dossier, "2.1", by=world.inspector)
    make.enter(dossier, "2.1", by=officer, numerator=Decimal(8))
    with pytest.raises(StaleState, match="yêu cầu bổ sung"):
        make.enter(dossier, "2.2", by=officer, value=Decimal(1))


def test_reply_after_its_date_is_refused(dossier, officer, world):
    make.hand_in(dossier, by=officer)
    make.make_provisional(dossier, world)
    with clock.at(clock.now() + timedelta(days=21)), pytest.raises(Refused, match="Đã hết hạn giải trình"):
        services.reply(dossier, by=officer, general="Muộn rồi.")


def test_reply_of_the_neighbour_is_refused(dossier, officer, world, neighbour):
    make.hand_in(dossier, by=officer)
    make.make_provisional(dossier, world)
    with pytest.raises(Refused, match="công chức của xã"):
        services.reply(dossier, by=neighbour, general="Không phải của xã này.")


def test_opinion_given_meanwhile_is_no_conflict_with_what_is_typed(dossier, officer, agency_reviewer):
    row = make.assessment_of(dossier, "2.2")
    given = {"opinion": "dat", "opinion_by": agency_reviewer, "opinion_at": clock.now(), "version": row.version + 1}
    Assessment.objects.filter(pk=row.pk).update(**given)
    saved = services.save_assessment(row, by=officer, version=row.entry_version, changes={"value": Decimal(50)})
    saved.refresh_from_db()
    assert (saved.value, saved.opinion, saved.version) == (Decimal(50), "dat", given["version"])
