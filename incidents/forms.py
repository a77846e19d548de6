"""What the pages ask for. Parsing only: the rules are in the operations."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms

from catalogue.models import Application, Component, Region
from core.accounts.models import User
from core.common.vocabulary import Severity
from core.common.wall_forms import TypedMomentField
from customers.models import Audience, Organisation
from incidents import queries
from incidents.models import Incident, RoleHolding, Status, TimelineEntry
from incidents.rules import BETWEEN, DEFAULT_CADENCE

TEXT_LIMIT = 65_536
SEVERITIES = [("", "Not assessed yet"), *Severity.choices]
PHASES = [(status.value, status.label) for status in Status if status in BETWEEN]
CADENCES = [("15", "Every 15 minutes"), ("30", "Every 30 minutes"), ("60", "Every hour"), ("", "On demand")]
LOCAL = "%Y-%m-%dT%H:%M"


class DeskForm(forms.Form):
    """Several forms stand on one page: the ids of their fields begin with the form's name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{type(self).__name__.removesuffix('Form').lower()}_%s")
        super().__init__(*args, **kwargs)


class LongField(forms.CharField):
    def __init__(self, *, rows: int = 3, mirror: str = "", **kwargs: Any) -> None:
        attrs: dict[str, Any] = {"rows": rows, **({"data-mirror": mirror} if mirror else {})}
        super().__init__(max_length=TEXT_LIMIT, widget=forms.Textarea(attrs=attrs), **kwargs)


class MomentField(TypedMomentField):
    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
        super().__init__(required=False, widget=widget, **kwargs)


