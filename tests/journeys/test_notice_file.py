"""The notice as one HTML file in a browser: axe's rules, no sideways scrolling, nothing loaded from anywhere."""

from dataclasses import replace

import pytest
from django.template.loader import render_to_string

from reports.content import Section

from ..conftest import OFFICE, PHONE
from ..reports.samples import ONE_PAGE, SAMPLES, table
from ..waiting import wait_until

# Two tables that nobody gave a caption.
BARE = replace(ONE_PAGE, sections=(Section(1, "KẾT QUẢ", (replace(table(2), text=""), replace(table(3), text=""))),))
FILES = {**{name: SAMPLES[name] for name in ("reference", "draft", "minutes", "table-wide", "code-60")}, "bare": BARE}
BOTH = pytest.mark.parametrize("viewport", [PHONE, OFFICE], ids=["phone", "office"])


@pytest.fixture
def opened(page, tmp_path):
    """`opened(name)`: the sample as somebody opens it from the folder of downloads; gives the addresses asked for."""

    def go(name):
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        path = tmp_path / "thong-bao.html"
        context = {"content": FILES[name], "facts_sha256": "9a54" * 16, "is_superseded": False, "replaced_by": ""}
        path.write_text(render_to_string("reports/html/notice.html", context), encoding="utf-8")
        page.goto(path.as_uri())
        return asked

    return go


@BOTH
@pytest.mark.parametrize("name", ["draft", "minutes", "table-wide", "code-60", "bare"])
def test_file_is_readable_for_everybody(name, opened, page, assert_accessible):
    asked = opened(name)
    assert_accessible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert len(asked) == 1


@pytest.mark.parametrize("viewport", [PHONE], ids=["phone"])
def test_wide_table_scrolls_by_the_keyboard_inside_its_own_frame(opened, page):
    opened("table-wide")
    frame = page.locator(".table-scroll").first
    frame.focus()
    page.keyboard.press("ArrowRight")
    # Not `wait_for_function`: the file's own policy lets no text become a program.
    wait_until(lambda: frame.evaluate("node => node.scrollLeft") > 0)


@pytest.mark.parametrize("viewport", [OFFICE], ids=["office"])
def test_signature_stands_right_of_the_recipients_and_is_read_first(opened, page):
    opened("reference")
    signature, recipients = page.locator(".notice-signature"), page.locator(".notice-recipients")
    assert recipients.bounding_box()["x"] + 100 < signature.bounding_box()["x"]
    assert abs(recipients.bounding_box()["y"] - signature.bounding_box()["y"]) < 2
    text = page.locator(".notice-end").inner_text()
    assert text.index("TRƯỞNG ĐOÀN") < text.index("Nơi nhận")
