"""What the worker does for the pages of bundles; it may run twice, or die half-way, without harm."""

from django_tasks import task

from .models import RoundBundle
from .services import bundles


@task()
def carry_out(key: str) -> str:
    """Make a bundle that was asked for, or bring one in that was confirmed; how it ended."""
    bundle = RoundBundle.objects.select_related("round__authority", "by").filter(pk=key).first()
    return bundles.carry_out(bundle).status if bundle else "gone"
