"""The figures of one inspection: when, where, who, and each dossier's conclusions as a table."""

from collections.abc import Iterator
from datetime import time

from communes.notation import count, decree_day

from .facts import DossierFacts, InspectionFacts
from .tokens import Figure, Grid
from .words import BY_REPORT, LONGEST_TEXT, plain, result, worded

GROUP = "Cuộc kiểm tra"


def of_inspection(made: InspectionFacts) -> Iterator[Figure]:
    """Tokens of one dossier end with its place: "bảng kết luận 1"."""
    yield Figure("xã", GROUP, "Xã được kiểm tra", made.commune)
    day = decree_day(made.visited_on)
    yield worded("ngày kiểm tra", GROUP, "Ngày kiểm tra", day, "chưa ghi ngày kiểm tra")
    mode = "kiểm tra qua báo cáo" if made.mode == BY_REPORT else "kiểm tra trực tiếp"
    yield Figure("hình thức kiểm tra", GROUP, "Hình thức", mode)
    team, hosts, guests = (
        "; ".join(person.told for person in people) for people in (made.team, made.hosts, made.guests)
    )
    yield worded("thành phần đoàn", GROUP, "Thành viên Đoàn kiểm tra", team, "đợt chưa có thành viên Đoàn")
    yield worded("thành phần xã", GROUP, "Đại diện xã", hosts, "chưa có tài khoản nào của xã")
    yield worded("thành phần khác", GROUP, "Người cùng tham gia", guests, "không ghi ai cùng tham gia")
    yield from _of_visit(made)
    for dossier in made.dossiers:
        yield from _of_dossier(dossier)


def _of_visit(made: InspectionFacts) -> Iterator[Figure]:
    """What was recorded at the visit."""
    begins, ends = clock_time(made.begins_at), clock_time(made.ends_at)
    yield worded("giờ bắt đầu", GROUP, "Giờ bắt đầu", begins, "chưa ghi giờ bắt đầu")
    last = f"ngày {decree_day(made.visited_to)}" if is_longer(made) else "cùng ngày"
    yield worded("giờ kết thúc", GROUP, "Giờ kết thúc", f"{ends} {last}" if ends else "", "chưa ghi giờ kết thúc")
    last_day = decree_day(made.visited_to) if is_longer(made) else ""
    yield worded("ngày cuối kiểm tra", GROUP, "Ngày kiểm tra cuối cùng", last_day, "kiểm tra trong một ngày")
    yield worded("địa điểm kiểm tra", GROUP, "Địa điểm", plain(made.place, LONGEST_TEXT), "chưa ghi địa điểm")
    for at, note in enumerate(made.notes, 1):
        yield Figure(f"ghi nhận {at}", GROUP, "Ghi nhận chung", plain(note, LONGEST_TEXT))
    for noted in made.findings:
        token = f"ghi nhận {noted.dossier}.{noted.number}"
        label = f"Ghi nhận tiêu chí {noted.number}, {noted.unit}"
        yield Figure(token, GROUP, label, f"{noted.name}: {plain(noted.text, LONGEST_TEXT)}")
    for at, agreed in enumerate(made.deadlines, 1):
        value = f"{plain(agreed.who)}: {plain(agreed.what, LONGEST_TEXT)}; hoàn thành chậm nhất ngày"
        value = f"{value} {decree_day(agreed.due_on)}"
        yield Figure(f"thời hạn {at}", GROUP, "Thời hạn đã thống nhất", value)
    opinion = plain(made.opinion, LONGEST_TEXT)
    yield worded("ý kiến tại chỗ", GROUP, "Ý kiến của đại diện xã", opinion, "chưa ghi ý kiến của đại diện xã")


def is_longer(made: InspectionFacts) -> bool:
    """Whether the visit went over several days."""
    return made.visited_to is not None and made.visited_to != made.visited_on


def clock_time(moment: time | None) -> str:
    """ "08 giờ 30"; "" for None."""
    return f"{moment:%H} giờ {moment:%M}" if moment else ""


def _of_dossier(made: DossierFacts) -> Iterator[Figure]:
    place = made.number
    group = f"Hồ sơ {made.unit} · {made.set_name}"
    yield Figure(f"hồ sơ {place}", group, "Đơn vị và bộ tiêu chí", f"{made.unit}, bộ tiêu chí {made.set_name}")
    formula = "; ".join(f"{row.number}. {row.name}: {row.label}" for row in made.verdicts)
    yield Figure(f"kết quả {place}", group, "Số tiêu chí đạt", result(made.row), formula, ((made.unit, formula),))
    failed = [row for row in made.verdicts if made.row.failed(row.number)]
    listed = "; ".join(row.name for row in failed)
    yield worded(f"tiêu chí chưa đạt {place}", group, "Tiêu chí chưa đạt", listed, "không có tiêu chí nào chưa đạt")
    yield Figure(f"chưa kết luận {place}", group, "Số tiêu chí Đoàn chưa kết luận", count(made.undecided))
    label, value = "Bảng kết luận từng tiêu chí", f"bảng kết luận {made.unit}, bộ tiêu chí {made.set_name}"
    yield Figure(f"bảng kết luận {place}", group, label, value, table=_verdict_table(made))
    for at, question in enumerate(made.questions, 1):
        state = question.ending or f"hạn {decree_day(question.due_on)}"
        value = f"chỉ tiêu {question.indicator}: {plain(question.text, LONGEST_TEXT)} ({state})"
        yield Figure(f"yêu cầu {place}.{at}", group, "Yêu cầu bổ sung", value)
    reply = plain(made.reply, LONGEST_TEXT)
    yield worded(f"ý kiến {place}", group, "Ý kiến của xã", reply, "xã chưa có ý kiến")


def _verdict_table(made: DossierFacts) -> Grid:
    rows = tuple((str(row.number), row.name, row.label, plain(row.reason)) for row in made.verdicts)
    header = ("TT", "Tiêu chí", "Kết luận", "Lý do, ghi chú")
    return Grid("", header, rows, "clcl")
