"""The five values a judgement can have, and which of them count as met."""

from django.db import models


class Judgement(models.TextChoices):
    """What somebody holds of an indicator or a criterion.

    The commune's self-assessment, the agency's opinion and the team's conclusion
    all use this one scale, so that they can be set side by side.
    """

    UNASSESSED = "chua_danh_gia", "Chưa đánh giá"
    MET = "dat", "Đạt"
    BASICALLY_MET = "co_ban_dat", "Cơ bản đạt"
    NOT_MET = "chua_dat", "Chưa đạt"
    NOT_ASSESSED = "khong_danh_gia", "Không đánh giá"

    @property
    def sign(self) -> str:
        """The shape shown before the word, so that colour is never alone in telling."""
        return SIGNS[self]

    @classmethod
    def decided(cls) -> "tuple[Judgement, ...]":
        """Everything but "chưa đánh giá": what a conclusion may say."""
        return (cls.MET, cls.BASICALLY_MET, cls.NOT_MET, cls.NOT_ASSESSED)


# Of one set: the verdicts of a dossier are also kept as a line with a letter for each.
MOST_CRITERIA = 200
TOO_MANY_CRITERIA = f"Số tiêu chí lớn nhất được là {MOST_CRITERIA}."
SIGNS = {
    Judgement.UNASSESSED: "○",
    Judgement.MET: "●",
    Judgement.BASICALLY_MET: "◐",
    Judgement.NOT_MET: "✕",
    Judgement.NOT_ASSESSED: "–",
}


def counts_as_met(judgement: str, counts_basically_met: bool) -> bool:
    """Whether a verdict counts in the "n" of "n/19".

    counts_basically_met: the set's own option; by default "cơ bản đạt" does not count.
    """
    if judgement == Judgement.BASICALLY_MET:
        return counts_basically_met
    return judgement == Judgement.MET
