"""Who commands, who writes, who keeps notes: given, taken, handed over; each time in a role is a row."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from core.accounts.models import User
from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from core.outbox import queue
from core.outbox.models import Lane
from incidents import mailing, notices, queries, rules
from incidents.models import Incident, RoleHolding, Status
from incidents.operations import ledger

ROLES: dict[str, str] = dict(RoleHolding.Role.choices)


@transaction.atomic
def assign_roles(ref: str, *, note: str = "", by: Actor, **roles: User | None) -> Incident:
    """Give or clear the roles named: commander, communications_lead, scribe.

    Who gets a role from somebody else hears of it. Raises Conflict when a role changed hands in this moment.
    """
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    if not roles:
        raise RuleBroken("Name at least one role: commander, communications_lead or scribe.")
    _check_roles(incident, roles)
    before, after = trail.changed(incident, roles)
    if after:
        _give(incident, {role: roles[role] for role in after}, note.strip(), by)
        trail.record(
            "incident.roles_assigned", on=incident, by=by, before=before, after=after, note=note.strip()
        )
    return queries.fresh(incident)


@transaction.atomic
def take_role(ref: str, *, role: str, by: Actor) -> Incident:
    """Take a role that nobody has. Raises Conflict naming who was faster."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    if role not in ROLES or by.user_id is None:
        raise RuleBroken("There is no such role to take.", field="role")
    holder = getattr(incident, role)
    if holder is not None:
        raise Conflict(f"{holder.display_name} is {ROLES[role]} already.")
    person = User.objects.get(pk=by.user_id)
    _check_roles(incident, {role: person})
    _give(incident, {role: person}, "", by)
    trail.record("incident.roles_assigned", on=incident, by=by, before={role: None}, after={role: by.label})
    return queries.fresh(incident)


@transaction.atomic
def hand_over(ref: str, *, role: str, to: User, note: str, by: Actor) -> Incident:
    """Hand a role from whoever has it to somebody else, with what that person must know. They are told."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    if role not in ROLES:
        raise RuleBroken("There is no such role to hand over.", field="role")
    said = rules.needed(note, "note", "Say what the next one must know.")
    _check_roles(incident, {role: to}, field="to")
    holder = getattr(incident, role)
    if holder is None:
        raise Conflict(f"Nobody is {ROLES[role]} yet: take the role, or give it to somebody.")
    if holder.pk == to.pk:
        raise Conflict(f"{to.display_name} is {ROLES[role]} already.")
    _give(incident, {role: to}, said, by)
    trail.record(
        "incident.role_handed_over", on=incident, by=by, before={role: str(holder)}, after={role: str(to)},
        role=ROLES[role], to=to.display_name, note=said,
    )  # fmt: skip
    return queries.fresh(incident)


def _give(incident: Incident, roles: dict[str, User | None], note: str, by: Actor) -> None:
    """Change the columns if they still hold what was read, and write down from when to when."""
    found = {f"{role}_id": getattr(incident, f"{role}_id") for role in roles}
    columns: dict[str, Any] = {**roles}
    ledger.claim(incident, found=found, only_in=_NOT_CLOSED, **columns)
    for role, person in roles.items():
        holding = _hold(incident, role, person, note, by)
        before = getattr(incident, role)
        said = _said(role, person, by)
        if before is not None and person is not None:
            said = f"{said} after {before.display_name}"
        ledger.note(incident, f"{said}: {note}" if note else said, by=by)
        if holding is not None and holding.person_id != by.user_id:
            _tell(incident, holding, by)


def _said(role: str, person: User | None, by: Actor) -> str:
    """What the timeline says behind the name of who did it."""
    if person is None:
        return f"Left nobody as {ROLES[role]}"
    if person.pk == by.user_id:
        return f"Took the role of {ROLES[role]}"
    return f"Made {person.display_name} {ROLES[role]}"


def _hold(incident: Incident, role: str, person: User | None, note: str, by: Actor) -> RoleHolding | None:
    now = clock.now()
    RoleHolding.objects.filter(incident=incident, role=role, until=None).update(until=now)
    if person is None:
        return None
    return RoleHolding.objects.create(
        incident=incident, role=role, person=person, since=now, given_by_label=by.label[:150], note=note
    )


def _tell(incident: Incident, holding: RoleHolding, by: Actor) -> None:
    if not holding.person.email:
        return
    subject, text = notices.role_given(incident, ROLES[holding.role], holding.note, by.label)
    queue.put(
        lane=Lane.PAGE,
        to=holding.person.email,
        subject=subject,
        text=text,
        topic="incident.role",
        about=incident,
        about_version=holding.pk,
        dedup_key=mailing.dedup_key(incident, f"role-{holding.pk}", holding.person.email),
    )


_NOT_CLOSED = tuple(status for status in Status.values if status != Status.CLOSED)


def _check_roles(incident: Incident, roles: dict[str, User | None], field: str = "") -> None:
    if incident.status == Status.CLOSED:
        raise rules.refusal(incident.reference, incident.status)
    for role, person in roles.items():
        if role not in ROLES:
            raise RuleBroken(f"There is no role called {role}.", field=role)
        if person is not None and not (person.is_active and person.is_desk_staff):
            raise RuleBroken(f"{person.display_name} does not work on this desk.", field=field or role)
