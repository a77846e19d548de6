from datetime import UTC, datetime

import pytest

from portal.rules import Stage, stage_of, steps
from tickets.models import Status

SENT, SOLVED = datetime(2027, 3, 8, 9, tzinfo=UTC), datetime(2027, 3, 9, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("new", "Received"),
        ("open", "Looking into it"),
        ("on_hold", "Looking into it"),
        ("waiting", "Waiting for you"),
        ("resolved", "Solved"),
        ("closed", "Solved"),
    ],
)
def test_every_status_has_a_stage_in_the_customers_words(status, stage):
    assert stage_of(status) == stage


def test_no_status_is_without_a_stage():
    assert {stage_of(status) for status in Status.values} == set(Stage)


def test_waiting_is_a_step_only_while_it_lasts():
    assert [step.name for step in steps(Stage.LOOKING, SENT, None)] == [
        "Received",
        "Looking into it",
        "Solved",
    ]
    way = [(step.name, step.state) for step in steps(Stage.WAITING, SENT, None)]
    assert way == [
        ("Received", "done"),
        ("Looking into it", "done"),
        ("Waiting for you", "now"),
        ("Solved", ""),
    ]


def test_a_solved_request_says_when():
    assert [(step.state, step.at) for step in steps(Stage.SOLVED, SENT, SOLVED)] == [
        ("done", SENT), ("done", None), ("now", SOLVED),
    ]  # fmt: skip
