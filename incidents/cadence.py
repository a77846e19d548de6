"""The sweeps of incidents, and when a queued message about one is no longer true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from core.outbox import relevance
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from incidents import audience, operations, postmortem_mail
from incidents.models import Answer, Incident, PendingUpdate, Postmortem, RoleHolding, Update

UPDATES, REMINDERS, ANSWERS = "incidents.updates", "incidents.reminders", "incidents.answers"
DELIVERY = "incidents.delivery"
POSTMORTEMS = "incidents.postmortems"
OVERRULES = (Update.Kind.RESTORED, Update.Kind.CORRECTION)


def register() -> None:
    """Make the sweeps and the relevance checks known; called from AppConfig.ready()."""
    sweeps.register(
        sweeps.Sweep(
            name=UPDATES,
            due=_updates_due,
            field="next_update_due_at",
            act=operations.fall_due,
            promised=True,
        )
    )
    sweeps.register(
        sweeps.Sweep(name=REMINDERS, due=_reminders_due, field="next_reminder_due_at", act=operations.remind)
    )
    sweeps.register(sweeps.Sweep(name=ANSWERS, due=_answers_due, field="due_at", act=operations.give_answer))
    sweeps.register(
        sweeps.Sweep(name=DELIVERY, due=_unchecked, field="check_at", act=operations.check_delivery)
    )
    sweeps.register(
        sweeps.Sweep(name=POSTMORTEMS, due=_unwritten, field="next_chase_at", act=operations.chase_postmortem)
    )
    relevance.register("incident.postmortem", postmortem_mail.no_longer_true)
    relevance.register("incident.update", outdated_update)
    relevance.register("incident.reminder", outdated_reminder)
    relevance.register("incident.overdue", answered)
    relevance.register("incident.approval_asked", approval_decided)
    relevance.register("incident.role", role_passed_on)


def _updates_due(now: datetime) -> QuerySet[Incident]:
    return Incident.objects.filter(next_update_due_at__lte=now).order_by("next_update_due_at", "id")


def _reminders_due(now: datetime) -> QuerySet[Incident]:
    return Incident.objects.filter(next_reminder_due_at__lte=now).order_by("next_reminder_due_at", "id")


def _answers_due(now: datetime) -> QuerySet[Answer]:
    return Answer.objects.filter(due_at__lte=now).order_by("due_at", "id")


def _unchecked(now: datetime) -> QuerySet[Update]:
    return Update.objects.filter(check_at__lte=now).order_by("check_at", "id")


def _unwritten(now: datetime) -> QuerySet[Postmortem]:
    return Postmortem.objects.filter(next_chase_at__lte=now).order_by("next_chase_at", "id")


def outdated_update(message: OutgoingMessage) -> str | None:
    """An update is overruled by "Service restored", by a reopening, and by its own correction.

    And the subscriber may have gone.
    """
    standing = relevance.once((Incident.SUBJECT, message.about_id), lambda: _standing(_about(message)))
    reference = standing.incident.reference
    about = message.about_version
    for later in standing.overruling:
        if about is None or later.number <= about:
            continue
        if later.corrects_id is None or standing.roots.get(about) == later.corrects_id:
            return f"Overruled by update {later.number} of {reference}: {later.get_kind_display().lower()}."
    if audience.key_of_message(message) not in standing.told:
        return f"{message.to} is no longer told about {reference}."
    return None


@dataclass(frozen=True)
class _Standing:
    """What all messages about one incident ask."""

    incident: Incident
    overruling: list[Update]
    roots: dict[int, int]  # of the number of each update: the first one that said it
    told: frozenset[str]


def _standing(incident: Incident) -> _Standing:
    overruling = list(incident.updates.filter(kind__in=OVERRULES).order_by("number"))
    roots: dict[int, int] = {}
    if any(one.corrects_id for one in overruling):
        rows = incident.updates.values_list("number", "pk", "corrects_id")
        roots = {number: first or pk for number, pk, first in rows}
    return _Standing(incident, overruling, roots, audience.keys_told(incident))


def outdated_reminder(message: OutgoingMessage) -> str | None:
    """A reminder is void once the update was sent, the service restored, or another due time set."""
    incident = _about(message)
    if incident.next_update_due_at is None or incident.next_reminder_due_at is not None:
        return (
            answered(message)
            or f"Update {message.about_version} of {incident.reference} is due at another time."
        )
    return answered(message)


def role_passed_on(message: OutgoingMessage) -> str | None:
    """Who got a role is not told once it went on to somebody else."""
    holding = RoleHolding.objects.filter(pk=message.about_version, until=None).first()
    return None if holding is not None else f"{message.to} does not have this role any more."


def answered(message: OutgoingMessage) -> str | None:
    incident = _about(message)
    if not incident.is_open:
        return f"{incident.reference} is {incident.get_status_display().lower()}."
    if message.about_version is not None and incident.update_count >= message.about_version:
        return f"Update {message.about_version} of {incident.reference} was sent."
    return None


def approval_decided(message: OutgoingMessage) -> str | None:
    """Nobody is asked any more once an update was decided."""
    waiting = PendingUpdate.objects.filter(pk=message.about_version).first()
    if waiting is not None and waiting.state == PendingUpdate.State.WAITING:
        return None
    return "It waits for approval no more."


def _about(message: OutgoingMessage) -> Incident:
    assert message.about_id is not None
    return Incident.objects.get(pk=message.about_id)
