"""A newer version takes the place of a document: in open drafts only, whole or not at all, once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from communes import clock, journal
from communes.models import Event, User
from inspections import services
from inspections.models import Dossier, Evidence, EvidenceLink
from inspections.services import evidence as service
from inspections.workflow import Incomplete, NotAllowed, StaleState

from . import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def last_round(district, commune):
    return make.open_round(
        district, communes=[commune], year=2024, period_from=date(2024, 1, 1), period_to=date(2024, 12, 31)
    )


@pytest.fixture
def concluded(last_round, commune, officer):
    """Last year's dossier, with one document for 2.1 and 2.2."""
    dossier = last_round.dossier_of(commune)
    make.fill(dossier, by=officer, with_evidence=False)
    make.prove(dossier, "2.1", "2.2", by=officer, title="Bảng thống kê 2024")
    dossier = make.conclude(last_round.dossier_of(commune), last_round, officer=officer)
    services.close_round(last_round.round, by=last_round.coordinator)
    return dossier


@pytest.fixture
def old(concluded):
    return Evidence.objects.get(title="Bảng thống kê 2024")


@pytest.fixture
def world(concluded, district, commune):
    return make.open_round(district, communes=[commune])


@pytest.fixture
def draft(world, commune):
    return world.dossier_of(commune)


@pytest.fixture
def new(commune, officer):
    return services.add_evidence(commune, make.pdf_upload(), meta={"title": "Bảng thống kê 2025"}, by=officer).evidence


def link(piece, dossier, *codes, by):
    return services.link_evidence(piece, [make.assessment_of(dossier, code) for code in codes], by=by)


def replace(old, new, *, by):
    plan = services.replacement_of(old, by=by)
    return services.replace_evidence(old, new, by=by, shown=[item.pk for item in plan.moving])


def used(dossier):
    """{indicator code: titles of what proves it}."""
    rows = EvidenceLink.objects.filter(assessment__dossier=dossier)
    found = {}
    for code, title in rows.values_list("assessment__indicator__code", "evidence__title").order_by("evidence__title"):
        found.setdefault(code, []).append(title)
    return found


def test_open_draft_gets_the_new_version_and_the_concluded_round_keeps_the_old(concluded, draft, old, new, officer):
    link(old, draft, "2.1", by=officer)
    frozen = Dossier.objects.get(pk=concluded.pk).frozen_hash
    plan = replace(old, new, by=officer)
    assert used(draft) == {"2.1": ["Bảng thống kê 2025"]}
    assert used(concluded) == {"2.1": ["Bảng thống kê 2024"], "2.2": ["Bảng thống kê 2024"]}
    assert Dossier.objects.get(pk=concluded.pk).frozen_hash == frozen
    assert (len(plan.moving), len(plan.staying)) == (1, 2)
    old.refresh_from_db()
    assert (old.replaced_by, old.replacer) == (new, officer)
    assert old.file.storage.exists(old.file.name)


def test_what_was_handed_in_keeps_the_old_one(world, draft, old, new, officer):
    link(old, draft, "2.1", by=officer)
    make.fill(draft, by=officer, with_evidence=False)
    services.submit(world.dossier_of(draft.inspection.commune), by=officer)
    replace(old, new, by=officer)
    assert used(draft)["2.1"] == ["Bảng thống kê 2024"]


def test_of_a_returned_dossier_only_what_is_asked_about_moves(world, draft, old, new, officer):
    link(old, draft, "2.1", "2.2", by=officer)
    make.fill(draft, by=officer, with_evidence=False)
    dossier = services.submit(world.dossier_of(draft.inspection.commune), by=officer)
    make.send_back(dossier, "2.1", by=world.inspector, reason_code="het_hieu_luc")
    replace(old, new, by=officer)
    assert used(draft) == {"2.1": ["Bảng thống kê 2025"], "2.2": ["Bảng thống kê 2024"]}


