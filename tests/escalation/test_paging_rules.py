"""Pure decisions of paging."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.common.errors import RuleBroken
from escalation import paging_rules as rules
from escalation.paging_rules import Plan, Step, Target

ELI = Target("person", person=2, name="Eli Engel")
DUTY = Target("on_call", team=1, name="Payments")
LEAD = Target("lead", team=1, name="Payments")
PLAN = Plan("Default", 2, 30, (Step(5, (DUTY,)), Step(10, (LEAD, ELI))))


def walk(plan):
    place, seen = (1, 0), []
    while (place := plan.following(*place)) is not None:
        seen.append(place)
    return seen


def test_a_plan_goes_through_all_steps_in_every_round():
    assert walk(PLAN) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert walk(replace(PLAN, rounds=1)) == [(1, 1), (1, 2)]


def test_a_plan_survives_its_storage():
    assert Plan.from_json(PLAN.as_json()) == PLAN


def test_whom_in_words():
    assert PLAN.at(2).words == "the lead of Payments and Eli Engel"
    assert replace(DUTY, rotation_step=2).words == "who is second on call for Payments"
    assert Target("team", 1, name="Payments").words == "everybody in Payments"


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([], "needs at least one step"),
        ([Step(5, (DUTY,)), Step(5, ())], "Step 2 tells nobody"),
        ([Step(0, (DUTY,)), Step(5, (LEAD,))], "Step 1 waits 1 to 240 minutes"),
        ([Step(5, (DUTY,)), Step(241, (LEAD,))], "Step 2 waits 1 to 240 minutes"),
        ([Step(5, (ELI, replace(ELI, name="")))], "names somebody twice"),
        ([Step(5, (Target("person"),))], "name the person"),
        ([Step(5, (Target("lead"),))], "name the team"),
        ([Step(5, (Target("boss", 1),))], "is one of on_call"),
        ([Step(5, (replace(DUTY, rotation_step=0),))], "1 (called first) to 5"),
        ([Step(5, (DUTY,))] * 11, "at most 10 steps"),
        ([Step(5, tuple(Target("person", person=n) for n in range(1, 23)))], "more than 20"),
    ],
)
def test_a_policy_that_could_not_work_is_refused_when_saved(steps, sentence):
    with pytest.raises(RuleBroken) as refused:
        rules.check_steps(steps)
    assert sentence in refused.value.sentence
    assert "steps" in refused.value.errors


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"rounds": 0}, "repeat"), ({"rounds": 11}, "repeat"), ({"stale_minutes": 1}, "stale_minutes")],
)
def test_limits_of_a_whole_policy(changes, field):
    with pytest.raises(RuleBroken) as refused:
        rules.check_whole(replace(PLAN, **changes))
    assert field in refused.value.errors


def test_the_default_goes_from_the_on_call_person_to_the_manager():
    steps = rules.default_steps(1, "Payments", rotations=[1, 2], has_lead=True, has_manager=True)
    assert [(step.wait_minutes, step.words) for step in steps] == [
        (5, "who is on call for Payments"),
        (10, "who is second on call for Payments"),
        (10, "the lead of Payments"),
        (10, "the manager of Payments"),
    ]
    rules.check_steps(steps)


def test_without_a_rotation_everybody_is_told():
    [step] = rules.default_steps(1, "Payments", rotations=[], has_lead=False, has_manager=False)
    assert step == Step(5, (Target("team", 1, name="Payments"),))
