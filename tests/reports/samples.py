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

from reports.content import Block, Dash, NoticeContent, Paragraph, Section, Signature, parse_blocks

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


FOUR_ROWS = (
    "ĐOÀN KIỂM TRA LIÊN NGÀNH",
    "THỰC HIỆN CHƯƠNG TRÌNH",
    "MỤC TIÊU QUỐC GIA XÂY DỰNG",
    "NÔNG THÔN MỚI NĂM 2031",
)

ONE_PAGE = replace(
    REFERENCE,
    parent=(),
    issuer=("ỦY BAN NHÂN DÂN XÃ PẮC TA",),
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

SAMPLES: dict[str, NoticeContent] = {
    "reference": REFERENCE,
    "one-page": ONE_PAGE,
    "blank": BLANK,
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
