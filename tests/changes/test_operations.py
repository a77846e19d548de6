from datetime import UTC, datetime, timedelta

import pytest

from catalogue.models import Application, Component, Dependency
from changes import operations, queries
from changes.models import Change, Freeze
from core.audit.models import Event
from core.common import clock
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken, Stale
from core.outbox.models import OutgoingMessage
from core.search import queries as search
from core.timers import sweeps
from escalation.models import Team
from incidents.models import Incident
from problems.models import Problem
from worklog import queries as worklog

pytestmark = pytest.mark.django_db
DEC_1 = datetime(2026, 12, 1, 9, tzinfo=UTC)


def decisions(change: Change) -> list[tuple[int, str, str]]:
    return [(row.round, row.role, row.decision) for row in change.approvals.all()]


@pytest.fixture
def outage(payments: Application) -> Incident:
    now = clock.now()
    incident = Incident.objects.create(
        title="Payments fail", started_at=now, detected_at=now, declared_at=now
    )
    incident.applications.set([payments])
    return incident


def test_the_whole_way_of_a_normal_change(plan, frozen, us_calendar, eli, cho, ana, by):
    change = plan()
    operations.submit(change.reference, by=by(eli))
    operations.approve(change.reference, note="Looks safe.", by=by(cho))
    operations.schedule(change.reference, by=by(eli))
    frozen.move_to(DEC_1)
    operations.start(change.reference, by=by(eli))
    operations.finish(change.reference, by=by(eli))
    operations.validate(change.reference, result="passed", note="Batch went through.", by=by(ana))
    closed = operations.close(change.reference, outcome="successful", by=by(eli))

    assert (closed.status, closed.outcome, closed.validated_by) == ("closed", "successful", ana)
    names = Event.objects.filter(subject_kind="change").order_by("id").values_list("name", flat=True)
    assert [name.removeprefix("change.") for name in names] == [
        "drafted", "submitted", "approved", "scheduled", "started", "finished", "validated", "closed",
    ]  # fmt: skip


def test_the_refusal_names_the_earliest_start_and_the_holiday(plan, frozen, us_calendar, eli, by):
    early = plan(planned_start=DEC_1 - timedelta(minutes=1))

    with pytest.raises(RuleBroken, match="Tue 1 Dec 09:00, holiday 26 Nov skipped"):
        operations.submit(early.reference, by=by(eli))
    exactly = plan(title="Exactly five days")
    assert operations.submit(exactly.reference, by=by(eli)).status == "submitted"


def test_a_draft_may_be_incomplete_and_a_submission_may_not(eli, by):
    change = operations.draft(title="Something", by=by(eli))

    with pytest.raises(Invalid) as broken:
        operations.submit(change.reference, by=by(eli))
    assert {"description", "need", "risk", "planned_start", "backout_plan", "responsible"} <= set(
        broken.value.errors
    )


def test_customers_cannot_tell_that_a_change_exists(plan, casey, by):
    with pytest.raises(NotFound):
        queries.get_for(plan().reference, by=by(casey))


def test_an_engineer_cannot_approve_and_hears_who_can(submitted, lea, by):
    change = submitted()

    with pytest.raises(NotAllowed, match="Change manager, Manager or Admin"):
        operations.approve(change.reference, by=by(lea))


def test_an_author_cannot_approve_their_own_change(submitted, eli, cho, by):
    change = submitted(by=by(cho))

    with pytest.raises(NotAllowed, match="nobody approves their own change"):
        operations.approve(change.reference, by=by(cho))


def test_each_person_gives_one_approval(submitted, cho, max, by):
    change = submitted(
        risk=dict.fromkeys(("users", "reversibility", "testing", "complexity", "time_of_day"), 5)
    )
    assert operations.approve(change.reference, by=by(cho)).status == "submitted"

    with pytest.raises(Conflict, match="waits for somebody else"):
        operations.approve(change.reference, by=by(cho))
    assert operations.approve(change.reference, by=by(max)).status == "approved"


def test_a_rejection_needs_a_reason_and_can_be_revised(submitted, eli, cho, by):
    change = submitted()
    with pytest.raises(RuleBroken, match="Say why"):
        operations.reject(change.reference, note=" ", by=by(cho))
    operations.reject(change.reference, note="No test evidence.", by=by(cho))

    revised = operations.revise(change.reference, by=by(eli))

    assert revised.status == "draft"
    assert operations.submit(change.reference, by=by(eli)).approval_round == 2


@pytest.mark.parametrize(
    "values",
    [
        {"planned_end": datetime(2026, 12, 1, 12, tzinfo=UTC)}, {"backout_plan": "Restore the backup."},
        {"risk": dict.fromkeys(("users", "reversibility", "testing", "complexity", "time_of_day"), 3)},
        {"downtime": True},
    ],
)  # fmt: skip
def test_editing_window_plan_risk_or_scope_voids_the_approvals_and_tells_the_approvers(
    scheduled, eli, cho, by, values
):
    change = scheduled()

    edited = operations.edit(change.reference, values=values, by=by(eli))

    assert edited.status == "submitted"
    assert decisions(edited) == [(1, "production_support", "voided"), (2, "production_support", "pending")]
    mail = OutgoingMessage.objects.filter(to=cho.email).latest("id")
    assert "Your approval no longer counts." in mail.text
    assert "was:" in mail.text


