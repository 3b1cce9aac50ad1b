"""The pages around the desk: work lists across communes, concluding many at once, phrases, looks, history."""

import re

import pytest
from django.urls import reverse

from communes.models import Event
from criteria.models import AgencyAssignment
from inspections import services
from inspections.models import Dossier, Look
from inspections.services.bulk import standings_of

from ..factories import AgencyFactory
from .factories import (
    assessment_of,
    conclude_all,
    conclusion_of,
    enter,
    fill,
    hand_in,
    make_provisional,
    open_round,
    prove,
    send_back,
    wide_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune])


def proved(world, unit, by):
    """Handed in, everything met and proved."""
    dossier = fill(world.dossier_of(unit), by=by)
    prove(dossier, *dossier.assessments.values_list("indicator__code", flat=True), by=by)
    return services.submit(world.dossier_of(unit), by=by)


@pytest.fixture
def dossier(world, commune, officer):
    return proved(world, commune, officer)


@pytest.fixture
def other(world, neighbour_commune, neighbour):
    return proved(world, neighbour_commune, neighbour)


@pytest.fixture
def as_inspector(client, world):
    client.force_login(world.inspector)
    return client


@pytest.fixture
def in_charge(agency, agency_reviewer, world):
    """The reviewer of the agency that is in charge of indicator 2.1."""
    set_ = world.round.units.first().criteria_set
    AgencyAssignment.objects.create(indicator=set_.indicators.get(code="2.1"), agency=agency)
    return agency_reviewer


def opine(dossier, code, by, judgement="dat", reason=""):
    row = assessment_of(dossier, code)
    return services.give_opinion(row, judgement=judgement, reason=reason, by=by, version=row.version)


def listed(client, **query):
    """[(title, unit)] of the work list."""
    lines = client.get(reverse("inspections:queue"), query).context["lines"]
    return [(line.title.partition(".")[0], line.dossier.unit.name) for line in lines]


def desk(dossier, number=2):
    return reverse("inspections:review-criterion", args=[dossier.pk, number])


def look(client, dossier, number, **typed):
    return client.post(reverse("inspections:criterion-looked", args=[dossier.pk, number]), typed)


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


# ---------------------------------------------------------------- work lists


def test_all_of_one_criterion_across_communes(as_inspector, dossier, other):
    conclude_all(other, by=Dossier.objects.get(pk=other.pk).round.team.get(position="head").user)
    found = listed(as_inspector, viec="tieu-chi", tieu_chi=2)
    assert sorted(found) == [("Tiêu chí 2", "Nậm Cần"), ("Tiêu chí 2", "Phúc Khoa")]
    assert listed(as_inspector, viec="tieu-chi", tieu_chi=2, ket_luan="dat") == [("Tiêu chí 2", "Nậm Cần")]
    assert listed(as_inspector, viec="ket-luan", tieu_chi=2) == [("Tiêu chí 2", "Phúc Khoa")]


def test_only_what_differs(as_inspector, dossier, other, in_charge):
    opine(dossier, "2.1", in_charge, "chua_dat", "Thiếu biên bản")
    opine(other, "2.1", in_charge)
    assert listed(as_inspector, viec="tieu-chi", khac_nhau="on") == [("Tiêu chí 2", "Phúc Khoa")]
    assert "Đánh giá khác nhau" in text_of(as_inspector.get(reverse("inspections:queue"), {"viec": "ket-luan"}))


def test_what_changed_since_one_looked(as_inspector, dossier, other, world, officer, in_charge):
    for row in (dossier, other):
        for number in (1, 2, 3):
            look(as_inspector, row, number)
    assert listed(as_inspector, viec="thay-doi") == []
    opine(dossier, "2.1", in_charge)
    row = conclusion_of(other, 3)
    services.conclude_criterion(row, verdict="chua_dat", reason="Thiếu", by=world.head, version=row.version)
    assert listed(as_inspector, viec="thay-doi") == [("Tiêu chí 2", "Phúc Khoa"), ("Tiêu chí 3", "Nậm Cần")]
    look(as_inspector, dossier, 2)
    assert listed(as_inspector, viec="thay-doi") == [("Tiêu chí 3", "Nậm Cần")]


