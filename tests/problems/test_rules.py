from datetime import UTC, date, datetime

import pytest

from core.common.errors import Conflict, RuleBroken
from problems import rules
from problems.models import Status

DUE = date(2026, 3, 20)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "verb"), [("open", "investigate"), ("resolved", "close"), ("closed", "reopen")]
)
def test_a_legal_move_passes(status, verb):
    rules.check_move("PRB-1", status, verb)


def test_an_illegal_move_says_what_is_possible():
    with pytest.raises(Conflict) as refused:
        rules.check_move("PRB-1", Status.OPEN, "close")

    assert refused.value.sentence == (
        "PRB-1 is in “new”, so one cannot close it. Possible now: start the investigation or state the root cause."
    )


def test_every_status_has_a_way_on():
    assert all(rules.possible(status) for status in Status)


def test_six_whys_are_one_too_many():
    assert rules.clean_whys(["a", " ", "b"]) == ["a", "b"]
    with pytest.raises(RuleBroken):
        rules.clean_whys(list("abcdef"))


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-03-01T00:00", "2026-03-17T08:00"),
        ("2026-03-17T08:00", "2026-03-20T08:00"),
        ("2026-03-20T07:59", "2026-03-20T08:00"),
        ("2026-03-20T08:00", "2026-03-27T08:00"),
        ("2026-03-27T07:59", "2026-03-27T08:00"),
        ("2026-03-29T10:00", "2026-04-03T08:00"),
        ("2026-06-30T10:00", "2026-07-03T08:00"),
    ],
)
def test_the_next_reminder(after, expected):
    assert rules.next_reminder(DUE, "UTC", at(after)) == at(expected)


@pytest.mark.parametrize(
    ("now", "name", "manager"),
    [
        ("2026-03-17T07:59", None, False),
        ("2026-03-17T08:00", "before", False),
        ("2026-03-20T08:00", "today", False),
        ("2026-03-27T07:59", "today", False),
        ("2026-03-27T08:00", "late1", False),
        ("2026-04-03T08:00", "late2", True),
        ("2026-04-10T07:00", "late2", True),
    ],
)
def test_the_newest_reminder_that_is_due(now, name, manager):
    slot = rules.last_reminder(DUE, "UTC", at(now))

    assert (slot and slot.name) == name
    assert bool(slot and slot.tells_manager) is manager


def test_the_morning_is_the_owners_across_a_change_of_the_clocks():
    assert rules.next_reminder(date(2026, 3, 28), "Europe/Paris", at("2026-03-27T00:00")) == at(
        "2026-03-28T07:00"
    )
    assert rules.next_reminder(date(2026, 3, 29), "Europe/Paris", at("2026-03-27T00:00")) == at(
        "2026-03-29T06:00"
    )
