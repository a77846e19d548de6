"""What follows from every change of a schedule: the past stored before, hand-off, shifts and gaps worked out after.

`changing` surrounds each write that decides who is on call; the same happens every few hours without one, as
time itself moves the present on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F

from core.timers import sweeps
from escalation import announcing, board, handing_over, rotation_rules, schedules
from escalation.announcing import Told, Wanted
from escalation.models import Duty, Gap, Roster, Shift
from escalation.on_call import Segment
from sla.business_time import Stretch

KEPT_EVERY = timedelta(hours=6)
ANNOUNCED = timedelta(days=60)  # how far ahead calendars show
FURTHEST = timedelta(
    days=400
)  # to where the end of what begins in time, and the next hand-off, are looked for
TOLD_AFTER = timedelta(minutes=10)  # an edit is often followed by the one that fills its gap
HANDOFF_SWEEP = "escalation.handoffs"


@contextmanager
def changing(team_id: int, steps: Iterable[int], now: datetime) -> Iterator[None]:
    """Hold the steps of a team against other writers; store their past before, work out what follows after."""
    rosters = [_held(team_id, step, now) for step in sorted(set(steps))]
    for roster in rosters:
        keep_past(roster, now)
    yield
    for roster in rosters:
        renew(roster, now)


def keep_due(roster: Roster, now: datetime) -> None:
    """The sweep's act: store what is past, and look a few hours further ahead."""
    keep_past(roster, now)
    renew(roster, now)


def keep_past(roster: Roster, now: datetime) -> None:
    """Store who was on call until now by the rules that held until now, on top of what is stored already."""
    since = roster.kept_until
    if since >= now:
        return
    segments = [segment for segment in _schedule(roster, since, now) if segment.person is not None]
    last = roster.duties.filter(ends_at=since).first()
    if segments and last is not None and segments[0].start == since and _goes_on(last, segments[0]):
        roster.duties.filter(pk=last.pk).update(ends_at=segments.pop(0).end)
    Duty.objects.bulk_create(
        Duty(
            roster=roster,
            starts_at=segment.start,
            ends_at=segment.end,
            user_id=segment.person,
            why=segment.why,
            layer=segment.layer,
            instead_of_id=segment.instead_of,
        )
        for segment in segments
    )
    Roster.objects.filter(pk=roster.pk).update(kept_until=now)
    roster.kept_until = now


def renew(roster: Roster, now: datetime) -> None:
    """Work out the next hand-off, the announced shifts and the gaps from the rules as they are now."""
    stack = schedules.load([roster.team_id], now, now + FURTHEST).stack(roster.team_id, roster.step)
    segments = stack.resolved(now, now + rotation_rules.look_ahead(stack.layers, ANNOUNCED, FURTHEST))
    handoff_at = handing_over.next_after(segments, _last_person(roster, now))
    Roster.objects.filter(pk=roster.pk).update(keep_at=now + KEPT_EVERY, handoff_at=handoff_at)
    if handoff_at is not None and handoff_at <= now:
        sweeps.poke(HANDOFF_SWEEP)
    _announce(
        roster, _near(segments, now + ANNOUNCED), dict(zip(_names(stack), stack.rotations, strict=True)), now
    )
    _find_gaps(roster, _gaps_in(segments, now) if stack.layers else [], now)


def _held(team_id: int, step: int, now: datetime) -> Roster:
    """The step's row, locked until the transaction ends; a new one knows no past."""
    Roster.objects.get_or_create(
        team_id=team_id, step=step, defaults={"kept_until": now, "keep_at": now + KEPT_EVERY}
    )
    return (
        Roster.objects.select_for_update(of=("self",)).select_related("team").get(team_id=team_id, step=step)
    )


def _schedule(roster: Roster, start: datetime, end: datetime) -> list[Segment]:
    return (
        schedules.load([roster.team_id], start, end).stack(roster.team_id, roster.step).resolved(start, end)
    )


def _names(stack: schedules.Stack) -> list[str]:
    return [layer.name for layer in stack.layers]


def _goes_on(duty: Duty, segment: Segment) -> bool:
    """Whether a stored stretch goes on in this one."""
    stored = (duty.user_id, duty.why, duty.layer, duty.instead_of_id)
    return stored == (segment.person, segment.why, segment.layer, segment.instead_of)


def _last_person(roster: Roster, now: datetime) -> int | None:
    """Who was on call last before now."""
    last = roster.duties.filter(ends_at__lte=now).order_by("-ends_at").first()
    return last.user_id if last else None


