"""From stored rotations to the pure layers that `on_call` resolves; a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from core.accounts.models import User
from escalation import rules
from escalation.models import Duty, Override, Rotation, RotationMember, Team
from escalation.on_call import Layer, Period, Segment, Why, resolve
from escalation.on_call import Override as StandIn


def layer_of(rotation: Rotation) -> Layer:
    """The pure form of a rotation whose `turns`, `overrides` and `duties` are loaded."""
    overrides = rotation.overrides.all() if rotation.active else ()
    return Layer(
        name=rotation.name,
        zone=ZoneInfo(rotation.zone),
        period=Period(rotation.period),
        start=rotation.start,
        handoff_minute=rules.minute_of_day(rotation.handoff_time),
        handoff_weekday=rotation.handoff_weekday,
        people=tuple(turn.user_id for turn in rotation.turns.all()) if rotation.active else (),
        restrictions=rules.parse_restrictions(rotation.restrictions),
        overrides=tuple(_stand_in(override) for override in overrides),
        past=tuple(_kept(duty, rotation.name) for duty in rotation.duties.all()),
        past_until=rotation.past_until,
    )


def _stand_in(override: Override) -> StandIn:
    return StandIn(override.starts_at, override.ended, override.user_id, override.instead_of_id)


def _kept(duty: Duty, layer: str) -> Segment:
    return Segment(duty.starts_at, duty.ends_at, duty.user_id, Why(duty.why), layer, duty.instead_of_id)


@dataclass(frozen=True)
class Schedules:
    """The loaded layers by team and step, and everybody who appears in them."""

    start: datetime
    end: datetime
    layers: dict[int, dict[int, list[Layer]]]
    people: dict[int, User]

    def steps(self, team: Team) -> list[int]:
        """The steps of a team's rotations in the order in which they are called."""
        return sorted(self.layers.get(team.pk, {}))

    def segments(self, team: Team, step: int) -> list[Segment]:
        """Who is on call for one step over the whole loaded window."""
        return resolve(self.layers.get(team.pk, {}).get(step, []), self.start, self.end)

    def person(self, pk: int | None) -> User | None:
        return self.people.get(pk) if pk is not None else None


def load(teams: Iterable[Team], start: datetime, end: datetime) -> Schedules:
    """What is needed to answer between two moments for these teams: five queries, however many teams."""
    of_these = Rotation.objects.filter(team__in=[team.pk for team in teams])
    rotations = of_these.exclude(active=False, past_until__lte=start).prefetch_related(
        Prefetch("turns", RotationMember.objects.order_by("position")),
        Prefetch("overrides", Override.objects.filter(ends_at__gt=start, starts_at__lt=end).order_by("id")),
        Prefetch("duties", Duty.objects.filter(ends_at__gt=start, starts_at__lt=end)),
    )
    layers: dict[int, dict[int, list[Layer]]] = defaultdict(lambda: defaultdict(list))
    for rotation in rotations.order_by("team_id", "step", "position", "id"):
        layers[rotation.team_id][rotation.step].append(layer_of(rotation))
    everyone = {
        person
        for steps in layers.values()
        for stack in steps.values()
        for layer in stack
        for person in _people(layer)
    }
    return Schedules(start, end, dict(layers), User.objects.in_bulk(everyone))


def _people(layer: Layer) -> Iterable[int | None]:
    yield from layer.people
    for override in layer.overrides:
        yield from (override.person, override.instead_of)
    for segment in layer.past:
        yield from (segment.person, segment.instead_of)
