"""Last year's work counts: what is told beside a field, what is offered, and that nothing is taken over by itself."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from communes import clock
from communes.models import Event
from criteria import services as criteria_services
from criteria.models import CriteriaSet, Threshold
from inspections import services
from inspections.models import Assessment, Dossier, Evidence, EvidenceLink

from . import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def set_(db):
    return make.small_set()


@pytest.fixture
def last_round(district, commune, set_):
    return make.open_round(
        district,
        communes=[commune],
        criteria_set=set_,
        year=clock.today().year - 1,
        period_from=date(clock.today().year - 1, 1, 1),
        period_to=date(clock.today().year - 1, 12, 31),
    )


@pytest.fixture
def concluded(last_round, commune, officer):
    """2.1 and 2.2 are proved by a table, 2.1 by a plan too."""
    dossier = last_round.dossier_of(commune)
    make.fill(dossier, by=officer, with_evidence=False)
    make.prove(dossier, "2.1", "2.2", by=officer, title="Bảng thống kê")
    make.prove(dossier, "2.1", by=officer, title="Kế hoạch")
    dossier = make.conclude(last_round.dossier_of(commune), last_round, officer=officer)
    services.close_round(last_round.round, by=last_round.coordinator)
    return dossier


@pytest.fixture
def draft(concluded, district, commune, set_):
    return make.open_round(district, communes=[commune], criteria_set=set_).dossier_of(commune)


@pytest.fixture
def as_officer(client, officer):
    client.force_login(officer)
    return client


def at(name, *args):
    return reverse(f"inspections:{name}", args=args)


def read(client, dossier, number=2):
    response = client.get(at("criterion-edit", dossier.pk, number))
    blocks = {block.indicator.code: block for block in response.context["page"].blocks}
    return {code: block.last_year for code, block in blocks.items()}, response


def piece(title):
    return Evidence.objects.get(title=title)


def used(dossier):
    rows = EvidenceLink.objects.filter(assessment__dossier=dossier)
    return sorted(rows.values_list("assessment__indicator__code", "evidence__title"))


def next_version(set_, coordinator, change):
    """A second version of the set, published, with a change made to its draft."""
    new = criteria_services.copy_set(set_, by=coordinator)
    change(new)
    return make.publish(CriteriaSet.objects.get(pk=new.pk))


# ---------------------------------------------------------------- what is told


def test_value_and_conclusion_stand_beside_the_field_and_the_field_is_empty(as_officer, draft):
    last, response = read(as_officer, draft)
    year = clock.today().year - 1
    assert (last["2.1"].when, last["2.1"].words) == (f"năm {year}", "90 % (9/10), đạt")
    assert last["2.2"].words == "45,5 triệu đồng/người/năm, đạt"
    assert last["2.1"].notes == []
    assert f"Năm {year}: <strong>90 % (9/10), đạt</strong>" in response.content.decode()
    row = make.assessment_of(draft, "2.1")
    assert (row.numerator, row.self_judgement, row.entry_version) == (None, "chua_danh_gia", 1)
    assert used(draft) == []


def test_answers_and_parts_are_told_in_words(as_officer, draft):
    assert read(as_officer, draft, 1)[0]["1.2"].words == "đạt"
    last = read(as_officer, draft, 3)[0]["3"]
    assert last.words == "Tỷ lệ trường đạt chuẩn: 90 % (9/10); Đạt chuẩn xóa mù chữ: Đạt, đạt"
    # Of the parts only what was counted: an answer is a judgement.
    assert last.typed == {"part_a_numerator": "9", "part_a_denominator": "10"}


def test_first_round_of_a_commune_has_no_year_before(as_officer, last_round, commune):
    last, response = read(as_officer, last_round.dossier_of(commune))
    assert set(last.values()) == {None}
    assert "Dùng lại" not in response.content.decode()


def test_changed_threshold_of_a_new_version_is_told(as_officer, concluded, district, commune, coordinator, set_):
    def change(new):
        Threshold.objects.filter(indicator__criteria_set=new, indicator__code="2.1").update(value=90)

    new = next_version(set_, coordinator, change)
    draft = make.open_round(district, communes=[commune], criteria_set=new).dossier_of(commune)
    last, response = read(as_officer, draft)
    assert last["2.1"].notes == ["Ngưỡng năm trước ≥ 80 %, nay ≥ 90 %"]
    assert last["2.2"].notes == []
    assert "Ngưỡng năm trước ≥ 80 %, nay ≥ 90 %" in response.content.decode()


def test_threshold_of_another_year_within_one_version_is_told(as_officer, draft, set_):
    row = set_.indicators.get(code="2.2")
    this_year = clock.today().year
    Threshold.objects.create(indicator=row, value=48, year=this_year, is_confirmed_in_source=True)
    assert read(as_officer, draft)[0]["2.2"].notes == [
        "Ngưỡng năm trước ≥ 30 triệu đồng/người/năm, nay ≥ 48 triệu đồng/người/năm"
    ]


def test_new_indicator_moved_indicator_and_changed_measure(as_officer, concluded, district, commune, coordinator, set_):
    """2.1 moved to criterion 3 as 3.9 by its lineage, 2.2 is measured otherwise, another 2.1 is new."""
    set_.indicators.filter(code="2.1").update(lineage="duong-xa")

    def change(new):
        new.indicators.filter(code="2.1").update(code="3.9", criterion=new.criteria.get(number=3), lineage="duong-xa",
                                                 position=9)  # fmt: skip
        new.indicators.filter(code="2.2").update(position=5, kind="pass_fail", unit="Đạt/Chưa đạt", operator="")
        Threshold.objects.filter(indicator__criteria_set=new, indicator__code="2.2").update(value=None, text="Đạt")
        make.indicator_of(new.criteria.get(number=2), "2.1", "number", "Cầu dân sinh", operator=">=", lineage="cau")
        make.threshold_of(new.indicators.get(code="2.1"), "1")

    new = next_version(set_, coordinator, change)
    draft = make.open_round(district, communes=[commune], criteria_set=new).dossier_of(commune)
    last, response = read(as_officer, draft)
    assert last["2.1"].is_new
    assert "Chỉ tiêu mới" in response.content.decode()
    assert last["2.2"].typed == {}
    assert last["2.2"].notes[0] == "Cách đo năm trước: số đo; nay: đạt/chưa đạt"
    assert last["2.2"].words == "45,5 triệu đồng/người/năm, đạt"
    moved = read(as_officer, draft, 3)[0]["3.9"]
    assert moved.typed == {"numerator": "9", "denominator": "10"}
    assert [paper.evidence.title for paper in moved.papers] == ["Bảng thống kê", "Kế hoạch"]


def test_team_reads_the_year_before_and_is_offered_nothing(client, draft, last_round):
    client.force_login(last_round.coordinator)
    last, response = read(client, draft)
    page = response.content.decode()
    assert last["2.1"].words == "90 % (9/10), đạt"
    assert last["2.1"].papers == []
    assert "Dùng lại" not in page
    assert ">Bảng thống kê</a>" not in page


# ---------------------------------------------------------------- numbers


def test_numbers_are_taken_over_by_a_press_and_the_judgement_stays_empty(as_officer, draft, officer):
    for code, columns in (("2.1", ("numerator", "denominator")), ("2.2", ("value",))):
        row = make.assessment_of(draft, code)
        answer = as_officer.post(at("numbers-reuse", row.pk), {"version": row.entry_version}, follow=True)
        assert "Đã điền số liệu năm" in answer.content.decode()
        then = Assessment.objects.get(dossier__status="concluded", indicator__code=code)
        row.refresh_from_db()
        assert [getattr(row, name) for name in columns] == [getattr(then, name) for name in columns]
        assert (row.self_judgement, row.self_by) == ("chua_danh_gia", officer)


def test_numbers_of_parts_leave_answers_as_they_are(as_officer, draft, officer):
    make.enter(draft, "3", by=officer, parts={"b": {"passed": False}})
    row = make.assessment_of(draft, "3")
    as_officer.post(at("numbers-reuse", row.pk), {"version": row.entry_version})
    row.refresh_from_db()
    assert row.parts == {"a": {"numerator": "9", "denominator": "10"}, "b": {"passed": False}}


@pytest.mark.django_db(transaction=True)
def test_numbers_on_an_old_page_overwrite_nothing(as_officer, draft, officer):
    row = make.assessment_of(draft, "2.1")
    make.enter(draft, "2.1", by=officer, numerator=4, denominator=5)
    answer = as_officer.post(at("numbers-reuse", row.pk), {"version": row.entry_version}, follow=True)
    assert "đã được" in answer.content.decode()
    row.refresh_from_db()
    assert row.numerator == 4


def test_indicator_without_numbers_says_so(as_officer, draft):
    row = make.assessment_of(draft, "1.1")
    answer = as_officer.post(at("numbers-reuse", row.pk), {"version": 1}, follow=True)
    assert "không có số liệu đợt trước" in answer.content.decode()


# ---------------------------------------------------------------- documents


def test_one_document_is_used_again_for_one_indicator(as_officer, draft):
    last, _ = read(as_officer, draft)
    as_officer.post(at("papers-reuse", draft.pk, 2), {"pairs": last["2.1"].papers[0].pair})
    assert used(draft) == [("2.1", "Bảng thống kê")]
    assert [paper.evidence.title for paper in read(as_officer, draft)[0]["2.1"].papers] == ["Kế hoạch"]
    assert Event.objects.filter(action="evidence.linked").count() == 1


def test_all_documents_of_the_criterion_by_one_press(as_officer, draft):
    _, response = read(as_officer, draft)
    page = response.context["page"]
    assert (page.papers_count, len(page.papers)) == (2, 3)
    answer = as_officer.post(
        at("papers-reuse", draft.pk, 2), {"pairs": [paper.pair for paper in page.papers]}, follow=True
    )
    assert used(draft) == [("2.1", "Bảng thống kê"), ("2.1", "Kế hoạch"), ("2.2", "Bảng thống kê")]
    assert "Đã dùng lại 2 minh chứng cho chỉ tiêu 2.1, 2.2" in answer.content.decode()
    assert read(as_officer, draft)[1].context["page"].papers == []


def test_document_that_lapsed_is_named_and_not_offered(as_officer, draft):
    yesterday = clock.today() - timedelta(days=1)
    Evidence.objects.filter(title="Kế hoạch").update(valid_until=yesterday)
    last, _ = read(as_officer, draft)
    assert [paper.evidence.title for paper in last["2.1"].papers] == ["Bảng thống kê"]
    assert last["2.1"].spent == [f"Kế hoạch: hết hiệu lực ngày {yesterday:%d/%m/%Y}"]
    pair = f"{make.assessment_of(draft, '2.1').pk}-{piece('Kế hoạch').pk}"
    answer = as_officer.post(at("papers-reuse", draft.pk, 2), {"pairs": pair}, follow=True)
    assert "vừa thay đổi" in answer.content.decode()
    assert used(draft) == []


def test_document_on_its_last_day_is_offered_and_marked(as_officer, draft):
    Evidence.objects.filter(title="Kế hoạch").update(valid_until=clock.today())
    last, response = read(as_officer, draft)
    assert len(last["2.1"].papers) == 2
    assert "Sắp hết hiệu lực: hôm nay" in response.content.decode()


def test_replaced_document_is_offered_in_its_newest_version(as_officer, draft, officer, commune):
    old = piece("Kế hoạch")
    for title in ("Kế hoạch sửa", "Kế hoạch cuối"):
        new = services.add_evidence(commune, make.pdf_upload(), meta={"title": title}, by=officer).evidence
        services.replace_evidence(old, new, by=officer, shown=[])
        old = new
    offered = read(as_officer, draft)[0]["2.1"].papers
    assert [(item.evidence.title, item.instead_of and item.instead_of.title) for item in offered] == [
        ("Bảng thống kê", None),
        ("Kế hoạch cuối", "Kế hoạch"),
    ]


def test_pairs_that_were_never_offered_link_nothing(as_officer, draft, officer, neighbour, neighbour_commune):
    foreign = services.add_evidence(neighbour_commune, make.pdf_upload(), meta={}, by=neighbour).evidence
    row = make.assessment_of(draft, "2.1")
    last, _ = read(as_officer, draft)
    for pairs in ([f"{row.pk}-{foreign.pk}"], [last["2.1"].papers[0].pair, f"{row.pk}-{foreign.pk}"], ["x"], []):
        as_officer.post(at("papers-reuse", draft.pk, 2), {"pairs": pairs})
    assert used(draft) == []


def test_nothing_is_offered_once_the_dossier_is_handed_in(as_officer, draft, officer, commune):
    row, pair = make.assessment_of(draft, "2.1"), read(as_officer, draft)[0]["2.1"].papers[0].pair
    make.hand_in(Dossier.objects.with_context().get(pk=draft.pk), by=officer)
    last, response = read(as_officer, draft)
    assert last["2.1"].papers == []
    assert "Dùng lại" not in response.content.decode()
    before = used(draft)
    as_officer.post(at("papers-reuse", draft.pk, 2), {"pairs": pair})
    as_officer.post(at("numbers-reuse", row.pk), {"version": 2})
    assert used(draft) == before


def test_neighbours_and_readers_are_kept_out(client, draft, neighbour, leader, officer):
    row = make.assessment_of(draft, "2.1")
    for who, expected in ((neighbour, (404, 404)), (leader, (403, 403))):
        client.force_login(who)
        found = (
            client.post(at("papers-reuse", draft.pk, 2), {"pairs": "1-1"}).status_code,
            client.post(at("numbers-reuse", row.pk), {"version": 1}).status_code,
        )
        assert found == expected
    row.refresh_from_db()
    assert row.entry_version == 1
