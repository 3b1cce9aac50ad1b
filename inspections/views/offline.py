"""What a commune's machine needs to keep entries while the line is gone."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from communes.permissions import Permission, require

from .. import services


@require_POST
@require(Permission.DOSSIER_EDIT)
def device_key(request: HttpRequest) -> JsonResponse:
    """The account and its key; by POST, for the first asking makes the key."""
    key = services.device_key(request.user)  # type: ignore[arg-type]
    return JsonResponse({"account": str(request.user.pk), "key": key})
