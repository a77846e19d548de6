"""A page from its start to its end, minute by minute, as its ledger and its story tell it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine

from core.accounts.models import User
from core.audit import words
from core.audit.models import Event
from core.common import clock
from core.common.actor import system
from core.common.errors import Conflict, NotAllowed, NotFound, RuleBroken
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation import operations, page_subjects, plans
from escalation import paging_queries as queries
from escalation.models import EscalationPolicy, Page, PageNotice, Rotation, RotationMember, Team
from escalation.page_subjects import SubjectInfo
from escalation.paging_rules import Step, Target
from tests.escalation.conftest import NOON

pytestmark = pytest.mark.django_db
State = Page.State


@pytest.fixture
def job(monkeypatch):
    """A kind of work of the test's own: a `Team` row stands for it; open while it is active, secret by its chat."""
    info = SubjectInfo(
        model=Team,
        prefix="JOB",
        visible_to=Team.objects.visible_to,
        is_open=lambda row: row.active,
        label=lambda row: "Confidential job" if row.chat == "secret" else row.name,
        path=lambda row: f"/jobs/{row.pk}/",
        team=lambda row: None,
        is_secret=lambda row: row.chat == "secret",
    )
    monkeypatch.setattr(page_subjects, "_kinds", {**page_subjects.kinds(), "team": info})
    return Team.objects.create(slug="job", name="Batch 7 hangs", review_due="2028-01-01")


def page(house: SimpleNamespace, by, who=None, **more) -> Page:
    values = {"team": house.payments, "reason": "Settlement is late."}
    return operations.page(**{**values, **more}, by=by(who or house.ana))


def told(kind="step") -> list[tuple[int, int, str]]:
    """(round, step, username) of the ledger."""
    rows = PageNotice.objects.filter(kind=kind).order_by("pk")
    return list(rows.values_list("number", "step", "person__username"))


def later(traveller, minutes: float) -> None:
    traveller.shift(timedelta(minutes=minutes))
    sweeps.run("escalation.pages")


def story(made: Page) -> list[str]:
    return [f"{event.actor_label} {words.sentence(event)}" for event in queries.story(made)]


def test_the_whole_way_to_the_manager(house, noon, by):
    """Eli is on call; Payments has one rotation, so the lead (ira) follows, then the manager (max)."""
    made = page(house, by)
    assert (made.reference, made.state, made.round, made.step) == (f"PAGE-{made.pk}", State.RUNNING, 1, 1)
    assert told() == [(1, 1, "eli")]
    assert made.next_step_at == NOON + timedelta(minutes=5)

    later(noon, 4.9)
    assert len(told()) == 1
    later(noon, 0.1)
    assert told() == [(1, 1, "eli"), (1, 2, "ira")]
    later(noon, 10)
    assert told()[2:] == [(1, 3, "max")]
    later(noon, 10)

    made.refresh_from_db()
    assert (made.state, made.next_step_at, made.ended_at) == (
        State.EXHAUSTED, None, NOON + timedelta(minutes=25),
    )  # fmt: skip
    assert told("exhausted") == [(1, 3, "max")]
    assert story(made) == [
        f"Ana Alves pages Payments engineering with {made.reference}: Settlement is late.",
        f"Ana Alves paged Eli Engel (on call for Payments engineering) by e-mail with {made.reference}, step 1",
        f"Service desk paged Ira Ivers (lead of Payments engineering) by e-mail with {made.reference}, step 2",
        f"Service desk paged Max Moreau (manager of Payments engineering) by e-mail with {made.reference}, step 3",
        f"Service desk ended {made.reference} without an answer; told Max Moreau (manager) by e-mail",
    ]


def test_what_the_mail_says(house, noon, by, mailoutbox):
    made = page(house, by)
    sweeps.run("outbox")

    [mail] = mailoutbox
    assert mail.to == ["eli@desk.example"]
    assert mail.subject == f"[{made.reference}] Settlement is late."
    first, second, *rest = mail.body.split("\n\n")
    assert first == "Ana Alves asks for Payments engineering: Settlement is late."
    assert second == (
        "Acknowledge by 12:05 UTC. The lead of Payments engineering will be paged if nobody does."
    )
    assert "/on-call/acknowledge/" in rest[0]


