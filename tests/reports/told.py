"""Rounds that hypothesis makes up: any sets, any number of units, any results, with and without everything optional."""

from datetime import date

from hypothesis import strategies as st

from communes.text import sort_key
from criteria.judgement import Judgement
from inspections import figures
from inspections.figures import UnitRow
from reports.wording import Charge, Cited, Earlier, FollowUp, Handling, Reason, RoundFacts, SetInfo

NAMES = (
    "Quy hoạch", "Giao thông", "Thủy lợi và phòng, chống thiên tai", "Điện", "Trường học", "Thu nhập", "Y tế",
)  # fmt: skip
SETS = {
    "xa": SetInfo("xa", 2, "Xã NTM", False, False, dict(enumerate(NAMES, 1)), 0, "nông thôn mới"),
    "xa-nc": SetInfo(
        "xa-nc", 1, "Xã NTM nâng cao", False, True, dict(enumerate(NAMES, 1)), 0, "nông thôn mới nâng cao"
    ),
    "ban": SetInfo("ban", 1, "Bản NTM", True, False, dict(enumerate(NAMES[:5], 1)), 0, "nông thôn mới"),
    "ban-nc": SetInfo("ban-nc", 1, "Bản NTM nâng cao", True, True, dict(enumerate(NAMES[2:], 1)), 0),
}
COMMUNES = ("Nậm Cần", "Hố Mít", "Pắc Ta", "Tà Mít", "Phúc Khoa", "Thân Thuộc", "Mường Khoa", "Nậm Sỏ", "Trung Đồng")
# As people type them: alike, with signs of ours, several sentences, lines, nothing but signs.
REASONS = (
    "Chưa đủ hồ sơ.",
    "Chưa đủ hồ sơ",
    "Thiếu biên bản; chưa có quyết định công nhận.",
    "UBND xã chưa ban hành kế hoạch.",
    "Tỷ lệ *thấp* hơn {quy định}.\nChưa có lộ trình.",
    "Nhân dân chưa đồng thuận.",
    "…",
    "Nậm Cần chưa có đường bê tông. Đề nghị bổ sung nguồn lực để hoàn thành trong năm kế tiếp theo đúng kế hoạch đã "
    "được cấp có thẩm quyền phê duyệt.",
)
ASKED = (
    "Tham mưu UBND huyện ban hành kế hoạch kiểm tra.",
    "Đôn đốc các xã hoàn thành hồ sơ. Báo cáo trước ngày 20 hằng tháng.",
    "Củng cố hồ sơ minh chứng (tiếp tục thực hiện kiến nghị tại Thông báo số 03/TB-ĐKT).",
)
AGENCIES = ("Phòng Nội vụ", "Phòng Giáo dục và Đào tạo", "Chi cục Thống kê")
PLAN = Cited("Kế hoạch", "12/KH-UBND", date(2031, 2, 6), "UBND huyện Thử", "kiểm tra thử")
REPORT = Cited("Báo cáo", "3/BC-ĐKT", date(2031, 11, 26), "Đoàn kiểm tra")
BEFORE = Cited("Thông báo", "08/TB-ĐKT", date(2030, 12, 5), "Đoàn kiểm tra")

verdicts = st.sampled_from([*Judgement.decided(), Judgement.MET, Judgement.NOT_MET])


