"""Pages for leaders: one commune on a page, comparison, what-if, what lapses; who opens them and what they cost."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes import clock
from communes.models import Recognition
from communes.permissions import Role
from criteria import services as criteria_services
from criteria.judgement import Judgement
from inspections import figures, services
from inspections.models import Evidence
from inspections.progress import unit_rows
from reports.presenters import comparing
from reports.presenters.choosing import choice_of
from reports.presenters.lapsing import drifts, months_after, watch_of
from reports.presenters.profile import addressed_to
from reports.presenters.what_if import what_if

from ..factories import CommuneFactory, person
from ..inspections import factories as work
from . import factories as paper

pytestmark = pytest.mark.django_db
MET, NOT_MET = Judgement.MET, Judgement.NOT_MET
YEAR = timedelta(days=365)


def decide(world, commune, officer, *, values=(), failed=(), approve=True):
    """A dossier filled, with other values of some indicators, judged by indicator and criterion."""
    dossier = work.fill(world.dossier_of(commune), by=officer)
    for name, changes in dict(values).items():
        work.enter(dossier, name, by=officer, **changes)
    dossier = services.submit(world.dossier_of(commune), by=officer)
    # Straight in the rows: the way there is not what is looked at here.
    concluded = {"concluded_by": world.inspector, "concluded_at": clock.now()}
    dossier.assessments.update(conclusion=MET, **concluded)
    dossier.assessments.filter(indicator__code__in=failed).update(conclusion=NOT_MET, **concluded)
    for number in dossier.criteria_set.criteria.values_list("number", flat=True):
        row = work.conclusion_of(dossier, number)
        bad = any(name.partition(".")[0] == str(number) for name in failed)
        verdict, reason = (NOT_MET, f"Lý do của tiêu chí {number}.") if bad else (MET, "")
        services.conclude_criterion(row, verdict=verdict, reason=reason, by=world.inspector, version=row.version)
    dossier = world.dossier_of(commune)
    if not approve:
        return dossier
    services.make_provisional(dossier, by=world.head)
    return services.approve(world.dossier_of(commune), by=world.head)


def rate(numerator, denominator=100, judgement=MET):
    return {"numerator": Decimal(numerator), "denominator": Decimal(denominator), "self_judgement": judgement}


@pytest.fixture
def world(district, commune, neighbour_commune):
    return work.open_round(
        district, communes=[commune, neighbour_commune], reply_until=None, period_to=clock.today() - timedelta(days=1)
    )


@pytest.fixture
def judged(world, commune, neighbour_commune, officer, neighbour):
    """The officer's commune fails 2.1 (66 %) and the compound 3; the neighbour 2.2, by an unconfirmed threshold."""
    schools = {
        "parts": {"a": {"numerator": "6", "denominator": "10"}, "b": {"passed": False}},
        "self_judgement": NOT_MET,
    }
    first = decide(
        world, commune, officer, values={"2.1": rate(66, judgement=NOT_MET), "3": schools}, failed=("2.1", "3")
    )
    low = {"value": Decimal(20), "self_judgement": NOT_MET}
    second = decide(world, neighbour_commune, neighbour, values={"2.2": low}, failed=("2.2",))
    return SimpleNamespace(first=first, second=second, world=world)


def shown(client, user, name, *args, **query):
    client.force_login(user)
    return client.get(reverse(f"reports:{name}", args=args), query)


def supposed(user, keys=(), **given):
    return what_if(choice_of(user, given), set(keys))


def change_of(found, code, unit=0):
    return next(item for item in found.units[unit].changes if item.code == code)


# ---------------------------------------------------------------- what if


def test_what_if_begins_with_the_figures_of_the_round(judged, viewer):
    found = supposed(viewer)
    assert found.before == figures.mean(unit_rows(judged.world.round)[::-1])
    assert [(unit.name, unit.before.met) for unit in found.units] == [("Xã Nậm Cần", 2), ("Xã Phúc Khoa", 1)]


