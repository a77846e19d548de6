from datetime import UTC, datetime, time, timedelta

import pytest

from core.audit.models import Event
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken, Stale
from escalation import directory, operations, queries
from escalation.models import Duty, Team
from tests.escalation.conftest import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def on_call(team, at):
    person = directory.who_is_on_call(team, at).person
    return person.username if person else None


def test_a_new_team_is_due_for_review_after_a_quarter(house):
    assert house.payments.review_due == (NOON + timedelta(days=91)).date()
    event = Event.objects.get(name="team.created", subject_id=house.payments.pk)
    assert event.subject_ref == "payments"


def test_only_managers_write_the_directory(house, by):
    with pytest.raises(NotAllowed, match=r"Manager or Admin can\."):
        operations.edit_team("payments", changes={"phone": "+44 1"}, by=by(house.eli))


def test_customers_find_no_team(house, by, casey):
    assert not Team.objects.visible_to(by(casey)).exists()
    with pytest.raises(NotFound):
        queries.get_team("payments", by=by(casey))


def test_a_stale_edit_is_refused_with_what_changed(house):
    operations.edit_team("payments", changes={"phone": "+44 1"}, version=1, by=house.admin)
    with pytest.raises(Stale) as caught:
        operations.edit_team("payments", changes={"phone": "+44 2"}, version=1, by=house.admin)
    assert caught.value.fields == {"phone": "+44 1"}


def test_a_team_edited_between_reading_and_writing_is_a_conflict(house):
    read = Team.objects.get(slug="payments")
    Team.objects.filter(pk=read.pk).update(version=7)
    with pytest.raises(Conflict):
        operations._update(read, {"phone": "+44 1"}, None)


def test_unknown_zone_and_area_are_refused(house):
    with pytest.raises(Invalid) as caught:
        operations.edit_team("payments", changes={"zone": "Mars/Olympus", "areas": ["magic"]}, by=house.admin)
    assert set(caught.value.errors) >= {"zone"}
    with pytest.raises(Invalid, match="magic"):
        operations.edit_team("payments", changes={"areas": ["magic"]}, by=house.admin)


def test_reviewing_moves_the_date_and_is_for_owners_and_managers(house, by, noon):
    noon.shift(100 * DAY)
    reviewed = operations.review_team("payments", by=by(house.ira))
    assert reviewed.review_due == (NOON + 191 * DAY).date()
    with pytest.raises(NotAllowed):
        operations.review_team("payments", by=by(house.ana))


def test_an_override_holds_from_now_and_ends_by_itself(house, by):
    operations.add_override(
        rotation=house.rotation,
        user=house.lea,
        instead_of=house.eli,
        starts_at=NOON - HOUR,
        ends_at=NOON + HOUR,
        by=by(house.eli),
    )
    assert [on_call(house.payments, NOON + hours * HOUR) for hours in (-0.5, 0, 1)] == ["eli", "lea", "eli"]


def test_an_override_in_the_past_or_by_a_stranger_is_refused(house, by):
    times = {"starts_at": NOON - 2 * HOUR, "ends_at": NOON - HOUR}
    with pytest.raises(RuleBroken, match="past"):
        operations.add_override(rotation=house.rotation, user=house.lea, by=house.admin, **times)
    with pytest.raises(NotAllowed):
        operations.add_override(rotation=house.rotation, user=house.ana, by=by(house.ana), **times)


def test_a_cancelled_override_stops_now_and_its_past_stays(house, noon):
    override = operations.add_override(
        rotation=house.rotation, user=house.lea, starts_at=NOON, ends_at=NOON + DAY, by=house.admin
    )
    noon.shift(HOUR)
    operations.cancel_override(override.pk, by=house.admin)
    assert [on_call(house.payments, NOON + hours * HOUR) for hours in (0.5, 1.5)] == ["lea", "eli"]
    with pytest.raises(Conflict):
        operations.cancel_override(override.pk, by=house.admin)


def test_editing_a_rotation_never_rewrites_who_was_on_call(house, noon):
    noon.shift(10 * DAY)
    before = [on_call(house.payments, NOON + days * DAY) for days in range(10)]
    operations.edit_rotation(
        house.rotation.pk, changes={"people": [house.ira], "handoff_time": time(17)}, by=house.admin
    )
    assert [on_call(house.payments, NOON + days * DAY) for days in range(10)] == before
    assert set(before) == {"eli", "lea"}
    assert on_call(house.payments, NOON + 10 * DAY) == "ira"
    assert Duty.objects.filter(rotation=house.rotation).count() == 2


def test_a_person_added_does_not_move_who_is_on_call_now(house):
    changes = {"people": [house.ira, house.eli, house.lea]}
    operations.edit_rotation(house.rotation.pk, changes=changes, by=house.admin)
    weeks = [on_call(house.payments, NOON + week * 7 * DAY) for week in range(4)]
    assert weeks == ["eli", "lea", "ira", "eli"]


def test_a_person_removed_in_the_middle_of_a_turn_hands_over_at_once(house):
    operations.edit_rotation(house.rotation.pk, changes={"people": [house.ira, house.lea]}, by=house.admin)
    assert on_call(house.payments, NOON) == "lea"
    assert on_call(house.payments, datetime(2027, 6, 21, 9, tzinfo=UTC)) == "ira"


def test_broken_restrictions_are_refused_with_an_example(house):
    with pytest.raises(RuleBroken, match="0 is Monday"):
        operations.edit_rotation(house.rotation.pk, changes={"restrictions": [{"from": 1}]}, by=house.admin)
