"""What the worker does by itself: each day once, what is due at once, what died after its lease; its commands."""

from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from communes import clock, mailing
from communes.models import Digest, Notification, Routine
from communes.notifications import Kind, tell
from ntm_portal import jobs, routines
from ntm_portal.management.commands.run_worker import PortalWorker
from tests.inspections.factories import open_round

pytestmark = pytest.mark.django_db

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MORNING = datetime(2025, 6, 17, 8, 0, tzinfo=VIETNAM)


@pytest.fixture(autouse=True)
def office(settings):
    settings.HAS_MAIL = True
    settings.DAILY_HOUR = 7


@pytest.fixture(autouse=True)
def one_connection(monkeypatch):
    """The worker closes old connections between tasks; here it is that of the test's transaction."""
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)


@pytest.fixture
def reader(officer):
    officer.email = "phuckhoa@example.vn"
    officer.save()
    with transaction.atomic():
        tell([officer.pk], kind=Kind.RETURNED, cause="event:1", sentence="Có yêu cầu bổ sung.", link="/ho-so/7/")
    return officer


def waiting():
    rows = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    return sorted(path.rpartition(".")[2] for path in rows.values_list("task_path", flat=True))


def work():
    """A worker that takes every task there is, then ends."""
    worker = PortalWorker(
        queue_names=["default"], interval=0, batch=True, backend_name="default", startup_delay=False,
        max_tasks=None, worker_id="thu", excluded_queue_names=[],
    )  # fmt: skip
    super(PortalWorker, worker).run()


def test_the_day_begins_at_its_hour_and_is_asked_for_once(reader):
    with clock.at(MORNING.replace(hour=6, minute=59)):
        routines.tick()
        assert waiting() == []
    with clock.at(MORNING):
        for _ in range(3):
            routines.tick()
        assert waiting() == ["daily"]
        work()
        for _ in range(3):
            routines.tick()
        assert waiting() == ["deliver"]
        work()
        routines.tick()
        assert waiting() == []
    assert [message.to for message in mail.outbox] == [["phuckhoa@example.vn"]]
    assert not DBTaskResult.objects.exclude(status=TaskResultStatus.SUCCESSFUL).exists()
    with clock.at(MORNING + timedelta(days=1)):
        routines.tick()
    assert waiting() == ["daily"]


def test_a_task_that_died_is_asked_for_again_after_its_lease(reader, settings):
    with clock.at(MORNING):
        routines.tick()
        DBTaskResult.objects.update(status=TaskResultStatus.RUNNING)  # taken by a process that was killed
        routines.tick()
        assert waiting() == []
        late = clock.machine_now() - timedelta(seconds=settings.LEASE_SECONDS + 1)
        Routine.objects.filter(pk=jobs.DAILY).update(asked_at=late)
        routines.tick()
        assert waiting() == ["daily"]


def test_what_is_asked_for_and_the_mark_stand_or_fall_together(reader, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    with clock.at(MORNING):
        with monkeypatch.context() as patch:
            patch.setattr("django_tasks_db.backend.DatabaseBackend.enqueue", broken)
            with pytest.raises(RuntimeError):
                routines.tick()
        routines.tick()
    assert waiting() == ["daily"]


def test_without_mail_nothing_is_sent_and_nothing_is_asked_for(reader, settings):
    settings.HAS_MAIL = False
    Digest.objects.create(person=reader, day=clock.today(), message_id="<a@b>", next_try_at=clock.machine_now())
    with clock.at(MORNING):
        Routine.objects.create(name=jobs.DAILY, done_for=clock.today())
        routines.tick()
    assert waiting() == []


def test_a_day_done_twice_tells_and_makes_nothing_twice(district, commune, reader, leader):
    due_on = clock.today() + timedelta(days=2)
    open_round(district, communes=[commune], due_on=due_on)
    for _ in range(2):
        jobs.daily.call()
    told = Notification.objects.filter(kind=Kind.DEADLINE)
    assert sorted(told.values_list("person", flat=True)) == sorted([reader.pk, leader.pk])
    assert Digest.objects.count() == 1


def test_the_worker_says_that_it_is_alive_but_not_all_the_time(django_assert_num_queries):
    with clock.at(MORNING.replace(hour=3)):
        routines.tick()
        first = Routine.objects.get(pk=jobs.WORKER).done_at
        routines.tick()
        assert Routine.objects.get(pk=jobs.WORKER).done_at == first
        Routine.objects.update(done_at=first - timedelta(minutes=1))
        routines.tick()
        assert Routine.objects.get(pk=jobs.WORKER).done_at > first - timedelta(minutes=1)


def test_tasks_long_done_are_forgotten(reader):
    jobs.deliver.enqueue()
    jobs.daily.enqueue()
    DBTaskResult.objects.filter(task_path__endswith="deliver").update(
        status=TaskResultStatus.SUCCESSFUL, enqueued_at=clock.machine_now() - timedelta(days=15)
    )
    work()
    assert [path.rpartition(".")[2] for path in DBTaskResult.objects.values_list("task_path", flat=True)] == ["daily"]


def test_the_commands_do_the_same_by_hand(district, commune, reader, settings):
    open_round(district, communes=[commune], due_on=clock.today() + timedelta(days=2))
    out = StringIO()
    call_command("remind", stdout=out)
    call_command("send_digests", stdout=out)
    call_command("send_digests", stdout=out)
    assert "Đã xét 1 việc" in out.getvalue()
    assert "Lập 1 thư; đã gửi 1" in out.getvalue()
    assert "Lập 0 thư; đã gửi 0" in out.getvalue()
    assert len(mail.outbox) == 1
    settings.HAS_MAIL = False
    with pytest.raises(CommandError, match="EMAIL_URL"):
        call_command("send_digests")


def test_refused_mail_goes_out_again_by_command(reader):
    mailing.gather(clock.today())
    Digest.objects.update(state=Digest.State.FAILED, error="554")
    call_command("send_digests", retry_failed=True, stdout=StringIO())
    assert Digest.objects.get().state == Digest.State.SENT
