"""Editing the plain fields of a versioned object: one conditional UPDATE and one event, never read-then-save."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models, transaction

from core.audit import trail
from core.common.actor import Actor
from core.common.errors import Stale

M = TypeVar("M", bound=models.Model)


@transaction.atomic
def make(model: type[M], values: dict[str, Any], *, event: str, by: Actor) -> M:
    """Insert a row with its many-to-many values, and record the event. The caller has checked the permission."""
    many = _many(model, values)
    made = model._default_manager.create(
        **{name: value for name, value in values.items() if name not in many}
    )
    for name, objects in many.items():
        getattr(made, name).set(objects)
    trail.record(event, on=made, by=by, after=_words(values))  # type: ignore[arg-type]
    return made


@transaction.atomic
def edit(obj: M, changes: dict[str, Any], *, version: int | None, event: str, by: Actor) -> M:
    """Write the changes if the object still has the version that the caller saw (None: whichever it has).

    Raises Stale with the present values of the fields that differ from what was sent.
    """
    model = type(obj)
    many = _many(model, changes)
    before, after = _words({name: _value(obj, name) for name in changes}), _words(changes)
    differing = [name for name in changes if before[name] != after[name]]
    rows = model._default_manager.filter(pk=obj.pk, **({} if version is None else {"version": version}))
    columns = {name: value for name, value in changes.items() if name not in many}
    bump = {"version": models.F("version") + 1} if differing else {"version": models.F("version")}
    if not rows.update(**columns, **bump):
        raise Stale(
            f"{obj} was changed by somebody else meanwhile.", {name: before[name] for name in differing}
        )
    for name, objects in many.items():
        getattr(obj, name).set(objects)
    if differing:
        trail.record(
            event,
            on=obj,  # type: ignore[arg-type]
            by=by,
            before={name: before[name] for name in differing},
            after={name: after[name] for name in differing},
        )
    return model._default_manager.get(pk=obj.pk)


def _many(model: type[models.Model], values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if model._meta.get_field(name).many_to_many}


def _value(obj: models.Model, name: str) -> Any:
    value = getattr(obj, name)
    return list(value.all()) if obj._meta.get_field(name).many_to_many else value


def _words(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _word(value) for name, value in values.items()}


def _word(value: Any) -> Any:
    if isinstance(value, list):
        return (
            sorted(_word(item) for item in value)
            if all(isinstance(i, models.Model) for i in value)
            else value
        )
    if isinstance(value, models.Model):
        return str(getattr(value, "reference", None) or getattr(value, "slug", None) or value)
    return value
