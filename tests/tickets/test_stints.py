"""Who had a ticket for how long, by person too: the sums agree with tiers and teams, on the page and in the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tests.world import HANDOFF
from tickets import operations, stints
from tickets.handing_rules import Holder, Stint, turns
from tickets.models import Ticket

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=5),
    given=st.lists(st.tuples(st.integers(-10, 200), st.sampled_from(["ana", "eli", ""])), max_size=6),
)
def test_cut_by_person_nothing_is_lost(lengths, given):
    """Against a slow oracle that asks of every minute who had it."""
    found, edge = [], 0
    for number, length in enumerate(lengths):
        found.append(Stint(Holder(number % 3 + 1), at(edge), at(edge + length)))
        edge += length
    changes = sorted(given, key=lambda change: change[0])
    cut = turns(found, [(at(minute), who) for minute, who in changes], first="lea")
    by_minute: dict[tuple[int, str], int] = {}
    for stint in found:
        for minute in range(int((stint.end - stint.start).total_seconds()) // 60):
            moment = stint.start + timedelta(minutes=minute)
            who = next((who for when, who in reversed(changes) if at(when) <= moment), "lea")
            by_minute[stint.holder.tier, who] = by_minute.get((stint.holder.tier, who), 0) + 1
    summed: dict[tuple[int, str], int] = {}
    for turn in cut:
        if minutes := int(turn.length.total_seconds()) // 60:
            key = turn.holder.tier, turn.person
            summed[key] = summed.get(key, 0) + minutes
    assert summed == by_minute


def test_who_gets_it_in_the_act_that_moves_it_has_it_from_the_move_on():
    found = [Stint(Holder(1), at(0), at(5)), Stint(Holder(2), at(5), at(9))]
    (first, second) = turns(found, [(at(5) + timedelta(microseconds=900), "eli")], first="ana")
    assert [(turn.person, turn.start, turn.end) for turn in (first, second)] == [
        ("ana", at(0), at(5)), ("eli", at(5), at(9)),
    ]  # fmt: skip


@pytest.fixture
def told(ticket, desk, by, ana, eli, lea):
    """Ana takes it after 10 minutes, Eli gets it after 30, Lea after 60, Ana again after 100; solved after 130."""
    ref = ticket.reference
    with time_machine.travel(START, tick=False) as machine:
        Ticket.objects.update(created_at=START)
        for minutes, act in (
            (10, lambda: operations.take(ref, by=by(ana))),
            (20, lambda: operations.escalate(ref, from_tier=1, handoff=HANDOFF, assignee=eli, by=by(ana))),
            (30, lambda: operations.assign(ref, assignee=lea, by=by(eli))),
            (40, lambda: operations.hand_back(ref, from_tier=2, reason="r", next="n", by=by(lea))),
            (
                30,
                lambda: operations.resolve(
                    ref, code="fixed", note="Works.", breach_cause="overlooked", by=by(ana)
                ),
            ),
        ):
            machine.shift(timedelta(minutes=minutes))
            act()
        machine.shift(timedelta(days=3))
        yield ref


def minutes(length: timedelta) -> int:
    return round(length.total_seconds() / 60)


@pytest.mark.django_db
def test_the_account_by_person_adds_up(told, by, ana):
    _, held = stints.with_people(told, by=by(ana))
    shown = [(turn.holder.tier, turn.person, minutes(turn.length)) for turn in held.turns]
    assert shown == [
        (1, "", 10), (1, ana.display_name, 20), (2, "Eli Engel", 30), (2, "Lea Lind", 40), (1, ana.display_name, 30),
    ]  # fmt: skip
    assert {name: minutes(length) for name, length in held.people.items()} == {
        "": 10, ana.display_name: 50, "Eli Engel": 30, "Lea Lind": 40,
    }  # fmt: skip
    assert held.whole == sum(held.people.values(), timedelta()) == sum(held.tiers.values(), timedelta())


@pytest.mark.django_db
def test_page_and_api_show_the_same(told, client, ana, django_assert_max_num_queries):
    client.force_login(ana)
    with django_assert_max_num_queries(10):
        page = client.get(f"/tickets/{told}/stints/").content.decode()
    assert "2h 10m" in page and page.count("Lea Lind") == 2 and "it was resolved" in page
    answer = client.get(f"/api/v1/tickets/{told}/held/").json()
    assert answer["people"][1] == {"person": ana.display_name, "minutes": 50}
    assert [(turn["person"], turn["team"], turn["minutes"]) for turn in answer["turns"]][2:4] == [
        ("Eli Engel", "team-2", 30), ("Lea Lind", "team-2", 40),
    ]  # fmt: skip
    assert f"/tickets/{told}/stints/" in client.get(f"/tickets/{told}/").content.decode()


@pytest.mark.django_db
def test_a_ticket_that_nobody_took_is_nobodys(ticket, client, ana):
    client.force_login(ana)
    assert "Nobody" in client.get(f"/tickets/{ticket.reference}/stints/").content.decode()


@pytest.mark.django_db
def test_a_passed_around_ticket_says_so_with_an_icon_on_row_and_page(ticket, client, ana):
    client.force_login(ana)
    queue, page = "/tickets/?view=all", f"/tickets/{ticket.reference}/"
    assert "assed around" not in client.get(queue).content.decode()
    Ticket.objects.update(passed_around=True, reopened_count=1)
    for address in (queue, page):
        shown = client.get(address).content.decode()
        chip = shown.partition('class="chip amber"')[2].partition("Passed around")[0]
        assert "i-warn" in chip and len(chip) < 300, address
    row = client.get(queue).content.decode()
    assert "reopened" in row and "passed around" in row  # both chips; and in words where a card has none
