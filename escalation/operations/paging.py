"""Paging people: starting, answering, ending. What falls due while it runs stands in `stepping`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from core.accounts import actors
from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.common import clock
from core.common.actor import Actor, Door
from core.common.errors import Conflict, NotAllowed, NotFound, RuleBroken
from escalation import page_subjects, paging_notices, plans
from escalation import paging_queries as queries
from escalation.models import EscalationPolicy, Page, Team
from escalation.operations import stepping
from escalation.operations.policies import ensure_default
from escalation.page_subjects import About
from escalation.paging_rules import Plan

State = Page.State
LONGEST_REASON = 500
ANSWERABLE = (State.RUNNING, State.EXHAUSTED)


@transaction.atomic
def page(
    *,
    reason: str,
    team: Team | None = None,
    policy: EscalationPolicy | None = None,
    about: str = "",
    form_key: str = "",
    by: Actor,
) -> Page:
    """Page a team (by its default policy) or by a policy, about a piece of work or about nothing in particular.

    Whoever the first step reaches is told in this transaction. `form_key` names the form that was sent: pressed
    twice, it is one page. Raises Conflict when the same policy already runs for the same work.
    """
    require(by, Permission.PAGE)
    work = _work(about, by)
    chosen = _policy(policy, team, work)
    text = " ".join(reason.split())
    if not text:
        raise RuleBroken("Say in one sentence why: it is what they read first.", field="reason")
    if len(text) > LONGEST_REASON:
        raise RuleBroken(f"At most {LONGEST_REASON} characters: one sentence.", field="reason")
    if work is not None and not work.is_open:
        raise Conflict(f"{work.reference} is finished; there is nothing to be called about.")
    key = f"form:{by.user_id}:{form_key}"[:120] if form_key else None
    made = _sent_before(key) or _start(chosen, work, text, key=key, by=by) or _sent_before(key)
    if made is None:
        raise Conflict(_runs_already(chosen, work))
    return made


@transaction.atomic
def page_once(
    policy: EscalationPolicy, *, about_kind: str, about_id: int, reason: str, key: str, by: Actor
) -> Page | None:
    """Start a policy because of something that happened; `key` names that, so that it starts one page.

    None when it did already, when somebody is being paged or is on it, or when the work is finished.
    """
    work = page_subjects.get(about_kind, about_id)
    known = Page.objects.filter(policy=policy, about_kind=about_kind, about_id=about_id, state__in=Page.LIVE)
    if work is None or not work.is_open or not policy.active or known.exists():
        return None
    if Page.objects.filter(start_key=key).exists():
        return None
    return _start(policy, work, " ".join(reason.split())[:LONGEST_REASON], key=key, by=by)


@transaction.atomic
def acknowledge(reference: str, *, by: Actor) -> Page:
    """Say "I am on it": the escalation stops. Again by the same person: still on it.

    Whoever sees the page may: who works on the desk, or was told. Raises Conflict naming who was first.
    """
    return _acknowledge(queries.get_page(reference, by=by), by)


def linked(token: str) -> tuple[Page, User]:
    """The page and the person that a mailed link was made for. Raises NotFound when it holds no more."""
    read = paging_notices.read_token(token)
    if read is not None:
        found = Page.objects.select_related("team", "policy", "acknowledged_by").filter(pk=read[0]).first()
        person = User.objects.filter(pk=read[1], is_active=True).first()
        if found is not None and person is not None and queries.was_told(found, person.pk):
            return found, person
    raise NotFound("This link is not valid any more. Sign in and look under Pages.")


@transaction.atomic
def acknowledge_by_link(token: str) -> Page:
    """Acknowledge as the person whom the link was sent to; being paged is all the permission that this needs."""
    found, person = linked(token)
    return _acknowledge(found, actors.for_user(person, door=Door.MAIL))


@transaction.atomic
def cancel(reference: str, *, reason: str, by: Actor) -> Page:
    """Call it off. Raises Conflict when it is over already."""
    require(by, Permission.PAGE)
    found = queries.get_page(reference, by=by)
    text = " ".join(reason.split())[:LONGEST_REASON]
    if not text:
        raise RuleBroken("Say in one sentence why nobody needs to come.", field="reason")
    live = Page.objects.filter(pk=found.pk, state__in=(*Page.LIVE, State.EXHAUSTED))
    if not live.update(**_over(State.CANCELLED)):
        raise Conflict(_is_over(found))
    stepping.record("page.cancelled", found, by, reason=text)
    return _fresh(found)


@transaction.atomic
def subject_finished(kind: str, pk: int, *, by: Actor) -> int:
    """The work is done: whatever still calls people about it stops. Returns how many pages ended."""
    ended = 0
    for found in queries.live_pages(kind, pk):
        ended += stepping.finish(found, by=by)
    return ended


def _sent_before(key: str | None) -> Page | None:
    """The page that the same form made; asked again after losing to it in the same moment."""
    return Page.objects.filter(start_key=key).first() if key else None


def _work(reference: str, by: Actor) -> About | None:
    if not reference.strip():
        return None
    try:
        return page_subjects.find(reference, by)
    except NotFound as missing:
        raise RuleBroken(missing.sentence, field="about") from missing


def _policy(policy: EscalationPolicy | None, team: Team | None, work: About | None) -> EscalationPolicy:
    if policy is not None:
        if not policy.active:
            raise RuleBroken(f"{policy} is switched off.", field="policy")
        if team is not None and policy.team_id != team.pk:
            raise RuleBroken(f"{policy.name} is no policy of {team}.", field="policy")
        return policy
    wanted = team or (work.info.team(work.row) if work else None)
    if wanted is None:
        raise RuleBroken("Choose the team to page.", field="team")
    if not wanted.active:
        raise RuleBroken(f"{wanted} is no longer in the directory.", field="team")
    return ensure_default(wanted)


def _start(
    policy: EscalationPolicy, work: About | None, reason: str, *, key: str | None, by: Actor
) -> Page | None:
    """Write the page and tell the first step; None when one runs already, or `key` started one."""
    now = clock.now()
    values: dict[str, Any] = {
        "policy": policy, "team": policy.team, "plan": plans.of_policy(policy).as_json(), "reason": reason,
        "started_by_id": by.user_id, "started_by_label": by.label, "started_at": now, "next_step_at": now,
        "start_key": key,
    }  # fmt: skip
    if work is not None:
        values |= {"about_kind": work.kind, "about_id": work.pk, "about_ref": work.reference}
    try:
        with transaction.atomic():
            made = Page.objects.create(**values)
    except IntegrityError:
        return None
    stepping.record("page.started", made, by, reason=reason, team=policy.team.name, policy=policy.name)
    stepping.go_on(made, now, by=by)
    return _fresh(made)


def _acknowledge(found: Page, by: Actor) -> Page:
    if by.user_id is None:
        raise NotAllowed("Only a person can be on it.")
    taken = _taken(found, by, clock.now())
    if _write_if_nobody_else_runs(Page.objects.filter(pk=found.pk, state__in=ANSWERABLE), taken):
        stepping.record("page.acknowledged", found, by)
        return _fresh(found)
    current = _fresh(found)
    if current.state != State.ACKNOWLEDGED:
        raise Conflict(_is_over(current))
    if current.acknowledged_by_id != by.user_id:
        raise Conflict(_was_first(current))
    asked = Page.objects.filter(pk=found.pk, state=State.ACKNOWLEDGED, stale_asked_at__isnull=False)
    if asked.update(**taken):
        stepping.record("page.still_on_it", found, by)
        return _fresh(found)
    return current


def _write_if_nobody_else_runs(rows: QuerySet[Page], taken: dict[str, Any]) -> bool:
    """A page that nobody answered comes back to life, unless another one about the same work has begun since."""
    try:
        with transaction.atomic():
            return bool(rows.update(**taken))
    except IntegrityError:
        return False


def _taken(found: Page, by: Actor, now: datetime) -> dict[str, Any]:
    """The columns of an acknowledgement; one about unfinished work is asked about when it goes stale."""
    stale_at = Plan.from_json(found.plan).stale_at(now) if found.about_kind else None
    return {
        "state": State.ACKNOWLEDGED, "acknowledged_by_id": by.user_id, "acknowledged_at": now, "ended_at": None,
        "stale_asked_at": None, "next_step_at": stale_at, "acknowledgements": F("acknowledgements") + 1,
        "version": F("version") + 1,
    }  # fmt: skip


def _over(state: str) -> dict[str, Any]:
    return {"state": state, "ended_at": clock.now(), "next_step_at": None, "version": F("version") + 1}


def _runs_already(policy: EscalationPolicy, work: About | None) -> str:
    live = queries.live_pages(work.kind, work.pk).filter(policy=policy).first() if work else None
    if live is not None and live.acknowledged_by is not None:
        return f"{_was_first(live)} Call them; or cancel {live.reference}, and page again."
    return f"{live.reference if live else 'Another page'} calls {policy.team} about this already."


def _was_first(current: Page) -> str:
    who = current.acknowledged_by.display_name if current.acknowledged_by else "somebody"
    since = f" at {paging_notices.clock_time(current.acknowledged_at)}" if current.acknowledged_at else ""
    return f"{current.reference} was already acknowledged by {who}{since}."


def _is_over(current: Page) -> str:
    return f"{current.reference} is over: {current.get_state_display().lower()}."


def _fresh(found: Page) -> Page:
    return Page.objects.select_related("team", "policy", "started_by", "acknowledged_by").get(pk=found.pk)