def test_an_answer_with_new_evidence_is_a_change_and_one_s_own_act_is_none(as_inspector, dossier, world, officer):
    item = send_back(dossier, "2.1", by=world.inspector)
    assert listed(as_inspector, viec="thay-doi") == []
    fresh = Dossier.objects.with_context().get(pk=dossier.pk)
    prove(fresh, "2.1", by=officer)
    assert listed(as_inspector, viec="thay-doi") == [("Tiêu chí 2", "Phúc Khoa")]
    look(as_inspector, dossier, 2)
    item.dossier = Dossier.objects.with_context().get(pk=dossier.pk)
    services.answer_item(item, answer="Đã bổ sung.", by=officer)
    assert listed(as_inspector, viec="thay-doi") == [("Tiêu chí 2", "Phúc Khoa")]


def test_what_one_never_looked_at_is_not_called_changed(as_inspector, dossier, in_charge):
    opine(dossier, "2.1", in_charge)
    assert listed(as_inspector, viec="thay-doi") == []


def test_what_happened_while_the_page_was_open_is_still_new(as_inspector, dossier, in_charge):
    page = as_inspector.get(desk(dossier))
    drawn_at = page.context["desk"].drawn_at.isoformat()
    opine(dossier, "2.1", in_charge)
    look(as_inspector, dossier, 2, drawn_at=drawn_at)
    assert listed(as_inspector, viec="thay-doi") == [("Tiêu chí 2", "Phúc Khoa")]


@pytest.mark.parametrize("drawn_at", ["", "hôm nay", "2025-01-01", "9999-12-31T00:00:00+00:00"])
def test_a_moment_that_is_not_understood_is_now(as_inspector, dossier, drawn_at):
    assert look(as_inspector, dossier, 2, drawn_at=drawn_at).status_code == 302
    assert Look.objects.count() == 1
    assert listed(as_inspector, viec="thay-doi") == []


def test_the_desk_marks_what_is_new(as_inspector, dossier, in_charge):
    look(as_inspector, dossier, 2)
    assert "thay đổi" not in text_of(as_inspector.get(desk(dossier)))
    opine(dossier, "2.1", in_charge)
    page = text_of(as_inspector.get(desk(dossier)))
    assert "Có thay đổi từ lần xem" in page
    assert page.count("Mới thay đổi") == 1


def test_the_dossier_marks_what_is_new_and_what_differs(as_inspector, dossier, in_charge):
    address = reverse("inspections:review-dossier", args=[dossier.pk])
    for number in (1, 2, 3):
        look(as_inspector, dossier, number)
    assert "Mới thay đổi" not in text_of(as_inspector.get(address))
    opine(dossier, "2.1", in_charge, "chua_dat", "Thiếu")
    lines = as_inspector.get(address).context["overview"].lines
    assert [(line.number, line.differs, line.is_changed) for line in lines if line.differs or line.is_changed] == [
        (2, True, True)
    ]


def test_opening_a_page_remembers_nothing_by_itself(as_inspector, dossier):
    as_inspector.get(desk(dossier))
    assert not Look.objects.exists()


def test_the_agency_finds_all_its_indicators_across_communes(client, dossier, other, in_charge):
    opine(dossier, "2.1", in_charge, "chua_dat", "Thiếu")
    client.force_login(in_charge)
    assert listed(client, viec="y-kien") == [("Tiêu chí 2", "Nậm Cần")]
    found = listed(client, viec="chi-tieu")
    assert sorted(found) == [("Tiêu chí 2", "Nậm Cần"), ("Tiêu chí 2", "Phúc Khoa")]
    assert listed(client, viec="chi-tieu", ket_luan="chua_dat") == [("Tiêu chí 2", "Phúc Khoa")]
    assert listed(client, viec="chi-tieu", khac_nhau="on") == [("Tiêu chí 2", "Phúc Khoa")]
    assert listed(client, viec="chi-tieu", chi_tieu="2.2") == []


def test_what_the_team_concludes_makes_no_difference_to_the_agency_s_list(client, dossier, in_charge, world):
    opine(dossier, "2.1", in_charge)
    row = assessment_of(dossier, "2.1")
    services.conclude_indicator(row, judgement="chua_dat", reason="Sai", by=world.inspector, version=row.version)
    client.force_login(in_charge)
    assert listed(client, viec="chi-tieu", khac_nhau="on") == []


