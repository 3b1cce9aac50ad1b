"""Documents of every shape that the layout must bear, as content: nothing of them comes from a database.

    python -m tests.reports.samples FOLDER    print them all there, to be looked at page by page

All names but those of places, all numbers and all sentences are invented.
"""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import segno

from reports.content import Block, Dash, NoticeContent, Paragraph, Section, Signature, Table, Verification, parse_blocks

PROGRAMME = "Chương trình MTQG xây dựng nông thôn mới"

TEXT = Path(__file__).with_name("sample_text.txt")


def written(text: str) -> tuple[tuple[Block, ...], tuple[Section, ...]]:
    """(preamble, sections) of a text in which "# ", "## " and "### " begin a heading."""
    parts = re.split(r"^(#+) (.*)$", text, flags=re.MULTILINE)
    levels, headings, bodies = parts[1::3], parts[2::3], parts[3::3]
    sections = (
        Section(len(level), heading, parse_blocks(body))
        for level, heading, body in zip(levels, headings, bodies, strict=True)
    )
    return parse_blocks(parts[0]), tuple(sections)


PREAMBLE, SECTIONS = written(TEXT.read_text(encoding="utf-8"))
REFERENCE = NoticeContent(
    parent=("UBND HUYỆN TÂN UYÊN",),
    issuer=("ĐOÀN KIỂM TRA", "CHƯƠNG TRÌNH MTQG", "XÂY DỰNG NTM"),
    number=8,
    symbol="TB-ĐKT",
    place="Tân Uyên",
    day=5,
    month=12,
    year=2031,
    kind="THÔNG BÁO",
    subject=f"Kết luận kiểm tra về kết quả thực hiện {PROGRAMME} của UBND các xã năm 2031",
    preamble=PREAMBLE,
    sections=SECTIONS,
    closing=(
        Paragraph(
            f"Trên đây là thông báo kết luận kiểm tra về kết quả thực hiện {PROGRAMME} của UBND các xã năm 2031. Đề "
            "nghị các thành viên Ban Chỉ đạo, Thủ trưởng các cơ quan, đơn vị liên quan và Chủ tịch UBND các xã triển "
            "khai thực hiện./."
        ),
    ),
    signature=Signature(("TRƯỞNG ĐOÀN KIỂM TRA",), "PHÓ CHỦ TỊCH UBND HUYỆN", "Nguyễn Văn Thử"),
    recipients=(
        "TT. Huyện ủy",
        "TT. HĐND huyện",
        "Chủ tịch, các PCT UBND huyện",
        "UBMTTQVN và các đoàn thể huyện",
        "Các cơ quan thành viên BCĐ huyện",
        "UBND các xã",
        "Trang thông tin điện tử huyện (đăng tải)",
        "Lưu: VT, VPĐP, NN",
    ),
)


def sentences(count: int) -> tuple[Block, ...]:
    """As many dashes of one to five lines, no two alike."""
    starts = ("Tiếp tục rà soát", "Hướng dẫn lập hồ sơ", "Bố trí kinh phí", "Phân công người theo dõi", "Kiểm tra lại")
    rest = (
        "theo đúng kế hoạch đã ban hành, báo cáo kết quả bằng văn bản trước ngày 20 của tháng cuối quý.",
        "để bảo đảm từng chỉ tiêu có người chịu trách nhiệm, có thời hạn và có tài liệu chứng minh.",
        "trong đó ưu tiên các bản ở xa trung tâm xã, nơi đường đi lại còn khó khăn vào mùa mưa và tỷ lệ hộ nghèo còn "
        "cao hơn mức chung; gắn trách nhiệm của người đứng đầu với kết quả từng quý.",
        "nhằm giữ vững kết quả đã đạt được.",
    )
    return tuple(
        Dash(f"{starts[place % 5]} phần việc thứ {place + 1} {rest[place % 4]}" + " Thực hiện ngay." * (place % 3))
        for place in range(count)
    )


FOUR_ROWS = ("ĐOÀN KIỂM TRA", "LIÊN NGÀNH THỰC HIỆN", "CHƯƠNG TRÌNH MTQG", "NÔNG THÔN MỚI")

