"""The mails of a change: who is asked, what changed, how it was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from changes import queries, rules
from changes.models import Change
from changes.vocabulary import Decision, Status
from core.accounts.models import User
from core.common.actor import Actor
from core.outbox import queue, relevance
from core.outbox.models import Lane, OutgoingMessage

ASKED = "change.approval_asked"
SUBJECT_LENGTH = 77
LONGEST_VALUE = 200


def people_asked(change: Change) -> list[User]:
    """Everybody who was asked to approve, or has approved, in the present round."""
    rows = list(queries.approvals(change).exclude(decision=Decision.VOIDED))
    people = {row.approver.pk: row.approver for row in rows if row.approver is not None}
    for user in queries.possible_approvers():
        if user.pk in (change.author_id, change.responsible_id):
            continue
        if any(not rules.HOLDERS[row.role].isdisjoint(user.role_set) for row in rows):
            people.setdefault(user.pk, user)
    return list(people.values())


def ask_approvers(change: Change) -> None:
    """Ask everybody who may give one of the approvals."""
    context = {"approvals": list(queries.approvals(change))}
    for person in people_asked(change):
        _put(change, person, "change_asked", context, topic=ASKED, key=f"ask.{change.approval_round}")


def tell_changed(
    change: Change, voided_from: list[User], *, before: dict[str, Any], after: dict[str, Any], by: Actor
) -> None:
    """Tell the approvers what changed since, that approvals given are void, and that they are asked again."""
    given = {person.pk for person in voided_from}
    context = {
        "approvals": list(queries.approvals(change)), "by": by.label,
        "changes": [
            {"name": rules.VOIDING.get(name, name), "before": _short(before[name]), "after": _short(after[name])}
            for name in after
        ],
    }  # fmt: skip
    asked = {person.pk: person for person in (*voided_from, *people_asked(change))}
    for person in asked.values():
        more = {**context, "had_approved": person.pk in given}
        _put(change, person, "change_changed", more, topic=ASKED, key=f"ask.{change.approval_round}")


def tell_taken_back(change: Change, people: list[User], *, why: str, by: Actor) -> None:
    """Tell those who were asked that there is nothing to approve for now."""
    for person in people:
        _put(change, person, "change_taken_back", {"why": why, "by": by.label}, topic="change.taken_back",
             key=f"taken_back.{change.version}")  # fmt: skip


def tell_approved(change: Change, *, by: Actor) -> None:
    _tell_owners(change, "change_approved", {"by": by.label, "approvals": list(queries.approvals(change))})


def tell_rejected(change: Change, note: str, *, by: Actor) -> None:
    _tell_owners(change, "change_rejected", {"by": by.label, "note": note})


def chase(change: Change, *, overdue: bool, now: datetime) -> None:
    """Remind those who owe an emergency its approval after the fact."""
    waiting = [row for row in queries.approvals(change) if row.decision == Decision.PENDING]
    context = {"approvals": waiting, "overdue": overdue}
    for person in people_asked(change):
        _put(
            change,
            person,
            "change_chased",
            context,
            topic="change.approval_chased",
            key=f"chase.{now.isoformat()}",
        )


def why_not(message: OutgoingMessage) -> str | None:
    """Why a queued request for approval is no longer true; None while it is."""
    change = Change.objects.filter(pk=message.about_id or 0).first()
    if change is None:
        return "The change is gone."
    if change.approval_round != message.about_version:
        return "The change was edited since; the approvers are asked anew."
    if change.status != Status.SUBMITTED and change.approval_due_at is None:
        return f"The change is {change.get_status_display().lower()}."
    return None


def register() -> None:
    relevance.register(ASKED, why_not)


def _tell_owners(change: Change, name: str, context: dict[str, Any]) -> None:
    owners = {user.pk: user for user in (change.author, change.responsible) if user is not None}
    for person in owners.values():
        _put(change, person, name, context, topic=name.replace("_", ".", 1), key=f"{name}.{change.version}")


def _put(change: Change, person: User, name: str, context: dict[str, Any], *, topic: str, key: str) -> None:
    if not person.email:
        return
    full = {
        "change": change, "person": person, "window": _window(change),
        "url": f"{settings.BASE_URL.rstrip('/')}/changes/{change.reference}/", **context,
    }  # fmt: skip
    line = " ".join(render_to_string(f"email/{name}.subject", full).split())
    queue.put(
        lane=Lane.PAGE if change.type == "emergency" else Lane.REPLY,
        to=person.email,
        subject=line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + "…",
        text=render_to_string(f"email/{name}.txt", full),
        topic=topic,
        about=change,
        about_version=change.approval_round,
        dedup_key=f"change.{change.pk}.{key}.{person.pk}"[:200],
    )


def _window(change: Change) -> str:
    start, end = change.planned_start, change.planned_end
    if start is None or end is None:
        return "not planned yet"
    last = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%a} {end.day} {end:%b %H:%M}"
    return f"{start:%a} {start.day} {start:%b %Y %H:%M} to {last} UTC"


def _short(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%a} {value.day} {value:%b %Y %H:%M} UTC"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