def test_acknowledging_stops_it(house, noon, by, mailoutbox):
    made = page(house, by)
    later(noon, 3)

    made = operations.acknowledge(made.reference, by=by(house.eli))

    later(noon, 60)
    assert (made.state, made.acknowledged_by, made.next_step_at) == (State.ACKNOWLEDGED, house.eli, None)
    assert told() == [(1, 1, "eli")]


def test_what_was_not_sent_yet_is_not_sent_any_more(house, noon, by, mailoutbox):
    made = page(house, by)
    operations.acknowledge(made.reference, by=by(house.lea))
    sweeps.run("outbox")
    message = OutgoingMessage.objects.get()
    assert (mailoutbox, message.state, message.note) == ([], "dropped", "Lea Lind acknowledged it.")


def test_the_second_hears_who_was_first(house, noon, by):
    made = page(house, by)
    noon.shift(timedelta(minutes=2))
    operations.acknowledge(made.reference, by=by(house.eli))
    with pytest.raises(Conflict, match="already acknowledged by Eli Engel at 12:02 UTC"):
        operations.acknowledge(made.reference, by=by(house.lea))
    again = operations.acknowledge(made.reference, by=by(house.eli))
    assert again.acknowledged_at == NOON + timedelta(minutes=2)
    assert Event.objects.filter(name="page.acknowledged").count() == 1


def test_a_plan_runs_as_it_was_when_it_started(house, noon, by):
    """The policy is edited, made shorter and switched off meanwhile."""
    made = page(house, by)
    policy = made.policy
    operations.edit_policy(
        policy.pk, changes={"steps": [Step(1, (Target("person", person=house.lea.pk),))]}, by=by(house.max)
    )
    later(noon, 5)
    later(noon, 10)
    assert told() == [(1, 1, "eli"), (1, 2, "ira"), (1, 3, "max")]
    other = page(house, by, who=house.eli, reason="Again.")
    assert told()[3:] == [(1, 1, "lea")]
    assert other.plan != made.plan


def test_who_is_on_call_is_asked_at_every_step(house, noon, by):
    """Lea stands in for Eli from a minute after the start: the second round calls her."""
    Team.objects.filter(pk=house.payments.pk).update(lead=None, manager=house.max)
    policy = operations.create_policy(
        team=house.payments, name="Twice", steps=[Step(5, (Target("on_call"),))], repeat=1, by=by(house.max)
    )
    page(house, by, policy=policy)
    noon.shift(timedelta(minutes=1))
    operations.add_override(
        rotation=house.rotation, user=house.lea, starts_at=clock.now(), ends_at=clock.now() + timedelta(hours=4),
        by=by(house.max),
    )  # fmt: skip
    later(noon, 4)
    assert told() == [(1, 1, "eli"), (2, 1, "lea")]


def test_a_rotation_changed_on_the_way_is_followed(house, noon, by):
    policy = operations.create_policy(
        team=house.payments, name="Twice", steps=[Step(5, (Target("on_call"),))], repeat=1, by=by(house.max)
    )
    page(house, by, policy=policy)
    operations.edit_rotation(house.rotation.pk, changes={"people": [house.lea]}, by=by(house.max))
    later(noon, 5)
    assert told() == [(1, 1, "eli"), (2, 1, "lea")]


def test_nobody_on_call_goes_on_at_once_and_tells_the_manager(house, noon, by):
    RotationMember.objects.all().delete()
    made = page(house, by)

    assert told() == [(1, 2, "ira")]
    assert told("gap") == [(1, 1, "max")]
    assert made.next_step_at == NOON + timedelta(minutes=10)
    assert (
        f"Ana Alves found nobody behind who is on call for Payments engineering ({made.reference}); "
        "told Max Moreau (manager) by e-mail"
    ) in story(made)


