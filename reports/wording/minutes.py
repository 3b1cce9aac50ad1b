"""The figures of one inspection: when, where, who, and each dossier's conclusions as a table."""

from collections.abc import Iterator

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
    team, hosts = ("; ".join(person.told for person in people) for people in (made.team, made.hosts))
    yield worded("thành phần đoàn", GROUP, "Thành viên Đoàn kiểm tra", team, "đợt chưa có thành viên Đoàn")
    yield worded("thành phần xã", GROUP, "Đại diện xã", hosts, "chưa có tài khoản nào của xã")
    for dossier in made.dossiers:
        yield from _of_dossier(dossier)


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
