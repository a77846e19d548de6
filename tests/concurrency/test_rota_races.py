"""Schedules when several people write at the same moment: one takes a swap, and no edit hides a stand-in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from core.audit.models import Event
from core.common.errors import Conflict, RuleBroken, Stale
from core.outbox.models import OutgoingMessage
from escalation import operations, schedules
from escalation.models import Duty, Gap, Override, Rotation, Shift, Swap
from escalation.operations.rosters import ANNOUNCED
from tests.concurrency.test_one_wins import at_once, one_won

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2027, 6, 16, 12, tzinfo=UTC)  # a Wednesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2027, 6, 21, 8, tzinfo=UTC)  # 09:00 in London: Eli hands over to Lea


@pytest.fixture
def rota(eli: Any, lea: Any, ira: Any, ana: Any, max: Any, by: Any) -> Any:
    """Eli and Lea take weekly turns in London; it is Wednesday of Eli's week."""
    with time_machine.travel(NOON - DAY, tick=False):
        admin = by(max)
        team = operations.create_team(
            name="Payments", tier=2, zone="Europe/London", members=[eli, lea, ira, ana], lead=ira, manager=max,
            by=admin,
        )  # fmt: skip
        rotation = operations.create_rotation(
            team=team,
            name="Primary",
            people=[eli, lea],
            start=date(2027, 6, 14),
            handoff_time=time(9),
            by=admin,
        )
    with time_machine.travel(NOON, tick=False):
        yield SimpleNamespace(**{name: value for name, value in locals().items() if name != "by"})


def on_call(
    rota: SimpleNamespace, start: datetime, end: datetime
) -> list[tuple[int | None, datetime, datetime]]:
    segments = schedules.load([rota.team], start, end).segments(rota.team, 1)
    return [(segment.person, segment.start, segment.end) for segment in segments]


def announced() -> list[tuple[int, datetime, datetime]]:
    rows = Shift.objects.filter(cancelled_at=None, ends_at__gt=NOON).order_by("starts_at")
    return list(rows.values_list("user_id", "starts_at", "ends_at"))


def test_of_two_who_take_a_swap_one_has_it_and_the_other_hears_why(rota, by, lea, ira):
    swap = operations.ask_swap(
        rotation=rota.rotation, starts_at=NOON + HOUR, ends_at=NOON + DAY, by=by(rota.eli)
    )

    found = at_once(
        lambda: operations.take_swap(swap.pk, by=by(lea)), lambda: operations.take_swap(swap.pk, by=by(ira))
    )

    one_won(found, Conflict)
    lost = next(one for one in found if isinstance(one, Conflict))
    swap.refresh_from_db()
    winner = swap.taken_by.display_name
    assert lost.sentence == f"This shift is not on offer any more: {winner} was first."
    stand_in = Override.objects.get()  # one alone
    assert (swap.state, swap.taken_by_id) == (Swap.State.TAKEN, stand_in.user_id)
    assert on_call(rota, NOON + HOUR, NOON + DAY) == [(swap.taken_by_id, NOON + HOUR, NOON + DAY)]
    assert Event.objects.filter(name="swap.taken").count() == 1
    assert OutgoingMessage.objects.filter(topic="swap.taken", to="eli@desk.example").count() <= 1


def test_a_swap_taken_and_withdrawn_at_once_is_one_of_both(rota, by, lea):
    swap = operations.ask_swap(
        rotation=rota.rotation, starts_at=NOON + HOUR, ends_at=NOON + DAY, by=by(rota.eli)
    )

    found = at_once(
        lambda: operations.take_swap(swap.pk, by=by(lea)),
        lambda: operations.withdraw_swap(swap.pk, by=by(rota.eli)),
    )

    one_won(found, Conflict)
    swap.refresh_from_db()
    assert Override.objects.count() == (1 if swap.state == Swap.State.TAKEN else 0)


@pytest.mark.parametrize("seen", [True, False])
def test_an_edit_and_a_stand_in_of_the_same_moment_leave_both_or_say_why(seen, rota, by, ira):
    """The stand-in is arranged whoever comes first. An edit of what was read before it hears that it changed."""
    version = rota.rotation.version if seen else None
    changes = {"handoff_weekday": 2, "people": [rota.lea, rota.eli]}

    edit, stand_in = at_once(
        lambda: operations.edit_rotation(rota.rotation.pk, changes=changes, version=version, by=rota.admin),
        lambda: operations.add_override(
            rotation=rota.rotation, user=ira, starts_at=NOON + HOUR, ends_at=NOON + 3 * DAY, by=by(ira)
        ),
    )

    assert isinstance(stand_in, Override), stand_in
    assert isinstance(edit, Rotation | Stale | Conflict), edit
    edited = isinstance(edit, Rotation)
    assert edited or (isinstance(edit, RuleBroken) and edit.sentence.count(" ") >= 3)
    written = Event.objects.filter(name__in=["rotation.changed", "override.added"]).order_by("pk")
    if seen:  # an edit that came second had not seen the stand-in: it must not go through
        assert written[0].name == ("rotation.changed" if edited else "override.added")
    stored = Rotation.objects.get()
    assert stored.handoff_weekday == (2 if edited else 0)
    hand_off = datetime(2027, 6, 23, 8, tzinfo=UTC) if edited else MONDAY
    ahead = on_call(rota, NOON, NOON + 8 * DAY)
    assert ahead[:4] == [
        (rota.eli.pk, NOON, NOON + HOUR),
        (ira.pk, NOON + HOUR, NOON + 3 * DAY),
        (rota.eli.pk, NOON + 3 * DAY, hand_off),
        (rota.lea.pk, hand_off, min(NOON + 8 * DAY, hand_off + 7 * DAY)),
    ]
    # What follows from a schedule is worked out from what both made of it, and the past is stored once.
    near = [shift for shift in on_call(rota, NOON, NOON + 70 * DAY) if shift[1] < NOON + ANNOUNCED]
    assert [shift[:2] for shift in announced()][1:-1] == [shift[:2] for shift in near][1:-1]
    assert list(Duty.objects.values_list("user_id", "starts_at", "ends_at")) == [
        (rota.eli.pk, NOON - DAY, NOON)
    ]
    assert not Gap.objects.exists()


def test_two_edits_of_what_both_have_read_one_hears_that_it_changed(rota):
    found = at_once(*(
        lambda name=name: operations.edit_rotation(
            rota.rotation.pk, changes={"name": name}, version=rota.rotation.version, by=rota.admin
        )
        for name in ("First", "Second")
    ))  # fmt: skip

    one_won(found, Conflict, Stale)


def test_eight_who_cancel_a_stand_in_end_it_once(rota, by, ira):
    override = operations.add_override(
        rotation=rota.rotation, user=ira, starts_at=NOON, ends_at=NOON + DAY, by=by(ira)
    )

    found = at_once(*[lambda: operations.cancel_override(override.pk, by=rota.admin) for _ in range(8)])

    one_won(found, Conflict)
    assert Event.objects.filter(name="override.cancelled").count() == 1
