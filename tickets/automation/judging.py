"""What a rule would have done, and why it did or did not: answers worked out when somebody asks, nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor, Door
from core.common.errors import Invalid, RuleBroken
from tickets import queries as tickets
from tickets.automation import conditions, queries, running, verbs
from tickets.automation.events import LISTENS
from tickets.models import AutomationRule, RuleRun, Ticket

DAYS = 30
MOST_SHOWN = 100
MOST_EVENTS = 20
HONEST = (
    "Conditions are checked against each ticket as it is now, not as it was then. What other rules would have "
    "done before is not played through."
)
HONEST_ABOUT_TIME = (
    "A time rule is judged by this moment: the tickets that stand still long enough now. Which did so in between "
    "cannot be told afterwards."
)


@dataclass(frozen=True)
class Would:
    """One line of a dry run: the ticket, what sets the rule off, and what each action would do."""

    ticket: Ticket
    at: datetime
    trigger: str
    acts: tuple[str, ...]


@dataclass(frozen=True)
class DryRun:
    """`more` when there is more than what is shown; `honest` says what the answer cannot know."""

    since: datetime
    rows: tuple[Would, ...]
    more: bool
    honest: str
    wrong: str = ""


@dataclass(frozen=True)
class Reason:
    """Why a rule fired or not on one ticket: `fired` is None where nothing ever set it off."""

    rule: AutomationRule
    fired: bool | None
    why: str
    at: datetime | None = None


def dry_run(rule: AutomationRule, reader: Actor, now: datetime | None = None) -> DryRun:
    """The last 30 days, on tickets that both the owner and the reader may see."""
    moment = now or clock.now()
    since = moment - timedelta(days=DAYS)
    by_time = rule.trigger == AutomationRule.Trigger.TIME
    honest = HONEST_ABOUT_TIME if by_time else HONEST
    owner = running.actor_for(rule)
    if not rule.owner.is_active:
        return DryRun(
            since, (), False, honest, f"{rule.owner.display_name}, who owns it, can no longer sign in."
        )
    try:
        found = _still(rule, owner, reader, moment) if by_time else _events(rule, owner, reader, since)
    except Invalid as invalid:
        return DryRun(since, (), False, honest, invalid.sentence)
    rows = tuple(
        Would(one.ticket, one.at, _trigger(rule, one.event), _acts(rule, one.ticket, owner))
        for one in found[:MOST_SHOWN]
    )
    return DryRun(since, rows, len(found) > MOST_SHOWN, honest)


def explain(ticket: Ticket) -> list[Reason]:
    """For every rule, in order: when it fired on this ticket, or what keeps it from it. The reader sees the ticket."""
    return [reason for rule in queries.rules() for reason in _reasons(rule, ticket)]


def _reasons(rule: AutomationRule, ticket: Ticket) -> list[Reason]:
    runs = list(RuleRun.objects.filter(rule=rule, ticket_id=ticket.pk).order_by("-id")[:MOST_EVENTS])
    told = [Reason(rule, run.fired, f"{_set_off(run)}{run.why}", run.at) for run in runs]
    if told and not rule.stopped_why:
        return told
    return [*told, Reason(rule, None, _why_not(rule, ticket))]


def _set_off(run: RuleRun) -> str:
    if run.event_id is None:
        return "It stood still. "
    event = Event.objects.filter(pk=run.event_id).first()
    after = f" (rule {run.depth + 1} in a row)" if run.depth else ""
    return f"{LISTENS.get(event.name, event.name)}{after}. " if event else ""


def _why_not(rule: AutomationRule, ticket: Ticket) -> str:
    if rule.stopped_why:
        return f"Not fired: the desk switched it off. {rule.stopped_why}"
    if not rule.active:
        return "Not fired: it is switched off."
    owner = running.actor_for(rule)
    if not Ticket.objects.visible_to(owner).filter(pk=ticket.pk).exists():
        return f"Not fired: its owner, {rule.owner.display_name}, may not see this ticket."
    try:
        unmet = conditions.unmet(rule.conditions, ticket, owner)
    except Invalid as invalid:
        return f"Not fired: its conditions cannot be read. {invalid.sentence}"
    if unmet:
        return f"Not fired: the ticket does not meet {', '.join(unmet)}, as it is now."
    if rule.trigger == AutomationRule.Trigger.TIME:
        return _why_not_yet(rule, ticket)
    happened = Event.objects.filter(subject_kind=Ticket.SUBJECT, subject_id=ticket.pk, name__in=rule.events)
    heard = "; ".join(LISTENS.get(name, name).lower() for name in rule.events)
    if not happened.exists():
        return f"Not fired: what it listens to never happened here ({heard})."
    if not [
        event for event in happened.order_by("-id")[:MOST_EVENTS] if rule.pk not in running.chain_of(event)
    ]:
        return "Not fired: it does not react to what it did itself."
    return (
        f"Not fired: its event happened ({heard}), but the rule was off then, another one stopped it, or the "
        "conditions, which hold now, did not hold then."
    )


def _why_not_yet(rule: AutomationRule, ticket: Ticket) -> str:
    if not ticket.is_open:
        return "Not fired: time rules look at open tickets alone."
    due = queries.last_change(ticket) + timedelta(minutes=rule.after_minutes or 0)
    return f"Not fired yet: it is due at {due:%Y-%m-%d %H:%M} UTC, unless somebody changes the ticket before."


def _events(rule: AutomationRule, owner: Actor, reader: Actor, since: datetime) -> list[queries.Found]:
    fits = conditions.matching(rule.conditions, owner, Ticket.objects.visible_to(reader))
    happened = (
        Event.objects.filter(name__in=rule.events, at__gte=since, subject_kind=Ticket.SUBJECT)
        .filter(subject_id__in=fits.order_by().values("pk"))
        .exclude(door=Door.IMPORT)
        .order_by("-id")[: MOST_SHOWN + 1]
    )
    events = [event for event in happened if rule.pk not in running.chain_of(event)[-1:]]
    known = fits.select_related(*tickets.RELATED).in_bulk({event.subject_id for event in events})
    return [
        queries.Found(known[event.subject_id], event.at, event)
        for event in events
        if event.subject_id in known
    ]


def _still(rule: AutomationRule, owner: Actor, reader: Actor, now: datetime) -> list[queries.Found]:
    rows = queries.standing_still(rule, owner, now).filter(
        pk__in=Ticket.objects.visible_to(reader).values("pk")
    )
    return [
        queries.Found(ticket, ticket.changed_at)  # type: ignore[attr-defined]
        for ticket in rows.select_related(*tickets.RELATED)[: MOST_SHOWN + 1]
    ]


def span(minutes: int) -> str:
    """A stretch of wall-clock time in its largest whole unit: "2 days", "3 h", "90 min"."""
    days, rest = divmod(minutes, 24 * 60)
    if days and not rest:
        return "1 day" if days == 1 else f"{days} days"
    return f"{minutes // 60} h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes} min"


def _trigger(rule: AutomationRule, event: Event | None) -> str:
    return LISTENS.get(event.name, event.name) if event else f"Unchanged for {span(rule.after_minutes or 0)}"


def _acts(rule: AutomationRule, ticket: Ticket, owner: Actor) -> tuple[str, ...]:
    said = []
    for written in rule.actions:
        action = verbs.filled(written, ticket, rule.name)
        try:
            verb, values = verbs.parse(action, owner)
            words = verb.say(verbs.plain(action))
            already = action["do"] != verbs.STOP and verb.already(ticket, values, owner)
            said.append(f"{words} (so already)" if already else words)
        except RuleBroken as broken:
            said.append(f"{action.get('do')}: refused, {broken.sentence}")
    return tuple(said)
