"""Refusals that only the API knows; it answers them as problem details, as it does those of the services."""

from typing import Any

from rest_framework import exceptions, status


class PreconditionFailed(exceptions.APIException):
    """What the program has seen (If-Match) is no longer what stands here."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition-failed"


class Unfit(exceptions.APIException):
    """Well formed, but it does not fit the thing it is for; errors: {field: sentences}."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "unfit"

    def __init__(self, errors: dict[str, Any]) -> None:
        super().__init__()
        self.errors = errors
