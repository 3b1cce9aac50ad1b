"""Right of reply and windows: explanation with new proof, the final word beside it, silence, dated exceptions."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from communes import clock
from communes.models import Event, User
from inspections import services, workflow
from inspections.models import Dossier, InspectionRound, Reply, RoundUnit
from inspections.progress import tasks_for
from inspections.workflow import Incomplete, NotAllowed, Refused, StaleState

from .factories import conclude_all, conclusion_of, hand_in, open_round, pdf_upload, prove

pytestmark = pytest.mark.django_db
SILENCE = InspectionRound.Silence


@pytest.fixture
def world(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune, officer):
    """Provisional: criterion 1 is not met."""
    found = hand_in(world.dossier_of(commune), by=officer)
    conclude_all(found, by=world.inspector)
    row = conclusion_of(found, 1)
    services.conclude_criterion(
        row, verdict="chua_dat", reason="Quy hoạch hết hạn", by=world.inspector, version=row.version
    )
    return services.make_provisional(world.dossier_of(commune), by=world.head)


def fresh(dossier):
    return Dossier.objects.with_context().get(pk=dossier.pk)


def explain(dossier, officer, text="Đã có quy hoạch số 12.", number=1):
    about = conclusion_of(dossier, number)
    services.reply(fresh(dossier), by=officer, replies={about.criterion: text})
    return reply_about(dossier, number)


def reply_about(dossier, number=1):
    reply = Reply.objects.filter(conclusion__criterion__number=number).latest("pk")
    reply.conclusion = conclusion_of(dossier, number)
    return reply


def in_days(days):
    return clock.at(clock.now() + timedelta(days=days))


# ---------------------------------------------------------------- the explanation and the final word


def test_a_reply_keeps_what_it_replies_to_and_the_proof_that_came_with_it(dossier, officer):
    new = prove(fresh(dossier), "1.1", by=officer, title="Quyết định số 12")
    reply = explain(dossier, officer)
    assert (reply.verdict, reply.reason, reply.text) == ("chua_dat", "Quy hoạch hết hạn", "Đã có quy hoạch số 12.")
    assert list(reply.evidence.all()) == [new]


def test_new_proof_alone_is_a_reply(dossier, officer):
    prove(fresh(dossier), "1.1", by=officer)
    services.reply(fresh(dossier), by=officer)
    assert reply_about(dossier).text == ""
    assert fresh(dossier).replied_by == officer


def test_without_words_and_proof_there_is_no_reply(dossier, officer):
    with pytest.raises(Incomplete, match="Chưa nhập nội dung giải trình"):
        services.reply(fresh(dossier), by=officer)


def test_a_second_explanation_takes_the_place_of_an_unanswered_first(dossier, officer):
    explain(dossier, officer, "Lần một")
    prove(fresh(dossier), "1.1", by=officer)
    explain(dossier, officer, "Lần hai")
    reply = Reply.objects.get()
    assert (reply.text, reply.evidence.count()) == ("Lần hai", 1)


def test_nobody_approves_before_the_final_word(dossier, world, officer):
    reply = explain(dossier, officer)
    with pytest.raises(Incomplete, match="Tiêu chí 1: chưa ghi ý kiến của Đoàn"):
        services.approve(fresh(dossier), by=world.head)
    services.respond(reply, response="Giữ nguyên: quyết định ban hành sau kiểm tra.", by=world.inspector)
    services.approve(fresh(dossier), by=world.head)
    facts = fresh(dossier).frozen["criteria"][0]["replies"][0]
    assert (facts["provisional"], facts["response"]) == ("chua_dat", "Giữ nguyên: quyết định ban hành sau kiểm tra.")


def test_a_criterion_that_the_reply_changes_is_concluded_anew_and_that_is_the_final_word(dossier, world, officer):
    explain(dossier, officer)
    services.take_up_reply(fresh(dossier), reason="Quyết định số 12 hợp lệ", by=world.head)
    row = conclusion_of(dossier, 1)
    services.conclude_criterion(row, verdict="dat", reason="", by=world.inspector, version=row.version)
    services.make_provisional(fresh(dossier), by=world.head)
    services.reply(fresh(dossier), by=officer, waive=True)
    services.approve(fresh(dossier), by=world.head)
    reply = reply_about(dossier)
    assert (reply.verdict, reply.conclusion.verdict, reply.is_answered) == ("chua_dat", "dat", True)


def test_the_team_concludes_nothing_by_answering_a_reply(dossier, world, officer):
    reply = explain(dossier, officer)
    before = conclusion_of(dossier, 1).version
    services.respond(reply, response="Giữ nguyên.", by=world.inspector)
    assert conclusion_of(dossier, 1).version == before


def test_only_the_team_of_the_criterion_says_the_final_word(dossier, world, officer):
    reply = explain(dossier, officer)
    for user in (world.coordinator, officer):
        with pytest.raises(NotAllowed):
            services.respond(reply, response="Giữ nguyên.", by=user)


def test_of_two_final_words_at_once_the_second_is_told(dossier, world, officer):
    first, second = explain(dossier, officer), reply_about(dossier)
    services.respond(first, response="Trước", by=world.inspector)
    with pytest.raises(StaleState, match="người khác cập nhật"):
        services.respond(second, response="Sau", by=world.head)
    assert reply_about(dossier).response == "Trước"


def test_a_word_on_a_reply_that_has_changed_meanwhile_is_told(dossier, world, officer):
    read = explain(dossier, officer, "Lần một")
    explain(dossier, officer, "Lần hai")
    with pytest.raises(StaleState):
        services.respond(read, response="Giữ nguyên.", by=world.inspector)


def test_nothing_of_a_reply_changes_under_a_concluded_dossier(dossier, world, officer):
    reply = explain(dossier, officer)
    services.respond(reply, response="Giữ nguyên.", by=world.inspector)
    services.approve(fresh(dossier), by=world.head)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reply.objects.filter(pk=reply.pk).update(response="Khác")


def test_the_commune_reads_the_final_word_once_it_is_concluded(client, dossier, world, officer):
    reply = explain(dossier, officer)
    services.respond(reply, response="Giữ nguyên: ban hành sau kiểm tra.", by=world.inspector)
    client.force_login(officer)
    criterion = reverse("inspections:criterion-edit", args=[dossier.pk, 1])
    both = reverse("inspections:dossier-reply", args=[dossier.pk])
    for address in (criterion, both):
        page = client.get(address).content.decode()
        assert "Đã có quy hoạch số 12." in page
        assert "ban hành sau kiểm tra" not in page
    services.approve(fresh(dossier), by=world.head)
    for address in (criterion, both):
        page = client.get(address).content.decode()
        for words in ("Quy hoạch hết hạn", "Đã có quy hoạch số 12.", "Giữ nguyên: ban hành sau kiểm tra."):
            assert words in page


def test_the_commune_replies_with_a_file_and_the_team_answers_on_the_desk(client, dossier, world, officer):
    client.force_login(officer)
    row = dossier.assessments.get(indicator__code="1.1")
    data = {"criterion_1": "Đã có quy hoạch.", "indicator_1": row.pk, "files_1": [pdf_upload("quyet-dinh-12.pdf")]}
    response = client.post(reverse("inspections:dossier-reply", args=[dossier.pk]), data)
    assert response.status_code == 302
    client.force_login(world.inspector)
    desk = reverse("inspections:review-criterion", args=[dossier.pk, 1])
    assert "quyet-dinh-12.pdf" in client.get(desk).content.decode()
    reply = reply_about(dossier)
    address = reverse("inspections:reply-respond", args=[dossier.pk, reply.pk])
    assert client.post(address, {f"giai-trinh-{reply.pk}-response": " "}).status_code == 400
    client.post(address, {f"giai-trinh-{reply.pk}-response": "Ghi nhận."})
    assert "Ghi nhận." in client.get(desk).content.decode()


# ---------------------------------------------------------------- silence


@pytest.fixture
def strict(world):
    """A round in which silence is not agreement."""
    services.update_round(world.round, by=world.coordinator, silence=SILENCE.REMINDED)
    return world


def test_where_silence_is_agreement_the_date_is_enough(dossier, world):
    with in_days(21):
        services.approve(fresh(dossier), by=world.head)


def test_where_it_is_not_a_reminder_and_its_time_come_first(strict, dossier):
    with in_days(21):
        with pytest.raises(Incomplete, match="nhắc xã"):
            services.approve(fresh(dossier), by=strict.head)
        services.remind(
            fresh(dossier), until=clock.today() + timedelta(days=3), reason="Đề nghị cho ý kiến", by=strict.head
        )
        with pytest.raises(Incomplete, match="còn quyền giải trình"):
            services.approve(fresh(dossier), by=strict.head)
    with in_days(25):
        services.approve(fresh(dossier), by=strict.head)
    assert Event.objects.filter(action="dossier.reminded").count() == 1


def test_a_reminded_commune_may_reply_until_its_new_day(strict, dossier, officer):
    with in_days(21):
        services.remind(fresh(dossier), until=clock.today() + timedelta(days=3), reason="Nhắc", by=strict.head)
        (task,) = tasks_for(User.objects.get(pk=officer.pk))
        assert (task.title, task.due_on) == (
            "Đoàn nhắc: dự thảo kết luận chờ giải trình",
            clock.today() + timedelta(days=3),
        )
    with in_days(24):
        explain(dossier, officer)
    assert fresh(dossier).replied_by == officer


def test_nobody_is_reminded_before_the_date_or_twice_or_where_silence_is_agreement(strict, dossier, world):
    def remind():
        return services.remind(fresh(dossier), until=clock.today() + timedelta(days=3), reason="Nhắc", by=strict.head)

    with pytest.raises(Incomplete, match="còn thời hạn"):
        remind()
    with in_days(21):
        remind()
    with in_days(30), pytest.raises(Incomplete, match="Đã nhắc"):
        remind()
    services.update_round(world.round, by=world.coordinator, silence=SILENCE.ACCEPTED)
    with in_days(21), pytest.raises(Incomplete, match="không cần nhắc"):
        remind()


def test_the_head_finds_the_silent_ones_among_the_tasks_and_reminds_on_the_page(client, strict, dossier):
    with in_days(21):
        titles = [task.title for task in tasks_for(User.objects.get(pk=strict.head.pk))]
        assert titles == ["1 hồ sơ xã không có ý kiến về dự thảo, cần nhắc"]
        client.force_login(strict.head)
        assert "Xã Phúc Khoa" in client.get(reverse("inspections:queue"), {"viec": "nhac"}).content.decode()
        address = reverse("inspections:dossier-remind", args=[dossier.pk])
        assert "Nội dung nhắc" in client.get(address).content.decode()
        until = f"{clock.today() + timedelta(days=3):%d/%m/%Y}"
        assert client.post(address, {"until": until, "reason": "Đề nghị cho ý kiến"}).status_code == 302
        assert tasks_for(User.objects.get(pk=strict.head.pk)) == []
    with in_days(25):
        (task,) = tasks_for(User.objects.get(pk=strict.head.pk))
        assert task.title == "1 hồ sơ chờ phê duyệt kết luận"


def test_the_round_says_what_silence_means_to_both_sides(client, strict, dossier, officer):
    for user, address in (
        (officer, reverse("inspections:dossier-reply", args=[dossier.pk])),
        (strict.head, strict.round.get_absolute_url()),
    ):
        client.force_login(user)
        assert str(SILENCE.REMINDED.label) in client.get(address).content.decode()


# ---------------------------------------------------------------- dated exceptions


def test_a_unit_has_more_time_to_reply_by_a_dated_exception(dossier, world, officer):
    unit = RoundUnit.objects.get(pk=dossier.round_unit_id)
    until = clock.today() + timedelta(days=30)
    services.extend_reply(unit, until=until, reason="Xã có lũ", by=world.coordinator)
    with in_days(25):
        explain(dossier, officer)
        prove(fresh(dossier), "1.1", by=officer)
    with in_days(31), pytest.raises(Refused, match=f"Đã hết hạn giải trình ngày {until:%d/%m/%Y}.*liên hệ"):
        explain(dossier, officer)


def test_an_exception_is_ended_and_the_dates_of_the_round_count_again(client, dossier, world):
    unit = RoundUnit.objects.get(pk=dossier.round_unit_id)
    later = clock.today() + timedelta(days=40)
    services.extend_unit(unit, until=later, reason="Xã có lũ", by=world.coordinator)
    services.extend_reply(unit, until=later, reason="Xã có lũ", by=world.coordinator)
    assert (fresh(dossier).due_on, fresh(dossier).reply_until) == (later, later)
    client.force_login(world.coordinator)
    listed = client.get(reverse("inspections:round-units", args=[world.round.code])).content.decode()
    assert f"Giải trình đến {later:%d/%m/%Y}: Xã có lũ ({world.coordinator})" in listed
    address = reverse("inspections:unit-end-extension", args=[world.round.code, unit.pk])
    assert client.post(address, {"reason": "Đã khắc phục"}).status_code == 302
    assert (fresh(dossier).due_on, fresh(dossier).reply_until) == (world.round.due_on, world.round.reply_until)
    event = Event.objects.get(action="round.unit_extension_ended")
    assert event.data["old"] == {"submission": later.isoformat(), "reply": later.isoformat()}
    unit.refresh_from_db()
    with pytest.raises(StaleState, match="không có gia hạn"):
        services.end_extension(unit, reason="Lần nữa", by=world.coordinator)


def test_what_is_frozen_says_since_when_and_whom_to_call(client, world, neighbour_commune, neighbour, district):
    district.contact_name, district.contact_phone = "Văn phòng Điều phối huyện Thử", "0213 111 222"
    district.save()
    services.update_round(world.round, by=world.coordinator, freeze_on=world.round.due_on)
    dossier = world.dossier_of(neighbour_commune)
    client.force_login(neighbour)
    with in_days(11):
        client.force_login(neighbour)
        page = client.get(dossier.get_absolute_url()).content.decode()
        sentence = workflow.freeze_refusal(fresh(dossier))[0]
    assert sentence in page
    assert f"{world.round.freeze_on:%d/%m/%Y}" in sentence
    assert "Văn phòng Điều phối huyện Thử, điện thoại 0213 111 222" in sentence
