"""The words in which people hear of a clock that runs out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from core.outbox import queue
from core.outbox.models import Lane, OutgoingMessage
from sla import rules, words
from sla.models import Clock
from sla.subjects import Person, SubjectInfo

TOPIC = "sla.reminder"
SUBJECT_LENGTH = 77


def remind(clock: Clock, subject: Any, info: SubjectInfo, *, now: datetime) -> list[str]:
    """Queue the clock's latest alarm to whom it concerns, once each. Returns the addresses."""
    people = _people(subject, info, clock.alarms_sent)
    if not people:
        return []
    name = "sla_breached" if clock.alarms_sent >= rules.BREACH else "sla_reminder"
    context = _context(clock, subject, info, now)
    line = " ".join(render_to_string(f"email/{name}.subject", context).split())
    for person in people:
        queue.put(
            lane=Lane.DIGEST,
            to=person.email,
            subject=line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + "…",
            text=render_to_string(f"email/{name}.txt", {**context, "person": person}),
            topic=TOPIC,
            about=clock,
            about_version=clock.version,
            dedup_key=f"sla.{clock.pk}.{clock.alarms_sent}.{person.email.lower()}"[:200],
        )
    return [person.email for person in people]


def why_not(message: OutgoingMessage) -> str | None:
    """Why a queued reminder is no longer true; None while it is."""
    clock = Clock.objects.filter(pk=message.about_id or 0).first()
    if clock is None:
        return "The clock is gone."
    if clock.state != Clock.State.RUNNING:
        return f"The clock is {clock.state}."
    if clock.version != message.about_version:
        return "The clock moved on since."
    return None


def _people(subject: Any, info: SubjectInfo, alarm: int) -> list[Person]:
    by_part = info.recipients(subject)
    wanted = (person for part in rules.audience(alarm) for person in by_part.get(part, ()))
    return list({person.email.lower(): person for person in wanted if person.email}.values())


def _context(clock: Clock, subject: Any, info: SubjectInfo, now: datetime) -> dict[str, Any]:
    over = clock.elapsed_at(now) - clock.target_seconds
    return {
        "reference": info.reference(clock.subject_id),
        "label": info.label(subject),
        "url": settings.BASE_URL.rstrip("/") + info.path(subject),
        "goal": clock.get_goal_display().lower(),
        "percent": min(clock.alarms_sent, rules.BREACH),
        "due": words.local(clock.due_at, clock.hours().zone) if clock.due_at else "",
        "target": words.in_words(clock.target_seconds),
        "left": words.in_words(max(-over, 0)),
        "over": words.in_words(max(over, 0)),
        "policy": clock.policy_name,
    }
