"""Writing the catalogue."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import transaction

from catalogue import queries
from catalogue.models import Application, Component, Question, Region, Service
from catalogue.rules import LONGEST_KEY, check_choices
from core.accounts.permissions import Permission, require
from core.audit import edits
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken

Item = TypeVar("Item", Application, Component, Region, Service)


@transaction.atomic
def create(model: type[Item], values: dict[str, Any], *, by: Actor) -> Item:
    """Add an application, component, region or service. Raises Conflict when its slug is taken."""
    require(by, Permission.MANAGE_DATA)
    if model._default_manager.filter(slug=values["slug"]).exists():
        raise Conflict(f"There is already a {model._meta.verbose_name} “{values['slug']}”.")
    return edits.make(model, values, event=f"{model.SUBJECT}.created", by=by)


@transaction.atomic
def edit(
    model: type[Item], slug: str, changes: dict[str, Any], *, version: int | None = None, by: Actor
) -> Item:
    """Change its facts. Raises Stale when `version` is no longer the present one."""
    found = queries.get_for(model, slug, by=by, to=Permission.MANAGE_DATA)
    return edits.edit(found, changes, version=version, event=f"{model.SUBJECT}.edited", by=by)


@transaction.atomic
def ask(values: dict[str, Any], *, by: Actor) -> Question:
    """Add a question to an application's environment questionnaire. Raises Conflict when its key is taken."""
    require(by, Permission.MANAGE_DATA)
    check_choices(values.get("type", Question.Type.TEXT), values.get("choices", []))
    if len(values["key"]) > LONGEST_KEY:
        raise RuleBroken(f"A key has at most {LONGEST_KEY} characters.", field="key")
    if Question.objects.filter(application=values["application"], key=values["key"]).exists():
        raise Conflict(f"{values['application']} asks “{values['key']}” already.")
    return edits.make(Question, values, event="question.created", by=by)


@transaction.atomic
def edit_question(number: str, changes: dict[str, Any], *, version: int | None = None, by: Actor) -> Question:
    """Change a question. What was answered stays. Raises Stale when `version` is no longer the present one."""
    found = queries.question(number, by=by, to=Permission.MANAGE_DATA)
    check_choices(changes.get("type", found.type), changes.get("choices", found.choices))
    return edits.edit(found, changes, version=version, event="question.edited", by=by)
