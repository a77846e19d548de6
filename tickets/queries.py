"""Reading tickets: the one door to a single ticket, and the queue in its work order."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Case, F, OuterRef, PositiveSmallIntegerField, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Greatest

from core.accounts.permissions import Permission, can, require
from core.audit import trail
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, NotFound, RuleBroken
from core.common.ids import number_of
from core.common.vocabulary import Priority
from customers.models import Contact
from customers.queries import busy_organisations
from escalation import directory
from escalation.models import Tier
from escalation.tiers import ladder
from tickets import rules
from tickets.models import Entry, HeldReply, Macro, PriorityCell, Ticket
from worklog import queries as worklog

RELATED = ("organisation", "requester", "application", "component", "team", "assignee")
STAYS_POSSIBLE = (Permission.VIEW_TICKETS, Permission.REPLY)  # with a ticket that was merged into another
DRAWN_SECONDS = 30
PAGE = 50
MOST_COUNTED = 1000


def get_for(reference: str, *, by: Actor, to: Permission = Permission.VIEW_TICKETS) -> Ticket:
    """One ticket for an actor who wants to do something with it.

    Raises NotFound when it does not exist for the actor, NotAllowed when they see it but may not.
    """
    pk = number_of(reference, Ticket.PREFIX)
    found = (
        Ticket.objects.visible_to(by).select_related(*RELATED, "communication_owner").filter(pk=pk).first()
    )
    if found is None:
        raise NotFound(f"There is no {reference.strip()[:40]} here.")
    require(by, to)
    if found.merged_into_id is not None and to not in STAYS_POSSIBLE:
        raise Conflict(f"{found.reference} was merged into {_where(found.merged_into_id, by)}. Go on there.")
    return found


def reference_of(pk: int) -> str:
    return f"{Ticket.PREFIX}-{pk}"


def survivor_for(reference: str, *, by: Actor, to: Permission = Permission.WORK_TICKET) -> Ticket:
    """The ticket itself, or the one that it was merged into, through any chain. Raises as `get_for` does."""
    found = get_for(reference, by=by)
    return get_for(reference_of(found.merged_into_id or found.pk), by=by, to=to)


def survivor_seen(ticket: Ticket, actor: Actor) -> Ticket | None:
    """Where a merged ticket went, for an actor who may see that."""
    if ticket.merged_into_id is None:
        return None
    return Ticket.objects.visible_to(actor).filter(pk=ticket.merged_into_id).first()


def requesters(ticket: Ticket) -> list[Contact]:
    """Who asked: the ticket's own requester, and those of the duplicates of the same customer that went into it."""
    merged = ticket.merged_from.filter(organisation_id=ticket.organisation_id).order_by("pk")
    found = [ticket.requester, *(other.requester for other in merged.select_related("requester"))]
    return list({contact.pk: contact for contact in found if contact is not None}.values())


def _where(pk: int, by: Actor) -> str:
    return reference_of(pk) if Ticket.objects.visible_to(by).filter(pk=pk).exists() else "another ticket"


def fresh(ticket: Ticket) -> Ticket:
    """The ticket as it stands now, for the answer of an operation."""
    return Ticket.objects.select_related(*RELATED).get(pk=ticket.pk)


def matrix() -> dict[tuple[str, str], str]:
    """The desk's own cells of the priority matrix."""
    return {(cell.impact, cell.urgency): cell.priority for cell in PriorityCell.objects.all()}


def whole_matrix() -> dict[tuple[str, str], str]:
    """All nine cells as they are in force."""
    return {**rules.DEFAULT_MATRIX, **matrix()}


def next_in_line(ticket: Ticket) -> tuple[str, str]:
    """The team of the next tier and who is on call there, for a page's drawing; up to half a minute old."""
    areas = ",".join(sorted(ticket.areas))
    place = f"tickets.next:{ticket.component_id}:{ticket.application_id}:{areas}:{ticket.tier}"
    return cache.get_or_set(place, lambda: _next_in_line(ticket), DRAWN_SECONDS) or ("", "")


def _next_in_line(ticket: Ticket) -> tuple[str, str]:
    try:
        team, person = directory.receiving(
            component=ticket.component,
            tier=ticket.tier + 1,
            application=ticket.application,
            areas=ticket.areas,
        )
    except Conflict:  # nobody works there
        return "", ""
    return team.name, person.display_name if person else "nobody"


def use_of(tier: Tier) -> str:
    """Why a tier cannot be taken away, or "": no count, as some of the tickets may be none of the reader's business."""
    if not Ticket.objects.open().filter(tier=tier.number).exists():
        return ""
    return f"Open tickets stand at {tier}. Hand them back or resolve them first."


