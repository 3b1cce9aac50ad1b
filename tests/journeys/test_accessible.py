"""No page keeps anybody out: axe's rules, no sideways scrolling, no clipped words, one heading and a title.

Every page of the demonstration, at the width of a phone and of an office screen, and every form with its errors
shown. The pages come from the resolver: one that tests/journeys/pages.py does not list fails.
"""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import get_resolver, resolve

from ..conftest import OFFICE, PHONE
from ..doors import API, DOORS
from ..test_doors import routes
from . import demo_site, pages
from .conftest import listen

pytestmark = pytest.mark.journey

# Where a form stands that is sent to another address than its page's.
PAGE_OF_FORM = {
    "inspections:item-answer": "inspections:dossier-returns",
    "inspections:evidence-upload": "inspections:criterion-edit",
    "inspections:evidence-link": "inspections:criterion-edit",
    "inspections:assessment-save": "inspections:criterion-edit",
    "inspections:criterion-conclude": "inspections:review-criterion",
    "inspections:indicator-conclude": "inspections:review-criterion",
    "inspections:item-return": "inspections:review-criterion",
    "inspections:item-ask-again": "inspections:review-criterion",
    "inspections:reply-respond": "inspections:review-criterion",
    "inspections:opinion-give": "inspections:review-criterion",
    "inspections:visit-save": "inspections:visit-detail",
    "inspections:deadline-add": "inspections:visit-detail",
    "inspections:signed-attach": "inspections:visit-detail",
    "inspections:photo-add": "inspections:field-criterion",
    "reports:follow-up-note": "reports:follow-up",
    "reports:follow-up-terms": "reports:follow-up",
    "reports:follow-up-end": "reports:follow-up",
    "reports:follow-up-reopen": "reports:follow-up",
    "reports:monthly-correct": "reports:monthly-report",
    "reports:notice-create": "reports:notice-list",
    "reports:recommendations-save": "reports:notice-edit",
    "reports:section-add": "reports:notice-edit",
    "reports:section-save": "reports:notice-edit",
    "reports:section-keep": "reports:notice-edit",
    "reports:section-take": "reports:section-texts",
    "reports:signing-complete": "reports:notice-signing",
    "reports:signing-request": "reports:notice-signing",
    "reports:signing-upload": "reports:notice-signing",
    "reports:signing-void": "reports:notice-signing",
    "reports:snippet-rename": "reports:library",
    "reports:snippet-withdraw": "reports:library",
    "reports:notice-send-back": "reports:notice-approve",
    "communes:import-choose": "communes:import-detail",
}
# Forms in which nothing can be typed wrong: a press of a button is all they hold, or every field may stay empty.
CANNOT_FAIL = {
    "logout", "api:token", "inspections:device-key", "inspections:upload-new", "inspections:dossier-check-files",
    "communes:notification-open", "communes:notification-read",
    "communes:import-confirm", "communes:import-drop", "communes:import-resume", "communes:import-undo",
    "communes:import-passwords",
    "communes:notifications-read", "communes:token-revoke", "communes:user-revoke-token",
    "communes:user-unlock", "communes:user-reset-password", "communes:user-reactivate",
    "criteria:set-copy", "criteria:set-publish", "criteria:set-retire", "criteria:criterion-remove",
    "criteria:indicator-remove", "criteria:indicator-agencies", "inspections:dossier-recall",
    "inspections:papers-reuse", "inspections:numbers-reuse", "inspections:evidence-replace-check",
    "inspections:evidence-unlink", "inspections:evidence-remove", "inspections:round-open", "inspections:round-close",
    "inspections:unit-remove", "inspections:member-remove", "inspections:item-settle", "inspections:item-withdraw",
    "inspections:dossier-provisional", "inspections:dossier-approve", "reports:notice-approve",
    "reports:section-take", "reports:snippet-withdraw", "reports:minutes-create", "reports:notice-redraft",
    "reports:report-bind", "reports:signing-start",
    "reports:section-remove", "reports:section-move", "reports:section-save", "reports:recommendations-save",
    "inspections:criterion-looked", "inspections:phrase-remove", "inspections:results-check",
    "inspections:visit-end", "inspections:visit-resume", "inspections:deadline-remove", "inspections:finding-save",
    "inspections:sheet-print", "inspections:sheet-revoke",
    "inspections:dossier-reply", "communes:account", "reports:finding-withdraw",
    "reports:bundle-export", "reports:bundle-check",
    "reports:monthly-save", "reports:monthly-submit", "reports:monthly-remind", "reports:follow-up-terms",
}  # fmt: skip
# Empties a form and sends it past the browser's own checks; what wants a number gets a word.
SEND_EMPTY = """form => {
  for (const field of form.elements) {
    if (["hidden", "submit", "button", "file", "fieldset"].includes(field.type)) continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = false;
    else field.value = field.inputMode === "decimal" ? "x" : "";
  }
  HTMLFormElement.prototype.submit.call(form);
}"""
ERRORS = ".error-summary, .errorlist, .errornote, .message-danger"

