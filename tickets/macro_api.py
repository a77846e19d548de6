"""Macros through the API: keeping them, and using one on a ticket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from core.accounts.api import DeskViewSet, reading, verb
from core.accounts.permissions import Permission
from core.common.actor import Actor
from core.common.api import Flag, Named, Number, Ref, StrictSerializer, Text
from core.common.errors import Invalid
from core.common.ids import plain_number
from core.common.vocabulary import Priority
from escalation.models import Team
from tickets import macros, operations, queries, shapes
from tickets.filters import MacroFilter
from tickets.models import HoldReason, Macro, Ticket

Data = dict[str, Any]


class MacroChanges(StrictSerializer):
    """What it changes, by name; what is left out stays as it is on the ticket."""

    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    team = Text(max_length=60, required=False, help_text="a team's slug")
    assignee = Text(max_length=150, required=False, help_text='a username, or "me": whoever uses it')
    tags = serializers.ListField(
        child=Text(max_length=40), required=False, max_length=20, help_text="are added"
    )
    status = serializers.ChoiceField(choices=macros.STATUSES[1:], required=False)
    hold_reason = serializers.ChoiceField(choices=HoldReason.choices, required=False)
    code = Text(max_length=40, required=False, help_text="with status resolved")
    reason = Text(max_length=300, required=False, help_text="why the priority changes, or what it waits for")


class MacroEdit(StrictSerializer):
    name = Text(max_length=100)
    text = Text(
        long=True, required=False, allow_blank=True, help_text="Markdown with {variables}, see `variables`"
    )
    public = Flag(required=False, help_text="whether the text goes to the customer")
    changes = MacroChanges(required=False)
    team = Ref(
        Team.objects.filter(active=True), required=False, allow_null=True, help_text="null: everybody's"
    )
    active = Flag(required=False, help_text="false retires it")


class MacroOut(StrictSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    text = serializers.CharField()
    public = serializers.BooleanField()
    changes = serializers.DictField()
    team = Named("slug", allow_null=True)
    active = serializers.BooleanField()


class VariableOut(StrictSerializer):
    name = serializers.CharField()
    means = serializers.CharField()


class MacroQuery(StrictSerializer):
    macro = Number(help_text="the id of a macro that the caller may use")


class UseMacro(MacroQuery):
    typed = Text(
        long=True, required=False, allow_blank=True, help_text="what stands in the reply box above its text"
    )


class EffectOut(StrictSerializer):
    """What a macro does to one ticket."""

    macro = serializers.IntegerField(source="macro.pk")
    name = serializers.CharField(source="macro.name")
    public = serializers.BooleanField(source="macro.public")
    text = serializers.CharField(help_text="with its variables filled in; sent by nobody yet")
    changes = serializers.ListField(child=serializers.CharField(), source="words", help_text="in words")
    then = serializers.CharField(
        help_text='how the ticket goes on once the text is sent: "", "waiting" or "resolved:CODE"'
    )


class AppliedOut(shapes.TicketOut):
    applied = EffectOut()


class MacroVerbs:
    """Using a macro on a ticket."""

    @reading(EffectOut, params=MacroQuery)
    def macro_preview(self, ref: str, by: Actor, query: Data) -> Any:
        """What a macro would say and change here; nothing is done."""
        queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
        return operations.preview_macro(ref, macro=queries.macro_to_use(query["macro"], by=by), by=by)

    @verb(UseMacro, entry=AppliedOut, status=200)
    def apply_macro(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Change the fields, all or none, and put the text into the caller's draft.

        Nothing is sent: send `applied.text` by `reply`, and let the ticket go on by `wait` or `resolve`,
        as `applied.then` says.
        """
        queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
        macro = queries.macro_to_use(data.pop("macro"), by=by)
        used = operations.use_macro(ref, macro=macro, **data, by=by)
        ticket = queries.get_for(ref, by=by)
        ticket.applied = used
        return ticket


class MacroViewSet(DeskViewSet):
    """Macros: a text with variables, and what changes on the ticket. Listed are those that the caller may use.

    Who manages macros lists all, and retires one with `active: false`.
    """

    model = Macro
    view_permission = Permission.WORK_TICKET
    serializer_class = MacroOut
    create_form, patch_form = MacroEdit, MacroEdit
    filterset_class = MacroFilter
    related = ("team",)
    ordering_fields = {"name": "name", "id": "pk"}
    ordering = "name"
    named_by = "pk"

    def find(self, ref: str, by: Actor) -> Macro:
        return queries.macro(plain_number(ref), by=by)

    def do_create(self, data: Data, by: Actor) -> Macro:
        with _changes_named():
            return operations.save_macro(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> Macro:
        with _changes_named():
            return operations.edit_macro(plain_number(ref), values=data, if_version=version, by=by)

    @reading(VariableOut, many=True, detail=False)
    def variables(self, by: Actor) -> Any:
        """The variables that a text may hold, and what each stands for."""
        return [{"name": name, "means": means} for name, means in macros.VARIABLES.items()]

    def rows(self, by: Actor) -> QuerySet[Macro]:
        return queries.macros_kept(by)


@contextmanager
def _changes_named() -> Iterator[None]:
    """What is wrong with one of the changes is named with its place in the body."""
    try:
        yield
    except Invalid as invalid:
        raise Invalid(
            {
                f"changes.{name}" if name in macros.CHANGES else name: texts
                for name, texts in invalid.errors.items()
            }
        ) from invalid


ROUTES = [("macros", MacroViewSet)]
