"""Reading customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, FilteredRelation, Q

from catalogue.models import Application, Question
from core.accounts.permissions import Permission, require
from core.common.actor import Actor
from core.common.errors import NotFound
from customers.models import BusyWindow, Contact, EnvironmentAnswer, Organisation
from customers.rules import is_busy

Record = TypeVar("Record", Organisation, Contact, BusyWindow, EnvironmentAnswer)


def get_for(
    model: type[Record], name: str, *, by: Actor, to: Permission = Permission.VIEW_CUSTOMERS
) -> Record:
    """One record: an organisation by slug, the others by id.

    Raises NotFound when invisible, NotAllowed when the actor may not do `to` with it.
    """
    manager: Any = model._default_manager
    wanted = {"slug": name} if model is Organisation else {"pk": int(name)} if _is_id(name) else None
    found: Record | None = manager.visible_to(by).filter(**wanted).first() if wanted else None
    if found is None:
        raise NotFound(f"There is no {model._meta.verbose_name} “{name[:60]}”.")
    require(by, to)
    return found


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def organisations_seen_whole(actor: Actor) -> list[int]:
    """The organisations all of whose tickets a customer may see (granted on the contact)."""
    if actor.user_id is None:
        return []
    found = Contact.objects.filter(user_id=actor.user_id, sees_organisation=True, organisation__isnull=False)
    return list(found.values_list("organisation_id", flat=True))


def contact_of(user_id: int | None) -> Contact | None:
    return Contact.objects.select_related("organisation").filter(user_id=user_id).first() if user_id else None


def organisation(slug: str, *, by: Actor) -> Organisation:
    found = Organisation.objects.visible_to(by).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no customer called {slug[:60]}.")
    return found


def busy_organisations(at: datetime) -> list[int]:
    """The organisations in a busy window at a moment."""
    return [window.organisation_id for window in BusyWindow.objects.all() if is_busy(window, at)]


@dataclass(frozen=True)
class Known:
    """A question of an application, with what an organisation answered to it and the answer before; empty for none."""

    question: Question
    value: str = ""
    before: str = ""
    answered_at: datetime | None = None


def environment(organisation: Organisation | None, application: Application | None) -> list[Known]:
    """All questions of an application in their order, with the organisation's answers. One query."""
    if application is None:
        return []
    theirs = FilteredRelation("answers", condition=Q(answers__organisation=organisation))
    rows = Question.objects.filter(application=application).alias(theirs=theirs)
    answers = {name: F(f"theirs__{name}") for name in ("value", "before", "answered_at")}
    found = rows.annotate(**answers).order_by("position", "pk")
    return [Known(one, one.value or "", one.before or "", one.answered_at) for one in found]  # type: ignore[attr-defined]
