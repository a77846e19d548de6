"""What can go wrong in an operation, in words for the person who tried.

The web turns these into a message on the page, the API into a problem document (RFC 9457); both in one place.
"""

from __future__ import annotations

from typing import Any

NON_FIELD = "non_field_errors"


class RuleBroken(Exception):
    """The request cannot be carried out; the sentence says why and what is possible instead."""

    status = 400
    title = "Bad request"

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.errors: dict[str, list[str]] = {field: [sentence]} if field else {}


class Invalid(RuleBroken):
    """Several fields are wrong at once."""

    title = "Invalid input"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(" ".join(text for texts in errors.values() for text in texts))
        self.errors = errors


class NotAllowed(RuleBroken):
    """The actor sees the object but may not do this."""

    status = 403
    title = "Not allowed"


class NotFound(RuleBroken):
    """There is no such object, or none that the actor may see: the two answers are the same."""

    status = 404
    title = "Not found"


class Conflict(RuleBroken):
    """An illegal move, or somebody else was faster."""

    status = 409
    title = "Conflict"


class TooMany(RuleBroken):
    """Asked for too often; the sentence says when it is possible again."""

    status = 429
    title = "Too many requests"


class Stale(RuleBroken):
    """The object changed since it was read; `fields` holds the present value of each differing field."""

    status = 412
    title = "Stale version"

    def __init__(self, sentence: str, fields: dict[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.fields = fields or {}
        self.errors = {name: [f"Now: {value}"] for name, value in self.fields.items()}
