"""An incident as its page shows it: the steps and the timeline. Nothing here writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from core.audit.models import Event
from customers.models import Audience
from incidents.models import Incident, Status, TimelineEntry, Update
from incidents.rules import LATE_AFTER
from incidents.wording import OWN

STEPS = (Status.DECLARED, Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING, Status.RESTORED)
SIGNS: dict[str, str] = {
    TimelineEntry.Kind.OBSERVATION: "eye",
    TimelineEntry.Kind.DECISION: "flag",
    TimelineEntry.Kind.SYSTEM: "info",
}
LOOKS = {Update.Kind.RESTORED: ("good", "check"), Update.Kind.CORRECTION: ("bad", "warn")}
SHOWN = {"updates": (TimelineEntry.Kind.UPDATE,), "decisions": (TimelineEntry.Kind.DECISION,)}


def last_written(updates: list[Update]) -> Update | None:
    """Of the updates, the newest first: the last one to everybody that a person wrote in parts."""
    numbers = {one.pk: one.number for one in updates}
    written = [
        one
        for one in updates
        if (one.kind == Update.Kind.UPDATE or one.corrects_id) and not one.audience and one.what
    ]
    return max(written, key=lambda one: (numbers.get(one.corrects_id or one.pk, 0), one.number), default=None)


def sent(updates: list[Update]) -> str:
    """What stands beside the countdown: who told people last, and when."""
    if not updates:
        return ""
    last = updates[0]
    return f"Update {last.number} sent {_clock(last.sent_at)} by {last.author_label}"


def steps(incident: Incident, moves: list[Event]) -> list[dict[str, str]]:
    """The phases for ui/stepper.html; a phase that was entered says when."""
    entered = {Status.DECLARED.value: incident.declared_at}
    entered |= {event.after["status"]: event.at for event in moves if event.after.get("status")}
    here = len(STEPS) if incident.status == Status.CLOSED else STEPS.index(Status(incident.status))
    found = []
    for place, step in enumerate(STEPS):
        at = entered.get(step.value)
        state = (
            "done"
            if place < here or (not incident.is_open and place == here)
            else "now"
            if place == here
            else ""
        )
        note = _clock(at) if at is not None and place <= here else ""
        found.append(
            {"name": step.label, "state": state, "note": f"since {note}" if state == "now" else note}
        )
    return found


def lines(incident: Incident, entries: list[TimelineEntry], *, plan: bool) -> list[dict[str, Any]]:
    """The timeline for ui/timeline.html, the newest first, with what is due on top."""
    found = [_from(entry, incident) for entry in entries]
    if plan and incident.next_update_due_at is not None:
        text = f"Update {incident.next_number} due"
        found.insert(
            0,
            {
                "at": incident.next_update_due_at,
                "kind": "plan",
                "sign": "cast",
                "text": text,
                "anchor": "due",
            },
        )
    return found


def _from(entry: TimelineEntry, incident: Incident) -> dict[str, Any]:
    """A line of an incident that went into this one says whose it is; its updates are no anchors here."""
    line = _line(entry)
    if entry.incident_id == incident.pk:
        return line
    whose = f"INC-{entry.incident_id}"
    note = f"{whose}, {line['note']}" if line.get("note") else whose
    return line | {"note": note, "anchor": f"entry-{entry.pk}"}


def _line(entry: TimelineEntry) -> dict[str, Any]:
    line: dict[str, Any] = {
        "anchor": f"entry-{entry.pk}",
        "at": entry.happened_at,
        "text": entry.body,
        "sign": SIGNS.get(entry.kind, "info"),
    }
    if entry.update_sent is not None:
        return line | _sent(entry.update_sent)
    if entry.kind == TimelineEntry.Kind.DECISION:
        line |= {"strong": "Decision", "note": entry.author_label}
    else:
        line["strong"] = entry.author_label
    if entry.is_back_dated:
        note = f"written down {_clock(entry.recorded_at)}"
        line["note"] = f"{line['note']}, {note}" if line.get("note") else note
    return line


def _sent(update: Update) -> dict[str, Any]:
    look, sign = LOOKS.get(Update.Kind(update.kind), ("sent", "cast"))
    name = f"Update {update.number}"
    if update.kind != Update.Kind.UPDATE:
        name = f"{name}, {update.get_kind_display().lower()}"
    people = "1 person" if update.recipients == 1 else f"{update.recipients} people"
    late = (
        f" · {update.late_seconds // 60} min late" if update.late_seconds > LATE_AFTER.total_seconds() else ""
    )
    others = [Audience(one).label.lower() for one in OWN if update.wrote_for(one)]
    notes = [f"own wording: {', '.join(others)}"] if others else []
    return {
        "kind": look, "sign": sign, "strong": name, "box": update.body, "anchor": f"update-{update.number}",
        "text": f"by {update.author_label} to {people}{late}",
        "note": ", ".join([*notes, *(["edited"] if update.edits else [])]),
        "url": reverse("incidents:update_page", args=(f"INC-{update.incident_id}", update.number)),
    }  # fmt: skip


def _clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"
