"""Returns as threads: asked, answered with new proof, asked again, settled or withdrawn; overdue ones are seen."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes import clock
from communes.models import Event, User
from inspections import services, workflow
from inspections.models import Dossier, ReturnItem, ReturnTurn
from inspections.presenters.history import history_line
from inspections.presenters.sight import sight_of
from inspections.progress import matrix, tasks_for
from inspections.workflow import Incomplete, NotAllowed, StaleState

from .factories import assessment_of, hand_in, open_round, pdf_bytes, send_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune, officer):
    return hand_in(world.dossier_of(commune), by=officer)


def soon(days=3):
    return clock.today() + timedelta(days=days)


def fresh(item):
    """As a view reads it: with its dossier, one object for both ways to it."""
    row = ReturnItem.objects.select_related("assessment__indicator", "assessment__criterion").get(pk=item.pk)
    row.dossier = row.assessment.dossier = Dossier.objects.with_context().get(pk=row.dossier_id)
    return row


def answered(dossier, world, officer, code="2.1", answer="Đã có biên bản số 12."):
    item = send_back(dossier, code, by=world.inspector)
    return services.answer_item(fresh(item), answer=answer, by=officer)


def ask_again(item, world, **typed):
    given = {"question": "Biên bản thiếu chữ ký, gửi lại.", "due_on": soon(), **typed}
    return services.ask_again(fresh(item), by=world.inspector, **given)


# ---------------------------------------------------------------- the thread


def test_the_team_asks_again_and_what_was_said_before_stays(dossier, world, officer):
    item = answered(dossier, world, officer)
    again = fresh(ask_again(item, world, reason_code="sai"))
    assert (again.status, again.answer, again.reason_code) == ("open", "", "sai")
    assert again.dossier.status == Dossier.Status.RETURNED
    turn = again.turns.get()
    assert (turn.question, turn.answer) == ("Đề nghị bổ sung biên bản nghiệm thu.", "Đã có biên bản số 12.")
    assert (turn.reason_code, turn.answered_by) == ("thieu", officer)


def test_the_second_answer_hands_the_dossier_in_again_and_can_be_settled(dossier, world, officer):
    item = ask_again(answered(dossier, world, officer), world)
    services.answer_item(fresh(item), answer="Đã gửi bản có chữ ký.", by=officer)
    services.settle_item(fresh(item), by=world.inspector)
    done = fresh(item)
    assert (done.status, done.dossier.status) == ("settled", "submitted")
    assert [turn.answer for turn in done.turns.all()] == ["Đã có biên bản số 12."]


def test_a_thread_withdrawn_keeps_every_word(dossier, world, officer):
    item = ask_again(answered(dossier, world, officer), world)
    services.withdraw_item(fresh(item), by=world.inspector)
    gone = fresh(item)
    assert (gone.status, gone.question) == ("withdrawn", "Biên bản thiếu chữ ký, gửi lại.")
    assert gone.turns.count() == 1
    assert gone.dossier.status == Dossier.Status.SUBMITTED


def test_asking_again_is_in_the_journal_with_its_words(dossier, world, officer):
    ask_again(answered(dossier, world, officer), world)
    seen = Dossier.objects.with_context().get(pk=dossier.pk)
    line = history_line(Event.objects.get(action="return_item.asked_again"), sight_of(seen, officer), seen)
    assert line.what == "Hỏi thêm về phần bổ sung"
    assert "Nội dung: Biên bản thiếu chữ ký, gửi lại." in line.details


@pytest.mark.parametrize(
    ("typed", "message"),
    [({"question": "  "}, "chưa nhập nội dung"), ({"due_on": soon(-1)}, "hạn bổ sung không được trước hôm nay")],
)
def test_an_incomplete_further_question_changes_nothing(dossier, world, officer, typed, message):
    item = answered(dossier, world, officer)
    with pytest.raises(Incomplete, match=message):
        ask_again(item, world, **typed)
    assert fresh(item).status == "answered"
    assert not ReturnTurn.objects.exists()


def test_only_what_was_answered_is_asked_about_again(dossier, world):
    item = send_back(dossier, "2.1", by=world.inspector)
    with pytest.raises(StaleState, match="Chờ xã bổ sung"):
        ask_again(item, world)


def test_who_does_not_inspect_the_criterion_does_not_ask_again(dossier, world, officer):
    item = answered(dossier, world, officer)
    with pytest.raises(NotAllowed):
        services.ask_again(fresh(item), question="Còn gì?", due_on=soon(), by=world.coordinator)


# ---------------------------------------------------------------- two at once


def while_locking(monkeypatch, act):
    """What a colleague does at the very moment before this person holds the dossier."""
    lock, done = workflow.lock, []

    def meanwhile(dossier):
        if not done:
            done.append(True)
            act()
        lock(dossier)

    monkeypatch.setattr(workflow, "lock", meanwhile)


def test_of_two_answers_at_once_the_first_stays(dossier, world, officer, monkeypatch):
    item = send_back(dossier, "2.1", by=world.inspector)
    send_back(dossier, "2.2", by=world.inspector)  # so that the dossier itself does not move
    late = fresh(item)
    while_locking(monkeypatch, lambda: services.answer_item(fresh(item), answer="Trước", by=officer))
    with pytest.raises(StaleState, match="Xã đã trả lời"):
        services.answer_item(late, answer="Sau", by=officer)


def test_an_answer_to_what_is_being_withdrawn_is_told_so(dossier, world, officer, monkeypatch):
    item = send_back(dossier, "2.1", by=world.inspector)
    send_back(dossier, "2.2", by=world.inspector)
    late = fresh(item)
    while_locking(monkeypatch, lambda: services.withdraw_item(fresh(item), by=world.inspector))
    with pytest.raises(StaleState, match="Đã rút"):
        services.answer_item(late, answer="Sau", by=officer)


@pytest.mark.parametrize("name", ["settle_item", "withdraw_item"])
def test_what_a_colleague_closes_meanwhile_is_not_asked_about_again(dossier, world, officer, monkeypatch, name):
    item = answered(dossier, world, officer)
    while_locking(monkeypatch, lambda: getattr(services, name)(fresh(item), by=world.head))
    with pytest.raises(StaleState):
        ask_again(item, world)


def test_of_two_further_questions_at_once_one_goes_out(dossier, world, officer, monkeypatch):
    send_back(dossier, "2.2", by=world.inspector)  # the dossier is out already: its state guards nothing here
    item = send_back(Dossier.objects.with_context().get(pk=dossier.pk), "2.1", by=world.inspector)
    services.answer_item(fresh(item), answer="Đã có.", by=officer)
    late = fresh(item)
    while_locking(
        monkeypatch,
        lambda: services.ask_again(fresh(item), question="Trước", due_on=soon(), by=world.head),
    )
    with pytest.raises(StaleState):
        services.ask_again(late, question="Sau", due_on=soon(), by=world.inspector)


# ---------------------------------------------------------------- pages


def test_the_commune_is_led_to_the_indicator_and_answers_there(client, dossier, world, officer):
    item = send_back(dossier, "2.1", by=world.inspector)
    client.force_login(officer)
    listed = client.get(reverse("inspections:dossier-returns", args=[dossier.pk])).content.decode()
    place = reverse("inspections:criterion-edit", args=[dossier.pk, 2])
    assert f'href="{place}#ct-{item.assessment_id}"' in listed
    page = client.get(place).content.decode()
    assert f'id="ct-{item.assessment_id}"' in page
    assert f'action="{reverse("inspections:item-answer", args=[dossier.pk, item.pk])}"' in page
    assert f'href="{reverse("inspections:dossier-returns", args=[dossier.pk])}#yc-{item.pk}"' in page


def test_an_answer_comes_with_new_files_and_the_team_sees_which(client, dossier, world, officer):
    item = send_back(dossier, "2.1", by=world.inspector)
    client.force_login(officer)
    file = SimpleUploadedFile("bien-ban-moi.pdf", pdf_bytes(), content_type="application/pdf")
    address = reverse("inspections:item-answer", args=[dossier.pk, item.pk])
    response = client.post(address, {"answer": "Đã gửi biên bản.", "files": [file]})
    assert response.status_code == 302
    assert assessment_of(dossier, "2.1").evidence_links.filter(evidence__original_name="bien-ban-moi.pdf").exists()
    client.force_login(world.inspector)
    page = client.get(reverse("inspections:review-criterion", args=[dossier.pk, 2])).content.decode()
    shown = page[page.index("Minh chứng mới:") :].partition("</p>")[0]
    assert "bien-ban-moi.pdf" in shown
    # What proved the indicator before the question is no news.
    assert shown.count("<a ") == 1


def test_a_file_that_is_not_taken_leaves_the_question_open_and_the_words_in_the_form(client, dossier, world, officer):
    item = send_back(dossier, "2.1", by=world.inspector)
    client.force_login(officer)
    file = SimpleUploadedFile("may.exe", b"MZ", content_type="application/pdf")
    response = client.post(
        reverse("inspections:item-answer", args=[dossier.pk, item.pk]), {"answer": "Đã gửi.", "files": [file]}
    )
    assert response.status_code == 409
    assert "may.exe" in response.content.decode()
    assert ">\nĐã gửi.</textarea>" in response.content.decode()
    assert fresh(item).status == "open"


def test_the_inspector_asks_again_on_the_desk(client, dossier, world, officer):
    item = answered(dossier, world, officer)
    client.force_login(world.inspector)
    prefix = f"hoi-them-{item.pk}-"
    data = {"reason_code": "sai", "question": "Biên bản của xã khác.", "due_on": f"{soon():%d/%m/%Y}"}
    address = reverse("inspections:item-ask-again", args=[dossier.pk, item.pk])
    response = client.post(address, {prefix + name: value for name, value in data.items()})
    assert response.url.endswith("#chi-tieu-2.1")
    page = client.get(response.url).content.decode()
    for words in ("Đề nghị bổ sung biên bản nghiệm thu.", "Đã có biên bản số 12.", "Biên bản của xã khác."):
        assert words in page


def test_a_further_question_with_mistakes_keeps_what_was_typed(client, dossier, world, officer):
    item = answered(dossier, world, officer)
    client.force_login(world.inspector)
    prefix = f"hoi-them-{item.pk}-"
    data = {"reason_code": "sai", "question": "Biên bản của xã khác.", "due_on": "01/01/2020"}
    address = reverse("inspections:item-ask-again", args=[dossier.pk, item.pk])
    response = client.post(address, {prefix + name: value for name, value in data.items()})
    assert response.status_code == 400
    assert "Hạn bổ sung không được trước hôm nay." in response.content.decode()
    assert "Biên bản của xã khác." in response.content.decode()


def test_the_page_of_returns_costs_the_same_for_one_thread_and_for_many(client, dossier, world, officer):
    client.force_login(officer)
    address = reverse("inspections:dossier-returns", args=[dossier.pk])

    def queries():
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    ask_again(answered(dossier, world, officer), world)
    one = queries()
    for code in ("1.1", "1.2", "2.2"):
        row = Dossier.objects.with_context().get(pk=dossier.pk)
        send_back(row, code, by=world.inspector)
    assert queries() == one


# ---------------------------------------------------------------- overdue


@pytest.fixture
def overdue(dossier, world):
    item = send_back(dossier, "2.1", by=world.inspector)
    ReturnItem.objects.filter(pk=item.pk).update(due_on=soon(-2))
    return fresh(item)


def test_both_sides_see_what_is_overdue_among_their_tasks(overdue, world, officer):
    (own,) = tasks_for(User.objects.get(pk=officer.pk))
    assert own.title == "1 chỉ tiêu cần bổ sung, 1 đã quá hạn"
    theirs = [task for task in tasks_for(User.objects.get(pk=world.inspector.pk)) if "quá hạn" in task.title]
    assert [task.title for task in theirs] == ["1 yêu cầu bổ sung của 1 hồ sơ quá hạn, xã chưa trả lời"]
    assert theirs[0].url.startswith(reverse("inspections:queue") + "?viec=cho-xa")


def test_what_is_not_due_yet_is_overdue_for_nobody(dossier, world, officer):
    send_back(dossier, "2.1", by=world.inspector, due_on=clock.today())
    titles = [task.title for user in (officer, world.inspector) for task in tasks_for(User.objects.get(pk=user.pk))]
    assert not any("quá hạn" in title for title in titles)


def test_the_round_marks_and_filters_what_is_overdue(client, overdue, world):
    rows = {row.dossier.pk: row.overdue for row in matrix(world.round, "xa-thu").rows}
    assert rows[overdue.dossier_id] == 1
    assert sum(rows.values()) == 1
    client.force_login(world.inspector)
    page = client.get(world.round.get_absolute_url(), {"loc": "bo-sung-qua-han"}).content.decode()
    assert "1 yêu cầu quá hạn" in page
    assert page.count('<a href="/kiem-tra/') > 0
    assert "Nậm Cần" not in page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_the_queue_lists_what_waits_for_the_commune_by_its_date(client, overdue, dossier, world):
    send_back(Dossier.objects.with_context().get(pk=dossier.pk), "1.1", by=world.inspector, question="Câu hỏi sau")
    client.force_login(world.inspector)
    page = client.get(reverse("inspections:queue"), {"viec": "cho-xa"}).content.decode()
    assert page.index("Chỉ tiêu 2.1") < page.index("Câu hỏi sau")
    assert reverse("inspections:review-criterion", args=[dossier.pk, 2]) + "#chi-tieu-2.1" in page