def conversation(ticket: Ticket, actor: Actor) -> QuerySet[Entry]:
    """The messages that the actor may read, the oldest first."""
    return Entry.objects.visible_to(actor).filter(ticket=ticket).select_related("author")


def written_since(ticket: Ticket, last_seen: int, actor: Actor) -> Entry | None:
    """The newest public message after `last_seen` that somebody else wrote."""
    newer = ticket.entries.exclude(kind=Entry.Kind.INTERNAL_NOTE).filter(pk__gt=last_seen)
    return newer.exclude(author_id=actor.user_id).last()


def held_replies(ticket: Ticket) -> QuerySet[HeldReply]:
    """The replies that are on their way, or came back, the oldest first."""
    return (
        HeldReply.objects.filter(ticket=ticket, entry__isnull=True, taken_back_at__isnull=True)
        .select_related("author")
        .order_by("pk")
    )


def macros(actor: Actor) -> QuerySet[Macro]:
    """The macros that the actor may use, by name."""
    return Macro.objects.visible_to(actor).order_by("name")


def macro_to_use(pk: int, *, by: Actor) -> Macro:
    """One of them. Raises RuleBroken."""
    found = macros(by).filter(pk=pk).first()
    if found is None:
        raise RuleBroken(f"There is no macro {pk} that you can use.", field="macro")
    return found


def macros_kept(actor: Actor) -> QuerySet[Macro]:
    """All macros for who manages them, those out of use as well; for others those that they may use."""
    managed = can(actor, Permission.MANAGE_MACROS)
    return Macro.objects.all() if managed else Macro.objects.visible_to(actor)


def macro(pk: int, *, by: Actor) -> Macro:
    """One macro of these. Raises NotFound."""
    found = macros_kept(by).select_related("team").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such macro.")
    return found


def tags_in_use(actor: Actor, most: int = 12) -> list[str]:
    """The tags used most on the tickets that the actor sees, of the last 300 changed."""
    rows = Ticket.objects.visible_to(actor).exclude(tags=[]).order_by("-updated_at")
    counted = Counter(tag for tags in rows.values_list("tags", flat=True)[:300] for tag in tags)
    return [tag for tag, _ in counted.most_common(most)]


def own_mark(ticket: Ticket, actor: Actor) -> str:
    """Moves on with everything that the actor sends on the ticket: what was typed before it has been sent."""
    direct = Entry.objects.filter(ticket=OuterRef("pk"), author_id=actor.user_id, held_as__isnull=True)
    held = HeldReply.objects.filter(ticket=OuterRef("pk"), author_id=actor.user_id)
    newest = [Subquery(rows.order_by("-pk").values("pk")[:1]) for rows in (direct, held)]
    marks = Ticket.objects.filter(pk=ticket.pk).values_list(*newest).get()
    return ".".join(str(mark or 0) for mark in marks)


def history(ticket: Ticket, actor: Actor) -> QuerySet[Event]:
    """What happened to the ticket; only those who work on tickets read it, as hand-offs hold internal words."""
    if not can(actor, Permission.WORK_TICKET):
        raise NotFound("There is no history here.")
    return trail.history(Ticket.SUBJECT, ticket.pk)


# --- the queue ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Queue:
    """One page of the work order: rows with `band` and `rank_reason`, and where the next page starts."""

    tickets: list[Ticket]
    next: str | None
    now: datetime


def queue(
    base: QuerySet[Ticket], *, cursor: str | None = None, limit: int = PAGE, now: datetime | None = None
) -> Queue:
    """The work order of open tickets: band, priority, customer tier, due time, age, id.

    One indexed query a band, until the page is full. The cursor carries the band, the place in it and
    `now`, so that a page that is read slowly neither repeats nor leaves out a ticket.
    Raises RuleBroken for a cursor that we did not give.
    """
    moment, start, after = _read_cursor(cursor) if cursor else (now or clock.now(), 0, None)
    busy = busy_organisations(moment)
    found: list[Ticket] = []
    for number, band in enumerate(rules.BANDS[start:], start):
        rows = _ordered(base.filter(_in_band(band, moment)), busy)
        if after is not None and number == start:
            rows = rows.filter(_beyond(after))
        found += [_placed(ticket, band, moment, busy) for ticket in rows[: limit + 1 - len(found)]]
        if len(found) > limit:
            break
    page = found[:limit]
    return Queue(page, _cursor(page[-1], moment) if len(found) > limit else None, moment)


def count_up_to(rows: QuerySet[Any], most: int = MOST_COUNTED) -> int | None:
    """How many rows, or None above `most`: a count that never walks through history."""
    number = rows.order_by()[: most + 1].count()
    return number if number <= most else None


