"""What would be due if. Paris, 9 to 12 and 13 to 17, Monday to Friday."""

import pytest

from core.common.errors import Invalid
from sla import operations, simulation
from sla.models import Calendar, Clock, Policy
from sla.rules import Facts
from sla.simulation import Pause
from tests.sla.cast import P1, P3, ROBOT, Thing, paris

pytestmark = pytest.mark.django_db


def test_friday_half_past_four_with_all_goals_and_reminders(p1) -> None:
    Policy.objects.update(first_response_minutes=60, next_response_minutes=30)

    found = simulation.simulate(P1, at=paris(2027, 2, 5, 16, 30))

    assert [(one.label, one.due_at) for one in found.promises] == [
        ("First response", paris(2027, 2, 8, 9, 30)),
        ("Next response", paris(2027, 2, 5, 17)),
        ("Resolution", paris(2027, 2, 8, 13, 30)),
    ]
    assert [(alarm.percent, alarm.at, alarm.who[-1]) for alarm in found.promises[2].alarms] == [
        (50, paris(2027, 2, 8, 10, 30), "assignee"),
        (75, paris(2027, 2, 8, 11, 30), "team lead"),
        (90, paris(2027, 2, 8, 13, 6), "team lead"),
        (100, paris(2027, 2, 8, 13, 30), "manager"),
    ]
    assert [day.total for day in found.promises[2].days] == [30, 240]


def test_it_says_what_a_real_clock_does(thing: Thing, p3) -> None:
    operations.start_clocks(*thing.subject, P3, at=paris(2027, 2, 4, 13), by=ROBOT)
    operations.pause_clocks(*thing.subject, reason="waiting", at=paris(2027, 2, 4, 16), by=ROBOT)
    operations.resume_clocks(*thing.subject, at=paris(2027, 2, 8, 10), by=ROBOT)
    pause = Pause(paris(2027, 2, 4, 16), paris(2027, 2, 8, 10))

    found = simulation.simulate(P3, at=paris(2027, 2, 4, 13), pauses=[pause])

    assert found.promises[0].due_at == Clock.objects.get().due_at
    assert [(day.day, day.spans) for day in found.promises[0].days] == [
        ("Thu 4 Feb", "13:00 to 16:00"),
        ("Mon 8 Feb", "10:00 to 12:00, 13:00 to 16:00"),
    ]


def test_a_pause_after_the_due_time_changes_nothing(p1) -> None:
    pause = Pause(paris(2027, 2, 3, 9), paris(2027, 2, 4, 9))

    found = simulation.simulate(P1, at=paris(2027, 2, 1, 9), pauses=[pause])

    assert found.promises[0].due_at == paris(2027, 2, 1, 14)


def test_another_policy_or_calendar_can_be_tried(p1, p3) -> None:
    always = Calendar.objects.create(slug="always", name="Always", zone="UTC", weekly={}, always_open=True)

    other = simulation.simulate(P1, at=paris(2027, 2, 5, 16, 30), policy=p3, calendar=always)

    assert (other.policy, other.zone, other.promises[0].due_at) == (p3, "UTC", paris(2027, 2, 6, 0, 30))
    assert [(loser.name, loser.why) for loser in other.lost] == [
        ("P1", "it would be chosen; another was asked for")
    ]


def test_without_a_fitting_policy_nothing_would_be_promised(p1) -> None:
    found = simulation.simulate(Facts("P2"), at=paris(2027, 2, 1, 9))

    assert (found.policy, found.promises) == (None, [])
    assert [(loser.name, loser.why) for loser in found.others] == [("P1", "for P1")]


@pytest.mark.parametrize(
    ("pauses", "words"),
    [
        ([(10, 10)], "end after it begins"),
        ([(11, 10)], "end after it begins"),
        ([(8, 10)], "before the start"),
        ([(10, 12), (11, 13)], "must not overlap"),
        ([(hour, hour + 1) for hour in range(9, 20)], "At most 10"),
    ],
)
def test_pauses_that_cannot_be_are_refused(p1, pauses, words) -> None:
    with pytest.raises(Invalid, match=words):
        simulation.simulate(
            P1,
            at=paris(2027, 2, 1, 9),
            pauses=[Pause(paris(2027, 2, 1, since), paris(2027, 2, 1, to)) for since, to in pauses],
        )
