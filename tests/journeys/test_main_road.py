"""The main job, end to end, played through the pages by the people who do it: from a new round to the notice's PDF.

Only what is there before anyone begins is made beforehand: units, people, criteria sets, two documents; and what
the second commune and the village do, who walk the same road as the first.
"""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from communes import clock
from communes.models import LegalDocument
from criteria.judgement import Judgement
from criteria.measures import Kind
from inspections import services
from inspections.models import InspectionRound

from ..inspections import factories as work
from .notice_steps import (
    the_coordinator_composes_the_notice,
    the_coordinator_issues_the_notice,
    the_head_approves_the_notice,
    the_notice_says_what_was_concluded,
)
from .steps import indicator, open_from_navigation, option, saved, take_task, typed

pytestmark = pytest.mark.journey

ROUND = "Kiểm tra cuối năm thử"
QUESTION = "Đề nghị gửi biên bản nghiệm thu đường Nà Lại năm 2024."
AGAIN = "Biên bản chưa có chữ ký của Ban giám sát cộng đồng, đề nghị gửi lại."
SECOND = "Đã gửi biên bản có đủ chữ ký."
ANSWER = "Đã bổ sung chiều dài theo biên bản nghiệm thu."
REASON = "Mới có 1/2 trường đạt chuẩn, chưa có quyết định công nhận."


@dataclass
class Story:
    """Everybody with a page of their own; `sign_in` is the login page."""

    officer: object
    neighbour: object
    inspector: object
    head: object
    coordinator: object
    pages: dict = field(default_factory=dict)

    def at(self, name):
        return self.pages[name]

    @property
    def round(self):
        return InspectionRound.objects.get(name=ROUND)

    @property
    def dossier(self):
        return self.round.dossiers.with_context().get(inspection__commune__name="Phúc Khoa", village=None)


@pytest.fixture
def story(desk, sign_in, district, village, officer, neighbour, inspector, team_head, coordinator):
    work.small_set()
    rows = work.draft_set(code="ban-thu", short_name="Bản nâng cao", level="village", tier="nang_cao")
    only = work.criterion_of(rows, 1, "Đường bản")
    work.threshold_of(work.indicator_of(only, "1.1", Kind.PASS_FAIL, "Đường bản được cứng hóa"), text="Đạt")
    work.publish(rows)
    for key, kind, number in (("ke-hoach", "Kế hoạch", "12/KH-UBND"), ("bao-cao", "Báo cáo", "34/BC-ĐKT")):
        LegalDocument.objects.create(
            key=key, kind=kind, number=number, issued_on=date(2024, 9, 6), issuer="UBND huyện Thử", subject="kiểm tra"
        )
    team_head.position = "Phó Chủ tịch UBND huyện"
    team_head.save()
    told = Story(officer, neighbour, inspector, team_head, coordinator)
    for name in ("officer", "inspector", "head", "coordinator"):
        page = told.pages[name] = desk(None)
        sign_in(page, getattr(told, name))
        expect(page.get_by_role("heading", level=1)).to_have_text("Việc cần làm")
    return told


def test_a_round_goes_its_whole_road(story):
    the_coordinator_sets_up_a_round(story)
    the_officer_enters_what_the_commune_has_reached(story)
    the_officer_uploads_evidence(story)
    the_officer_checks_and_submits(story)
    the_inspector_sends_one_indicator_back(story)
    the_officer_sees_the_question_and_answers(story)
    the_inspector_asks_again(story)
    the_officer_answers_with_a_new_file(story)
    the_inspector_concludes_every_criterion(story)
    the_officer_sees_nothing_of_it_yet(story)
    the_head_makes_it_provisional(story)
    the_officer_sees_the_draft_and_replies(story)
    the_head_approves_the_dossier(story)
    the_other_units_have_come_as_far(story)
    the_coordinator_composes_the_notice(story)
    the_head_approves_the_notice(story)
    pdf = the_coordinator_issues_the_notice(story)
    the_notice_says_what_was_concluded(pdf)


# ---------------------------------------------------------------- the coordinator's round


