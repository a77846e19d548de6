from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.common.errors import Conflict, RuleBroken
from escalation import review_rules as rules

DUE = date(2027, 3, 22)  # a Monday; London's clocks go forward on the 28th
LONDON = ZoneInfo("Europe/London")


def at(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2027, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "week"), [(at(22, 8), None), (at(22, 9), 0), (at(29, 7), 0), (at(29, 8), 1), (at(5, 8, 4), 2)]
)
def test_the_newest_reminder_is_by_the_wall_clock_of_the_entry(now, week):
    chase = rules.last_chase(DUE, LONDON, now)
    assert (chase.week if chase else None) == week


def test_lead_and_manager_hear_of_it_after_two_weeks():
    weeks = [rules.last_chase(DUE, LONDON, at(22, 12) + timedelta(weeks=week)) for week in range(4)]
    assert [chase.tells_leads for chase in weeks] == [False, False, True, True]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (at(1, 0), at(22, 9)),
        (at(22, 9), at(29, 8)),
        (at(29, 7), at(29, 8)),
        (at(12, 12, 5), at(17, 8, 5)),
    ],
)
def test_the_next_reminder_is_later_than_now(after, expected):
    assert rules.next_chase(DUE, LONDON, after) == expected


def test_a_check_in_ten_years_is_no_check():
    with pytest.raises(RuleBroken, match="two years"):
        rules.check_due(DUE + timedelta(days=3650), DUE)


def test_a_check_that_was_made_is_not_due():
    rules.check_still_due(DUE, DUE)
    with pytest.raises(Conflict):
        rules.check_still_due(DUE + timedelta(days=91), DUE)
