"""What an edit would make of a rotation, worked out before anything is written: for the preview and the operation."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import cached_property
from typing import Any

from core.accounts.models import User
from core.common.errors import RuleBroken
from escalation import board, comparing, rotation_rules, schedules
from escalation.carrying_on import carried_on
from escalation.comparing import Stretch, Touched
from escalation.models import Override, Rotation
from escalation.on_call import Layer, Segment

# What decides whose turn it is: an edit of any of these must be carried on.
TURNS = ("active", "zone", "period", "every", "handoff_weekday", "handoff_time", "start")


@dataclass(frozen=True)
class Plan:
    """The columns to write, the order of turns, and the layer that the rotation will be from then on."""

    rotation: Rotation
    values: dict[str, Any]
    order: tuple[int, ...]
    layer: Layer


@dataclass(frozen=True)
class Outlook:
    """One step of a team over the next 30 days: who is on call as it stands, and as it would be."""

    step: int
    before: tuple[Segment, ...]
    after: tuple[Segment, ...]

    @cached_property
    def stretches(self) -> list[Stretch]:
        """Both beside each other; before there was such a step, nobody was on call."""
        return comparing.beside(self.before, self.after)

    @property
    def gaps(self) -> list[Stretch]:
        """Where nobody would be on call and somebody is as it stands."""
        return [row for row in self.stretches if row.gap]


@dataclass(frozen=True)
class Foresight:
    """Whom a change would touch, worked out at a moment and not yet written; `people` are all who appear."""

    now: datetime
    outlooks: tuple[Outlook, ...]
    people: Mapping[int, User]

    @property
    def touched(self) -> list[Touched]:
        return comparing.touched(row for outlook in self.outlooks for row in outlook.stretches)


def edited(rotation: Rotation, changes: dict[str, Any], people: Sequence[User] | None, now: datetime) -> Plan:
    """The plan of an edit: who is on call now keeps the turn to its end, unless removed or `start` is set.

    `rotation` has its turns and overrides loaded; the changes were checked to make a rotation. Raises Unclear
    where a new start is not one moment; `begun_at` beside it is the one that was chosen.
    """
    stored = tuple(turn.user_id for turn in rotation.turns.all())
    order = stored if people is None else tuple(person.pk for person in people)
    changed, values = _changed(rotation, changes), dict(changes)
    layer = schedules.layer_of(changed, order)
    if "start" in changes:
        begun_at = rotation_rules.first_turn(
            changed.zone, changed.start, changed.handoff_time, changes.get("begun_at")
        )
        values["begun_at"], layer = begun_at, replace(layer, begun_at=begun_at)
    elif "begun_at" in changes:
        raise RuleBroken(
            "Say at which start: begun_at tells which of its two moments is meant.", field="start"
        )
    elif order != stored or any(getattr(changed, name) != getattr(rotation, name) for name in TURNS):
        layer = carried_on(schedules.layer_of(rotation), layer, now)
        order = layer.people or order  # a rotation that rests keeps its people
        values |= {
            "start": layer.start,
            "begun_at": layer.begun_at,
            "handoff_time": _time(layer.handoff_minute),
        }
    return Plan(changed, values, order, layer)


def started(rotation: Rotation, people: Sequence[User]) -> Plan:
    """The plan of a new rotation, which was checked. Raises Unclear where its start is not one moment."""
    rotation_rules.first_turn(rotation.zone, rotation.start, rotation.handoff_time, rotation.begun_at)
    order = tuple(person.pk for person in people)
    return Plan(rotation, {}, order, schedules.rule_of(rotation, order))


def foreseen(
    rotation: Rotation, layer: Layer, now: datetime, known: Mapping[int, User] | None = None
) -> Foresight:
    """What the team's schedule would be with this layer: each step that it stands on, or would stand on.

    `known` are people who are loaded already.
    """
    stored = schedules.load([rotation.team_id], now, now + board.GAPS_WITHIN, known=known)
    would_be = stored.as_if(rotation, layer)
    steps = {
        step
        for step, stack in stored.stacks.get(rotation.team_id, {}).items()
        if rotation.pk in stack.rotations
    }
    steps |= {rotation.step} if rotation.active else set()
    outlooks = tuple(
        Outlook(
            step,
            tuple(stored.segments(rotation.team, step)),
            tuple(would_be.segments(rotation.team, step)),
        )
        for step in sorted(steps)
    )
    return Foresight(now, outlooks, {**stored.people, **would_be.people})


def without(override: Override, now: datetime) -> Foresight:
    """What the team's schedule would be if a stand-in ended now."""
    rotation = override.rotation
    ended = [
        replace(laid, end=min(laid.end, now)) if found.pk == override.pk else laid
        for found, laid in schedules.stand_ins_of(rotation)
    ]
    layer = replace(
        schedules.layer_of(rotation), overrides=tuple(one for one in ended if one.end > one.start)
    )
    return foreseen(rotation, layer, now)


def _changed(rotation: Rotation, changes: dict[str, Any]) -> Rotation:
    """A copy of the row with the changes on it; what was loaded beside it comes along."""
    changed = copy.copy(rotation)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _time(minute: int) -> time:
    return time(*divmod(minute, 60))
