"""Keeping macros and using them. What a macro changes goes through the ticket's own verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common.actor import Actor
from core.common.errors import Conflict, Invalid, NotFound, RuleBroken, Stale
from escalation.models import Team
from tickets import macros, queries, rules, variables
from tickets.models import Macro, Status, Ticket
from tickets.operations import facts, lifecycle, moving
from worklog import operations as worklog
from worklog import queries as worklog_queries

ME = "me"
FACTS = ("name", "text", "public", "changes", "team", "active")


@dataclass(frozen=True)
class Used:
    """What a macro would do to a ticket, or did: the filled text, the changes in words, how the ticket goes on."""

    macro: Macro
    text: str
    words: list[str]
    then: str


@transaction.atomic
def save_macro(
    pk: int | None = None,
    *,
    name: str,
    text: str = "",
    public: bool = True,
    changes: dict[str, Any] | None = None,
    team: Team | None = None,
    active: bool = True,
    if_version: int | None = None,
    by: Actor,
) -> Macro:
    """Make a macro, or change the one with this number. An unknown variable is refused here, not when it is used."""
    values = {
        "name": name,
        "text": text,
        "public": public,
        "changes": changes,
        "team": team,
        "active": active,
    }
    if pk is not None:
        return edit_macro(pk, values=values, if_version=if_version, by=by)
    require(by, Permission.MANAGE_MACROS)
    macro = Macro.objects.create(**_checked(values))
    trail.record("macro.created", on=macro, by=by, after={"name": macro.name})
    return macro


@transaction.atomic
def edit_macro(pk: int, *, values: Mapping[str, Any], if_version: int | None = None, by: Actor) -> Macro:
    """Change some of a macro's facts (FACTS). Raises Stale when it is no longer the version that was read."""
    require(by, Permission.MANAGE_MACROS)
    macro = _macro(pk)
    wanted = _checked({**{name: getattr(macro, name) for name in FACTS}, **values})
    if if_version is not None and if_version != macro.version:
        raise Stale(f"“{macro.name}” was changed by somebody else.", {"name": macro.name, "text": macro.text})
    before, after = trail.changed(macro, wanted)
    if not after:
        return macro
    if not Macro.objects.filter(pk=pk, version=macro.version).update(**wanted, version=F("version") + 1):
        raise Conflict(f"“{macro.name}” was changed by somebody else a moment ago.")
    trail.record("macro.edited", on=macro, by=by, before=before, after=after)
    return _macro(pk)


def preview_macro(ref: str, *, macro: Macro, by: Actor) -> Used:
    """What the macro would say and change here, without doing it."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    changes = _differing(ticket, macro.changes, by)
    return Used(
        macro,
        variables.fill(macro.text, macros.values_of(ticket, by)),
        _words(ticket, changes),
        macros.then_of(macro.changes),
    )


@transaction.atomic
def use_macro(ref: str, *, macro: Macro, typed: str = "", by: Actor) -> Used:
    """Change the fields at once, all or none, and put the text below what the actor has typed, as their draft.

    Waiting and resolving belong to the reply: they come back in `then`, for the composer to send along.
    """
    used = preview_macro(ref, macro=macro, by=by)
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    changes = _differing(ticket, macro.changes, by)
    if "team" in changes or "assignee" in changes:
        moving.assign(ref, team=changes.get("team"), assignee=changes.get("assignee"), by=by)
    if "tags" in changes:
        facts.edit(ref, values={"tags": [*ticket.tags, *changes["tags"]]}, by=by)
    if "priority" in changes:
        facts.set_priority(ref, priority=changes["priority"], reason=macro.changes["reason"], by=by)
    if "hold_reason" in changes:
        lifecycle.hold(ref, reason=changes["hold_reason"], note=macro.changes["reason"], by=by)
    if used.text:
        draft = worklog_queries.draft_of(ticket, by)
        before = typed.strip() or (draft.text.strip() if draft else "")
        form = "reply" if macro.public else "note"
        worklog.keep_draft(ticket, form=form, text="\n\n".join(filter(None, [before, used.text])), by=by)
    trail.record("ticket.macro_used", on=ticket, by=by, macro=macro.name)
    return used


def kept(changes: dict[str, Any] | None) -> dict[str, Any]:
    """What is set of a macro's changes. A reason alone changes nothing."""
    found = {key: value for key, value in (changes or {}).items() if value not in ("", None, [])}
    return found if set(found) - {"reason", "hold_reason", "code"} else {}


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a macro in their stored shape. Raises Invalid with a sentence a field."""
    changes = kept(values["changes"])
    rules.check_texts({"text": values["text"]})
    macros.check(name=values["name"], text=values["text"], public=values["public"], changes=changes)
    _check_targets(changes)
    return {**values, "name": values["name"].strip()[:100], "changes": changes}


def _macro(pk: int) -> Macro:
    found = Macro.objects.select_related("team").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such macro.")
    return found


def _check_targets(changes: dict[str, Any]) -> None:
    """The team and the person exist now; a macro with a misspelt one would fail for everybody later."""
    team, assignee = changes.get("team"), changes.get("assignee")
    if team and not Team.objects.filter(slug=team, active=True).exists():
        raise Invalid({"team": [f"There is no team “{team}”."]})
    if assignee and assignee != ME and not User.objects.filter(username=assignee, is_active=True).exists():
        raise Invalid({"assignee": [f"There is no person “{assignee}”."]})


def _differing(ticket: Ticket, changes: dict[str, Any], by: Actor) -> dict[str, Any]:
    """What the macro would change that is not so already, with the objects for the names."""
    found: dict[str, Any] = {}
    if (priority := changes.get("priority")) and priority != ticket.priority:
        found["priority"] = priority
    if slug := changes.get("team"):
        team = Team.objects.filter(slug=slug, active=True).first()
        if team is None:
            raise RuleBroken(f"The team “{slug}” of this macro does not exist any more.")
        if team.pk != ticket.team_id:
            found["team"] = team
    if username := changes.get("assignee"):
        who = {"pk": by.user_id} if username == ME else {"username": username}
        person = User.objects.filter(is_active=True, **who).first()
        if person is None:
            raise RuleBroken(f"“{username}” of this macro does not work here any more.")
        if person.pk != ticket.assignee_id:
            found["assignee"] = person
    if tags := [tag for tag in changes.get("tags", []) if tag not in ticket.tags]:
        found["tags"] = tags
    if changes.get("status") == Status.ON_HOLD and ticket.status != Status.ON_HOLD:
        found["hold_reason"] = changes["hold_reason"]
    return found


def _words(ticket: Ticket, changes: dict[str, Any]) -> list[str]:
    said = []
    if "priority" in changes:
        said.append(f"Priority {ticket.priority} → {changes['priority']}")
    if "team" in changes:
        said.append(f"Team {ticket.team or 'nobody'} → {changes['team']}")
    if "assignee" in changes:
        now = ticket.assignee.display_name if ticket.assignee else "nobody"
        said.append(f"Person {now} → {changes['assignee'].display_name}")
    if "tags" in changes:
        said.append(f"Tags + {', '.join(changes['tags'])}")
    if "hold_reason" in changes:
        said.append(f"Status {ticket.get_status_display().lower()} → on hold ({changes['hold_reason']})")
    return said
