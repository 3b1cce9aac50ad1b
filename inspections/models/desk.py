"""What belongs to the people at the review desk: reasons worded beforehand, and when who last looked at a criterion."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from communes.fields import ProseField
from communes.models import Authority, User
from communes.permissions import Permission

from .assessments import CriterionConclusion
from .common import person
from .rounds import TeamMember


class PhraseQuerySet(models.QuerySet["Phrase"]):
    def for_user(self, user: User) -> "PhraseQuerySet":
        """The shared phrases of one's authority and of the rounds one inspects, and one's own."""
        places = Q(authority__in=user.scope("authority", needs=Permission.ROUND_READ))
        places |= Q(authority__in=TeamMember.objects.filter(user=user).order_by().values("round__authority"))
        return self.filter(places, Q(owner__isnull=True) | Q(owner=user))


class Phrase(models.Model):
    """A reason worded beforehand, to be taken over into a conclusion: câu mẫu."""

    authority = models.ForeignKey(Authority, models.PROTECT, verbose_name="cơ quan", related_name="phrases")
    # Without an owner it is everybody's; with one it is shown to that person only.
    owner = person("của riêng")
    text = ProseField("câu mẫu")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người viết", related_name="+")
    made_at = models.DateTimeField("viết lúc")

    objects = PhraseQuerySet.as_manager()

    class Meta:
        verbose_name = "câu mẫu"
        verbose_name_plural = "câu mẫu"
        ordering = ["made_at", "pk"]
        constraints = [models.CheckConstraint(name="phrase_has_text", condition=~Q(text=""))]

    def __str__(self) -> str:
        return self.text[:80]


class Look(models.Model):
    """When a person last had a criterion of a dossier before them; one row a person, dossier and criterion."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="người xem", related_name="+")
    conclusion = models.ForeignKey(
        CriterionConclusion, models.CASCADE, verbose_name="tiêu chí của hồ sơ", related_name="looks"
    )
    looked_at = models.DateTimeField("xem lúc")

    class Meta:
        verbose_name = "lần xem gần nhất"
        verbose_name_plural = "lần xem gần nhất"
        constraints = [models.UniqueConstraint(fields=["user", "conclusion"], name="look_once_per_person")]

    def __str__(self) -> str:
        return f"{self.user} · {self.conclusion_id}"
