"""A filled database of an earlier desk, brought to today's: `python -m tests.filled`, on the empty one of DATABASE_URL.

A process of its own, because the steps in between use the database that the settings name. Goes back once more and
forward again, so that who has to take a release back finds a way. Prints what was found as JSON.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import django
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [
    ("escalation", "0004_tiers"),
    ("sla", "0002_kept_and_missed"),
    ("tickets", "0006_found_by_what_lists_filter_by"),
]
APPS = ("audit", "escalation", "sla", "tickets")
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHORT, LONG = {"mon": [["09:00", "12:00"]]}, {"mon": [["09:00", "17:00"]]}


def migrate(targets: list[tuple[str, str]] | None = None) -> Any:
    """To these migrations, or to the last ones of these apps; the models as they are then."""
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    last = [node for name in APPS for node in graph.leaf_nodes(name)]
    wanted = [*targets, *graph.leaf_nodes("audit")] if targets else last
    executor.migrate(wanted)
    return MigrationExecutor(connection).loader.project_state(wanted).apps


def fill(apps: Any) -> None:
    """What a desk of then would hold where today's holds it in another way."""
    make = {name: apps.get_model(*path).objects.create for name, path in MODELS.items()}
    ana, eli = (make["user"](username=name, email=f"{name}@desk.example") for name in ("ana", "eli"))
    _rotations(make, ana, eli)
    _clocks(make)
    for number in range(2, 6):
        make["ticket"](
            subject=f"Handed on {number} times", handoff_count=number, created_at=MONDAY, updated_at=MONDAY
        )


MODELS = {
    "user": ("accounts", "User"), "team": ("escalation", "Team"), "rotation": ("escalation", "Rotation"),
    "duty": ("escalation", "Duty"), "calendar": ("sla", "Calendar"), "policy": ("sla", "Policy"),
    "clock": ("sla", "Clock"), "interval": ("sla", "Interval"), "event": ("audit", "Event"),
    "ticket": ("tickets", "Ticket"),
}  # fmt: skip


def _rotations(make: dict[str, Any], ana: Any, eli: Any) -> None:
    """Ana by office hours over Eli, who fills what she leaves; Eli's past is stored for two hours less."""
    team = make["team"](slug="payments", name="Payments", tier=2, review_due=date(2030, 1, 1))
    for name, who, position, until in (("Office", ana, 0, 12), ("Rest", eli, 1, 10)):
        rotation = make["rotation"](
            team=team, name=name, position=position, zone="UTC", handoff_time=time(9), start=MONDAY.date(),
            past_until=MONDAY + until * HOUR,
        )  # fmt: skip
        stretches = ((2, 4), (8, 12)) if who is ana else ((0, 10),)
        for start, end in stretches:
            make["duty"](
                rotation=rotation,
                user=who,
                starts_at=MONDAY + start * HOUR,
                ends_at=MONDAY + end * HOUR,
                why="rotation",
            )
    make["rotation"](
        team=team, name="Second", step=2, zone="UTC", handoff_time=time(9), start=date(2026, 11, 20)
    )


def _clocks(make: dict[str, Any]) -> None:
    """A calendar in its second version; a clock that ran in both, one that was missed, handed over, and met."""
    calendar = make["calendar"](slug="week", name="Week", zone="UTC", weekly=LONG, version=2)
    policy = make["policy"](name="All", calendar=calendar, resolution_minutes=120)
    for name, at, before in (("created", 0, {}), ("changed", 24, {"weekly": SHORT})):
        make["event"](
            name=f"calendar.{name}", at=MONDAY + at * HOUR, actor_kind="person", actor_label="Rut Root", door="web",
            subject_kind="calendar", subject_id=calendar.pk, subject_ref="week", before=before, after={}, data={},
        )  # fmt: skip

    def clock(
        pk: int, state: str, breached: datetime | None, elapsed: int, versions: tuple[int, ...]
    ) -> None:
        row = make["clock"](
            subject_kind="ticket", subject_id=pk, goal="resolution", state=state, target_minutes=120,
            policy_name="All", policy=policy, calendar=calendar, started_at=MONDAY, breached_at=breached,
            elapsed_seconds=elapsed, running_since=MONDAY if state == "running" else None,
        )  # fmt: skip
        for number, version in enumerate(versions):
            last = number == len(versions) - 1 and state == "running"
            make["interval"](
                clock=row, from_at=MONDAY + number * HOUR, to_at=None if last else MONDAY + (number + 1) * HOUR,
                counted=True, seconds=None if last else 3600, why="started", calendar_version=version,
            )  # fmt: skip

    clock(1, "running", None, 3600, (1, 2))
    clock(2, "cancelled", MONDAY + 2 * HOUR, 9000, (1,))
    clock(2, "met", MONDAY + 2 * HOUR, 10_800, (1,))
    clock(3, "running", MONDAY + 3 * HOUR, 7200, (2,))


def found(apps: Any) -> dict[str, Any]:
    """What became of it, in today's rows."""
    rows = {name: apps.get_model(*name.split(".")).objects for name in (
        "escalation.Roster", "escalation.Duty", "sla.CalendarVersion", "sla.Clock", "sla.Interval", "sla.Breach",
        "tickets.Ticket",
    )}  # fmt: skip
    hours = [
        (duty.user.username, duty.layer, _hour(duty.starts_at), _hour(duty.ends_at))
        for duty in rows["escalation.Duty"].filter(roster__step=1).order_by("starts_at")
    ]
    rosters = rows["escalation.Roster"].order_by("step").values_list("step", "kept_until")
    versions = (
        rows["sla.CalendarVersion"].order_by("number").values_list("number", "weekly", "since", "by_label")
    )
    breaches = rows["sla.Breach"].order_by("subject_id")
    tickets = rows["tickets.Ticket"].order_by("handoff_count").values_list("handoff_count", "passed_around")
    return {
        "duties": hours,
        "rosters": [(step, _hour(until)) for step, until in rosters],
        "versions": [(number, weekly, _hour(since), by) for number, weekly, since, by in versions],
        "clocks": list(
            rows["sla.Clock"].order_by("pk").values_list("subject_id", "state", "calendar_version")
        ),
        "rows_of_no_calendar": rows["sla.Interval"].filter(calendar=None).count(),
        "breaches": list(breaches.values_list("subject_id", "clock__state", "over_seconds", "cause")),
        "tickets": list(tickets),
    }


def _hour(at: datetime) -> float:
    return (at - MONDAY) / HOUR


def main() -> None:
    fill(migrate(BEFORE))
    first = found(migrate())
    migrate(BEFORE)
    migrate()
    json.dump(first, sys.stdout)


if __name__ == "__main__":
    django.setup()
    main()