def test_indicator_that_has_both_keeps_one_link(draft, old, new, officer):
    link(old, draft, "2.1", by=officer)
    link(new, draft, "2.1", by=officer)
    replace(old, new, by=officer)
    assert used(draft) == {"2.1": ["Bảng thống kê 2025"]}


def test_replacing_is_journalled_in_the_chain_of_the_round_that_changes(world, draft, old, new, officer):
    link(old, draft, "2.1", "2.2", by=officer)
    replace(old, new, by=officer)
    (event,) = Event.objects.filter(action="evidence.replaced")
    assert event.chain == journal.round_chain(world.round.code)
    assert event.data["indicators"] == ["2.1", "2.2"]
    assert event.data["sha256"] == {"old": old.sha256, "new": new.sha256}


def test_replacing_what_no_draft_uses_is_journalled_too(old, new, officer):
    replace(old, new, by=officer)
    (event,) = Event.objects.filter(action="evidence.replaced")
    assert event.chain == journal.REFERENCE
    assert event.subject_id == str(old.pk)


# ---------------------------------------------------------------- refused


def test_second_replacement_names_the_first(old, new, officer, commune):
    replace(old, new, by=officer)
    other = services.add_evidence(commune, make.pdf_upload(), meta={}, by=officer).evidence
    with pytest.raises(Incomplete, match="đã được thay bằng Bảng thống kê 2025"):
        replace(old, other, by=officer)
    old.refresh_from_db()
    assert old.replaced_by == new


def test_chain_never_becomes_a_ring(old, new, officer):
    replace(old, new, by=officer)
    with pytest.raises(Incomplete):
        replace(new, old, by=officer)
    with pytest.raises(Incomplete):
        replace(new, new, by=officer)


def test_database_refuses_a_ring_of_one_and_a_replacement_without_author(old, new, officer):
    for change in ({"replaced_by": old, "replacer": officer, "replaced_at": clock.now()}, {"replaced_by": new}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Evidence.objects.filter(pk=old.pk).update(**change)


def test_other_people_and_other_communes_are_refused(old, new, officer, neighbour, neighbour_commune, world, leader):
    foreign = services.add_evidence(neighbour_commune, make.pdf_upload(), meta={}, by=neighbour).evidence
    for who in (neighbour, leader, world.inspector, world.coordinator):
        with pytest.raises(NotAllowed):
            services.replace_evidence(old, new, by=who, shown=[])
    with pytest.raises(NotAllowed):
        services.replace_evidence(old, foreign, by=officer, shown=[])


def test_infected_version_is_refused(old, new, officer):
    Evidence.objects.filter(pk=new.pk).update(scan="infected")
    with pytest.raises(Incomplete, match="vi-rút"):
        replace(old, new, by=officer)


def test_list_that_changed_since_it_was_shown_is_shown_again(draft, old, new, officer):
    link(old, draft, "2.1", by=officer)
    shown = [item.pk for item in services.replacement_of(old, by=officer).moving]
    link(old, draft, "2.2", by=officer)
    with pytest.raises(StaleState, match="vừa thay đổi"):
        services.replace_evidence(old, new, by=officer, shown=shown)
    assert used(draft) == {"2.1": ["Bảng thống kê 2024"], "2.2": ["Bảng thống kê 2024"]}


def test_link_made_between_reading_and_locking_is_noticed(draft, old, new, officer, monkeypatch):
    hold = service._hold

    def overtaken(pieces):
        hold(pieces)
        if len(list(pieces)) == 2:
            row = make.assessment_of(draft, "2.2")
            EvidenceLink.objects.create(evidence=old, assessment=row, linked_by=officer, linked_at=clock.now())

    monkeypatch.setattr(service, "_hold", overtaken)
    with pytest.raises(StaleState):
        replace(old, new, by=officer)
    old.refresh_from_db()
    assert old.replaced_by is None


def test_dossier_handed_in_meanwhile_is_noticed(world, draft, old, new, officer, monkeypatch):
    link(old, draft, "2.1", by=officer)
    make.fill(draft, by=officer, with_evidence=False)
    shown = [item.pk for item in services.replacement_of(old, by=officer).moving]
    services.submit(world.dossier_of(draft.inspection.commune), by=officer)
    with pytest.raises(StaleState):
        services.replace_evidence(old, new, by=officer, shown=shown)
    assert used(draft)["2.1"] == ["Bảng thống kê 2024"]


def test_replaced_document_is_not_used_again(draft, old, new, officer):
    replace(old, new, by=officer)
    with pytest.raises(Incomplete, match="dùng bản mới"):
        link(old, draft, "2.1", by=officer)


def test_newer_version_is_not_removed_while_it_stands_for_another(old, new, officer):
    replace(old, new, by=officer)
    with pytest.raises(Incomplete, match="bản mới thay cho Bảng thống kê 2024"):
        services.remove_evidence(new, by=officer)


# ---------------------------------------------------------------- two at the same instant


def replaced_at_once(old, versions, officer):
    """How many of two replacements that begin together go through; the words of those that do not."""
    barrier = threading.Barrier(2)

    def act(new):
        barrier.wait(timeout=30)
        try:
            replace(Evidence.objects.get(pk=old.pk), new, by=User.objects.get(pk=officer.pk))
        except (Incomplete, StaleState) as refused:
            return str(refused)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(act, versions))


