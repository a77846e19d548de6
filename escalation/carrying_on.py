"""How a rotation goes on when its rule is changed in the middle of a turn: pure, no database, no clock.

The preview and the operation call the same function, so what was shown is what is saved.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from escalation.on_call import Layer, Period, Segment, turn_at, turn_starts_on


def carried_on(old: Layer, new: Layer, now: datetime) -> Layer:
    """The new layer, so that whoever is on call by the old one keeps the turn until its next hand-off.

    Who is on call and no longer among the people hands over at once to the next of the old order who is.
    The order of the new layer then begins with who has the turn, its `start` is the day on which that began.
    """
    running = turn_at(old, now)
    if running is None or not new.people:
        return replace(new, begun_at=None)
    return replace(_going_on(old, new, running, now), people=_order(old, new, running))


def _going_on(old: Layer, new: Layer, running: Segment, now: datetime) -> Layer:
    """The new layer with a first turn that has begun and whose end lies ahead."""
    assert running.turn is not None  # a turn of the plain rotation has a number
    if new.period is Period.HOURLY:
        return _from_latest_turn(_begun_before(new, now), now)
    same_zone = new.zone.key == old.zone.key
    began = turn_starts_on(old, running.turn)[0] if same_zone else running.start.astimezone(new.zone).date()
    new = replace(new, start=began, begun_at=None)
    if turn_at(new, now) is None:  # by the new hand-off time the turn would only begin later on its day
        return replace(new, begun_at=running.start)
    return _from_latest_turn(new, now)


def _begun_before(layer: Layer, now: datetime) -> Layer:
    """The layer with as many days in front as it takes to have begun by now."""
    layer = replace(layer, begun_at=None)
    if turn_at(layer, now) is None:
        return replace(layer, start=now.astimezone(layer.zone).date() - timedelta(days=2))
    return layer


def _from_latest_turn(layer: Layer, now: datetime) -> Layer:
    """The layer counted from the turn that runs by its own rule."""
    running = turn_at(layer, now)
    assert running is not None and running.turn is not None  # both callers have seen to it
    day, minute = turn_starts_on(layer, running.turn)
    return replace(layer, start=day, handoff_minute=minute)


def _order(old: Layer, new: Layer, running: Segment) -> tuple[int, ...]:
    """The people, first who has the turn: the one on call now, else the next of the old order who stayed."""
    assert running.turn is not None
    before = _from(old.people, running.turn % len(old.people))
    staying = [person for person in before if person in new.people]
    if not staying:
        return new.people
    before = _from(before, before.index(staying[0]))
    places = [place for place, person in enumerate(new.people) if person == staying[0]]
    # Who stands in the list twice is taken where most of what follows is as it was.
    return max((_from(new.people, place) for place in places), key=lambda order: _alike(order, before))


def _from(people: tuple[int, ...], place: int) -> tuple[int, ...]:
    return people[place:] + people[:place]


def _alike(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many people stand at the same places from the front."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
