from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace

import pytest

from changes import collisions
from changes.collisions import Frozen, Plan

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINE = Plan("CHG-1", "mine", START, START + HOUR, 1, frozenset(), {10: 1})
OTHER = replace(MINE, reference="CHG-2", title="other", person=2)


@pytest.mark.parametrize(
    ("shift", "collides"),
    [
        (-HOUR, False),
        (-HOUR + timedelta(seconds=1), True),
        (HOUR - timedelta(seconds=1), True),
        (HOUR, False),
    ],
)
def test_intervals_are_half_open(shift, collides):
    other = replace(OTHER, start=OTHER.start + shift, end=OTHER.end + shift)

    assert (collisions.with_change(MINE, other, [], {}) is not None) is collides


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (OTHER, "same_component"),
        (
            replace(OTHER, components={}, whole=frozenset({1})),
            "same_component",
        ),  # the whole application holds mine
        (replace(OTHER, components={11: 1}), None),
        (replace(OTHER, components={20: 2}), "dependency"),
        (replace(OTHER, components={30: 3}, person=1), "same_person"),
        (replace(OTHER, components={30: 3}), None),
    ],
)
def test_the_gravest_collision_is_named(other, kind):
    found = collisions.with_change(MINE, other, [(10, 20)], {10: 1, 20: 2})

    assert (found.kind if found else None) == kind
    assert found is None or (found.hardness == "hard") == (kind == "same_component")


@pytest.mark.parametrize(
    ("applications", "hit"), [(frozenset(), True), (frozenset({1}), True), (frozenset({2}), False)]
)
def test_a_freeze_holds_for_its_applications_or_for_all(applications, hit):
    freeze = Frozen("Year end", START - HOUR, START + timedelta(minutes=1), applications)

    assert (collisions.with_freeze(MINE, freeze) is not None) is hit


def test_a_freeze_that_ends_when_the_change_starts_is_no_collision():
    assert collisions.with_freeze(MINE, Frozen("Year end", START - HOUR, START)) is None


def test_a_busy_window_is_found_on_its_weekdays_by_the_customers_clock():
    window = SimpleNamespace(weekdays=[1], starts=time(4), ends=time(5), timezone="America/New_York")

    assert collisions.busy_during(window, START, START + HOUR) == (START, START + HOUR)
    assert collisions.busy_during(window, START + HOUR, START + 2 * HOUR) is None
    assert (
        collisions.busy_during(window, START + timedelta(days=1), START + timedelta(days=1, hours=1)) is None
    )
