from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.common.errors import Conflict
from incidents import rules
from incidents.models import Status

ANCHOR = datetime(2026, 3, 2, 10, 2, tzinfo=UTC)
minutes = st.integers(min_value=1, max_value=1440)
later = st.integers(min_value=0, max_value=200_000).map(lambda seconds: ANCHOR + timedelta(seconds=seconds))


@given(cadence=minutes, now=later)
def test_the_next_due_time_is_the_first_slot_after_now(cadence, now):
    due = rules.next_due(ANCHOR, cadence, now)

    assert due > now >= due - timedelta(minutes=cadence)
    assert (due - ANCHOR) % timedelta(minutes=cadence) == timedelta(0)


@given(cadence=minutes, now=later)
def test_the_slots_due_are_all_those_until_now(cadence, now):
    slots = rules.slots_due(ANCHOR, cadence, now)

    assert slots[0] == ANCHOR and slots[-1] <= now
    assert rules.next_due(ANCHOR, cadence, now) == slots[-1] + timedelta(minutes=cadence)


def test_on_demand_owes_nothing():
    assert rules.next_due(ANCHOR, None, ANCHOR) is None
    assert rules.reminder_at(None, ANCHOR) is None


@pytest.mark.parametrize(("after", "expected"), [(15, 10), (6, 1), (5, None), (1, None)])
def test_the_reminder_comes_five_minutes_before_or_not_at_all(after, expected):
    due = ANCHOR + timedelta(minutes=after)

    reminder = rules.reminder_at(due, ANCHOR)

    assert reminder == (ANCHOR + timedelta(minutes=expected) if expected else None)


@pytest.mark.parametrize("start", [Status.DECLARED, *sorted(rules.BETWEEN)])
def test_one_may_go_back_and_forth_between_the_working_phases(start):
    for to in rules.BETWEEN - {start}:
        rules.check_move("INC-1", start, to)


@pytest.mark.parametrize(
    ("start", "to"),
    [
        (Status.INVESTIGATING, Status.DECLARED),
        (Status.INVESTIGATING, Status.INVESTIGATING),
        (Status.MONITORING, Status.RESTORED),
        (Status.MONITORING, Status.CLOSED),
        (Status.RESTORED, Status.INVESTIGATING),
        (Status.CLOSED, Status.MONITORING),
    ],
)
def test_every_other_move_is_refused_with_what_is_possible(start, to):
    with pytest.raises(Conflict, match=r"can be|use the action|new incident"):
        rules.check_move("INC-1", start, to)
