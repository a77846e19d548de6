"""References such as TKT-1: one number series per kind, never reused.

The number is the primary key: both databases hand it out once and never again, without a counter to fight over.
"""

from __future__ import annotations

import re
from typing import ClassVar

from django.db import models

from core.common.errors import NotFound

_REFERENCE = re.compile(r"([A-Za-z]{2,5})-([1-9][0-9]{0,17})")
REFERENCE_IN_TEXT = re.compile(r"\b(?:TKT|INC|PRB|CHG)-[1-9][0-9]{0,17}\b", re.IGNORECASE)


class Referenced(models.Model):
    """A kind of work that people call by its reference."""

    PREFIX: ClassVar[str]
    SUBJECT: ClassVar[str]

    class Meta:
        abstract = True

    @property
    def reference(self) -> str:
        return f"{self.PREFIX}-{self.pk}"


class Versioned(models.Model):
    """Counts the writes, so that a stale edit can be refused (ETag, hidden form field)."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


def plain_number(text: str) -> int:
    """The primary key in an address whose things have no better name; 0, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def number_of(reference: str, prefix: str) -> int:
    """The primary key behind a reference. Raises NotFound for anything that is not one of this kind."""
    match = _REFERENCE.fullmatch(reference.strip())
    if not match or match[1].upper() != prefix:
        raise NotFound(f"There is no {reference[:40]} here.")
    return int(match[2])
