"""Who had a ticket for how long, and what happens when it is passed around."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from core.audit.models import Event
from core.common.errors import Conflict
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation.ladder import Ladder
from escalation.models import Team
from tests.api.conftest import Api, token_for
from tests.world import HANDOFF
from tickets import operations, queries, rules
from tickets.handing_rules import Holder, Move, stints, totals
from tickets.models import Ticket
from tickets.operations import bulk
from worklog.models import Attachment

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTES = st.integers(0, 5000)
HOLDERS = st.builds(Holder, st.integers(1, 5), st.sampled_from(["a", "b", None]))


@given(gaps=st.lists(st.tuples(MINUTES, HOLDERS)), first=HOLDERS, rest=MINUTES)
def test_held_times_add_up_to_the_age(gaps, first, rest):
    """Against a slow oracle that asks of every minute who had it."""
    moves, at, holder = [], START, first
    for gap, to in gaps[:6]:
        at += timedelta(minutes=gap)
        moves.append(Move(at, holder, to))
        holder = to
    until = at + timedelta(minutes=rest)
    found = stints(START, moves, until, present=holder)
    assert sum((stint.length for stint in found), timedelta()) == until - START
    assert all(one.end == two.start for one, two in pairwise(found))
    assert totals(found, lambda holder: holder.tier) == _by_minute(moves, first, until)


def _by_minute(moves, first, until):
    sums = {stint: timedelta() for stint in dict.fromkeys([first.tier, *(move.to.tier for move in moves)])}
    at = START
    while at < until:
        now = next((move.to for move in reversed(moves) if move.at <= at), first)
        sums[now.tier] += timedelta(minutes=1)
        at += timedelta(minutes=1)
    return sums


@given(ats=st.lists(st.integers(-500, 5000)), until=st.integers(0, 3000))
def test_moves_outside_of_its_life_or_out_of_order_change_no_sum(ats, until):
    moves = [Move(START + timedelta(minutes=at), Holder(1), Holder(2)) for at in ats]
    end = START + timedelta(minutes=until)
    found = stints(START, moves, end, present=Holder(2))
    assert sum((stint.length for stint in found), timedelta()) == end - START
    assert all(stint.length >= timedelta() for stint in found)


@pytest.fixture
def at_nine(desk, by, ana):
    with time_machine.travel(START, tick=False) as machine:
        made = operations.create(subject="Cards fail", component=desk.gateway, by=by(ana))
        yield machine, made


@pytest.mark.django_db
def test_the_times_of_a_ticket_by_tier_and_team(at_nine, desk, by, ana, eli):
    machine, ticket = at_nine
    machine.shift(timedelta(minutes=30))
    operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))
    machine.shift(timedelta(minutes=50))
    operations.hand_back(ticket.reference, from_tier=2, reason="r", next="n", by=by(eli))
    machine.shift(timedelta(minutes=10))
    operations.resolve(ticket.reference, code="fixed", note="Works.", by=by(ana))
    machine.shift(timedelta(days=2))
    held = Api(token_for("ana")).get(f"/tickets/{ticket.reference}/held/").json()
    assert held["minutes"] == 90
    assert held["tiers"] == [{"tier": 1, "minutes": 40}, {"tier": 2, "minutes": 50}]
    assert held["teams"] == [{"team": "team-1", "minutes": 40}, {"team": "team-2", "minutes": 50}]
    assert [(stint["team"], stint["minutes"]) for stint in held["stints"]] == [
        ("team-1", 30), ("team-2", 50), ("team-1", 10),
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_steps_show_the_time(at_nine, by, ana, client):
    machine, ticket = at_nine
    machine.shift(timedelta(minutes=150))
    operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))
    machine.shift(timedelta(minutes=20))
    client.force_login(ana)
    page = client.get(f"/tickets/{ticket.reference}/").content.decode()
    assert ">2h 30m<" in page and ">20m<" in page


@pytest.mark.django_db
def test_another_team_is_a_hand_off_and_the_same_one_is_none(ticket, desk, by, ana):
    operations.assign(ticket.reference, team=desk.teams[1], by=by(ana))
    operations.assign(ticket.reference, team=desk.teams[1], by=by(ana))
    found = queries.fresh(ticket)
    assert (found.handoff_count, found.handoffs.count()) == (1, 1)


@pytest.mark.django_db
def test_more_than_three_teams_pass_it_around_and_somebody_speaks_with_the_customer(
    ticket, desk, by, max, ana
):
    fourth = Team.objects.create(slug="fourth", name="Fourth", tier=2, review_due="2030-01-01")
    for team in (desk.teams[1], desk.teams[2], fourth):
        operations.assign(ticket.reference, team=team, by=by(max))
    found = queries.fresh(ticket)
    assert (found.passed_around, found.handoff_count) == (True, 3)
    assert found.communication_owner == ana  # who leads the team at the first tier
    assert Event.objects.get(name="ticket.passed_around").data == {"handoffs": 3, "teams": 4}


@pytest.mark.django_db
def test_who_speaks_with_the_customer_is_kept(ticket, desk, by, ana, eli):
    operations.take(ticket.reference, by=by(ana))
    for _ in range(2):
        operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))
        operations.hand_back(ticket.reference, from_tier=2, reason="r", next="n", by=by(eli))
    found = queries.fresh(ticket)
    assert (found.passed_around, found.communication_owner) == (True, ana)
    assert Event.objects.filter(name="ticket.passed_around").count() == 1
    api = Api(token_for("ana"))
    operations.create(subject="Calm", by=by(ana))
    (row,) = api.get("/tickets/?passed_around=true").json()["results"]
    assert (row["reference"], row["passed_around"], row["communication_owner"]) == (
        ticket.reference,
        True,
        "ana",
    )


@pytest.mark.django_db
def test_who_escalates_what_nobody_had_speaks_with_the_customer(ticket, by, ana):
    assert (
        operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana)).communication_owner
        == ana
    )


@pytest.mark.django_db
def test_a_bulk_assignment_that_was_undone_is_no_passing_around(ticket, desk, by, max):
    run = bulk.start("assign", tickets=[ticket.reference], values={"team": "team-2"}, by=by(max))
    run = bulk.finish_short(run)
    assert Ticket.objects.get().handoff_count == 1
    bulk.finish_short(bulk.undo(run.pk, by=by(max)))
    found = queries.fresh(ticket)
    assert (found.team, found.handoff_count, found.handoffs.count()) == (desk.teams[0], 0, 2)


@pytest.mark.django_db
def test_the_dialog_proposes_a_team_and_says_who_is_told(ticket, desk, by, ana, client):
    desk.teams[1].components.add(desk.gateway)
    desk.teams[1].email = "payments@desk.example"
    desk.teams[1].save()
    Team.objects.create(slug="other", name="Other engineers", tier=2, review_due="2030-01-01")
    operations.reply(ticket.reference, body="Restarted the node, no change.", public=False, by=by(ana))
    client.force_login(ana)
    page = client.get(f"/tickets/{ticket.reference}/?open=escalate").content.decode()
    assert "Goes to Payments, which owns Gateway." in page
    assert "Nobody is on call there; payments@desk.example is told by mail." in page
    assert "Other engineers, takes what nobody owns" in page
    assert "Restarted the node, no change." in page.partition('name="tried"')[2]


@pytest.mark.django_db
def test_the_chosen_team_gets_it_with_evidence_and_files(ticket, desk, by, ana, client):
    other = Team.objects.create(slug="other", name="Other engineers", tier=2, review_due="2030-01-01")
    client.force_login(ana)
    said = {
        "from_tier": 1, "summary": "s", "business_impact": "b", "tried": "t", "no_sop": "on", "team": "other",
        "needed": "Drain the node", "evidence": "https://logs.example/7",
        "files": SimpleUploadedFile("trace.txt", b"x"),
    }  # fmt: skip
    assert client.post(f"/tickets/{ticket.reference}/escalate/", said).status_code == 302
    found = queries.fresh(ticket)
    row = found.handoffs.get()
    assert (found.team, row.needed, row.evidence) == (other, "Drain the node", "https://logs.example/7")
    assert row.files == [Attachment.objects.get(public=False).pk]
    page = client.get(f"/tickets/{ticket.reference}/").content.decode()
    assert "trace.txt" in page and 'href="https://logs.example/7"' in page and "Drain the node" in page


@pytest.mark.django_db
def test_the_next_hand_off_knows_the_one_before(ticket, by, ana, client):
    operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))
    client.force_login(ana)
    page = client.get(f"/tickets/{ticket.reference}/?open=escalate").content.decode()
    assert HANDOFF.business_impact in page.partition('name="business_impact"')[2]
    assert HANDOFF.tried in page.partition('name="tried"')[2]


@pytest.mark.django_db
def test_a_refused_hand_off_keeps_what_was_typed(ticket, ana, client):
    client.force_login(ana)
    page = client.post(f"/tickets/{ticket.reference}/escalate/", {"from_tier": 1, "tried": "Typed at length"})
    assert page.status_code == 400 and "Typed at length" in page.content.decode()


@pytest.mark.django_db
def test_a_tier_without_a_team_says_so_before_anything_is_typed(ticket, desk, by, ana, client):
    Team.objects.filter(tier=2).delete()
    client.force_login(ana)
    page = client.get(f"/tickets/{ticket.reference}/?open=escalate")
    assert page.status_code == 200 and "No team works at L2 yet" in page.content.decode()


@pytest.mark.django_db
def test_when_nobody_is_on_call_the_team_is_told(ticket, desk, by, ana, mailoutbox):
    Team.objects.filter(tier=2).update(email="payments@desk.example")
    operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))
    sweeps.run_due()
    assert OutgoingMessage.objects.get(to="payments@desk.example").subject.startswith(f"[{ticket.reference}]")


@pytest.mark.parametrize("stands", [1, 3])
def test_a_hand_off_from_a_tier_that_it_has_left_says_where_it_stands(stands):
    """The rule itself, before anything is written; of two at once the database lets one through."""
    ladder = Ladder({1: "L1", 2: "L2", 3: "L3"}, 3)
    with pytest.raises(Conflict, match=f"L{stands}"):
        rules.check_escalation("TKT-1", stands, 2, HANDOFF, sop_runs=0, ladder=ladder)
    with pytest.raises(Conflict, match=f"L{stands}"):
        rules.check_hand_back("TKT-1", stands, 2, "r", "n", ladder=ladder)
