"""Tickets that are opened again and again, by a rule. What was missed while no worker lived makes exactly one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
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
FACTS = ("name", "rule", "zone", "starts_at", "values")


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
    active: bool = True,
) -> Recurrence:
    """Store a new recurring ticket. Whoever saves it owns it: its tickets are opened with their rights.

    `values` is what the ticket gets, with organisation, application and team by slug.
    Raises Invalid or RuleBroken for what could not be opened.
    """
    kept = _checked(
        {"name": name, "rule": rule, "zone": zone, "starts_at": starts_at, "values": values}, active, by
    )
    made = Recurrence.objects.create(**kept)
    trail.record("recurrence.created", on=made, by=by, after=_told(kept))
    return made


@transaction.atomic
def edit(pk: int, *, values: Mapping[str, Any], if_version: int | None = None, by: Actor) -> Recurrence:
    """Change some facts of a recurring ticket (FACTS); one that rests still rests. Who changes it owns it from then on.

    Raises as `save` does, and Stale when somebody else saved it meanwhile.
    """
    old = get_for(pk, by=by)
    present = {name: getattr(old, name) for name in FACTS}
    kept = _checked({**present, **values}, old.active, by)
    version = old.version if if_version is None else if_version
    if not Recurrence.objects.filter(pk=pk, version=version).update(version=F("version") + 1, **kept):
        raise Stale(f"“{old.name}” was changed by somebody else.", {"rule": old.rule, "name": old.name})
    before, after = _told(present), _told(kept)
    if old.owner_id != by.user_id:
        before["owner"], after["owner"] = old.owner.username, by.label
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    trail.record(
        "recurrence.changed", on=old, by=by,
        before={name: before.get(name) for name in names}, after={name: after.get(name) for name in names},
    )  # fmt: skip
    return get_for(pk, by=by)


def _checked(wanted: dict[str, Any], active: bool, by: Actor) -> dict[str, Any]:
    """The columns of a recurring ticket of this owner. Raises Invalid or RuleBroken."""
    require(by, Permission.WORK_TICKET)
    if by.user_id is None:
        raise RuleBroken("Only a person can own a recurring ticket.")
    ticket_rules.check_texts({"name": wanted["name"]}, required=("name",))
    dates = (wanted["rule"], wanted["zone"], wanted["starts_at"])
    rules.check(*dates)
    _read(wanted["values"])
    return {
        **wanted, "name": wanted["name"].strip()[:100], "owner_id": by.user_id, "active": active,
        "next_at": rules.next_after(*dates, clock.now()) if active else None,
    }  # fmt: skip


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


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as the history tells them, those of the ticket by their own names."""
    when = {"name": facts["name"], "rule": facts["rule"], "zone": facts["zone"]}
    return {**when, "first": facts["starts_at"].astimezone(UTC).isoformat(), **facts["values"]}


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
