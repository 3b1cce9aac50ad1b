"""What data says in sentences: the named blocks of which first drafts are composed.

A block gives whole lines of the outline's form; figures stay tokens, so that a draft follows the data until it is
approved. A block that has nothing to say gives no line: it never states a "00". One matter is told in one sentence
for all sets, so that no two sentences of a draft are alike. Pure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from inspections import figures
from inspections.figures import SetFigures

from . import outline
from .kinds import Kind
from .outline import Outline
from .wording import (
    BY_REPORT,
    TOKEN,
    InspectionFacts,
    Palette,
    RoundFacts,
    SetInfo,
    failed_by_agency,
    is_told,
    key_of,
    palette_of,
)

# A sentence carries the results of so many units; more are told in a table.
LONGEST_LIST = 15
# To be filled in by hand.
BLANK_LINE = "…" * 60
CARRIED = "(tiếp tục thực hiện kiến nghị tại"
Lines = Iterator[str]


@dataclass(frozen=True)
class Told:
    """What blocks tell of."""

    facts: RoundFacts
    palette: Palette

    @cached_property
    def sets(self) -> list[tuple[SetInfo, SetFigures]]:
        """The sets with results."""
        made = [(info, figures.of_set(info.code, self.facts.rows)) for info in self.facts.sets]
        return [(info, found) for info, found in made if found.rows]

    def has(self, token: str) -> bool:
        return is_told(f"{{{token}}}", self.palette)

    def number(self, token: str) -> int:
        """A count as a number; 0 where there is nothing to state."""
        figure = self.palette.get(key_of(token))
        return int(figure.value) if figure and not figure.is_missing else 0

    def having(self, token: str) -> list[tuple[SetInfo, SetFigures]]:
        """The sets of which a figure has something to say; token: without the set's code."""
        return [(info, made) for info, made in self.sets if self.has(f"{token} {info.code}")]


def dash(clauses: list[str], lead: str = "") -> Lines:
    """One dash of all clauses; none where there are none."""
    if clauses:
        words = lead + "; ".join(clauses)
        yield f"- {_great(words)}."


