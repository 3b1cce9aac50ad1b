"""Pages are light: few files, few bytes, usable soon on a bad line; with nothing in the browser's cache.

Measured on the demonstration through gunicorn, with hashed and compressed static files, in Chromium. Page
images of evidence are answered here at once and are not counted: they are the commune's own files.
"""

import re
from dataclasses import dataclass, field

import pytest

from ntm_portal.demo import source

from ..journeys import demo_site

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("alone"), pytest.mark.journey]

MOST_REQUESTS, MOST_BYTES = 12, 120_000
# Django ships the scripts of its administration site one by one; only the administrator works there.
MOST_REQUESTS_IN_ADMIN = 22
# How many pages are fetched over the bad line: those with the most bytes.
HEAVIEST = 40
# A machine that does other work at the same time only adds: of so many visits the quickest counts.
VISITS = 3
LINE_BYTES_A_SECOND, LATENCY_MS, USABLE_SECONDS = 50_000, 400, 4.0
SHOWN = 5
# The criterion page on a phone at 400 kbit/s: with nothing cached, and the next criterion after it.
FIRST_BYTES, FIRST_SECONDS, FIRST_DEPTH = 70_000, 3.0, 4
NEXT_BYTES, NEXT_SECONDS = 12_000, 1.0
EVIDENCE_IMAGE = re.compile(r"/minh-chung/\d+/trang/\d+/")
USABLE = "() => performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"


