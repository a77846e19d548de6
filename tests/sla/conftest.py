from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalogue.models import Application
from sla import subjects
from sla.models import Calendar, Policy
from sla.subjects import SubjectInfo
from tests.sla.cast import Thing


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
    )
    subjects.register(thing.kind, info)
    yield thing
    del subjects._kinds[thing.kind]


@pytest.fixture
def calendar(db: None) -> Calendar:
    week = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    return Calendar.objects.create(slug="paris", name="Paris", zone="Europe/Paris", weekly=week)


@pytest.fixture
def p3(calendar: Calendar) -> Policy:
    """Eight hours, paused while a vendor works."""
    return Policy.objects.create(
        name="P3", priority="P3", calendar=calendar, resolution_minutes=480, pause_reasons=["vendor"]
    )


@pytest.fixture
def p1(calendar: Calendar) -> Policy:
    return Policy.objects.create(name="P1", priority="P1", calendar=calendar, resolution_minutes=240)
