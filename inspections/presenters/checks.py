"""What exactly a decision will do, in sentences for its check page and for the page after it."""

from collections.abc import Iterable

from django.db.models import Count

from communes import notation
from criteria.judgement import Judgement, counts_as_met

from ..models import CriterionConclusion, Dossier, EvidenceLink, ReturnItem
from .overview import reply_of


def verdicts_of(dossier: Dossier) -> list[CriterionConclusion]:
    return list(dossier.conclusions.select_related("criterion").order_by("criterion__number"))


def counted(dossier: Dossier, rows: Iterable[CriterionConclusion]) -> str:
    """ "15/19 tiêu chí: 15 đạt, 3 chưa đạt (5, 6, 14), 1 không đánh giá (7)"."""
    rows = list(rows)
    met = sum(counts_as_met(row.verdict, dossier.criteria_set.counts_basically_met) for row in rows)
    words = []
    for judgement in (*Judgement.decided(), Judgement.UNASSESSED):
        numbers = [str(row.criterion.number) for row in rows if row.verdict == judgement]
        if numbers:
            which = "" if judgement == Judgement.MET else f" ({', '.join(numbers)})"
            words.append(f"{len(numbers)} {str(judgement.label).lower()}{which}")
    return f"{met}/{len(rows)} tiêu chí đạt: {', '.join(words)}"


def contrary(rows: Iterable[CriterionConclusion]) -> list[str]:
    """Each conclusion that goes against what follows from the indicators, with its reason."""
    return [
        f"Tiêu chí {row.criterion.number} kết luận {row.get_verdict_display().lower()}, "
        f"khác với đề xuất từ các chỉ tiêu: {row.reason}"
        for row in rows
        if row.is_contrary
    ]


def on_provisional(dossier: Dossier) -> list[str]:
    """What publishing the provisional conclusions does."""
    rows = verdicts_of(dossier)
    until = dossier.reply_until
    said = (
        f"{dossier.commune.title} được giải trình đến hết ngày {notation.day(until)}. "
        f"{dossier.round.get_silence_display()}."
        if until
        else "Đợt này không có bước giải trình: có thể phê duyệt ngay sau đó."
    )
    return [
        f"Dự thảo: {counted(dossier, rows)}.",
        *contrary(rows),
        f"{dossier.commune.title} xem được kết luận, lý do và ý kiến của phòng, ban.",
        said,
        "Đoàn không sửa kết luận được nữa, trừ khi lãnh đạo Đoàn đưa hồ sơ về xem xét lại.",
    ]


def on_approval(dossier: Dossier) -> list[str]:
    """Exactly what approval freezes."""
    rows = verdicts_of(dossier)
    indicators = dossier.assessments.order_by()
    not_as_ruled = indicators.filter(is_contrary=True).count()
    proofs = EvidenceLink.objects.filter(assessment__dossier=dossier).aggregate(
        files=Count("evidence", distinct=True), links=Count("pk")
    )
    settled = dossier.return_items.filter(status=ReturnItem.Status.SETTLED).count()
    lines = [
        f"Chốt kết luận: {counted(dossier, rows)}.",
        *contrary(rows),
    ]
    if total := indicators.count():
        contrary_to_rules = f", trong đó {not_as_ruled} kết luận khác với đối chiếu ngưỡng" if not_as_ruled else ""
        lines.append(f"Chốt số liệu và ba đánh giá của {total} chỉ tiêu{contrary_to_rules}.")
    if proofs["files"]:
        lines.append(f"Ghi mã SHA-256 của {proofs['files']} minh chứng ({proofs['links']} lượt gắn với chỉ tiêu).")
    lines.append(f"Ghi bộ tiêu chí đã dùng: {dossier.criteria_set}.")
    if settled:
        lines.append(f"Giữ {settled} yêu cầu bổ sung đã giải quyết trong nhật ký.")
    if dossier.round.reply_until:
        lines += [f"Giải trình của xã: {reply_of(dossier)}.", *_written_replies(dossier, rows)]
    lines.append("Từ lúc đó không ai sửa được hồ sơ; mở lại phải có lý do, sau khi ban hành chỉ để thay thế thông báo.")
    return lines


def _written_replies(dossier: Dossier, rows: Iterable[CriterionConclusion]) -> list[str]:
    """The commune's own words: nobody approves over a reply that he has not seen."""
    said = [f"Xã viết: “{dossier.reply}”"] if dossier.reply else []
    return said + [f"Xã viết về tiêu chí {row.criterion.number}: “{row.reply}”" for row in rows if row.reply]


def on_reminder(dossier: Dossier) -> list[str]:
    until = notation.day(dossier.reply_until) if dossier.reply_until else ""
    return [
        f"{dossier.commune.title} không có ý kiến đến hết ngày {until}.",
        "Xã thấy lời nhắc trong việc cần làm và giải trình được đến hết ngày mới.",
        "Hết ngày đó mà xã vẫn không có ý kiến, Đoàn tự quyết định; không ghi là xã đồng ý.",
    ]


def on_take_up(dossier: Dossier) -> list[str]:
    replies = [row for row in verdicts_of(dossier) if row.reply]
    about = ", ".join(str(row.criterion.number) for row in replies)
    return [
        f"Giải trình của xã về {len(replies)} tiêu chí: {about}." if replies else "Giải trình chung của toàn hồ sơ.",
        "Hồ sơ trở lại bước kiểm tra; Đoàn sửa được kết luận của từng tiêu chí.",
        "Xã không còn xem được dự thảo cho đến khi công bố lại.",
    ]


def on_reopening(dossier: Dossier) -> list[str]:
    lines = [
        f"Hồ sơ đã chốt ngày {notation.day(dossier.concluded_at)} trở lại bước kiểm tra.",
        "Kết luận của từng tiêu chí giữ nguyên và sửa được; số liệu chốt trước đây còn mã băm trong nhật ký.",
        "Phải công bố dự thảo, chờ giải trình và phê duyệt lại từ đầu.",
    ]
    if dossier.locked_by_notice:
        lines.append(f"{dossier.locked_by_notice} giữ nguyên số liệu đã công bố; kết luận mới vào thông báo thay thế.")
    if not dossier.round.is_open:
        lines.append("Đợt kiểm tra đã đóng được mở lại, và tự đóng khi ban hành thông báo thay thế.")
    return lines


NEXT = {
    Dossier.Status.PROVISIONAL: "Đã công bố dự thảo kết luận",
    Dossier.Status.CONCLUDED: "Đã phê duyệt kết luận",
    Dossier.Status.SUBMITTED: "Hồ sơ đã trở lại bước kiểm tra",
}


def what_next(dossier: Dossier) -> dict[str, object]:
    """Title and sentences of the page after a decision."""
    until = dossier.reply_until
    if dossier.status == Dossier.Status.PROVISIONAL:
        wait = f"Chờ xã giải trình đến hết ngày {notation.day(until)}." if until else "Có thể phê duyệt ngay."
        lines = [f"{dossier.commune.title} đã xem được dự thảo kết luận.", wait]
    elif dossier.status == Dossier.Status.CONCLUDED:
        lines = [
            f"Mã băm số liệu chốt: {dossier.frozen_hash[:16]}…",
            "Kết quả đã vào số liệu của đợt; Văn phòng Điều phối soạn thông báo khi mọi hồ sơ đã kết luận.",
        ]
    else:
        lines = ["Thành viên Đoàn sửa kết luận của các tiêu chí liên quan, sau đó công bố dự thảo lại."]
    return {"title": NEXT.get(Dossier.Status(dossier.status), dossier.get_status_display()), "lines": lines}
