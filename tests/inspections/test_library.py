"""The library of a commune: found by what one remembers, told where it was used, followed through its versions."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.urls import reverse

from communes import clock
from criteria.models import Indicator
from inspections import services
from inspections.models import Evidence

from . import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, neighbour_commune):
    return make.open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


@pytest.fixture
def as_officer(client, officer):
    client.force_login(officer)
    return client


def at(name, *args):
    return reverse(f"inspections:{name}", args=args)


def add(commune, officer, title, **meta):
    return services.add_evidence(commune, make.pdf_upload(), meta={"title": title, **meta}, by=officer).evidence


def found(client, **filters):
    response = client.get(at("evidence-list"), filters)
    return {row.evidence.title: row for row in response.context["rows"]}


# ---------------------------------------------------------------- filters


def test_filters_narrow_together(as_officer, dossier, commune, officer):
    make.prove(dossier, "2.1", by=officer, title="Biên bản nghiệm thu", issued_on=date(2024, 3, 1))
    make.prove(dossier, "2.2", by=officer, title="Biên bản họp", issued_on=date(2025, 3, 1))
    add(commune, officer, "Biên bản khác", kind="sheet")
    assert set(found(as_officer, q="bien ban")) == {"Biên bản nghiệm thu", "Biên bản họp", "Biên bản khác"}
    assert set(found(as_officer, q="bien ban", indicator="2.1")) == {"Biên bản nghiệm thu"}
    assert set(found(as_officer, indicator="2")) == {"Biên bản nghiệm thu", "Biên bản họp"}
    assert set(found(as_officer, year="2025")) == {"Biên bản họp"}
    assert set(found(as_officer, kind="sheet")) == {"Biên bản khác"}
    assert found(as_officer, indicator="3", q="bien ban") == {}


def test_indicator_is_followed_to_the_code_it_had_in_another_version(as_officer, dossier, officer, district, commune):
    make.prove(dossier, "2.1", by=officer, title="Bảng chiều dài đường")
    Indicator.objects.filter(code="2.1").update(lineage="duong-xa")
    newer = make.small_set(version=2, is_published=False)
    newer.indicators.filter(code="2.1").update(code="2.7", lineage="duong-xa")
    other = make.small_set(code="xa-khac")
    other.indicators.filter(code="2.2").update(code="2.8", lineage="duong-xa")
    assert set(found(as_officer, indicator="2.7")) == {"Bảng chiều dài đường"}
    # The same idea in another set is another question.
    assert found(as_officer, indicator="2.8") == {}


def test_filter_that_is_not_understood_says_so_and_narrows_nothing(as_officer, commune, officer):
    add(commune, officer, "Kế hoạch")
    response = as_officer.get(at("evidence-list"), {"indicator": "mười bảy", "year": "abc"})
    assert len(response.context["rows"]) == 1
    assert "Ghi số tiêu chí (17) hoặc mã chỉ tiêu (17.10)." in response.content.decode()


def test_filter_by_validity_and_the_mark_beside_it(as_officer, commune, officer):
    today = clock.today()
    for title, days in (("Cũ", -1), ("Sắp hết", 10), ("Còn lâu", 400)):
        add(commune, officer, title, valid_until=today + timedelta(days=days))
    old = add(commune, officer, "Bản đầu")
    services.replace_evidence(old, add(commune, officer, "Bản sau"), by=officer, shown=[])
    assert set(found(as_officer, standing="lapsed")) == {"Cũ"}
    assert set(found(as_officer, standing="lapsing")) == {"Sắp hết"}
    assert set(found(as_officer, standing="replaced")) == {"Bản đầu"}
    assert set(found(as_officer, standing="current")) == {"Sắp hết", "Còn lâu", "Bản sau"}
    page = as_officer.get(at("evidence-list")).content.decode()
    for words in (
        f"Hết hiệu lực {today - timedelta(days=1):%d/%m/%Y}",
        "Sắp hết hiệu lực: còn 10 ngày",
        "Đã có bản mới",
    ):
        assert words in page


def test_list_is_paged_and_keeps_its_filters(as_officer, commune, officer):
    Evidence.objects.bulk_create(
        Evidence(commune=commune, file=f"evidence/x/{place}.pdf", original_name="a.pdf", size=1, sha256=f"{place:064x}",
                 content_type="application/pdf", title=f"Văn bản {place}", uploaded_by=officer,
                 uploaded_at=clock.now())
        for place in range(60)
    )  # fmt: skip
    response = as_officer.get(at("evidence-list"), {"q": "van ban", "page": 3})
    assert len(response.context["rows"]) == 10
    assert "q=van+ban&amp;page=2" in response.content.decode()


# ---------------------------------------------------------------- uses


def test_line_tells_the_rounds_and_indicators_that_used_it(as_officer, dossier, officer, world):
    make.prove(dossier, "2.1", "2.2", by=officer, title="Bảng thống kê")
    (use,) = found(as_officer)["Bảng thống kê"].uses
    assert (use.round, use.indicators) == (world.round.name, "Xã NTM: 2.1, 2.2")
    assert (
        f'{world.round.name} <span class="muted">(Xã NTM: 2.1, 2.2)</span>'
        in as_officer.get(at("evidence-list")).content.decode()
    )


def test_neighbours_pieces_and_uses_stay_unseen(client, dossier, officer, neighbour):
    make.prove(dossier, "2.1", by=officer, title="Bảng thống kê")
    client.force_login(neighbour)
    assert found(client) == {}
    assert found(client, indicator="2.1") == {}


# ---------------------------------------------------------------- a newer version


def test_replacing_by_upload_lists_first_and_acts_on_the_second_press(as_officer, dossier, officer):
    old = make.prove(dossier, "2.1", by=officer, title="Kế hoạch 2024")
    data = {"file": make.pdf_upload("moi.pdf"), "title": "Kế hoạch 2025", "kind": "document"}
    answer = as_officer.post(at("evidence-replace", old.pk), data)
    new = Evidence.objects.get(title="Kế hoạch 2025")
    assert answer["Location"] == at("evidence-replace-check", old.pk, new.pk)
    old.refresh_from_db()
    assert old.replaced_by is None
    check = as_officer.get(answer["Location"])
    assert [link.assessment.indicator.code for link in check.context["plan"].moving] == ["2.1"]
    as_officer.post(answer["Location"], {"links": [link.pk for link in check.context["plan"].moving]})
    assert list(new.links.values_list("assessment__indicator__code", flat=True)) == ["2.1"]
    page = as_officer.get(at("evidence-detail", new.pk)).content.decode()
    assert "Kế hoạch 2024" in page
    assert "bản hiện hành" in page
    assert "Hồ sơ đã nộp vẫn giữ bản này" in as_officer.get(at("evidence-detail", old.pk)).content.decode()


def test_replacing_by_a_piece_of_the_library(as_officer, dossier, officer, commune):
    old = make.prove(dossier, "2.1", by=officer, title="Kế hoạch 2024")
    new = add(commune, officer, "Kế hoạch mới ban hành")
    page = as_officer.get(at("evidence-replace", old.pk), {"tim": "moi ban hanh"}).content.decode()
    assert at("evidence-replace-check", old.pk, new.pk) in page
    assert at("evidence-replace-check", old.pk, old.pk) not in page


def test_same_file_as_newer_version_is_refused_with_words(as_officer, commune, officer):
    content = make.pdf_bytes()
    old = services.add_evidence(commune, make.SimpleUploadedFile("a.pdf", content), meta={}, by=officer).evidence
    data = {"file": make.SimpleUploadedFile("b.pdf", content), "kind": "document"}
    answer = as_officer.post(at("evidence-replace", old.pk), data)
    assert answer.status_code == 400
    assert "giống hệt bản đang có" in answer.content.decode()


def test_missing_file_is_named_at_its_field(as_officer, commune, officer):
    old = add(commune, officer, "Kế hoạch")
    answer = as_officer.post(at("evidence-replace", old.pk), {"kind": "document", "title": "Bản sửa"})
    assert answer.status_code == 400
    assert "Chưa chọn tệp." in answer.content.decode()
    assert "Bản sửa" in answer.content.decode()


def test_list_that_changed_is_shown_anew_with_409(as_officer, dossier, officer, commune):
    old, new = make.prove(dossier, "2.1", by=officer, title="Cũ"), add(commune, officer, "Mới")
    answer = as_officer.post(at("evidence-replace-check", old.pk, new.pk), {"links": []})
    assert answer.status_code == 409
    assert "vừa thay đổi" in answer.content.decode()
    assert list(old.links.values_list("assessment__indicator__code", flat=True)) == ["2.1"]


def test_replaced_piece_leads_on_and_offers_no_second_replacement(as_officer, commune, officer):
    old, new = add(commune, officer, "Cũ"), add(commune, officer, "Mới")
    services.replace_evidence(old, new, by=officer, shown=[])
    assert at("evidence-replace", old.pk) not in as_officer.get(at("evidence-detail", old.pk)).content.decode()
    answer = as_officer.get(at("evidence-replace", old.pk), follow=True)
    assert "đã được thay bằng bản mới" in answer.content.decode()


def test_versions_are_listed_from_the_first_to_the_present_one(as_officer, commune, officer):
    chain = [add(commune, officer, f"Bản {place}") for place in range(4)]
    for old, new in pairwise(chain):
        services.replace_evidence(old, new, by=officer, shown=[])
    for piece in chain:
        versions = as_officer.get(at("evidence-detail", piece.pk)).context["versions"]
        assert [item.title for item in versions] == ["Bản 0", "Bản 1", "Bản 2", "Bản 3"]


def test_replaced_piece_is_not_offered_on_the_criterion_page(as_officer, dossier, commune, officer):
    old, new = add(commune, officer, "Cũ"), add(commune, officer, "Mới")
    services.replace_evidence(old, new, by=officer, shown=[])
    page = as_officer.get(at("criterion-edit", dossier.pk, 2)).context["page"]
    assert page.library == [new]


def test_pages_of_replacing_are_closed_to_others(client, dossier, officer, commune, neighbour, leader, inspector):
    old, new = make.prove(dossier, "2.1", by=officer, title="Cũ"), add(commune, officer, "Mới")
    for who, expected in ((neighbour, 404), (leader, 403), (inspector, 403)):
        client.force_login(who)
        for address in (at("evidence-replace", old.pk), at("evidence-replace-check", old.pk, new.pk)):
            assert (client.get(address).status_code, client.post(address).status_code) == (expected, expected)
    old.refresh_from_db()
    assert old.replaced_by is None