def test_nobody_at_all_ends_at_once_and_says_so(house, noon, by):
    RotationMember.objects.all().delete()
    Team.objects.filter(pk=house.payments.pk).update(lead=None, manager=None)
    house.payments.refresh_from_db()
    made = page(house, by)
    assert (made.state, told()) == (State.EXHAUSTED, [])
    assert told("gap") == [(1, 1, "max")]  # no manager of the team: whoever manages
    assert told("exhausted") == [(1, 1, "max")]


def test_an_empty_round_is_followed_by_a_wait_and_another_look(house, noon, by):
    Team.objects.filter(pk=house.payments.pk).update(lead=None)
    turns = list(RotationMember.objects.values("rotation_id", "user_id", "position"))
    RotationMember.objects.all().delete()
    policy = operations.create_policy(
        team=house.payments, name="Twice", steps=[Step(7, (Target("on_call"),))], repeat=1, by=by(house.max)
    )
    made = page(house, by, policy=policy)
    assert (made.state, made.next_step_at) == (State.RUNNING, NOON + timedelta(minutes=7))
    RotationMember.objects.bulk_create(RotationMember(**turn) for turn in turns)
    later(noon, 7)
    assert told() == [(2, 1, "eli")]


def test_who_left_is_not_called(house, noon, by):
    User.objects.filter(pk=house.eli.pk).update(is_active=False)
    page(house, by)
    assert told() == [(1, 2, "ira")]


def test_who_has_no_address_is_a_gap(house, noon, by):
    User.objects.filter(pk=house.eli.pk).update(email="")
    made = page(house, by)
    assert told() == [(1, 2, "ira")]
    assert any("Eli Engel, who has no address" in line for line in story(made))


def test_everybody_of_a_step_is_told_once(house, noon, by):
    """Ira leads, belongs to the team, and is named besides."""
    steps = [Step(5, (Target("team"), Target("lead"), Target("person", person=house.ira.pk)))]
    policy = operations.create_policy(team=house.payments, name="All", steps=steps, by=by(house.max))
    page(house, by, policy=policy)
    assert sorted(name for _, _, name in told()) == ["eli", "ira", "lea"]


def test_an_outage_of_the_workers_is_not_replayed(house, noon, by):
    """Down for forty minutes: one step now, the next after its own wait."""
    page(house, by)
    later(noon, 40)
    assert told() == [(1, 1, "eli"), (1, 2, "ira")]
    assert Page.objects.get().next_step_at == NOON + timedelta(minutes=50)


# --- what it is about -------------------------------------------------------------------------------------
def test_a_stale_acknowledgement_is_asked_about_once_then_it_goes_on(house, noon, by, job, mailoutbox):
    made = page(house, by, about=f"JOB-{job.pk}")
    noon.shift(timedelta(minutes=1))
    operations.acknowledge(made.reference, by=by(house.eli))
    later(noon, 29)
    assert told("stale") == []
    later(noon, 1)
    assert told("stale") == [(1, 1, "eli")]
    sweeps.run("outbox")
    assert "You acknowledged this 30 minutes ago, and it is not done." in mailoutbox[-1].body
    assert mailoutbox[-1].subject == f"[{made.reference}] Still on it?: JOB-{job.pk}: Batch 7 hangs"
    later(noon, 9)
    assert len(told("stale")) == 1
    later(noon, 1)

    made.refresh_from_db()
    assert (made.state, made.step, told()[1:]) == (State.RUNNING, 2, [(1, 2, "ira")])
    assert f"Service desk let {made.reference} go on: no word from Eli Engel" in story(made)


def test_who_is_still_on_it_is_left_alone_and_asked_again_later(house, noon, by, job):
    made = page(house, by, about=f"JOB-{job.pk}")
    operations.acknowledge(made.reference, by=by(house.eli))
    later(noon, 30)
    operations.acknowledge(made.reference, by=by(house.eli))
    later(noon, 29)
    assert told("stale") == [(1, 1, "eli")]
    later(noon, 1)
    assert told("stale") == [(1, 1, "eli"), (2, 1, "eli")]
    assert told() == [(1, 1, "eli")]
    assert [line for line in story(made) if "still on it" in line] == [
        f"Eli Engel is still on it ({made.reference})"
    ]


