"""The public pages: what is found and how, addresses that stay, what was replaced, what caches may keep, the feed."""

import hashlib
import xml.etree.ElementTree as ElementTree
from datetime import date, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.http import QueryDict
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as some

from communes import clock
from communes.permissions import Role
from communes.text import fold
from reports import publishing, searching, services
from reports.compose import Composition
from reports.models import IssuedDocument, Notice, SearchText
from reports.public_forms import ListFilter
from reports.services import publication
from reports.services.issuing import approved_digest
from reports.views.common import final_document, issued_content

from ..factories import person
from . import factories

LIST, FEED = "/thong-bao/", "/thong-bao/feed/"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def address(notice, part=""):
    return f"{LIST}{notice.public_id}/{part}"


def body(answer) -> bytes:
    """All of an answer; a file read to its end is closed by the client without closing the database."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def listed(client, query="") -> list[str]:
    """Numbers of the notices that the list shows."""
    answer = client.get(f"{LIST}{query}")
    assert answer.status_code == 200, answer.get("Location")
    return [notice.code for notice in answer.context["page"]]


@pytest.fixture
def scene(district):
    return factories.issued(district, failed={"Nậm Cần": (1,)}, number=8)


def many(like: Notice, how_many: int, **fields) -> list[Notice]:
    """Further issued notices of the same round, only as far as lists need them."""
    copied = [
        name.attname for name in Notice._meta.concrete_fields if name.attname not in ("id", "public_id", "number")
    ]
    values = {name: getattr(like, name) for name in copied} | fields
    made = Notice.objects.bulk_create(Notice(**values, number=100 + place) for place in range(how_many))
    SearchText.objects.bulk_create(SearchText(notice=row, words=f" {fold(row.subject)} ") for row in made)
    return made


# ---------------------------------------------------------------- what is found


SAID = (
    "nam can", "NẬM CẦN", "Nậm Cần", "nậm  cần", "phuc khoa dat 03/3", "8/TB-ĐKT", "08/tb-dkt", "TB-ĐKT",
    "thông báo số 08", "ket luan kiem tra", "Nguyen Van Thu", "2,50 tiêu chí/xã", "UBND các xã",
)  # fmt: skip
# Another word, pieces of words, another number, signs that mean something to a database.
NOT_SAID = ("nam canh", "nam ca", "pac ta", "9/TB-ĐKT", "nam 9/TB-ĐKT", "a%b", "na_")


@pytest.mark.django_db
def test_words_of_a_notice_find_it_whatever_case_and_diacritics(client, scene):
    for words in SAID:
        answer = client.get(LIST, {"q": words}, follow=True)
        assert [row.code for row in answer.context["page"]] == ["08/TB-ĐKT"], words
        assert not answer.context["shelf"].is_loose, words


@pytest.mark.django_db
def test_other_words_and_pieces_of_words_do_not(client, scene):
    for words in NOT_SAID:
        answer = client.get(LIST, {"q": words}, follow=True)
        assert "Không tìm thấy thông báo nào" in answer.content.decode(), words


@pytest.mark.django_db
def test_date_of_issue_finds_it(client, scene):
    on = scene.notice.issued_on
    for words in (f"{on:%d/%m/%Y}", f"{on.day}/{on.month}/{on.year}", f"ngày {on:%d}"):
        assert client.get(LIST, {"q": words}, follow=True).context["page"].object_list


@pytest.mark.django_db
def test_words_that_stand_apart_are_found_and_the_page_says_so(client, scene):
    answer = client.get(f"{LIST}?q=phuc+khoa+trong+nam")
    assert [row.code for row in answer.context["page"]] == ["08/TB-ĐKT"]
    assert "Không có thông báo nào ghi liền các từ “phuc khoa trong nam”" in answer.content.decode()


@pytest.mark.django_db
def test_phrase_never_runs_from_one_part_into_the_next(scene):
    text = scene.notice.search_text.words
    assert " danh gia chung " in text
    assert " danh gia chung ket qua " not in text


@pytest.mark.django_db
def test_filters_by_authority_and_year(client, scene, other_district):
    old = {"year": 2020, "issued_on": date(2020, 5, 5), "authority": other_district}
    old["authority_id"] = old.pop("authority").pk
    many(scene.notice, 1, **old)
    this_year = scene.notice.year
    assert listed(client) == ["08/TB-ĐKT", "100/TB-ĐKT"]
    assert listed(client, "?nam=2020") == ["100/TB-ĐKT"]
    assert listed(client, "?co_quan=huyen-thu") == ["08/TB-ĐKT"]
    assert listed(client, f"?co_quan=huyen-khac&nam={this_year}") == []
    page = client.get(LIST).content.decode()
    assert page.index(f"Năm {this_year}") < page.index("Năm 2020")


@pytest.mark.django_db
def test_drafts_and_documents_of_other_kinds_are_nowhere(client, district):
    draft = factories.draft(district, names=("Một",)).notice
    approved = factories.approved(district, names=("Hai",)).notice
    minutes = factories.approved(district, names=("Ba",))
    Notice.objects.filter(pk=minutes.notice.pk).update(kind_code="bien-ban", kind="Biên bản", symbol="BB-ĐKT")
    notice = minutes.fresh()
    Notice.objects.filter(pk=notice.pk).update(approved_sha256=digest_now(notice))
    services.issue_notice(minutes.fresh(), on=clock.today(), by=minutes.coordinator)
    assert listed(client) == []
    assert b"<entry>" not in client.get(FEED).content
    for hidden in (draft, approved, notice):
        for part in ("", "pdf/", "khong-ky/", "docx/"):
            assert client.get(address(hidden, part)).status_code == 404


def digest_now(notice):
    return approved_digest(Composition(notice))


@pytest.mark.django_db
def test_empty_list_says_that_nothing_was_issued(client):
    assert "Chưa có thông báo nào được ban hành" in client.get(LIST).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?q=ket+luan", "?q=luan+ket", "?nam={year}&page=2", "feed/"])
def test_list_and_feed_need_the_same_queries_for_few_and_many(
    query, client, scene, django_assert_num_queries, django_assert_max_num_queries
):
    url = LIST + query.format(year=scene.notice.year)
    with django_assert_max_num_queries(5) as few:
        client.get(url, follow=True)
    many(scene.notice, 45)
    with django_assert_max_num_queries(5) as more:
        answer = client.get(url)
    assert answer.status_code == 200
    assert len(more) <= len(few) + 1  # a second page is not led back to the first


# ---------------------------------------------------------------- one address for one list


ASKED = {
    "?q=&co_quan=&nam=": "",
    "?nam=&q=nam+can": "?q=nam+can",
    "?q=++nam+++can+": "?q=nam+can",
    "?page=1": "",
    "?page=99": "",
    "?page=x&utm_source=y": "",
    "?nam=1234&co_quan=khong-co": "",
    "?nam=abc": "",
    "?nam={year}&co_quan=huyen-thu&q=can": "?q=can&co_quan=huyen-thu&nam={year}",
    "?q=%00%01": "",
    "?q=%": "",
    "?q=nam%20can": "?q=nam+can",
}


@pytest.mark.django_db
def test_list_leads_to_its_one_address(client, scene):
    year = scene.notice.year
    for asked, answered in ((key.format(year=year), value.format(year=year)) for key, value in ASKED.items()):
        answer = client.get(LIST + asked)
        assert (answer.status_code, answer["Location"]) == (302, LIST + answered)
        page = client.get(answer["Location"])
        assert page.status_code == 200
        shown = f"http://testserver{answer['Location']}".replace("&", "&amp;")
        assert f'rel="canonical" href="{shown}"' in page.content.decode()


@given(
    some.dictionaries(
        some.sampled_from(["q", "co_quan", "nam", "page", "khac"]),
        some.one_of(some.text(max_size=120), some.sampled_from(["a", "2024", "-1", "٣", "huyen thu"])),
    )
)
def test_the_one_address_leads_to_itself(parts):
    def query(data):
        return ListFilter(data, {"a": "A", "huyen thu": "B"}, [2024, 2023]).wanted.query()

    asked = QueryDict(mutable=True)
    asked.update(parts)
    once = query(asked)
    assert query(QueryDict(once.removeprefix("?"))) == once


@pytest.mark.django_db
def test_public_addresses_are_those_the_public_knows(client, scene, settings):
    settings.PUBLIC_BASE_URL = "https://ntm.example.vn"
    assert 'rel="canonical" href="https://ntm.example.vn/thong-bao/"' in client.get(LIST).content.decode()
    assert f"https://ntm.example.vn{address(scene.notice)}" in client.get(address(scene.notice)).content.decode()
    feed = ElementTree.fromstring(client.get(FEED).content)
    assert feed.find("a:entry/a:link", ATOM).get("href") == f"https://ntm.example.vn{address(scene.notice)}"


# ---------------------------------------------------------------- one notice


@pytest.mark.django_db
def test_page_tells_what_the_notice_is_and_how_to_prove_a_copy(client, scene):
    notice = scene.notice
    page = client.get(address(notice)).content.decode()
    document = notice.documents.get(rendition="final")
    for words in (
        "<h1>Thông báo số 08/TB-ĐKT</h1>", "Bình quân các xã đạt 2,50 tiêu chí/xã.", "Nguyễn Văn Thử",
        document.sha256, document.facts_sha256, reverse("reports:verify"), address(notice, "pdf/"),
        f"Thông báo số 08/TB-ĐKT ngày {notice.issued_on:%d}/", 'class="print-foot"',
    ):  # fmt: skip
        assert words in page
    assert "khong-ky/" not in page


@pytest.mark.django_db
def test_citation_names_the_issuer_as_it_is_written_in_a_text(scene):
    notice = Notice.objects.with_successor().get(pk=scene.notice.pk)
    content = issued_content(final_document(notice))
    on = notice.issued_on
    month = f"{on.month:02d}" if on.month < 3 else str(on.month)
    said = publishing.citation(notice, content)
    assert said.startswith(
        f"Thông báo số 08/TB-ĐKT ngày {on.day:02d}/{month}/{on.year} của {notice.round.team_name} kết luận "
    )
    notice.round.team_name = "Đoàn khác"
    assert publishing.issuer_of(notice, content) == " ".join(content.issuer)


@pytest.mark.django_db
def test_stored_renditions_are_offered_and_no_others(client, scene):
    notice = scene.notice
    factories.kept_as(notice, "signed_blank", b"%PDF blank")
    page = client.get(address(notice)).content.decode()
    assert address(notice, "docx/") in page
    assert "ky-so/" not in page
    assert notice.documents.get(rendition="signed_blank").sha256 not in page
    answer = client.get(address(notice, "docx/"))
    assert body(answer).startswith(b"PK")
    assert "wordprocessingml" in answer["Content-Type"]
    assert ".docx" in answer["Content-Disposition"]
    for part in ("ky-so/", "khong-ky/", "signed_blank/", "final/"):
        assert client.get(address(notice, part)).status_code == 404


@pytest.mark.django_db
def test_replaced_notice_says_so_first_and_the_new_one_what_it_replaces(client, district):
    old, new = factories.replaced(district)
    page = client.get(address(old)).content.decode()
    main = page[page.index("<main") :]
    assert main.index("đã được thay thế bằng") < main.index("<h1>")
    assert address(new) in main[: main.index("<h1>")]
    page = client.get(address(new)).content.decode()
    assert "Thông báo này thay thế" in page
    assert address(old) in page
    assert "Lý do: Sửa số liệu" in page
    found = client.get(f"{LIST}?q=phuc+khoa").content.decode()
    assert "Đã được thay thế" in found
    assert address(new) in found


@pytest.mark.django_db
def test_replacement_that_is_only_being_written_shows_nowhere(client, district):
    old, new = factories.issued(district), factories.draft(district, names=("Hố Mít",)).notice
    Notice.objects.filter(pk=new.pk).update(supersedes=old.notice, replace_reason="Sửa số liệu")
    for url in (address(old.notice), LIST, FEED):
        page = client.get(url).content.decode()
        assert "thay thế bằng" not in page
        assert str(new.public_id) not in page


# ---------------------------------------------------------------- caches


@pytest.mark.django_db
@pytest.mark.parametrize("of", ["list", "notice", "feed"])
def test_stranger_gets_304_until_something_changes(of, client, district):
    scene = factories.issued(district)
    url = {"list": LIST, "notice": address(scene.notice), "feed": FEED}[of]
    first = client.get(url)
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    again = {"if-none-match": first["ETag"], "if-modified-since": first["Last-Modified"]}
    assert client.get(url, headers=again).status_code == 304
    notice = services.start_replacement(scene.fresh(), reason="Sửa số liệu", by=scene.coordinator)
    services.approve_notice(notice, version=notice.version, by=scene.head)
    assert client.get(url, headers=again).status_code == 304
    services.issue_notice(notice, on=clock.today(), by=scene.coordinator)
    changed = client.get(url, headers=again)
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert b"thay th" in changed.content


@pytest.mark.django_db
def test_page_changes_for_caches_when_the_replacing_one_is_issued(district):
    old, new = factories.replaced(district)
    shown = Notice.objects.with_successor().get(pk=old.pk)
    (between,) = many(old, 1, issued_at=new.issued_at - timedelta(microseconds=1))
    assert list(Notice.objects.latest_change_first()) == [new, old, between]
    assert publishing.changed_at(shown, old.documents.all()) == new.issued_at


@pytest.mark.django_db
def test_file_is_kept_by_its_hash(client, scene):
    url, document = address(scene.notice, "pdf/"), scene.notice.documents.get(rendition="final")
    first = client.get(url)
    assert first["ETag"] == f'"{document.sha256}"'
    assert "public" in first["Cache-Control"]
    assert hashlib.sha256(body(first)).hexdigest() == document.sha256
    assert client.get(url, headers={"if-none-match": first["ETag"]}).status_code == 304


@pytest.mark.django_db
def test_pages_of_people_signed_in_are_not_for_other_readers(client, scene, district):
    client.force_login(person(Role.VIEWER, authority=district))
    for url in (LIST, address(scene.notice), FEED, address(scene.notice, "pdf/")):
        answer = client.get(url)
        assert answer["Cache-Control"] == "private, no-store"
        assert "Cookie" in answer["Vary"]
        body(answer)


# ---------------------------------------------------------------- the feed


@pytest.mark.django_db
def test_feed_tells_of_issue_and_of_replacement(client, district):
    old, new = factories.replaced(district)
    feed = ElementTree.fromstring(client.get(FEED).content)
    entries = {entry.find("a:id", ATOM).text: entry for entry in feed.findall("a:entry", ATOM)}
    assert set(entries) == {f"urn:uuid:{old.public_id}", f"urn:uuid:{new.public_id}"}
    of_old = entries[f"urn:uuid:{old.public_id}"]
    assert of_old.find("a:published", ATOM).text == old.issued_at.isoformat()
    assert of_old.find("a:updated", ATOM).text == new.issued_at.isoformat()
    assert f"Đã được thay thế bằng {new}" in of_old.find("a:summary", ATOM).text
    assert of_old.find("a:title", ATOM).text == f"{old}: {old.subject}"
    assert of_old.find("a:author/a:name", ATOM).text == "UBND huyện Thử"


@pytest.mark.django_db
def test_feed_follows_the_filter_of_the_list(client, scene):
    assert b"<entry>" in client.get(f"{FEED}?q=nam+can").content
    assert b"<entry>" not in client.get(f"{FEED}?q=khongco").content
    page = client.get(f"{LIST}?q=nam+can").content.decode()
    assert (
        f'type="application/atom+xml" title="Thông báo kết luận kiểm tra nông thôn mới" href="{FEED}?q=nam+can"' in page
    )


@pytest.mark.django_db
def test_feed_keeps_markup_as_text(client, district):
    district.name = "UBND <b>huyện</b> & xã"
    district.save()
    factories.issued(district)
    entry = ElementTree.fromstring(client.get(FEED).content).find("a:entry", ATOM)
    assert "UBND &lt;b&gt;huyện&lt;/b&gt; &amp; xã" in entry.find("a:summary", ATOM).text
    assert entry.find("a:author/a:name", ATOM).text == "UBND <b>huyện</b> & xã"


# ---------------------------------------------------------------- notices issued before


@pytest.mark.django_db
def test_notices_issued_before_the_search_was_made_are_found(client, scene):
    words = scene.notice.search_text.words
    SearchText.objects.all().delete()
    assert listed(client, "?q=nam+can") == []
    assert listed(client) == ["08/TB-ĐKT"]
    import_module("reports.migrations.0006_public_search").index_issued(apps, None)
    assert listed(client, "?q=nam+can") == ["08/TB-ĐKT"]
    assert SearchText.objects.get().words == words


@pytest.mark.django_db
def test_indexing_again_changes_nothing(scene):
    before = SearchText.objects.get().words
    content = issued_content(final_document(scene.notice))
    publication.index(scene.notice, content)
    assert SearchText.objects.get().words == before == searching.words_of(content)


def test_issued_documents_are_the_only_ones_for_the_public():
    assert set(publishing.FILES) == set(IssuedDocument.Rendition) - {"signed_blank"}
