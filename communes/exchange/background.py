"""Imports of many rows as a task of the worker; run twice, or again after its process died, it does no harm."""

from django_tasks import task

from .. import tables
from ..imports import ImportRun
from . import runs


@task()
def carry_on(key: str) -> str:
    """Check or save the import that waits; answers with the state it came to."""
    run = ImportRun.objects.select_related("by").filter(pk=key).first()
    if run is None:
        return ""
    try:
        runs.carry_on_now(run)
    except tables.Refused as refused:
        # The machine was busier than when the file came in; the person sees why and may ask again.
        ImportRun.objects.filter(pk=key).update(message=str(refused), touched_at=None)
    run.refresh_from_db()
    return str(run.status)