@pytest.mark.parametrize("kind", ["thay-doi", "tieu-chi"])
def test_lists_need_the_same_queries_for_many_communes(
    client, district, commune, neighbour_commune, officer, neighbour, django_assert_num_queries, kind
):
    world = open_round(district, communes=[commune, neighbour_commune], criteria_set=wide_set(indicators=19))
    client.force_login(world.inspector)

    def handed_in(unit, by):
        dossier = hand_in(world.dossier_of(unit), by=by)
        services.mark_looked(dossier.conclusions.values_list("pk", flat=True), by=world.inspector)
        for code in ("1.1", "2.1", "3.1"):
            row = assessment_of(dossier, code)
            services.conclude_indicator(row, judgement="dat", reason="", by=world.head, version=row.version)

    def ask():
        return client.get(reverse("inspections:queue"), {"viec": kind})

    handed_in(commune, officer)
    ask()
    with django_assert_num_queries(15):
        few = len(ask().context["lines"])
    handed_in(neighbour_commune, neighbour)
    with django_assert_num_queries(15):
        assert len(ask().context["lines"]) == 2 * few


# ---------------------------------------------------------------- concluding many


BULK = "inspections:bulk-conclude"


def ticked(*rows):
    """What the page sends for (dossier, number) as they stand now."""
    found = []
    for dossier, number in rows:
        row = conclusion_of(dossier, number)
        row.dossier = Dossier.objects.with_context().get(pk=dossier.pk)
        found.append(standings_of([row])[0].key)
    return {"chon": found}


def test_the_page_lists_what_will_be_concluded_on_what_ground(as_inspector, dossier, other):
    response = as_inspector.get(reverse(BULK), {"tieu_chi": 1})
    page = text_of(response)
    assert [row.dossier.unit.name for row in response.context["sheet"].complete] == ["Phúc Khoa", "Nậm Cần"]
    assert "Một tiêu chí đủ căn cứ khi" in page
    assert "xã tự đánh giá đạt, có minh chứng" in page


def test_what_is_not_complete_is_named_with_what_it_lacks(as_inspector, dossier):
    page = text_of(as_inspector.get(reverse(BULK), {"tieu_chi": 2}))
    assert "chỉ tiêu 2.2: không có ngưỡng đã đối chiếu, cơ quan phụ trách chưa cho ý kiến" in page
    assert "Không có tiêu chí nào đủ căn cứ trong phần đã lọc" in page


def test_many_are_concluded_and_the_page_says_which_changed_meanwhile(as_inspector, dossier, other, world):
    sent = ticked((dossier, 1), (dossier, 3), (other, 1))
    row = conclusion_of(dossier, 3)
    services.conclude_criterion(row, verdict="chua_dat", reason="Thiếu", by=world.head, version=row.version)
    response = as_inspector.post(reverse(BULK), sent, follow=True)
    assert [item.row.dossier.unit.name for item in response.context["outcomes"].done] == ["Phúc Khoa", "Nậm Cần"]
    assert f"Đã được {world.head} kết luận “Chưa đạt”" in text_of(response)
    verdicts = [conclusion_of(*place).verdict for place in ((dossier, 1), (dossier, 3), (other, 1))]
    assert verdicts == ["dat", "chua_dat", "dat"]
    again = as_inspector.post(reverse(BULK), sent, follow=True)
    assert len(again.context["outcomes"].left) == 3
    assert Event.objects.filter(action="criterion.concluded").count() == 3


def test_nothing_ticked_is_said(as_inspector, dossier):
    response = as_inspector.post(reverse(BULK), {})
    assert response.status_code == 400
    assert "Chưa chọn tiêu chí nào để kết luận." in text_of(response)


@pytest.mark.parametrize("sent", [["x"], ["9999:1"], ["1"], [":"], ["٣:1"], ["9" * 40 + ":1"]])
def test_forged_rows_conclude_nothing(as_inspector, dossier, sent):
    assert as_inspector.post(reverse(BULK), {"chon": sent}).status_code in (302, 400)
    assert not Event.objects.filter(action="criterion.concluded").exists()


def test_one_s_own_dossier_is_not_offered_and_not_concluded(as_inspector, dossier, world):
    Dossier.objects.filter(pk=dossier.pk).update(submitted_by=world.inspector)
    assert as_inspector.get(reverse(BULK)).context["sheet"].complete == ()
    page = text_of(as_inspector.post(reverse(BULK), ticked((dossier, 1)), follow=True))
    assert "Người đã nhập hoặc nộp hồ sơ không được kết luận hồ sơ đó." in page


def test_a_colleague_outside_the_team_concludes_nothing(client, dossier, inspector):
    client.force_login(inspector)
    page = text_of(client.post(reverse(BULK), ticked((dossier, 1)), follow=True))
    assert "Chỉ thành viên Đoàn kiểm tra phụ trách tiêu chí này được kết luận." in page


