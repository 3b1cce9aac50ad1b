"""The journal grows only, and every change behind its back is found; the same on both databases."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from communes import clock, journal
from communes.journal import ChainHead, Entry, Event
from communes.permissions import Role

pytestmark = pytest.mark.django_db

CHAIN = "round:THU"


@pytest.fixture
def events(officer, commune):
    """Five events in one chain, with the kinds of values that services write."""
    values = [1, Decimal("12.50"), date(2025, 6, 17), {"vi": "Nậm Cần"}, [1.5, None, True, Role.VIEWER]]
    with transaction.atomic():
        return [journal.record("a.b", subject=commune, by=officer, chain=CHAIN, data={"value": it}) for it in values]


@pytest.fixture
def no_triggers(transactional_db):
    """The database as its owner may bend it; the triggers come back at the end of the test."""
    with connection.schema_editor() as editor:
        journal.remove_triggers(editor)
    yield
    with connection.schema_editor() as editor:
        journal.install_triggers(editor)


def sql(text, *values):
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def verify(*arguments):
    """(exit code, what was said) of the command."""
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=err)
    except SystemExit as stop:
        return stop.code, err.getvalue()
    return 0, out.getvalue()


# ---------------------------------------------------------------- writing


def test_events_hang_together_and_keep_the_name_of_their_day(events, officer):
    assert [it.seq for it in events] == [1, 2, 3, 4, 5]
    assert all(later.previous_hash == earlier.hash for earlier, later in pairwise(events))
    name = officer.full_name
    officer.full_name = "Tên Mới"
    officer.save()
    assert {it.actor_name for it in Event.objects.filter(chain=CHAIN)} == {name}
    assert journal.verify() == []


def test_several_events_cost_as_many_queries_as_one(commune, officer, django_assert_num_queries):
    with transaction.atomic():
        journal.record("a.b", subject=commune, by=officer, chain=CHAIN)
        with django_assert_num_queries(3):
            journal.record("a.b", subject=commune, by=officer, chain=CHAIN)
        with django_assert_num_queries(3):
            journal.record_many([Entry("a.b", commune, {"n": n}) for n in range(50)], by=officer, chain=CHAIN)
    assert Event.objects.filter(chain=CHAIN).count() == 52
    assert journal.verify() == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_a_transaction(commune):
    with pytest.raises(RuntimeError):
        journal.record("a.b", subject=commune, by=None)


def test_an_event_falls_with_the_act_it_tells_of(commune, officer):
    with transaction.atomic():
        journal.record("a.b", subject=commune, by=officer, chain=CHAIN)
        transaction.set_rollback(True)
    assert not Event.objects.filter(chain=CHAIN).exists()
    assert journal.verify() == []


def test_the_journal_uses_the_clock_of_the_portal(commune):
    moment = datetime(2024, 12, 5, 3, 0, tzinfo=UTC)
    with clock.at(moment), transaction.atomic():
        event = journal.record("a.b", subject=commune, by=None, chain=CHAIN)
    assert Event.objects.get(pk=event.pk).at == moment
    assert event.actor_name == "Hệ thống"


# ---------------------------------------------------------------- triggers


@pytest.mark.parametrize(
    "act",
    [
        lambda: Event.objects.filter(chain=CHAIN).update(action="khác"),
        lambda: Event.objects.filter(chain=CHAIN).delete(),
        lambda: Event.objects.filter(chain=CHAIN).first().delete(),
        lambda: sql(f"UPDATE {journal.TABLE} SET action = 'khac'"),
        lambda: sql(f"DELETE FROM {journal.TABLE}"),
    ],
)
def test_the_database_refuses_to_change_or_delete_an_event(act, events):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        act()
    assert Event.objects.filter(chain=CHAIN).count() == 5
    assert journal.verify() == []


@pytest.mark.only_on("postgresql")
@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_to_empty_the_journal(events):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(f"TRUNCATE {journal.TABLE} CASCADE")


# ---------------------------------------------------------------- what was bent behind the journal's back


@pytest.mark.parametrize(
    "change",
    [
        "action = 'khac'",
        "actor_name = 'Người khác'",
        "subject_label = 'Xã khác'",
        "data = '{\"value\": 2}'",
        "chain = 'round:KHAC'",
        "actor_id = NULL",
        "at = '2020-01-01 00:00:00+00:00'",
    ],
)
@pytest.mark.django_db(transaction=True)
def test_an_altered_event_is_found(change, no_triggers, events):
    assert verify()[0] == 0
    sql(f"UPDATE {journal.TABLE} SET {change} WHERE chain = %s AND seq = 3", CHAIN)
    code, said = verify()
    assert code == 1
    assert "sự kiện số 3" in said


@pytest.mark.parametrize("seq", [1, 3, 5])
@pytest.mark.django_db(transaction=True)
def test_a_deleted_event_is_found_wherever_it_stood(seq, no_triggers, events):
    sql(f"DELETE FROM {journal.TABLE} WHERE chain = %s AND seq = %s", CHAIN, seq)
    assert verify()[0] == 1


@pytest.mark.django_db(transaction=True)
def test_an_inserted_event_is_found(no_triggers, events, commune):
    """Someone makes room, and writes a row that fits in all but the key he does not have."""
    last = events[-1]
    forged = Event(
        chain=CHAIN,
        seq=6,
        at=last.at,
        actor_name="Hệ thống",
        action="a.b",
        subject_type="x",
        subject_id="1",
        subject_label="x",
        previous_hash=last.hash,
        hash="f" * 64,
    )
    forged.save(force_insert=True)
    ChainHead.objects.filter(pk=CHAIN).update(seq=6, hash=forged.hash)
    code, said = verify()
    assert code == 1
    assert "sự kiện số 6: nội dung đã bị thay đổi" in said


@pytest.mark.django_db(transaction=True)
def test_events_that_changed_places_are_found(no_triggers, events):
    sql(f"UPDATE {journal.TABLE} SET seq = 100 WHERE chain = %s AND seq = 2", CHAIN)
    sql(f"UPDATE {journal.TABLE} SET seq = 2 WHERE chain = %s AND seq = 3", CHAIN)
    sql(f"UPDATE {journal.TABLE} SET seq = 3 WHERE chain = %s AND seq = 100", CHAIN)
    assert verify()[0] == 1


@pytest.mark.django_db(transaction=True)
def test_a_cut_tail_with_a_mended_head_shows_against_an_anchor(no_triggers, events, tmp_path):
    anchor = tmp_path / "moc.jsonl"
    assert verify("--write-anchor", str(anchor))[0] == 0
    assert "mốc khớp" in verify("--anchor", str(anchor))[1]
    sql(f"DELETE FROM {journal.TABLE} WHERE chain = %s AND seq = 5", CHAIN)
    assert verify()[0] == 1
    ChainHead.objects.filter(pk=CHAIN).update(seq=4, hash=events[3].hash)
    assert verify()[0] == 0
    code, said = verify("--anchor", str(anchor))
    assert code == 1
    assert "không còn trong nhật ký" in said


@pytest.mark.django_db(transaction=True)
def test_a_chain_written_anew_with_the_key_shows_against_an_anchor(no_triggers, events, tmp_path, commune):
    anchor = tmp_path / "moc.jsonl"
    verify("--write-anchor", str(anchor))
    sql(f"DELETE FROM {journal.TABLE} WHERE chain = %s", CHAIN)
    ChainHead.objects.filter(pk=CHAIN).delete()
    with transaction.atomic():
        journal.record_many([Entry("a.b", commune, {"other": n}) for n in range(5)], by=None, chain=CHAIN)
    assert verify()[0] == 0
    code, said = verify("--anchor", str(anchor))
    assert code == 1
    assert "viết lại" in said


@pytest.mark.django_db(transaction=True)
def test_a_lost_head_is_found(no_triggers, events):
    ChainHead.objects.filter(pk=CHAIN).delete()
    assert verify()[0] == 1


def test_another_key_finds_every_event_wrong(events, settings):
    settings.JOURNAL_KEY = "another"
    assert len([it for it in journal.verify() if it.chain == CHAIN]) == 5


# ---------------------------------------------------------------- the command


def test_the_command_counts_what_it_checked(events):
    code, said = verify()
    assert code == 0
    assert said == "OK: 5 sự kiện trong 1 chuỗi.\n"


def test_an_empty_journal_is_whole():
    assert verify() == (0, "OK: 0 sự kiện trong 0 chuỗi.\n")


@pytest.mark.parametrize("text", ["nonsense", '{"chain": "x"}', "[1, 2]", json.dumps({"chain": "x", "seq": "a"})])
def test_a_wrong_anchor_file_is_named_with_its_line(text, tmp_path):
    anchor = tmp_path / "moc.jsonl"
    anchor.write_text(f"\n{text}\n", encoding="utf-8")
    with pytest.raises(CommandError, match="dòng 2"):
        verify("--anchor", str(anchor))


def test_a_missing_anchor_file_is_said(tmp_path):
    with pytest.raises(CommandError, match="Không đọc được"):
        verify("--anchor", str(tmp_path / "khong-co"))
