"""The writers of rules and of the record of what they did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max

from core.accounts import actors
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor, Door, system
from core.common.errors import Conflict, Invalid, Stale
from tickets.automation import conditions, mailing, verbs
from tickets.automation.events import LISTENS
from tickets.automation.queries import get_for
from tickets.models import AutomationRule, RuleRun

Trigger = AutomationRule.Trigger
FACTS = ("name", "trigger", "events", "conditions", "after_minutes", "actions")
WHAT_IT_DOES = {"trigger", "events", "conditions", "after_minutes", "actions"}
MOST_RULES, MOST_ACTIONS = 200, 10
LONGEST_WAIT = 60 * 24 * 365  # minutes
GAP = 10


@transaction.atomic
def create_rule(
    *,
    name: str,
    trigger: str = Trigger.EVENT,
    events: Sequence[str] = (),
    conditions: str = "",
    after_minutes: int | None = None,
    actions: Sequence[Any] = (),
    active: bool = True,
    by: Actor,
) -> AutomationRule:
    """Make a rule, the last in the order; it runs with the rights of who made it.

    Raises Invalid with the reasons by field: a condition or a value that is not known, nothing to do.
    """
    require(by, Permission.MANAGE_AUTOMATION)
    values = _checked(
        {
            "name": name, "trigger": trigger, "events": list(events), "conditions": conditions,
            "after_minutes": after_minutes, "actions": list(actions),
        },
        by,
    )  # fmt: skip
    if AutomationRule.objects.count() >= MOST_RULES:
        raise Conflict(f"There are {MOST_RULES} rules. Rewrite one that is switched off.")
    last = AutomationRule.objects.aggregate(last=Max("position"))["last"] or 0
    try:
        with transaction.atomic():
            rule = AutomationRule.objects.create(
                **values, owner_id=by.user_id, active=active, position=last + GAP,
                next_at=_first_look(values["trigger"], active),
            )  # fmt: skip
    except IntegrityError as error:
        raise _name_taken(name) from error
    trail.record("automation_rule.created", on=rule, by=by, after={n: values[n] for n in FACTS})
    return get_for(rule.pk, by=by)


@transaction.atomic
def edit_rule(pk: int, *, values: dict[str, Any], by: Actor, if_version: int | None = None) -> AutomationRule:
    """Change a rule. Whoever changes what it does becomes its owner, as it runs with their rights from then on.

    Raises Stale with the fields that differ when it was changed since `if_version`.
    """
    rule = get_for(pk, by=by)
    values = dict(values)
    active = values.pop("active", rule.active)
    wanted = _checked({**{name: getattr(rule, name) for name in FACTS}, **values}, by)
    before, after = trail.changed(rule, wanted)
    changes: dict[str, Any] = {name: wanted[name] for name in after}
    if WHAT_IT_DOES & set(after) and rule.owner_id != by.user_id:
        before["owner"], after["owner"] = rule.owner.username, by.label
        changes["owner_id"] = by.user_id
    version = rule.version if if_version is None else if_version
    rows = AutomationRule.objects.filter(pk=pk, version=version)
    try:
        with transaction.atomic():
            moved = rows.update(
                **changes, **({"version": F("version") + 1} if after else {"version": version})
            )
    except IntegrityError as error:
        raise _name_taken(wanted["name"]) from error
    if not moved:
        raise Stale(f"The rule “{rule.name}” was changed by somebody else meanwhile.", before)
    if after:
        trail.record("automation_rule.edited", on=rule, by=by, before=before, after=after)
    if active != rule.active:
        return switch_rule(pk, on=active, by=by)
    if active and "trigger" in after:
        AutomationRule.objects.filter(pk=pk).update(next_at=_first_look(wanted["trigger"], active))
    return get_for(pk, by=by)


@transaction.atomic
def switch_rule(pk: int, *, on: bool, by: Actor) -> AutomationRule:
    """Switch a rule on or off. Switching on forgets why the desk stopped it, and checks it once more."""
    rule = get_for(pk, by=by)
    if on:
        _checked({name: getattr(rule, name) for name in FACTS}, actors.for_user(rule.owner))
        if not rule.owner.is_active:
            raise Conflict(
                f"{rule.owner.display_name}, who owns it, can no longer sign in. Save it as your own."
            )
    changed = AutomationRule.objects.filter(pk=pk, active=not on).update(
        active=on, stopped_why="", version=F("version") + 1, next_at=_first_look(rule.trigger, on)
    )
    if not changed:
        raise Conflict(f"The rule “{rule.name}” is {'on' if on else 'off'} already.")
    trail.record(f"automation_rule.switched_{'on' if on else 'off'}", on=rule, by=by)
    return get_for(pk, by=by)


@transaction.atomic
def move_rule(pk: int, *, to: int, by: Actor) -> list[AutomationRule]:
    """Put a rule at a place in the order, counted from 1; the others keep theirs among themselves."""
    rule = get_for(pk, by=by)
    rules = list(AutomationRule.objects.order_by("position", "id"))
    before = [one.pk for one in rules].index(pk)
    place = max(0, min(len(rules) - 1, to - 1))
    rules.insert(place, rules.pop(before))
    for number, one in enumerate(rules, 1):
        if one.position != number * GAP and not AutomationRule.objects.filter(
            pk=one.pk, position=one.position
        ).update(position=number * GAP):
            raise Conflict("Somebody else moves rules at this moment. Look again and repeat.")
    if before != place:
        trail.record(
            "automation_rule.moved", on=rule, by=by, before={"place": before + 1}, after={"place": place + 1}
        )
    return rules


# --- what the desk writes while rules run ------------------------------------------------------------------


def stop_rule(rule: AutomationRule, why: str, *, key: str) -> None:
    """Switch a rule off because it cannot or must not go on. Owner and admins get a mail; once."""
    stopped = AutomationRule.objects.filter(pk=rule.pk, active=True).update(
        active=False, stopped_why=why, next_at=None, version=F("version") + 1
    )
    if not stopped:
        return
    by = system("Automation", door=Door.RULE)
    trail.record("automation_rule.stopped", on=rule, by=by, why=why)
    mailing.tell_stopped(rule, why, key=key)


def record_run(
    rule: AutomationRule, ticket_id: int, event: Event | None, *, fired: bool, why: str, depth: int
) -> RuleRun:
    """Why it fired, or what kept it from it. A second run for one event breaks the unique constraint."""
    return RuleRun.objects.create(
        rule=rule, ticket_id=ticket_id, event_id=event.pk if event else None, at=clock.now(), fired=fired,
        why=why, depth=depth,
    )  # fmt: skip


def look_again(rule: AutomationRule, at: datetime | None) -> None:
    """When a time rule looks next, None for never; one that was stopped meanwhile stays out of the schedule."""
    rows = AutomationRule.objects.filter(pk=rule.pk)
    (rows if at is None else rows.filter(active=True)).update(next_at=at)


# --- checking ------------------------------------------------------------------------------------------------


def _checked(values: dict[str, Any], by: Actor) -> dict[str, Any]:
    """The facts of a rule in their stored shape, or Invalid with every reason at its field."""
    wrong: dict[str, list[str]] = {}
    name = str(values["name"]).strip()
    if not 1 <= len(name) <= 100:
        wrong["name"] = ["A rule has a name of up to 100 characters; the history shows it."]
    if values["trigger"] == Trigger.EVENT:
        values = {**values, "after_minutes": None}
        unknown = [event for event in values["events"] if event not in LISTENS]
        if unknown or not values["events"]:
            text = (
                f"“{str(unknown[0])[:60]}” is no event of a ticket."
                if unknown
                else "Choose at least one event."
            )
            wrong["events"] = [f"{text} Known: {', '.join(LISTENS)}."]
    elif values["trigger"] == Trigger.TIME:
        values = {**values, "events": []}
        if not values["after_minutes"] or not 1 <= values["after_minutes"] <= LONGEST_WAIT:
            wrong["after_minutes"] = ["After how many minutes without a change, from 1 to a year."]
    else:
        wrong["trigger"] = [f"A rule is one of: {', '.join(Trigger.values)}."]
    if len(values["conditions"]) > 2000:
        wrong["conditions"] = ["Conditions are at most 2000 characters."]
    elif reasons := conditions.errors(values["conditions"], by):
        wrong["conditions"] = reasons
    wrong |= _action_errors(values["actions"], by)
    if wrong:
        raise Invalid(wrong)
    return {**values, "name": name, "events": list(dict.fromkeys(values["events"]))}


def _action_errors(actions: Sequence[Any], by: Actor) -> dict[str, list[str]]:
    if not 1 <= len(actions) <= MOST_ACTIONS:
        return {"actions": [f"A rule does something: from 1 to {MOST_ACTIONS} actions."]}
    wrong: dict[str, list[str]] = {}
    for number, action in enumerate(actions):
        try:
            verbs.check(action, by)
        except Invalid as invalid:
            wrong |= {f"actions.{number}.{name}": texts for name, texts in invalid.errors.items()}
    if verbs.STOP in [a.get("do") for a in actions[:-1] if isinstance(a, dict)]:
        wrong["actions"] = ["Stop comes last; what stands behind it would never be done."]
    return wrong


def _first_look(trigger: str, active: bool) -> datetime | None:
    return clock.now() if trigger == Trigger.TIME and active else None


def _name_taken(name: str) -> Invalid:
    return Invalid({"name": [f"There is a rule “{name.strip()[:60]}” already."]})
