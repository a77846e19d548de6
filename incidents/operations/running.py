"""Running an incident: who is on it, which phase it is in, what is known about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken, Stale
from incidents import audience, closing, links, queries, rules
from incidents import postmortem_rules as owing
from incidents.models import Incident, Status, TimelineEntry
from incidents.operations import keeping, ledger, postmortems, promises, timed
from incidents.queries import AFFECTED

EDITABLE = (
    "title",
    "summary",
    "severity",
    "started_at",
    "detected_at",
    "bridge_url",
    "chat_url",
    "public",
    *AFFECTED,
)


@transaction.atomic
def acknowledge(ref: str, *, by: Actor) -> Incident:
    """Somebody says "I am on it". The first one wins."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    if incident.acknowledged_at is not None:
        raise Conflict(f"{incident.reference} is acknowledged already.")
    now = clock.now()
    after = Status.INVESTIGATING if incident.status == Status.DECLARED else incident.status
    ledger.claim(incident, found={"acknowledged_at": None}, acknowledged_at=now, status=after)
    ledger.note(incident, "Acknowledged", by=by)
    trail.record(
        "incident.acknowledged",
        on=incident,
        by=by,
        before={"status": incident.status},
        after={"status": after},
    )
    return queries.fresh(incident)


@transaction.atomic
def set_status(ref: str, *, status: str, note: str = "", by: Actor) -> Incident:
    """Move between the working phases, both ways. Restoring and closing have verbs of their own."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    rules.check_move(incident.reference, incident.status, status)
    ledger.claim(
        incident,
        only_in=(incident.status,),
        status=status,
        acknowledged_at=Coalesce("acknowledged_at", clock.now()),
    )
    ledger.note(incident, f"{Status(status).label}. {note}".strip(" ."), by=by)
    trail.record(
        "incident.status_changed", on=incident, by=by, before={"status": incident.status},
        after={"status": status}, note=note,
    )  # fmt: skip
    return queries.fresh(incident)


@transaction.atomic
def close(ref: str, *, by: Actor) -> Incident:
    """Close what was restored, and whose impact and post-mortem are written down (DOMAIN 3)."""
    incident = queries.get_for(ref, by=by, to=Permission.RESTORE_INCIDENT, held=True)
    owing.check_close(incident.reference, [one.sentence for one in closing.missing(incident)])
    ledger.claim(incident, only_in=(Status.RESTORED,), status=Status.CLOSED, closed_at=clock.now())
    ledger.note(incident, "Closed", by=by)
    trail.record(
        "incident.closed",
        on=incident,
        by=by,
        before={"status": incident.status},
        after={"status": Status.CLOSED},
    )
    return queries.fresh(incident)


@transaction.atomic
def add_entry(
    ref: str,
    *,
    body: str,
    kind: str = TimelineEntry.Kind.OBSERVATION,
    happened_at: datetime | None = None,
    for_postmortem: bool = False,
    by: Actor,
) -> TimelineEntry:
    """Write an observation or a decision down; it may have happened earlier, and then shows both times."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    text = rules.needed(body, "body", "Write down what happened or was decided.")
    if kind not in TimelineEntry.BY_PEOPLE:
        raise RuleBroken("People write observations and decisions.", field="kind")
    if happened_at is not None and happened_at > clock.now():
        raise RuleBroken("This cannot have happened in the future.", field="happened_at")
    entry = ledger.note(
        incident,
        text,
        by=by,
        kind=TimelineEntry.Kind(kind),
        happened_at=happened_at,
        for_postmortem=for_postmortem,
    )
    trail.record(
        "incident.entry_added", on=incident, by=by, kind=kind, body=text, happened_at=entry.happened_at
    )
    ledger.reindex(incident)
    return entry


