"""What changed since approval: paragraph by paragraph, word by word, figures by name; the approved words are kept."""

import time

import pytest
from django.urls import reverse

from communes import clock
from reports import services
from reports.compose import Composition
from reports.models import ApprovedText
from reports.presenters.changes import ADDED, CHANGED, REMOVED, SAME, changes_of, changes_since, compared

from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(district):
    """Approved, then sent back."""
    scene = factories.approved(district, failed={"Nậm Cần": (1,)})
    services.send_back(scene.fresh(), reason="Viết rõ hơn.", by=scene.head)
    return scene


def rewrite(scene, heading, body):
    section = scene.notice.sections.get(heading=heading)
    section.notice = scene.fresh()
    services.save_section(section, heading=heading, body=body, version=section.version, by=scene.coordinator)


def changes(scene):
    return changes_of(Composition(scene.fresh()))


def page(client, scene, **query):
    return client.get(reverse("reports:notice-changes", args=[scene.notice.public_id]), query)


# ---------------------------------------------------------------- rules


def kinds(before, after):
    return [row.kind for row in compared(before, after)]


def test_paragraphs_alike_stand_beside_each_other():
    before = ["Một hai ba bốn năm.", "Giữ nguyên.", "Bỏ hẳn đoạn này đi."]
    after = ["Một hai ba bốn sáu.", "Giữ nguyên.", "Hoàn toàn mới khác."]
    assert kinds(before, after) == [CHANGED, SAME, REMOVED, ADDED]
    (first, *_) = compared(before, after)
    assert [(piece.kind, piece.text) for piece in first.before] == [(SAME, "Một hai ba bốn "), (REMOVED, "năm.")]
    assert [(piece.kind, piece.text) for piece in first.after] == [(SAME, "Một hai ba bốn "), (ADDED, "sáu.")]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], ["Mới"], [ADDED]),
        (["Cũ"], [], [REMOVED]),
        (["A b c d", "E f g h"], ["Chen vào đây", "A b c x", "E f g h"], [ADDED, CHANGED, SAME]),
        (["Giống"], ["Giống"], [SAME]),
    ],
)
def test_rows_of(before, after, expected):
    assert kinds(before, after) == expected


def test_words_of_both_sides_are_whole():
    before, after = "a b c d e f g", "a x c d f g h"
    (row,) = compared([before], [after])
    assert "".join(piece.text for piece in row.before) == before
    assert "".join(piece.text for piece in row.after) == after


def test_hostile_length_is_shown_as_replaced_soon():
    before, after = "chữ " * 8000 + "cũ", "chữ " * 8000 + "mới"
    (row,) = compared([before], [after])
    assert [piece.kind for piece in row.before] == [REMOVED]


def test_thousands_of_replaced_paragraphs_are_compared_soon_and_none_is_left_out():
    before = [f"Đoạn cũ số {number} của xã {number}." for number in range(2500)]
    after = [f"Nội dung khác hẳn thứ {number}" for number in range(2500)]
    start = time.process_time()
    rows = compared(before, after)
    assert time.process_time() - start < 10
    assert sum(bool(row.before) for row in rows) == sum(bool(row.after) for row in rows) == 2500
    assert kinds(before, before) == [SAME] * 2500


# ---------------------------------------------------------------- a notice


def test_approval_keeps_the_words_it_approved(scene):
    kept = ApprovedText.objects.get()
    assert kept.approved_by == scene.head
    assert changes(scene).is_whole
    assert changes(scene).is_unchanged
    assert kept.facts["figures"]["bình quân xa-thu"]["value"] == "2,50"
    ApprovedText.objects.update(sha256="0" * 64)
    assert not changes(scene).is_whole


def test_hash_is_that_of_the_approval_itself(district):
    scene = factories.approved(district)
    assert ApprovedText.objects.get().sha256 == scene.fresh().approved_sha256


def test_changed_words_are_marked_and_the_rest_is_folded(client, scene):
    rewrite(scene, "ĐÁNH GIÁ CHUNG", "Bình quân các xã chỉ đạt {bình quân xa-thu} tiêu chí/xã.")
    found = changes(scene)
    assert (found.count, found.figures) == (1, ())
    client.force_login(scene.head)
    html = page(client, scene).content.decode()
    assert "1 đoạn đã đổi" in html
    assert 'thêm: </span>chỉ <span class="visually-hidden"> (hết' in html
    assert "đoạn không đổi" in html
    for name in ("notice-approve", "notice-preview"):
        linked = client.get(reverse(f"reports:{name}", args=[scene.notice.public_id])).content.decode()
        assert f"Văn bản đã đổi so với bản {scene.head} phê duyệt lúc" in linked
    client.force_login(scene.coordinator)
    assert (
        "Văn bản đã đổi so với bản"
        in client.get(reverse("reports:notice-edit", args=[scene.notice.public_id])).content.decode()
    )


def test_figures_that_changed_are_named(client, scene):
    unit = scene.world.round.units.order_by("position").last()
    unit.__class__.objects.filter(pk=unit.pk).update(left_out_reason="Đổi sau khi phê duyệt.")
    client.force_login(scene.head)
    html = page(client, scene).content.decode()
    (mean,) = [row for row in changes(scene).figures if row.token == "bình quân xa-thu"]
    assert (mean.before, mean.after) == ("2,50", "3,00")
    assert "Bình quân số tiêu chí đạt mỗi xã" in html


def test_each_approval_can_be_looked_at(client, scene):
    rewrite(scene, "ĐÁNH GIÁ CHUNG", "Viết lại hẳn, {bình quân xa-thu}.")
    services.approve_notice(scene.fresh(), version=scene.fresh().version, by=scene.head)
    first = ApprovedText.objects.order_by("pk").first()
    assert changes(scene).is_unchanged
    assert changes_since(first, scene.fresh()).count
    client.force_login(scene.head)
    assert "Không có thay đổi nào" in page(client, scene).content.decode()
    assert "đoạn đã đổi" in page(client, scene, ban=first.pk).content.decode()
    assert page(client, scene, ban="0").status_code == 404


def test_never_approved_and_issued(client, district):
    scene = factories.draft(district)
    client.force_login(scene.head)
    assert "chưa được phê duyệt lần nào" in page(client, scene).content.decode()
    services.approve_notice(scene.notice, version=scene.fresh().version, by=scene.head)
    services.issue_notice(scene.fresh(), on=clock.today(), by=scene.coordinator)
    assert "Không có thay đổi nào" in page(client, scene).content.decode()
