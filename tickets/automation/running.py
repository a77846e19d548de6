"""Carrying rules out: on an event, or when a ticket has stood still. Nothing here decides whom a rule may see.

All rules that one event sets off run inside its delivery, the unit that is done wholly or not at all; each in
a savepoint of its own, so that one which fails undoes itself alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from core.accounts import actors
from core.audit import causes
from core.audit.models import Event
from core.common import faults
from core.common.actor import Actor, Door
from core.common.errors import Conflict, Invalid, RuleBroken
from core.timers import sweeps
from tickets import queries as tickets
from tickets.automation import conditions, operations, queries, verbs
from tickets.models import AutomationRule, Ticket

DEEPEST = 5  # rules in a row, each set off by the one before
TRIES = 3  # another hand may change the ticket in the same moment
LABEL = 150
SWEEP = "automation.time_rules"
LOOKS_EVERY = timedelta(minutes=1)
BATCH = 50  # tickets in one transaction of a time rule


class _TooFar(Exception):
    """What was done is undone, as it would go on for ever."""


@dataclass(frozen=True)
class Run:
    """What became of one rule on one ticket. `stop` keeps later rules from the event."""

    fired: bool
    why: str
    stop: bool = False


def actor_for(rule: AutomationRule) -> Actor:
    """The owner as they are now, under the rule's name: every entry of the history says both."""
    owner = actors.for_user(rule.owner, door=Door.RULE)
    return replace(owner, label=f"Rule {rule.name} for {owner.label}"[:LABEL])


def on_event(event: Event) -> None:
    """Every active rule that listens to this event, in order."""
    if event.subject_kind != Ticket.SUBJECT or event.door == Door.IMPORT:
        return
    chain = chain_of(event)
    stopped: set[int] = set()
    for rule in queries.listening(event.name):
        if rule.pk in stopped or rule.pk in chain[-1:]:
            continue  # a rule does not react to what it did itself
        run = _try(rule, event.subject_id, event, chain, stopped)
        if run is not None and run.stop:
            return


def look(rule: AutomationRule, now: datetime) -> None:
    """A time rule looks at the tickets that stand still; each once, until somebody changed it."""
    if rule.trigger != AutomationRule.Trigger.TIME or not rule.active:
        operations.look_again(rule, None)
        return
    if _cannot_run(rule, f"at {now}"):
        return
    try:
        found = list(queries.standing_still(rule, actor_for(rule), now).values_list("pk", flat=True)[:BATCH])
    except Invalid as invalid:
        _unreadable(rule, invalid, f"at {now}")
        return
    for pk in found:
        _try(rule, pk, None, (), set())
    if len(found) == BATCH:  # more is waiting: at once, in a transaction of its own
        operations.look_again(rule, now + timedelta(microseconds=1))
        sweeps.poke(SWEEP)
    else:
        operations.look_again(rule, now + LOOKS_EVERY)


def chain_of(event: Event) -> tuple[int, ...]:
    """The rules that led to an event, the first one first."""
    return tuple(event.data.get(causes.KEY, {}).get("rules", ()))


def _try(
    rule: AutomationRule, ticket_id: int, event: Event | None, chain: tuple[int, ...], stopped: set[int]
) -> Run | None:
    """One rule on one ticket. None where its conditions do not hold, or it was switched off."""
    key = f"event {event.pk}" if event else f"ticket {ticket_id}"
    if _cannot_run(rule, key):
        return None
    by = actor_for(rule)
    try:
        if not conditions.matching(rule.conditions, by, Ticket.objects.filter(pk=ticket_id)).exists():
            return None
    except Invalid as invalid:
        _unreadable(rule, invalid, key)
        return None
    too_far = rule.pk in chain or len(chain) >= DEEPEST
    try:
        run = _carried_out(rule, ticket_id, event, chain, by, too_far)
    except _TooFar:
        stopped |= _stop_chain(rule, chain, ticket_id, key)
        return None
    operations.record_run(rule, ticket_id, event, fired=run.fired, why=run.why, depth=len(chain))
    faults.reach("automation.after_run")
    return run


def _carried_out(
    rule: AutomationRule,
    ticket_id: int,
    event: Event | None,
    chain: tuple[int, ...],
    by: Actor,
    too_far: bool,
) -> Run:
    """Do it in a savepoint, again where another hand was faster; what the owner may not, nobody does."""
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic(), causes.carrying({"rules": [*chain, rule.pk]}):
                done, stop = _act(rule, ticket_id, event, by)
                if done and too_far:
                    raise _TooFar
            words = f"Done: {'; '.join(done)}." if done else "All of it was so already; nothing was to do."
            return Run(bool(done), words, stop)
        except Conflict as conflict:
            if not left:
                return Run(False, f"Nothing was done: {conflict.sentence}")
        except RuleBroken as broken:
            return Run(False, f"Nothing was done: {broken.sentence}")
    raise AssertionError("the last try returns")


def _act(rule: AutomationRule, ticket_id: int, event: Event | None, by: Actor) -> tuple[list[str], bool]:
    """The actions in order: what was done, in words, and whether later rules are kept from it."""
    reference = f"{Ticket.PREFIX}-{ticket_id}"
    done: list[str] = []
    stop = False
    first = tickets.get_for(reference, by=by)
    key = f"{rule.pk}:{event.pk if event else f'{ticket_id}:{first.version}'}"
    for number, action in enumerate(rule.actions):
        ticket = tickets.get_for(reference, by=by)
        if ticket.merged_into_id is not None:
            raise Conflict(f"{reference} was merged into another ticket.")
        action = verbs.filled(action, ticket, rule.name)
        verb, values = verbs.parse(action, by)
        stop = stop or action["do"] == verbs.STOP
        if action["do"] == verbs.STOP or verb.already(ticket, values, by):
            continue
        verb.do(verbs.Occasion(ticket, by, rule.name, key, number), values)
        done.append(verb.say(verbs.plain(action)))
    return done, stop


def _cannot_run(rule: AutomationRule, key: str) -> bool:
    """A rule without an owner who can sign in has nobody's rights; it is switched off."""
    if rule.owner.is_active and rule.owner.is_desk_staff:
        return False
    reason = "can no longer sign in" if not rule.owner.is_active else "works on the desk no more"
    operations.stop_rule(rule, f"Its owner, {rule.owner.display_name}, {reason}.", key=key)
    return True


def _unreadable(rule: AutomationRule, invalid: Invalid, key: str) -> None:
    operations.stop_rule(rule, f"Its conditions cannot be read any more: {invalid.sentence}", key=key)


def _stop_chain(rule: AutomationRule, chain: tuple[int, ...], ticket_id: int, key: str) -> set[int]:
    """Switch off what would go on for ever, and name it: all of a loop, or the last of too long a row."""
    loop = chain[chain.index(rule.pk) :] if rule.pk in chain else ()
    names = queries.names([*(loop or chain), rule.pk])
    said = " → ".join(f"“{name}”" for name in names)
    where = f"{Ticket.PREFIX}-{ticket_id}"
    if loop:
        why = (
            f"A loop on {where}: {said}. Each sets off the next, without end; all of them were switched off."
        )
    else:
        why = f"More than {DEEPEST} rules in a row on {where}: {said}. The last one was switched off."
    off = set(loop) or {rule.pk}
    for one in AutomationRule.objects.select_related("owner").filter(pk__in=off):
        operations.stop_rule(one, why, key=key)
    return off
