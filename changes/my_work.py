"""The changes that wait for a person: their approval first, then what they carry out."""

from __future__ import annotations

from changes import queries
from changes.models import Change
from core.common.actor import Actor
from worklog import my_work, subjects
from worklog.my_work import MOST, Row, Section

RUNNING = ("approved", "scheduled", "implementing", "validating")


def register() -> None:
    for source in (approvals, carried_out):
        my_work.register(source)


def approvals(actor: Actor) -> Section:
    return Section(
        20, "Waiting for your approval", [_row(change) for change in queries.waiting_for(actor)[:MOST]]
    )


def carried_out(actor: Actor) -> Section:
    found = Change.objects.visible_to(actor).filter(responsible_id=actor.user_id, status__in=RUNNING)
    return Section(
        25, "Your changes", [_row(change) for change in found.order_by("planned_start", "pk")[:MOST]]
    )


def _row(change: Change) -> Row:
    start = change.planned_start
    return Row(
        change.reference,
        change.title,
        subjects.address(Change.SUBJECT, change.reference),
        status=change.status,
        note=f"{start.day} {start:%b, %H:%M} UTC" if start else "",
    )