class PersonField(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        given = {"required": False, "empty_label": "Nobody yet", **kwargs}
        super().__init__(queryset=queries.staff(), to_field_name="username", **given)

    def label_from_instance(self, obj: User) -> str:
        return obj.display_name


class SeveralField(forms.ModelMultipleChoiceField):
    def __init__(self, model: Any, **kwargs: Any) -> None:
        super().__init__(queryset=model.objects.all(), to_field_name="slug", required=False, **kwargs)


class NothingForm(DeskForm):
    """A button without fields."""


class VersionForm(DeskForm):
    """A button that names what it was pressed on."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class ReasonForm(DeskForm):
    reason = LongField(label="What fails again")


class DeclareForm(DeskForm):
    title = forms.CharField(
        max_length=200, label="What does not work", help_text="For example: Card payments fail in Ireland"
    )
    summary = LongField(required=False, label="More, in the customer's words", rows=2)
    severity = forms.ChoiceField(choices=SEVERITIES, required=False, help_text="Can wait until triage.")
    applications = SeveralField(Application, help_text="None: the default list is told.")
    organisations = SeveralField(
        Organisation, label="Customers", help_text="With one it stays off the public status page at first."
    )
    drill = forms.BooleanField(
        required=False, label="This is an exercise: only people of the desk who subscribed are told"
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class DeclareFromTicketForm(DeskForm):
    """Applications and customer come from the ticket."""

    title = DeclareForm.base_fields["title"]
    summary = DeclareForm.base_fields["summary"]
    severity = DeclareForm.base_fields["severity"]
    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class NumberForm(DeskForm):
    """A button that names the update it sends, so that a second click sends nothing."""

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class StatusForm(DeskForm):
    status = forms.ChoiceField(choices=PHASES, label="Phase")
    note = forms.CharField(max_length=500, required=False, label="What is known now")


class ChildrenField(forms.MultipleChoiceField):
    """Which children are restored with it; the operation knows which there are."""

    def valid_value(self, value: object) -> bool:
        return True


class RestoreForm(DeskForm):
    body = LongField(label="What people read", initial="The service works again.")
    severity = forms.ChoiceField(choices=SEVERITIES, required=False)
    restored_at = MomentField(label="Restored at", help_text="Empty: now")
    children = ChildrenField(required=False, label="Restore with it", widget=forms.CheckboxSelectMultiple)
    answer = LongField(
        label="What those who asked read", rows=2, required=False, help_text="Empty: the same text."
    )


class EntryForm(DeskForm):
    body = forms.CharField(max_length=TEXT_LIMIT, label="What happened or was decided")
    kind = forms.ChoiceField(
        choices=[(kind.value, kind.label) for kind in TimelineEntry.BY_PEOPLE],
        initial=TimelineEntry.Kind.OBSERVATION,
    )
    happened_at = MomentField(label="When", help_text="Empty: now")


class RoleForm(DeskForm):
    role = forms.CharField(max_length=30, widget=forms.HiddenInput)


class HandOverForm(DeskForm):
    role = forms.ChoiceField(choices=RoleHolding.Role.choices)
    to = PersonField(required=True, empty_label="Choose somebody")
    note = LongField(label="What the next one must know", rows=2)

    @classmethod
    def filled(cls, incident: Incident) -> HandOverForm:
        """Offers the first role that somebody has."""
        held = [role for role in RoleHolding.Role.values if getattr(incident, f"{role}_id")]
        return cls(initial={"role": held[0] if held else None})


class RolesForm(DeskForm):
    commander = PersonField()
    communications_lead = PersonField(label="Updates")
    scribe = PersonField()

    @classmethod
    def filled(cls, incident: Incident) -> RolesForm:
        people = {name: getattr(incident, name) for name in cls.base_fields}
        return cls(initial={name: person.username for name, person in people.items() if person})


class CadenceForm(DeskForm):
    minutes = forms.TypedChoiceField(
        choices=CADENCES, coerce=int, empty_value=None, required=False, label="Updates come"
    )
    reason = forms.CharField(max_length=500, label="Why")

    @classmethod
    def filled(cls, incident: Incident) -> CadenceForm:
        return cls(initial={"minutes": str(incident.cadence_minutes or "")})


class SnoozeForm(DeskForm):
    minutes = forms.IntegerField(min_value=1, label="Minutes later")
    reason = forms.CharField(
        max_length=500, label="Why", help_text="Everybody who gets the updates reads this."
    )

    @classmethod
    def filled(cls, incident: Incident) -> SnoozeForm:
        return cls(initial={"minutes": incident.cadence_minutes or DEFAULT_CADENCE})


class SubscribeForm(DeskForm):
    email = forms.EmailField(max_length=254, label="E-mail")
    audience = forms.ChoiceField(choices=Audience.choices)


class LinkForm(DeskForm):
    to = forms.CharField(max_length=40, label="Reference", help_text="For example TKT-12")


class LinksForm(DeskForm):
    """Where people meet, changed in its place on the page."""

    bridge_url = forms.CharField(max_length=500, required=False, label="Bridge")
    chat_url = forms.CharField(max_length=500, required=False, label="Chat")
    version = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def filled(cls, incident: Incident) -> LinksForm:
        return cls(initial={name: getattr(incident, name) for name in cls.base_fields})


class MergeForm(DeskForm):
    into = forms.CharField(max_length=40, label="Goes on as", help_text="For example INC-12")


class ParentForm(DeskForm):
    parent = forms.CharField(
        max_length=40, required=False, label="Part of", help_text="For example INC-12; empty: of none"
    )


class AnswerForm(DeskForm):
    ticket = forms.CharField(max_length=40, widget=forms.HiddenInput)
    tell = forms.BooleanField(required=False, widget=forms.HiddenInput)


class SuspectForm(DeskForm):
    change = forms.CharField(max_length=40)
    note = forms.CharField(max_length=TEXT_LIMIT, required=False)


class ClearForm(DeskForm):
    change = forms.CharField(max_length=40)
    note = forms.CharField(max_length=TEXT_LIMIT, label="How you know")


class EditForm(DeskForm):
    title = DeclareForm.base_fields["title"]
    summary = LongField(required=False, label="Summary in the customer's words", rows=2)
    severity = forms.ChoiceField(choices=SEVERITIES, required=False)
    started_at = TypedMomentField(
        label="Impact began", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
    )
    applications = SeveralField(Application)
    components = SeveralField(Component)
    regions = SeveralField(Region)
    organisations = SeveralField(Organisation, label="Customers")
    bridge_url = LinksForm.base_fields["bridge_url"]
    chat_url = LinksForm.base_fields["chat_url"]
    public = forms.BooleanField(required=False, label="On the public status page")
    version = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def filled(cls, incident: Incident) -> EditForm:
        initial = {name: getattr(incident, name) for name in cls.base_fields}
        for name in queries.AFFECTED:
            initial[name] = [row.slug for row in initial[name].all()]
        return cls(initial=initial)
