"""What starts a page about a ticket by itself, and what ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from core.audit import words
from core.audit.models import Event
from core.timers import sweeps
from escalation import operations as escalation
from escalation.models import Page
from escalation.paging_rules import Step, Target
from sla.models import Calendar, Policy
from tests.world import by
from tickets import operations as tickets
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 6, 16, 12, tzinfo=UTC)


@pytest.fixture
def desk(ana: Any, eli: Any, lea: Any, max: Any) -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        calendar = Calendar.objects.create(slug="always", name="Always", zone="UTC", always_open=True)
        Policy.objects.create(name="All", calendar=calendar, first_response_minutes=30)
        team = escalation.create_team(
            name="Front line", tier=1, lead=lea, manager=max, members=[eli], by=by(max)
        )
        policy = escalation.create_policy(
            team=team, name="Default", steps=[Step(5, (Target("lead"),))], on_breach=True, unassigned_p0_minutes=10,
            by=by(max),
        )  # fmt: skip
        sweeps.run_due()
        yield SimpleNamespace(clock=clock, team=team, policy=policy, ana=by(ana), boss=by(max), eli=eli)


def ticket(desk: SimpleNamespace, **more: Any) -> Ticket:
    made = tickets.create(**{"subject": "Cards fail", "team": desk.team, "by": desk.ana, **more})
    sweeps.run_due()
    return made


def later(desk: SimpleNamespace, minutes: float) -> None:
    desk.clock.shift(timedelta(minutes=minutes))
    sweeps.run_due()


def reasons() -> list[str]:
    return list(Page.objects.order_by("pk").values_list("reason", flat=True))


def test_a_missed_target_starts_the_teams_policy_once(desk):
    made = ticket(desk)
    later(desk, 29)
    assert reasons() == []
    later(desk, 2)
    assert reasons() == ["The target of first response was missed."]
    page = Page.objects.get()
    assert (page.about_ref, page.started_by_label, page.policy) == (
        made.reference,
        "Service desk",
        desk.policy,
    )
    later(desk, 300)
    assert len(reasons()) == 1
    told = [
        words.sentence(event)
        for event in Event.objects.filter(subject_kind="ticket", name__startswith="page.")
    ]
    assert told[0] == f"pages Front line with {page.reference}: The target of first response was missed."


def test_a_policy_that_does_not_ask_for_it_stays_quiet(desk):
    escalation.edit_policy(desk.policy.pk, changes={"on_breach": False}, by=desk.boss)
    ticket(desk)
    later(desk, 31)
    assert reasons() == []


def test_a_p0_that_nobody_takes_pages_after_ten_minutes(desk):
    ticket(desk, impact="high", urgency="high")
    later(desk, 9.9)
    assert reasons() == []
    later(desk, 0.2)
    assert reasons() == ["Nobody has taken this P0 for 10 minutes."]
    later(desk, 11)
    assert len(reasons()) == 1


def test_taking_it_in_time_keeps_everybody_asleep(desk):
    made = ticket(desk, impact="high", urgency="high")
    later(desk, 9)
    tickets.take(made.reference, by=desk.ana)
    later(desk, 5)
    made.refresh_from_db()
    assert (reasons(), made.page_due_at) == ([], None)


def test_taken_in_the_last_second_before_anybody_noticed(desk):
    """The handler has not run yet when the sweep comes: it looks again."""
    made = ticket(desk, impact="high", urgency="high")
    desk.clock.shift(timedelta(minutes=10))
    tickets.take(made.reference, by=desk.ana)
    sweeps.run("tickets.unowned_p0")
    assert reasons() == []


def test_becoming_a_p0_starts_the_wait(desk):
    made = ticket(desk)
    later(desk, 20)
    tickets.set_priority(made.reference, priority="P0", reason="All stores.", by=desk.ana)
    sweeps.run_due()
    made.refresh_from_db()
    assert made.page_due_at == NOON + timedelta(minutes=30)


def test_given_back_it_is_a_new_wait(desk):
    made = ticket(desk, impact="high", urgency="high")
    later(desk, 10)
    page = Page.objects.get()
    tickets.take(made.reference, by=desk.ana)
    escalation.cancel(page.reference, reason="Taken.", by=desk.ana)
    other = escalation.create_team(name="Platform", tier=1, by=desk.boss)
    for team in (other, desk.team):
        tickets.assign(made.reference, team=team, by=desk.ana)
    later(desk, 11)
    assert len(reasons()) == 2


def test_editing_it_meanwhile_neither_delays_nor_repeats(desk):
    made = ticket(desk, impact="high", urgency="high")
    later(desk, 5)
    tickets.edit(made.reference, values={"affected_version": "5.8"}, by=desk.ana)
    later(desk, 5)
    assert len(reasons()) == 1
    later(desk, 30)  # nobody answered
    tickets.edit(made.reference, values={"affected_version": "5.9"}, by=desk.ana)
    later(desk, 30)
    assert reasons()[0].startswith("Nobody has taken") and len([r for r in reasons() if "P0" in r]) == 1


def test_a_new_setting_looks_at_what_is_open(desk):
    escalation.edit_policy(desk.policy.pk, changes={"unassigned_p0_minutes": None}, by=desk.boss)
    made = ticket(desk, impact="high", urgency="high")
    assert made.page_due_at is None
    escalation.edit_policy(desk.policy.pk, changes={"unassigned_p0_minutes": 3}, by=desk.boss)
    later(desk, 3)
    assert reasons() == ["Nobody has taken this P0 for 3 minutes."]


def test_resolving_stops_the_calls(desk):
    made = ticket(desk, impact="high", urgency="high")
    later(desk, 10)
    tickets.resolve(made.reference, code="fixed", note="Done.", minutes=5, by=desk.ana)
    sweeps.run_due()
    page = Page.objects.get()
    assert (page.state, page.next_step_at) == (Page.State.RESOLVED, None)


def test_the_mail_about_a_confidential_ticket_says_nothing_of_it(desk, mailoutbox):
    made = ticket(desk, subject="Salaries of quokka")
    tickets.edit(made.reference, values={"confidential": True}, by=desk.boss)
    escalation.page(team=desk.team, about=made.reference, reason="quokka leaks", by=desk.boss)
    sweeps.run_due()
    sent = [mail for mail in mailoutbox if "PAGE-" in mail.subject]
    assert sent and all("quokka" not in mail.subject + mail.body for mail in sent)


def test_a_page_about_a_confidential_ticket_exists_for_those_who_are_named(desk, kim, lea):
    made = ticket(desk)
    tickets.edit(made.reference, values={"confidential": True}, by=desk.boss)
    page = escalation.page(team=desk.team, about=made.reference, reason="r", by=desk.boss)
    assert not Page.objects.visible_to(by(desk.eli)).filter(pk=page.pk).exists()
    assert Page.objects.visible_to(desk.boss).filter(pk=page.pk).exists()