# URLs that answer GET with something else than a page of ours, or with another line's page.
NOT_A_PAGE = {
    "health", "service-worker", "admin:jsi18n", "admin:autocomplete", "admin:view_on_site",
    "inspections:evidence-download", "inspections:evidence-page", "inspections:workbook-download",
    "inspections:results-export",
    "inspections:signed-download", "inspections:upload-new",
    "reports:notice-draft-pdf", "reports:notice-file", "reports:public-file",
    *(line.name for line in API if line.name != "api:docs"),
    "reports:signing-file", "reports:signing-request-file", "reports:notice-download", "reports:notice-rendition",
    "reports:table-file",
    "reports:bundle-file",
    "reports:follow-up-proof", "reports:monthly-table",
    "communes:exchange-export", "communes:exchange-template",
    "reports:public-rendition", "reports:public-feed", "reports:notice-pages", "reports:notice-page",
    # lead on to the portal's own pages of the same purpose
    "admin:login", "admin:password_change", "admin:password_change_done",
}  # fmt: skip
AXE = Axe()
RUN_AXE = """() => {
  const places = one => one.nodes.map(node => node.target.join(" ")).slice(0, 3).join(" | ");
  return axe.run(document, {resultTypes: ["violations"], preload: false}).then(found =>
    found.violations.map(one => `${one.id}: ${one.help}: ${places(one)}`));
}"""
# What axe does not look at. An element is clipped when its words need more room than it shows and cannot be scrolled.
LOOK = """() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter(one => {
      const box = one.getBoundingClientRect();
      return box.width && box.right > root.clientWidth + 1;
    }).slice(0, 3).map(one => one.tagName + "." + one.className);
    found.push(`scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}: ${wide.join(" ")}`);
  }
  const headings = document.querySelectorAll("h1").length;
  if (headings !== 1) found.push(`${headings} h1`);
  for (const one of document.querySelectorAll("h1, h2, h3, h4, button, .btn, summary, legend, label, th")) {
    if (one.closest(".visually-hidden, dialog") || !one.getClientRects().length) continue;
    const style = getComputedStyle(one);
    if (style.display === "inline" || one.clientWidth <= 2) continue; // a pixel: for those who listen
    const hides = style.overflowX !== "visible" || style.overflowY !== "visible" || style.textOverflow === "ellipsis";
    const isTooWide = one.scrollWidth > one.clientWidth + 1;
    const isTooHigh = one.scrollHeight > one.clientHeight + 1;
    if (hides && (isTooWide || isTooHigh)) found.push(`clipped: ${one.tagName} ${one.textContent.trim().slice(0, 40)}`);
  }
  return found;
}"""


@pytest.fixture(scope="session")
def shown_server(demo_files, tmp_path_factory):
    """A copy of the demonstration with one of everything that it does not hold itself."""
    folder = demo_site.copied(demo_files, tmp_path_factory.mktemp("shown") / "demonstration")
    demo_site.ask(folder, "pages", "complete")
    with demo_site.served(folder) as server:
        server.folder = folder
        yield server


@pytest.fixture(scope="session")
def lines(shown_server):
    """[(name of the URL, user name, address)]"""
    return demo_site.ask(shown_server.folder, "pages")


@pytest.fixture(scope="session")
def keys(shown_server):
    """{user name: session cookie}"""
    return demo_site.ask(shown_server.folder, "pages", "sessions")


@pytest.fixture(scope="module")
def browsers(browser, shown_server, keys):
    """`browsers(user name)`: a page in which that person is signed in, the same one for all tests of this file."""
    open_pages, heard = {}, []

    def go(who):
        if who not in open_pages:
            context = browser.new_context(base_url=shown_server.url, locale="vi-VN", reduced_motion="reduce")
            if who:
                context.add_cookies([{"name": "sessionid", "value": keys[who], "url": shown_server.url}])
            page = open_pages[who] = context.new_page()
            listen(page, heard)
        return open_pages[who]

    yield go
    for page in open_pages.values():
        page.context.close()
    # A form shown again with its errors is answered with 400, which the browser notes.
    assert [error for error in heard if "status of 400" not in error] == []


