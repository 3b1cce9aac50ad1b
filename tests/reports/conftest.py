"""A sample of what is printed, and an end to the renderer process when the tests of this folder are done."""

import io

import pypdf
import pytest
from django.template.loader import render_to_string

from reports import renderer
from reports.content import Dash, NoticeContent, Paragraph, Section, Signature

SAMPLE = NoticeContent(
    parent=("UBND HUYỆN TÂN UYÊN",),
    issuer=("ĐOÀN KIỂM TRA", "CHƯƠNG TRÌNH MTQG", "XÂY DỰNG NTM"),
    number=7,
    symbol="TB-ĐKT",
    place="Tân Uyên",
    day=5,
    month=2,
    year=2031,
    kind="THÔNG BÁO",
    subject="Kết luận kiểm tra về kết quả thực hiện Chương trình MTQG xây dựng nông thôn mới năm 2031",
    preamble=(Paragraph("Thực hiện Kế hoạch số 12/KH-UBND ngày 03/01/2031 của UBND huyện Tân Uyên."),),
    sections=(
        Section(1, "ĐÁNH GIÁ CHUNG", (Paragraph("Bình quân các xã đạt 13,50 tiêu chí/xã."),)),
        Section(1, "TỒN TẠI, HẠN CHẾ VÀ NGUYÊN NHÂN"),
        Section(
            2, "Tồn tại, hạn chế", (Dash("Việc lập hồ sơ còn chậm (*xã Pắc Ta, xã Hố Mít*)."), Dash("Thiếu người."))
        ),
        Section(2, "Nguyên nhân", (Dash("Kiêm nhiệm nhiều việc."),)),
        Section(1, "KIẾN NGHỊ", (Paragraph("Các xã khắc phục trước ngày 30/6/2031."),)),
    ),
    closing=(Paragraph("Trên đây là thông báo kết luận kiểm tra. Đề nghị UBND các xã triển khai thực hiện./."),),
    signature=Signature(("TRƯỞNG ĐOÀN KIỂM TRA",), "PHÓ CHỦ TỊCH UBND HUYỆN", "Nguyễn Văn Thử"),
    recipients=("TT. Huyện ủy", "UBND các xã", "Lưu: VT, VPĐP"),
)


@pytest.fixture
def sample():
    return SAMPLE


@pytest.fixture(scope="session", autouse=True)
def no_renderer_left():
    yield
    renderer.stop()


@pytest.fixture
def printed():
    """`printed(content)`: the bytes of its PDF, through the real process; extra: HTML put into its head."""

    def go(content, *, extra="", **options):
        html = render_to_string("reports/pdf/notice_v1.html", {"notice": content})
        return renderer.render(html.replace("</head>", f"{extra}</head>", 1), "notice_v1", **options)

    return go


@pytest.fixture
def text_of():
    """`text_of(pdf)`: the text of all pages with single spaces, as a reader's search sees it."""

    def go(pdf):
        pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
        return " ".join(" ".join(page.extract_text() for page in pages).split())

    return go
