"""What can be done to many tickets: how each verb reads its values, what it does to one, and how that is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.accounts.models import User
from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, Invalid
from escalation.models import Team
from sla.models import Clock, Goal
from tickets import queries, rules, searching, service_levels
from tickets.models import ResolutionCode, Ticket
from tickets.operations import facts, families, handing, lifecycle, merging, moving
from tickets.operations.merging import STATE
from tickets.operations.shared import update
from worklog.models import Link

Values = dict[str, Any]
MOST_TAGS_AT_ONCE = 10
LONGEST_TAG = 40


@dataclass(frozen=True)
class Verb:
    """A verb over many.

    takes: the names of its values; parse_: from what was stored to what the operation takes.
    do: the operation. keeps: the fields that the undo restores, of which `decides` must be untouched since.
    said: the summary's word for it.
    """

    said: str
    takes: tuple[str, ...]
    parse_: Callable[[Values, Actor], Values]
    do: Callable[[str, Values, Actor], Any]
    keeps: tuple[str, ...] = ()
    decides: tuple[str, ...] = ()
    to: Permission = Permission.WORK_TICKET

    def parse(self, values: Values, by: Actor) -> Values:
        """The operation's values. Raises Invalid for what the verb does not take or cannot read."""
        unknown = [name for name in values if name not in self.takes]
        if unknown:
            raise Invalid({name: ["This verb takes no such value."] for name in unknown})
        return self.parse_(values, by)

    def carry_out(self, ticket: Ticket, values: Values, by: Actor) -> Values:
        """Do it to one ticket; answers what its undo needs."""
        was = _facts(ticket.pk, self.keeps)
        clocks = service_levels.open_clocks(ticket) if self is VERBS["resolve"] else []
        extra = self.do(ticket.reference, values, by)
        more = extra if isinstance(extra, dict) else {}
        return {"was": was, "now": _facts(ticket.pk, self.keeps), "clocks": clocks, **more}


def undo_one(name: str, values: Values, row: dict[str, Any], by: Actor) -> None:
    """Take back what a verb did to one ticket. Raises Conflict when somebody changed it since."""
    ref, kept = queries.reference_of(row["id"]), row["kept"]
    if name == "merge":
        merging.undo_merge(ref, by=by)
    elif name == "link":
        if kept["new"]:
            families.unlink(ref, to=values["to"], kind=values.get("kind") or Link.Kind.RELATES, by=by)
    else:
        _put_back(ref, VERBS[name], kept, by)