ONE_PAGE = replace(
    REFERENCE,
    parent=(),
    issuer=("ỦY BAN NHÂN DÂN", "XÃ PẮC TA"),
    symbol="TB-UBND",
    place="Pắc Ta",
    subject="Kết quả rà soát tiêu chí nông thôn mới",
    preamble=(Paragraph("UBND xã thông báo kết quả rà soát các tiêu chí nông thôn mới sáu tháng đầu năm như sau:"),),
    sections=(Section(1, "KẾT QUẢ", (Dash("Đã rà soát đủ các tiêu chí."), Dash("Hồ sơ lưu tại Văn phòng."))),),
    closing=(Paragraph("Trên đây là thông báo kết quả rà soát, đề nghị các bản triển khai thực hiện./."),),
    signature=Signature(("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"), "", "Lò Thị Thử"),
    recipients=("Các bản", "Lưu: VT, VP"),
)
BLANK = replace(
    REFERENCE,
    parent=("UBND HUYỆN TÂN UYÊN",),
    issuer=FOUR_ROWS,
    number=None,
    day=None,
    month=None,
    recipients=(*(f"Phòng, ban thứ {place} của huyện Tân Uyên" for place in range(1, 26)), "Lưu: VT, VPĐP, NN"),
)

COMMUNES = ("Phúc Khoa", "Thân Thuộc", "Pắc Ta", "Nậm Cần", "Trung Đồng", "Hố Mít", "Mường Khoa", "Tà Mít", "Nậm Sỏ")


def table(rows: int) -> Table:
    """Results of as many units."""
    return Table(
        "Bảng tổng hợp kết quả thực hiện các tiêu chí nông thôn mới của các đơn vị được kiểm tra",
        ("TT", "Đơn vị", "Số tiêu chí đạt", "Tỷ lệ (%)", "Tiêu chí chưa đạt, lý do và thời hạn khắc phục"),
        tuple(
            (
                str(place + 1),
                f"Xã {COMMUNES[place % 9]}",
                f"{7 + place % 12:02d}/19",
                f"{36 + place % 12 * 5},84",
                ("Không có" if place % 4 == 3 else f"Tiêu chí {place % 18 + 1} (Quyết định số {place}/QĐ-UBND)")
                + "; khắc phục trước ngày 30/6/2032" * (place % 3 == 1),
            )
            for place in range(rows)
        ),
        "clcr",
    )


def with_table(rows: int) -> NoticeContent:
    """The reference with a table at the end of its second section."""
    first, second, *others = REFERENCE.sections
    return replace(REFERENCE, sections=(first, replace(second, blocks=(*second.blocks, table(rows))), *others))


WIDE = Table(
    "Kết quả từng tiêu chí",
    ("TT", "Đơn vị", *map(str, range(1, 20)), "Đạt"),
    tuple((str(place), f"Xã {name}", *("Đ", "K", "Đ") * 6, "CB", "12") for place, name in enumerate(COMMUNES, 1)),
    "cl" + "c" * 20,
)
MINUTES = replace(
    REFERENCE,
    kind="BIÊN BẢN",
    symbol="BB-ĐKT",
    subject="Kiểm tra kết quả thực hiện các tiêu chí nông thôn mới tại xã Pắc Ta",
    sections=(Section(1, "KẾT QUẢ KIỂM TRA", (*sentences(6), table(3))), Section(1, "KIẾN NGHỊ", sentences(3))),
    closing=(Paragraph("Biên bản được lập thành 03 bản, đã đọc lại cho mọi người cùng nghe và thống nhất ký tên./."),),
    signature=Signature(("TM. ĐOÀN KIỂM TRA", "TRƯỞNG ĐOÀN"), "PHÓ CHỦ TỊCH UBND HUYỆN", "Nguyễn Văn Thử"),
    cosigner=Signature(("THƯ KÝ",), "CHUYÊN VIÊN VĂN PHÒNG ĐIỀU PHỐI", "Lò Thị Mẫu"),
    recipients=("UBND xã Pắc Ta", "Các thành viên Đoàn kiểm tra", "Lưu: VT, ĐKT"),
)


def code() -> Verification:
    """A code as a notice prints it on request."""
    address = "https://nongthonmoi.laichau.example.vn/xac-minh/8f14e45f-ceea-467f-ab4b-d1c0a7e1b2c3/"
    made = segno.make(f"{address}?ma={'5f3a' * 16}", error="m", boost_error=False)
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(made.matrix) for x, dark in enumerate(row) if dark)
    return Verification(address, "5f3a" * 16, path, len(made.matrix))


def signed(
    *authority: str, post: str = "", parent: tuple[str, ...] = (), issuer: tuple[str, ...] = ()
) -> NoticeContent:
    """A notice of one page and a little with this letterhead and this form of authority."""
    return replace(
        REFERENCE,
        parent=parent,
        issuer=issuer or REFERENCE.issuer,
        sections=(Section(1, "KẾT QUẢ", sentences(9)),),
        signature=Signature(authority, post, "Nguyễn Thị Thanh Thử"),
    )


