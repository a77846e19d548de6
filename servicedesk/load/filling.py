"""Tickets by the hundred thousand, written in bulk past the operations: shaped like a desk's history.

The open ones stay few however long the history is, as on a desk that keeps up: that is what the queue is
built for. Each ticket has a conversation, clocks with their ledger, a trail and its place in the search index.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from catalogue.models import Component
from core.accounts.models import RoleGrant, User
from core.audit.models import Event
from core.common.vocabulary import Channel, Priority, Role, TicketKind
from core.search import words
from core.search.models import SearchDoc
from customers.models import Contact
from escalation.models import Team
from sla.models import Breach, Cause, Clock, Goal, Interval, Policy
from tickets import rules
from tickets.models import Entry, ResolutionCode, Ticket

BATCH = 1000
HISTORY = timedelta(days=730)
MOST_OPEN = 1500
PRIORITIES = [Priority.P0, Priority.P1, Priority.P2, Priority.P3]
WEIGHTS = [2, 10, 55, 33]
SUBJECTS = [
    "Card payments",
    "Payout",
    "Settlement file",
    "Export",
    "Login",
    "Terminal",
    "Report",
    "Webhook",
    "Refund",
]
TROUBLES = [
    "fails",
    "is slow",
    "times out",
    "shows a wrong amount",
    "is missing",
    "cannot be opened",
    "is rejected",
]
DETAILS = [
    "since this morning", "for one store", "after the update", "with code 91", "on the second try", "for large amounts",
    "in the portal", "from the mobile till", "every night", "for new users",
]  # fmt: skip
WORDS = [
    "batch",
    "gateway",
    "certificate",
    "queue",
    "node",
    "retry",
    "timeout",
    "invoice",
    "ledger",
    "amount",
    "customer",
    "terminal",
    "restart",
    "log",
    "trace",
    "request",
    "answer",
    "database",
    "index",
    "cache",
    "header",
    "token",
    "session",
    "region",
    "bank",
    "file",
    "transfer",
    "reversal",
    "receipt",
    "merchant",
]


@dataclass(frozen=True)
class World:
    """What the tickets refer to."""

    contacts: list[Contact]
    components: list[Component]
    teams: dict[int, list[Team]]
    people: list[User]
    policies: dict[tuple[str, str], Policy]


def fill(count: int, *, now: datetime, progress: Callable[[int], None], seed: int = 7) -> None:
    """Add `count` tickets, a batch a transaction, the oldest first. The same seed gives the same desk."""
    chance = random.Random(seed)  # noqa: S311 (a benchmark wants the same numbers each time)
    world = _world()
    open_from = count - min(MOST_OPEN, count // 4)
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        with transaction.atomic():
            _batch(world, chance, now, start, size, count, open_from)
        progress(start + size)


def _world() -> World:
    staff = RoleGrant.objects.filter(role__in=[Role.ANALYST, Role.ENGINEER]).values("user_id")
    teams: dict[int, list[Team]] = {}
    for team in Team.objects.filter(active=True):
        teams.setdefault(team.tier, []).append(team)
    policies = {
        (policy.priority, policy.customer_tier): policy
        for policy in Policy.objects.filter(active=True).select_related("calendar")
    }
    return World(
        contacts=list(Contact.objects.filter(organisation__isnull=False).select_related("organisation")),
        components=list(Component.objects.select_related("application")),
        teams=teams,
        people=list(User.objects.filter(pk__in=staff)),
        policies=policies,
    )


def _batch(
    world: World, chance: random.Random, now: datetime, start: int, size: int, count: int, open_from: int
) -> None:
    tickets = [
        _ticket(world, chance, now - HISTORY * (1 - number / count), number >= open_from, now)
        for number in range(start, start + size)
    ]
    Ticket.objects.bulk_create(tickets)
    Entry.objects.bulk_create([entry for ticket in tickets for entry in _talk(world, chance, ticket, now)])
    clocks = [clock for ticket in tickets for clock in _clocks(world, chance, ticket, now)]
    Clock.objects.bulk_create(clocks)
    Interval.objects.bulk_create([_interval(clock) for clock in clocks])
    Breach.objects.bulk_create([_breach(clock) for clock in clocks if clock.breached_at])
    Event.objects.bulk_create([event for ticket in tickets for event in _events(world, chance, ticket)])
    docs = [_found(chance, ticket, now) for ticket in tickets]
    SearchDoc.objects.bulk_create(docs)
    words.learn(text for doc in docs for text in (doc.reference, doc.title, doc.public, doc.staff))
    Ticket.objects.bulk_update(tickets, ["due_at", "due_goal", "breached_at"])


def _ticket(world: World, chance: random.Random, at: datetime, is_open: bool, now: datetime) -> Ticket:
    contact, component = chance.choice(world.contacts), chance.choice(world.components)
    if is_open:
        at = now - timedelta(minutes=int(chance.expovariate(1 / 2000)))
    priority = chance.choices(PRIORITIES, WEIGHTS)[0]
    tier = chance.choices(list(world.teams), [6, 3, 1][: len(world.teams)])[0]
    status = chance.choice(["new", "open", "open", "open", "waiting", "on_hold"]) if is_open else "closed"
    solved = None if is_open else at + timedelta(minutes=int(chance.expovariate(1 / 900)) + 5)
    organisation = contact.organisation
    return Ticket(
        subject=f"{chance.choice(SUBJECTS)} {chance.choice(TROUBLES)} {chance.choice(DETAILS)}",
        description=_text(chance, 30),
        kind=chance.choice(TicketKind.values),
        channel=chance.choice([Channel.EMAIL, Channel.PHONE, Channel.PORTAL, Channel.API]),
        status=status,
        hold_reason="vendor" if status == "on_hold" else "",
        priority=priority,
        tier=tier,
        team=chance.choice(world.teams[tier]),
        assignee=None if status == "new" else chance.choice(world.people),
        requester=contact,
        organisation=organisation,
        customer_rank=rules.customer_rank(organisation.tier if organisation else None),
        application=component.application,
        component=component,
        handoff_count=tier - 1,
        reopened_count=int(chance.random() < 0.04),
        resolution_code="" if is_open else chance.choice(ResolutionCode.values),
        created_at=at,
        updated_at=solved or at,
        first_responded_at=None if status == "new" else at + timedelta(minutes=chance.randint(2, 200)),
        resolved_at=solved,
        closed_at=solved + timedelta(days=7) if solved else None,
        customer_replied_at=at if status == "open" and chance.random() < 0.2 else None,
    )


def _talk(world: World, chance: random.Random, ticket: Ticket, now: datetime) -> Iterator[Entry]:
    kinds = list(Entry.Kind.values)[:3]
    for number in range(chance.choices([1, 2, 4, 8, 20], [30, 30, 25, 12, 3])[0]):
        kind, person, body = chance.choice(kinds), chance.choice(world.people), _text(chance, 20)
        from_customer = kind == Entry.Kind.CUSTOMER_MESSAGE
        yield Entry(
            ticket=ticket,
            kind=kind,
            author=None if from_customer else person,
            author_label=ticket.requester.name if from_customer and ticket.requester else person.display_name,
            body=body,
            body_html=f"<p>{body}</p>",
            created_at=min(ticket.created_at + timedelta(minutes=7 * (number + 1)), now),
        )


def _clocks(world: World, chance: random.Random, ticket: Ticket, now: datetime) -> Iterator[Clock]:
    tier = "strategic" if ticket.customer_rank == 0 else ""
    policy = world.policies.get((ticket.priority, tier)) or world.policies[ticket.priority, ""]
    for goal in (Goal.FIRST_RESPONSE, Goal.RESOLUTION):
        target = policy.target(goal) or 60
        met_at = ticket.first_responded_at if goal == Goal.FIRST_RESPONSE else ticket.resolved_at
        paused = met_at is None and ticket.status in ("waiting", "on_hold")
        due_at = (
            policy.calendar.hours().add(ticket.created_at, target) if met_at is None and not paused else None
        )
        late = chance.random() < 0.08 if met_at else bool(due_at and due_at < now)
        clock = Clock(
            subject_kind=Ticket.SUBJECT,
            subject_id=ticket.pk,
            goal=goal,
            state="met" if met_at else "paused" if paused else "running",
            target_minutes=target,
            calendar=policy.calendar,
            policy=policy,
            policy_name=policy.name,
            pause_reasons=policy.pause_reasons,
            started_at=ticket.created_at,
            due_at=due_at,
            elapsed_seconds=chance.randint(60, target * 60),
            running_since=ticket.created_at if due_at else None,
            breached_at=(due_at or met_at) if late else None,
            met_at=met_at,
            # Far ahead: a benchmark measures pages, not thousands of reminders that fall due at once.
            next_alarm_at=now + timedelta(days=365) if due_at else None,
        )
        if due_at and (ticket.due_at is None or due_at < ticket.due_at):
            ticket.due_at, ticket.due_goal = due_at, goal
        if late and ticket.breached_at is None:
            ticket.breached_at = clock.breached_at
        yield clock


def _interval(clock: Clock) -> Interval:
    ended = clock.met_at
    return Interval(
        clock=clock, from_at=clock.started_at, to_at=ended, counted=clock.state != "paused",
        seconds=clock.elapsed_seconds if ended else None, why="started",
        calendar_id=clock.calendar_id, calendar_version=1,
    )  # fmt: skip


def _breach(clock: Clock) -> Breach:
    ended = clock.met_at is not None
    return Breach(
        clock=clock, subject_kind=clock.subject_kind, subject_id=clock.subject_id, goal=clock.goal,
        breached_at=clock.breached_at, target_minutes=clock.target_minutes, policy_name=clock.policy_name,
        over_seconds=600, cause=Cause.OVERLOOKED if ended else "", explained_at=clock.met_at,
    )  # fmt: skip


def _events(world: World, chance: random.Random, ticket: Ticket) -> Iterator[Event]:
    person = chance.choice(world.people)
    names: list[tuple[str, datetime | None, dict[str, Any]]] = [
        ("ticket.created", ticket.created_at, {"priority": ticket.priority}),
        ("ticket.taken", ticket.first_responded_at, {"assignee": person.display_name}),
        ("ticket.resolved", ticket.resolved_at, {"resolution_code": ticket.resolution_code}),
        ("ticket.closed", ticket.closed_at, {"status": "closed"}),
    ]
    for name, at, after in names:
        if at is not None:
            yield Event(
                name=name, at=at, actor_kind="person", actor_id=person.pk, actor_label=person.display_name, door="web",
                subject_kind=Ticket.SUBJECT, subject_id=ticket.pk, subject_ref=ticket.reference, after=after,
            )  # fmt: skip


def _found(chance: random.Random, ticket: Ticket, now: datetime) -> SearchDoc:
    return SearchDoc(
        kind=Ticket.SUBJECT, object_id=ticket.pk, reference=ticket.reference, title=ticket.subject,
        public=ticket.description, staff=_text(chance, 10), organisation_id=ticket.organisation_id,
        owner_id=ticket.requester.user_id if ticket.requester else None, updated_at=now,
    )  # fmt: skip


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words)).capitalize() + "."
