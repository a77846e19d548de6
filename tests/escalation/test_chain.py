"""The chain that the page and the API show is whom a page would tell: same plan, same people, same waits."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from core.accounts.models import User
from core.common import clock
from core.timers import sweeps
from escalation import directory, operations, plans
from escalation.models import EscalationPolicy, Page, PageNotice, Team
from escalation.paging_rules import Plan, Step, Target
from tests.escalation.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]


def shown(team) -> list[tuple[str, int]]:
    """Who is called by the answer, and how many minutes after the start; people of a whole team by name."""
    answer = directory.who_is_on_call(team)
    found, at = [], 0
    begins = answer.person and not (
        answer.chain and answer.chain[0].after_minutes == 0 and not answer.chain[0].together
    )
    if begins:
        found.append((answer.person.username, 0))
    for step in answer.chain:
        at += step.after_minutes
        found += [(person.username, at) for person in ([step.person] if step.person else step.people)]
    return found


def paged(team, traveller, by) -> list[tuple[str, int]]:
    """Whom a page tells, and after how many minutes; each person once, where they are told first."""
    begun = clock.now()
    made = operations.page(reason="It is down.", team=team, by=by)
    while Page.objects.get(pk=made.pk).next_step_at:
        traveller.move_to(Page.objects.get(pk=made.pk).next_step_at)
        sweeps.run("escalation.pages")
    rows = PageNotice.objects.filter(page=made, kind="step").select_related("person").order_by("pk")
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.person.username, int((row.at - begun).total_seconds()) // 60)
    return list(first.items())


def write(house, *steps: tuple[int, list[Target]], team=None, **settings):
    written = [Step(wait, tuple(targets)) for wait, targets in steps]
    return operations.create_policy(
        team=team or house.payments, name="Ours", steps=written, by=house.admin, **settings
    )


def on_call(team=None, nth=1):
    return Target("on_call", team and team.pk, rotation_step=nth)


def second(house):
    operations.create_rotation(
        team=house.payments, name="Second", step=2, people=[house.lea], start=NOON.date() - timedelta(days=2),
        handoff_time=time(9), by=house.admin,
    )  # fmt: skip


def nothing_written(house):
    second(house)


def steps_with_other_waits(house):
    second(house)
    write(house, (3, [on_call()]), (7, [on_call(nth=2)]), (20, [Target("manager")]))


def two_at_once(house):
    write(
        house,
        (4, [Target("lead"), on_call()]),
        (6, [Target("person", person=house.lea.pk), Target("manager")]),
    )


def who_was_called_is_called_again(house):
    write(house, (4, [on_call()]), (6, [Target("person", person=house.eli.pk)]), (9, [Target("lead")]))


def begins_with_the_lead(house):
    write(house, (4, [Target("lead")]), (6, [on_call()]), (9, [Target("manager")]))


def of_another_team(house):
    operations.edit_team("network", changes={"lead": house.lea}, by=house.admin)
    write(house, (4, [on_call()]), (6, [Target("lead", house.network.pk), on_call(house.network)]))


def everybody(house):
    write(house, (4, [on_call()]), (6, [Target("team")]))


def nobody_at_the_second(house):
    write(house, (4, [on_call()]), (6, [on_call(nth=3)]), (9, [Target("lead")]))


def nobody_at_the_first(house):
    operations.edit_rotation(house.rotation.pk, changes={"active": False}, by=house.admin)
    write(house, (4, [on_call()]), (6, [Target("lead")]), (9, [Target("manager")]))


def no_rotation(house):
    operations.edit_rotation(house.rotation.pk, changes={"active": False}, by=house.admin)


def who_left(house):
    User.objects.filter(pk=house.ira.pk).update(is_active=False)


def a_closed_team(house):
    write(house, (4, [on_call()]), (6, [Target("lead", house.network.pk)]), (9, [Target("manager")]))
    Team.objects.filter(pk=house.network.pk).update(active=False, lead=house.lea)


@pytest.mark.parametrize(
    "told",
    [
        nothing_written, steps_with_other_waits, two_at_once, who_was_called_is_called_again, begins_with_the_lead,
        of_another_team, everybody, nobody_at_the_second, nobody_at_the_first, no_rotation, who_left, a_closed_team,
    ],
)  # fmt: skip
def test_what_is_shown_is_who_is_paged(house, noon, by, told):
    told(house)
    team = Team.objects.get(pk=house.payments.pk)
    before = shown(team)
    assert before and sorted(before) == sorted(paged(team, noon, by(house.ana)))


def test_a_page_keeps_the_plan_that_is_shown(house, by):
    steps_with_other_waits(house)
    made = operations.page(reason="It is down.", team=house.payments, by=by(house.ana))
    assert Plan.from_json(made.plan) == directory.who_is_on_call(house.payments).plan
    assert Plan.from_json(made.plan) == plans.of_team(house.payments)


def test_without_a_policy_the_page_writes_the_rule_that_was_shown(house, by):
    fixed = directory.who_is_on_call(house.payments).plan
    made = operations.page(reason="It is down.", team=house.payments, by=by(house.ana))
    kept = Plan.from_json(made.plan)
    assert (fixed.policy, kept.policy) == ("", "Default")
    assert (kept.steps, kept.rounds, kept.stale_minutes) == (fixed.steps, fixed.rounds, fixed.stale_minutes)


def test_only_the_default_policy_in_use_counts(house):
    write(house, (4, [Target("manager")]))
    other = [Step(9, (Target("person", person=house.lea.pk),))]
    operations.create_policy(team=house.payments, name="Nights", steps=other, by=house.admin)
    assert shown(house.payments) == [("max", 0)]
    EscalationPolicy.objects.filter(is_default=True).update(active=False)
    assert [name for name, _ in shown(house.payments)] == ["eli", "ira", "max"]


def test_many_teams_answer_as_one_does(house, django_assert_num_queries):
    of_another_team(house)
    with django_assert_num_queries(4):
        together = {answer.team: answer for answer in directory.answers(list(directory.entries()))}
    for team in Team.objects.all():
        alone = directory.who_is_on_call(team)
        assert (alone.chain, alone.plan) == (together[team].chain, together[team].plan)


def test_the_page_and_the_api_say_whose_steps_these_are(house, client, ana):
    write(house, (3, [on_call()]), (7, [Target("team")]), repeat=2)
    client.force_login(ana)
    page = client.get("/on-call/payments/").content.decode()
    assert "by the policy Ours, 3 rounds" in page and "if no answer in 3 min" in page
    assert "Everybody in Payments engineering" in page
    (answer,) = client.get("/api/v1/on-call/?team=payments").json()
    assert (answer["policy"], answer["rounds"]) == ("Ours", 3)
    (step,) = answer["escalation"]
    assert (step["person"], step["people"], step["after_minutes"]) == (None, ["lea", "ira"], 3)
    person = client.get("/api/v1/on-call/?q=lea").json()[0]
    assert (person["kind"], person["policy"], person["escalation"][0]["person"]) == ("person", "", "eli")


def test_a_whole_team_shows_the_teams_number_and_nobodys_own(house, client, ana):
    write(house, (3, [on_call()]), (7, [Target("team")]))
    User.objects.filter(pk=house.lea.pk).update(phone="+44 20 5550 0102")
    operations.edit_team("payments", changes={"phone": "+44 20 5550 0200"}, by=house.admin)
    client.force_login(ana)
    page = client.get("/on-call/payments/").content.decode()
    assert "+44 20 5550 0200" in page and "+44 20 5550 0102" not in page
