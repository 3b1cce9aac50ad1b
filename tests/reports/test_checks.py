"""Each check of a notice: what it finds, by a fault planted in the notice of 2024, and what it leaves alone."""

import re
import time
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from reports import checks, outline
from reports.checks import words
from reports.checks.language import distance, is_near

from . import rounds
from .planted import Fault, NotThere, planted

GENERAL, RESULTS = "section:ĐÁNH GIÁ CHUNG", "section:NHỮNG KẾT QUẢ ĐẠT ĐƯỢC"
REASONS, ASKED = "section:Nguyên nhân", "section:KIẾN NGHỊ CỦA ĐOÀN KIỂM TRA"
OFFICE = "recommendation:Phòng Nông nghiệp và PTNT"
MEMBERS = "recommendation:Các cơ quan thành viên của Ban Chỉ đạo thực hiện Chương trình MTQG giai đoạn 2021-2025"
COMMUNES = "recommendation:Ủy ban nhân dân các xã"
ADDRESSEE = "addressee:Phòng Nông nghiệp và PTNT"
ALL_VILLAGES = "bình quân 09 bản đạt 10,67"

# (code of the check, section, words there, what is put, words of the message)
BLOCKING = [
    # lists
    ("list-twice", RESULTS, "xã Tà Mít đạt 14/19", "xã Nậm Cần đạt 14/19", "“xã Nậm Cần” được liệt kê 02 lần"),
    ("list-missing", RESULTS, "xã Tà Mít đạt 14/19 tiêu chí; ", "", "danh sách thiếu xã Tà Mít"),
    ("list-missing", RESULTS, "xã Tà Mít đạt 14/19", "xã Nậm Cần đạt 14/19", "danh sách thiếu xã Tà Mít"),
    ("list-unknown", RESULTS, "xã Phúc Khoa đạt 18/19", "xã Mường Than đạt 18/19", "“xã Mường Than” không có hồ sơ"),
    ("list-result", RESULTS, "xã Pắc Ta đạt 16/19", "xã Pắc Ta đạt 15/19", "ghi 15/19 tiêu chí, Đoàn kết luận 16/19"),
    ("list-result", RESULTS, "xã Phúc Khoa đạt 18/19", "xã Phúc Khoa đạt 18/18", "Đoàn kết luận 18/19"),
    ("list-result", GENERAL, "Phúc Khoa thực hiện đạt 15/19", "Phúc Khoa thực hiện đạt 18/19", "kết luận 15/19"),
    ("list-mean", RESULTS, "14,89 tiêu chí/xã (", "14,80 tiêu chí/xã (", "134 : 9 = 14,89, văn bản ghi “14,80”"),
    ("list-count", "preamble", "02 xã (xã", "03 xã (xã", "nêu “03 xã” nhưng kể tên 02"),
    ("list-count", GENERAL, "02 xã phấn đấu", "03 xã phấn đấu", "nêu “03 xã” nhưng liệt kê 02"),
    ("list-names", "preamble", "xã Hố Mít và", "xã Nậm Sỏ và", "theo đợt kiểm tra là xã Hố Mít, xã Mường Khoa"),
    # means
    ("mean", GENERAL, "14,89", "14,98", "bình quân 09 xã theo bộ Xã NTM 2021-2025 là 14,89 (134 : 9)"),
    ("mean", GENERAL, "{bình quân xa-ntm}", "{bình quân xa-ntm-nc}", "là 14,89 (134 : 9)"),
    ("mean", GENERAL, "14,89", "14,9", "14,89"),
    ("mean-count", GENERAL, "bình quân 09 bản", "bình quân 08 bản", "là bình quân của 09 bản, văn bản ghi 08 bản"),
    ("mean-others", RESULTS, "bình quân 09 bản đạt", "còn lại các bản bình quân đạt",
     "Mục II, gạch đầu dòng thứ 5: “10,67 tiêu chí/bản” là bình quân của cả 09 bản, "
     "không phải của “các bản còn lại” (10,13)."),
    ("mean-others", RESULTS, ALL_VILLAGES, "các bản còn lại đạt bình quân 10,67", "của cả 09 bản"),
    ("mean-others", RESULTS, ALL_VILLAGES, "08 bản còn lại bình quân đạt 10,63", "bình quân 10,13 (81 : 8)"),
    ("mean-others", RESULTS, ALL_VILLAGES, "bình quân 09 bản đạt 10,13", "của 08 bản chưa đạt tất cả tiêu chí"),
    # counts
    ("count", "preamble", "trực tiếp tại 07 xã", "trực tiếp tại 08 xã", "07 xã kiểm tra trực tiếp"),
    ("count", "preamble", "{số xã trực tiếp}", "{số xã qua báo cáo}", "07 xã kiểm tra trực tiếp"),
    ("count", "preamble", "qua báo cáo 02 xã", "qua báo cáo 05 xã", "02 xã kiểm tra qua báo cáo"),
    ("count", GENERAL, "02 xã phấn đấu", "03 xã phấn đấu", "có 02 xã"),
    ("count", GENERAL, "xây dựng 09 bản", "xây dựng 08 bản", "có 09 bản"),
    ("count", GENERAL, "tại 09 xã", "tại 08 xã", "có 09 xã"),
    ("count", GENERAL, "01/9 bản", "02/9 bản", "là 01/9 bản"),
    ("count", GENERAL, "01/9 bản", "01/8 bản", "là 01/9 bản"),
    ("count", GENERAL, "", "Trong đó 05 xã đạt 14/19 tiêu chí.", "có 06 xã đạt 14/19 tiêu chí"),
    ("count", GENERAL, "", "Có 03/9 xã đạt tiêu chí Thu nhập.", "là 04/9 xã"),
    ("count", GENERAL, "", "Tổng số 133 tiêu chí.", "Xã NTM 2021-2025: 134"),
    ("count", GENERAL, "", "Có nơi đạt 20/19 tiêu chí.", "lớn hơn số tiêu chí"),
    # numbers, days and documents typed by hand
    ("figure", GENERAL, "", "Toàn huyện đạt 133 tiêu chí.", "gần bằng tổng số tiêu chí đạt (tử số) (134)"),
    ("figure", GENERAL, "", "Mức chung là 14,88.", "là 14,89; chèn {bình quân xa-ntm}"),
    ("document", COMMUNES, "1478/QĐ-UBND", "1487/QĐ-UBND", "gần giống Quyết định số 1478/QĐ-UBND"),
    ("document", OFFICE, "2600/KH-UBND", "2601/KH-UBND", "chèn {số văn bản ke-hoach-phan-cong-2022}"),
    ("document-day", OFFICE, "28/10/2022", "29/10/2022", "ban hành ngày 28/10/2022"),
    ("day", "preamble", "22/10/2024", "23/10/2024", "đợt kiểm tra từ ngày 22/10/2024"),
    ("day", COMMUNES, "", "Báo cáo trước ngày 31/02/2025.", "không phải là một ngày có thật"),
    ("issue-number", "closing", "Trên đây", "Số: 08/TB-ĐKT. Trên đây", "chỉ ghi khi ban hành"),
    ("issue-number", GENERAL, "", "Theo Thông báo số 08/TB-ĐKT.", "chỉ ghi khi ban hành"),
    ("issue-number", "preamble", "Thực hiện", "Tân Uyên, ngày … tháng 12 năm 2024. Thực hiện", "chỉ ghi khi ban hành"),
    ("issue-number", "preamble", "Thực hiện", "Tân Uyên, ngày tháng 12 năm 2024. Thực hiện", "chỉ ghi khi ban hành"),
    # structure
    ("number-typed", "heading:NHỮNG KẾT QUẢ ĐẠT ĐƯỢC", "NHỮNG", "II. NHỮNG", "số “II.” gõ trong tên mục"),
    ("number-typed", "heading:Nguyên nhân", "Nguyên", "1. Nguyên", "số “1.” gõ trong tên mục"),
    ("number-typed", GENERAL, "", "I. NHỮNG KẾT QUẢ KHÁC", "gõ trong nội dung với số “I.”"),
    ("heading-twice", "heading:NHỮNG KẾT QUẢ ĐẠT ĐƯỢC", "*", "ĐÁNH GIÁ CHUNG", "trùng với Mục I"),
    ("no-addressee", ADDRESSEE, "*", "", "chưa có nơi thực hiện"),
    ("no-addressee", ASKED, "", "- Đề nghị các xã làm ngay việc này.", "chưa có nơi thực hiện"),
    # figures and parts
    ("token", GENERAL, "{bình quân xa-ntm}", "{bình quân xa-ntn}", "Có thể là {bình quân xa-ntm}"),
    ("token", GENERAL, "Bình quân", "Bình { quân", "không thành cặp"),
    ("sign", GENERAL, "Bình quân", "😀 Bình quân", "không in được ký tự “😀”"),
    ("archive", "recipients", "Lưu: VT, VPĐP, NN", "UBND tỉnh", "nơi lưu"),
    ("end", "closing", "thực hiện./.", "thực hiện././.", "ghi “./.” một lần"),
    ("end", GENERAL, "tiêu chí/bản.", "tiêu chí/bản./.", "chỉ ghi một lần, ở cuối văn bản"),
]  # fmt: skip
ACCEPTABLE = [
    ("list-verb", RESULTS, "xã Pắc Ta đạt 16/19", "xã Pắc Ta 16/19", "thiếu chữ “đạt”"),
    ("mean-units", GENERAL, "bình quân 09 bản đạt", "bình quân đạt",
     "chưa nói là bình quân của những đơn vị nào; ghi rõ, ví dụ “bình quân {số đơn vị ban-nc-mau} bản đạt"),
    ("typed", GENERAL, "14,89", "14,89", "chèn {bình quân xa-ntm}"),
    ("typed", GENERAL, "14,89", "14.89", "chèn {bình quân xa-ntm}"),
    ("typed", "preamble", "07 xã", "07 xã", "chèn {số xã trực tiếp}"),
    ("typed", GENERAL, "01/9 bản", "01/9 bản", "chèn {số đạt ban-nc-mau}"),
    ("typed", RESULTS, "xã Phúc Khoa đạt 18/19", "xã Phúc Khoa đạt 18/19", "danh sách kết quả gõ tay"),
    ("typed", GENERAL, "", "Nơi cao nhất đạt 18/19 tiêu chí.", "kết quả “18/19 tiêu chí” gõ tay"),
    ("typed", GENERAL, "", "Toàn huyện đạt 134 tiêu chí.", "chèn {tổng tiêu chí đạt xa-ntm}"),
    ("typed-day", "preamble", "25/11/2024", "25/11/2024", "chèn {đến ngày}"),
    ("typed-document", COMMUNES, "1478/QĐ-UBND", "1478/QĐ-UBND", "chèn {số văn bản bo-tieu-chi-tinh-2024}"),
    ("typed-document", COMMUNES, "", "Theo Công văn số 515/SNN-NTM.", "khai ở mục Văn bản viện dẫn"),
    ("typed-year", "closing", "năm 2024", "năm 2024", "chèn {năm}"),
    ("year", "closing", "năm 2024", "năm 2023", "của năm 2024"),
    ("year", "subject", "năm 2024", "năm 2023", "của năm 2024"),
    ("decimal-point", GENERAL, "", "Tỷ lệ hộ nghèo còn 12.5 %.", "dấu phẩy: 12,5"),
    ("day-style", COMMUNES, "", "Báo cáo trước ngày 5/6/2025.", "viết là 05/6/2025"),
    ("count-style", REASONS, "", "Vẫn còn 4 xã thiếu công chức.", "04"),
    ("name", GENERAL, "xã Nậm Cần", "xã Nậm Cắn", "đúng là “xã Nậm Cần”"),
    ("name", RESULTS, "xã Trung Đồng", "xã Trung Đông", "đúng là “xã Trung Đồng”"),
    ("name", "preamble", "xã Hố Mít", "xã Hồ Mít", "đúng là “xã Hố Mít”"),
    ("name", REASONS, "", "Còn yếu ở Nậm Cắn, Tà Mit.", "đúng là “Nậm Cần”"),
    ("name", REASONS, "", "Việc làm tốt là của xã Pắk Ta.", "đúng là “xã Pắc Ta”"),
    ("name", REASONS, "", "Địa bàn huyện Tân Uyển rộng.", "đúng là “huyện Tân Uyên”"),
    ("name", ADDRESSEE, "*", "Phòng Nông nghiêp và PTNT", "đúng là “Phòng Nông nghiệp và PTNT”"),
    ("name", ADDRESSEE, "*", "Phòng Nông nghiệp và PTTN", "đúng là “Phòng Nông nghiệp và PTNT”"),
    ("name", MEMBERS, "qua Phòng Nông", "qua phòng Nông", "đúng là “Phòng Nông nghiệp và PTNT”"),
    ("name", "preamble", "Lê Thanh Huy", "Lê Thành Huy", "đúng là “Lê Thanh Huy”"),
    ("name-unknown", REASONS, "", "Cách làm của xã Bản Bo chưa được học tập.", "không có xã nào tên “Bản Bo”"),
    ("addressee-unknown", ADDRESSEE, "*", "Phòng Giao thông", "không có trong danh mục"),
    ("sentence-twice", GENERAL, "", "Các hoạt động văn hóa - văn nghệ, thể dục - thể thao ngày càng phong phú.",
     "đã có ở Mục I, đoạn thứ 2"),
    ("sentence-alike", REASONS, "", "- Công tác lãnh đạo, chỉ đạo tại một số xã có lúc, có thời điểm chưa được quan "
     "tâm đúng mức; phân công trách nhiệm phụ trách tiêu chí cho công chức chưa rõ ràng, cụ thể.", "gần như trùng"),
    ("word", GENERAL, "phấn đấu đạt", "phần đầu đạt", "viết là “phấn đấu”"),
    ("word", GENERAL, "phấn đấu", "phần đấu", "viết là “phấn đấu”"),
    ("word", MEMBERS, "của Trung ương", "của trung ương", "viết là “Trung ương”"),
    ("word", REASONS, "chùng xuống", "trùng xuống", "viết là “chùng xuống”"),
    ("word", REASONS, "bộ tiêu chí quốc gia", "bộ tiêu chí Quốc gia", "viết là “bộ tiêu chí quốc gia”"),
    ("word", "preamble", "Chương trình mục tiêu quốc gia", "Chương trình Mục tiêu Quốc gia", "“mục tiêu quốc gia”"),
    ("word", REASONS, "lực Nhà nước", "lực nhà nước", "viết là “Nhà nước”"),
    ("word", REASONS, "từ Nhân dân", "từ nhân dân", "viết là “Nhân dân”"),
    ("word", MEMBERS, "hằng tháng", "hàng tháng", "viết là “hằng tháng”"),
    ("word", MEMBERS, "huyện; hướng", "huyện; Hướng", "viết là “hướng dẫn”"),
    ("word", OFFICE, "lãnh đạo, chỉ đạo", "lãnh, chỉ đạo", "viết là “lãnh đạo, chỉ đạo”"),
    ("word", COMMUNES, "Ban Phát triển thôn", "Ban phát triển thôn", "viết là “Ban Phát triển thôn”"),
    ("word", "closing", "thông báo kết luận", "thông báo Kết luận", "viết là “kết luận”"),
    ("tone", COMMUNES, "văn hóa, xã hội", "văn hoá, xã hội", "đặt dấu thanh thống nhất là “hóa”"),
    ("tone", "recipients", "UBND các xã", "Uỷ ban nhân dân các xã", "là “Ủy ban”"),
    ("nfc", GENERAL, "duy trì", unicodedata.normalize("NFD", "duy trì"), "Unicode"),
    ("double-space", "closing", "Trên đây là", "Trên  đây là", "“Trên  đây là”: có nhiều dấu cách liền nhau"),
    ("space-before", RESULTS, "đào tạo, y tế", "đào tạo , y tế", "tạo , y”: thừa dấu cách trước dấu câu"),
    ("space-after", RESULTS, "đào tạo, y tế", "đào tạo,y tế", "thiếu dấu cách"),
    ("bracket-space", "preamble", "02 xã (xã", "02 xã ( xã", "ở trong ngoặc"),
    ("bracket", GENERAL, "(xã Nậm", "xã Nậm", "dấu ngoặc đơn không thành cặp"),
    ("stops", REASONS, "thiếu quyết liệt. ", "thiếu quyết liệt.; ", "hai dấu câu liền nhau"),
    ("quote", COMMUNES, "mới”.", "mới.", "ngoặc kép không thành cặp"),
    ("quote", COMMUNES, "“Chung tay xây dựng nông thôn mới”", '"Chung tay xây dựng nông thôn mới"', "ngoặc kép"),
    ("word-twice", REASONS, "Chính quyền một số", "Chính quyền một một số", "lặp từ"),
    ("fragment", COMMUNES, "UBND tỉnh, yêu cầu", "UBND tỉnh. Yêu cầu", "chưa có vế chính"),
]  # fmt: skip
FAULTS = [(True, *row) for row in BLOCKING] + [(False, *row) for row in ACCEPTABLE]


