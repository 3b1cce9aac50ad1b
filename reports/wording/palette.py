"""The palette: every figure of a round, in the order in which it is shown."""

from collections.abc import Iterator

from communes.notation import count, decree_day
from communes.text import sort_key
from inspections import figures
from inspections.figures import UnitRow

from .facts import Charge, RoundFacts, SetInfo
from .minutes import of_inspection
from .sets import failures, of_set
from .tokens import Figure, Palette, key_of
from .words import BY_REPORT, LONGEST_TEXT, ON_SITE, cited, counted, names, plain, worded

# More names than these are not told within a sentence.
MOST_NAMES = 6
# Stands for the notice that is replaced, in the one that replaces it.
REPLACED = "thông báo được thay thế"


def palette_of(facts: RoundFacts) -> Palette:
    """{key of the token: figure}, in the order in which the palette is shown."""
    found = [*_of_round(facts), *_of_modes(facts)]
    if facts.inspection:
        found += of_inspection(facts.inspection)
    for info in facts.sets:
        found += of_set(info, facts)
    found += [*_of_handling(facts), *_of_charges(facts), *_of_follow_ups(facts)]
    found += [*_of_replaced(facts), *_of_documents(facts)]
    return {key_of(figure.token): figure for figure in found}


def _of_round(facts: RoundFacts) -> Iterator[Figure]:
    group = "Đợt kiểm tra"
    yield Figure("năm", group, "Năm đánh giá", str(facts.year))
    yield Figure("năm sau", group, "Năm kế tiếp", str(facts.year + 1))
    yield Figure("từ ngày", group, "Ngày bắt đầu kiểm tra", decree_day(facts.period_from))
    yield Figure("đến ngày", group, "Ngày kết thúc kiểm tra", decree_day(facts.period_to))
    yield Figure("đoàn kiểm tra", group, "Tên Đoàn kiểm tra", facts.team_name)
    yield worded("trưởng đoàn", group, "Họ tên Trưởng đoàn", facts.head_name, "đợt chưa có Trưởng đoàn")
    yield worded("chức vụ trưởng đoàn", group, "Chức vụ Trưởng đoàn", facts.head_post, "Trưởng đoàn chưa ghi chức vụ")
    yield worded("nội dung kiểm tra", group, "Nội dung kiểm tra", facts.subject, "đợt chưa ghi nội dung kiểm tra")
    yield worded("tên cơ quan", group, "Cơ quan tổ chức kiểm tra", facts.authority, "đợt chưa có cơ quan")
    yield cited("kế hoạch", group, "Kế hoạch kiểm tra", facts.plan, "đợt chưa ghi kế hoạch kiểm tra")
    subject = facts.plan.subject if facts.plan else ""
    yield worded("trích yếu kế hoạch", group, "Trích yếu kế hoạch", subject, "kế hoạch chưa ghi trích yếu")
    yield cited("báo cáo", group, "Báo cáo của Đoàn", facts.report, "đợt chưa ghi báo cáo của Đoàn")


# ---------------------------------------------------------------- which units, and how


def _of_modes(facts: RoundFacts) -> Iterator[Figure]:
    """Communes inspected on site and by report; a commune judged by two sets counts once."""
    group = "Hình thức kiểm tra"
    villages = {info.code for info in facts.sets if info.is_village}
    communes = _by_unit(row for row in _ordered(facts) if row.set_code not in villages)
    words = {ON_SITE: "trực tiếp", BY_REPORT: "qua báo cáo"}
    yield counted("số xã", group, "Số xã được kiểm tra", list(communes))
    for mode, word in words.items():
        chosen = [phrase for phrase, row in communes.items() if row.mode == mode]
        yield counted(f"số xã {word}", group, f"Số xã kiểm tra {word}", chosen)
        yield worded(f"tên xã {word}", group, f"Tên các xã kiểm tra {word}", names(chosen), f"không có xã nào {word}")
    inspected = communes or _by_unit(_ordered(facts))
    noun = noun_of(list(inspected))
    units = tuple((phrase, words.get(row.mode, "")) for phrase, row in inspected.items())
    value = _scope(inspected, noun, is_named=bool(communes))
    yield worded("phạm vi kiểm tra", group, "Hình thức và số đơn vị kiểm tra", value, "chưa có kết quả", units)
    yield Figure("UBND các xã", group, "UBND của các xã được kiểm tra", _committees(facts))
    yield counted("số hồ sơ", group, "Số hồ sơ đã kết luận", [row.unit_phrase for row in _ordered(facts)])
    left_out = "; ".join(f"{unit} ({plain(reason)})" for unit, reason in facts.left_out.items())
    label, lack = "Đơn vị không đưa vào kết luận, kèm lý do", "mọi đơn vị đều được đưa vào kết luận"
    yield worded("đơn vị không kết luận", group, label, left_out, lack, tuple(facts.left_out.items()))