def test_one_indicator_turns_its_criterion_alone(judged, viewer):
    change = change_of(supposed(viewer), "2.1", unit=1)
    assert (change.alone, change.lacks[0].short, change.lacks[0].count) == (
        True,
        "Còn thiếu 14 điểm %",
        "thêm 14 (số km được cứng hóa)",
    )
    found = supposed(viewer, [change.key])
    assert [unit.turned for unit in found.units] == [(), (2,)]
    assert (found.before.numerator, found.after.numerator) == (3, 4)
    assert figures.gain(found.before, found.after) == Fraction(1, 2)


def test_compound_shows_each_part_that_fails(judged, viewer):
    change = change_of(supposed(viewer), "3", unit=1)
    assert [lack.name for lack in change.lacks] == ["Tỷ lệ trường đạt chuẩn", "Đạt chuẩn xóa mù chữ"]


def test_unconfirmed_threshold_stands_apart_and_cannot_be_ticked(judged, viewer, client):
    found = supposed(viewer)
    assert found.units[0].changes == ()
    (held,) = found.units[0].held
    assert (held.code, held.reason.startswith("Ngưỡng chưa xác nhận: 20")) == ("2.2", True)
    key = work.assessment_of(judged.second, "2.2").pk
    assert supposed(viewer, [key]).changed == []


def test_nearest_comes_first(judged, viewer):
    assert [change.code for change in supposed(viewer).nearest] == ["2.1", "3"]


def test_what_if_page_keeps_its_ticks_in_the_address(judged, viewer, client):
    key = change_of(supposed(viewer), "2.1", unit=1).key
    response = shown(client, viewer, "what-if", chon=[key, "x", 10**9])
    assert f'value="{key}" id="ct-{key}" checked' in response.content.decode()
    assert "Xã Phúc Khoa: " in response.content.decode()
    assert "tăng 0,5" in response.content.decode()


def test_criteria_nobody_concluded_are_told_only_where_a_confirmed_threshold_fails(world, commune, officer, viewer):
    dossier = work.fill(world.dossier_of(commune), by=officer)
    work.enter(dossier, "2.1", by=officer, **rate(70, judgement=NOT_MET))
    found = supposed(viewer)
    assert [change.code for change in found.units[1].changes] == ["2.1"]
    assert (found.units[1].before.undecided, found.is_final) == (3, False)
    # 2.2 has a value, but nobody confirmed its threshold.
    assert found.units[1].changes[0].held_by == ("2.2",)


def test_what_if_without_a_round_says_so(viewer, client):
    assert "Chưa có đợt kiểm tra nào" in shown(client, viewer, "what-if").content.decode()


def test_round_of_another_district_is_not_found(judged, other_district, outsider, client):
    for name in ("what-if", "compare"):
        assert shown(client, outsider, name, dot=judged.world.round.code).status_code == 404


# ---------------------------------------------------------------- comparison


def test_units_side_by_side_with_their_own_mean(judged, viewer, client, commune, neighbour_commune):
    response = shown(client, viewer, "compare", xa=[f"xa-{commune.pk}", f"xa-{neighbour_commune.pk}"], voi="")
    text = response.content.decode()
    assert response.status_code == 200
    assert "<strong>1,50</strong> tiêu chí = 3 : 2" in text
    assert "Khác nhau ở tiêu chí 3." in text


@pytest.mark.parametrize("chosen", [[], ["one"]])
def test_too_few_units_are_refused_beside_the_field(judged, viewer, client, commune, chosen):
    response = shown(client, viewer, "compare", voi="", xa=[f"xa-{commune.pk}" for _ in chosen])
    assert response.status_code == 400
    assert "Chọn từ 2 đến 6 đơn vị" in response.content.decode()


def test_unit_of_another_round_is_refused(judged, viewer, client, other_commune):
    assert shown(client, viewer, "compare", voi="giai-trinh", xa=[f"xa-{other_commune.pk}"]).status_code == 400