@pytest.fixture(scope="module")
def told():
    return rounds.reference()


def named(fault):
    return f"{fault[1]}: {fault[3]} → {fault[4]}"[:70]


@pytest.mark.parametrize("fault", FAULTS, ids=map(named, FAULTS))
def test_fault_is_found_where_it_stands(told, fault):
    is_blocking, code, section, find, put, words = fault
    changed = planted(told, Fault(section, find, put))
    found = changed.findings()
    telling = [one for one in found if one.code == code and words in str(one)]
    assert telling, [(one.code, str(one)) for one in found]
    assert {one.is_blocking for one in telling} == {is_blocking}
    assert [one for one in found if not points_at_its_words(one, changed)] == []


def points_at_its_words(finding, told):
    """Whether the words stand in a field of the composer at the place that the finding names."""
    fields = {part.body for part in told.text.sections} | {part.heading for part in told.text.sections}
    fields |= {told.subject, "\n".join(told.text.recipients), *(name for name, _ in told.text.recommendations)}
    groups = {}
    for name, text in told.text.recommendations:
        groups.setdefault(name, []).append(f"- {text}")
    fields |= {"\n".join(lines) for lines in groups.values()}
    spot = finding.spot
    return not spot.words or any(text[spot.offset : spot.end] == spot.words for text in fields)


