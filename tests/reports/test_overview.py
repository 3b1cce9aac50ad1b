"""The overview for leaders and the lists behind its figures: who sees what, on which level, in which state."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from communes import clock
from communes.models import Recognition
from communes.permissions import Role
from criteria.judgement import Judgement
from criteria.models import AgencyAssignment
from reports.presenters import overview as words
from reports.presenters.overview_lists import KINDS, Wanted

from ..factories import AgencyFactory, AuthorityFactory, CommuneFactory, person
from ..inspections.factories import open_round, small_set, wide_set
from ..inspections.results import failing, held

pytestmark = pytest.mark.django_db


@pytest.fixture
def set_(db):
    return small_set()


@pytest.fixture
def communes(district):
    return [CommuneFactory(authority=district, name=name) for name in ("Nậm Cần", "Phúc Khoa", "Hố Mít")]


@pytest.fixture
def round_(district, communes, set_):
    """Two of three communes concluded; the first failed criterion 2."""
    one, two, three = communes
    return held(district, set_, {one: failing(set_, 2), two: failing(set_), three: None})


def page_of(client, user, authority=None, **query):
    client.force_login(user)
    address = reverse("reports:overview-of", args=[authority.pk]) if authority else reverse("reports:overview")
    return client.get(address, query)


def list_of(client, user, authority, kind, **query):
    client.force_login(user)
    return client.get(reverse("reports:overview-list", args=[authority.pk, kind]), query)


def names(response):
    return [row.name for row in response.context["list"].rows]


def tiles(response):
    return {tile.label: tile for tile in response.context["page"].tiles}


# ---------------------------------------------------------------- figures and their lists


def test_every_figure_names_its_parts_and_opens_its_list(client, viewer, district, round_):
    response = page_of(client, viewer)
    found = tiles(response)
    assert (found["Bình quân"].value, found["Bình quân"].unit) == ("2,50", "tiêu chí/xã")
    assert "= 5 : 2 xã đã kết luận, bộ 3 tiêu chí" in found["Bình quân"].detail
    assert found["Đạt cả 3 tiêu chí"].value == "1/2"
    assert "Dưới 15 tiêu chí" not in found
    for tile in found.values():
        assert client.get(tile.url).status_code == 200
    assert names(client.get(found["Bình quân"].url)) == ["Xã Nậm Cần", "Xã Phúc Khoa"]
    assert names(client.get(found["Đạt cả 3 tiêu chí"].url)) == ["Xã Phúc Khoa"]


def test_what_is_not_concluded_is_named_and_shows_no_verdict(client, viewer, district, round_):
    response = page_of(client, viewer)
    assert "Đã kết luận 2/3 hồ sơ" in response.content.decode()
    rows = {row.name: row for row in response.context["page"].heat}
    assert rows["Xã Hố Mít"].cells == ()
    assert rows["Xã Hố Mít"].note == "Chưa kết luận: đã nộp"
    assert [cell.sign for cell in rows["Xã Nậm Cần"].cells] == [Judgement.MET, Judgement.NOT_MET, Judgement.MET]
    assert names(list_of(client, viewer, district, "chua-ket-luan")) == ["Xã Hố Mít"]


def test_provisional_verdicts_are_in_no_figure(client, viewer, district, communes, set_):
    round_ = held(district, set_, {communes[0]: None}, status="open")
    round_.dossiers.update(status="provisional", provisional_by=viewer, provisional_at=clock.now())
    text = page_of(client, viewer).content.decode()
    assert "Chưa kết luận hồ sơ nào trong đợt này" in text
    assert "Chưa kết luận: dự thảo kết luận" in text
    assert 'class="tiles"' not in text


def test_hardest_criteria_and_their_units(client, viewer, district, round_):
    (hard,) = page_of(client, viewer).context["page"].hardest
    assert (hard.number, hard.failed, hard.units, hard.width) == (2, 1, 2, "50.0")
    assert names(client.get(hard.url)) == ["Xã Nậm Cần"]


def test_lost_and_gained_criteria_open_their_units_with_the_reason(client, viewer, district, communes, round_, set_):
    before = {communes[0]: failing(set_), communes[1]: failing(set_, 1)}
    held(district, set_, before, ends=clock.today() - timedelta(days=300))
    lost, gained = page_of(client, viewer, dot=round_.code).context["page"].moved
    assert (lost.number, lost.lost, lost.causes, gained.number, gained.gained) == (2, 1, "1 mất thật", 1, 1)
    response = client.get(lost.lost_url)
    assert names(response) == ["Xã Nậm Cần"]
    assert "2. Giao thông (mất thật)" in response.content.decode()
    assert names(client.get(gained.gained_url)) == ["Xã Phúc Khoa"]


def test_titles_at_risk_are_told_with_reason_and_reserve(client, viewer, district, communes):
    wide = wide_set(criteria=19, indicators=19)
    wide.criteria.filter(number=17).update(lineage="moi-truong")
    one, two, _ = communes
    held(district, wide, {one: failing(wide, 1, 2, 3, 4, 5, 17), two: failing(wide, *range(1, 11))})
    Recognition.objects.create(commune=one, title="ntm", decision="12/QĐ-UBND", valid_from=date(2020, 1, 1))
    risk = tiles(page_of(client, viewer))["Nguy cơ mất danh hiệu"]
    assert (risk.value, risk.tone) == ("1", "warning")
    text = client.get(risk.url).content.decode()
    assert "6/19 tiêu chí không đạt: từ 30% đến dưới 50%, trong đó có 17. Tiêu chí thử số 17" in text
    assert "10/19 tiêu chí không đạt: từ 50% trở lên" in text
    assert "Đang giữ: 12/QĐ-UBND" in text
    assert "Chưa ghi nhận danh hiệu" in text
    assert "chưa được đối chiếu với văn bản gốc" in text


def test_late_units_are_listed_with_their_days(client, viewer, district, communes, set_):
    world = open_round(district, communes=communes[:1], criteria_set=set_)
    world.round.due_on = clock.today() - timedelta(days=4)
    world.round.save()
    late = page_of(client, viewer).context["page"].late[0]
    assert (late.count, late.detail) == (1, "hồ sơ, lâu nhất quá hạn 4 ngày")
    response = client.get(late.url)
    assert names(response) == ["Xã Nậm Cần"]
    assert "4 ngày" in response.content.decode()


def test_the_course_tells_a_real_loss_from_a_changed_set(client, viewer, district, communes, round_, set_):
    held(district, set_, {communes[0]: failing(set_)}, ends=clock.today() - timedelta(days=300))
    client.force_login(viewer)
    response = client.get(reverse("reports:overview-course", args=[district.pk]), {"dot": round_.code})
    line = next(line for line in response.context["course"].lines if line.number == 2)
    assert [(point.text, point.cause, point.is_real) for point in line.points] == [
        ("1/1", "", False),
        ("1/2", "mất thật", True),
    ]


# ---------------------------------------------------------------- empty states, choices, filters


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_lists_without_any_round_are_empty_and_say_so(client, viewer, district, kind):
    response = list_of(client, viewer, district, kind)
    assert response.status_code == 200
    assert KINDS[kind].empty in response.content.decode()


def test_an_authority_without_rounds_says_what_will_come(client, viewer):
    assert "Chưa có đợt kiểm tra nào" in page_of(client, viewer).content.decode()


def test_odd_choices_fall_back_to_the_usual_ones(client, viewer, district, round_):
    response = page_of(client, viewer, dot="khong-co", bo="<script>", page="-3")
    assert response.context["seen"].period.key == round_.code
    response = list_of(client, viewer, district, "tieu-chi", tc="999", kq="x", nhom="٣", q="<b>")
    assert response.status_code == 200
    assert list_of(client, viewer, district, "khac").status_code == 404


def test_a_list_is_narrowed_by_verdict_and_by_name_without_diacritics(client, viewer, district, round_):
    assert names(list_of(client, viewer, district, "tieu-chi", tc=2, kq="dat")) == ["Xã Phúc Khoa"]
    assert names(list_of(client, viewer, district, "tat-ca", q="nam can")) == ["Xã Nậm Cần"]
    assert Wanted.of({"nhom": "12", "kq": "sai"}) == Wanted(branch=12)


def test_units_left_out_are_named_with_the_reason(client, viewer, district, communes, set_):
    held(district, set_, {communes[0]: failing(set_), communes[1]: failing(set_)}, left_out=(communes[1],))
    assert tiles(page_of(client, viewer))["Đạt cả 3 tiêu chí"].value == "1/1"
    response = list_of(client, viewer, district, "khong-dua-vao")
    assert names(response) == ["Xã Phúc Khoa"]
    assert "Chưa làm" in response.content.decode()


# ---------------------------------------------------------------- levels


def test_a_province_lists_its_districts_and_each_cell_opens_its_communes(client, province, district, round_, set_):
    far = AuthorityFactory(name="UBND huyện Xa", parent=province)
    held(far, set_, {CommuneFactory(authority=far, name="Xa Lạ"): failing(set_, 2)})
    leader = person(Role.VIEWER, authority=province)
    response = page_of(client, leader, province)
    rows = {row.name: row for row in response.context["page"].heat}
    assert set(rows) == {district.name, far.name}
    assert rows[district.name].detail == "2/3 xã đã kết luận"
    assert [cell.text for cell in rows[far.name].cells] == ["1/1", "0/1", "1/1"]
    assert names(client.get(rows[far.name].cells[1].url)) == ["Xã Xa Lạ"]
    assert page_of(client, leader, district).status_code == 200


def test_per_cent_stands_where_a_body_has_many_units_and_all_are_named(client, province, district, set_, monkeypatch):
    monkeypatch.setattr(words, "PER_CENT_FROM", 3)
    units = CommuneFactory.create_batch(3, authority=district)
    held(district, set_, {unit: failing(set_, *([1] if unit is units[0] else [])) for unit in units})
    response = page_of(client, person(Role.VIEWER, authority=province), province)
    cell = response.context["page"].heat[0].cells[0]
    assert (cell.text, cell.state) == ("66%", "heat-1")
    assert cell.said == "tiêu chí 1: 2/3 xã đạt"


@pytest.mark.parametrize(
    ("part", "step"), [(0, 0), (49, 0), (50, 1), (74, 1), (75, 2), (89, 2), (90, 3), (99, 3), (100, 4)]
)
def test_steps_of_the_heat_map_are_exact(part, step):
    assert words.heat(part, 100) == step


# ---------------------------------------------------------------- who


def test_an_agency_sees_its_own_criteria_and_no_figure_of_all(client, district, agency, agency_reviewer, round_, set_):
    AgencyAssignment.objects.create(agency=agency, indicator=set_.indicators.get(code="2.1"))
    response = page_of(client, agency_reviewer)
    assert [row.number for row in response.context["seen"].criteria] == [2]
    assert response.context["page"].tiles == []
    assert [row.number for row in response.context["page"].hardest] == [2]
    assert "Quy hoạch" not in response.content.decode()
    for kind, chosen in KINDS.items():
        assert list_of(client, agency_reviewer, district, kind).status_code == (404 if chosen.of_all else 200)


def test_an_agency_without_indicators_is_told_so(client, district, round_):
    idle = person(Role.AGENCY_REVIEWER, agency=AgencyFactory(authority=district))
    assert "chưa được giao chỉ tiêu nào" in page_of(client, idle).content.decode()
    assert page_of(client, idle, district).status_code == 404


@pytest.mark.parametrize("name", ["overview-of", "overview-course"])
def test_another_authority_is_not_found(client, viewer, province, other_district, name):
    client.force_login(viewer)
    for authority in (province, other_district):
        assert client.get(reverse(f"reports:{name}", args=[authority.pk])).status_code == 404
    assert list_of(client, viewer, other_district, "tat-ca").status_code == 404


@pytest.mark.parametrize("who", ["officer", "leader", "administrator", "stranger"])
def test_communes_and_keepers_have_no_overview(client, request, district, who):
    user = request.getfixturevalue(who)
    assert page_of(client, user).status_code == 403
    assert page_of(client, user, district).status_code == 403


def test_of_several_authorities_the_highest_is_shown_and_the_others_offered(client, province, district, round_):
    both = person(Role.VIEWER, authority=district)
    person(Role.VIEWER, authority=province, user=both)
    response = page_of(client, both)
    assert response.context["authority"] == province
    assert response.context["others"] == [district]


# ---------------------------------------------------------------- queries


def test_queries_grow_neither_with_units_nor_with_rounds(client, viewer, district, set_, django_assert_max_num_queries):
    units = CommuneFactory.create_batch(2, authority=district)
    for year in (2022, 2023):
        held(district, set_, {unit: failing(set_, year - 2021) for unit in units}, ends=date(year, 5, 1))
    client.force_login(viewer)
    kinds = ("tat-ca", "mat", "nguy-co", "chua-nop")
    addresses = [
        reverse("reports:overview"),
        reverse("reports:overview-course", args=[district.pk]),
        *(reverse("reports:overview-list", args=[district.pk, kind]) for kind in kinds),
    ]

    def counts():
        found = []
        for address in addresses:
            with django_assert_max_num_queries(30) as queries:
                client.get(address)
            found.append(len(queries))
        return found

    client.get(addresses[0])
    few = counts()
    units += CommuneFactory.create_batch(3, authority=district)
    for year in (2021, 2024):
        held(district, set_, {unit: failing(set_, 1) for unit in units}, ends=date(year, 5, 1))
    assert counts() == few
