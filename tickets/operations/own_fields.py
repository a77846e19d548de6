"""Writing the desk's own fields of tickets."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from catalogue.rules import check_choices
from core.accounts.permissions import Permission, require
from core.audit import edits
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from tickets.models import CustomField

FIXED = ("key", "type")  # values lie in tickets under the key, in the type


@transaction.atomic
def make_field(values: dict[str, Any], *, by: Actor) -> CustomField:
    """Add a field. Raises Conflict when its key is taken."""
    require(by, Permission.MANAGE_DATA)
    check_choices(values.get("type", CustomField.Type.TEXT), values.get("choices", []))
    if CustomField.objects.filter(key=values["key"]).exists():
        raise Conflict(f"There is already a field “{values['key']}”.")
    return edits.make(CustomField, values, event="custom_field.created", by=by)


@transaction.atomic
def edit_field(field: CustomField, changes: dict[str, Any], *, version: int | None, by: Actor) -> CustomField:
    """Change a field. Values in tickets stay as they are, so its key and type do, too."""
    require(by, Permission.MANAGE_DATA)
    if fixed := [name for name in FIXED if name in changes and changes[name] != getattr(field, name)]:
        raise RuleBroken("Tickets hold values by it: switch this field off and make another.", field=fixed[0])
    check_choices(field.type, changes.get("choices", field.choices))
    return edits.edit(field, changes, version=version, event="custom_field.edited", by=by)
