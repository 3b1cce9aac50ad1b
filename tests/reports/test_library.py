"""Texts that are used again: where they come from, that figures bind anew, and that nobody's words are lost."""

import pytest
from django.urls import reverse

from communes.models import Event
from communes.permissions import Role
from reports import outline, services
from reports.compose import Composition
from reports.models import NoticeSection, TextSnippet
from reports.presenters.library import offers_for
from reports.workflow import Incomplete, NotAllowed, StaleState

from ..factories import person
from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def last(district):
    """The last notice of the authority, issued."""
    return factories.issued(district, names=("Pắc Ta",), code="TRUOC")


@pytest.fixture
def scene(last, district):
    return factories.draft(district, failed={"Nậm Cần": (1,)}, code="NAY")


def part(scene, **where):
    section = scene.notice.sections.get(**where)
    section.notice = scene.fresh()
    return section


def offers(scene, section, words="", user=None):
    return offers_for(Composition(scene.fresh()), section, user or scene.coordinator, words)


def address(name, notice, *args):
    return reverse(f"reports:{name}", args=[notice.public_id, *args])


# ---------------------------------------------------------------- what is offered


def test_last_notices_text_is_offered_at_the_same_place_with_todays_figures(scene):
    section = part(scene, heading="ĐÁNH GIÁ CHUNG")
    services.save_section(section, heading="Đánh giá  chung", body="", version=section.version, by=scene.coordinator)
    first = offers(scene, part(scene, pk=section.pk))[0]
    assert first.is_here
    assert "Thông báo số 01/TB-ĐKT năm" in first.origin
    assert "{bình quân xa-thu}" in first.body
    assert first.read == ("Bình quân các xã đạt 2,50 tiêu chí/xã.",)
    assert first.unknown == 0


def test_texts_of_other_places_come_after_and_are_found_without_diacritics(scene):
    section = part(scene, heading="ĐÁNH GIÁ CHUNG")
    found = offers(scene, section)
    assert [offer.is_here for offer in found] == sorted((offer.is_here for offer in found), reverse=True)
    assert {offer.title for offer in offers(scene, section, "ket qua")} == {"KẾT QUẢ"}
    assert offers(scene, section, "khongcogi") == []


def test_figures_that_this_round_lacks_are_counted(scene):
    section = part(scene, heading="ĐÁNH GIÁ CHUNG")
    TextSnippet.objects.create(
        authority=scene.notice.authority, title="Lạ", body="{bình quân bộ-khác} và {năm}", kept_by=scene.coordinator,
        kept_at=section.notice.composed_at,
    )  # fmt: skip
    assert [offer.unknown for offer in offers(scene, section, "Lạ") if offer.title == "Lạ"] == [1]


def test_recommendations_are_offered_by_addressee_and_added_once(client, scene):
    section = part(scene, kind="recommendations")
    services.save_recommendations(scene.fresh(), [("Phòng Thử", "Việc khác.")], by=scene.coordinator)
    offer = offers(scene, section)[0]
    assert (offer.addressee, offer.read) == (
        "Ủy ban nhân dân các xã", (f"- Hoàn thành trong năm {scene.world.round.year + 1}.",),
    )  # fmt: skip
    client.force_login(scene.coordinator)
    for _ in range(2):
        client.post(address("section-take", scene.notice, section.pk), {"doan": offer.key})
    assert list(scene.notice.recommendations.values_list("addressee", "text")) == [
        ("Phòng Thử", "Việc khác."),
        ("Ủy ban nhân dân các xã", "Hoàn thành trong năm {năm sau}."),
    ]


def test_other_authoritys_texts_are_not_offered(scene, other_district):
    other = factories.issued(other_district, names=("Xa Lạ",))
    services.keep_text(part(other, heading="ĐÁNH GIÁ CHUNG"), title="Của huyện khác", by=other.coordinator)
    found = offers(scene, part(scene, heading="ĐÁNH GIÁ CHUNG"))
    assert len(found) == len({offer.key for offer in found})
    assert not [offer for offer in found if "huyện khác" in offer.title]
    keys = {f"phan-{row.pk}" for row in NoticeSection.objects.filter(notice=other.notice)}
    assert keys.isdisjoint({offer.key for offer in found})


# ---------------------------------------------------------------- using


