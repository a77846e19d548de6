"""What a rule can do. One registry: the verb, the shape of its values, when it is done already, the operation.

Values are kept as plain JSON and parsed again, with the owner's eyes, whenever the rule runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rest_framework import exceptions, serializers

from core.accounts.models import User
from core.common.actor import Actor
from core.common.api import Flag, Ref, StrictSerializer, Text
from core.common.errors import Invalid
from core.common.vocabulary import Priority, Role
from escalation.models import Team
from tickets import mentions, operations, variables
from tickets.automation import mailing
from tickets.models import HoldReason, ResolutionCode, Ticket
from worklog import queries as worklog
from worklog.models import Link

Values = dict[str, Any]
STAFF = User.objects.filter(
    is_active=True, role_grants__role__in=[r for r in Role if r not in (Role.CUSTOMER, Role.INTEGRATION)]
).distinct()


class AssignValues(StrictSerializer):
    team = Ref(Team.objects.filter(active=True), required=False)
    assignee = Ref(STAFF, "username", required=False)

    def validate(self, data: Values) -> Values:
        if not data:
            raise exceptions.ValidationError({"team": ["Choose a team or a person."]})
        return data


class PriorityValues(StrictSerializer):
    priority = serializers.ChoiceField(choices=Priority.choices)
    reason = Text(long=True)


class TagValues(StrictSerializer):
    tag = Text(max_length=40)


class NoteValues(StrictSerializer):
    body = Text(long=True)


class ReplyValues(StrictSerializer):
    body = Text(long=True)
    public = Flag(default=False, help_text="The customer reads this.")

    def validate_public(self, value: bool) -> bool:
        if not value:
            raise exceptions.ValidationError(
                "A reply goes to the customer: say so with public, or add an internal note instead."
            )
        return value


class NotifyValues(StrictSerializer):
    to = serializers.ChoiceField(choices=mailing.Recipient.choices)
    body = Text(long=True)


class WaitValues(StrictSerializer):
    reason = Text(long=True)


class HoldValues(StrictSerializer):
    reason = serializers.ChoiceField(choices=HoldReason.choices)
    note = Text(long=True)


class ResolveValues(StrictSerializer):
    code = serializers.ChoiceField(choices=ResolutionCode.choices)
    note = Text(long=True, required=False, allow_blank=True, help_text="The customer reads this.")


class LinkValues(StrictSerializer):
    to = Text(max_length=40, help_text="The reference of other work, as INC-12.")
    kind = serializers.ChoiceField(choices=Link.Kind.choices, default=Link.Kind.RELATES)


class NoValues(StrictSerializer):
    """A verb that needs nothing more."""


@dataclass(frozen=True)
class Occasion:
    """One rule on one ticket, once; `key` names it for ever, `number` is the place of the action in the rule."""

    ticket: Ticket
    by: Actor
    rule: str
    key: str
    number: int


@dataclass(frozen=True)
class Verb:
    """`say` puts plain values into words; `already` is true where there is nothing left to do.

    `guard` has a last look at what the variables of a ticket stand for, before they get into the verb's texts.
    """

    label: str
    form: type[StrictSerializer]
    say: Callable[[Values], str]
    do: Callable[[Occasion, Values], Any]
    already: Callable[[Ticket, Values, Actor], bool] = lambda ticket, values, by: False
    guard: Callable[[Ticket, dict[str, str]], dict[str, str]] = lambda ticket, values: values


def _naming_nobody(ticket: Ticket, values: dict[str, str]) -> dict[str, str]:
    """A subject with an @ in it, which anybody may have written, calls nobody into a note."""
    return {name: mentions.escaped(value) for name, value in values.items()}


def _assigned(ticket: Ticket, values: Values, by: Actor) -> bool:
    return all(getattr(ticket, name) == value for name, value in values.items())


def _linked(ticket: Ticket, values: Values, by: Actor) -> bool:
    wanted = values["to"].strip().upper()
    return any(link.work.reference == wanted for link in worklog.links_of(ticket, by))


STOP = "stop"
TEXTS = ("body", "note", "reason")  # the values that are written for people and may hold variables
VARIABLES: dict[str, str] = {**variables.OF_TICKET, "rule.name": "the name of the rule"}
VERBS: dict[str, Verb] = {
    "assign": Verb(
        "Assign to",
        AssignValues,
        lambda v: f"assign it to {', '.join(str(v[name]) for name in ('team', 'assignee') if v.get(name))}",
        lambda o, v: operations.assign(o.ticket.reference, **v, by=o.by),
        _assigned,
    ),
    "set_priority": Verb(
        "Set the priority",
        PriorityValues,
        lambda v: f"set the priority to {v['priority']}",
        lambda o, v: operations.set_priority(o.ticket.reference, **v, by=o.by),
        lambda ticket, v, by: ticket.priority == v["priority"],
    ),
    "add_tag": Verb(
        "Add a tag",
        TagValues,
        lambda v: f"add the tag {v['tag']}",
        lambda o, v: operations.tag(o.ticket.reference, add=[v["tag"]], by=o.by),
        lambda ticket, v, by: v["tag"] in ticket.tags,
    ),
    "remove_tag": Verb(
        "Take a tag away",
        TagValues,
        lambda v: f"take the tag {v['tag']} away",
        lambda o, v: operations.tag(o.ticket.reference, remove=[v["tag"]], by=o.by),
        lambda ticket, v, by: v["tag"] not in ticket.tags,
    ),
    "note": Verb(
        "Add an internal note",
        NoteValues,
        lambda v: f"add the internal note “{_short(v['body'])}”",
        lambda o, v: operations.reply(o.ticket.reference, body=v["body"], public=False, by=o.by),
        guard=_naming_nobody,
    ),
    "reply": Verb(
        "Reply to the customer",
        ReplyValues,
        lambda v: f"send the customer “{_short(v['body'])}”",
        lambda o, v: operations.reply(o.ticket.reference, body=v["body"], public=True, by=o.by),
    ),
    "notify": Verb(
        "Mail to the desk",
        NotifyValues,
        lambda v: f"mail {mailing.Recipient(v['to']).label.lower()} “{_short(v['body'])}”",
        lambda o, v: mailing.notify(
            o.ticket, to=v["to"], body=v["body"], rule=o.rule, by=o.by, key=f"{o.key}:{o.number}"
        ),
        guard=mailing.discreet,
    ),
    "wait": Verb(
        "Wait for the customer",
        WaitValues,
        lambda v: f"set it to waiting: {_short(v['reason'])}",
        lambda o, v: operations.wait(o.ticket.reference, **v, by=o.by),
        lambda ticket, v, by: ticket.status == "waiting",
    ),
    "hold": Verb(
        "Put on hold",
        HoldValues,
        lambda v: f"put it on hold ({v['reason']}): {_short(v['note'])}",
        lambda o, v: operations.hold(o.ticket.reference, **v, by=o.by),
        lambda ticket, v, by: ticket.status == "on_hold" and ticket.hold_reason == v["reason"],
    ),
    "resume": Verb(
        "Resume",
        NoValues,
        lambda v: "resume it",
        lambda o, v: operations.resume(o.ticket.reference, by=o.by),
        lambda ticket, v, by: ticket.status in ("new", "open"),
    ),
    "resolve": Verb(
        "Resolve",
        ResolveValues,
        lambda v: f"resolve it as {v['code']}",
        lambda o, v: operations.resolve(o.ticket.reference, **v, by=o.by),
        lambda ticket, v, by: not ticket.is_open,
    ),
    "link": Verb(
        "Link to other work",
        LinkValues,
        lambda v: f"link it to {v['to']}",
        lambda o, v: operations.link(o.ticket.reference, **v, by=o.by),
        _linked,
    ),
    STOP: Verb(
        "Stop: later rules do not run", NoValues, lambda v: "keep later rules from it", lambda o, v: None
    ),
}


def check(action: Any, by: Actor) -> None:
    """Refuse an action that could never be done: a value that is wrong, a variable that is not known."""
    parse(action, by)
    unknown = {name: variables.unknown(text, VARIABLES) for name, text in _texts(action)}
    if wrong := {name: sentences for name, sentences in unknown.items() if sentences}:
        raise Invalid(wrong)


def filled(action: dict[str, Any], ticket: Ticket, rule: str) -> dict[str, Any]:
    """An action as it is done on one ticket: its variables replaced by what they stand for there."""
    texts = dict(_texts(action))
    if not any("{" in text for text in texts.values()):
        return action
    values = VERBS[action["do"]].guard(ticket, {**variables.of_ticket(ticket), "rule.name": rule})
    return {**action, **{name: variables.fill(text, values) for name, text in texts.items()}}


def _texts(action: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, action[name]) for name in TEXTS if isinstance(action.get(name), str)]


def parse(action: Any, by: Actor) -> tuple[Verb, Values]:
    """The verb and its values as objects. Raises Invalid with a sentence a field."""
    if not isinstance(action, dict) or action.get("do") not in VERBS:
        raise Invalid({"do": [f"An action says what to do: {', '.join(VERBS)}."]})
    verb = VERBS[action["do"]]
    form = verb.form(data=plain(action), context={"actor": by})
    if not form.is_valid():
        raise Invalid({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    return verb, dict(form.validated_data)


def plain(action: dict[str, Any]) -> Values:
    """The values of an action without its verb."""
    return {name: value for name, value in action.items() if name != "do"}


def say(action: dict[str, Any]) -> str:
    """An action that was checked when it was saved, in words."""
    return VERBS[action["do"]].say(plain(action))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