def _ordered(facts: RoundFacts) -> list[UnitRow]:
    return sorted(facts.rows, key=lambda row: row.position)


def _by_unit(rows: Iterator[UnitRow] | list[UnitRow]) -> dict[str, UnitRow]:
    found: dict[str, UnitRow] = {}
    for row in rows:
        found.setdefault(row.unit_phrase, row)
    return found


def noun_of(phrases: list[str]) -> str:
    """What units are called: "xã", "bản"; "đơn vị" where they are of several kinds."""
    kinds = {_kind(phrase) for phrase in phrases}
    return kinds.pop() if len(kinds) == 1 else "đơn vị"


def _kind(phrase: str) -> str:
    """The words before a name: all up to the first capital."""
    words = phrase.split()
    end = next((place for place, word in enumerate(words) if word[:1].isupper()), len(words))
    return " ".join(words[:end]) or "đơn vị"


def _scope(units: dict[str, UnitRow], noun: str, *, is_named: bool) -> str:
    """ "kiểm tra trực tiếp tại 07 xã và kiểm tra qua báo cáo 02 xã (xã Hố Mít và xã Mường Khoa)"."""
    on_site, by_report = (
        [phrase for phrase, row in units.items() if row.mode == mode] for mode in (ON_SITE, BY_REPORT)
    )
    told = []
    if on_site:
        told.append(f"kiểm tra trực tiếp tại {_counted_units(on_site, noun)}")
    if by_report:
        told.append(f"kiểm tra qua báo cáo {_counted_units(by_report, noun)}")
    if is_named and on_site and 1 < len(by_report) <= MOST_NAMES:
        told[-1] += f" ({names(by_report)})"
    return " và ".join(told)


def _counted_units(phrases: list[str], noun: str) -> str:
    return phrases[0] if len(phrases) == 1 else f"{count(len(phrases))} {noun}"


def _committees(facts: RoundFacts) -> str:
    """ "UBND các xã", "UBND xã Phúc Khoa" of one alone, "UBND các xã, thị trấn" of several kinds."""
    if len(facts.communes) == 1:
        return f"UBND {facts.communes[0]}"
    kinds = sorted({_kind(phrase) for phrase in facts.communes}, key=lambda kind: (kind != "xã", kind))
    return f"UBND các {', '.join(kinds) or 'xã'}"


# ---------------------------------------------------------------- how dossiers came in, who is in charge, follow-ups


def _of_handling(facts: RoundFacts) -> Iterator[Figure]:
    group, made = "Việc nộp hồ sơ", facts.handling
    late = tuple((unit, "nộp sau hạn") for unit in made.late)
    yield Figure("nộp muộn", group, "Số hồ sơ nộp sau hạn", count(len(made.late)), units=late)
    listed = names(list(dict.fromkeys(made.late))) if len(made.late) <= MOST_NAMES else ""
    yield worded("tên nộp muộn", group, "Đơn vị nộp hồ sơ sau hạn", listed, "không có, hoặc quá nhiều để kể tên", late)
    asked = tuple((unit, "") for unit in made.asked_units)
    yield Figure("yêu cầu bổ sung", group, "Số yêu cầu bổ sung đã gửi", count(made.asked), units=asked)
    yield Figure("hồ sơ phải bổ sung", group, "Số hồ sơ phải bổ sung", count(len(made.asked_units)), units=asked)
    yield Figure("bổ sung quá hạn", group, "Số yêu cầu bổ sung trả lời sau hạn", count(made.overdue))