@st.composite
def rounds(draw, least=1):
    """RoundFacts with at least so many concluded dossiers."""
    codes = draw(st.lists(st.sampled_from(sorted(SETS)), min_size=1, max_size=4, unique=True))
    rows, position = [], 0
    for code in codes:
        most = draw(st.sampled_from([1, 2, 9, 18]))
        for place in range(draw(st.integers(least if code == codes[0] else 0, most))):
            rows.append(draw(unit(code, place, position)))
            position += 1
    sets = [info_of(code, rows) for code in sorted(codes, key=list(SETS).index)]
    communes = tuple(dict.fromkeys(f"xã {COMMUNES[row.position % len(COMMUNES)]}" for row in rows))
    changes = draw(st.booleans()) and figures.changes(rows, draw(before(rows)))
    report, plan, head = (draw(st.booleans()) for _ in range(3))
    follow_ups = draw(st.lists(st.sampled_from(ASKED), max_size=3, unique=True))
    told_before = tuple(
        FollowUp(number, draw(st.sampled_from((*AGENCIES, "Ủy ban nhân dân các xã"))), text)
        for number, text in enumerate(follow_ups, 1)
    )
    undone = draw(st.integers(0, len(told_before)))
    return RoundFacts(
        year=2031,
        period_from=date(2031, 9, 5),
        period_to=date(2031, 11, 25),
        team_name="Đoàn kiểm tra thử",
        head_name="Nguyễn Văn Thử" if head else "",
        head_post="Phó Chủ tịch UBND huyện" if head and draw(st.booleans()) else "",
        plan=PLAN if plan else None,
        report=REPORT if report else None,
        documents={},
        sets=tuple(sets),
        rows=tuple(rows),
        left_out={"Xã Xa": "Sáp nhập."} if draw(st.booleans()) else {},
        subject="kết quả thực hiện Chương trình MTQG xây dựng nông thôn mới",
        authority="UBND huyện Thử",
        communes=communes,
        earlier={
            info.code: Earlier("Kiểm tra năm trước", found, draw(st.booleans()))
            for info in sets
            if (found := tuple(item for item in changes or () if item.row.set_code == info.code))
        },
        reasons=tuple(draw(reasons(rows))),
        charges=tuple(draw(charges(sets))),
        handling=draw(handling(rows)),
        previous=BEFORE if follow_ups else None,
        follow_ups=told_before[:undone],
        followed=told_before[undone:],
    )


@st.composite
def unit(draw, code, place, position):
    info = SETS[code]
    told = {number: draw(verdicts) for number in info.criteria}
    if draw(st.sampled_from([False, False, True])):
        told = dict.fromkeys(told, Judgement.MET)
    kind = "bản" if info.is_village else "xã"
    name = COMMUNES[place] if place < len(COMMUNES) else f"{COMMUNES[place % len(COMMUNES)]} Mới"
    mode = draw(st.sampled_from(["on_site", "by_report"]))
    return UnitRow(
        position + 1, f"{kind.capitalize()} {name}", f"{kind} {name}", code, mode, len(told), told, False, position,
        f"{kind}-{place}",
    )  # fmt: skip


def info_of(code, rows):
    own = [row for row in rows if row.set_code == code]
    told = SETS[code]
    return SetInfo(
        code, told.version, told.short_name, told.is_village, told.is_advanced, told.criteria, len(own), told.title
    )


@st.composite
def before(draw, rows):
    """Some of the units as the round before found them."""
    return [
        UnitRow(0, row.unit_name, row.unit_phrase, row.set_code, row.mode, row.criteria,
                {number: draw(verdicts) for number in row.verdicts}, False, row.position, row.unit)
        for row in rows
        if draw(st.booleans())
    ]  # fmt: skip


@st.composite
def reasons(draw, rows):
    return [
        Reason(row.set_code, number, row.unit_phrase, draw(st.sampled_from(REASONS)))
        for row in rows
        for number in row.verdicts
        if row.failed(number)
    ]


@st.composite
def charges(draw, sets):
    found = []
    for agency in sorted(draw(st.lists(st.sampled_from(AGENCIES), max_size=3, unique=True)), key=sort_key):
        own = {info.code: {number: 1 for number in info.criteria if draw(st.booleans())} for info in sets}
        found.append(Charge(f"cq-{AGENCIES.index(agency)}", agency, own))
    return found


@st.composite
def handling(draw, rows):
    phrases = [row.unit_phrase for row in rows]
    late, asked = (tuple(phrases[: draw(st.integers(0, len(phrases)))]) for _ in range(2))
    count = len(asked) * 2
    return Handling(late, count, draw(st.integers(0, count)), asked)
