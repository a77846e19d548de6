"""The steps that the verbs share."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F

from core.audit import trail
from core.common import clock
from core.common.errors import Conflict, Invalid, Stale
from escalation import review_rules, rotation_rules, rules
from escalation.models import Card, EscalationPolicy, Reviewed, Rotation, Team

Row = TypeVar("Row", Card, Team, Rotation, EscalationPolicy)


def update(
    row: Row,
    values: dict[str, Any],
    version: int | None,
    derive: Callable[[Row], dict[str, Any]] | None = None,
    **silent: Any,
) -> None:
    """The conditional write: nobody else may have written since `row` was read.

    `derive` gives the columns that follow from the checked row.
    """
    if version is not None and version != row.version:
        differing = trail.changed(row, values)[0]
        raise Stale(f"{row} was changed since you read it.", fields=differing)
    for name, value in values.items():
        setattr(row, name, value)
    check(row)
    silent |= derive(row) if derive else {}
    untouched = type(row).objects.filter(pk=row.pk, version=row.version)
    if not untouched.update(version=F("version") + 1, **values, **silent):
        raise Conflict(f"Somebody else changed {row} just now. Look again.")


def check(row: models.Model) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise Invalid(error.message_dict) from error
    if isinstance(row, Rotation):
        rules.parse_restrictions(row.restrictions)
        rotation_rules.check_rule(row.period, row.every, row.start)
    if isinstance(row, Reviewed):
        review_rules.check_due(row.review_due, clock.now().date())


def checked(rotation: Rotation, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes of a rotation, if it would still be one with them. Raises Invalid or RuleBroken."""
    changed = copy.copy(rotation)
    for name, value in changes.items():
        setattr(changed, name, value)
    check(changed)
    return changes


def names(people: Any) -> list[str]:
    return [person.username for person in people]
