"""Tickets that are opened again and again, by a rule. What was missed while no worker lived makes exactly one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from catalogue.models import Application
from core.accounts import actors
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor, Door
from core.common.errors import Conflict, Invalid, NotFound, RuleBroken, Stale
from core.common.vocabulary import Level, TicketKind
from customers.models import Organisation
from escalation.models import Team
from tickets import recurrence_rules as rules
from tickets import rules as ticket_rules
from tickets.models import Recurrence
from tickets.operations import facts

NAMES: dict[str, Any] = {
    "organisation": Organisation,
    "application": Application,
    "team": Team,
}  # kept by their slug
CHOICES = {"kind": TicketKind, "impact": Level, "urgency": Level}
TEXTS = ("subject", "description")


def get_for(pk: int, *, by: Actor) -> Recurrence:
    """One recurring ticket. Raises NotFound, or NotAllowed for who does not work on tickets."""
    require(by, Permission.WORK_TICKET)
    found = Recurrence.objects.select_related("owner").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such recurring ticket.")
    return found


@transaction.atomic
def save(
    *,
    name: str,
    rule: str,
    zone: str,
    starts_at: datetime,
    values: dict[str, Any],
    by: Actor,
    pk: int | None = None,
    if_version: int | None = None,
) -> Recurrence:
    """Store a new or edited recurring ticket. Whoever saves it owns it: its tickets are opened with their rights.

    `values` is what the ticket gets, with organisation, application and team by slug.
    Raises Invalid or RuleBroken for what could not be opened, Stale when somebody else saved it meanwhile.
    """
    require(by, Permission.WORK_TICKET)
    if by.user_id is None:
        raise RuleBroken("Only a person can own a recurring ticket.")
    ticket_rules.check_texts({"name": name}, required=("name",))
    rules.check(rule, zone, starts_at)
    _read(values)
    now = clock.now()
    kept = {
        "name": name.strip()[:100], "rule": rule, "zone": zone, "starts_at": starts_at, "values": values,
        "owner_id": by.user_id, "active": True, "next_at": rules.next_after(rule, zone, starts_at, now),
    }  # fmt: skip
    if pk is None:
        made = Recurrence.objects.create(**kept)
        trail.record(
            "recurrence.created", on=made, by=by, after={"name": made.name, "rule": rule, "zone": zone}
        )
        return made
    old = get_for(pk, by=by)
    version = old.version if if_version is None else if_version
    if not Recurrence.objects.filter(pk=pk, version=version).update(version=F("version") + 1, **kept):
        raise Stale(f"“{old.name}” was changed by somebody else.", {"rule": old.rule, "name": old.name})
    trail.record(
        "recurrence.changed", on=old, by=by, before={"rule": old.rule, "zone": old.zone},
        after={"rule": rule, "zone": zone},
    )  # fmt: skip
    return get_for(pk, by=by)


@transaction.atomic
def switch(pk: int, *, on: bool, by: Actor) -> Recurrence:
    """Let a recurring ticket rest, or go on; what would have come due in between is not made up for."""
    found = get_for(pk, by=by)
    following = rules.next_after(found.rule, found.zone, found.starts_at, clock.now()) if on else None
    if not Recurrence.objects.filter(pk=pk, active=not on).update(
        active=on, next_at=following, version=F("version") + 1
    ):
        raise Conflict(f"“{found.name}” {'runs' if on else 'rests'} already.")
    trail.record("recurrence.switched", on=found, by=by, after={"active": on})
    return get_for(pk, by=by)


def open_due(row: Recurrence, now: datetime) -> None:
    """The sweep's act: open one ticket, for this moment and all that were missed since, and set the next."""
    facts_of_rule = (row.rule, row.zone, row.starts_at)
    due = row.next_at
    if not row.active or due is None:
        Recurrence.objects.filter(pk=row.pk).update(next_at=None)
        return
    missed = rules.missed(*facts_of_rule, due=due, now=now)
    Recurrence.objects.filter(pk=row.pk).update(
        next_at=rules.next_after(*facts_of_rule, now), version=F("version") + 1
    )
    if not row.owner.is_active:
        raise RuleBroken(
            f"{row.owner.display_name}, who owns “{row.name}”, has left. Save it as somebody else."
        )
    by = actors.for_user(row.owner, door=Door.TIMER)
    ticket = facts.create(**_read(row.values), by=by)
    trail.record(
        "ticket.recurred", on=ticket, by=by, recurrence=row.name, planned_at=due.isoformat(), missed=missed
    )


def _read(values: dict[str, Any]) -> dict[str, Any]:
    """What tickets.operations.create takes, from what was stored. Raises Invalid."""
    wrong: dict[str, list[str]] = {}
    unknown = set(values) - set(NAMES) - set(CHOICES) - set(TEXTS) - {"tags"}
    wrong |= {name: ["A recurring ticket has no such field."] for name in unknown}
    read = {name: values[name] for name in (*CHOICES, *TEXTS, "tags") if name in values}
    if not str(values.get("subject") or "").strip():
        wrong["subject"] = ["This is required."]
    for name, choices in CHOICES.items():
        if name in values and values[name] not in choices.values:
            wrong[name] = [f"One of: {', '.join(choices.values)}."]
    for name, model in NAMES.items():
        if values.get(name):
            read[name] = model._default_manager.filter(slug=values[name]).first()
            if read[name] is None:
                wrong[name] = [f"There is no “{values[name]}” any more."]
    if wrong:
        raise Invalid(wrong)
    return read
