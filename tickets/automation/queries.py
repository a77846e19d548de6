"""Reading rules: which listen, which tickets stand still, what a rule would have done, why it did or did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DateTimeField, Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from core.accounts.permissions import Permission, require
from core.audit.models import Event
from core.common.actor import Actor, Door
from core.common.errors import NotFound
from tickets.automation import conditions
from tickets.models import AutomationRule, RuleRun, Ticket

# What the desk does by itself is no change: a rule that reminds every day must not keep itself alive.
NO_CHANGE = (Door.RULE, Door.TIMER)
LARGEST = 2**63 - 1


def rules() -> QuerySet[AutomationRule]:
    """All rules in their order."""
    return AutomationRule.objects.select_related("owner").order_by("position", "id")


def get_for(pk: int, *, by: Actor) -> AutomationRule:
    """One rule for somebody who manages rules. Raises NotAllowed, NotFound."""
    require(by, Permission.MANAGE_AUTOMATION)
    found = rules().filter(pk=pk).first() if 0 < pk <= LARGEST else None
    if found is None:
        raise NotFound("There is no such rule.")
    return found


def listening(event: str) -> list[AutomationRule]:
    """The active rules for an event, in order. There are few rules, so their lists are read here."""
    found = rules().filter(active=True, trigger=AutomationRule.Trigger.EVENT)
    return [rule for rule in found.prefetch_related("owner__role_grants") if event in rule.events]


def names(ids: Sequence[int]) -> list[str]:
    """The rules' names in the given order."""
    known = dict(AutomationRule.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [known.get(pk, f"rule {pk}") for pk in ids]


def standing_still(rule: AutomationRule, owner: Actor, now: datetime) -> QuerySet[Ticket]:
    """The open tickets that match, were not changed for the rule's minutes, and were not met in this state.

    Raises Invalid when the conditions cannot be read any more.
    """
    changes = Event.objects.filter(
        subject_kind=Ticket.SUBJECT, subject_id=OuterRef("pk"), name__startswith="ticket."
    ).exclude(door__in=NO_CHANGE)
    last = Subquery(changes.order_by("-id").values("at")[:1], output_field=DateTimeField())
    met = RuleRun.objects.filter(
        rule=rule, ticket_id=OuterRef("pk"), event_id__isnull=True, at__gte=OuterRef("changed_at")
    )
    until = now - timedelta(minutes=rule.after_minutes or 0)
    found = conditions.matching(rule.conditions, owner, Ticket.objects.open())
    # A created_at this side of the limit spares the look at the history of what is new.
    found = found.filter(created_at__lte=until).annotate(changed_at=Coalesce(last, F("created_at")))
    return found.filter(changed_at__lte=until).exclude(Exists(met)).order_by("changed_at", "pk")


def last_change(ticket: Ticket) -> datetime:
    """When somebody last changed a ticket, as the time rules see it."""
    event = (
        Event.objects.filter(subject_kind=Ticket.SUBJECT, subject_id=ticket.pk, name__startswith="ticket.")
        .exclude(door__in=NO_CHANGE)
        .order_by("-id")
        .first()
    )
    return event.at if event else ticket.created_at


def runs(rule: AutomationRule, reader: Actor) -> QuerySet[RuleRun]:
    """What a rule did, the newest first, on tickets that the reader may see."""
    seen = Ticket.objects.visible_to(reader).values("pk")
    return RuleRun.objects.filter(rule=rule, ticket_id__in=seen).order_by("-id")


@dataclass(frozen=True)
class Found:
    """One ticket that a rule would have met: when, by which event (None: it stands still now)."""

    ticket: Ticket
    at: datetime
    event: Event | None = None