def test_a_policy_can_leave_acknowledgements_alone(house, noon, by, job):
    policy = operations.ensure_default(house.payments)
    operations.edit_policy(policy.pk, changes={"stale_minutes": None}, by=by(house.max))
    made = page(house, by, about=f"JOB-{job.pk}")
    made = operations.acknowledge(made.reference, by=by(house.eli))
    assert made.next_step_at is None


def test_it_stops_itself_when_the_work_is_done(house, noon, by, job):
    made = page(house, by, about=f"JOB-{job.pk}")
    Team.objects.filter(pk=job.pk).update(active=False)
    later(noon, 5)
    made.refresh_from_db()
    assert (made.state, told()) == (State.RESOLVED, [(1, 1, "eli")])
    assert story(made)[-1] == f"Service desk ended {made.reference}, as the work is done"


def test_it_stops_at_once_when_somebody_says_that_the_work_is_done(house, noon, by, job):
    made = page(house, by, about=f"JOB-{job.pk}")
    operations.acknowledge(made.reference, by=by(house.eli))
    assert operations.subject_finished("team", job.pk, by=system()) == 1
    assert operations.subject_finished("team", job.pk, by=system()) == 0
    made.refresh_from_db()
    assert (made.state, made.next_step_at) == (State.RESOLVED, None)


def test_finished_work_pages_nobody(house, noon, by, job):
    Team.objects.filter(pk=job.pk).update(active=False)
    with pytest.raises(Conflict, match="is finished"):
        page(house, by, about=f"JOB-{job.pk}")


def test_what_one_may_not_see_cannot_be_paged_about(house, noon, by):
    with pytest.raises(RuleBroken) as refused:
        page(house, by, about="JOB-99")
    assert "about" in refused.value.errors


def test_a_confidential_thing_leaves_with_neither_name_nor_reason(house, noon, by, job, mailoutbox):
    Team.objects.filter(pk=job.pk).update(chat="secret")
    page(house, by, about=f"JOB-{job.pk}", reason="Salaries of quokka leaked")
    sweeps.run("outbox")
    [mail] = mailoutbox
    assert "quokka" not in mail.subject + mail.body and "Batch" not in mail.subject + mail.body
    assert f"JOB-{job.pk}: Confidential job" in mail.body


def test_the_same_work_is_paged_about_once_at_a_time(house, noon, by, job):
    made = page(house, by, about=f"JOB-{job.pk}")
    with pytest.raises(Conflict, match=f"{made.reference} calls Payments engineering about this already"):
        page(house, by, about=f"JOB-{job.pk}", who=house.lea)
    operations.acknowledge(made.reference, by=by(house.eli))
    with pytest.raises(Conflict, match=r"acknowledged by Eli Engel .* cancel"):
        page(house, by, about=f"JOB-{job.pk}")
    operations.cancel(made.reference, reason="Eli went home.", by=by(house.ana))
    assert page(house, by, about=f"JOB-{job.pk}").pk != made.pk


def test_a_late_answer_to_an_old_page_does_not_push_out_the_new_one(house, noon, by, job):
    policy = operations.create_policy(
        team=house.payments, name="Short", steps=[Step(1, (Target("on_call"),))], by=by(house.max)
    )
    old = page(house, by, about=f"JOB-{job.pk}", policy=policy)
    later(noon, 1)
    page(house, by, about=f"JOB-{job.pk}", policy=policy)
    with pytest.raises(Conflict, match="is over: nobody answered"):
        operations.acknowledge(old.reference, by=by(house.eli))


def test_a_late_answer_counts_when_nobody_else_was_called(house, noon, by):
    RotationMember.objects.all().delete()
    Team.objects.filter(pk=house.payments.pk).update(lead=None, manager=None)
    house.payments.refresh_from_db()
    made = page(house, by)
    assert operations.acknowledge(made.reference, by=by(house.max)).state == State.ACKNOWLEDGED


# --- who may ----------------------------------------------------------------------------------------------
def test_the_same_form_twice_is_one_page(house, noon, by):
    first, second = (page(house, by, form_key="1b") for _ in range(2))
    assert (first.pk, Page.objects.count()) == (second.pk, 1)


