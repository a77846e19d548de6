"""The command page: the parts that move by themselves, and the whole with its forms. Nothing here writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms as django_forms

from core.accounts.permissions import Permission, can
from core.common import clock
from core.common.actor import Actor
from incidents import audience, composing, forms, linked, operations, panels, queries, story
from incidents.models import Incident, TimelineEntry, Update
from worklog import queries as worklog

ROLES = {**operations.ROLES, "communications_lead": "updates"}
ENTRIES_SHOWN = 200
LISTED = ("ticket", "change", "incident")  # the problem behind it has a panel of its own
# These need lists of everybody and everything: they are made when somebody asks for them.
ON_DEMAND: dict[str, Callable[[Incident], django_forms.Form]] = {
    "assign_roles": forms.RolesForm.filled,
    "edit": forms.EditForm.filled,
    "hand_over": forms.HandOverForm.filled,
}
# Verbs that ask in a dialog, where their errors stand.
ASKED = {"restore", "reopen", "merge", "set_parent", "set_cadence", "snooze", "subscribe", *ON_DEMAND}


# --- what moves by itself ---------------------------------------------------------------------------------
def entries(incident: Incident, show: str, actor: Actor) -> list[TimelineEntry]:
    """The newest lines of the timeline; `show` is a key of story.SHOWN, or anything else for all."""
    found = queries.told(incident, actor).select_related("update_sent").order_by("-happened_at", "-id")
    if show in story.SHOWN:
        found = found.filter(kind__in=story.SHOWN[show])
    return list(found[:ENTRIES_SHOWN])


def digest(incident: Incident, told: list[TimelineEntry]) -> str:
    """Changes when the page would."""
    return f"{incident.version}-{max((entry.pk for entry in told), default=0)}"


def moving(incident: Incident, told: list[TimelineEntry], show: str, actor: Actor) -> dict[str, Any]:
    """For incidents/live.html, which the whole page includes."""
    updates = list(incident.updates.order_by("-number")[:ENTRIES_SHOWN])
    worklog.preload_links(incident)
    links = worklog.links_of(incident, actor, kinds=LISTED)
    restored = next((update for update in updates if update.kind == Update.Kind.RESTORED), None)
    until = incident.ended_at or clock.now()
    return {
        "incident": incident,
        "digest": digest(incident, told),
        "show": show,
        "steps": story.steps(incident, list(queries.moves(incident))),
        "timeline": story.lines(incident, told, plan=show != "decisions"),
        "sent": story.sent(updates),
        "every": timedelta(minutes=incident.cadence_minutes or 0),
        "lasted": until - incident.started_at,
        "customers": len(incident.organisations.all()),
        "updates": updates,
        "links": links,
        "tickets": linked.tickets_of(incident, links, restored),
    }


# --- the whole --------------------------------------------------------------------------------------------
def whole(
    incident: Incident,
    asked: dict[str, str],
    actor: Actor,
    *,
    failed: str = "",
    form: django_forms.Form | None = None,
) -> dict[str, Any]:
    """For incidents/detail.html. asked: what stands in the address; failed: the verb whose bound `form` was refused."""
    show, wanted = asked.get("show", ""), {failed, asked.get("open", "")}
    parts = moving(incident, entries(incident, show, actor), show, actor)
    relatives = queries.relatives(incident)
    children = [other for other in relatives if other.parent_id == incident.pk]
    running = [child for child in children if child.is_open]
    harm = queries.harm(incident, actor)
    shown = _forms(incident, wanted)
    changes = panels.recent_changes(incident, actor)
    told = audience.told(incident)
    if incident.is_open and can(actor, Permission.RUN_INCIDENT):
        shown["update"] = composing.filled(
            incident, story.last_written(parts["updates"]), harm, worklog.draft_of(incident, actor)
        )
    if form is not None and (failed in shown or failed == "update"):
        shown[failed] = form
    if "update" in shown:
        composing.dress(shown["update"], incident, told, clock.now())  # type: ignore[arg-type]
    if "hand_over" in shown and failed != "hand_over" and asked.get("role"):
        shown["hand_over"].initial["role"] = asked["role"]
    _offer(shown["restore"], running)
    return {
        **parts,
        **_tickets(incident, parts, {change.reference for change in changes}),
        "children": children,
        "running": running,
        "merged": [other for other in relatives if other.merged_into_id == incident.pk],
        "forms": shown,
        "failed": failed,
        "failed_form": form,
        "asked": ASKED,
        "broken": dict.fromkeys(wanted, True),
        "told": len(told),
        "follows": audience.is_told(incident, told, actor.user_id),
        "roles": [(name, words, getattr(incident, name)) for name, words in ROLES.items()],
        "harm": harm,
        "holdings": list(queries.holdings(incident)) if "holdings" in wanted else None,
        "changes": changes,
        "suspected": [change.reference for change in changes if change.suspected],
        "panels": panels.panels(incident, actor),
        "next_after": clock.now() + timedelta(minutes=incident.cadence_minutes or 0),
        "may_run": can(actor, Permission.RUN_INCIDENT),
        "may_restore": can(actor, Permission.RESTORE_INCIDENT),
    }


def _forms(incident: Incident, wanted: set[str]) -> dict[str, django_forms.Form]:
    above = incident.parent.reference if incident.parent else ""
    found: dict[str, django_forms.Form] = {
        "restore": forms.RestoreForm(initial={"severity": incident.severity}),
        "reopen": forms.ReasonForm(),
        "add_entry": forms.EntryForm(),
        "set_cadence": forms.CadenceForm.filled(incident),
        "snooze": forms.SnoozeForm.filled(incident),
        "subscribe": forms.SubscribeForm(),
        "links": forms.LinksForm.filled(incident),
        "merge": forms.MergeForm(),
        "set_parent": forms.ParentForm(initial={"parent": above}),
        "link": forms.LinkForm(),
        "suspect_change": forms.SuspectForm(),
        "clear_change": forms.ClearForm(),
    }
    return found | {name: make(incident) for name, make in ON_DEMAND.items() if name in wanted}


def _offer(restore: django_forms.Form, running: list[Incident]) -> None:
    """Restoring the whole proposes to restore its parts."""
    field = restore.fields["children"]
    field.choices = [(child.reference, f"{child.reference} {child.title}") for child in running]  # type: ignore[attr-defined]
    field.initial = [child.reference for child in running]


def _tickets(incident: Incident, parts: dict[str, Any], listed: set[str]) -> dict[str, Any]:
    """What the panel of linked work shows; a change that stands among those of the 72 hours is not said twice."""
    answerable = sum(ticket.answerable for ticket in parts["tickets"])
    return {
        "other_work": [
            link
            for link in parts["links"]
            if link.work.SUBJECT != "ticket" and link.work.reference not in listed
        ],
        "answers_due": 0 if incident.drill else answerable,
        "undecided": [ticket for ticket in parts["tickets"] if ticket.asked],
    }