def faults(page) -> list[str]:
    """What is wrong with the page now shown, at both widths."""
    found = []
    page.evaluate(AXE.axe_script)
    for width in (PHONE, OFFICE):
        page.set_viewport_size(width)
        faults_here = (*page.evaluate(RUN_AXE), *page.evaluate(LOOK))
        found += [f"{width['width']} px: {fault}" for fault in faults_here]
    if not re.match(r"\S.* [·|] ", page.title()):
        found.append(f"title: {page.title()!r}")
    return found


def page_names() -> set[str]:
    """Every URL that answers GET, by the resolver; POST only and not for anybody left out by the table of doors."""
    names = {name for name, _ in routes(get_resolver().url_patterns)}
    return {name for name in names if name not in DOORS or ("GET" in DOORS[name].methods and DOORS[name].may)}


# ---------------------------------------------------------------- the list is whole


@pytest.mark.long
def test_every_page_is_looked_at(lines):
    assert page_names() - NOT_A_PAGE - {name for name, _, _ in lines} == set()


# ---------------------------------------------------------------- every page as it is opened


@pytest.mark.long
@pytest.mark.parametrize("part", sorted(pages.PARTS))
def test_pages_are_accessible(part, lines, browsers):
    wrong = []
    for name, who, address in lines:
        if pages.part_of(name) != part:
            continue
        page = browsers(who)
        answer = page.goto(address)
        said = f"{who or 'nobody'} {name} {address}"
        if answer.status != 200 or page.url != answer.request.url or answer.request.redirected_from:
            wrong.append(f"{said}: {answer.status}, {page.url}")
            continue
        wrong += [f"{said}: {fault}" for fault in faults(page)]
    assert not wrong, "\n".join(wrong)


# ---------------------------------------------------------------- every form with its errors


def forms_of_doors() -> list[str]:
    """The URLs people send a form to, those of the administration site left out but for its form for new rows."""
    names = [name for name, door in DOORS.items() if "POST" in door.methods and door.may and name not in CANNOT_FAIL]
    return [name for name in names if not name.startswith("admin:") or name.endswith("_add")]


@pytest.mark.long
@pytest.mark.parametrize("part", sorted(pages.PARTS))
def test_forms_with_errors_are_accessible(part, lines, browsers):
    wrong = []
    for name in forms_of_doors():
        if pages.part_of(name) != part:
            continue
        page = open_form(name, lines, browsers)
        if page is None:
            wrong.append(f"{name}: its form is on no page")
            continue
        with page.expect_navigation():
            page.locator("form[data-here]").evaluate(SEND_EMPTY)
        said = f"{name} sent empty from {page.url}"
        if not page.locator(ERRORS).first.is_visible():
            wrong.append(f"{said}: no error is shown")
        wrong += [f"{said}: {fault}" for fault in faults(page)]
    assert not wrong, "\n".join(wrong)


def open_form(name, lines, browsers):
    """A page that shows the form of a URL, the form marked; None where no page has it."""
    for found, who, address in lines:
        if found != PAGE_OF_FORM.get(name, name):
            continue
        page = browsers(who)
        page.goto(address)
        for form in page.locator("main form[method=post], #content-main form[method=post]").all():
            action = form.evaluate(
                "form => new URL(form.getAttribute('action') || location.href, location.href).pathname"
            )
            if resolve(action).view_name == name:
                form.evaluate("form => form.dataset.here = ''")
                return page
    return None


# ---------------------------------------------------------------- these tests can fail

BAD = """<!doctype html><html lang="vi"><title>Trang</title><style>
  h2 { width: 90px; overflow: hidden; white-space: nowrap } p { width: 2000px }</style>
  <main><h1>Một</h1><h1>Hai</h1><h2>Một tên rất dài không đủ chỗ</h2>
  <p>rộng</p><img src="data:,"><button></button></main>"""


def test_faults_of_a_bad_page_are_found(page):
    page.set_content(BAD)
    found = "\n".join(faults(page))
    for fault in ("image-alt", "button-name", "scrolls sideways", "2 h1", "clipped: H2", "title"):
        assert fault in found
    assert "360 px" in found
    assert "1366 px" in found