@transaction.atomic
def set_cadence(ref: str, *, minutes: int | None, reason: str, by: Actor) -> Incident:
    """Change how often updates are owed (None: on demand). The rhythm starts anew at the last sent update."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    rules.check_cadence(minutes)
    why = rules.needed(reason, "reason", "Say why the cadence changes.")
    _anchor(incident, minutes, why, cadence_by_hand=True)
    words = f"every {minutes} min" if minutes else "on demand"
    ledger.note(incident, f"Updates {words} from now on: {why}", by=by)
    trail.record(
        "incident.cadence_changed", on=incident, by=by, before={"cadence_minutes": incident.cadence_minutes},
        after={"cadence_minutes": minutes}, reason=why,
    )  # fmt: skip
    return queries.fresh(incident)


@transaction.atomic
def edit(ref: str, *, changes: dict[str, Any], version: int | None = None, by: Actor) -> Incident:
    """Change facts of an incident. Raises Stale when `version` is not the present one.

    A severity that has a cadence of its own brings it along, unless somebody has set it by hand.
    """
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    changes = {**changes}
    if changes.get("severity", "") is None:
        changes["severity"] = ""
    _check_edit(incident, changes, version)
    related = {name: list(changes[name]) for name in AFFECTED if name in changes}
    columns = {name: value for name, value in changes.items() if name not in AFFECTED}
    before, after = trail.changed(incident, columns)
    for name, rows in related.items():
        old, new = sorted(row.slug for row in getattr(incident, name).all()), sorted(row.slug for row in rows)
        if old != new:
            before[name], after[name] = old, new
    if not after:
        return queries.fresh(incident)
    found = {"version": version} if version is not None else None
    told = audience.told(incident) if related else []
    ledger.claim(incident, only_in=Status.values, found=found, **columns)
    for name, rows in related.items():
        getattr(incident, name).set(rows)
    keeping.keep(Incident.objects.get(pk=incident.pk), told, by=by)
    if "severity" in after:
        _follow_severity(Incident.objects.get(pk=incident.pk))
    ledger.note(incident, f"Changed: {', '.join(name.replace('_', ' ') for name in after)}", by=by)
    trail.record("incident.edited", on=incident, by=by, before=before, after=after)
    edited = queries.fresh(incident)
    if "severity" in after:
        postmortems.follow(edited)
    ledger.reindex(edited)
    return edited


@transaction.atomic
def note_event(incident_pk: int, body: str, *, at: datetime, by: Actor) -> None:
    """A line of the timeline for what happened elsewhere: a link, a page."""
    incident = Incident.objects.filter(pk=incident_pk).first()
    if incident is not None:
        ledger.note(incident, body, by=by, happened_at=at)


def _check_edit(incident: Incident, changes: dict[str, Any], version: int | None) -> None:
    for name in changes:
        if name not in EDITABLE:
            raise RuleBroken(f"{name} is not edited directly.", field=name)
    if version is not None and version != incident.version:
        present = {name: _shown(incident, name) for name in changes}
        raise Stale(f"{incident.reference} has changed since you opened it.", fields=present)
    for name in ("bridge_url", "chat_url"):
        if name in changes:
            changes[name] = links.check(changes[name], name)
    if "title" in changes:
        rules.needed(changes["title"], "title", "An incident keeps its title.")
    if "severity" in changes and not changes["severity"] and not incident.is_open:
        raise RuleBroken("A restored incident keeps its severity.", field="severity")
    rules.check_moments(clock.now(), changes.get("started_at", incident.started_at), incident.restored_at)


def _shown(incident: Incident, name: str) -> Any:
    value = getattr(incident, name)
    return ", ".join(sorted(row.slug for row in value.all())) if name in AFFECTED else value


def _follow_severity(incident: Incident) -> None:
    minutes, when_due = queries.cadence_for(incident.severity)
    if not incident.is_open:
        return
    if incident.cadence_by_hand or minutes == incident.cadence_minutes:
        ledger.claim(incident, when_due=when_due)
        return
    _anchor(incident, minutes, "The severity has another cadence.", when_due=when_due)


def _anchor(incident: Incident, minutes: int | None, why: str, **columns: Any) -> None:
    """Let the rhythm start anew at the last sent update (HARD_CASES 1).

    A moment that has come is settled first, as the sweep would have: no change of plan takes the words from people.
    """
    now = clock.now()
    if incident.next_update_due_at is not None and incident.next_update_due_at <= now:
        timed.fall_due(incident, now)
        incident = Incident.objects.get(pk=incident.pk)
    last = queries.last_update(incident)
    due = rules.next_due(last.sent_at if last else incident.declared_at, minutes, now)
    promises.moved(incident, to=due, reason=why)
    ledger.claim(
        incident,
        cadence_minutes=minutes,
        next_update_due_at=due,
        next_reminder_due_at=rules.reminder_at(due, now),
        **columns,
    )
