"""Chasing entries that nobody checked: two sweeps over `next_chase_at`, of teams and of people."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from core.outbox import relevance
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation import review_mail, review_rules
from escalation.local_time import zone_of
from escalation.models import Card, Team

TEAMS, PEOPLE = "escalation.team_reviews", "escalation.person_reviews"


def register() -> None:
    """Called from AppConfig.ready()."""
    sweeps.register(sweeps.Sweep(name=TEAMS, due=due_teams, field="next_chase_at", act=chase))
    sweeps.register(sweeps.Sweep(name=PEOPLE, due=due_people, field="next_chase_at", act=chase))
    relevance.register(review_mail.TOPIC, no_longer_true)


def due_teams(now: datetime) -> QuerySet[Team]:
    return Team.objects.filter(next_chase_at__lte=now).order_by("next_chase_at", "id")


def due_people(now: datetime) -> QuerySet[Card]:
    return Card.objects.filter(next_chase_at__lte=now).order_by("next_chase_at", "id")


def chase(entry: Team | Card, now: datetime) -> None:
    """Write the newest reminder that has fallen due and set the next moment; who left is chased no more."""
    in_use = entry.active if isinstance(entry, Team) else entry.user.is_active
    zone = zone_of(entry.zone if isinstance(entry, Team) else entry.user.timezone)
    due = review_rules.last_chase(entry.review_due, zone, now) if in_use else None
    if due is not None:
        review_mail.ask(entry, due)
    later = review_rules.next_chase(entry.review_due, zone, now) if in_use else None
    rows = type(entry).objects.filter(pk=entry.pk, next_chase_at=entry.next_chase_at)
    rows.update(next_chase_at=later)


def no_longer_true(message: OutgoingMessage) -> str | None:
    """A queued mail is dropped when somebody checked the entry meanwhile, or nobody uses it any more."""
    entry = review_mail.entries(message.about_kind).filter(pk=message.about_id or 0).first()
    if entry is None:
        return "The entry is out of use."
    if not message.dedup_key.startswith(review_mail.key_of(entry)):
        return "The entry was checked meanwhile."
    return None