def test_corrected_reference_has_no_finding(told):
    assert told.findings() == []


def test_every_check_has_a_planted_fault():
    """The codes that stand in the checks, and those that a fault of this file is found by."""
    source = "".join(path.read_text(encoding="utf-8") for path in Path(checks.__file__).parent.glob("*.py"))
    given = set(
        re.findall(r"(?:\.found\(|_at_heading\(heading, |Finding\([^()]*?, )\s*\"([a-z]+(?:-[a-z]+)*)\"", source)
    )
    planted_here = {fault[1] for fault in FAULTS} | {"level", "empty", "missing", "addressee-twice"}
    planted_here |= {"dossier-open", "dossier-none"}
    assert len(given) > 40
    assert given - planted_here == set()


# ---------------------------------------------------------------- what no replaced word brings about


def changed(told, text):
    return replace(told, text=outline.parse(text)).findings()


TEXT = """
= mở đầu
Đoàn đã kiểm tra các xã.
# KẾT QUẢ
- Các xã làm tốt.
= kiến nghị KIẾN NGHỊ
## UBND các xã
- Làm ngay.
= kết thúc
Trên đây là thông báo.
= nơi nhận
Lưu: VT
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("# KẾT QUẢ\n- Các xã làm tốt.", "# KẾT QUẢ", "empty", "mục chưa có nội dung"),
        ("# KẾT QUẢ\n", "# KẾT QUẢ\n- Các xã làm tốt.\n## \n", "empty", "Mục chưa có tên"),
        ("# KẾT QUẢ", "## KẾT QUẢ", "level", "không nằm trong mục cấp 1 nào"),
        ("= kết thúc\nTrên đây là thông báo.", "= kết thúc", "missing", "Phần kết thúc: chưa có nội dung"),
        ("- Làm ngay.", "- Làm ngay.\n## Các phòng, ban\n- Phối hợp.\n## UBND các xã\n- Báo cáo.",
         "addressee-twice", "gộp"),
        ("= kiến nghị KIẾN NGHỊ\n## UBND các xã\n- Làm ngay.", "# KIẾN NGHỊ\n- Các xã làm ngay việc này.",
         "no-addressee", "ngay dưới tên mục"),
    ],
)  # fmt: skip
def test_wrongly_built_text_is_told(told, old, new, code, words):
    assert changed(told, TEXT) == []
    found = changed(told, TEXT.replace(old, new))
    assert [one for one in found if one.code == code and words in str(one)], list(map(str, found))


def test_open_dossiers_are_listed_and_block(told):
    names = tuple(f"Xã Thứ {place}" for place in range(7))
    found = replace(told, facts=replace(told.facts, open_dossiers=names)).findings()
    assert [str(one) for one in found] == [
        "Số liệu: còn 7 hồ sơ chưa kết luận (Xã Thứ 0; Xã Thứ 1; Xã Thứ 2; Xã Thứ 3; Xã Thứ 4; …). "
        "Kết luận hết, hoặc ghi lý do không đưa đơn vị vào kết luận."
    ]
    assert found[0].is_blocking


def test_round_without_results_is_told(told):
    empty = replace(told, facts=replace(told.facts, rows=()))
    assert "dossier-none" in {one.code for one in empty.findings()}


def test_number_of_the_replaced_notice_may_be_named(told):
    material = rounds.material(planted(told, Fault(GENERAL, "", "Thay thế Thông báo số 08/TB-ĐKT.")))
    assert [one.code for one in checks.examine(material)] == ["issue-number"]
    assert checks.examine(replace(material, replaced="08/TB-ĐKT")) == []


# ---------------------------------------------------------------- what is right


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (GENERAL, "Trong đó 06 xã đạt {số tiêu chí xa-ntm} tiêu chí là mục tiêu của giai đoạn 2026-2030."),
        (GENERAL, "Thu nhập bình quân đạt 38,5 triệu đồng/người/năm; tỷ lệ hộ nghèo giảm 4,12%."),
        (
            GENERAL,
            "Có {số đạt ban-nc-mau} bản đạt; các bản còn lại bình quân {bình quân còn lại ban-nc-mau} tiêu chí/bản.",
        ),
        (GENERAL, "Bình quân tăng 1,21 tiêu chí/xã so với năm 2022."),
        (COMMUNES, "Phấn đấu đến năm 2026 bình quân các xã đạt 17 tiêu chí/xã, thêm 03 xã đạt chuẩn."),
        (COMMUNES, "Phấn đấu xã Phúc Khoa đạt 19/19 tiêu chí trước ngày 30/6/2025."),
        (COMMUNES, "Công tác quản lý nhà nước, ngân sách nhà nước và Hội đồng nhân dân xã."),
        (COMMUNES, "Gửi văn bản Đoàn kiểm tra yêu cầu về xã An toàn khu; ghi rõ ngày, tháng, năm."),
        (COMMUNES, "Rà soát các việc: a) quy hoạch; b) giao thông; c) môi trường."),
        (REASONS, "Phần đầu của báo cáo còn sơ sài, các đợt mưa lũ trùng nhau."),
        (
            REASONS,
            "Nhận thức hiện nay có khả năng cao hơn; cũng có xã định ký hợp đồng, vẫn đóng góp, quy chế về sinh hoạt.",
        ),
        (REASONS, "Công nhân của đồng chí Nguyễn Nhân được công nhận dần; phần đầu còn khô khan, đơn độc."),
        (REASONS, "Người người, nhà nhà dần dần hưởng ứng; khoản 2 Điều 5 của quy chế."),
    ],
)
def test_good_sentence_has_no_finding(told, section, sentence):
    assert list(map(str, planted(told, Fault(section, "", sentence)).findings())) == []


BESIDE = [
    (head, tail)
    for tail in (" đạt số 5 Điều 2 năm nay", " số 5", " 5 Điều 6", " 5", " hoàn thành")
    for head in ("", "của ", "Chương trình ", "xây dựng ", "thông báo ", "xã ", "việc này; ", "khoản 2 ", "điểm a ")
]


def fits_between(entry, head, tail):
    text = f"Việc {head}{tail}"
    return entry.fits(text, len(text) - len(tail), len(text) - len(tail))


def test_every_entry_of_the_word_list_is_found_and_its_right_wording_is_not(told):
    """Each pair laid into a sentence of its own, with the words beside it that it asks for."""
    entries = words.entries()
    assert len(entries) > 150
    silent = []
    for entry in entries:
        head, tail = next(pair for pair in BESIDE if fits_between(entry, *pair))
        wrong, right = (
            {one.words for one in changed(told, TEXT.replace("Các xã làm tốt", f"Việc {head}{wording}{tail}"))}
            for wording in (entry.wrong, entry.right)
        )
        if entry.wrong not in wrong or entry.right in right:
            silent.append((entry.wrong, entry.right, wrong, right))
    assert silent == []


@pytest.mark.parametrize(
    ("first", "second", "near"),
    [
        ("Nậm Cần", "Nậm Cắn", True),
        ("Pắc Ta", "Pắk Ta", True),
        ("Phúc Khoa", "Phúc Koha", True),
        ("Nậm Cần", "Nậm Cần", False),
        ("Nậm Cần", "Nậm Sỏ", False),
        ("Tà Mít", "Hố Mít", False),
    ],
)
def test_nearness_of_names(first, second, near):
    assert is_near(first, second) is near


def test_distance_counts_letters_whatever_their_signs():
    assert [distance("PTNT", "PTTN"), distance("Huy", "Huyền"), distance("Đồng", "dong")] == [1, 2, 0]


# ---------------------------------------------------------------- findings themselves


def test_finding_knows_the_words_as_typed(told):
    changed = planted(told, Fault(RESULTS, "bình quân {số đơn vị ban-nc-mau} bản đạt", "còn lại các bản bình quân đạt"))
    (found,) = [one for one in changed.findings() if one.code == "mean-others"]
    body = next(part.body for part in changed.text.sections if part.heading and RESULTS.endswith(part.heading))
    assert found.words == "10,67 tiêu chí/bản"
    assert found.spot.words == "{bình quân ban-nc-mau} tiêu chí/bản"
    assert body[found.offset : found.spot.end] == found.spot.words


def test_key_stays_when_other_text_changes_and_goes_with_the_words(told):
    fault = Fault(RESULTS, "Trung Đồng", "Trung Đông")
    (before,) = [one for one in planted(told, fault).findings() if one.code == "name"]
    more = planted(planted(told, fault), Fault(RESULTS, "- Ủy ban", "- Một dòng mới đứng trước.\n- Ủy ban"))
    (after,) = [one for one in more.findings() if one.code == "name"]
    assert before.place != after.place
    assert before.key == after.key
    elsewhere = planted(told, Fault("preamble", "Hố Mít", "Hồ Mít")).findings()
    assert before.key not in {one.key for one in elsewhere}


def test_only_a_finding_that_does_not_block_can_be_accepted(told):
    (name,) = [one for one in planted(told, Fault("preamble", "Hố Mít", "Hồ Mít")).findings() if one.code == "name"]
    (wrong,) = planted(told, Fault(GENERAL, "xây dựng 09 bản", "xây dựng 08 bản")).findings()
    assert not name.with_acceptance("Lý do", "Ai").is_open
    assert wrong.with_acceptance("Lý do", "Ai").is_open


def test_words_that_are_not_there_are_no_fault(told):
    with pytest.raises(NotThere):
        planted(told, Fault(GENERAL, "không có chữ này", "x"))


def test_reading_takes_little_time(told):
    """They run at each pause in typing. Time of the processor, the least of several: others may hold the machine up."""
    times = []
    for _ in range(5):
        begun = time.process_time()
        checks.examine(rounds.material(told))
        times.append(time.process_time() - begun)
    assert min(times) < 0.1


HOSTILE = [
    "- Xã Nậm Cân (Phúc, ({số xã} xã 14/19 tiêu chí; bình quân 14,9 tiêu chí/xã còn lại “xã … 1/2/3/KH-UBND\n" * 250,
    *("a" * 30_000, "9" * 30_000, "(" * 30_000, "." * 30_000, "1/" * 15_000, "14,8 " * 6_000, "1 xã " * 6_000),
    *("xã Phúc " * 3_700, "bình quân xã " * 2_300, "tổng số a " * 3_000, "x" + " " * 29_000 + "x", "{" * 30_000),
    *("Ủy ban nhân dân " * 1_800, "cơ quan nhà nước, " * 1_600),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:16])
def test_hostile_text_is_read_in_time(told, text):
    """A section as long as the composer takes: no pattern may run wild on it."""
    begun = time.process_time()
    planted(told, Fault(GENERAL, "", text)).findings()
    assert time.process_time() - begun < 5