@pytest.mark.django_db(transaction=True)
def test_of_two_replacements_at_once_one_goes_through(draft, old, officer, commune, monkeypatch):
    link(old, draft, "2.1", by=officer)
    add = services.add_evidence
    versions = [add(commune, make.pdf_upload(), meta={"title": f"Bản {n}"}, by=officer).evidence for n in (1, 2)]
    told = replaced_at_once(old, versions, officer)
    assert sorted(bool(words) for words in told) == [False, True]
    old.refresh_from_db()
    assert used(draft)["2.1"] == [old.replaced_by.title]
    assert Event.objects.filter(action="evidence.replaced").count() == 1
    # Without looking at the pieces again under their lock both would go through.
    monkeypatch.setattr(service, "_hold", lambda pieces: None)
    other = add(commune, make.pdf_upload(), meta={}, by=officer).evidence
    assert replaced_at_once(other, versions, officer) == ["", ""]


# ---------------------------------------------------------------- several pieces at once


def test_several_pieces_are_linked_together_or_not_at_all(draft, old, new, officer):
    rows = [make.assessment_of(draft, code) for code in ("2.1", "2.2")]
    Evidence.objects.filter(pk=new.pk).update(scan="infected")
    with pytest.raises(Incomplete):
        services.link_pieces({old: rows, new: rows[:1]}, by=officer)
    assert used(draft) == {}
    Evidence.objects.filter(pk=new.pk).update(scan="clean")
    fresh = services.link_pieces({old: rows, new: rows[:1]}, by=officer)
    assert [len(fresh[piece]) for piece in (old, new)] == [2, 1]
    again = services.link_pieces({old: rows, new: rows}, by=officer)
    assert (again[old], [row.indicator.code for row in again[new]]) == ([], ["2.2"])


# ---------------------------------------------------------------- validity


@pytest.mark.parametrize(
    ("days", "lapsed", "soon"), [(-1, True, False), (0, False, True), (60, False, True), (61, False, False)]
)
def test_last_day_of_validity_still_counts(old, days, lapsed, soon):
    today = clock.today()
    old.valid_until = today + timedelta(days=days)
    old.save(update_fields=["valid_until"])
    assert (old.is_lapsed(today), old.lapses_soon(today)) == (lapsed, soon)
    rows = Evidence.objects.all()
    assert (rows.lapsed(today).exists(), rows.lapsing(today).exists()) == (lapsed, soon)


def test_document_without_a_last_day_never_lapses(old):
    assert not old.is_lapsed(date.max)
    assert not old.lapses_soon(clock.today())
