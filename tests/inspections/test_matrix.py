"""The round's overview and the queue: figures in their places, and no more queries for more rows."""

import re

import pytest
from django.urls import reverse

from communes import clock
from inspections import services
from inspections.models import Dossier
from inspections.progress import matrix

from ..factories import CommuneFactory
from .factories import (
    conclude,
    conclusion_of,
    hand_in,
    open_round,
    send_back,
    small_set,
    wide_set,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def as_head(client, world):
    client.force_login(world.head)
    return client


def page_of(client, round_, query=""):
    return client.get(reverse("inspections:round-detail", args=[round_.code]) + query)


def words(response):
    """Text of the page with its tags and white space taken away."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def conclude_at(dossier, number, verdict, by, reason="Chưa đủ"):
    row = conclusion_of(dossier, number)
    services.conclude_criterion(row, verdict=verdict, reason=reason, by=by, version=row.version)


def test_totals_of_rows_and_columns(world, commune, neighbour_commune, officer, neighbour):
    first = hand_in(world.dossier_of(commune), by=officer)
    second = hand_in(world.dossier_of(neighbour_commune), by=neighbour)
    for number, verdict in ((1, "dat"), (2, "chua_dat"), (3, "khong_danh_gia")):
        conclude_at(first, number, verdict, world.inspector)
    conclude_at(second, 1, "dat", world.inspector)
    table = matrix(world.round, "xa-thu")
    assert [row.name for row in table.rows] == ["Xã Nậm Cần", "Xã Phúc Khoa"]
    assert [row.total for row in table.rows] == ["1/3", "1/3"]
    assert table.totals == ("2/2", "0/2", "0/2")
    assert [cell.state for cell in table.rows[1].cells] == ["dat", "chua_dat", "khong_danh_gia"]


def test_the_mean_is_over_concluded_dossiers_and_carries_its_denominator(as_head, world, commune, officer):
    conclude(world.dossier_of(commune), world, officer=officer)
    table = matrix(world.round, "xa-thu")
    assert (table.mean.numerator, table.mean.denominator) == (3, 1)
    assert (table.live_mean.numerator, table.live_mean.denominator) == (3, 2)
    shown = words(page_of(as_head, world.round))
    assert "3,00 tiêu chí/xã = 3 : 1 hồ sơ đã kết luận." in shown
    assert "Tạm tính cả 2 đơn vị: 1,50 = 3 : 2." in shown


def test_before_any_approval_there_is_no_mean(as_head, world):
    assert "Chưa có hồ sơ nào được phê duyệt kết luận." in words(page_of(as_head, world.round))


def test_a_unit_left_out_is_named_and_counts_nowhere(as_head, world, commune, officer):
    dossier = conclude(world.dossier_of(commune), world, officer=officer)
    services.leave_out(dossier.round_unit, reason="Sáp nhập từ 01/7", by=world.coordinator)
    table = matrix(world.round, "xa-thu")
    assert (table.counted, table.mean.denominator, table.totals) == (1, 0, ("0/1", "0/1", "0/1"))
    assert "Không đưa vào kết luận: Sáp nhập từ 01/7" in words(page_of(as_head, world.round))


def test_a_question_that_is_out_shows_in_its_cell(world, commune, officer):
    dossier = hand_in(world.dossier_of(commune), by=officer)
    send_back(dossier, "2.1", by=world.inspector)
    row = next(row for row in matrix(world.round, "xa-thu").rows if row.name == "Xã Phúc Khoa")
    assert [cell.label for cell in row.cells] == ["Chưa đánh giá", "Cần bổ sung", "Chưa đánh giá"]


def test_a_contrary_conclusion_is_marked(as_head, world, commune, officer):
    dossier = hand_in(world.dossier_of(commune), by=officer)
    conclude_at(dossier, 1, "chua_dat", world.inspector, reason="Quy hoạch hết hạn")
    row = next(row for row in matrix(world.round, "xa-thu").rows if row.name == "Xã Phúc Khoa")
    assert [cell.is_contrary for cell in row.cells] == [True, False, False]
    assert "Chưa đạt, khác với đề xuất" in words(page_of(as_head, world.round))


def test_cells_lead_to_the_desk(as_head, world, commune):
    dossier = world.dossier_of(commune)
    address = reverse("inspections:review-criterion", args=[dossier.pk, 2])
    assert f'href="{address}"' in page_of(as_head, world.round).content.decode()


def test_each_set_has_its_own_tab(as_head, world, commune):
    other = small_set(code="nang-cao", short_name="Xã NTM nâng cao", tier="nang_cao")
    services.add_unit(world.round, by=world.coordinator, criteria_set=other, commune=commune)
    first = words(page_of(as_head, world.round))
    assert "Xã NTM (2)" in first
    assert "Xã NTM nâng cao (1)" in first
    response = page_of(as_head, world.round, "?bo=nang-cao")
    assert [row.name for row in response.context["rows"]] == ["Xã Phúc Khoa"]


def test_an_unknown_set_or_filter_shows_the_whole_first_table(as_head, world):
    response = page_of(as_head, world.round, "?bo=khong-co")
    assert len(response.context["rows"]) == 2


def test_the_filter_keeps_units_by_state(as_head, world, commune, officer):
    hand_in(world.dossier_of(commune), by=officer)
    response = page_of(as_head, world.round, "?loc=submitted")
    assert [row.name for row in response.context["rows"]] == ["Xã Phúc Khoa"]
    assert "Không có đơn vị nào ở trạng thái này" in words(page_of(as_head, world.round, "?loc=concluded"))


def test_late_units_are_told_apart(as_head, world):
    world.round.due_on = clock.today().replace(year=clock.today().year - 1)
    world.round.save()
    assert len(page_of(as_head, world.round, "?loc=qua-han").context["rows"]) == 2
    assert "quá hạn" in words(page_of(as_head, world.round))


@pytest.mark.parametrize("who", ["officer", "leader", "agency_reviewer", "administrator"])
def test_the_matrix_is_not_for_communes_and_agencies(client, request, world, who):
    client.force_login(request.getfixturevalue(who))
    assert page_of(client, world.round).status_code == 403


def test_another_district_does_not_find_it(client, outsider, world):
    client.force_login(outsider)
    assert page_of(client, world.round).status_code == 404


def test_the_matrix_of_100_units_needs_no_more_queries_than_that_of_10(
    client, district, django_assert_max_num_queries, django_assert_num_queries
):
    set_ = wide_set(criteria=19, indicators=19)
    small = open_round(district, communes=CommuneFactory.create_batch(10, authority=district), criteria_set=set_)
    large = open_round(district, communes=CommuneFactory.create_batch(100, authority=district), criteria_set=set_)
    client.force_login(small.head)
    page_of(client, small.round)
    client.force_login(large.head)
    page_of(client, large.round)
    with django_assert_max_num_queries(10) as many:
        response = page_of(client, large.round)
    needed = len(many.captured_queries)  # kept now: the next request empties the log
    assert response.content.decode().count("cell cell-chua_danh_gia") == 1900
    client.force_login(small.head)
    page_of(client, small.round)
    with django_assert_num_queries(needed):
        page_of(client, small.round)


# ---------------------------------------------------------------- the queue


def queue(client, **query):
    return client.get(reverse("inspections:queue"), query)


def test_the_queue_is_filtered_by_round_unit_criterion_and_state(client, world, commune, officer):
    dossier = hand_in(world.dossier_of(commune), by=officer)
    client.force_login(world.inspector)
    assert len(queue(client).context["lines"]) == 3
    assert len(queue(client, dot=dossier.round_id).context["lines"]) == 3
    assert len(queue(client, don_vi="phuc khoa").context["lines"]) == 3
    assert len(queue(client, don_vi="nam can").context["lines"]) == 0
    assert [line.title for line in queue(client, tieu_chi=2).context["lines"]] == ["Tiêu chí 2. Giao thông"]
    assert len(queue(client, trang_thai="returned").context["lines"]) == 0


@pytest.mark.parametrize(
    "query", [{"dot": "x"}, {"tieu_chi": "hai"}, {"trang_thai": "?"}, {"page": "99"}, {"viec": "?"}]
)
def test_a_filter_that_is_not_understood_does_no_harm(client, world, commune, officer, query):
    hand_in(world.dossier_of(commune), by=officer)
    client.force_login(world.inspector)
    response = queue(client, **query)
    assert response.status_code == 200
    assert len(response.context["lines"]) == 3


def test_the_queue_of_10_and_of_1000_rows_needs_the_same_queries(
    client, district, officer, django_assert_num_queries, django_assert_max_num_queries
):
    set_ = wide_set(criteria=19, indicators=19)
    world = open_round(district, communes=CommuneFactory.create_batch(60, authority=district), criteria_set=set_)
    client.force_login(world.inspector)
    submitted = {"status": "submitted", "submitted_by": officer, "submitted_at": clock.now()}
    Dossier.objects.filter(pk=world.round.dossiers.first().pk).update(**submitted)
    queue(client)
    with django_assert_max_num_queries(15) as few:
        assert queue(client).context["page"].paginator.count == 19
    Dossier.objects.filter(round=world.round).update(**submitted)
    with django_assert_num_queries(len(few.captured_queries)):
        response = queue(client)
    assert response.context["page"].paginator.count == 1140
    assert len(response.context["lines"]) == 50


def test_an_empty_queue_says_what_will_come(client, world):
    client.force_login(world.inspector)
    assert "Hồ sơ mới nộp hoặc vừa bổ sung sẽ xuất hiện tại đây." in words(queue(client))


@pytest.mark.parametrize("who", ["officer", "coordinator", "viewer"])
def test_the_queue_is_for_who_reviews(client, request, world, who):
    client.force_login(request.getfixturevalue(who))
    assert queue(client).status_code == 403