def test_who_may_not_page_can_still_answer_when_paged(house, noon, by, kim):
    with pytest.raises(NotAllowed):
        page(house, by, who=kim)
    made = page(house, by)
    with pytest.raises(NotFound):
        operations.acknowledge(made.reference, by=by(kim))
    steps = [Step(5, (Target("person", person=kim.pk),))]
    policy = operations.create_policy(team=house.desk, name="Kim", steps=steps, by=by(house.max))
    made = page(house, by, team=None, policy=policy)
    assert operations.acknowledge(made.reference, by=by(kim)).acknowledged_by == kim


def test_the_desk_itself_is_never_on_it(house, noon, by):
    made = page(house, by)
    with pytest.raises(NotAllowed):
        operations.acknowledge(made.reference, by=system())


def test_for_customers_there_are_no_pages(house, noon, by, casey):
    made = page(house, by)
    with pytest.raises(NotFound):
        operations.acknowledge(made.reference, by=by(casey))
    assert not Page.objects.visible_to(by(casey)).exists()


@pytest.mark.parametrize(("reason", "field"), [("  ", "reason"), ("x" * 501, "reason")])
def test_a_page_says_why(house, noon, by, reason, field):
    with pytest.raises(RuleBroken) as refused:
        page(house, by, reason=reason)
    assert field in refused.value.errors


def test_calling_off_needs_a_reason_and_happens_once(house, noon, by):
    made = page(house, by)
    with pytest.raises(RuleBroken):
        operations.cancel(made.reference, reason=" ", by=by(house.ana))
    operations.cancel(made.reference, reason="Solved itself.", by=by(house.ana))
    with pytest.raises(Conflict, match="is over: cancelled"):
        operations.cancel(made.reference, reason="x", by=by(house.ana))
    with pytest.raises(Conflict, match="is over: cancelled"):
        operations.acknowledge(made.reference, by=by(house.eli))
    later(noon, 60)
    assert told() == [(1, 1, "eli")]


# --- policies ---------------------------------------------------------------------------------------------
def test_the_first_policy_is_the_default_and_another_can_take_over(house, noon, by):
    boss = by(house.max)
    first = operations.ensure_default(house.payments)
    steps = [Step(5, (Target("lead"),))]
    second = operations.create_policy(team=house.payments, name="Night", steps=steps, by=boss)
    assert (first.is_default, second.is_default) == (True, False)
    operations.edit_policy(second.pk, changes={"is_default": True}, by=boss)
    assert queries.default_policy(house.payments) == second
    assert operations.ensure_default(house.payments) == second
    for changes in ({"is_default": False}, {"active": False}):
        with pytest.raises(RuleBroken, match="Make another one the default"):
            operations.edit_policy(second.pk, changes=changes, by=boss)


def test_only_who_leads_writes_policies(house, noon, by):
    steps = [Step(5, (Target("lead"),))]
    with pytest.raises(NotAllowed):
        operations.create_policy(team=house.payments, name="Mine", steps=steps, by=by(house.eli))
    operations.create_policy(team=house.payments, name="Ours", steps=steps, by=by(house.ira))


def test_a_refused_edit_changes_nothing(house, noon, by):
    policy = operations.ensure_default(house.payments)
    before = plans.of_policy(policy)
    with pytest.raises(RuleBroken):
        operations.edit_policy(policy.pk, changes={"steps": [Step(5, ())], "name": "x"}, by=by(house.max))
    assert plans.of_policy(EscalationPolicy.objects.get()) == before


def test_the_default_of_a_team_without_a_rotation_tells_everybody(house, noon, by):
    page(house, by, team=house.desk)
    assert told() == [(1, 1, "ana")]


def test_a_rotation_that_answers_second_is_the_second_step(house, noon, by):
    rotation = Rotation.objects.get()
    with time_machine.travel(NOON, tick=False):
        operations.create_rotation(
            team=house.payments, name="Secondary", people=[house.lea], step=2, start=rotation.start,
            handoff_time=rotation.handoff_time, by=by(house.max),
        )  # fmt: skip
    page(house, by)
    later(noon, 5)
    assert told() == [(1, 1, "eli"), (1, 2, "lea")]
