"""A shift is offered; who takes it is on call."""

from datetime import UTC, datetime, timedelta

import pytest

from core.common.errors import Conflict, NotAllowed, RuleBroken
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation import directory, operations
from escalation.models import Override, Swap
from tests.escalation.conftest import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2027, 6, 21, 8, tzinfo=UTC)  # Eli hands over to Lea
NIGHT = {"starts_at": NOON + 6 * HOUR, "ends_at": NOON + 18 * HOUR}


def on_call(house, at):
    return directory.who_is_on_call(house.payments, at).person.username


def told(topic):
    return sorted(row.to.split("@")[0] for row in OutgoingMessage.objects.filter(topic=topic))


@pytest.fixture
def asked(house, by):
    """Eli offers the night of 16 June to anybody of Payments."""
    return operations.ask_swap(rotation=house.rotation, note="Concert", by=by(house.eli), **NIGHT)


def test_everybody_of_the_team_is_asked_and_one_takes_it(house, asked, by):
    assert told("swap.asked") == ["ira", "lea"]
    taken = operations.take_swap(asked.pk, by=by(house.ira))
    assert (taken.state, taken.taken_by, taken.expires_at) == ("taken", house.ira, None)
    assert [on_call(house, NOON + hours * HOUR) for hours in (5, 6, 17, 18)] == ["eli", "ira", "ira", "eli"]
    override = Override.objects.get()
    assert (override.instead_of, list(taken.overrides.all())) == (house.eli, [override])
    assert told("swap.decided") == ["eli", "ira"]


def test_with_a_shift_in_return_both_change_places(house, by):
    back = {"return_starts_at": MONDAY + DAY, "return_ends_at": MONDAY + DAY + 12 * HOUR}
    swap = operations.ask_swap(rotation=house.rotation, asked_of=house.lea, by=by(house.eli), **NIGHT, **back)
    assert told("swap.asked") == ["lea"]
    operations.take_swap(swap.pk, by=by(house.lea))
    assert on_call(house, NOON + 7 * HOUR) == "lea"
    assert [on_call(house, MONDAY + hours * HOUR) for hours in (23, 24, 36)] == ["lea", "eli", "lea"]


def test_one_offers_only_what_is_ones_own(house, by):
    later = {"starts_at": MONDAY - HOUR, "ends_at": MONDAY + HOUR}
    with pytest.raises(RuleBroken, match="Eli Engel is not on call in this rotation for all of that time"):
        operations.ask_swap(rotation=house.rotation, by=by(house.eli), **later)
    with pytest.raises(RuleBroken, match="Ask somebody else"):
        operations.ask_swap(rotation=house.rotation, asked_of=house.eli, by=by(house.eli), **NIGHT)
    with pytest.raises(RuleBroken, match="of whom"):
        operations.ask_swap(
            rotation=house.rotation,
            return_starts_at=MONDAY,
            return_ends_at=MONDAY + HOUR,
            by=by(house.eli),
            **NIGHT,
        )


def test_only_who_was_asked_can_take_it(house, asked, by):
    for person in (house.ana, house.eli, house.max):
        with pytest.raises(NotAllowed):
            operations.take_swap(asked.pk, by=by(person))
    named = operations.ask_swap(rotation=house.rotation, asked_of=house.lea, by=by(house.eli), **NIGHT)
    with pytest.raises(NotAllowed):
        operations.take_swap(named.pk, by=by(house.ira))


def test_a_second_taker_hears_that_it_is_gone(house, asked, by):
    operations.take_swap(asked.pk, by=by(house.lea))
    with pytest.raises(Conflict, match="not on offer"):
        operations.take_swap(asked.pk, by=by(house.ira))
    assert Override.objects.count() == 1


def test_what_was_withdrawn_or_declined_cannot_be_taken(house, asked, by):
    operations.withdraw_swap(asked.pk, by=by(house.eli))
    with pytest.raises(Conflict):
        operations.take_swap(asked.pk, by=by(house.lea))
    named = operations.ask_swap(rotation=house.rotation, asked_of=house.lea, by=by(house.eli), **NIGHT)
    with pytest.raises(NotAllowed):
        operations.withdraw_swap(named.pk, by=by(house.ana))
    assert operations.withdraw_swap(named.pk, by=by(house.lea)).state == "withdrawn"
    assert told("swap.decided") == ["eli"]


def test_the_question_is_not_sent_once_it_is_answered(house, asked, by):
    operations.withdraw_swap(asked.pk, by=by(house.eli))
    sweeps.run_due()
    assert set(OutgoingMessage.objects.filter(topic="swap.asked").values_list("state", flat=True)) == {
        "dropped"
    }


def test_nobody_took_it_so_it_stays(house, asked, noon):
    noon.move_to(NOON + 6 * HOUR)
    sweeps.run_due()
    assert Swap.objects.get().state == "expired"
    assert on_call(house, NOON + 7 * HOUR) == "eli"
    assert told("swap.decided") == ["eli", "ira"]


def test_a_schedule_that_changed_since_is_not_overwritten(house, asked, by):
    operations.edit_rotation(house.rotation.pk, changes={"people": [house.lea]}, by=house.admin)
    with pytest.raises(Conflict, match="no longer on call"):
        operations.take_swap(asked.pk, by=by(house.ira))
    assert (Swap.objects.get().state, Override.objects.count()) == ("asked", 0)


def test_through_the_api(client, house):
    client.force_login(house.eli)
    body = {
        "rotation": house.rotation.pk,
        "starts_at": "2027-06-16T18:00:00Z",
        "ends_at": "2027-06-17T06:00:00Z",
    }
    made = client.post("/api/v1/swaps/", body, content_type="application/json")
    assert (made.status_code, made.json()["state"]) == (201, "asked")
    client.force_login(house.lea)
    taken = client.post(f"/api/v1/swaps/{made.json()['id']}/take/", {}, content_type="application/json")
    assert (taken.status_code, taken.json()["taken_by"], taken.json()["state"]) == (200, "lea", "taken")
    assert [
        row["id"] for row in client.get("/api/v1/swaps/?state=taken&team=payments").json()["results"]
    ] == [made.json()["id"]]
    again = client.post(f"/api/v1/swaps/{made.json()['id']}/withdraw/", {}, content_type="application/json")
    assert again.status_code == 403  # it was offered to all, so lea cannot decline it
