from datetime import UTC, date, datetime, time, timedelta

import pytest

from core.audit.models import Event
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken, Stale
from escalation import directory, operations, queries
from escalation.models import Duty, Rotation, Team
from escalation.operations.shared import update
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
        update(read, {"phone": "+44 1"}, None)


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


def test_an_override_holds_from_now_and_ends_by_itself(house, by, noon):
    noon.shift(HOUR)
    operations.add_override(
        rotation=house.rotation,
        user=house.lea,
        instead_of=house.eli,
        starts_at=NOON,
        ends_at=NOON + 2 * HOUR,
        by=by(house.eli),
    )
    assert [on_call(house.payments, NOON + hours * HOUR) for hours in (0.5, 1, 2)] == ["eli", "lea", "eli"]


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
    assert Duty.objects.filter(roster__team=house.payments).count() == 2


def test_a_person_added_does_not_move_who_is_on_call_now(house):
    changes = {"people": [house.ira, house.eli, house.lea]}
    operations.edit_rotation(house.rotation.pk, changes=changes, by=house.admin)
    weeks = [on_call(house.payments, NOON + week * 7 * DAY) for week in range(4)]
    assert weeks == ["eli", "lea", "ira", "eli"]


def test_a_person_removed_in_the_middle_of_a_turn_hands_over_at_once(house):
    operations.edit_rotation(house.rotation.pk, changes={"people": [house.ira, house.lea]}, by=house.admin)
    assert on_call(house.payments, NOON) == "lea"
    assert on_call(house.payments, datetime(2027, 6, 21, 9, tzinfo=UTC)) == "ira"


def test_a_new_layer_rewrites_no_past(house, noon):
    noon.shift(10 * DAY)
    operations.create_rotation(
        team=house.payments, name="Above", position=0, people=[house.ira], start=NOON.date() - 30 * DAY,
        handoff_time=time(0), by=house.admin,
    )  # fmt: skip
    operations.edit_rotation(house.rotation.pk, changes={"position": 1}, by=house.admin)
    assert [on_call(house.payments, NOON + days * DAY) for days in (0, 9, 10)] == ["eli", "lea", "ira"]


def test_a_later_hand_off_time_on_the_day_itself_makes_no_gap(house, noon):
    noon.move_to(datetime(2027, 6, 21, 12, tzinfo=UTC))  # Lea began at 08:00
    operations.edit_rotation(house.rotation.pk, changes={"handoff_time": time(17)}, by=house.admin)
    rotation = Rotation.objects.get(pk=house.rotation.pk)
    assert rotation.begun_at == datetime(2027, 6, 21, 8, tzinfo=UTC)
    moments = [datetime(2027, 6, day, 15, tzinfo=UTC) for day in (21, 28)]
    assert [on_call(house.payments, at) for at in (*moments, moments[1] + HOUR)] == ["lea", "lea", "eli"]


def test_an_edit_that_touches_no_turn_moves_no_start(house, noon):
    noon.shift(20 * DAY)
    changed = operations.edit_rotation(house.rotation.pk, changes={"name": "First"}, by=house.admin)
    assert changed.start == house.rotation.start


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"period": "weekly", "every": 53}, "every"),
        ({"period": "hourly", "every": 169}, "every"),
        ({"every": 0}, "every"),
        ({"start": date(1999, 12, 31)}, "start"),
        ({"start": date(2100, 1, 1)}, "start"),
    ],
)
def test_a_rule_that_nobody_can_mean_is_refused(house, changes, field):
    with pytest.raises(RuleBroken) as broken:
        operations.edit_rotation(house.rotation.pk, changes=changes, by=house.admin)
    assert list(broken.value.errors) == [field]


def test_the_stored_past_joins_what_belongs_together(house, noon):
    for _ in range(3):
        noon.shift(DAY)
        operations.edit_rotation(house.rotation.pk, changes={"step": 1}, by=house.admin)
    duty = Duty.objects.get()
    assert (duty.user, duty.starts_at, duty.ends_at) == (house.eli, NOON, NOON + 3 * DAY)


def test_broken_restrictions_are_refused_with_an_example(house):
    with pytest.raises(RuleBroken, match="0 is Monday"):
        operations.edit_rotation(house.rotation.pk, changes={"restrictions": [{"from": 1}]}, by=house.admin)


def test_who_keeps_the_entry_changes_what_others_read_in_it_and_nothing_else(house, by):
    edited = operations.edit_team("payments", changes={"hours": "Nights, too"}, by=by(house.ira))
    assert edited.hours == "Nights, too"
    with pytest.raises(NotAllowed, match="cannot change its owner, tier"):
        operations.edit_team("payments", changes={"tier": 1, "owner": house.eli}, by=by(house.ira))


def test_a_team_out_of_use_is_not_chased(house, noon):
    assert house.payments.next_chase_at == NOON.replace(hour=8) + 91 * DAY
    assert operations.edit_team("payments", changes={"active": False}, by=house.admin).next_chase_at is None
    assert operations.edit_team("payments", changes={"active": True}, by=house.admin).next_chase_at


def test_the_check_of_a_day_is_made_once(house, by, noon):
    noon.shift(95 * DAY)
    operations.review_team("payments", due=house.payments.review_due, by=by(house.ira))
    with pytest.raises(Conflict, match="checked meanwhile"):
        operations.review_team("payments", due=house.payments.review_due, by=by(house.ira))


def test_an_edit_that_changes_no_member_says_so(house):
    operations.edit_team(
        "payments", changes={"members": [house.ira, house.eli, house.lea], "chat": "#pay"}, by=house.admin
    )
    assert Event.objects.get(name="team.changed").after == {"chat": "#pay"}