def test_used_text_comes_behind_what_stands_there_now(client, scene):
    section = part(scene, heading="KẾT QUẢ")
    offer = next(offer for offer in offers(scene, section) if offer.is_here)
    services.save_section(section, heading="KẾT QUẢ", body="Của người khác.", version=1, by=scene.coordinator)
    client.force_login(scene.coordinator)
    client.post(address("section-take", scene.notice, section.pk), {"doan": offer.key})
    assert part(scene, pk=section.pk).body == f"Của người khác.\n{offer.body}"
    assert client.post(address("section-take", scene.notice, section.pk), {"doan": "phan-0"}).status_code == 404


def test_text_does_not_grow_without_end(scene):
    section = part(scene, heading="KẾT QUẢ")
    before = section.body
    with pytest.raises(Incomplete, match=r"tối đa 30\.000"):
        services.use_text(section, "chữ " * 7_500, by=scene.coordinator)
    assert part(scene, pk=section.pk).body == before
    rows = [("UBND các xã", f"{place}: " + "chữ " * 900) for place in range(9)]
    with pytest.raises(Incomplete, match=r"tối đa 30\.000"):
        services.add_recommendations(scene.fresh(), rows, by=scene.coordinator)


def test_approved_notice_takes_no_text(client, scene):
    section = part(scene, heading="KẾT QUẢ")
    services.approve_notice(scene.fresh(), version=scene.fresh().version, by=scene.head)
    section.notice = scene.fresh()
    with pytest.raises(StaleState):
        services.use_text(section, "Thêm.", by=scene.coordinator)


# ---------------------------------------------------------------- keeping


def test_kept_text_is_offered_renamed_and_withdrawn_with_events(client, scene):
    client.force_login(scene.coordinator)
    section = part(scene, heading="KẾT QUẢ")
    client.post(address("section-keep", scene.notice, section.pk), {"title": " Kết quả   chung "})
    kept = TextSnippet.objects.get()
    assert (kept.title, kept.body, kept.heading) == ("Kết quả chung", section.body, "KẾT QUẢ")
    assert kept.title in {offer.title for offer in offers(scene, section) if offer.is_here}
    client.post(reverse("reports:snippet-rename", args=[kept.pk]), {"title": "Tên khác"})
    page = client.get(reverse("reports:library"), {"q": "ten khac"}).content.decode()
    assert "Tên khác" in page
    client.post(reverse("reports:snippet-withdraw", args=[kept.pk]))
    client.get(reverse("reports:library"))  # says that it was withdrawn
    assert "Tên khác" not in client.get(reverse("reports:library")).content.decode()
    assert "Tên khác" not in {offer.title for offer in offers(scene, section)}
    late = client.post(reverse("reports:snippet-rename", args=[kept.pk]), {"title": "Muộn"}, follow=True)
    assert "đã được rút khỏi thư viện" in late.content.decode()
    actions = Event.objects.about(kept).values_list("action", flat=True)
    assert list(actions) == ["snippet.kept", "snippet.renamed", "snippet.withdrawn"]


@pytest.mark.parametrize("title", ["", "   ", "A" * 151])
def test_kept_text_needs_a_name_that_fits(scene, title):
    with pytest.raises(Incomplete):
        services.keep_text(part(scene, heading="KẾT QUẢ"), title=title, by=scene.coordinator)


def test_empty_part_is_not_kept(scene):
    services.replace_text(scene.fresh(), outline.parse("# RỖNG\n"), by=scene.coordinator)
    with pytest.raises(Incomplete):
        services.keep_text(part(scene, heading="RỖNG"), title="Rỗng", by=scene.coordinator)


def test_strangers_keep_and_change_nothing(client, scene, other_district):
    kept = services.keep_text(part(scene, heading="KẾT QUẢ"), title="Đoạn", by=scene.coordinator)
    stranger = person(Role.COORDINATOR, authority=other_district)
    for act in (
        lambda: services.keep_text(part(scene, heading="KẾT QUẢ"), title="Đoạn", by=stranger),
        lambda: services.rename_text(kept, title="Khác", by=stranger),
        lambda: services.withdraw_text(kept, by=scene.head),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_library_page_for_a_part_searches(client, scene):
    client.force_login(scene.coordinator)
    section = part(scene, heading="ĐÁNH GIÁ CHUNG")
    page = client.get(address("section-texts", scene.notice, section.pk), {"q": "danh sach"}).content.decode()
    assert "KẾT QUẢ" in page
    nothing = client.get(address("section-texts", scene.notice, section.pk), {"q": "không có gì"}).content.decode()
    assert "Chưa có đoạn văn nào chứa “không có gì”" in nothing
