"""What a running page does when its next moment falls due, each in the transaction that holds its row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F

from core.audit import trail
from core.common import clock, faults
from core.common.actor import Actor, system
from escalation import paging_notices as words
from escalation import paging_queries as queries
from escalation import paging_rules as rules
from escalation import reaching
from escalation.models import Page, PageNotice
from escalation.paging_notices import Said
from escalation.paging_rules import Plan
from escalation.reaching import Found, Reached, Way

State = Page.State
Kind = PageNotice.Kind


def fall_due(page: Page, now: datetime) -> None:
    """The sweep's act. Steps that were missed while no worker lived are not replayed: each step gets its wait."""
    now, desk = max(now, clock.now()), system()
    about = queries.about(page)
    if page.about_kind and (about is None or not about.is_open):
        finish(page, by=desk)
    elif page.state == State.ACKNOWLEDGED:
        _gone_stale(page, now, desk)
    else:
        go_on(page, now, by=desk)


def go_on(page: Page, now: datetime, *, by: Actor) -> None:
    """Tell the next step that reaches somebody; a step without anybody costs no time.

    A whole round without anybody is followed by a wait, so that the next one finds another moment.
    """
    plan = Plan.from_json(page.plan)
    place = plan.following(page.round, page.step)
    while place is not None:
        round, step = place
        following = plan.following(round, step)
        next_at = now + plan.at(step).wait
        found = reaching.resolve(plan.at(step), now)
        _move(page, round=round, step=step, next_step_at=next_at)
        faults.reach("paging.after_claim")
        told = _tell_step(page, plan, found, next_at, now)
        if found.gaps:
            _tell_gap(page, found.gaps, now, by)
        if told:
            record("page.notified", page, by, round=round, step=step, people=told)
            faults.reach("paging.after_notices")
            return
        if following is not None and following[0] > round:
            return
        place = following
    _exhaust(page, now, by)


def finish(page: Page, *, by: Actor) -> bool:
    """End a page because its work is finished. False when it was over already."""
    live = Page.objects.filter(pk=page.pk, state__in=Page.LIVE)
    if not live.update(
        state=State.RESOLVED, ended_at=clock.now(), next_step_at=None, version=F("version") + 1
    ):
        return False
    record("page.resolved", page, by)
    return True


def record(name: str, page: Page, by: Actor, **data: Any) -> None:
    """Write one line into the story of what the page is about, or of the page itself."""
    about = queries.about(page)
    subject: Any = about.row if about else page
    trail.record(name, on=subject, by=by, page=page.reference, **data)


def _tell_step(page: Page, plan: Plan, found: Found, next_at: datetime, now: datetime) -> list[str]:
    following = plan.following(page.round, page.step)
    said = words.of_step(page, plan.at(following[1]) if following else None, next_at)
    return [line for one, ways in found.reached for line in _tell(page, said, Kind.STEP, one, ways, now)]


def _tell_gap(page: Page, gaps: list[str], now: datetime, by: Actor) -> None:
    whom = rules.listed(gaps)
    told = _tell_managers(page, words.of_gap(page, whom), Kind.GAP, now)
    record("page.nobody", page, by, whom=whom, step=page.step, told=told)


def _exhaust(page: Page, now: datetime, by: Actor) -> None:
    _move(page, state=State.EXHAUSTED, ended_at=now, next_step_at=None)
    told = _tell_managers(page, words.of_exhausted(page), Kind.EXHAUSTED, now)
    record("page.exhausted", page, by, told=told)


def _gone_stale(page: Page, now: datetime, desk: Actor) -> None:
    """Ask once; without an answer the escalation goes on where it stood."""
    who = page.acknowledged_by
    name = who.display_name if who else "somebody"
    if page.stale_asked_at is not None or who is None:
        _move(page, state=State.RUNNING, stale_asked_at=None, next_step_at=now)
        record("page.went_on", page, desk, person=name)
        go_on(page, now, by=desk)
        return
    _move(page, stale_asked_at=now, next_step_at=now + rules.STALE_GRACE)
    faults.reach("paging.after_claim")
    since = page.acknowledged_at or now
    said = words.of_stale(page, int((now - since).total_seconds() // 60), now + rules.STALE_GRACE)
    asked = Reached(who, page.team, "acknowledged it")
    _tell(page, said, Kind.STALE, asked, asked.ways, now)
    record("page.stale_asked", page, desk, person=name)
    faults.reach("paging.after_notices")


def _tell_managers(page: Page, said: Said, kind: PageNotice.Kind, now: datetime) -> list[str]:
    managers = [Reached(person, page.team, "manager") for person in reaching.managers_of(page.team)]
    return [line for one in managers for line in _tell(page, said, kind, one, one.ways, now)]


def _tell(
    page: Page, said: Said, kind: PageNotice.Kind, to: Reached, ways: list[Way], now: datetime
) -> list[str]:
    """One message and one line of the ledger for each way to somebody. Returns the lines."""
    number = page.acknowledgements if kind == Kind.STALE else page.round
    lines = []
    for way in ways:
        line = f"{to.name} ({to.why}) by {way.words}" if to.person else f"{to.name}: {way.words}"
        message = words.send(page, said, to, way, key=f"{kind}.{number}.{page.step}")
        PageNotice.objects.create(
            page=page,
            kind=kind,
            number=number,
            step=page.step,
            person=to.person,
            recipient=to.key,
            channel=way.key,
            said=line[:120],
            message=message,
            at=now,
        )
        lines.append(line)
    return lines


def _move(page: Page, **columns: Any) -> None:
    """Write the page that this transaction holds, unless somebody acknowledged or ended it first."""
    mine = Page.objects.filter(pk=page.pk, version=page.version)
    if not mine.update(version=F("version") + 1, **columns):
        raise RuntimeError(f"{page.reference} moved while its row was held.")
    for name, value in {**columns, "version": page.version + 1}.items():
        setattr(page, name, value)