def test_the_page_needs_the_same_queries_for_3_and_for_57_rows(
    client, world, dossier, district, commune, neighbour_commune, officer, neighbour, django_assert_num_queries
):
    client.force_login(world.inspector)
    client.get(reverse(BULK))
    with django_assert_num_queries(16) as few:
        assert len(client.get(reverse(BULK)).context["sheet"].complete) == 2
    needed = len(few.captured_queries)  # kept now: the next request empties the log
    wide = open_round(district, communes=[commune, neighbour_commune], criteria_set=wide_set())
    for unit, by in ((commune, officer), (neighbour_commune, neighbour)):
        proved(wide, unit, by)
    client.force_login(wide.inspector)
    client.get(reverse(BULK))
    with django_assert_num_queries(needed):
        assert len(client.get(reverse(BULK)).context["sheet"].complete) == 38


# ---------------------------------------------------------------- phrases on the desk


def test_phrases_are_offered_and_one_chosen_stands_before_what_is_typed(as_inspector, dossier, world, district):
    shared = services.add_phrase(authority=district, text="Thiếu biên bản.", is_shared=True, by=world.coordinator)
    services.add_phrase(authority=district, text="Câu của trưởng đoàn.", is_shared=False, by=world.head)
    page = text_of(as_inspector.get(desk(dossier)))
    assert page.count('<option value="Thiếu biên bản.">') == 3  # the criterion and its two indicators
    assert "Câu của trưởng đoàn." not in page
    sent = {"version": conclusion_of(dossier, 2).version, "judgement": "chua_dat", "phrase": shared.text}
    address = reverse("inspections:criterion-conclude", args=[dossier.pk, 2])
    as_inspector.post(address, {**sent, "reason": "Đường Nà Lại."})
    assert conclusion_of(dossier, 2).reason == "Thiếu biên bản. Đường Nà Lại."


def test_a_phrase_that_the_script_took_over_is_not_written_twice(as_inspector, dossier):
    sent = {"version": conclusion_of(dossier, 2).version, "judgement": "chua_dat", "phrase": "Thiếu."}
    address = reverse("inspections:criterion-conclude", args=[dossier.pk, 2])
    as_inspector.post(address, {**sent, "reason": "Thiếu. Đường Nà Lại."})
    assert conclusion_of(dossier, 2).reason == "Thiếu. Đường Nà Lại."


def test_phrases_are_added_changed_and_removed_on_their_page(client, world):
    client.force_login(world.coordinator)
    address = reverse("inspections:phrase-list")
    assert "Chưa có câu mẫu nào" in text_of(client.get(address))
    assert client.post(address, {"text": "Thiếu biên bản."}).status_code == 302
    twice = client.post(address, {"text": "Thiếu biên bản."})
    assert twice.status_code == 400
    assert "Câu mẫu này đã có." in text_of(twice)
    phrase = world.round.authority.phrases.get()
    client.post(reverse("inspections:phrase-edit", args=[phrase.pk]), {"text": "Thiếu nghiệm thu."})
    assert "Thiếu nghiệm thu." in text_of(client.get(address))
    client.post(reverse("inspections:phrase-remove", args=[phrase.pk]))
    assert not world.round.authority.phrases.exists()


def test_an_inspector_adds_his_own_and_reads_the_shared(as_inspector, world, district):
    services.add_phrase(authority=district, text="Câu chung.", is_shared=True, by=world.coordinator)
    as_inspector.post(reverse("inspections:phrase-list"), {"text": "Câu riêng.", "is_shared": "on"})
    page = text_of(as_inspector.get(reverse("inspections:phrase-list")))
    assert "Câu chung." in page
    assert district.phrases.get(text="Câu riêng.").owner == world.inspector
    shared = district.phrases.get(owner=None)
    assert as_inspector.get(reverse("inspections:phrase-edit", args=[shared.pk])).status_code == 403


# ---------------------------------------------------------------- history


def history(client, dossier, code):
    row = assessment_of(dossier, code)
    return text_of(client.get(reverse("inspections:dossier-history", args=[dossier.pk]), {"chi-tieu": row.pk}))