def test_before_and_after_the_reply(district, commune, officer, viewer):
    world = work.open_round(district, communes=[commune])
    dossier = work.hand_in(world.dossier_of(commune), by=officer)
    work.conclude_all(dossier, by=world.inspector, verdict=NOT_MET, reason="Thiếu.")
    services.make_provisional(world.dossier_of(commune), by=world.head)
    row = work.conclusion_of(world.dossier_of(commune), 1)
    services.reply(world.dossier_of(commune), by=officer, replies={row.criterion: "Đã có quy hoạch."})
    services.take_up_reply(world.dossier_of(commune), reason="Có hồ sơ mới.", by=world.head)
    row = work.conclusion_of(world.dossier_of(commune), 1)
    services.conclude_criterion(row, verdict=MET, reason="", by=world.inspector, version=row.version)
    services.make_provisional(world.dossier_of(commune), by=world.head)
    found = comparing.replies(list(choice_of(viewer, {}).dossiers))
    (unit,) = found.units
    assert (unit.before.met, unit.after.met, found.before.numerator, found.after.numerator) == (0, 1, 0, 1)
    assert [(row.number, row.before, row.after, row.changed) for row in unit.criteria] == [(1, NOT_MET, MET, True)]


@pytest.fixture
def two_years(district, commune, officer):
    """The same commune a year ago, all met with 90 %, and now at 70 %."""
    today = clock.today()
    ago = work.open_round(
        district, communes=[commune], reply_until=None, year=today.year - 1,
        period_from=today - YEAR - timedelta(days=60), period_to=today - YEAR,
    )  # fmt: skip
    decide(ago, commune, officer)
    services.close_round(ago.round, by=ago.coordinator)
    return SimpleNamespace(ago=ago, today=today)


def this_year(district, commune, officer, criteria_set=None, **told):
    now = work.open_round(
        district, communes=[commune], criteria_set=criteria_set, reply_until=None,
        period_to=clock.today() - timedelta(days=1),
    )  # fmt: skip
    decide(now, commune, officer, **told)
    return now


def compared(viewer, two_years):
    choice = choice_of(viewer, {})
    dossiers = list(choice.dossiers)
    return comparing.with_round(dossiers, two_years.ago.round, comparing.names_of(choice))


def test_real_loss_between_two_years(two_years, district, commune, officer, viewer):
    this_year(district, commune, officer, values={"2.1": rate(70, judgement=NOT_MET)}, failed=("2.1",))
    found = compared(viewer, two_years)
    (lost,) = found.units[0].lost
    assert (lost.number, [(row.code, row.cause) for row in lost.reasons]) == (2, [("2.1", "real_loss")])
    assert (found.before.numerator, found.after.numerator, found.other_version) == (3, 2, False)


def newer_set(two_years, *, bound=None, lineage="duong-xa", without="", code="2.1"):
    """A second version of the small set, in which one thing is another."""
    old = two_years.ago.dossier_of(two_years.ago.round.dossiers.get().commune).criteria_set
    new = work.small_set(version=2, is_published=False)
    roads = new.indicators.get(code="2.1")
    old.indicators.filter(code="2.1").update(lineage=lineage)
    roads.lineage, roads.code = without or lineage, code
    roads.text = roads.text if not without else "Một chỉ tiêu khác hẳn"
    roads.save()
    if bound:
        roads.thresholds.update(value=Decimal(bound))
    return work.publish(new)


def test_threshold_that_rose_is_told_apart(two_years, district, commune, officer, viewer):
    new = newer_set(two_years, bound="95")
    this_year(district, commune, officer, new, values={"2.1": rate(90, judgement=NOT_MET)}, failed=("2.1",))
    found = compared(viewer, two_years)
    assert found.other_version
    assert found.units[0].lost[0].reasons[0].cause == "threshold_rose"


def test_indicator_without_a_counterpart_is_a_changed_set(two_years, district, commune, officer, viewer):
    new = newer_set(two_years, without="viec-khac")
    this_year(district, commune, officer, new, values={"2.1": rate(70, judgement=NOT_MET)}, failed=("2.1",))
    reason = compared(viewer, two_years).units[0].lost[0].reasons[0]
    assert (reason.cause, reason.label) == ("set_changed", "chỉ tiêu mới trong bộ tiêu chí")


def test_rounds_page_shows_what_was_lost_and_why(two_years, district, commune, officer, viewer, client):
    this_year(district, commune, officer, values={"2.1": rate(70, judgement=NOT_MET)}, failed=("2.1",))
    text = shown(client, viewer, "compare", voi=two_years.ago.round.code).content.decode()
    assert "2. Giao thông</a><br>" in text
    assert "2.1: kết quả giảm" in text
    assert "3,00</a> (3 : 1)" in text