SAMPLES: dict[str, NoticeContent] = {
    "reference": REFERENCE,
    "one-page": ONE_PAGE,
    "two-pages": replace(
        REFERENCE,
        preamble=REFERENCE.preamble[:1],
        sections=(
            Section(1, "KẾT QUẢ"),
            Section(2, "Việc đã làm", sentences(8)),
            Section(2, "Việc khác", sentences(4)),
        ),
    ),
    "blank": BLANK,
    "draft": replace(BLANK, is_draft=True, is_demo=True, preamble=(), recipients=REFERENCE.recipients),
    "demo": replace(ONE_PAGE, is_demo=True),
    "thirty-pages": replace(
        REFERENCE,
        sections=tuple(
            section
            for place in range(12)
            for section in (
                Section(1, f"PHẦN VIỆC THỨ {place + 1}", sentences(place + 3)),
                Section(2, "Việc đã làm", sentences(14)),
                Section(3, "Việc làm trong quý", sentences(5)),
                Section(3, "Việc làm cả năm", sentences(6)),
                Section(2, "Việc còn lại", sentences(9)),
            )
        ),
    ),
    "table-0": with_table(0),
    "table-3": with_table(3),
    "table-200": with_table(200),
    "table-wide": replace(REFERENCE, sections=(Section(1, "KẾT QUẢ", (WIDE, table(2), *sentences(2))),)),
    "table-last": replace(ONE_PAGE, sections=(Section(1, "KẾT QUẢ", (Paragraph("Kết quả như sau:"), table(14))),)),
    "minutes": MINUTES,
    "minutes-alone": replace(MINUTES, recipients=(), sections=MINUTES.sections[:1], verification=code()),
    "report": replace(signed("TRƯỞNG ĐOÀN", post="PHÓ CHỦ TỊCH UBND HUYỆN"), kind="BÁO CÁO", symbol="BC-ĐKT"),
    "code": replace(REFERENCE, verification=code()),
    "code-one-page": replace(ONE_PAGE, verification=code()),
    "code-60": replace(
        ONE_PAGE,
        recipients=(*(f"Đơn vị nhận văn bản thứ {place} trong danh sách" for place in range(1, 60)), "Lưu: VT, VP"),
        verification=code(),
    ),
    "tm": signed("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH", issuer=("ỦY BAN NHÂN DÂN", "HUYỆN TÂN UYÊN")),
    "kt": signed("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH", issuer=("ỦY BAN NHÂN DÂN HUYỆN TÂN UYÊN",)),
    "tl": signed(
        "TL. CHỦ TỊCH",
        "CHÁNH VĂN PHÒNG",
        parent=("ỦY BAN NHÂN DÂN", "HUYỆN TÂN UYÊN"),
        issuer=("VĂN PHÒNG ĐIỀU PHỐI", "CHƯƠNG TRÌNH MTQG", "XÂY DỰNG NÔNG THÔN MỚI"),
    ),
    "tuq": signed(
        "TUQ. CHỦ TỊCH",
        "TRƯỞNG PHÒNG NÔNG NGHIỆP VÀ PHÁT TRIỂN NÔNG THÔN",
        parent=("UBND HUYỆN TÂN UYÊN",),
        issuer=("PHÒNG NÔNG NGHIỆP VÀ PHÁT TRIỂN NÔNG THÔN",),
    ),
    "too-long-rows": signed(
        "TRƯỞNG ĐOÀN",
        parent=("ỦY BAN NHÂN DÂN HUYỆN TÂN UYÊN",),
        issuer=(
            "ĐOÀN KIỂM TRA LIÊN NGÀNH",
            "THỰC HIỆN CHƯƠNG TRÌNH",
            "MỤC TIÊU QUỐC GIA XÂY DỰNG",
            "NÔNG THÔN MỚI NĂM 2031",
        ),
    ),
    "q": signed(
        "Q. TRƯỞNG ĐOÀN KIỂM TRA", parent=("TỈNH ỦY LAI CHÂU", "BAN CHỈ ĐẠO", "CÁC CHƯƠNG TRÌNH", "MỤC TIÊU QUỐC GIA")
    ),
}


def print_all(contents: dict[str, NoticeContent]) -> Iterator[tuple[str, bytes]]:
    """(name, PDF) of each, from a command: outside pytest nothing has made Django ready."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ntm_portal.settings")
    os.environ.setdefault("DEBUG", "1")
    import django

    django.setup()
    from django.template.loader import render_to_string

    from reports.pdf import Engine

    engine = Engine()
    for name, content in contents.items():
        yield name, engine.render(render_to_string("reports/pdf/notice_v1.html", {"notice": content}), "notice_v1")


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, pdf in print_all(SAMPLES):
        (folder / f"{name}.pdf").write_bytes(pdf)


if __name__ == "__main__":
    main()