def _put_back(ref: str, verb: Verb, kept: Values, by: Actor) -> None:
    """Restore the fields of one ticket, without a word to the customer."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    present = _facts(ticket.pk, verb.keeps)
    if any(present[name] != kept["now"][name] for name in verb.decides):
        raise Conflict(f"{ref} was changed since; it stays as it is.")
    changes = {
        name: _moment(kept["was"][name])
        for name in verb.keeps
        if present[name] == kept["now"][name] != kept["was"][name]
    }
    if not changes:
        return
    now = clock.now()
    update(ticket, {"version": ticket.version}, now, **changes)
    restored = queries.fresh(ticket)
    if restored.team_id != ticket.team_id:
        handing.pass_on(ticket, to_team=restored.team, at=now, by=by, taken_back=ticket.handoff_count > 0)
        restored = queries.fresh(ticket)
    if "priority" in changes:
        service_levels.retarget(restored, at=now, by=by, why="a bulk change was taken back")
    service_levels.revive(
        restored, _to_revive(kept["clocks"]), at=now, by=by, gap="a bulk change was taken back"
    )
    searching.put(restored)
    names = [name.removesuffix("_id") for name in verb.decides]
    before, after = trail.changed(ticket, {name: getattr(restored, name) for name in names})
    trail.record("ticket.put_back", on=ticket, by=by, before=before, after=after)


def _to_revive(ids: list[int]) -> list[int]:
    """The clocks that resolving ended; a response that the note really gave stays given."""
    ended = Clock.objects.filter(pk__in=ids).values_list("pk", "state", "goal")
    return [
        pk
        for pk, state, goal in ended
        if state == Clock.State.CANCELLED or (state == Clock.State.MET and goal == Goal.RESOLUTION)
    ]


def _facts(pk: int, names: tuple[str, ...]) -> Values:
    if not names:
        return {}
    row = Ticket.objects.values(*names).get(pk=pk)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _moment(value: Any) -> Any:
    """A moment as it was kept, and any other value as it is."""
    if isinstance(value, str) and len(value) >= len("2026-01-01T00:00:00") and value[10:11] == "T":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


# --- reading the values ------------------------------------------------------------------------------------


def _nothing(values: Values, by: Actor) -> Values:
    return {}


def _assignment(values: Values, by: Actor) -> Values:
    team = _one_of(Team.objects.filter(active=True), "slug", values.get("team"), "team")
    person = _one_of(User.objects.filter(is_active=True), "username", values.get("assignee"), "assignee")
    if team is None and person is None:
        raise Invalid({"assignee": ["Choose a team or a person."]})
    return {"team": team, "assignee": person}


def _one_of(rows: Any, by: str, name: Any, field: str) -> Any:
    if not name:
        return None
    found = rows.filter(**{by: str(name)}).first()
    if found is None:
        raise Invalid({field: [f"There is no “{str(name)[:60]}”."]})
    return found


def _tags(values: Values, by: Actor) -> Values:
    read = {
        name: [str(tag).strip() for tag in values.get(name) or [] if str(tag).strip()]
        for name in ("add", "remove")
    }
    wrong = {
        name: [f"At most {MOST_TAGS_AT_ONCE} tags of at most {LONGEST_TAG} characters."]
        for name, tags in read.items()
        if len(tags) > MOST_TAGS_AT_ONCE or any(len(tag) > LONGEST_TAG for tag in tags)
    }
    if not wrong and not any(read.values()):
        wrong = {"add": ["Name a tag to add or to remove."]}
    if wrong:
        raise Invalid(wrong)
    return read


def _priority(values: Values, by: Actor) -> Values:
    priority, reason = str(values.get("priority") or ""), str(values.get("reason") or "")
    rules.check_priority_override(priority, reason)
    return {"priority": priority, "reason": reason}


def _target(values: Values, by: Actor) -> Values:
    target = queries.survivor_for(str(values.get("into") or ""), by=by)
    return {"into": target.reference}


def _end_of_link(values: Values, by: Actor) -> Values:
    kind = values.get("kind") or Link.Kind.RELATES
    if kind not in Link.Kind.values:
        raise Invalid({"kind": [f"A link is one of: {', '.join(Link.Kind.values)}."]})
    return {"to": families.work(str(values.get("to") or ""), by).reference, "kind": kind}


HOW = ("code", "note", "breach_cause", "breach_note")


def _resolution(values: Values, by: Actor) -> Values:
    read = {name: str(values.get(name) or "") for name in HOW}
    if read["code"] and read["code"] not in ResolutionCode.values:
        raise Invalid({"code": [f"The code is one of: {', '.join(ResolutionCode.values)}."]})
    rules.check_texts({name: read[name] for name in HOW if name != "code"})
    service_levels.cause_of(read["breach_cause"], read["breach_note"])
    rules.check_resolution(read["code"], read["note"], breached=False, breach_cause="")
    return read


# --- doing it to one ---------------------------------------------------------------------------------------


def _tag(ref: str, values: Values, by: Actor) -> None:
    facts.tag(ref, **values, by=by)


def _set_priority(ref: str, values: Values, by: Actor) -> None:
    if queries.get_for(ref, by=by, to=Permission.WORK_TICKET).priority != values["priority"]:
        facts.set_priority(ref, **values, by=by)


def _link(ref: str, values: Values, by: Actor) -> Values:
    return {"new": families.link_once(ref, **values, by=by)}


WHO = ("team_id", "assignee_id", "communication_owner_id", "status")
VERBS: dict[str, Verb] = {
    "take": Verb(
        "taken", (), _nothing, lambda ref, values, by: moving.take(ref, by=by), WHO, ("assignee_id",)
    ),
    "assign": Verb(
        "assigned", ("team", "assignee"), _assignment, lambda ref, values, by: moving.assign(ref, **values, by=by),
        WHO, ("team_id", "assignee_id"),
    ),
    "set_priority": Verb(
        "set to another priority", ("priority", "reason"), _priority, _set_priority,
        ("priority", "priority_reason"), ("priority",),
    ),
    "link": Verb("linked", ("to", "kind"), _end_of_link, _link),
    "merge": Verb(
        "merged", ("into",), _target, lambda ref, values, by: merging.merge(ref, **values, by=by)
    ),
    "tag": Verb("tagged", ("add", "remove"), _tags, _tag, ("tags",), ("tags",)),
    "resolve": Verb(
        "resolved", HOW, _resolution,
        lambda ref, values, by: lifecycle.resolve(ref, **values, by=by),
        (*STATE, "breach_cause", "communication_owner_id"), ("status", "resolution_code"), Permission.RESOLVE_TICKET,
    ),
}  # fmt: skip