def the_coordinator_sets_up_a_round(story):
    page, today = story.at("coordinator"), clock.today()
    open_from_navigation(page, "Đợt kiểm tra")
    page.get_by_role("link", name="Lập đợt kiểm tra").first.click()
    fields = {
        "Tên đợt kiểm tra": ROUND,
        "Mã đợt": "THU-CUOI-NAM",
        "Năm đánh giá": str(today.year),
        "Từ ngày": typed(today - timedelta(days=30)),
        "Đến ngày": typed(today),
        "Hạn nộp hồ sơ": typed(today + timedelta(days=5)),
        "Hạn giải trình": typed(today + timedelta(days=9)),
        "Tên đoàn kiểm tra": "Đoàn kiểm tra thử",
        "Nội dung kiểm tra": "kết quả thực hiện Chương trình MTQG xây dựng NTM",
    }
    for label, value in fields.items():
        page.get_by_label(label).fill(value)
    page.get_by_label("Kế hoạch kiểm tra").select_option(label=option(page, "Kế hoạch kiểm tra", "12/KH-UBND"))
    page.get_by_label("Báo cáo của đoàn").select_option(label=option(page, "Báo cáo của đoàn", "34/BC-ĐKT"))
    page.get_by_role("button", name="Lập đợt và chọn đơn vị").click()

    page.get_by_role("navigation", name="Đánh giá theo bộ tiêu chí").get_by_role("link", name="Xã NTM").click()
    page.get_by_role("button", name="Thêm tất cả (2)").click()
    page.get_by_role("navigation", name="Đánh giá theo bộ tiêu chí").get_by_role("link", name="Bản nâng cao").click()
    page.get_by_role("checkbox", name=re.compile("Nà Lại")).check()
    page.get_by_label("Qua báo cáo").check()
    page.get_by_role("button", name="Thêm đơn vị đã chọn").click()
    expect(page.locator("table caption")).to_have_text("3 đơn vị")

    page.get_by_role("link", name="Tiếp: Đoàn kiểm tra").click()
    for member, position in ((story.head, "Trưởng đoàn"), (story.inspector, "Thành viên")):
        page.get_by_label("Người").select_option(label=option(page, "Người", member.full_name))
        page.get_by_label("Nhiệm vụ").select_option(position)
        page.get_by_role("button", name="Thêm thành viên").click()
    expect(page.locator("table caption")).to_have_text("2 thành viên")
    page.get_by_role("link", name="Tiếp: mở đợt").click()
    page.get_by_role("main").get_by_role("button", name="Mở đợt").click()
    expect(page.get_by_role("main")).to_contain_text("Đang mở")
    assert story.round.dossiers.count() == 3


# ---------------------------------------------------------------- the officer's dossier


def open_dossier(page):
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name=re.compile("^Xã Phúc Khoa")).first.click()


def the_officer_enters_what_the_commune_has_reached(story):
    page = story.at("officer")
    open_dossier(page)
    page.get_by_role("link", name="Quy hoạch").click()
    for code, choice in (("1.1", "Đạt"), ("1.2", "Không (đạt)")):
        block = indicator(page, code)
        block.get_by_role("radio", name=choice, exact=True).check()
        saved(block)
    page.get_by_role("link", name="Tiêu chí 2 · Giao thông").click()

    block = indicator(page, "2.1")
    block.get_by_label("Số km được cứng hóa").fill("17")
    block.get_by_label("Tổng số km").fill("20")
    block.get_by_role("radio", name="Đạt", exact=True).check()
    saved(block)
    expect(block.locator("output")).to_have_text("85 %")
    block = indicator(page, "2.2")
    block.get_by_label("Giá trị").fill("45,5")
    block.get_by_role("radio", name="Đạt", exact=True).check()
    block.get_by_label("Thuyết minh").fill("Theo kết quả điều tra thu nhập năm 2024.")
    saved(block)
    page.get_by_role("link", name="Tiêu chí 3 · Trường học").click()

    block = indicator(page, "3")
    block.get_by_label("Số trường đạt chuẩn").fill("2")
    block.get_by_label("Tổng số trường").fill("2")
    block.get_by_role("group", name="Đạt chuẩn xóa mù chữ").get_by_role("radio", name="Đạt", exact=True).check()
    block.locator("fieldset.judgement").get_by_role("radio", name="Đạt", exact=True).check()
    saved(block)

    # Nothing was saved with a button: the values stand there when the page is opened again.
    page.reload()
    expect(indicator(page, "3").get_by_label("Tổng số trường")).to_have_value("2")
    page.goto(f"/ho-so/{story.dossier.pk}/tieu-chi/2/")
    expect(indicator(page, "2.1").get_by_label("Số km được cứng hóa")).to_have_value("17")
    expect(indicator(page, "2.2").get_by_label("Thuyết minh")).to_have_value("Theo kết quả điều tra thu nhập năm 2024.")


