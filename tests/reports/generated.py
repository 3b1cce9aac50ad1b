"""Documents drawn at random within what an office may write.

Long names, many recipients, odd lengths, tables, missing parts. Only the closing words always go on to a second line:
where no line does, nothing on the page tells where the text area ends.
"""

from dataclasses import replace

from hypothesis import strategies as st

from reports.content import Dash, NoticeContent, Paragraph, Section, Signature, Table

from .samples import code

WORDS = (
    "xây dựng nông thôn mới kiểm tra đánh giá kết quả thực hiện chương trình mục tiêu quốc gia Ủy ban nhân dân huyện "
    "Tân Uyên xã Nậm Cần Phúc Khoa Hố Mít nghiêng ngả thuở khuỷu quyết định số lượng tỷ lệ hộ nghèo trường học y tế "
    "đường giao thông thủy lợi môi trường ở ý ỷ lại sản xuất nước sinh hoạt ngoằn ngoèo phường thượng khương"
)
SYLLABLES = tuple(WORDS.split())
TOKENS = (
    "30/2020/NĐ-CP",
    "1964/KH-UBND",
    "06/9/2031",
    "14/19",
    "12,29",
    "1.250",
    "2021-2025",
    "(nếu có)",
    "“mẫu”",
    "75%",
)
SMALL = ("của", "và", "theo", "trong", "để", "với", "tại")
CAPITALS = tuple(word.upper() for word in SYLLABLES)
LUU = ("Lưu: VT, VP", "Lưu: VT, VPĐP, NN", "Lưu: VT, ĐKT (02 bản)")
AUTHORITIES = (
    ("TRƯỞNG ĐOÀN KIỂM TRA",),
    ("TRƯỞNG ĐOÀN",),
    ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"),
    ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"),
    ("KT. TRƯỞNG ĐOÀN", "PHÓ TRƯỞNG ĐOÀN"),
    ("TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"),
    ("TUQ. CHỦ TỊCH ỦY BAN NHÂN DÂN", "TRƯỞNG PHÒNG NÔNG NGHIỆP VÀ MÔI TRƯỜNG"),
    ("Q. TRƯỞNG ĐOÀN",),
)
POSTS = ("", "PHÓ CHỦ TỊCH UBND HUYỆN", "PHÓ GIÁM ĐỐC SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG TỈNH LAI CHÂU")


def words(low: int, high: int, *, of: tuple = (*SYLLABLES, *SYLLABLES, *TOKENS, *SMALL)) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(of), min_size=low, max_size=high).map(" ".join)


def sentence(low: int, high: int) -> st.SearchStrategy[str]:
    # Of words to begin with: a number there would be a heading's.
    return st.builds("{} {}.".format, st.sampled_from(("Tiếp tục", "Đề nghị", "Xã", "Ở")), words(low, high))


ITALIC = st.builds("{} (*{}*); {}".format, sentence(1, 9), words(1, 25), words(1, 6))
TEXT = st.one_of(sentence(1, 12), sentence(10, 120), ITALIC)
BLOCK = st.one_of(TEXT.map(Paragraph), TEXT.map(Dash), TEXT.map(Dash))
CELL = st.one_of(st.just(""), words(1, 3), words(1, 14), st.sampled_from(TOKENS))


@st.composite
def table(draw) -> Table:
    columns = draw(st.integers(2, 9))
    row = st.tuples(*[CELL] * columns)
    header = tuple(draw(words(1, 5)) for _ in range(columns))
    rows = tuple(draw(st.lists(row, max_size=draw(st.sampled_from((0, 1, 3, 40))))))
    aligned = draw(st.text("lcr", max_size=columns))
    return Table(draw(st.one_of(st.just(""), words(2, 25))), header, rows, aligned)


@st.composite
def section(draw) -> Section:
    level = draw(st.sampled_from((1, 1, 2, 2, 3)))
    heading = draw(words(1, 14, of=SYLLABLES))
    blocks = draw(st.lists(BLOCK, max_size=5))
    if draw(st.integers(0, 7)) == 0:
        blocks.insert(draw(st.integers(0, len(blocks))), draw(table()))
    return Section(level, heading.upper() if level == 1 else heading.capitalize(), tuple(blocks))


def rows(most: int) -> st.SearchStrategy[tuple[str, ...]]:
    """Names of agencies; none is so short that its rule could not be told from a sign ("LẠI": 3 mm)."""
    name = words(1, 7, of=CAPITALS).filter(lambda text: len(text) > 5)
    return st.lists(name, min_size=1, max_size=most).map(tuple)


NAME = words(2, 6, of=("Nguyễn", "Văn", "Thử", "Lò", "Thị", "Mẫu", "Khương", "Thượng")).map(str.title)


@st.composite
def documents(draw) -> NoticeContent:
    day = draw(st.one_of(st.none(), st.dates()))
    is_dated = day is not None
    recipients = (
        *draw(st.lists(words(1, 16), max_size=draw(st.sampled_from((3, 18, 59))))),
        draw(st.sampled_from(LUU)),
    )
    made = NoticeContent(
        parent=draw(st.one_of(st.just(()), rows(4))),
        issuer=draw(rows(4)),
        number=draw(st.one_of(st.none(), st.integers(1, 1999))),
        symbol=draw(st.sampled_from(("TB-ĐKT", "TB-UBND", "TB-VPĐP", "TB-BCĐ"))),
        place=draw(st.sampled_from(("Tân Uyên", "Pắc Ta", "Thành phố Lai Châu", "Huế"))),
        day=day.day if is_dated else None,
        month=day.month if is_dated else None,
        year=max(day.year, 1000) if is_dated else 2031,
        kind="THÔNG BÁO",
        subject=draw(words(2, 50)).capitalize(),
        preamble=tuple(draw(st.lists(TEXT.map(Paragraph), max_size=3))),
        sections=tuple(draw(st.lists(section(), max_size=9))),
        closing=(Paragraph(draw(sentence(25, 60))[:-1] + "./."),),
        signature=Signature(draw(st.sampled_from(AUTHORITIES)), draw(st.sampled_from(POSTS)), draw(NAME)),
        recipients=draw(st.one_of(st.just(()), st.just(recipients), st.just(recipients))),
        is_draft=draw(st.booleans()),
        is_demo=draw(st.booleans()),
        verification=draw(st.one_of(st.none(), st.just(CODE))),
    )
    return draw(st.one_of(st.just(made), minutes(made))) if draw(st.booleans()) else made


@st.composite
def minutes(draw, made: NoticeContent) -> NoticeContent:
    left = Signature(
        draw(st.sampled_from((("THƯ KÝ",), ("NGƯỜI GHI", "BIÊN BẢN")))), draw(st.sampled_from(POSTS)), draw(NAME)
    )
    return replace(made, kind="BIÊN BẢN", symbol="BB-ĐKT", cosigner=left)


CODE = code()
