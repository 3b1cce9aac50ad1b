"""The daily mail: one a person and day, held by one sender at a time, put off and taken up again, never lost."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from communes import clock, inbox, mailing
from communes.models import Digest, Notification
from communes.notifications import Kind, tell
from communes.permissions import Role
from tests.factories import person

pytestmark = pytest.mark.django_db
State = Digest.State


@pytest.fixture
def reader(officer):
    officer.email = "phuckhoa@example.vn"
    officer.save()
    return officer


@pytest.fixture(autouse=True)
def office(settings):
    settings.PUBLIC_BASE_URL = "https://ntm.example.vn"
    settings.DEFAULT_FROM_EMAIL = "Cổng NTM <ntm@example.vn>"


def say(*people, cause="event:1", kind=Kind.RETURNED, sentence="Có yêu cầu bổ sung.", place="Rà soát"):
    with transaction.atomic():
        tell([one.pk for one in people], kind=kind, cause=cause, sentence=sentence, link="/ho-so/7/", place=place)


def gathered(reader):
    say(reader)
    assert mailing.gather(clock.today()) == 1
    return Digest.objects.get()


def failing(monkeypatch, error):
    def send(self, fail_silently=False):
        raise error

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", send)


# ---------------------------------------------------------------- gathering


def test_a_day_is_one_mail_with_everything_in_it(reader):
    say(reader)
    say(reader, cause="event:2", kind=Kind.ROUND, sentence="Đợt kiểm tra đã mở.")
    assert mailing.gather(clock.today()) == 1
    assert mailing.deliver() == {State.SENT: 1}
    (message,) = mail.outbox
    assert message.to == ["phuckhoa@example.vn"]
    assert message.subject.startswith("Cổng nông thôn mới: 2 tin báo")
    html = message.alternatives[0].content
    for text in (message.body, html):
        assert "Có yêu cầu bổ sung." in text
        assert "Đợt kiểm tra đã mở." in text
        assert "https://ntm.example.vn/ho-so/7/" in text
        assert "https://ntm.example.vn/tin-bao/tuy-chon/" in text
    assert "&" not in message.body
    assert message.extra_headers["Message-ID"] == Digest.objects.get().message_id
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"


def test_what_comes_after_the_mail_of_the_day_is_in_the_next(reader):
    gathered(reader)
    say(reader, cause="event:2")
    assert mailing.gather(clock.today()) == 0
    assert mailing.gather(clock.today() + timedelta(days=1)) == 1
    assert sorted(digest.items.count() for digest in Digest.objects.all()) == [1, 1]


def test_gathering_twice_does_no_harm(reader):
    gathered(reader)
    assert mailing.gather(clock.today()) == 0
    assert Digest.objects.count() == 1


@pytest.mark.parametrize("why", ["read", "no address", "no mail wanted", "kind not by mail", "account closed"])
def test_who_needs_no_mail_gets_none(why, reader):
    if why == "no mail wanted":
        inbox.choose(reader, {}, wants_digest=False)
    if why == "kind not by mail":
        inbox.choose(reader, {Kind.RETURNED: (True, False)}, wants_digest=True)
    say(reader)
    if why == "read":
        inbox.mark_all_read(reader)
    if why in ("no address", "account closed"):
        type(reader).objects.filter(pk=reader.pk).update(
            **({"email": ""} if why == "no address" else {"is_active": False})
        )
    assert mailing.gather(clock.today()) == 0
    assert not Digest.objects.exists()


def test_what_is_chosen_by_mail_only_is_in_the_mail(reader):
    inbox.choose(reader, {Kind.RETURNED: (False, True)}, wants_digest=True)
    gathered(reader)
    mailing.deliver()
    assert "Có yêu cầu bổ sung." in mail.outbox[0].body


def test_the_message_id_is_made_once_and_names_the_portal(reader):
    digest = gathered(reader)
    assert digest.message_id.endswith("@ntm.example.vn>")
    made = {mailing.message_of(digest).message()["Message-ID"] for _ in range(3)}
    assert made == {digest.message_id}


def test_a_long_mail_is_cut_and_says_so(reader):
    rows = [
        Notification(person=reader, kind=Kind.ROUND, cause=f"c:{n}", sentence=f"Tin {n}.", link="/", at=clock.now())
        for n in range(130)
    ]
    Notification.objects.bulk_create(rows)
    mailing.gather(clock.today())
    mailing.deliver()
    assert "130 tin báo" in mail.outbox[0].subject
    assert "Còn 30 tin báo khác" in mail.outbox[0].body


def test_what_people_type_is_escaped_in_the_html(reader):
    say(reader, sentence="Mở lại: <b>gấp</b> & sớm")
    mailing.gather(clock.today())
    message = mailing.message_of(Digest.objects.get())
    assert "&lt;b&gt;gấp&lt;/b&gt; &amp; sớm" in message.alternatives[0].content
    assert "<b>gấp</b> & sớm" in message.body


def test_without_a_public_address_the_mail_has_no_links(reader, settings):
    settings.PUBLIC_BASE_URL = ""
    message = mailing.message_of(gathered(reader))
    assert "href" not in message.alternatives[0].content
    assert "đăng nhập cổng" in message.body


# ---------------------------------------------------------------- sending


def test_a_mail_is_held_by_one_sender_until_its_lease_ends(reader, settings):
    digest = gathered(reader)
    held = mailing.claim()
    assert (held.pk, held.state, held.attempts) == (digest.pk, State.SENDING, 1)
    assert mailing.claim() is None
    Digest.objects.update(leased_until=clock.machine_now() - timedelta(seconds=1))
    taken = mailing.claim()
    assert (taken.pk, taken.attempts) == (digest.pk, 2)
    assert taken.token != held.token
    # The first one comes back late: its word no longer counts, the second one's does.
    assert mailing.send(held) == State.SENT
    assert Digest.objects.get().state == State.SENDING
    assert mailing.send(taken) == State.SENT
    assert Digest.objects.get().state == State.SENT
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 1


def test_a_claim_that_comes_second_gets_nothing(reader, monkeypatch):
    """Both read the row before either writes: the comparison decides, not the reading."""
    digest = gathered(reader)
    due, seen = mailing.due, []

    def late():
        rows = due()
        if not seen:
            seen.append(rows.first())
            assert mailing.claim().pk == digest.pk
            return type("Read", (), {"first": staticmethod(lambda: seen[0])})
        return rows

    monkeypatch.setattr(mailing, "due", late)
    assert mailing.claim() is None
    assert Digest.objects.get().attempts == 1


def test_an_unreachable_server_loses_nothing_and_is_not_hammered(reader, monkeypatch, leader):
    leader.email = "lanhdao@example.vn"
    leader.save()
    say(leader)
    gathered_for_both = [say(reader), mailing.gather(clock.today())][1]
    assert gathered_for_both == 2
    with monkeypatch.context() as patch:
        failing(patch, ConnectionRefusedError("tắt máy"))
        assert mailing.deliver() == {State.PENDING: 1}
        waits = []
        for _ in range(8):
            Digest.objects.filter(attempts__gt=0).update(next_try_at=clock.machine_now() - timedelta(hours=1))
            Digest.objects.filter(attempts=0).update(next_try_at=clock.machine_now() + timedelta(hours=1))
            mailing.deliver()
            row = Digest.objects.get(attempts__gt=0)
            waits.append(round((row.next_try_at - clock.machine_now()).total_seconds() / 60))
        assert waits == [5, 15, 60, 180, 360, 360, 360, 360]
        assert (row.state, row.attempts) == (State.PENDING, 9)
        assert "tắt máy" in row.error
    Digest.objects.update(next_try_at=clock.machine_now())
    assert mailing.deliver() == {State.SENT: 2}
    assert len(mail.outbox) == 2
    assert not Digest.objects.exclude(error="").exists()


REFUSALS = [
    (smtplib.SMTPRecipientsRefused({"a@b.vn": (550, b"no such user")}), State.FAILED, "550 no such user"),
    (smtplib.SMTPRecipientsRefused({"a@b.vn": (451, b"greylisted")}), State.PENDING, "451 greylisted"),
    (smtplib.SMTPRecipientsRefused({"a@b.vn": (530, b"sign in first")}), State.PENDING, "530 sign in first"),
    (smtplib.SMTPDataError(554, b"spam"), State.FAILED, "554 spam"),
    (smtplib.SMTPDataError(452, b"full"), State.PENDING, "452 full"),
    (smtplib.SMTPAuthenticationError(535, b"wrong password"), State.PENDING, "wrong password"),
    (smtplib.SMTPSenderRefused(550, b"not you", "ntm@example.vn"), State.PENDING, "not you"),
    (smtplib.SMTPServerDisconnected("gone"), State.PENDING, "gone"),
    (TimeoutError("slow"), State.PENDING, "slow"),
]


@pytest.mark.parametrize(("error", "state", "words"), REFUSALS)
def test_what_the_server_says_decides_whether_to_come_again(error, state, words, reader, monkeypatch):
    gathered(reader)
    failing(monkeypatch, error)
    assert mailing.deliver() == {state: 1}
    row = Digest.objects.get()
    assert (row.state, row.leased_until, row.sent_at) == (state, None, None)
    assert words in row.error


def test_what_was_refused_for_good_can_be_tried_again(reader, monkeypatch):
    gathered(reader)
    with monkeypatch.context() as patch:
        failing(patch, smtplib.SMTPDataError(554, b"spam"))
        mailing.deliver()
    assert mailing.deliver() == {}
    assert mailing.try_failed_again() == 1
    assert mailing.deliver() == {State.SENT: 1}


def test_an_address_taken_away_meanwhile_is_told(reader):
    gathered(reader)
    type(reader).objects.filter(pk=reader.pk).update(email="")
    assert mailing.deliver() == {State.FAILED: 1}
    assert "không có địa chỉ" in Digest.objects.get().error


def test_gathering_costs_the_same_per_person_whatever_he_was_told(reader, commune):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            mailing.gather(clock.today())
        return len(queries)

    say(reader)
    few = cost()
    second = person(Role.COMMUNE_OFFICER, commune=commune)
    type(second).objects.filter(pk=second.pk).update(email="hai@example.vn")
    for number in range(30):
        say(second, cause=f"event:{number}")
    assert cost() == few