def test_an_indicator_s_history_tells_values_proofs_and_judgements(as_inspector, in_charge, world, commune, officer):
    dossier = hand_in(world.dossier_of(commune), by=officer)
    opine(dossier, "2.1", in_charge, "chua_dat", "Thiếu nghiệm thu")
    row = assessment_of(dossier, "2.1")
    services.conclude_indicator(row, judgement="dat", reason="Đã nghiệm thu", by=world.head, version=row.version)
    page = history(as_inspector, dossier, "2.1")
    for words in (
        "tử số: trống → 9", "chưa đánh giá → chưa đạt", "chưa đánh giá → đạt", "Thiếu nghiệm thu", "Thêm minh chứng",
        str(in_charge), str(world.head),
    ):  # fmt: skip
        assert words in page
    assert "Thiếu nghiệm thu" not in history(as_inspector, dossier, "2.2")
    assert "Thêm minh chứng" not in history(as_inspector, dossier, "2.2")


def test_parts_are_told_with_old_and_new(as_inspector, dossier, world, commune, officer):
    fresh = world.dossier_of(commune)
    services.recall(fresh, by=officer)
    parts = {"a": {"numerator": "8", "denominator": "10"}, "b": {"passed": True}}
    enter(world.dossier_of(commune), "3", by=officer, parts=parts)
    services.submit(world.dossier_of(commune), by=officer)
    page = history(as_inspector, dossier, "3")
    assert "các thành phần: a) 90 % (9/10) → 80 % (8/10)" in page


def test_the_commune_reads_opinions_and_conclusions_from_provisional_on(client, dossier, officer, world, in_charge):
    client.force_login(officer)
    opine(dossier, "2.1", in_charge, "chua_dat", "Ý kiến ban đầu")
    opine(dossier, "2.1", in_charge, "dat", "Ý kiến sau cùng")
    row = conclusion_of(dossier, 2)
    services.conclude_criterion(row, verdict="chua_dat", reason="Nháp của Đoàn", by=world.inspector, version=1)
    page = history(client, dossier, "2.1")
    assert "Ý kiến" not in page
    assert "Nháp của Đoàn" not in page
    assert "tử số: trống → 9" in page
    fresh = Dossier.objects.with_context().get(pk=dossier.pk)
    make_provisional(fresh, world)
    page = history(client, dossier, "2.1")
    assert "Ý kiến sau cùng" in page
    assert "Kết luận tiêu chí" in page
    # What was held before stays with those who held it.
    for words in ("Ý kiến ban đầu", "Nháp của Đoàn", "chưa đạt → đạt"):
        assert words not in page


def test_another_commune_s_indicator_has_no_history_here(client, dossier, other, officer):
    client.force_login(officer)
    row = assessment_of(other, "2.1")
    address = reverse("inspections:dossier-history", args=[dossier.pk])
    for wanted in (row.pk, 0, "x", "9" * 30, "-1"):
        assert client.get(address, {"chi-tieu": wanted}).status_code == 404


def test_an_agency_reads_the_history_of_its_own_indicators_only(client, dossier, in_charge):
    client.force_login(in_charge)
    assert "tử số: trống → 9" in history(client, dossier, "2.1")
    row = assessment_of(dossier, "2.2")
    address = reverse("inspections:dossier-history", args=[dossier.pk])
    assert client.get(address, {"chi-tieu": row.pk}).status_code == 404


def test_the_history_is_paged_and_needs_the_same_queries(
    as_inspector, dossier, world, agency, django_assert_num_queries
):
    row = assessment_of(dossier, "2.1")
    address = reverse("inspections:dossier-history", args=[dossier.pk])

    def judge(times):
        for turn in range(times):
            now = assessment_of(dossier, "2.1")
            services.conclude_indicator(
                now, judgement="chua_dat", reason=f"Lần {turn}", by=world.head, version=now.version
            )

    judge(1)
    as_inspector.get(address, {"chi-tieu": row.pk})
    with django_assert_num_queries(12) as few:
        as_inspector.get(address, {"chi-tieu": row.pk})
    needed = len(few.captured_queries)
    judge(60)
    AgencyFactory(authority=agency.authority)
    with django_assert_num_queries(needed):
        response = as_inspector.get(address, {"chi-tieu": row.pk})
    assert len(response.context["lines"]) == 50
    assert "Các trang" in text_of(response)


@pytest.mark.parametrize("name", ["review-criterion", "criterion-edit"])
def test_pages_of_an_indicator_lead_to_its_history(as_inspector, dossier, name):
    page = text_of(as_inspector.get(reverse(f"inspections:{name}", args=[dossier.pk, 2])))
    assert f"/ho-so/{dossier.pk}/nhat-ky/?chi-tieu={assessment_of(dossier, '2.1').pk}" in page
