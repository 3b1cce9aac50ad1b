"""The printed pages beside the text: which page holds the part being written, one print for each wording."""

import io
import os
import threading

import pypdf
import pytest
from django.urls import reverse
from PIL import Image

from reports import outline, pages, renderer, services
from reports.compose import Composition
from reports.presenters import composer

from . import factories

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


@pytest.fixture
def scene(district):
    return factories.draft(district, failed={"Nậm Cần": (1,)})


def long_text(paragraphs):
    lines = "\n".join(
        f"- Đoạn thứ {number} nói về việc riêng của xã số {number} trong năm." for number in range(paragraphs)
    )
    return outline.parse(
        factories.TEXT.replace("# KẾT QUẢ", f"# NỘI DUNG DÀI\n{lines}\n# KẾT QUẢ\n## Tiêu đề nhỏ\nChữ.")
    )


@pytest.fixture
def long_scene(scene):
    services.replace_text(scene.notice, long_text(90), by=scene.coordinator)
    return scene


@pytest.fixture
def composing(client, scene):
    client.force_login(scene.coordinator)
    return scene


def address(name, notice, *args):
    return reverse(f"reports:{name}", args=[notice.public_id, *args])


def asked(client, notice, **query):
    return client.get(address("notice-pages", notice), query, headers=JSON).json()


# ---------------------------------------------------------------- what the script is told


def test_pages_are_images_of_the_pdf(client, composing):
    answer = asked(client, composing.notice)
    assert answer["version"] == composing.fresh().version
    first = client.get(answer["pages"][0], {"rong": "410"})
    assert first["Content-Type"] == "image/png"
    picture = Image.open(io.BytesIO(first.content))
    assert picture.size == (420, 595)
    assert picture.convert("L").getextrema() == (0, 255)
    assert len(first.content) < 40_000


def test_changed_text_is_another_wording_and_an_unknown_one_is_not_found(client, composing):
    before = asked(client, composing.notice)["pages"]
    row = composing.notice.sections.get(position=1)
    services.save_section(row, heading="KHÁC", body="Chữ khác.", version=row.version, by=composing.coordinator)
    after = asked(client, composing.notice)["pages"]
    assert before[0] != after[0]
    assert client.get(before[0]).status_code == 200
    assert client.get(address("notice-page", composing.notice, "0" * 32, 1)).status_code == 404
    assert client.get(after[0].replace("/1/", "/9/")).status_code == 404


def test_what_cannot_be_printed_is_told_in_a_sentence(client, composing):
    row = composing.notice.sections.get(position=1)
    services.save_section(row, heading="KHÁC", body="Rất tốt 😀", version=row.version, by=composing.coordinator)
    answer = asked(client, composing.notice)
    assert "😀" in answer["refused"]
    assert "pages" not in answer


def test_a_page_is_printed_again_where_its_file_is_gone(client, composing):
    page = asked(client, composing.notice)["pages"][0]
    for path in pages._folder(composing.notice.public_id).glob("*.pdf"):
        path.unlink()
    assert client.get(page).status_code == 200


@pytest.mark.parametrize(("wanted", "width"), [("", 560), ("1", 420), ("421", 560), ("99999", 1600), ("x", 560)])
def test_widths_are_few(wanted, width):
    assert pages.fitting(wanted) == width


# ---------------------------------------------------------------- where the person writes


def test_place_follows_the_part_and_the_cursor(client, long_scene):
    client.force_login(long_scene.coordinator)
    notice = long_scene.notice
    parts = {row.heading or row.kind: row for row in notice.sections.all()}
    count = len(asked(client, notice)["pages"])
    assert count >= 3

    def at(name, cursor=0):
        return asked(client, notice, **{"phan": parts[name].pk, "vi-tri": cursor})["at"]

    assert at("preamble")["page"] == 1
    body = parts["NỘI DUNG DÀI"].body
    assert at("NỘI DUNG DÀI")["page"] == 1
    ends = at("NỘI DUNG DÀI", len(body))
    middle = at("NỘI DUNG DÀI", body.index("xã số 45"))
    assert 1 < middle["page"] < ends["page"]
    assert at("Tiêu đề nhỏ")["page"] >= ends["page"]
    assert at("closing")["page"] == count
    assert all(0 <= place["down"] <= 1 for place in (ends, middle, at("closing")))