@dataclass
class Seen:
    """What a browser fetched for one page; seconds: until everything but lazy images was there and scripts had run."""

    name: str
    address: str
    status: int = 0
    seconds: float = 0.0
    size: int = 0
    files: list[str] = field(default_factory=list)
    # {address of a file: what asked for it}
    asked_by: dict[str, str] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many files wait for each other at most: 1 for a page without any other file."""

        def deep(address: str) -> int:
            before = self.asked_by.get(address, "")
            return 1 + (deep(before) if before in self.asked_by and before != address else 0)

        return max(deep(address) for address in self.files)

    def __str__(self) -> str:
        told = f"{len(self.files):>3} requests {self.size / 1000:>7.1f} kB {self.seconds:>6.2f} s"
        return f"{told}  {self.name} {self.address}"


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    """(server, [(name of the URL, user name, address)]) with one of every page in it."""
    folder = demo_site.copied(demo_site.made(), tmp_path_factory.mktemp("weight") / "data")
    demo_site.ask(folder, "pages", "complete")
    with demo_site.served(folder) as server:
        yield server, [tuple(line) for line in demo_site.ask(folder, "pages")]


@pytest.fixture
def visit(browser, demonstration):
    """`visit(name, user name, address, slow=…)`: what a browser with an empty cache fetches for that page."""
    server, _ = demonstration
    password = source.read("people")["password"]
    states = {}

    def signed_in(username):
        if username and username not in states:
            context = browser.new_context(base_url=server.url, locale="vi-VN")
            page = context.new_page()
            page.goto("/dang-nhap/")
            page.locator("input[name=username]").fill(username)
            page.locator("input[name=password]").fill(password)
            page.locator("main form button").first.click()
            page.wait_for_url(f"{server.url}/")
            states[username] = context.storage_state()
            context.close()
        return states.get(username)

    def go(name, username, address, *, slow=False):
        context = browser.new_context(
            base_url=server.url,
            locale="vi-VN",
            viewport={"width": 1366, "height": 768},
            storage_state=signed_in(username),
        )
        page = context.new_page()
        page.route(EVIDENCE_IMAGE, lambda route: route.fulfill(status=204))
        seen = fetch(page, Seen(name, f"{username}:{address}"), address, slow=slow)
        context.close()
        return seen

    go.signed_in = signed_in
    return go


def fetch(page, seen: Seen, address: str, *, slow: bool) -> Seen:
    wire = page.context.new_cdp_session(page)
    addresses = {}

    def asked(request):
        addresses[request["requestId"]] = request["request"]["url"]
        seen.asked_by[request["request"]["url"]] = request["initiator"].get("url", "")

    wire.on("Network.requestWillBeSent", asked)
    wire.on("Network.loadingFinished", lambda it: count(seen, addresses[it["requestId"]], it["encodedDataLength"]))
    wire.send("Network.enable")
    if slow:
        speed = {"downloadThroughput": LINE_BYTES_A_SECOND, "uploadThroughput": LINE_BYTES_A_SECOND}
        wire.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY_MS, **speed})
    seen.status = page.goto(address, wait_until="load").status
    page.wait_for_function("() => performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    if not slow:
        page.wait_for_load_state("networkidle")
    seen.seconds = page.evaluate(USABLE)
    wire.detach()
    return seen


def most_requests(seen: Seen) -> int:
    return MOST_REQUESTS_IN_ADMIN if seen.name.startswith("admin:") else MOST_REQUESTS


def count(seen: Seen, address: str, size: float) -> None:
    if not EVIDENCE_IMAGE.search(address) and not address.startswith(("data:", "blob:")):
        seen.files.append(address)
        seen.size += int(size)


def show(what: str, pages: list[Seen], key) -> None:
    print(f"\n{what}, {len(pages)} pages; the most:")
    for seen in sorted(pages, key=key, reverse=True)[:SHOWN]:
        print(seen)


@pytest.fixture(scope="module")
def weighed():
    """[(Seen, page)] of one address of every page on an empty cache; filled by whichever test comes first."""
    return []


def weigh(visit, demonstration, weighed):
    _, pages = demonstration
    if not weighed:
        weighed += [(visit(*page), page) for page in {page[0]: page for page in reversed(pages)}.values()]
    return weighed


def test_every_page_needs_few_files_and_few_bytes(visit, demonstration, weighed):
    seen = [it for it, _ in weigh(visit, demonstration, weighed)]
    own = [it for it in seen if not it.name.startswith("admin:")]
    show("Weight on an empty cache", seen, lambda it: it.size)
    show("Weight without the administration site", own, lambda it: it.size)
    show("Requests on an empty cache", seen, lambda it: len(it.files))
    show("Requests without the administration site", own, lambda it: len(it.files))
    assert [str(it) for it in seen if it.status != 200] == []
    assert [str(it) for it in seen if len(it.files) > most_requests(it) or it.size > MOST_BYTES] == []


def test_the_heaviest_pages_are_usable_soon_on_a_bad_line(visit, demonstration, weighed):
    """The seconds follow from bytes and files: the lighter pages are there sooner."""
    heaviest = sorted(weigh(visit, demonstration, weighed), key=lambda pair: pair[0].size, reverse=True)[:HEAVIEST]
    assert heaviest
    seen = [visit(*page, slow=True) for _, page in heaviest]
    for number, (_, page) in enumerate(heaviest):
        for _ in range(VISITS - 1):
            if seen[number].seconds > USABLE_SECONDS:
                seen[number] = visit(*page, slow=True)
    show(f"At {LINE_BYTES_A_SECOND} B/s and {LATENCY_MS} ms", seen, lambda it: it.seconds)
    assert [str(it) for it in seen if it.seconds > USABLE_SECONDS] == []


def test_criterion_page_on_a_phone_is_light_and_soon_there(browser, visit, demonstration):
    """Without the service worker, which would serve the next page from the device and say nothing of the line."""
    server, pages = demonstration
    username, address = next(page[1:] for page in pages if page[0] == "inspections:criterion-edit")
    tries = []
    for _ in range(VISITS):
        context = browser.new_context(
            base_url=server.url,
            locale="vi-VN",
            viewport={"width": 360, "height": 780},
            storage_state=visit.signed_in(username),
            service_workers="block",
        )
        page = context.new_page()
        first = fetch(page, Seen("first", address), address, slow=True)
        following = page.locator("main a[href*='/tieu-chi/']").last.get_attribute("href")
        tries.append((first, fetch(page, Seen("next", following), following, slow=True)))
        context.close()
    first, second = (min(same, key=lambda it: it.seconds) for same in zip(*tries, strict=True))
    print(f"\n{first}, {first.depth} deep\n{second}")
    assert following != address
    assert (first.size < FIRST_BYTES, first.depth <= FIRST_DEPTH, first.seconds < FIRST_SECONDS) == (True, True, True)
    assert (second.size < NEXT_BYTES, second.seconds < NEXT_SECONDS) == (True, True)
