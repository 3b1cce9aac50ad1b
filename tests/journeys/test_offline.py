"""The line is gone: what was opened stays readable, what is typed waits on the machine and arrives once."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import Error, expect

from communes.models import Event
from communes.permissions import Role
from inspections import services
from inspections.models import Assessment, Delivery

from ..factories import PASSWORD, person
from ..inspections import factories as work
from ..waiting import wait_until
from .steps import indicator, saved
from .weak_line import weak_line

pytestmark = pytest.mark.journey
CRITERIA, INDICATORS = 5, 10
UNSENT = "[data-ntm-unsent]"
COPY = re.compile(r"Đang xem bản lưu trên máy này lúc \d\d:\d\d ngày \d\d/\d\d/\d{4}")


@pytest.fixture
def dossier(district, commune):
    set_ = work.wide_set(criteria=CRITERIA, indicators=INDICATORS)
    return work.open_round(district, communes=[commune], criteria_set=set_).dossier_of(commune)


@pytest.fixture
def line(live_server, settings):
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "127.0.0.1"]
    with weak_line(live_server.url) as found:
        yield found


class Machine:
    """A computer of the commune: one profile of the browser on its disk, whoever sits down."""

    def __init__(self, browser_type, launch, context, folder, line):
        self.browser_type, self.options = browser_type, {**launch, **context, "base_url": line.url}
        self.folder = folder
        self.context = None

    def start(self):
        self.context = self.browser_type.launch_persistent_context(str(self.folder), **self.options)
        page = self.context.pages[0]
        page.set_default_timeout(15_000)
        return page

    def pids(self):
        """The processes of this profile, and no other browser's."""
        mine = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = place.read_bytes()
            except OSError:
                continue
            if f"--user-data-dir={self.folder}".encode() in words:
                mine.append(int(place.parent.name))
        return mine

    def kill(self):
        """As when the power goes: nobody is asked, nothing is finished."""
        assert self.pids()
        for pid in self.pids():
            with suppress(ProcessLookupError):  # a child that went with its parent
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.pids())
        self.stop()

    def stop(self):
        if self.context:
            with suppress(Error):  # killed
                self.context.close()
        self.context = None


@pytest.fixture
def machine(browser_type, browser_type_launch_args, browser_context_args, tmp_path, line):
    found = Machine(browser_type, browser_type_launch_args, browser_context_args, tmp_path / "profile", line)
    yield found
    found.stop()


def criterion(dossier, number):
    return f"/ho-so/{dossier.pk}/tieu-chi/{number}/"