def views(actor: Actor, now: datetime) -> dict[str, tuple[str, QuerySet[Ticket]]]:
    """The queue's fixed views, by name: label and tickets."""
    tickets = Ticket.objects.visible_to(actor).open()
    above = ladder().span(2)
    found = {
        "triage": ("To triage", tickets.filter(tier=1, status__in=("new", "open"))),
        "breaching": ("Breaching soon", tickets.filter(due_at__lte=now + timedelta(hours=1))),
        "replied": ("Customer replied", tickets.filter(customer_replied_at__isnull=False)),
        "waiting": ("Waiting", tickets.filter(status__in=("waiting", "on_hold"))),
        "mentioned": ("Named me", tickets.filter(pk__in=_named(actor))),
        "mine": ("Mine", tickets.filter(assignee_id=actor.user_id)),
        "escalated": (above, tickets.filter(tier__gt=1)),
        "all": ("All open", tickets),
    }
    return {name: view for name, view in found.items() if name != "escalated" or above}


def _named(actor: Actor) -> QuerySet[Any]:
    return worklog.unread_mentions(Ticket.SUBJECT, actor).values("subject_id")


def _in_band(band: str, now: datetime) -> Q:
    hour, today = now + timedelta(hours=1), rules.end_of_today(now)
    return {
        "overdue": Q(due_at__lte=now),
        "next_hour": Q(due_at__gt=now, due_at__lte=hour),
        "today": Q(due_at__gt=hour, due_at__lte=today),
        "later": Q(due_at__gt=today),
        "paused": Q(due_at__isnull=True),
    }[band]


def _ordered(rows: QuerySet[Ticket], busy: list[int]) -> QuerySet[Ticket]:
    raised = Case(
        When(
            organisation_id__in=busy,
            customer_rank__lt=rules.NO_CUSTOMER,
            then=Greatest(F("customer_rank") - 1, Value(0)),
        ),
        default=F("customer_rank"),
        output_field=PositiveSmallIntegerField(),
    )
    return for_list(rows.annotate(place=raised)).order_by("priority", "place", "due_at", "created_at", "id")


def for_list(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """With what a row of a list shows, and without the long texts."""
    return rows.select_related(*RELATED).defer(
        "description", "description_html", "steps_to_reproduce", "risk"
    )


def _beyond(after: list[Any]) -> Q:
    """The rows behind a place in a band: the keyset condition for the five columns of the order."""
    names = ["priority", "place", "due_at", "created_at", "id"]
    if after[2] is None:  # in the paused band every due time is empty
        names.pop(2)
        after = [value for number, value in enumerate(after) if number != 2]
    condition = Q()
    for depth, name in enumerate(names):
        same = {names[i]: after[i] for i in range(depth)}
        condition |= Q(**same, **{f"{name}__gt": after[depth]})
    return condition


def _placed(ticket: Ticket, band: str, now: datetime, busy: list[int]) -> Ticket:
    is_busy = ticket.organisation_id in busy
    ticket.band = band
    ticket.rank_reason = rules.rank_reason(ticket.due_at, now, ticket.priority, ticket.customer_rank, is_busy)
    return ticket


def rank_reason(ticket: Ticket, now: datetime, busy: list[int]) -> str:
    return rules.rank_reason(
        ticket.due_at, now, ticket.priority, ticket.customer_rank, ticket.organisation_id in busy
    )


def _cursor(ticket: Any, now: datetime) -> str:
    due = ticket.due_at.isoformat() if ticket.due_at else None
    place = [ticket.priority, ticket.place, due, ticket.created_at.isoformat(), ticket.pk]
    raw = json.dumps([now.isoformat(), rules.BANDS.index(ticket.band), place])
    return base64.urlsafe_b64encode(raw.encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, int, list[Any]]:
    try:
        now, band, place = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        due = datetime.fromisoformat(place[2]) if place[2] else None
        parsed = [
            Priority(place[0]).value,
            int(place[1]),
            due,
            datetime.fromisoformat(place[3]),
            int(place[4]),
        ]
        moment = datetime.fromisoformat(now)
        if not 0 <= int(band) < len(rules.BANDS) or moment.tzinfo is None or len(place) != 5:
            raise ValueError("out of range")
        return moment, int(band), parsed
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise RuleBroken("This page link is not valid; start from the first page.", field="cursor") from error


def differing(ticket: Ticket, values: Mapping[str, Any]) -> dict[str, Any]:
    """The present value of each field that a stale edit would overwrite."""
    now = {name: getattr(ticket, name) for name in values}
    return {name: str(value) for name, value in now.items() if value != values[name]}