def the_officer_uploads_evidence(story):
    page = story.at("officer")
    block = indicator(page, "2.1")
    files = [
        ("biên bản nghiệm thu.pdf", "application/pdf", work.pdf_bytes(2)),
        ("ảnh đường.jpg", "image/jpeg", work.image_bytes()),
    ]
    block.locator("input[type=file][multiple]").set_input_files(
        [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
    )
    rows = block.locator("ul[id^=tep-] > li")
    expect(rows).to_have_count(2)
    # Both go up at once: which is through first is open.
    for name in ("biên bản nghiệm thu", "ảnh đường"):
        expect(rows.filter(has=page.get_by_role("link", name=re.compile(f"^{name}")))).to_have_count(1)


def the_officer_checks_and_submits(story):
    page = story.at("officer")
    page.get_by_role("navigation", name="Vị trí trang").get_by_role("link", name=re.compile("Phúc Khoa")).click()
    page.get_by_role("link", name="Kiểm tra và nộp").click()
    expect(page.get_by_role("main")).to_contain_text("3/3")
    page.get_by_label("Nộp dù còn thiếu những minh chứng này").check()
    page.get_by_role("button", name="Nộp hồ sơ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đã nộp hồ sơ")
    assert story.dossier.status == "submitted"


# ---------------------------------------------------------------- question and answer


def the_inspector_sends_one_indicator_back(story):
    page = story.at("inspector")
    take_task(page, "3 tiêu chí của 1 hồ sơ chờ kết luận")
    page.get_by_role("main").get_by_role("link", name=re.compile("Phúc Khoa")).first.click()
    page.get_by_role("link", name="Tiêu chí 2 ›").click()
    expect(page.locator("#minh-chung img")).to_have_count(3)  # two pages of the PDF, and the picture
    block = page.locator("article.indicator").filter(has_text="2.1")
    block.locator("summary", has_text="Yêu cầu bổ sung").click()
    block.get_by_label("Thiếu").check()
    block.get_by_label("Nội dung yêu cầu").fill(QUESTION)
    block.get_by_role("button", name="Gửi yêu cầu bổ sung").click()
    expect(page.get_by_role("status").filter(has_text="Đã gửi yêu cầu bổ sung chỉ tiêu 2.1")).to_be_visible()


def the_officer_sees_the_question_and_answers(story):
    page = story.at("officer")
    page.goto("/")
    task = page.locator("li.task").first
    expect(task).to_contain_text("1 chỉ tiêu cần bổ sung")
    expect(task).to_contain_text("còn 5 ngày")
    task.get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text(QUESTION)
    page.get_by_role("link", name="Mở chỉ tiêu 2.1 để sửa").click()
    expect(page).to_have_url(re.compile(r"/tieu-chi/2/#ct-\d+$"))
    block = indicator(page, "2.1")
    block.get_by_label("Số km được cứng hóa").fill("18")
    saved(block)
    block.get_by_label("Trả lời").fill(ANSWER)
    block.get_by_role("button", name="Gửi trả lời").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Yêu cầu bổ sung")
    assert story.dossier.status == "submitted"


def the_inspector_asks_again(story):
    page = story.at("inspector")
    take_task(page, "1 nội dung bổ sung của 1 hồ sơ cần xem lại")
    page.get_by_role("main").get_by_role("link", name=re.compile("Phúc Khoa")).first.click()
    block = page.locator("article.indicator").filter(has_text="2.1")
    expect(block).to_contain_text(ANSWER)
    block.locator("summary", has_text="Hỏi thêm").click()
    block.get_by_label("Sai").check()
    block.get_by_label("Nội dung yêu cầu").fill(AGAIN)
    block.get_by_role("button", name="Gửi câu hỏi thêm").click()
    expect(page.get_by_role("status").filter(has_text="Đã hỏi thêm xã Phúc Khoa về chỉ tiêu 2.1")).to_be_visible()
    assert story.dossier.status == "returned"


def the_officer_answers_with_a_new_file(story):
    page = story.at("officer")
    take_task(page, "1 chỉ tiêu cần bổ sung")
    expect(page.get_by_role("main")).to_contain_text(AGAIN)
    page.get_by_label("Trả lời").fill(SECOND)
    file = {"name": "bien-ban-co-chu-ky.pdf", "mimeType": "application/pdf", "buffer": work.pdf_bytes()}
    page.get_by_label("Minh chứng mới").set_input_files(file)
    page.get_by_role("button", name="Gửi trả lời").click()
    expect(page.get_by_role("main")).to_contain_text("bien-ban-co-chu-ky.pdf")
    assert story.dossier.status == "submitted"


# ---------------------------------------------------------------- conclusions


def the_inspector_concludes_every_criterion(story):
    page = story.at("inspector")
    take_task(page, "1 nội dung bổ sung của 1 hồ sơ cần xem lại")
    page.get_by_role("main").get_by_role("link", name=re.compile("Phúc Khoa")).first.click()
    for words in (QUESTION, ANSWER, AGAIN, SECOND, "bien-ban-co-chu-ky.pdf"):
        expect(page.get_by_role("main")).to_contain_text(words)
    page.get_by_role("button", name="Chấp nhận trả lời").click()
    conclude(page, "Đạt", reason="")
    page.goto(f"/kiem-tra/{story.dossier.pk}/tieu-chi/1/")
    page.get_by_role("button", name="Chấp nhận đề xuất").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tiêu chí 3")
    conclude(page, "Chưa đạt", reason=REASON)
    expect(page.get_by_role("main")).to_contain_text("2/3 tiêu chí đạt")


def conclude(page, choice, *, reason):
    bar = page.locator(".decision-bar form.decide")
    bar.get_by_role("radio", name=choice, exact=True).check()
    bar.get_by_label("Lý do").fill(reason)
    bar.get_by_role("button", name="Ghi kết luận").click()
    expect(page.get_by_role("status").filter(has_text="Đã ghi kết luận")).to_be_visible()


def the_officer_sees_nothing_of_it_yet(story):
    page, dossier = story.at("officer"), story.dossier
    for address in ("", "in/", "nhat-ky/", "tieu-chi/3/"):
        page.goto(f"/ho-so/{dossier.pk}/{address}")
        expect(page.get_by_role("main")).not_to_contain_text(REASON)
        expect(page.get_by_role("main")).not_to_contain_text("Chưa đạt")


def the_head_makes_it_provisional(story):
    page = story.at("head")
    take_task(page, "1 hồ sơ đã kết luận đủ, chờ công bố dự thảo")
    page.get_by_role("main").get_by_role("link", name=re.compile("Phúc Khoa")).first.click()
    expect(page.get_by_role("main")).to_contain_text("Khi xác nhận")
    page.get_by_role("button", name="Công bố dự thảo kết luận").click()
    assert story.dossier.status == "provisional"


def the_officer_sees_the_draft_and_replies(story):
    page = story.at("officer")
    take_task(page, "Dự thảo kết luận chờ giải trình")
    expect(page.get_by_role("main")).to_contain_text(REASON)
    page.get_by_label("Giải trình về tiêu chí 3").fill("Trường thứ hai đang chờ quyết định công nhận.")
    page.get_by_role("button", name="Gửi giải trình").click()
    expect(page.get_by_role("main")).to_contain_text("giải trình")
    assert story.dossier.replied_by == story.officer


def the_head_approves_the_dossier(story):
    page = story.at("head")
    page.goto(f"/kiem-tra/{story.dossier.pk}/tieu-chi/3/")
    expect(page.get_by_role("main")).to_contain_text("Trường thứ hai đang chờ quyết định công nhận.")
    page.get_by_label("Ý kiến cuối của Đoàn").fill("Giữ nguyên: quyết định chưa ban hành.")
    page.get_by_role("button", name="Ghi ý kiến về giải trình").click()
    expect(page.get_by_role("main")).to_contain_text("Giữ nguyên: quyết định chưa ban hành.")
    take_task(page, "1 hồ sơ chờ phê duyệt kết luận")
    page.get_by_role("main").get_by_role("link", name=re.compile("Phúc Khoa")).first.click()
    page.get_by_role("button", name="Phê duyệt kết luận").click()
    assert story.dossier.status == "concluded"


def the_other_units_have_come_as_far(story):
    world = work.World(story.round, story.coordinator, story.head, None, story.inspector)
    for dossier in story.round.dossiers.with_context().exclude(pk=story.dossier.pk):
        officer = story.officer if dossier.village else story.neighbour
        work.hand_in(dossier, by=officer)
        verdict = Judgement.NOT_MET if dossier.village else Judgement.MET
        work.conclude_all(dossier, by=story.inspector, verdict=verdict, reason="Mới cứng hóa một nửa.")
        services.make_provisional(dossier, by=world.head)
        services.reply(dossier, by=officer, waive=True)
        services.approve(dossier, by=world.head)
