from dataclasses import dataclass
from typing import Any

import pytest

from sla import rules
from sla.rules import Facts, Part


@dataclass
class Rule:
    pk: int
    order: int = 100
    customer_tier: str = ""
    kind: str = ""
    priority: str = ""
    application_id: int | None = None


RULES = [
    Rule(1, order=1),  # first in order, but the least specific
    Rule(2, priority="P1"),
    Rule(3, priority="P1", customer_tier="strategic"),
    Rule(4, priority="P1", application_id=7),
    Rule(5, order=50, priority="P1", kind="question"),
    Rule(6, priority="P2", customer_tier="key", kind="issue", application_id=7),
]


@pytest.mark.parametrize(
    ("facts", "chosen"),
    [
        (Facts("P3"), 1),
        (Facts("P1"), 2),
        (Facts("P1", "standard", "issue", 8), 2),
        (Facts("P1", "strategic"), 3),
        (Facts("P1", "strategic", "issue", 7), 3),  # as specific as 4, same order: the older
        (Facts("P1", "strategic", "question", 7), 5),  # as specific, first in order
        (Facts("P2", "key", "issue", 7), 6),
        (Facts("P2", "key", "issue", 8), 1),
    ],
)
def test_the_most_specific_policy_then_the_first_in_order(facts: Facts, chosen: int) -> None:
    picked = rules.choose(RULES, facts)

    assert picked and picked.pk == chosen


def test_no_policy_is_no_promise() -> None:
    assert rules.choose([Rule(1, priority="P0")], Facts("P1")) is None


@pytest.mark.parametrize(
    ("elapsed", "alarm"),
    [
        (0, 0),
        (49, 0),
        (50, 50),
        (74, 50),
        (75, 75),
        (90, 90),
        (99, 90),
        (100, 100),
        (14_499, 100),
        (14_500, 101),
    ],
)
def test_the_alarm_that_an_elapsed_time_has_reached(elapsed: int, alarm: int) -> None:
    assert rules.reached(100, elapsed) == alarm


@pytest.mark.parametrize("target", [60, 61, 7 * 60, 480 * 60])
def test_an_alarm_is_reached_exactly_at_its_time(target: int) -> None:
    alarm = 0
    while alarm < 103:
        alarm = rules.following(alarm)
        at = rules.elapsed_at_alarm(target, alarm)
        assert rules.reached(target, at) == alarm
        assert rules.reached(target, at - 1) < alarm


def test_who_hears_which_alarm() -> None:
    assert rules.audience(50) == (Part.ASSIGNEE,)
    assert rules.audience(75) == rules.audience(90) == (Part.ASSIGNEE, Part.LEAD)
    assert rules.audience(100) == rules.audience(103) == (Part.ASSIGNEE, Part.LEAD, Part.MANAGER)


def test_waiting_always_pauses_and_holding_only_for_listed_reasons() -> None:
    assert rules.pauses("waiting", [])
    assert rules.pauses("vendor", ["vendor"])
    assert not rules.pauses("change", ["vendor"])
    assert not rules.pauses("", ["vendor"])


@pytest.mark.parametrize(
    ("targets", "reasons", "field", "words"),
    [
        ((None, None, None), [], "resolution_minutes", "promises nothing"),
        ((0, None, 0), [], "resolution_minutes", "promises nothing"),
        ((60, None, 30), [], "resolution_minutes", "before the first response"),
        ((None, 60, 30), [], "next_response_minutes", "after the resolution"),
        ((None, None, 2_000_000_000), [], "resolution_minutes", "at most two years"),
        ((60, None, 90), ["new"], "pause_reasons", "where they start"),
        ((60, None, 90), ["open"], "pause_reasons", "where they start"),
        ((60, None, 90), ["waiting"], "pause_reasons", "leave it out"),
        ((60, None, 90), ["lunch"], "pause_reasons", "not a reason"),
        ((60, None, 90), "vendor", "pause_reasons", "are a list"),
        ((60, None, 90), [["vendor"]], "pause_reasons", "are a list"),
    ],
)
def test_a_policy_that_contradicts_itself(targets: tuple, reasons: Any, field: str, words: str) -> None:
    wrong = rules.contradictions(targets=targets, pause_reasons=reasons)

    assert list(wrong) == [field]
    assert words in wrong[field][0]


def test_a_sound_policy_has_no_contradiction() -> None:
    assert rules.contradictions(targets=(60, 60, 90), pause_reasons=["vendor", "change"]) == {}
