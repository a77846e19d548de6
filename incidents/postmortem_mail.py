"""The reminder of a post-mortem that is due, and when a queued one is no longer true."""

from __future__ import annotations

from datetime import datetime

from core.outbox.models import OutgoingMessage
from incidents import notices
from incidents.models import Incident, Postmortem


def reminder(
    incident: Incident, found: Postmortem, due: datetime, now: datetime, *, to_owner: bool
) -> tuple[str, str]:
    """Subject and text for who owes it, or for their manager."""
    days = (now - due).days
    late = "due now" if days < 1 else "1 day late" if days == 1 else f"{days} days late"
    head = notices.shortened(f"{notices.tag(incident)} Post-mortem {late}: {incident.title}")
    who = (
        "You owe it."
        if to_owner
        else f"{found.owner.display_name} owes it."
        if found.owner
        else "Nobody has it."
    )
    begun = "It is a draft: publish it." if found.is_written else "It is not begun."
    text = (
        f"The post-mortem of {incident.reference} was due on {due.day} {due:%b at %H:%M} UTC. {who} {begun}"
    )
    return head, notices.wrapped(f"{text}\n\n{notices.address(incident)}postmortem/")


def no_longer_true(message: OutgoingMessage) -> str | None:
    """A queued reminder is dropped once the post-mortem is finished, or due at another time."""
    found = Postmortem.objects.unfinished().filter(pk=message.about_id or 0).first()
    if found is None:
        return "The post-mortem is finished."
    due = int(found.due_at.timestamp()) if found.due_at else 0
    return None if f"-postmortem-{due}-" in message.dedup_key else "The post-mortem is due at another time."
