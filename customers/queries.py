"""Reading customers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, FilteredRelation, Q, QuerySet

from catalogue.models import Application, Question
from core.accounts.permissions import Permission, can, require
from core.common.actor import Actor
from core.common.errors import NotFound
from core.common.vocabulary import CustomerTier
from customers.models import (
    BusyWindow,
    Contact,
    EnvironmentAnswer,
    ImpactNote,
    Organisation,
    Subscription,
    SubscriptionQuerySet,
)
from customers.rules import hurts_most, is_busy

Record = TypeVar("Record", Organisation, Contact, BusyWindow, EnvironmentAnswer, ImpactNote)


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
class HarmNow:
    """An impact note, and whether this is when it hurts most."""

    note: ImpactNote
    now: bool
    review_due: bool


def harm(
    applications: Iterable[Application], organisations: Iterable[Organisation], at: datetime, *, by: Actor
) -> list[HarmNow]:
    """The impact notes for what is broken, those whom it hurts most now first, then by the customer's tier.

    With organisations named, only theirs and those of nobody's. One query.
    """
    found = ImpactNote.objects.visible_to(by).filter(application__in=list(applications))
    if named := list(organisations):
        found = found.filter(Q(organisation=None) | Q(organisation__in=named))
    today = at.date()
    notes = [
        HarmNow(note, hurts_most(note, at), note.review_on is not None and note.review_on < today)
        for note in found.select_related("organisation", "contact", "application", "service")
    ]
    return sorted(notes, key=lambda one: (not one.now, _tier(one.note), one.note.whose, one.note.pk))


def _tier(note: ImpactNote) -> int:
    """The place of its customer's tier, the most important first; after them those of nobody."""
    tiers = list(CustomerTier.values)
    return tiers.index(note.organisation.tier) if note.organisation is not None else len(tiers)


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


MOST_SHOWN = 200


# --- who is told about incidents --------------------------------------------------------------------------
def with_names(found: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """With all that a line about a subscription names."""
    return found.select_related("user", "endpoint", "application", "organisation")


def running(
    *, application: Application | None, organisation: Organisation | None, incident_id: int | None
) -> SubscriptionQuerySet:
    """The one list: of an application, an organisation, both, an incident, or (nothing named) the default one."""
    found: SubscriptionQuerySet = Subscription.objects.filter(
        application=application, organisation=organisation, incident_id=incident_id
    ).select_related("user", "endpoint", "application", "organisation")
    return found.running()


def on_list(application: Application | None, organisation: Organisation | None) -> SubscriptionQuerySet:
    """Everybody who is told about an application, or a customer, or what hits that customer there; newest first."""
    named = {"application": application, "organisation": organisation}
    found: SubscriptionQuerySet = Subscription.objects.filter(
        incident_id=None, **{name: one for name, one in named.items() if one is not None}
    ).select_related("user", "endpoint", "application", "organisation")
    return found.running().order_by("-pk")


def subscription(pk: int, *, by: Actor) -> Subscription:
    """One subscription. Raises NotFound when the actor may not see it."""
    found = with_names(Subscription.objects.visible_to(by).filter(pk=pk)).first()
    if found is None:
        raise NotFound("There is no such subscription here.")
    return found


def subscriptions_of(user_id: int | None) -> QuerySet[Subscription]:
    """One's own, the newest first."""
    mine = Subscription.objects.filter(user_id=user_id).running() if user_id else Subscription.objects.none()
    return with_names(mine).order_by("-pk")


def followed(user_id: int) -> SubscriptionQuerySet:
    """What somebody put themselves on in the portal."""
    return Subscription.objects.running().filter(user_id=user_id, source=Subscription.Source.PORTAL)


def may_set_lists(actor: Actor) -> bool:
    """Put others on lists and take them off: who runs incidents, or keeps the customers."""
    return can(actor, Permission.RUN_INCIDENT) or can(actor, Permission.MANAGE_CUSTOMERS)
