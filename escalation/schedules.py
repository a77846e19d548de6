"""From stored rotations to the pure layers that `on_call` resolves; three queries, however many teams."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, F, IntegerField, OuterRef, Subquery, Value

from core.accounts.models import User
from escalation import rules
from escalation.models import Duty, Override, Roster, Rotation, Team
from escalation.on_call import Layer, Past, Period, Segment, Why, resolve
from escalation.on_call import Override as StandIn

FOREVER = datetime.max.replace(tzinfo=UTC)
MOMENT = timedelta(minutes=1)
_NOT_YET = sys.maxsize  # what is saved next gets the highest number


def layer_of(rotation: Rotation, order: Sequence[int] | None = None) -> Layer:
    """The pure form of a rotation whose `turns` and `overrides` are loaded.

    `order` stands in for the stored turns: what an edit is about to make of them.
    """
    if order is None:
        order = [turn.user_id for turn in rotation.turns.all()]
    overrides = [laid for _, laid in stand_ins_of(rotation)]
    return replace(rule_of(rotation, order), overrides=tuple(overrides) if rotation.active else ())


def stand_ins_of(rotation: Rotation) -> list[tuple[Override, StandIn]]:
    """The stored stand-ins of a rotation, each with its pure form, in the order in which they were arranged."""
    return [
        (override, StandIn(override.starts_at, override.ended, override.user_id, override.instead_of_id))
        for override in rotation.overrides.all()
    ]


def rule_of(rotation: Rotation, order: Sequence[int]) -> Layer:
    """The bare rule of a rotation, stored or not; one that rests has nobody."""
    return Layer(
        name=rotation.name,
        zone=ZoneInfo(rotation.zone),
        period=Period(rotation.period),
        every=rotation.every,
        start=rotation.start,
        begun_at=rotation.begun_at,
        handoff_minute=rules.minute_of_day(rotation.handoff_time),
        handoff_weekday=rotation.handoff_weekday,
        people=tuple(order) if rotation.active else (),
        restrictions=rules.parse_restrictions(rotation.restrictions),
    )


@dataclass
class Stack:
    """The layers of one step of a team, in the order in which they answer, and its stored past.

    `rotations` names the rotation behind each layer, `positions` is its place among the layers.
    """

    layers: list[Layer] = field(default_factory=list)
    rotations: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    kept: list[Segment] = field(default_factory=list)
    kept_until: datetime = FOREVER  # where no rotation is left, all there is to know is stored

    def knows(self, at: datetime) -> bool:
        """Whether something that was stored reaches beyond a moment."""
        return any(segment.end > at for segment in self.kept)

    def resolved(self, start: datetime, end: datetime) -> list[Segment]:
        """Who is on call at this step between two moments that were loaded."""
        past = Past(tuple(sorted(self.kept, key=lambda segment: segment.start)), self.kept_until)
        return resolve(self.layers, start, end, past)

    def with_layer(self, layer: Layer | None, rotation: int | None, position: int, now: datetime) -> Stack:
        """The stack with this layer of a rotation in the place of the one it has, or without it (None).

        A rotation that is not stored yet (None) stands behind the others of its position. What was until now
        stays what it was.
        """
        rows = zip(self.positions, self.rotations, self.layers, strict=True)
        others = [row for row in rows if row[1] != rotation]
        mine = [(position, rotation or _NOT_YET, layer)] if layer is not None else []
        rows_now = sorted([*others, *mine], key=lambda row: row[:2])
        return Stack(
            layers=[row[2] for row in rows_now],
            rotations=[row[1] for row in rows_now],
            positions=[row[0] for row in rows_now],
            kept=self.kept,
            kept_until=now if rows_now else FOREVER,
        )


@dataclass(frozen=True)
class Schedules:
    """The loaded layers by team and step, and everybody who appears in them."""

    start: datetime
    end: datetime
    stacks: Mapping[int, Mapping[int, Stack]]
    people: Mapping[int, User]

    def steps(self, team: Team, at: datetime | None = None) -> list[int]:
        """The steps that a team has, or had at a moment that is past, in the order in which they are called."""
        since = at or self.start
        stacks = self.stacks.get(team.pk, {})
        return sorted(step for step, stack in stacks.items() if stack.layers or stack.knows(since))

    def stack(self, team_id: int, step: int) -> Stack:
        return self.stacks.get(team_id, {}).get(step) or Stack()

    def segments(
        self, team: Team, step: int, start: datetime | None = None, until: datetime | None = None
    ) -> list[Segment]:
        """Who is on call for one step over the loaded window, or between two moments of it."""
        return self.stack(team.pk, step).resolved(start or self.start, until or self.end)

    def first(self, team: Team, step: int, at: datetime) -> Segment:
        """Who is on call for one step at a moment of the loaded window, for a moment: cheaper than `segments`."""
        return self.stack(team.pk, step).resolved(at, at + MOMENT)[0]

    def person(self, pk: int | None) -> User | None:
        return self.people.get(pk) if pk is not None else None

    def as_if(self, rotation: Rotation, layer: Layer) -> Schedules:
        """The schedules as they would be if this rotation, stored or not, had this layer. At most one query."""
        stacks = {
            step: stack.with_layer(None, rotation.pk, 0, self.start)
            for step, stack in self.stacks.get(rotation.team_id, {}).items()
        }
        if rotation.active:
            stack = stacks.get(rotation.step) or Stack()
            stacks[rotation.step] = stack.with_layer(layer, rotation.pk, rotation.position, self.start)
        found = {**self.stacks, rotation.team_id: stacks}
        return Schedules(self.start, self.end, found, _people(found, self.people, ()))


def load(
    teams: Iterable[Team | int],
    start: datetime,
    end: datetime,
    *,
    known: Mapping[int, User] | None = None,
    also: Iterable[int] = (),
) -> Schedules:
    """What is needed to answer between two moments for these teams: three queries, however many teams.

    `known` are people who are loaded already, which saves the third where nobody else appears; `also` those who
    are wanted whether they appear or not.
    """
    ids = [team.pk if isinstance(team, Team) else team for team in teams]
    stacks: dict[int, dict[int, Stack]] = defaultdict(lambda: defaultdict(Stack))
    overrides = _stretches(ids, start, end, stacks)
    for rotation, order in _rotations(ids):
        stack = stacks[rotation.team_id][rotation.step]
        stack.layers.append(replace(rule_of(rotation, order), overrides=tuple(overrides[rotation.pk])))
        stack.rotations.append(rotation.pk)
        stack.positions.append(rotation.position)
        stack.kept_until = rotation.kept_until or start  # type: ignore[attr-defined]
    found = {steps: dict(stack) for steps, stack in stacks.items()}
    return Schedules(start, end, found, _people(found, known or {}, also))


def _rotations(team_ids: Sequence[int]) -> Iterable[tuple[Rotation, list[int]]]:
    """The rotations in use with their people, in the order in which their layers answer; one query."""
    until = Roster.objects.filter(team=OuterRef("team_id"), step=OuterRef("step")).values("kept_until")
    rows = (
        Rotation.objects.filter(team__in=team_ids, active=True)
        .annotate(kept_until=Subquery(until), turn_of=F("turns__user_id"), turn=F("turns__position"))
        .order_by("team_id", "step", "position", "id", "turn")
    )
    found: dict[int, tuple[Rotation, list[int]]] = {}
    for row in rows:
        _, order = found.setdefault(row.pk, (row, []))
        if row.turn_of is not None:
            order.append(row.turn_of)
    return found.values()


def _stretches(
    team_ids: Sequence[int], start: datetime, end: datetime, stacks: dict[int, dict[int, Stack]]
) -> dict[int, list[StandIn]]:
    """The stand-ins by rotation, in the order in which they were arranged, and the stored past into its stacks.

    Both are stretches of time with a person, so that one query brings them.
    """
    nothing = Value(None, output_field=DateTimeField())
    none = Value(0, output_field=IntegerField())
    columns = ("starts_at", "ends_at", "user_id", "instead_of_id")
    stand_ins = Override.objects.filter(
        rotation__active=True, rotation__team__in=team_ids, ends_at__gt=start, starts_at__lt=end
    ).values_list("pk", "rotation_id", none, "cancelled_at", *columns, Value(""), Value(""))
    duties = Duty.objects.filter(roster__team__in=team_ids, ends_at__gt=start, starts_at__lt=end).values_list(
        none, "roster__team_id", "roster__step", nothing, *columns, "why", "layer"
    )
    overrides: dict[int, list[StandIn]] = defaultdict(list)
    rows: Iterable[tuple[Any, ...]] = stand_ins.order_by().union(duties.order_by(), all=True)
    for pk, place, step, cancelled, starts, ends, user, instead_of, why, layer in sorted(rows, key=_number):
        if pk:
            overrides[place].append(StandIn(starts, min(ends, cancelled or ends), user, instead_of))
        else:
            stacks[place][step].kept.append(Segment(starts, ends, user, Why(why), layer, instead_of))
    return overrides


def _number(row: tuple[Any, ...]) -> int:
    return int(row[0])


def _people(
    stacks: Mapping[int, Mapping[int, Stack]], known: Mapping[int, User], also: Iterable[int]
) -> dict[int, User]:
    """Everybody who appears, and who was known before."""
    everyone = {
        person
        for steps in stacks.values()
        for stack in steps.values()
        for layer in stack.layers
        for person in (*layer.people, *_stand_ins(layer))
    }
    everyone |= {
        person
        for steps in stacks.values()
        for stack in steps.values()
        for segment in stack.kept
        for person in (segment.person, segment.instead_of)
    }
    missing = {person for person in (*everyone, *also) if person is not None} - known.keys()
    found = User.objects.select_related("card").in_bulk(missing) if missing else {}
    return {**known, **found}


def _stand_ins(layer: Layer) -> Iterable[int | None]:
    for override in layer.overrides:
        yield from (override.person, override.instead_of)
