"""Our reactions to what others do."""

from __future__ import annotations

from core.audit import delivery, words
from core.audit.models import Event
from core.common.actor import Actor, Door, Kind
from incidents import operations, paging
from incidents.models import Incident
from worklog.models import Link


@delivery.handler("incident.linked", "incident.unlinked")
def show_link(event: Event) -> None:
    """A ticket, change or problem was linked or taken off: the timeline says so, to those who may see it.

    What stands there as the verdict on a change is not said twice.
    """
    if event.data.get("kind") == Link.Kind.CAUSED_BY:
        return
    to, word = event.data["to"], event.name.partition(".")[2]
    operations.note_work(
        event.subject_id,
        f"{to} {'linked' if word == 'linked' else 'taken off'}",
        ref=to,
        at=event.at,
        by=_who(event),
    )


@delivery.handler("page.*")
def show_page(event: Event) -> None:
    """Everybody who was paged about the incident, and who answered, stands on its timeline."""
    if event.subject_kind == Incident.SUBJECT:
        sentence = words.sentence(event)
        operations.note_event(
            event.subject_id, sentence[:1].upper() + sentence[1:], at=event.at, by=_who(event)
        )


@delivery.handler("subscription.ended")
def show_who_left(event: Event) -> None:
    """Somebody left the list of one incident, also by one click in a mail."""
    if event.data["incident_id"] is not None:
        operations.unsubscribed(event.data["incident_id"], event.data["who"], at=event.at, by=_who(event))


@delivery.handler("address.undeliverable")
def show_dead_address(event: Event) -> None:
    """An address on the list takes no mail: the timeline of the incident that found out says so."""
    if event.data["about_kind"] == Incident.SUBJECT:
        said = f"{event.subject_ref} takes no mail: {event.data['why']}"
        operations.note_event(event.data["about_id"], said, at=event.at, by=_who(event))


@delivery.handler("incident.declared")
def page_who_commands(event: Event) -> None:
    paging.declared(event)


@delivery.handler("incident.restored", "incident.closed", "incident.merged")
def stop_paging(event: Event) -> None:
    paging.finished(event)


def _who(event: Event) -> Actor:
    return Actor(
        kind=Kind(event.actor_kind), user_id=event.actor_id, label=event.actor_label, door=Door(event.door)
    )
