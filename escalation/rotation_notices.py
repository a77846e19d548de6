"""The mails of a schedule: who takes over, where nobody is on call. Times in the reader's own zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from core.accounts import actors
from core.accounts.models import User
from core.outbox import queue
from core.outbox.models import Lane
from escalation import open_work
from escalation.handing_over import HandOff
from escalation.models import Gap, Roster, Team

HANDED_OVER, GAPS = "oncall.handed_over", "oncall.gaps"
SUBJECT_LENGTH = 77
MOST_GAPS, MOST_LINES = 10, 12


def handed_over(roster: Roster, last: HandOff, incoming: User, outgoing: User | None, missed: int) -> None:
    """Tell who takes over, and from whom it passes, what is open for the team."""
    for person in (incoming, outgoing):
        if person is None:
            continue
        lines = open_work.lines(roster.team, actors.for_user(person))
        context = {
            "roster": roster, "incoming": incoming, "outgoing": outgoing, "missed": missed,
            "to_you": person == incoming, "at": when(last.at, person), "until": when(last.until, person),
            "lines": [(line.text, address(line.path)) for line in lines[:MOST_LINES]],
            "more": max(0, len(lines) - MOST_LINES),
        }  # fmt: skip
        put(
            person,
            "oncall_handed_over",
            context,
            topic=HANDED_OVER,
            team=roster.team,
            key=f"handoff.{roster.pk}.{last.at.isoformat()}",
        )


def gaps(roster: Roster, found: Sequence[Gap]) -> None:
    """Tell the team's lead and manager where nobody is on call in the next 30 days."""
    team = roster.team
    for person in {user.pk: user for user in (team.lead, team.manager) if user is not None}.values():
        context = {
            "roster": roster, "more": max(0, len(found) - MOST_GAPS),
            "gaps": [(when(gap.starts_at, person), when(gap.ends_at, person)) for gap in found[:MOST_GAPS]],
            "gaps_url": address(reverse("escalation:gaps")),
        }  # fmt: skip
        put(person, "oncall_gaps", context, topic=GAPS, team=team, key=f"gaps.{found[0].pk}.{len(found)}")


def put(
    person: User, name: str, context: dict[str, Any], *, topic: str, team: Team, key: str, **more: Any
) -> None:
    """Queue one mail from its two templates; the same key for the same person again is no second mail."""
    if not person.email or not person.is_active:
        return
    full = {"person": person, "team": team, "url": address(team_path(team)), **context}
    line = " ".join(render_to_string(f"email/{name}.subject", full).split())
    queue.put(
        lane=Lane.DIGEST,
        to=person.email,
        subject=line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + "…",
        text=render_to_string(f"email/{name}.txt", full),
        topic=topic,
        dedup_key=f"{key}.{person.pk}"[:200],
        **more,
    )


def when(at: datetime, reader: User) -> str:
    """A moment in words, in the reader's zone: "Mon 30 Nov 09:00 GMT"."""
    local = at.astimezone(ZoneInfo(reader.timezone or "UTC"))
    return f"{local:%a} {local.day} {local:%b %H:%M %Z}"


def address(path: str) -> str:
    return settings.BASE_URL.rstrip("/") + path


def team_path(team: Team) -> str:
    return reverse("escalation:detail", args=[team.slug])
