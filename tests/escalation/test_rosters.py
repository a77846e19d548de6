"""The stored past, hand-off notices, announced shifts and gaps: what follows from a schedule and from time."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation import board, directory, open_work, operations
from escalation.models import Duty, Gap, Roster, Shift
from incidents import operations as incidents
from tests.escalation.conftest import NOON
from tests.escalation.test_directory import many_teams
from tickets import operations as tickets

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2027, 6, 21, 8, tzinfo=UTC)  # 09:00 in London: Eli hands over to Lea
OFFICE = [{"weekdays": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}]


def on_call(team, at):
    person = directory.who_is_on_call(team, at).person
    return person.username if person else None


def told(topic):
    rows = OutgoingMessage.objects.filter(topic=topic).order_by("id")
    return [(row.to.split("@")[0], row.subject) for row in rows]


@pytest.fixture
def quiet(house, noon):
    """The house an hour later, when its first hand-off, to Eli, was told."""
    sweeps.run_due()
    OutgoingMessage.objects.all().delete()
    noon.shift(HOUR)
    return house


# --- the past ---------------------------------------------------------------------------------------------
def test_the_past_is_stored_by_the_clock_alone(house, noon):
    noon.shift(10 * DAY)
    sweeps.run_due()
    assert Roster.objects.get().kept_until == NOON + 10 * DAY
    assert [(duty.user.username, duty.starts_at, duty.ends_at) for duty in Duty.objects.all()] == [
        ("eli", NOON, MONDAY),
        ("lea", MONDAY, NOON + 10 * DAY),
    ]
    noon.shift(DAY)
    sweeps.run_due()
    assert Duty.objects.last().ends_at == NOON + 11 * DAY  # one row goes on, no new one


def test_swapping_the_layers_rewrites_no_past(house, noon):
    under = operations.create_rotation(
        team=house.payments, name="Under", position=1, people=[house.ira], start=NOON.date(), handoff_time=time(0),
        by=house.admin,
    )  # fmt: skip
    noon.shift(DAY)
    operations.edit_rotation(under.pk, changes={"position": 0}, by=house.admin)
    operations.edit_rotation(house.rotation.pk, changes={"position": 1}, by=house.admin)
    assert [on_call(house.payments, NOON + hours * HOUR) for hours in (1, 23, 25)] == ["eli", "eli", "ira"]


def test_a_rotation_that_moves_to_another_step_leaves_its_past_behind(house, noon):
    noon.shift(DAY)
    operations.edit_rotation(house.rotation.pk, changes={"step": 2}, by=house.admin)
    operations.create_rotation(
        team=house.payments, name="New first", people=[house.ira], start=NOON.date(), handoff_time=time(0),
        by=house.admin,
    )  # fmt: skip
    before = directory.who_is_on_call(house.payments, NOON + HOUR)
    after = directory.who_is_on_call(house.payments, NOON + 25 * HOUR)
    assert (before.person, before.reason) == (house.eli, "Rotation Primary")
    assert (after.person, after.chain[0].person) == (house.ira, house.eli)


def test_a_rotation_that_rests_is_answered_from_the_store(house, noon):
    noon.shift(DAY)
    operations.edit_rotation(house.rotation.pk, changes={"active": False}, by=house.admin)
    assert on_call(house.payments, NOON + HOUR) == "eli"
    assert directory.who_is_on_call(house.payments, NOON + 25 * HOUR).reason == "This team has no rotation"
    assert not board.draw([house.payments], NOON + DAY, UTC).lanes


# --- hand-offs --------------------------------------------------------------------------------------------
def test_both_are_told_at_the_hand_off_once(quiet, noon):
    noon.move_to(MONDAY)
    for _ in range(2):
        sweeps.run_due()
    assert told("oncall.handed_over") == [
        ("lea", "You are on call: Payments engineering"),
        ("eli", "Lea Lind is on call now: Payments engineering"),
    ]
    assert Roster.objects.get().handoff_at == MONDAY + 7 * DAY


def test_the_notice_says_until_when_and_what_is_open(quiet, noon, monkeypatch):
    monkeypatch.setattr(open_work, "_sources", [])
    open_work.register(
        lambda team, reader: [open_work.Line(f"2 P0 tickets of {team.name}", "/tickets/?priority=P0")]
    )
    noon.move_to(MONDAY)
    sweeps.run_due()
    text = OutgoingMessage.objects.get(topic="oncall.handed_over", to__startswith="lea").text
    assert "until Mon 28 Jun 08:00 UTC" in text
    assert "Eli Engel was on call before you." in text
    assert "2 P0 tickets of Payments engineering" in text and "/tickets/?priority=P0" in text


def test_the_rooms_above_say_what_is_open(quiet, noon, by):
    incidents.declare(title="Cards fail", applications=[quiet.shop], by=by(quiet.ira))
    for reader_sees in (False, True):
        tickets.create(
            subject="Cannot pay", impact="high", urgency="high", component=quiet.gateway, team=quiet.payments,
            confidential=not reader_sees, by=by(quiet.max),
        )  # fmt: skip
    lines = [line.text for line in open_work.lines(quiet.payments, by(quiet.lea))]
    assert lines == ["1 open P0 ticket", "INC-1 Cards fail, declared"]
    assert open_work.lines(quiet.network, by(quiet.lea)) == []


def test_after_an_outage_there_is_one_notice_of_the_last_hand_off(quiet, noon):
    noon.move_to(MONDAY + 15 * DAY)  # Lea, Eli and Lea again took over meanwhile
    sweeps.run_due()
    assert [name for name, _ in told("oncall.handed_over")] == ["lea", "eli"]
    assert "2 earlier hand-offs went untold" in OutgoingMessage.objects.first().text


def test_who_is_put_in_at_once_is_told_at_once(quiet, by):
    operations.add_override(
        rotation=quiet.rotation, user=quiet.lea, starts_at=NOON, ends_at=NOON + 2 * HOUR, by=by(quiet.eli)
    )
    sweeps.run_due()
    assert [name for name, _ in told("oncall.handed_over")] == ["lea", "eli"]
    assert Roster.objects.get().handoff_at == NOON + 2 * HOUR


def test_an_edit_moves_the_hand_off(quiet):
    operations.edit_rotation(quiet.rotation.pk, changes={"handoff_weekday": 3}, by=quiet.admin)
    assert Roster.objects.get().handoff_at == datetime(2027, 6, 17, 8, tzinfo=UTC)


def test_a_night_without_anybody_is_no_hand_off(quiet, noon):
    operations.edit_rotation(quiet.rotation.pk, changes={"restrictions": OFFICE}, by=quiet.admin)
    assert Roster.objects.get().handoff_at == MONDAY
    noon.shift(4 * DAY)
    sweeps.run_due()
    assert told("oncall.handed_over") == []


# --- shifts in calendars ----------------------------------------------------------------------------------
def shifts(**wanted):
    return [
        (shift.pk, shift.user.username, shift.starts_at, shift.sequence, shift.cancelled_at is not None)
        for shift in Shift.objects.filter(**wanted).select_related("user")[:4]
    ]


def test_a_moved_hand_off_keeps_the_entries(house):
    before = shifts()
    operations.edit_rotation(house.rotation.pk, changes={"handoff_time": time(10)}, by=house.admin)
    after = shifts()
    assert [row[0] for row in after] == [row[0] for row in before]
    assert [row[3] for row in after] == [1, 1, 1, 1]
    assert after[1][2] == before[1][2] + HOUR


def test_a_shift_taken_away_is_cancelled_and_comes_back_as_itself(house):
    first = shifts()
    override = operations.add_override(
        rotation=house.rotation, user=house.ira, instead_of=house.lea, starts_at=MONDAY, ends_at=MONDAY + 7 * DAY,
        by=house.admin,
    )  # fmt: skip
    gone = Shift.objects.get(pk=first[1][0])
    assert (gone.user, gone.sequence, gone.cancelled_at) == (house.lea, 1, NOON)
    assert Shift.objects.get(user=house.ira).instead_of == house.lea
    operations.cancel_override(override.pk, by=house.admin)
    back = Shift.objects.get(pk=first[1][0])
    assert (back.sequence, back.cancelled_at) == (2, None)
    assert Shift.objects.get(user=house.ira).cancelled_at is not None


def test_a_running_shift_ends_when_it_is_taken_away(house, noon):
    noon.shift(DAY)
    operations.edit_rotation(house.rotation.pk, changes={"people": [house.lea]}, by=house.admin)
    eli = Shift.objects.filter(user=house.eli).first()
    assert (eli.starts_at, eli.ends_at, eli.cancelled_at) == (NOON, NOON + DAY, None)


def test_time_alone_changes_no_entry(house, noon):
    before = {row.pk: (row.starts_at, row.ends_at) for row in Shift.objects.all()}
    noon.shift(3 * DAY)
    sweeps.run_due()
    assert {row.pk: (row.starts_at, row.ends_at) for row in Shift.objects.filter(pk__in=before)} == before
    assert not Shift.objects.exclude(sequence=0).exists()


# --- gaps -------------------------------------------------------------------------------------------------
def test_a_new_gap_is_told_once_to_lead_and_manager(quiet, noon, by):
    operations.edit_rotation(quiet.rotation.pk, changes={"restrictions": OFFICE}, by=quiet.admin)
    assert Gap.objects.count() > 20
    sweeps.run_due()
    assert told("oncall.gaps") == []  # the one who edits may be about to fill it
    noon.shift(HOUR)
    sweeps.run_due()
    assert told("oncall.gaps") == [
        ("ira", "Nobody on call: Payments engineering, Wed 16 Jun 16:00 UTC"),
        ("max", "Nobody on call: Payments engineering, Wed 16 Jun 16:00 UTC"),
    ]


def test_nights_that_come_into_sight_day_by_day_are_no_news(quiet, noon):
    operations.edit_rotation(quiet.rotation.pk, changes={"restrictions": OFFICE}, by=quiet.admin)
    noon.shift(HOUR)
    sweeps.run_due()
    found = Gap.objects.count()
    OutgoingMessage.objects.all().delete()
    for _ in range(10):
        noon.shift(DAY)
        sweeps.run_due()
    assert Gap.objects.count() > found
    assert told("oncall.gaps") == []


def test_a_gap_that_is_filled_in_time_is_told_to_nobody(quiet, noon):
    for restrictions in (OFFICE, []):
        operations.edit_rotation(quiet.rotation.pk, changes={"restrictions": restrictions}, by=quiet.admin)
    noon.shift(DAY)
    sweeps.run_due()
    assert told("oncall.gaps") == []
    assert not Gap.objects.filter(closed_at=None).exists()


def test_gaps_are_listed_on_a_page_and_by_the_api(client, quiet):
    client.force_login(quiet.ana)
    assert "No gap in the next 30 days" in client.get("/on-call/gaps/").content.decode()
    operations.edit_rotation(quiet.rotation.pk, changes={"restrictions": OFFICE}, by=quiet.admin)
    assert "Payments engineering" in client.get("/on-call/gaps/").content.decode()
    first = client.get("/api/v1/on-call/gaps/?team=payments").json()[0]
    assert first == {
        "team": "payments", "step": 1, "starts_at": "2027-06-16T16:00:00Z", "ends_at": "2027-06-17T08:00:00Z",
    }  # fmt: skip
    assert client.get("/api/v1/on-call/gaps/?team=network").json() == []
    assert len(client.get("/api/v1/on-call/gaps/?days=2").json()) == 2
    assert client.get("/api/v1/on-call/gaps/?days=91").status_code == 400


# --- cost -------------------------------------------------------------------------------------------------
def test_who_to_call_costs_under_ten_queries_with_two_hundred_teams(house):
    many_teams(house, 200)
    client = Client()
    client.force_login(house.ana)
    client.get("/on-call/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/on-call/").status_code == 200
    assert len(queries) < 10, [query["sql"][:100] for query in queries]