def _of_charges(facts: RoundFacts) -> Iterator[Figure]:
    group = "Tiêu chí chưa đạt theo cơ quan phụ trách"
    for charge, told in failed_by_agency(facts):
        label, lack = f"Tiêu chí chưa đạt do {charge.agency} phụ trách", "không có tiêu chí nào chưa đạt"
        yield worded(f"chưa đạt {charge.code}", group, label, told, lack)


def failed_by_agency(facts: RoundFacts) -> list[tuple[Charge, str]]:
    """[(agency, its failed criteria in words)] in the order of the alphabet.

    A criterion of several agencies stands with the one that has most of its indicators, which asks the others.
    """
    charges = sorted(facts.charges, key=lambda charge: sort_key(charge.agency))
    by_set = [(info, figures.of_set(info.code, facts.rows)) for info in facts.sets]
    found = []
    for charge in charges:
        parts = []
        for info, made in by_set:
            own = [number for number in made.hardest if _leader(charges, info.code, number) is charge]
            if own:
                told = ", ".join(_shared(info, number, failures(info, made, [number]), charges) for number in own)
                parts.append(f"{told} theo bộ tiêu chí {info.goal}" if len(facts.sets) > 1 else told)
        found.append((charge, "; ".join(parts)))
    return found


def _leader(charges: list[Charge], code: str, number: int) -> Charge | None:
    having = [charge for charge in charges if number in charge.criteria.get(code, {})]
    # max() keeps the first of equals: the order of the alphabet decides.
    return max(having, key=lambda charge: charge.criteria[code][number], default=None)


def _shared(info: SetInfo, number: int, told: str, charges: list[Charge]) -> str:
    leader = _leader(charges, info.code, number)
    others = [row.agency for row in charges if row is not leader and number in row.criteria.get(info.code, {})]
    if not others:
        return told
    return f"{told.removesuffix(')')}{', ' if told.endswith(')') else ' ('}cùng {names(others)})"


def _of_follow_ups(facts: RoundFacts) -> Iterator[Figure]:
    group, label = "Theo dõi kiến nghị", "Thông báo kết luận trước"
    before = facts.previous.dated if facts.previous else ""
    yield worded("thông báo trước", group, label, before, "chưa có thông báo nào trước đợt này")
    short = facts.previous.short if facts.previous else ""
    yield worded("số thông báo trước", group, "Viện dẫn từ lần thứ hai", short, "chưa có thông báo nào trước đợt này")
    undone = tuple((row.addressee, plain(row.text)) for row in facts.follow_ups)
    label = "Số kiến nghị của thông báo trước chưa thực hiện xong"
    yield Figure("kiến nghị chưa xong", group, label, count(len(undone)), units=undone)
    for row in facts.follow_ups:
        yield Figure(f"kiến nghị chưa xong {row.number}", group, row.addressee, plain(row.text, LONGEST_TEXT))
    done = tuple((row.addressee, plain(row.text)) for row in facts.followed)
    label = "Số kiến nghị của thông báo trước đã thực hiện"
    yield Figure("kiến nghị đã xong", group, label, count(len(done)), units=done)
    for row in facts.followed:
        yield Figure(f"kiến nghị đã xong {row.number}", group, row.addressee, plain(row.text, LONGEST_TEXT))
        yield Figure(f"nơi thực hiện {row.number}", group, "Nơi đã thực hiện kiến nghị", plain(row.addressee))


def _of_replaced(facts: RoundFacts) -> Iterator[Figure]:
    if facts.replaced is None:
        return
    group, old = "Văn bản được thay thế", facts.replaced
    subject = f"{old.subject[:1].lower()}{old.subject[1:]}"
    yield Figure(REPLACED, group, "Viện dẫn đầy đủ", f"{old.full} {subject}")
    yield Figure(f"số {REPLACED}", group, "Viện dẫn từ lần thứ hai", old.short)


def _of_documents(facts: RoundFacts) -> Iterator[Figure]:
    group = "Văn bản viện dẫn"
    for key, document in facts.documents.items():
        yield Figure(f"văn bản {key}", group, document.subject or document.short, document.full)
        yield Figure(f"số văn bản {key}", group, "Viện dẫn từ lần thứ hai", document.short)
        yield Figure(f"ngày văn bản {key}", group, f"Ngày của {document.short}", decree_day(document.issued_on))
