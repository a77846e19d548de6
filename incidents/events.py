"""Our events in one line each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter
from incidents.models import Status, Update


def _sent(event: Event) -> str:
    kind = Update.Kind(event.data["kind"]).label.lower()
    return f"sent {kind} {event.data['number']} to {_people(event.data['recipients'])}"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _moved(event: Event) -> str:
    note = f": {event.data['note']}" if event.data.get("note") else ""
    return f"moved it from {_phase(event.before)} to {_phase(event.after)}{note}"


def _phase(values: dict[str, str]) -> str:
    return Status(values["status"]).label.lower()


def _roles(event: Event) -> str:
    given = [f"{role.replace('_', ' ')}: {person or 'nobody'}" for role, person in event.after.items()]
    note = f": {event.data['note']}" if event.data.get("note") else ""
    return f"changed roles ({', '.join(given)}){note}"


def _edited(event: Event) -> str:
    return f"changed {', '.join(name.replace('_', ' ') for name in event.after) or 'nothing'}"


def _written(event: Event) -> str:
    parts = [name.replace("_", " ") for name in event.after] + ["timeline"] * bool(event.data.get("lines"))
    why = f": {event.data['reason']}" if event.data.get("reason") else ""
    return f"changed the post-mortem ({', '.join(parts)}){why}"


def _cadence(event: Event) -> str:
    minutes = event.after["cadence_minutes"]
    how = f"every {minutes} min" if minutes else "on demand"
    return f"set updates to {how}: {event.data['reason']}"


def _put_off(event: Event) -> str:
    due, later = (values["next_update_due_at"][11:16] for values in (event.before, event.after))
    return f"put update {event.data['number']} off from {due} to {later} UTC: {event.data['reason']}"


def _note(event: Event) -> str:
    return f": {event.data['note']}" if event.data.get("note") else ""


def _decided(event: Event) -> str:
    if event.data["tell"]:
        return f"tells the requester of {event.data['to']} that it works again"
    return f"has nothing to say to the requester of {event.data['to']}"


def _family(event: Event) -> str:
    above = event.after["parent"]
    return f"made it part of {above}" if above else f"took it out of {event.before['parent']}"


def _corrected(event: Event) -> str:
    return f"corrected update {event.data['corrected']} for {_people(event.data['recipients'])}: {event.data['wrong']}"


def _template(event: Event) -> str:
    return event.subject_ref[:1].lower() + event.subject_ref[1:]


def _reworded(event: Event) -> str:
    return f"changed the wording of update {event.data['number']}, telling nobody: {event.data['why']}"


SENTENCES: dict[str, Presenter] = {
    "update_template.created": lambda event: f"worded the {_template(event)}",
    "update_template.edited": lambda event: f"changed the wording of the {_template(event)}",
    "update_template.removed": lambda event: f"went back to the built-in text for the {_template(event)}",
    "incident.approval_asked": lambda event: (
        f"wrote an update that waits for approval, for {event.data['readers']} readers"
    ),
    "incident.approval_ended": lambda event: f"let the update that waited not go out: {event.data['note']}",
    "approval_rule.edited": lambda event: f"changed when updates wait: {_template(event)}",
    "incident.update_corrected": _corrected,
    "incident.update_edited": _reworded,
    "incident.declared": lambda event: (
        f"declared the {'exercise' if event.data.get('drill') else 'incident'}"
    ),
    "incident.acknowledged": "acknowledged it",
    "incident.updated": _sent,
    "incident.update_missed": "saw update {data[number]} fall due without a text",
    "incident.reminded": "reminded {data[to]} of the next update",
    "incident.status_changed": _moved,
    "incident.restored": lambda event: f"declared the service restored; {_sent(event)}",
    "incident.reopened": "reopened it: {data[reason]}",
    "incident.closed": "closed the incident",
    "incident.roles_assigned": _roles,
    "incident.role_handed_over": "made {data[to]} {data[role]}: {data[note]}",
    "incident.entry_added": "wrote down: {data[body]}",
    "incident.snoozed": _put_off,
    "incident.cadence_changed": _cadence,
    "incident.subscribed": "put {data[address]} on the list",
    "incident.undelivered": "saw update {data[number]} wait for {data[waiting]} of its readers: it does not go out",
    "incident.edited": _edited,
    "incident.impact_assessed": "assessed the impact on availability: {data[words]}",
    "incident.postmortem_begun": "began the post-mortem",
    "incident.postmortem_edited": _written,
    "incident.postmortem_published": "published the post-mortem",
    "incident.postmortem_waived": "waived the post-mortem: {data[reason]}",
    "incident.postmortem_owed_again": "asked for the post-mortem all the same, which was waived while none was owed",
    "incident.postmortem_chased": "reminded {data[to]} of the post-mortem",
    "incident.linked": "linked {data[to]}",
    "incident.unlinked": "took the link to {data[to]} away",
    "incident.change_suspected": lambda event: f"suspects {event.data['to']}{_note(event)}",
    "incident.change_cleared": "says that {data[to]} is not the cause: {data[note]}",
    "incident.answer_decided": _decided,
    "incident.merged": "merged it into {data[other]}",
    "incident.merged_here": "merged {data[other]} into this one",
    "incident.unmerged": "took it back out of {data[other]}",
    "incident.unmerged_here": "took {data[other]} back out",
    "incident.parent_set": _family,
    "incident.watched": "watches it",
    "incident.unwatched": "watches it no longer",
    "incident.mentioned": "named {data[names]} in a note",
    "incident.time_logged": "logged {data[minutes]} min",
    "incident.time_deleted": "took back {before[minutes]} min",
}