def sit_down(page, sign_in, who):
    sign_in(page, who, PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Việc cần làm")
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")


def open_all(page, dossier):
    for number in range(1, CRITERIA + 1):
        page.goto(criterion(dossier, number))
    wait_until(lambda: len(kept_pages(page)) == CRITERIA)


def kept_pages(page):
    """Addresses of the pages in the browser's caches, whosever."""
    return page.evaluate(
        """async () => {
          const found = [];
          for (const name of await caches.keys()) {
            if (!name.startsWith("ntm-pages-")) continue;
            const pages = await (await caches.open(name)).keys();
            found.push(...pages.map((request) => name + new URL(request.url).pathname));
          }
          return found;
        }"""
    )


def kept_records(page):
    """What lies in the browser's database, as anybody with the machine could read it."""
    return page.evaluate(
        """() => new Promise((done) => {
          const opening = indexedDB.open("ntm");
          opening.onsuccess = () => {
            const db = opening.result;
            const all = db.transaction(["records", "keys"]);
            const records = all.objectStore("records").getAll();
            const keys = all.objectStore("keys").getAll();
            all.oncomplete = () => {
              db.close();
              const text = (part) => new TextDecoder().decode(part.value.data);
              done({ keys: keys.result.length, records: records.result.map((it) => [it.account, text(it)]) });
            };
          };
        })"""
    )


def type_in(page, code, part, whole=10):
    block = indicator(page, code)
    block.get_by_label("Số đạt").fill(str(part))
    block.get_by_label("Tổng số").fill(str(whole))
    return block


def on_this_machine(block):
    """Wait until all that was typed is kept; whoever leaves the page before is asked, which no script answers."""
    expect(block.locator("form[data-ntm-kept]")).to_have_attribute("data-ntm-stored", "")


def codes_of(dossier, number):
    rows = dossier.assessments.filter(criterion__number=number).order_by("indicator__position")
    return list(rows.values_list("indicator__code", flat=True))


def unsent(page, number):
    expect(page.locator(UNSENT)).to_have_text(re.compile(rf"^Còn {number} mục chưa gửi, sẽ tự gửi khi có mạng$"))


def entered(dossier):
    return dossier.assessments.exclude(numerator=None)


# ---------------------------------------------------------------- the whole road


@pytest.mark.long
@pytest.mark.xdist_group("alone")
def test_ten_indicators_typed_without_a_line_arrive_once_after_the_browser_was_killed(
    machine, line, sign_in, officer, dossier
):
    page = machine.start()
    sit_down(page, sign_in, officer)
    open_all(page, dossier)
    line.cut()
    typed = {}
    for number in range(1, CRITERIA + 1):
        page.goto(criterion(dossier, number))
        expect(page.locator("[data-ntm-copy]")).to_have_text(COPY)
        for code in codes_of(dossier, number):
            typed[code] = len(typed) + 1
            on_this_machine(type_in(page, code, typed[code], 20))
        unsent(page, len(typed))
    assert len(typed) == INDICATORS
    machine.kill()

    page = machine.start()
    page.goto(criterion(dossier, 1))
    first = codes_of(dossier, 1)[0]
    expect(indicator(page, first).get_by_label("Số đạt")).to_have_value(str(typed[first]))
    unsent(page, INDICATORS)
    assert not entered(dossier).exists()

    line.mend()
    sit_down(page, sign_in, officer)
    expect(page.locator(UNSENT)).to_have_text(re.compile(r"^Đã lưu lúc \d\d:\d\d$"), timeout=30_000)
    rows = dossier.assessments.all()
    assert {row.indicator.code: (row.numerator, row.denominator) for row in rows.select_related("indicator")} == {
        code: (part, 20) for code, part in typed.items()
    }
    # A value on which more was typed after the first trial is an entry of its own; each changed its row once.
    deliveries = Delivery.objects.order_by("pk").values_list("assessment__indicator__code", flat=True)
    assert sum(row.entry_version - 1 for row in rows) == len(deliveries) >= INDICATORS
    assert list(dict.fromkeys(deliveries)) == list(typed)
    with transaction.atomic():
        services.entry.close_typing(dossier)
    assert Event.objects.filter(action="assessment.entered").count() == INDICATORS


def test_answer_lost_on_the_way_saves_once(machine, line, sign_in, officer, dossier):
    page = machine.start()
    sit_down(page, sign_in, officer)
    page.goto(criterion(dossier, 1))
    code = codes_of(dossier, 1)[0]
    saved(type_in(page, code, 1))
    before = Assessment.objects.get(dossier=dossier, indicator__code=code).entry_version
    line.lose_answers()
    block = indicator(page, code)
    block.get_by_label("Số đạt").fill("5")
    wait_until(lambda: work.assessment_of(dossier, code).numerator == 5)
    unsent(page, 1)
    # Typed on while it is not known whether the former arrived.
    block.get_by_label("Số đạt").fill("7")
    line.mend()
    saved(block)
    expect(page.locator(UNSENT)).to_contain_text("Đã lưu lúc")
    row = work.assessment_of(dossier, code)
    assert (row.numerator, row.entry_version) == (7, before + 2)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_copy_shows_what_was_saved_after_it_was_made(machine, line, sign_in, officer, dossier):
    page = machine.start()
    sit_down(page, sign_in, officer)
    page.goto(criterion(dossier, 1))
    wait_until(lambda: kept_pages(page))
    code = codes_of(dossier, 1)[0]
    saved(type_in(page, code, 4))
    line.cut()
    page.reload()
    expect(page.locator("[data-ntm-copy]")).to_have_text(COPY)
    block = indicator(page, code)
    expect(block.get_by_label("Số đạt")).to_have_value("4")
    block.get_by_label("Số đạt").fill("6")
    unsent(page, 1)
    line.mend()
    saved(block)
    assert work.assessment_of(dossier, code).numerator == 6


# ---------------------------------------------------------------- somebody else was faster


def test_entry_sent_later_meets_a_newer_one_and_the_person_chooses(machine, line, sign_in, officer, commune, dossier):
    page = machine.start()
    sit_down(page, sign_in, officer)
    page.goto(criterion(dossier, 1))
    wait_until(lambda: kept_pages(page))
    code = codes_of(dossier, 1)[0]
    line.cut()
    type_in(page, code, 3)
    unsent(page, 1)
    machine.kill()
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    work.enter(dossier, code, by=colleague, numerator=8, denominator=10)
    line.mend()

    page = machine.start()
    sit_down(page, sign_in, officer)
    held = page.locator("[data-ntm-held]")
    expect(held).to_contain_text(f"Chỉ tiêu {code}")
    expect(held).to_contain_text(str(colleague))
    expect(held).to_contain_text("Số đạt: 3")
    assert work.assessment_of(dossier, code).numerator == 8
    held.get_by_role("link", name=f"Chỉ tiêu {code}").click()
    block = indicator(page, code)
    panel = block.get_by_role("alert")
    expect(panel.get_by_role("row", name=re.compile("Số đạt.*8.*3"))).to_be_visible()
    panel.get_by_role("button", name="Giữ nội dung đang nhập ở đây").click()
    saved(block)
    expect(held).to_be_hidden()
    assert work.assessment_of(dossier, code).numerator == 3


# ---------------------------------------------------------------- a shared computer


def test_signing_out_deletes_pages_and_leaves_what_waits_to_its_account_alone(
    machine, line, sign_in, officer, neighbour, dossier
):
    page = machine.start()
    sit_down(page, sign_in, officer)
    open_all(page, dossier)
    code = codes_of(dossier, CRITERIA)[0]
    # Nothing that is typed arrives, everything else does.
    page.route("**/chi-tieu/*/luu/", lambda route: route.abort())
    type_in(page, code, 3)
    indicator(page, code).get_by_label("Thuyết minh").fill("Chỉ mình tôi biết")
    unsent(page, 1)
    assert all(name.startswith(f"ntm-pages-{officer.pk}/") for name in kept_pages(page))

    page.get_by_text(officer.full_name).first.click()
    page.get_by_role("button", name="Đăng xuất").click()
    dialog = page.get_by_role("dialog", name="Còn 1 mục chưa gửi")
    expect(dialog).to_contain_text(f"Chỉ tiêu {code}")
    dialog.get_by_role("button", name="Vẫn đăng xuất").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    assert kept_pages(page) == []
    left = kept_records(page)
    assert left["keys"] == 0
    assert {account for account, _ in left["records"]} == {str(officer.pk)}

    sit_down(page, sign_in, neighbour)
    expect(page.locator(UNSENT)).to_be_hidden()
    wait_until(lambda: kept_records(page)["keys"] == 1)
    left = kept_records(page)
    assert {account for account, _ in left["records"]} == {str(officer.pk)}
    assert all(word not in text for _, text in left["records"] for word in ("Chỉ mình", "chi-tieu", "numerator"))
    opened = page.evaluate("async (account) => (await ntmStore.open(account)) === null", str(officer.pk))
    assert opened, "the key of another account was given"
    page.goto(criterion(dossier, CRITERIA))
    assert kept_pages(page) == []
    assert not entered(dossier).exists()

    page.unroute("**/chi-tieu/*/luu/")
    page.goto("/")
    page.get_by_text(neighbour.full_name).first.click()
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    sit_down(page, sign_in, officer)
    wait_until(lambda: work.assessment_of(dossier, code).remark == "Chỉ mình tôi biết")


def test_without_a_line_only_own_dossiers_are_kept(machine, line, sign_in, officer, commune, dossier):
    piece = work.prove(dossier, codes_of(dossier, 1)[0], by=officer)
    page = machine.start()
    sit_down(page, sign_in, officer)
    for address in (f"/ho-so/{dossier.pk}/", criterion(dossier, 1), "/minh-chung/", f"/minh-chung/{piece.pk}/"):
        page.goto(address)
    wait_until(lambda: len(kept_pages(page)) == 2)
    line.cut()
    page.goto(f"/ho-so/{dossier.pk}/")
    expect(page.locator("[data-ntm-copy]")).to_have_text(COPY)
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Chưa kết nối được máy chủ")
    page.get_by_role("link", name=re.compile("^Tiêu chí 1")).click()
    expect(page.locator("[data-ntm-copy]")).to_have_text(COPY)
    with pytest.raises(Error):
        page.goto("/minh-chung/")
