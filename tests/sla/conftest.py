from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from catalogue.models import Application
from sla import operations, subjects
from sla.models import Calendar, Policy
from sla.subjects import SubjectInfo
from tests.sla.cast import ROBOT, Thing, paris


@pytest.fixture
def thing(db: None) -> Iterator[Thing]:
    thing = Thing(Application.objects.create(slug="pricing", name="Pricing\r\nBcc: a@b.example").pk)
    info = SubjectInfo(
        model=Application,
        reference=lambda pk: f"THG-{pk}",
        label=lambda row: row.name,
        path=lambda row: f"/things/THG-{row.pk}/",
        recipients=lambda row: thing.recipients,
        nearest_changed=lambda pk, nearest: thing.stored.append(nearest),
        visible_to=lambda actor: Application.objects.all(),
        owner=lambda row: thing.owner,
        owed=lambda row: thing.owed,
    )
    subjects.register(thing.kind, info)
    yield thing
    del subjects._kinds[thing.kind]


@pytest.fixture
def calendar(db: None) -> Calendar:
    week = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    with time_machine.travel(paris(2027, 1, 1), tick=False):
        return operations.save_calendar(
            Calendar(slug="paris", name="Paris", zone="Europe/Paris", weekly=week), by=ROBOT
        )


@pytest.fixture
def p3(calendar: Calendar) -> Policy:
    """Eight hours, paused while a vendor works."""
    return Policy.objects.create(
        name="P3", priority="P3", calendar=calendar, resolution_minutes=480, pause_reasons=["vendor"]
    )


@pytest.fixture
def p1(calendar: Calendar) -> Policy:
    return Policy.objects.create(name="P1", priority="P1", calendar=calendar, resolution_minutes=240)