def test_place_counts_headings_of_one_name(client, scene):
    body = "\n".join(f"- Nội dung dài thứ {number} của phần này." for number in range(60))
    told = factories.TEXT.replace("# KẾT QUẢ", f"# MỘT\n## Nguyên nhân\n{body}\n# HAI\n## Nguyên nhân\nChữ.\n# KẾT QUẢ")
    services.replace_text(scene.notice, outline.parse(told), by=scene.coordinator)
    client.force_login(scene.coordinator)
    first, second = scene.notice.sections.filter(heading="Nguyên nhân")
    pages_of = [asked(client, scene.notice, phan=row.pk)["at"]["page"] for row in (first, second)]
    assert pages_of[0] < pages_of[1]


def test_words_before_the_cursor_have_their_figures(scene):
    palette = Composition(scene.notice).palette
    body = "Một.\n- Bình quân *{bình quân xa-thu}* tiêu chí"
    assert composer.words_at(body, len(body), palette) == ("Bình quân 2,50 tiêu chí",) * 2
    assert composer.words_at(body, body.index("quân xa"), palette)[0] == "Bình quân "
    assert composer.words_at(body, 2, palette) == ("Mộ", "Một.")


# ---------------------------------------------------------------- one print for each wording


def test_workers_that_ask_at_once_print_once(scene, monkeypatch):
    content = Composition(scene.notice).content()
    printed, real = [], renderer.render
    monkeypatch.setattr(renderer, "render", lambda *args: printed.append(1) or real(*args))
    keys = []
    threads = [
        threading.Thread(target=lambda: keys.append(pages.printed(scene.notice.public_id, content).key))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(set(keys)), len(keys), len(printed)) == (1, 6, 1)


def test_only_the_last_wordings_are_kept_and_abandoned_notices_forgotten(scene, monkeypatch):
    monkeypatch.setattr(renderer, "render", lambda html, layout: blank_pdf())
    folder = pages._folder(scene.notice.public_id)
    old, recent = (folder.parent / name for name in ("abandoned", "recent"))
    for other in (old, recent):
        other.mkdir(parents=True)
    os.utime(old, (0, 0))
    for number in range(6):
        row = scene.notice.sections.get(position=1)
        services.save_section(row, heading="A", body=f"Bản {number}.", version=row.version, by=scene.coordinator)
        made = pages.printed(scene.notice.public_id, Composition(scene.fresh()).content())
    assert made.path.exists()
    assert len(list(folder.glob("*.pdf"))) == pages.KEPT
    assert (old.exists(), recent.exists()) == (False, True)


def blank_pdf():
    writer, target = pypdf.PdfWriter(), io.BytesIO()
    writer.add_blank_page(595, 842)
    writer.write(target)
    return target.getvalue()


# ---------------------------------------------------------------- outline and reading


def test_outline_has_the_numbers_of_the_printed_page(scene):
    told = factories.TEXT.replace("# KẾT QUẢ", "## Một\n### Ý a\n### Ý b\n## Hai\n# KẾT QUẢ")
    services.replace_text(scene.notice, outline.parse(told), by=scene.coordinator)
    made = Composition(scene.fresh())
    rows = composer.outline_of(made, made.content())
    assert [(row.number, str(row.section)) for row in rows] == [
        ("", "Phần mở đầu"), ("I.", "ĐÁNH GIÁ CHUNG"), ("1.", "Một"), ("a)", "Ý a"), ("b)", "Ý b"), ("2.", "Hai"),
        ("II.", "KẾT QUẢ"), ("III.", "KIẾN NGHỊ CỦA ĐOÀN KIỂM TRA"), ("", "Phần kết thúc"),
    ]  # fmt: skip
    services.save_recommendations(scene.fresh(), [], by=scene.coordinator)
    made = Composition(scene.fresh())
    assert [row.number for row in composer.outline_of(made, made.content())][-2:] == ["", ""]


def test_figures_of_a_part_stand_in_its_text_as_chips(client, composing):
    row = composing.notice.sections.get(position=1)
    page = client.get(address("notice-edit", composing.notice), {"phan": row.pk}).content.decode()
    assert 'Bình quân các xã đạt <a class="figure-chip" href="#so-1" data-ntm-chip' in page
    assert "5 : 2 = 2,50" in page


def test_a_part_without_figures_shows_none():
    assert composer.reading_of(["Tên", "Chữ {không có}"], {}).chips == ()
