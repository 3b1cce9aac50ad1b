"""A notice as people may write it down in one plain text, and the outline a new notice begins with.

    = mở đầu
    Đoạn văn …
    # TÊN MỤC
    ## Tiêu đề
    - gạch đầu dòng
    = kiến nghị KIẾN NGHỊ CỦA ĐOÀN KIỂM TRA
    ## Nơi thực hiện
    - kiến nghị
    = kết thúc
    Trên đây là …
    = nơi nhận
    Lưu: VT

Pure: text in, parts out. Figures stand in it as tokens (wording.py), never as digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .models import NoticeSection
from .widths import BOUND
from .wording import SetInfo

Kind = NoticeSection.Kind
PARTS = {
    "mở đầu": Kind.PREAMBLE,
    "kiến nghị": Kind.RECOMMENDATIONS,
    "kết thúc": Kind.CLOSING,
    "nơi nhận": "recipients",
}


@dataclass
class SectionText:
    kind: str
    level: int = 1
    heading: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        return "\n".join(self.lines)


@dataclass
class Outline:
    """Sections in their order, recommendations as (addressee, text) and recipients."""

    sections: list[SectionText] = field(default_factory=list)
    recommendations: list[tuple[str, str]] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


def parse(text: str) -> Outline:
    """Raises ValueError for a line that stands where it cannot belong."""
    outline, part, addressee = Outline(), "", ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            continue
        if line.startswith("= "):
            part, heading = _part(line[2:])
            if part != "recipients":
                outline.sections.append(SectionText(part, heading=heading))
        elif part == "recipients":
            outline.recipients.append(line.removeprefix("- ").rstrip(";."))
        elif part == Kind.RECOMMENDATIONS and line.startswith("## "):
            addressee = line[3:]
        elif part == Kind.RECOMMENDATIONS and line.startswith("- ") and addressee:
            outline.recommendations.append((addressee, line[2:]))
        elif line.startswith("#"):
            marks, _, heading = line.partition(" ")
            part = Kind.SECTION
            outline.sections.append(SectionText(part, len(marks), heading))
        elif outline.sections and part != Kind.RECOMMENDATIONS:
            outline.sections[-1].lines.append(line)
        else:
            raise ValueError(line)
    return outline


def _part(title: str) -> tuple[str, str]:
    for name, kind in PARTS.items():
        if title == name or title.startswith(f"{name} "):
            return kind, title[len(name) :].strip()
    raise ValueError(title)


# ---------------------------------------------------------------- letterhead

LINE = 24


def letterhead(name: str) -> str:
    """A long name of an agency or a team in lines for the letterhead: few, whole, of like length."""
    words = name.split()
    best: list[tuple[tuple[int, int, int], list[str]]] = [((0, 0, 0), [])]
    for end in range(1, len(words) + 1):
        options = []
        for start in range(end):
            cost, lines = best[start]
            text = " ".join(words[start:end])
            torn = start > 0 and f"{words[start - 1]} {words[start]}" in BOUND
            bad = max(0, len(text) - LINE) + (100 if torn else 0)
            options.append(((cost[0] + bad, cost[1] + 1, cost[2] + len(text) ** 2), [*lines, text]))
        best.append(min(options))
    return "\n".join(best[-1][1])


# ---------------------------------------------------------------- what a new notice begins with


def first_draft(sets: Sequence[SetInfo]) -> Outline:
    """An outline in which everything that data can say is said, and the rest is left to the office."""
    return parse(DRAFT.format(general=f"{'; '.join(_general(sets))}.", detailed=f"{'; '.join(_detailed(sets))}."))


def _general(sets: Sequence[SetInfo]) -> list[str]:
    return [_sentence(info, detailed=False) for info in sets]


def _detailed(sets: Sequence[SetInfo]) -> list[str]:
    return [_sentence(info, detailed=True) for info in sets]


def _sentence(info: SetInfo, *, detailed: bool) -> str:
    """What is said of one set; braces are doubled nowhere, for this text is put in last."""
    code = info.code
    if info.is_village:
        words = f"thực hiện xây dựng {{số đơn vị {code}}} bản NTM nâng cao tại {{số xã có đơn vị {code}}} xã"
        passed = f"có {{số đạt {code}}} bản đạt bản NTM nâng cao, bình quân {{số đơn vị {code}}} bản đạt "
        passed += f"{{bình quân {code}}} tiêu chí/bản"
        return f"{words} (*{passed}*)" if detailed else f"{words}, {passed}"
    if info.is_advanced:
        listed = f"{{danh sách thực hiện {code}}}"
        words = f"{{số đơn vị {code}}} xã phấn đấu đạt xã nông thôn mới nâng cao"
        return f"{words} (*{listed}*)" if detailed else f"{words} ({listed})"
    words = f"bình quân các xã đạt {{bình quân {code}}} tiêu chí/xã"
    return f"{words} (*{{danh sách {code}}}*)" if detailed else words


DRAFT = """
= mở đầu
Thực hiện {{kế hoạch}}.
Trong thời gian từ ngày {{từ ngày}} đến ngày {{đến ngày}}, {{đoàn kiểm tra}} đã tiến hành kiểm tra trực tiếp tại \
{{số xã trực tiếp}} xã và kiểm tra qua báo cáo {{số xã qua báo cáo}} xã. Qua {{báo cáo}} và các thông tin, tài liệu \
liên quan; đồng chí {{trưởng đoàn}}, {{chức vụ trưởng đoàn}} - Trưởng đoàn kiểm tra thông báo công khai kết luận \
kiểm tra, cụ thể như sau:
# ĐÁNH GIÁ CHUNG
Kết quả duy trì và nâng cao chất lượng các tiêu chí xây dựng nông thôn mới: {general}
# NHỮNG KẾT QUẢ ĐẠT ĐƯỢC
- Duy trì và nâng cao chất lượng các tiêu chí xây dựng nông thôn mới: {detailed}
# NHỮNG TỒN TẠI, HẠN CHẾ VÀ NGUYÊN NHÂN
## Tồn tại, hạn chế
## Nguyên nhân
= kiến nghị KIẾN NGHỊ CỦA ĐOÀN KIỂM TRA
= kết thúc
Trên đây là thông báo kết luận kiểm tra năm {{năm}}. Đề nghị Thủ trưởng các cơ quan, đơn vị liên quan và Chủ tịch \
UBND các xã triển khai thực hiện./.
= nơi nhận
UBND các xã
Lưu: VT
"""