def _great(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


# ---------------------------------------------------------------- results


def general(told: Told) -> Lines:
    """The state of all sets in one paragraph."""
    clauses = [_general(info, made) for info, made in told.sets]
    if clauses:
        yield f"Kết quả thực hiện các tiêu chí xây dựng nông thôn mới: {'; '.join(clauses)}."


def _general(info: SetInfo, made: SetFigures) -> str:
    code, unit, size = info.code, info.unit, len(made.rows)
    if size == 1:
        listed = "danh sách thực hiện" if info.is_advanced else "danh sách"
        return f"{{{listed} {code}}} {info.goal}"
    mean = f"bình quân {{số đơn vị {code}}} {unit} đạt {{bình quân {code}}} tiêu chí/{unit}"
    passed = f"có {{số đạt {code}}} {unit} đạt tất cả các tiêu chí"
    if info.is_village:
        place = f" tại {{số xã có đơn vị {code}}} xã" if info.communes > 1 else ""
        reached = passed if made.passed else f"chưa có {unit} nào đạt tất cả các tiêu chí"
        return f"thực hiện xây dựng {{số đơn vị {code}}} {info.goal}{place}, {reached}, {mean}"
    if info.is_advanced:
        words = f"{{số đơn vị {code}}} {unit} phấn đấu đạt {info.goal}, {mean}"
    else:
        words = mean
    return f"{words}, {passed}" if made.passed else words


def left_out(told: Told) -> Lines:
    if told.has("đơn vị không kết luận"):
        yield "Chưa đưa vào kết luận: {đơn vị không kết luận}."


def units(told: Told) -> Lines:
    """Every unit with its result: in a sentence while it can be read, else as a table for each set."""
    short = [(info, made) for info, made in told.sets if len(made.rows) <= LONGEST_LIST]
    yield from dash([_listed(info, made) for info, made in short], "Kết quả cụ thể: ")
    for info, made in told.sets:
        if len(made.rows) > LONGEST_LIST:
            yield f"{{bảng {info.code}}}"


def _listed(info: SetInfo, made: SetFigures) -> str:
    token = "danh sách thực hiện" if info.is_advanced and not info.is_village else "danh sách"
    return f"theo bộ tiêu chí {info.goal} (*{{{token} {info.code}}}*)"


def tables(told: Told) -> Lines:
    """Results of every unit, and of every criterion where several units are compared."""
    for info, made in told.sets:
        yield f"{{bảng {info.code}}}"
        if len(made.rows) > 1:
            yield f"{{bảng tiêu chí {info.code}}}"


def met_everywhere(told: Told) -> Lines:
    """What no unit failed, by name for the first set; of one unit alone the results say it."""
    clauses: list[str] = []
    for info, made in told.having("tiêu chí cả đạt"):
        if len(made.rows) > 1:
            code, who = info.code, f"cả {{số đơn vị {info.code}}} {info.unit} đều đạt"
            named = f": {{tiêu chí cả đạt {code}}}" if not clauses else ""
            clauses.append(f"theo bộ tiêu chí {info.goal}, có {{số tiêu chí cả đạt {code}}} tiêu chí {who}{named}")
    yield from dash(clauses)


def gained(told: Told) -> Lines:
    yield from dash(_since(told, "thêm", "đạt thêm {count} lượt tiêu chí"))


def lost(told: Told) -> Lines:
    yield from dash(_since(told, "mất", "không duy trì được {count} lượt tiêu chí"))


def _since(told: Told, what: str, words: str) -> list[str]:
    clauses = []
    for info, _ in told.having(f"tiêu chí {what}"):
        count, code = words.format(count=f"{{số tiêu chí {what} {info.code}}}"), info.code
        earlier = told.facts.earlier.get(code)
        changed = ", đối chiếu theo tiêu chí tương ứng của phiên bản trước" if earlier and earlier.other_version else ""
        listed = f"(*{{tiêu chí {what} {code}}}*)"
        clauses.append(f"so với {{đợt trước {code}}}, theo bộ tiêu chí {info.goal}{changed}, {count} {listed}")
    return clauses


# ---------------------------------------------------------------- shortcomings and causes


def failed(told: Told) -> Lines:
    clauses = []
    for info, made in told.having("tiêu chí chưa đạt"):
        if len(made.rows) > 1:
            words = f"các tiêu chí có nhiều {info.unit} chưa đạt nhất là: {{tiêu chí chưa đạt {info.code}}}"
        else:
            words = f"{{tên đơn vị {info.code}}} chưa đạt: {{tiêu chí chưa đạt {info.code}}}"
        clauses.append(f"theo bộ tiêu chí {info.goal}, {words}")
    yield from dash(clauses)


def done(told: Told) -> Lines:
    """What was recommended before and is done, each with who did it."""
    if told.facts.followed:
        yield "- Đã thực hiện {kiến nghị đã xong} kiến nghị tại {thông báo trước}."
    for row in told.facts.followed:
        yield f"- {{nơi thực hiện {row.number}}} đã thực hiện kiến nghị: “{{kiến nghị đã xong {row.number}}}”."


def undone(told: Told) -> Lines:
    if told.facts.follow_ups:
        # Cited in full for the first time only.
        which = "số thông báo trước" if told.facts.followed else "thông báo trước"
        yield f"- Còn {{kiến nghị chưa xong}} kiến nghị tại {{{which}}} chưa thực hiện xong."


def reasons(told: Told) -> Lines:
    sets = told.having("lý do chưa đạt")
    clauses = [
        (f"đối với bộ tiêu chí {info.goal}, " if len(sets) > 1 else "") + f"{{lý do chưa đạt {info.code}}}"
        for info, _ in sets
    ]
    yield from dash(clauses, "Theo kết luận của Đoàn kiểm tra, tiêu chí chưa đạt chủ yếu do: ")


def late(told: Told) -> Lines:
    if told.facts.handling.late:
        named = " (*{tên nộp muộn}*)" if told.has("tên nộp muộn") else ""
        yield f"- Có {{nộp muộn}} hồ sơ nộp sau thời hạn{named}."


def asked(told: Told) -> Lines:
    if told.facts.handling.asked:
        overdue = ", trong đó {bổ sung quá hạn} yêu cầu trả lời sau thời hạn" if told.facts.handling.overdue else ""
        yield (
            "- Hồ sơ, minh chứng còn phải bổ sung: Đoàn kiểm tra đã gửi {yêu cầu bổ sung} yêu cầu bổ sung đối với "
            f"{{hồ sơ phải bổ sung}} hồ sơ{overdue}."
        )


# ---------------------------------------------------------------- recommendations


def recommendations(told: Told) -> Lines:
    """Agencies by the alphabet, the communes last; what is still undone stands with its addressee."""
    groups: dict[str, list[str]] = {}
    asked = [(charge, words) for charge, words in failed_by_agency(told.facts) if words]
    for charge, _ in asked:
        groups[charge.agency] = [f"Hướng dẫn các xã hoàn thành tiêu chí phụ trách: {{chưa đạt {charge.code}}}."]
    communes = _communes(told.facts)
    own = list(_of_communes(told))
    for row in told.facts.follow_ups:
        token = f"{{kiến nghị chưa xong {row.number}}}"
        text = f"{token}." if CARRIED in row.text else f"{token} {CARRIED} {{số thông báo trước}})."
        if row.addressee == communes:
            own.append(text)
        else:
            groups.setdefault(row.addressee, []).append(text)
    if own:
        groups[communes] = own
    for addressee, texts in groups.items():
        yield f"## {addressee}"
        yield from (f"- {text}" for text in texts)
    if not groups:
        yield f"## {communes}"
        yield "- Tiếp tục thực hiện các tiêu chí theo kế hoạch và quy định hiện hành."


def _communes(facts: RoundFacts) -> str:
    """The addressee of what all communes are asked, or the one that was inspected."""
    return palette_of(facts)[key_of("UBND các xã")].value.replace("UBND", "Ủy ban nhân dân", 1)


def _of_communes(told: Told) -> Lines:
    failing = told.having("tiêu chí khó")
    if failing:
        named = "; ".join(
            f"{{tiêu chí khó {info.code}}}" + (f" ({info.goal})" if len(failing) > 1 else "") for info, _ in failing
        )
        yield f"Tập trung chỉ đạo hoàn thành các tiêu chí chưa đạt, trước hết là: {named}."
    if told.having("tiêu chí mất"):
        yield "Có giải pháp đạt lại các tiêu chí không duy trì được; làm rõ nguyên nhân và trách nhiệm."
    if any(made.mean.numerator for _, made in told.sets):
        yield "Giữ vững các tiêu chí đã đạt; thường xuyên cập nhật, củng cố hồ sơ, minh chứng theo quy định."
    if told.facts.handling.late or told.facts.handling.overdue:
        yield "Nộp hồ sơ và trả lời yêu cầu bổ sung của Đoàn kiểm tra đúng thời hạn."


# ---------------------------------------------------------------- minutes of one inspection


def when_and_where(told: Told) -> Lines:
    made = told.facts.inspection
    if made is None:
        return
    if made.mode == BY_REPORT:
        yield "- Hình thức: kiểm tra qua báo cáo, hồ sơ và minh chứng của {xã}."
        if told.has("ngày kiểm tra"):
            yield "- Ngày xem xét hồ sơ: {ngày kiểm tra}."
        return
    day = "{ngày kiểm tra}" if told.has("ngày kiểm tra") else "…………"
    hour = "{giờ bắt đầu}" if told.has("giờ bắt đầu") else "…… giờ ……"
    yield f"- Bắt đầu: {hour}, ngày {day}."
    if told.has("ngày cuối kiểm tra"):
        yield "- Kiểm tra đến ngày {ngày cuối kiểm tra}."
    place = "{địa điểm kiểm tra}" if told.has("địa điểm kiểm tra") else "trụ sở UBND {xã}"
    yield f"- Địa điểm: {place}."


def people(told: Told) -> Lines:
    if told.has("thành phần đoàn"):
        yield "- Đoàn kiểm tra: {thành phần đoàn}."
    if told.has("thành phần khác"):
        yield "- Cùng tham gia với Đoàn: {thành phần khác}."
    hosts = "{thành phần xã}" if told.has("thành phần xã") else "…" * 30
    yield f"- Đại diện UBND {{xã}}: {hosts}."


def dossiers(told: Told) -> Lines:
    """A section for each dossier: its result and the table of its criteria."""
    made = told.facts.inspection
    for dossier in made.dossiers if made else ():
        place = dossier.number
        yield f"## {_great(dossier.unit)}, bộ tiêu chí {dossier.set_name}"
        if dossier.undecided == len(dossier.verdicts):
            yield f"Đoàn kiểm tra chưa kết luận tiêu chí nào của {{hồ sơ {place}}}."
            continue
        still = f", {{chưa kết luận {place}}} tiêu chí chưa kết luận" if dossier.undecided else ""
        yield f"Kết luận của Đoàn kiểm tra đối với {{hồ sơ {place}}}: đạt {{kết quả {place}}} tiêu chí{still}, cụ thể:"
        yield f"{{bảng kết luận {place}}}"


def noted(told: Told) -> Lines:
    """What was noted at the visit: in general, then by criterion under its dossier."""
    made = told.facts.inspection
    if made is None:
        return
    yield from (f"- {{ghi nhận {at}}}." for at, _ in enumerate(made.notes, 1))
    several = len({row.dossier for row in made.findings}) > 1
    for row in made.findings:
        where = f", {{hồ sơ {row.dossier}}}" if several else ""
        yield f"- Về tiêu chí {row.number}{where}: {{ghi nhận {row.dossier}.{row.number}}}."


def agreed(told: Told) -> Lines:
    made = told.facts.inspection
    if made and made.deadlines:
        yield "Hai bên thống nhất các việc phải hoàn thành sau đây:"
        yield from (f"- {{thời hạn {at}}}." for at, _ in enumerate(made.deadlines, 1))


def questions(told: Told) -> Lines:
    made = told.facts.inspection
    for dossier in made.dossiers if made else ():
        for at, question in enumerate(dossier.questions, 1):
            if not question.ending:
                yield f"- {_great(dossier.unit)}, {{yêu cầu {dossier.number}.{at}}}."


def opinions(told: Told) -> Lines:
    """What the commune said to the conclusions; blank lines to write on where it was not asked yet."""
    made = told.facts.inspection
    is_recorded = told.has("ý kiến tại chỗ")
    if is_recorded:
        yield "- Đại diện xã: {ý kiến tại chỗ}."
    for dossier in made.dossiers if made else ():
        place = dossier.number
        unit = f"Về hồ sơ {{hồ sơ {place}}}"
        if told.has(f"ý kiến {place}"):
            yield f"- {unit}: {{ý kiến {place}}}."
        elif dossier.has_agreed:
            yield f"- {unit}: nhất trí với kết luận, không giải trình."
        elif dossier.is_approved:
            yield f"- {unit}: không có ý kiến."
        elif not is_recorded:
            yield f"- {unit}:"
            yield BLANK_LINE


def conclusion(told: Told) -> Lines:
    made = told.facts.inspection
    for dossier in made.dossiers if made else ():
        place = dossier.number
        if dossier.undecided == len(dossier.verdicts):
            yield f"- Hồ sơ {{hồ sơ {place}}}: chưa kết luận."
            continue
        words = f"Hồ sơ {{hồ sơ {place}}}: đạt {{kết quả {place}}} tiêu chí"
        if told.has(f"tiêu chí chưa đạt {place}"):
            words += f"; chưa đạt: {{tiêu chí chưa đạt {place}}}"
        yield f"- {words}."
    if made and not all(dossier.is_approved for dossier in made.dossiers):
        yield "Kết luận trên là của Đoàn kiểm tra tại thời điểm lập biên bản, chưa được Trưởng đoàn phê duyệt."


def last_words(told: Told) -> Lines:
    made = told.facts.inspection
    read = "đã được hai bên thống nhất"
    if made and made.mode != BY_REPORT:
        read = "đã đọc cho những người có mặt cùng nghe và thống nhất ký tên"
        ended = "{giờ kết thúc}" if told.has("giờ kết thúc") else "…… giờ …… cùng ngày"
        yield f"Cuộc kiểm tra kết thúc vào {ended}."
    yield f"Biên bản được lập thành hai bản có giá trị như nhau, {read}; mỗi bên giữ một bản./."


BLOCKS: dict[str, Callable[[Told], Lines]] = {
    "đánh giá chung": general,
    "đơn vị chưa kết luận": left_out,
    "kết quả từng đơn vị": units,
    "bảng kết quả": tables,
    "tiêu chí cả đạt": met_everywhere,
    "tiêu chí thêm": gained,
    "tiêu chí mất": lost,
    "tiêu chí chưa đạt": failed,
    "kiến nghị đã xong": done,
    "kiến nghị chưa xong": undone,
    "lý do chưa đạt": reasons,
    "nộp muộn": late,
    "yêu cầu bổ sung": asked,
    "kiến nghị từng nơi": recommendations,
    "thời gian, địa điểm": when_and_where,
    "thành phần": people,
    "kết quả từng hồ sơ": dossiers,
    "ghi nhận tại buổi kiểm tra": noted,
    "thời hạn đã thống nhất": agreed,
    "yêu cầu chưa giải quyết": questions,
    "ý kiến của xã": opinions,
    "kết luận cuộc kiểm tra": conclusion,
    "lời kết biên bản": last_words,
}


# ---------------------------------------------------------------- first drafts


def first_draft(template: str, facts: RoundFacts, palette: Palette) -> Outline:
    """An outline in which everything that data can say is said, and what it cannot say is left out."""
    told = Told(facts, palette)

    def block(name: str) -> list[str]:
        return list(BLOCKS[name](told))

    return outline.parse(outline.expand(template, block, lambda text: is_told(text, palette)))


# ---------------------------------------------------------------- what a kind's files ask for


def faults(kind: Kind) -> list[str]:
    """What is wrong with the texts of a kind: unknown blocks and figures, lines out of place, parts that lack."""
    place = f"Mẫu “{kind.code}”"
    unknown = [name for name in outline.blocks_of(kind.outline) if name not in BLOCKS]
    if unknown:
        return [f"{place}: không có khối {', '.join(f'“{name}”' for name in unknown)}. Chỉ có: {', '.join(BLOCKS)}."]
    found = []
    try:
        outline.parse(outline.plain(kind.outline))
    except ValueError as error:
        found.append(f"{place}: dòng “{error}” không đặt được ở đó.")
    titles = [line[2:] for line in kind.outline.splitlines() if line.startswith("= ")]
    lacking = [name for name in kind.required if not any(f"{title} ".startswith(f"{name} ") for title in titles)]
    found += [f"{place}: thiếu phần “= {name}”." for name in lacking]
    palette = palette_of(_example(kind))
    signers = [signer.authority for signer in (kind.signer, kind.cosigner) if signer]
    texts = [kind.subject, *signers, *(text for _, lines in kind.recipients for text in lines), kind.outline]
    matches = (match for text in texts for match in TOKEN.finditer(text))
    return found + [
        f"{place}: không có số liệu tên {match[0]}." for match in matches if key_of(match[1]) not in palette
    ]


def _example(kind: Kind) -> RoundFacts:
    """Facts of a round that has nothing yet: they have every figure that belongs to no criteria set."""
    day = date(2000, 1, 1)
    inspection = InspectionFacts("xã", BY_REPORT, None, (), (), ()) if kind.is_of_inspection else None
    return RoundFacts(day.year, day, day, "Đoàn", "", "", None, None, {}, (), (), inspection=inspection)