def test_a_request_for_an_older_round_is_dropped(submitted, eli, cho, by):
    change = submitted()
    operations.edit(change.reference, values={"backout_plan": "Restore the backup."}, by=by(eli))

    sweeps.run("outbox")

    asked = OutgoingMessage.objects.filter(to=cho.email).order_by("id").values_list("state", flat=True)
    assert list(asked) == ["dropped", "sent"]


def test_editing_other_things_keeps_the_approvals(scheduled, eli, by):
    change = scheduled()

    assert (
        operations.edit(change.reference, values={"title": "Better title"}, by=by(eli)).status == "scheduled"
    )


def test_an_edit_that_moves_the_window_must_keep_the_lead_time(scheduled, eli, by):
    change = scheduled()

    with pytest.raises(RuleBroken, match="Earliest possible start"):
        operations.edit(change.reference, values={"planned_start": DEC_1 - timedelta(days=2)}, by=by(eli))
    assert queries.fresh(change).status == "scheduled"


def test_a_stale_edit_is_refused_with_what_differs(plan, eli, by):
    change = plan()
    operations.edit(change.reference, values={"title": "First"}, by=by(eli))

    with pytest.raises(Stale) as stale:
        operations.edit(change.reference, values={"title": "Second"}, version=1, by=by(eli))
    assert stale.value.fields == {"title": "First"}


def test_what_is_carried_out_is_not_edited(scheduled, frozen, eli, by):
    change = scheduled()
    frozen.move_to(DEC_1)
    operations.start(change.reference, by=by(eli))

    with pytest.raises(Conflict, match="Possible now: finish, validate, back out"):
        operations.edit(change.reference, values={"title": "New"}, by=by(eli))


def test_the_same_component_is_refused_without_a_reason(submitted, plan, lea, by):
    first = submitted()
    second = plan(title="Till SDK", responsible=lea)

    with pytest.raises(Conflict, match=f"{first} touches the same component") as refused:
        operations.submit(second.reference, by=by(lea))
    assert list(refused.value.errors) == ["override_reason"]
    assert (
        operations.submit(second.reference, override_reason="Other node.", by=by(lea)).status == "submitted"
    )


def test_two_components_of_one_application_do_not_collide(submitted, plan, payments, gateway, lea, by):
    ledger = Component.objects.create(application=payments, slug="ledger", name="Ledger")
    submitted(components=[gateway])
    second = plan(title="Ledger", responsible=lea, components=[ledger])

    assert operations.submit(second.reference, by=by(lea)).status == "submitted"


def test_a_dependent_component_asks_for_a_comment(submitted, plan, gateway, lea, by):
    shop = Application.objects.create(slug="shop", name="Shop")
    basket = Component.objects.create(application=shop, slug="basket", name="Basket")
    Dependency.objects.create(component=basket, needs=gateway)
    submitted(components=[gateway])
    second = plan(title="Basket", responsible=lea, applications=[shop], components=[basket])

    with pytest.raises(RuleBroken, match="touches what depends on it") as asked:
        operations.submit(second.reference, by=by(lea))
    assert list(asked.value.errors) == ["collision_comment"]
    assert (
        operations.submit(second.reference, collision_comment="Agreed with Eli.", by=by(lea)).status
        == "submitted"
    )


def test_an_open_incident_on_the_application_asks_for_a_comment(submitted, outage):
    with pytest.raises(RuleBroken, match=f"{outage.reference} Payments fail is open"):
        submitted()


def test_a_freeze_stops_submitting_and_scheduling(submitted, plan, eli, cho, by):
    change = submitted()
    operations.approve(change.reference, by=by(cho))
    Freeze.objects.create(name="Year end", starts_at=DEC_1, ends_at=DEC_1 + timedelta(hours=1))

    with pytest.raises(Conflict, match="Year end"):
        operations.schedule(change.reference, by=by(eli))


def test_an_emergency_starts_first_and_is_approved_within_a_day(
    plan, frozen, us_calendar, outage, eli, cho, max, by
):
    change = plan(
        type="emergency", incident=outage, planned_start=clock.now(), collision_comment="It is the cure."
    )
    operations.submit(change.reference, by=by(eli))
    started = operations.start(change.reference, by=by(eli))
    assert started.approval_due_at == clock.now() + timedelta(hours=24)

    operations.approve(change.reference, by=by(cho))
    paid = operations.approve(change.reference, by=by(max))

    assert (paid.status, paid.approval_due_at, paid.approval_chase_at) == ("implementing", None, None)


