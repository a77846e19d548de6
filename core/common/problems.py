"""Problem documents (RFC 9457): what every refused request to the API is answered with."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions

from core.common.errors import NON_FIELD, RuleBroken, Stale

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

log = structlog.get_logger(__name__)


class ProblemResponse(JsonResponse):
    """One problem document. `status` stands in the body and on the wire."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str | None = None,
        errors: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        document = {
            "type": "about:blank",
            "title": title or HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
        }
        if errors:
            document["errors"] = errors
        super().__init__(
            document | more,
            status=status,
            headers=headers,
            content_type=CONTENT_TYPE,
            encoder=DjangoJSONEncoder,
        )


def problem_handler(exc: Exception, context: dict[str, Any]) -> ProblemResponse | None:
    """The one place where an exception becomes an answer (REST framework's EXCEPTION_HANDLER).

    Returns None for what is our own fault: the server error is raised on, logged and answered 500.
    """
    match exc:
        case Stale():
            return ProblemResponse(412, exc.sentence, title=exc.title, errors=exc.errors, fields=exc.fields)
        case RuleBroken():
            return ProblemResponse(exc.status, exc.sentence, title=exc.title, errors=exc.errors)
        case exceptions.APIException():
            return _from_framework(exc)
        case Http404():
            return ProblemResponse(404, "There is nothing here.")
        case PermissionDenied():
            return ProblemResponse(403, str(exc) or "You may not do this.")
        case ValidationError():
            errors = exc.message_dict if hasattr(exc, "error_dict") else {NON_FIELD: exc.messages}
            return ProblemResponse(400, " ".join(exc.messages), title="Invalid input", errors=errors)
        case RequestDataTooBig():
            return ProblemResponse(413, "The request body is too large.")
        case SuspiciousOperation():
            return ProblemResponse(400, "The request cannot be read.")
    return _from_database(exc)


def _from_framework(exc: exceptions.APIException) -> ProblemResponse:
    headers: dict[str, str] = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(exc, exceptions.Throttled):
        headers["Retry-After"] = str(max(1, math.ceil(exc.wait or 1)))
    if isinstance(exc, exceptions.ValidationError):
        errors = flatten(exc.detail)
        detail = " ".join(
            text if field == NON_FIELD else f"{field}: {text}"
            for field, texts in errors.items()
            for text in texts
        )
        return ProblemResponse(400, detail[:2000], title="Invalid input", errors=errors)
    return ProblemResponse(exc.status_code, str(exc.detail), headers=headers)


def _from_database(exc: Exception) -> ProblemResponse | None:
    match exc:
        case DataError() | OverflowError():
            return ProblemResponse(400, "A value is out of the range that can be stored.")
        case IntegrityError():
            log.warning("api.integrity_error", error=str(exc))
            return ProblemResponse(
                409, "Another record already holds these values, or the one named has gone."
            )
        case OperationalError():
            log.error("api.database_unavailable", error=str(exc))
            return ProblemResponse(
                503,
                "The database is busy or away; nothing was changed. Please try again.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
    return None


def flatten(detail: Any, path: str = "") -> dict[str, list[str]]:
    """REST framework's nested error details as one level: {"steps.0.title": ["..."]}."""
    if isinstance(detail, dict):
        pairs = [(str(name), value) for name, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        pairs = [(str(position), value) for position, value in enumerate(detail) if value]
    else:
        texts = detail if isinstance(detail, list) else [detail]
        return {path or NON_FIELD: [str(text) for text in texts]}
    errors: dict[str, list[str]] = {}
    for name, value in pairs:
        below = path if path and name == NON_FIELD else f"{path}.{name}" if path else name
        for field, texts in flatten(value, below).items():
            errors.setdefault(field, []).extend(texts)
    return errors
