"""The two sweeps of incidents, and when a queued message about one is no longer true."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from core.outbox import relevance
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from incidents import audience, operations
from incidents.models import Incident, Update

UPDATES, REMINDERS = "incidents.updates", "incidents.reminders"
OVERRULES = (Update.Kind.RESTORED, Update.Kind.CORRECTION)


def register() -> None:
    """Make the sweeps and the relevance checks known; called from AppConfig.ready()."""
    sweeps.register(
        sweeps.Sweep(name=UPDATES, due=_updates_due, field="next_update_due_at", act=operations.fall_due)
    )
    sweeps.register(
        sweeps.Sweep(name=REMINDERS, due=_reminders_due, field="next_reminder_due_at", act=operations.remind)
    )
    relevance.register("incident.update", outdated_update)
    relevance.register("incident.reminder", outdated_reminder)
    relevance.register("incident.overdue", answered)


def _updates_due(now: datetime) -> QuerySet[Incident]:
    return Incident.objects.filter(next_update_due_at__lte=now).order_by("next_update_due_at", "id")


def _reminders_due(now: datetime) -> QuerySet[Incident]:
    return Incident.objects.filter(next_reminder_due_at__lte=now).order_by("next_reminder_due_at", "id")


def outdated_update(message: OutgoingMessage) -> str | None:
    """An update is overruled by "Service restored" and by its correction; and the subscriber may have gone."""
    incident = _about(message)
    later = (
        incident.updates.filter(number__gt=message.about_version, kind__in=OVERRULES)
        .order_by("number")
        .first()
    )
    if later is not None:
        return (
            f"Overruled by update {later.number} of {incident.reference}: {later.get_kind_display().lower()}."
        )
    if not audience.still_told(incident, message.to):
        return f"{message.to} is no longer told about {incident.reference}."
    return None


def outdated_reminder(message: OutgoingMessage) -> str | None:
    """A reminder is void once the update was sent, the service restored, or another due time set."""
    incident = _about(message)
    if incident.next_update_due_at is None or incident.next_reminder_due_at is not None:
        return (
            answered(message)
            or f"Update {message.about_version} of {incident.reference} is due at another time."
        )
    return answered(message)


def answered(message: OutgoingMessage) -> str | None:
    incident = _about(message)
    if not incident.is_open:
        return f"{incident.reference} is {incident.get_status_display().lower()}."
    if message.about_version is not None and incident.update_count >= message.about_version:
        return f"Update {message.about_version} of {incident.reference} was sent."
    return None


def _about(message: OutgoingMessage) -> Incident:
    assert message.about_id is not None
    return Incident.objects.get(pk=message.about_id)
