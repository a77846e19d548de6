"""The buttons of an incident's page: what each parses, which operation it calls, what the toast says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms

from core.accounts.permissions import Permission
from core.common.actor import Actor
from incidents import composing, forms, operations
from incidents.models import Incident, PendingUpdate, Update


@dataclass(frozen=True)
class Verb:
    """One button of an incident's page: its form, the operation, and what the toast says of the result."""

    form: type[django_forms.Form]
    do: Callable[..., Any]
    said: Callable[[Any], str]
    permission: Permission = Permission.RUN_INCIDENT


def _links(ref: str, *, bridge_url: str, chat_url: str, version: int, by: Actor) -> Incident:
    return operations.edit(
        ref, changes={"bridge_url": bridge_url, "chat_url": chat_url}, version=version, by=by
    )


def _edit(ref: str, *, version: int, by: Actor, **changes: Any) -> Incident:
    return operations.edit(ref, changes=changes, version=version, by=by)


def _sent(update: Update | PendingUpdate) -> str:
    if isinstance(update, PendingUpdate):
        return f"It waits for approval, for {update.for_whom} readers. A holding update goes out meanwhile."
    return f"Update {update.number} goes to {update.recipients} people."


VERBS: dict[str, Verb] = {
    "acknowledge": Verb(forms.NothingForm, operations.acknowledge, lambda incident: "Acknowledged."),
    "update": Verb(composing.UpdateForm, operations.send_update, _sent),
    "no_change": Verb(forms.NumberForm, operations.no_change, _sent),
    "status": Verb(forms.StatusForm, operations.set_status, lambda incident: incident.get_status_display()),
    "restore": Verb(
        forms.RestoreForm,
        operations.declare_restored,
        lambda incident: "“Service restored” is on its way. Updates have stopped.",
        Permission.RESTORE_INCIDENT,
    ),
    "reopen": Verb(
        forms.ReasonForm, operations.reopen, lambda incident: "Reopened; the correction is on its way."
    ),
    "close": Verb(
        forms.NothingForm, operations.close, lambda incident: "Closed.", Permission.RESTORE_INCIDENT
    ),
    "assign_roles": Verb(forms.RolesForm, operations.assign_roles, lambda incident: "Roles saved."),
    "hand_over": Verb(
        forms.HandOverForm, operations.hand_over, lambda incident: "Handed over; they are told."
    ),
    "links": Verb(forms.LinksForm, _links, lambda incident: "Links saved."),
    "take_role": Verb(forms.RoleForm, operations.take_role, lambda incident: "It is yours."),
    "add_entry": Verb(forms.EntryForm, operations.add_entry, lambda entry: "Written down."),
    "set_cadence": Verb(forms.CadenceForm, operations.set_cadence, lambda incident: "Cadence changed."),
    "snooze": Verb(
        forms.SnoozeForm, operations.snooze, lambda incident: "Put off; everybody reads the new moment."
    ),
    "subscribe": Verb(
        forms.SubscribeForm, operations.subscribe, lambda incident: "Gets the updates from now on."
    ),
    "link": Verb(forms.LinkForm, operations.link_work, lambda incident: "Linked."),
    "merge": Verb(
        forms.MergeForm, operations.merge, lambda incident: f"It goes on here, as {incident.reference}."
    ),
    "undo_merge": Verb(
        forms.NothingForm,
        operations.undo_merge,
        lambda incident: "It stands for itself again; people are told.",
    ),
    "set_parent": Verb(forms.ParentForm, operations.set_parent, lambda incident: "Saved."),
    "unlink": Verb(forms.LinkForm, operations.unlink_work, lambda incident: "Link taken away."),
    "answer_ticket": Verb(forms.AnswerForm, operations.answer_ticket, lambda incident: "Decided."),
    "suspect_change": Verb(
        forms.SuspectForm, operations.suspect_change, lambda incident: "Marked as suspected."
    ),
    "clear_change": Verb(forms.ClearForm, operations.clear_change, lambda incident: "Cleared."),
    "edit": Verb(forms.EditForm, _edit, lambda incident: "Saved."),
}
