"""The OpenAPI description: what the base classes do, told once for every endpoint."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

from drf_spectacular.openapi import AutoSchema

from core.common.problems import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what is possible."},
        "errors": {
            "type": "object",
            "description": "For bad input: sentences by field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
ALWAYS = {
    "400": "Bad input, or an unknown field or parameter",
    "401": "No valid token or session",
    "403": "Visible, but not allowed",
    "404": "Not there, or not for the caller",
    "429": "Too many requests; see Retry-After",
}
WITH_BODY = {
    "409": "An illegal move, or somebody else was faster",
    "413": "The body is too large",
    "415": "The body is not JSON",
}
STALE = {"412": "If-Match names an older version; `fields` holds the present values"}
WRITES = ("post", "patch", "put", "delete")
CONDITIONAL = ("patch", "delete")


class DeskSchema(AutoSchema):
    """Knows the forms of a DeskViewSet, and the headers that its base class understands."""

    def get_request_serializer(self) -> Any:
        action = getattr(self.view, "action", None)
        if action == "create":
            return self.view.create_form
        if action == "partial_update":
            return self.view.patch_form
        return super().get_request_serializer()

    def get_description(self) -> str:
        """The docstring of the method, or of the viewset for the four basic endpoints; never of a base class."""
        action = getattr(self.view, "action", None)
        if action in ("list", "create", "retrieve", "partial_update"):
            return cleandoc(self.view.__doc__ or "")
        return super().get_description()

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]


def document_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add the problem documents and the request headers to every operation (a postprocessing hook)."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path in result["paths"].values():
        for method, operation in path.items():
            if isinstance(operation, dict) and "responses" in operation:
                _add_problems(operation, method)
                _add_headers(operation, method)
    return result


def _add_problems(operation: dict[str, Any], method: str) -> None:
    problems = ALWAYS | (WITH_BODY if method in WRITES else {}) | (STALE if method in CONDITIONAL else {})
    for status, description in problems.items():
        operation["responses"].setdefault(
            status,
            {
                "description": description,
                "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )


def _add_headers(operation: dict[str, Any], method: str) -> None:
    if method == "post":
        text = "The same key and body give the first answer again for 24 hours."
        _header(operation, "Idempotency-Key", text, {"type": "string", "pattern": "^[!-~]{1,255}$"})
    if method in CONDITIONAL:
        _header(operation, "If-Match", 'The ETag that was read, for example "3".', {"type": "string"})


def _header(operation: dict[str, Any], name: str, description: str, schema: dict[str, Any]) -> None:
    operation.setdefault("parameters", []).append(
        {"in": "header", "name": name, "required": False, "description": description, "schema": schema}
    )
