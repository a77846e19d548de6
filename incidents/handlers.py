"""Our reactions to what others do."""

from __future__ import annotations

from core.audit import delivery
from core.audit.models import Event
from core.common.actor import Actor, Door, Kind
from incidents import operations


@delivery.handler("incident.linked")
def show_link(event: Event) -> None:
    """A ticket, change or problem was linked: the timeline says so."""
    who = Actor(
        kind=Kind(event.actor_kind), user_id=event.actor_id, label=event.actor_label, door=Door(event.door)
    )
    operations.note_linked(event.subject_id, f"{event.data['to']} linked", at=event.at, by=who)
