"""Where one stands: on call now until when, who follows, else when next; in one's own zone, never from a cache."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from escalation import operations, standing
from escalation.on_call import Segment, Why
from tests.escalation.conftest import NOON
from tests.escalation.test_rosters import HOUR, MONDAY, OFFICE

DAY = timedelta(days=1)


def of(by, person, at=NOON):
    return standing.of(by(person), at)


def words(answer):
    """What a page says, without its markup."""
    main = answer.content.decode().partition("<h1")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split()).replace(" .", ".")


def test_who_is_on_call_hears_until_when_and_who_follows(house, by):
    (turn,) = of(by, house.eli).now
    assert (turn.team, turn.step, turn.end, turn.follows) == (house.payments, 1, MONDAY, house.lea)


def test_who_is_not_hears_when_next(house, by):
    found = of(by, house.lea)
    assert (found.now, found.next.start, found.next.end) == ((), MONDAY, MONDAY + 7 * DAY)


def test_who_takes_no_turns_hears_nothing(house, by, casey):
    assert of(by, house.ana) is None
    assert of(by, casey) is None


def test_a_stand_in_counts_from_its_first_moment(house, by):
    operations.add_override(
        rotation=house.rotation, user=house.ira, starts_at=NOON, ends_at=NOON + 3 * HOUR, by=house.admin
    )
    (turn,) = of(by, house.ira).now
    assert (turn.end, turn.follows) == (NOON + 3 * HOUR, house.eli)
    assert of(by, house.eli).now == () and of(by, house.eli).next.start == NOON + 3 * HOUR


def test_turns_without_a_break_are_one(house, by):
    operations.add_override(
        rotation=house.rotation, user=house.eli, starts_at=MONDAY, ends_at=MONDAY + 2 * HOUR, by=house.admin
    )
    assert of(by, house.eli).now[0].end == MONDAY + 2 * HOUR


def test_a_gap_behind_it_is_said(house, by, client):
    operations.edit_rotation(house.rotation.pk, changes={"restrictions": OFFICE}, by=house.admin)
    (turn,) = of(by, house.eli).now
    assert (turn.end, turn.follows) == (NOON + 4 * HOUR, None)
    client.force_login(house.eli)
    assert "Then nobody is." in words(client.get("/my/"))


def test_two_teams_are_two_lines(house, by):
    operations.create_rotation(
        team=house.network, name="Round", people=[house.eli], start=date(2027, 6, 14), handoff_time=time(0),
        by=house.admin,
    )  # fmt: skip
    assert [turn.team.slug for turn in of(by, house.eli).now] == ["network", "payments"]
    assert of(by, house.eli).now[0].end is None


@pytest.mark.parametrize("path", ["/my/", "/accounts/profile/", "/on-call/shifts/"])
def test_the_pages_say_it_in_the_reader_s_zone(client, house, path):
    User.objects.filter(pk=house.eli.pk).update(timezone="Asia/Tokyo")
    client.force_login(house.eli)
    said = words(client.get(path))
    assert "You are on call for Payments engineering , step 1, until 21 Jun 17:00" in said
    assert "Asia/Tokyo" in said and "Next is Lea Lind." in said
    client.force_login(house.lea)
    assert "Next on call: 21 Jun 08:00" in words(client.get(path))


def test_customers_and_others_see_nothing_of_it(client, house, casey):
    client.force_login(casey)
    assert "on call" not in words(client.get("/accounts/profile/"))
    client.force_login(house.ana)
    assert "n call" not in words(client.get("/my/")).partition("Search or run")[0]


def test_the_menu_marks_who_is_on_call_now(client, house, noon):
    def marked(person):
        client.force_login(person)
        answer = client.get("/tickets/counts/").content.decode()
        return 'id="on-call-mark"' in answer and 'href="/on-call/shifts/"' in answer

    assert [marked(house.eli), marked(house.lea), marked(house.ana)] == [True, False, False]
    operations.add_override(
        rotation=house.rotation, user=house.lea, starts_at=NOON, ends_at=NOON + HOUR, by=house.admin
    )
    assert [marked(house.eli), marked(house.lea)] == [False, True]
    noon.shift(HOUR)
    assert [marked(house.eli), marked(house.lea)] == [True, False]


def test_the_mark_is_fetched_with_the_counts_and_costs_no_page_a_query(client, house):
    """Whatever page it is: who is on call pays for it as much as who is not."""
    costs = []
    for person in (house.ana, house.eli):
        client.force_login(person)
        client.get("/incidents/")
        with CaptureQueriesContext(connection) as queries:
            assert 'id="on-call-mark"' in client.get("/incidents/").content.decode()
        assert not [query for query in queries if "escalation_shift" in query["sql"]]
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_stretches_join_what_follows_without_a_break():
    def piece(start, end, person):
        return Segment(NOON + start * HOUR, NOON + end * HOUR, person, Why.ROTATION, "x", None)

    row = [piece(0, 1, 1), piece(1, 2, 1), piece(2, 3, 2), piece(3, 4, 1), piece(4, 5, None)]
    found = [
        ((start - NOON) // HOUR, (end - NOON) // HOUR, then)
        for start, end, then in standing.stretches(row, 1)
    ]
    assert found == [(0, 2, 2), (3, 4, None)]