def test_an_approval_that_is_owed_is_chased_until_it_is_given(
    plan, frozen, us_calendar, outage, eli, cho, by
):
    change = plan(
        type="emergency", incident=outage, planned_start=clock.now(), collision_comment="It is the cure."
    )
    operations.submit(change.reference, by=by(eli))
    operations.start(change.reference, by=by(eli))

    for hours in (12, 24, 36):
        frozen.move_to(started := queries.fresh(change).started_at + timedelta(hours=hours))
        sweeps.run("changes.approvals_owed")
        sweeps.run("changes.approvals_owed")
        assert queries.fresh(change).approval_chase_at > started
    chased = OutgoingMessage.objects.filter(topic="change.approval_chased", to=cho.email).order_by("id")
    assert ["Overdue" in mail.subject for mail in chased] == [False, True, True]


def test_overdue_approvals_come_before_the_next_bau_of_the_team(
    plan, frozen, us_calendar, outage, eli, lea, ira, by
):
    emergency = plan(
        type="emergency", incident=outage, planned_start=clock.now(), collision_comment="The cure."
    )
    operations.submit(emergency.reference, by=by(eli))
    operations.start(emergency.reference, by=by(eli))
    frozen.shift(timedelta(hours=24, minutes=1))
    team = Team.objects.create(slug="payments", name="Payments", review_due=clock.now().date())
    team.members.set([eli, lea])
    shop = Application.objects.create(slug="shop", name="Shop")
    bau = {
        "type": "bau",
        "applications": [shop],
        "planned_start": DEC_1,
        "planned_end": DEC_1 + timedelta(hours=1),
    }

    teammate, stranger = plan(responsible=lea, **bau), plan(responsible=ira, **bau)

    with pytest.raises(Conflict, match=f"approvals of {emergency.reference} are overdue"):
        operations.submit(teammate.reference, by=by(lea))
    assert operations.submit(stranger.reference, by=by(ira)).status == "submitted"
    assert list(queries.overdue_approvals(by(eli), clock.now())) == [emergency]


def test_a_change_does_not_start_before_its_window(scheduled, eli, by):
    change = scheduled()

    with pytest.raises(Conflict, match="Its window opens Tue 1 Dec 09:00"):
        operations.start(change.reference, by=by(eli))


def test_who_carried_it_out_does_not_validate_it(scheduled, frozen, eli, lea, ana, by):
    change = scheduled()
    frozen.move_to(DEC_1)
    operations.start(change.reference, by=by(lea))

    for implementer in (lea, eli):  # who started it, and who is responsible
        with pytest.raises(NotAllowed, match="somebody else"):
            operations.validate(change.reference, result="passed", by=by(implementer))
    assert operations.validate(change.reference, result="passed", by=by(ana)).status == "validating"


def test_a_failed_check_cannot_be_closed_as_a_success(scheduled, frozen, eli, ana, by):
    change = scheduled()
    frozen.move_to(DEC_1)
    operations.start(change.reference, by=by(eli))
    operations.validate(change.reference, result="failed", note="Batches hang.", by=by(ana))

    with pytest.raises(RuleBroken, match="The check failed"):
        operations.close(change.reference, outcome="successful", by=by(eli))
    assert operations.back_out(change.reference, note="2.3 is back.", by=by(eli)).outcome == "backed_out"


def test_withdrawing_tells_the_approvers_and_drops_their_request(submitted, eli, cho, by):
    change = submitted()

    gone = operations.withdraw(change.reference, reason="Not needed.", by=by(eli))
    sweeps.run("outbox")

    assert (gone.status, gone.outcome) == ("closed", "withdrawn")
    states = dict(OutgoingMessage.objects.filter(to=cho.email).values_list("topic", "state"))
    assert states == {"change.approval_asked": "dropped", "change.taken_back": "sent"}


def test_a_lost_race_says_what_is_possible_now(submitted, eli, cho, by, monkeypatch):
    seen = submitted()
    operations.approve(seen.reference, by=by(cho))
    monkeypatch.setattr(queries, "get_for", lambda *a, **k: seen)

    with pytest.raises(Conflict, match=r"it is approved\. Possible now: revise, withdraw, schedule"):
        operations.withdraw(seen.reference, reason="Not needed.", by=by(eli))


def test_a_change_for_a_problem_is_linked_and_found(plan, eli, by):
    problem = Problem.objects.create(title="Large batches", created_at=clock.now(), updated_at=clock.now())

    change = plan(problem=problem)

    assert [end.work for end in worklog.links_of(problem, by(eli))] == [change]
    assert [doc.reference for doc in search.find("adapter", by(eli), kinds=["change"])] == [change.reference]


def test_a_window_ends_after_it_starts(plan):
    with pytest.raises(RuleBroken, match="end after it starts"):
        plan(planned_end=DEC_1)


def test_your_approvals_are_those_that_you_may_give(submitted, cho, max, eli, by):
    change = submitted()

    assert list(queries.waiting_for(by(cho))) == [change]
    assert list(queries.waiting_for(by(eli))) == []
    operations.approve(change.reference, by=by(cho))
    assert list(queries.waiting_for(by(max))) == []