def _near(segments: Sequence[Segment], until: datetime) -> list[Segment]:
    return [segment for segment in segments if segment.person is not None and segment.start < until]


def _gaps_in(segments: Sequence[Segment], now: datetime) -> list[Stretch]:
    """The gaps that begin within 30 days, each to its own end."""
    empty = (segment for segment in segments if segment.person is None)
    return [(segment.start, segment.end) for segment in empty if segment.start < now + board.GAPS_WITHIN]


# --- shifts in calendars ----------------------------------------------------------------------------------
def _announce(roster: Roster, segments: Sequence[Segment], rotations: dict[str, int], now: datetime) -> None:
    """Make the announced shifts those of the schedule: changed ones count on, gone ones are cancelled."""
    rows = {row.pk: row for row in roster.shifts.filter(ends_at__gt=now)}
    told = [
        Told(row.pk, row.user_id, row.starts_at, row.ends_at, row.cancelled_at is None)
        for row in rows.values()
    ]
    wanted = {Wanted(segment.person, segment.start, segment.end): segment for segment in segments}
    found = announcing.match(told, list(wanted), now)
    by_start = {(segment.person, segment.end): segment for segment in segments}
    for old, new in found.kept:
        segment = by_start[new.who, new.end]
        _change(rows[old.number], new, rotations[segment.layer], segment.instead_of, now)
    for old in found.gone:
        _cancel(rows[old.number], now)
    Shift.objects.bulk_create(
        Shift(
            roster=roster,
            rotation_id=rotations[wanted[new].layer],
            user_id=new.who,
            instead_of_id=wanted[new].instead_of,
            starts_at=new.start,
            ends_at=new.end,
            changed_at=now,
        )
        for new in found.new
    )


def _change(row: Shift, new: Wanted, rotation: int, instead_of: int | None, now: datetime) -> None:
    values = {
        "starts_at": new.start, "ends_at": new.end, "rotation_id": rotation, "instead_of_id": instead_of,
        "cancelled_at": None,
    }  # fmt: skip
    if all(getattr(row, name) == value for name, value in values.items()):
        return
    Shift.objects.filter(pk=row.pk).update(**values, changed_at=now, sequence=F("sequence") + 1)


def _cancel(row: Shift, now: datetime) -> None:
    """What has begun ends now, since it did happen until now; what has not is cancelled."""
    ended = {"ends_at": now} if row.starts_at < now else {"cancelled_at": now}
    Shift.objects.filter(pk=row.pk).update(**ended, changed_at=now, sequence=F("sequence") + 1)


# --- gaps -------------------------------------------------------------------------------------------------
def _find_gaps(roster: Roster, stretches: Sequence[Stretch], now: datetime) -> None:
    """Make the open gaps those of the schedule; of a new one the lead and the manager hear after a while."""
    rows = {row.pk: row for row in roster.gaps.filter(ends_at__gt=now, closed_at=None)}
    told = [Told(row.pk, None, row.starts_at, row.ends_at) for row in rows.values()]
    found = announcing.match(told, [Wanted(None, *stretch) for stretch in stretches], now)
    for old, new in found.kept:
        Gap.objects.filter(pk=old.number).update(starts_at=new.start, ends_at=new.end)
    gone = [old.number for old in found.gone]
    Gap.objects.filter(pk__in=gone).update(closed_at=now, tell_at=None)
    if found.new:
        known = _known_gaps(roster, now)
        zone = ZoneInfo(roster.team.zone)
        Gap.objects.bulk_create(_gap(roster, (new.start, new.end), known, zone, now) for new in found.new)


def _known_gaps(roster: Roster, now: datetime) -> list[Stretch]:
    """The gaps of a week ago and later that somebody was or will be told of, or that repeat such a one."""
    rows = roster.gaps.filter(ends_at__gt=now - announcing.REPEATS_WITHIN * announcing.DAY, closed_at=None)
    return list(rows.values_list("starts_at", "ends_at"))


def _gap(roster: Roster, stretch: Stretch, known: Sequence[Stretch], zone: ZoneInfo, now: datetime) -> Gap:
    tell_at = None if announcing.repeats(stretch, known, zone) else now + TOLD_AFTER
    return Gap(roster=roster, starts_at=stretch[0], ends_at=stretch[1], found_at=now, tell_at=tell_at)
