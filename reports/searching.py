"""What the public's search looks through: the printed words of a notice, folded the same on every database."""

from communes.text import fold

from .content import NoticeContent

# Between two parts, so that a phrase never runs from one into the next.
STOP = " | "


def words_of(content: NoticeContent) -> str:
    """Everything printed that a person may look for, folded; number and date also without their zeros."""
    parts = [
        *(content.kind, content.code, f"{content.number}/{content.symbol}", content.subject, content.title),
        *(f"{content.kind} số {content.code}", *_dates(content), content.place),
        *(" ".join(content.parent), " ".join(content.issuer)),
        *(section.heading for section in content.sections),
        *(block.plain for block in content.all_blocks()),
        *(content.signature.name, content.signature.post, *content.signature.authority),
        *content.recipients,
    ]
    if content.cosigner:
        parts += [content.cosigner.name, content.cosigner.post]
    return STOP.join(dict.fromkeys(f" {fold(part)} " for part in parts if part))


def _dates(content: NoticeContent) -> tuple[str, ...]:
    """The date of issue as people write it: 05/12/2024, 5/12/2024, 05/9/2024."""
    if content.day is None or content.month is None:
        return ()
    day, month, year = content.day, content.month, content.year
    return (
        f"{day:02d}/{month:02d}/{year}",
        f"{day}/{month}/{year}",
        f"{content.day_text}/{content.month_text}/{year}",
        f"ngày {content.day_text} tháng {content.month_text} năm {year}",
    )