# ---------------------------------------------------------------- what lapses, what drifts


def test_paper_about_to_lapse_is_listed_with_its_indicator(world, commune, officer, viewer, client):
    dossier = work.hand_in(world.dossier_of(commune), by=officer)
    evidence = dossier.assessments.get(indicator__code="2.1").evidence_links.get().evidence
    Evidence.objects.filter(pk=evidence.pk).update(
        valid_until=clock.today() + timedelta(days=100), title="Biên bản đường"
    )
    text = shown(client, viewer, "lapsing").content.decode()
    assert "Biên bản đường" in text
    assert "còn 100 ngày" in text
    assert f'{reverse("inspections:review-criterion", args=[dossier.pk, 2])}">2.1</a>' in text
    assert "Biên bản đường" not in shown(client, viewer, "lapsing", thang=3).content.decode()


def test_paper_in_no_dossier_or_already_replaced_is_not(world, commune, officer, viewer, client):
    services.add_evidence(
        commune,
        work.pdf_upload(),
        meta={"title": "Chưa dùng", "valid_until": clock.today() + timedelta(days=9)},
        by=officer,
    )
    assert "Chưa dùng" not in shown(client, viewer, "lapsing").content.decode()


@pytest.mark.parametrize(("value", "drifting"), [(82, ["2.1"]), (90, []), (95, []), (79, [])])
def test_value_on_its_way_to_the_threshold(two_years, district, commune, officer, viewer, value, drifting):
    failed = ("2.1",) if value < 80 else ()
    this_year(
        district, commune, officer, values={"2.1": rate(value, judgement=NOT_MET if failed else MET)}, failed=failed
    )
    found = drifts(watch_of(viewer, {}))
    assert [row.code for row in found.confirmed] == drifting
    for row in found.confirmed:
        assert (row.left, [point.words for point in row.values]) == ("2 điểm %", ["90\u00a0%", "82\u00a0%"])


def test_drift_by_an_unconfirmed_threshold_stands_apart(two_years, district, commune, officer, viewer, client):
    this_year(district, commune, officer, values={"2.2": {"value": Decimal(32), "self_judgement": MET}})
    found = drifts(watch_of(viewer, {}))
    assert ([row.code for row in found.confirmed], [row.code for row in found.unconfirmed]) == ([], ["2.2"])
    assert "Theo ngưỡng chưa xác nhận: 1" in shown(client, viewer, "lapsing").content.decode()


def test_months_end_with_the_month():
    day = clock.today().replace(year=2025, month=8, day=31)
    assert str(months_after(day, 6)) == "2026-02-28"


def test_commune_of_others_is_not_watched(world, viewer, other_commune, client):
    assert shown(client, viewer, "lapsing", xa=other_commune.pk).status_code == 404


# ---------------------------------------------------------------- the profile


def test_profile_holds_titles_results_reasons_and_visit(judged, commune, viewer, client):
    Recognition.objects.create(
        commune=commune, title=Recognition.Title.NTM, decision="12/QĐ-UBND", valid_from=clock.today() - YEAR
    )
    text = shown(client, viewer, "profile", commune.pk).content.decode()
    for words in ("Xã nông thôn mới", "12/QĐ-UBND", "1/3", "Lý do của tiêu chí 2.", "Lý do của tiêu chí 3.", "1 tệp"):
        assert words in text
    assert reverse("inspections:review-dossier", args=[judged.first.pk]) in text


@pytest.mark.parametrize("who", ["officer", "leader"])
def test_commune_opens_its_own_profile_and_sees_only_what_is_disclosed(who, request, world, commune, officer, client):
    decide(world, commune, officer, failed=("2.1",), values={"2.1": rate(70, judgement=NOT_MET)}, approve=False)
    user = request.getfixturevalue(who)
    text = shown(client, user, "profile", commune.pk).content.decode()
    assert "chưa có kết luận" in text
    assert "Lý do của tiêu chí 2." not in text
    services.make_provisional(world.dossier_of(commune), by=world.head)
    text = shown(client, user, "profile", commune.pk).content.decode()
    assert "Lý do của tiêu chí 2." in text
    assert reverse("inspections:dossier-detail", args=[world.dossier_of(commune).pk]) in text


@pytest.mark.parametrize(
    ("who", "status"),
    [("neighbour", 404), ("outsider", 404), ("agency_reviewer", 404), ("administrator", 403), ("viewer", 200)],
)
def test_profile_is_for_its_readers(who, status, request, commune, client):
    assert shown(client, request.getfixturevalue(who), "profile", commune.pk).status_code == status


@pytest.mark.parametrize("name", ["what-if", "compare", "lapsing"])
def test_pages_for_leaders_are_not_for_communes(name, officer, agency_reviewer, client):
    for user in (officer, agency_reviewer):
        assert shown(client, user, name).status_code == 403


def test_profile_tells_questions_and_printed_advice(district, client):
    scene = paper.issued(district, names=("Thử Một",))
    commune = scene.world.round.inspections.get().commune
    text = shown(client, person(Role.VIEWER, authority=district), "profile", commune.pk).content.decode()
    assert f"Hoàn thành trong năm {scene.world.round.year + 1}" in text
    assert "{năm sau}" not in text


@pytest.mark.parametrize(
    ("addressee", "is_meant"),
    [("Ủy ban nhân dân các xã", True), ("UBND xã Phúc Khoa, xã Tà Mít", True), ("Phòng Giáo dục", False)],
)
def test_advice_is_for_who_is_named_or_for_all(addressee, is_meant, commune):
    assert addressed_to(commune, addressee) is is_meant


def test_profile_compares_with_the_round_before_by_lineage(two_years, district, commune, officer, viewer, client):
    new = newer_set(two_years, bound="95")
    this_year(district, commune, officer, new, values={"2.1": rate(90, judgement=NOT_MET)}, failed=("2.1",))
    assert "mất tiêu chí 2; không thêm tiêu chí nào" in shown(client, viewer, "profile", commune.pk).content.decode()


# ---------------------------------------------------------------- what they cost


def cost(client, user, name, *args, **query):
    client.force_login(user)
    client.get("/tro-giup/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse(f"reports:{name}", args=args), query).status_code == 200
    return len(queries)


def test_costs_do_not_grow_with_communes(judged, district, viewer, commune, neighbour_commune, client):
    pages = [
        ("what-if", (), {}),
        ("compare", (), {"voi": "giai-trinh"}),
        ("lapsing", (), {}),
        ("profile", (commune.pk,), {}),
    ]
    before = [cost(client, viewer, name, *args, **query) for name, args, query in pages]
    names = [CommuneFactory(authority=district, name=f"Thêm {place}") for place in range(3)]
    coordinator = judged.world.coordinator
    set_ = judged.first.criteria_set
    for item in names:
        services.add_unit(judged.world.round, by=coordinator, criteria_set=set_, commune=item)
        decide(
            judged.world, item, person(Role.COMMUNE_OFFICER, commune=item),
            values={"2.1": rate(50, judgement=NOT_MET)}, failed=("2.1",), approve=False,
        )  # fmt: skip
    after = [cost(client, viewer, name, *args, **query) for name, args, query in pages]
    assert after == before
    assert max(after) <= 30


def test_basically_met_counts_as_the_set_says(district, commune, officer, viewer):
    set_ = work.small_set(code="xa-cb", counts_basically_met=True)
    world = work.open_round(district, communes=[commune], criteria_set=set_, reply_until=None)
    dossier = work.hand_in(world.dossier_of(commune), by=officer)
    work.conclude_all(dossier, by=world.inspector, verdict=Judgement.BASICALLY_MET, reason="Còn thiếu ít.")
    (unit,) = supposed(viewer).units
    assert (unit.before.met, unit.changes, unit.held) == (3, (), ())


def test_confirming_a_threshold_lets_it_decide(judged, viewer, administrator):
    threshold = judged.second.criteria_set.indicators.get(code="2.2").thresholds.get()
    criteria_services.confirm_threshold(
        threshold, decision="12/QĐ-UBND", article="1", on=clock.today(), by=administrator
    )
    change = change_of(supposed(viewer), "2.2")
    assert (change.alone, change.lacks[0].short) == (True, "Còn thiếu 10 triệu đồng/người/năm")
