"""What people type about tickets. Rules stand in rules.py; here a form only gets its text into shape."""

from __future__ import annotations

from typing import Any

from django import forms

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common.vocabulary import Activity, Area, Channel, Level, Priority, Role, Severity, TicketKind
from core.common.wall_forms import TypedMomentField
from customers.models import Organisation
from escalation.directory import Proposal
from escalation.models import Team
from sla.models import Cause
from tickets import custom_fields
from tickets.asked import Asked, AskingForm, TicketForm, about, changed_values
from tickets.models import HoldReason, ResolutionCode
from worklog.models import Link

RISK_HINT = "The threat, the weakness, how likely it is, what damage it would do."
BY_STAFF = [Channel.PHONE, Channel.WEB, Channel.CHAT, Channel.EMAIL, Channel.REVIEW, Channel.SOCIAL]
LEVEL_WORDS = {
    "impact": [("high", "Everyone"), ("medium", "Many"), ("low", "Few")],
    "urgency": [("high", "Now"), ("medium", "Today"), ("low", "Can wait")],
}


def choices_with_nothing(choices: Any, nothing: str) -> list[tuple[str, str]]:
    return [("", nothing), *choices]


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    widget = MultipleFileInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(file, initial) for file in files]


class LongText(forms.CharField):
    """A text of several lines, kept as typed."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)


class ComponentField(forms.ModelChoiceField):
    def __init__(self) -> None:
        components = Component.objects.select_related("application")
        super().__init__(components, to_field_name="slug", required=False, empty_label="Not known")

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.application.name}: {obj.name}"


class NewTicketForm(AskingForm):
    subject = forms.CharField(max_length=250, label="What is wrong, in one line")
    requester = forms.EmailField(
        required=False,
        label="Who asks",
        help_text="Their e-mail address.",
        widget=forms.EmailInput(attrs={"list": "contacts", "autocomplete": "off"}),
    )
    requester_name = forms.CharField(
        required=False, max_length=120, label="Their name", help_text="Only for a new caller."
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.all(),
        to_field_name="slug",
        required=False,
        label="Customer",
        empty_label="The caller’s own",
    )
    channel = forms.ChoiceField(choices=[(c.value, c.label) for c in BY_STAFF], initial=Channel.PHONE)
    kind = forms.ChoiceField(choices=TicketKind.choices, initial=TicketKind.ISSUE)
    application = forms.ModelChoiceField(
        Application.objects.all(), to_field_name="slug", required=False, empty_label="Not known"
    )
    component = ComponentField()
    description = LongText(required=False, label="What happened")
    steps_to_reproduce = LongText(required=False, label="Steps to see it")
    affected_version = forms.CharField(required=False, max_length=60, label="Version")
    impact = forms.ChoiceField(
        choices=LEVEL_WORDS["impact"],
        widget=forms.RadioSelect,
        initial=Level.MEDIUM,
        label="Impact: how much is affected",
    )
    urgency = forms.ChoiceField(
        choices=LEVEL_WORDS["urgency"],
        widget=forms.RadioSelect,
        initial=Level.MEDIUM,
        label="Urgency: how soon it hurts",
    )
    severity = forms.ChoiceField(
        choices=choices_with_nothing(Severity.choices, "Not assessed yet"), required=False, label="Severity"
    )
    areas = forms.MultipleChoiceField(
        choices=Area.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="What kind of trouble",
    )
    risk = LongText(required=False, label="Risk", help_text=RISK_HINT)
    confidential = forms.BooleanField(required=False, label="Confidential: only named people see it")
    files = FilesField(required=False, label="Files")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = ("kind", "application", "component", "organisation", "requester")
        self.ask(about(**{name: str(self[name].value() or "") for name in chosen}))


class EditForm(TicketForm):
    """The facts of a ticket; `version` refuses a stale edit."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    subject = forms.CharField(max_length=250)
    kind = forms.ChoiceField(choices=TicketKind.choices)
    impact = forms.ChoiceField(choices=LEVEL_WORDS["impact"], widget=forms.RadioSelect)
    urgency = forms.ChoiceField(choices=LEVEL_WORDS["urgency"], widget=forms.RadioSelect)
    severity = forms.ChoiceField(
        choices=choices_with_nothing(Severity.choices, "Not assessed"), required=False
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.all(), to_field_name="slug", required=False, label="Customer"
    )
    application = forms.ModelChoiceField(
        Application.objects.all(), to_field_name="slug", required=False, empty_label="Not known"
    )
    component = ComponentField()
    areas = forms.MultipleChoiceField(
        choices=Area.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    affected_version = forms.CharField(required=False, max_length=60, label="Version")
    description = LongText(required=False)
    steps_to_reproduce = LongText(required=False)
    risk = LongText(required=False, help_text=RISK_HINT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = custom_fields.of(self.ticket.kind, self.ticket.application)
        self.ask(Asked(fields=custom_fields.form_fields(self.own)))
        for key, value in self.ticket.custom.items():
            self.initial.setdefault(f"{custom_fields.PREFIX}{key}", value)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        del data["environment"]  # it has a form of its own
        return {**data, "custom": changed_values(self.ticket, data["custom"], self.own)}

    confidential = forms.BooleanField(required=False, label="Confidential: only named people see it")


class ReplyForm(forms.Form):
    kind = forms.ChoiceField(choices=[("reply", "Reply to customer"), ("note", "Internal note")])
    text = LongText(label="Message")
    last_seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    files = FilesField(required=False)


class TakeForm(forms.Form):
    pass


class AssignForm(forms.Form):
    team = forms.ModelChoiceField(
        Team.objects.filter(active=True), to_field_name="slug", required=False, empty_label="Same team"
    )
    assignee = forms.ModelChoiceField(
        User.objects.filter(
            is_active=True,
            role_grants__role__in=[r for r in Role if r not in (Role.CUSTOMER, Role.INTEGRATION)],
        )
        .distinct()
        .order_by("first_name", "last_name"),
        to_field_name="username",
        required=False,
        empty_label="Nobody",
        label="Person",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].label_from_instance = lambda user: user.display_name  # type: ignore[attr-defined]


class EscalateForm(forms.Form):
    from_tier = forms.IntegerField(widget=forms.HiddenInput)
    summary = LongText(label="What is wrong, in plain words", required=False)
    business_impact = LongText(label="What the customer cannot do", required=False)
    tried = LongText(label="What was tried, and what came of it", required=False)
    sop = forms.CharField(
        label="SOP that was followed",
        required=False,
        max_length=200,
        help_text="For example SOP-112, to step 4.",
    )
    no_sop = forms.BooleanField(label="No SOP exists for this", required=False)
    needed = LongText(label="What you need from them", required=False)
    reproduce = LongText(label="How to reproduce it", required=False)
    evidence = LongText(
        label="Evidence", required=False, help_text="Links to logs, dashboards, recordings: one on each line."
    )
    files = FilesField(label="Files", required=False)
    team = forms.ModelChoiceField(
        Team.objects.filter(active=True), to_field_name="slug", required=False, label="Goes to",
        empty_label="As the directory proposes",
    )  # fmt: skip

    def offer(self, proposals: list[Proposal]) -> None:
        """Let the reader choose among the teams of the next tier, knowing who is on call in each."""
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            ("", "As the directory proposes"),
            *((each.answer.team.slug, f"{each.answer.team.name}, {each.why}") for each in proposals),
        ]


class HandBackForm(forms.Form):
    from_tier = forms.IntegerField(widget=forms.HiddenInput)
    reason = LongText(label="Why it goes back", required=False)
    next = LongText(label="What to do next", required=False)


class WaitForm(forms.Form):
    reason = LongText(label="What we wait for", required=False)
    review_at = TypedMomentField(
        label="Look again at (UTC)",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )


class HoldForm(forms.Form):
    reason = forms.ChoiceField(choices=HoldReason.choices, label="Waiting for")
    note = LongText(label="What exactly, and from whom", required=False)
    review_at = WaitForm.base_fields["review_at"]


class ResolveForm(forms.Form):
    code = forms.ChoiceField(
        choices=choices_with_nothing(ResolutionCode.choices, "Choose"), required=False, label="How it ended"
    )
    note = LongText(label="What solved it", required=False, help_text="The customer reads this.")
    minutes = forms.IntegerField(required=False, min_value=1, max_value=1440, label="Minutes worked")
    breach_cause = forms.ChoiceField(
        choices=choices_with_nothing(Cause.choices, "Choose"),
        required=False,
        label="Why the service level was missed",
        help_text="Needed where a clock ran out.",
    )
    breach_note = LongText(label="What happened, in a sentence", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """`missed` False among the initial values: nothing was, so nothing is asked about it."""
        super().__init__(*args, **kwargs)
        if self.initial.get("missed") is False:
            del self.fields["breach_cause"], self.fields["breach_note"]


class ReopenForm(forms.Form):
    reason = LongText(label="Why it is opened again", required=False)


class PriorityForm(forms.Form):
    priority = forms.ChoiceField(choices=Priority.choices)
    reason = LongText(label="Why it differs from impact and urgency", required=False)


class SeverityForm(forms.Form):
    severity = forms.ChoiceField(
        choices=choices_with_nothing(Severity.choices, "Not assessed"),
        required=False,
        label="How grave it is",
    )


class TimeForm(forms.Form):
    """Stands in the page beside the dialogs, so its ids must differ from theirs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "time_%s", **kwargs})

    minutes = forms.IntegerField(min_value=1, max_value=1440, label="Minutes")
    activity = forms.ChoiceField(
        choices=Activity.choices, initial=Activity.INVESTIGATION, label="Kind of work"
    )
    note = forms.CharField(required=False, max_length=200)


class TimerForm(TimeForm):
    """What a stopped timer logs: rounded up, and the person may change it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "timer_%s", **kwargs})


class EntryForm(forms.Form):
    entry = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class LinkForm(forms.Form):
    to = forms.CharField(max_length=40, label="Reference", help_text="For example INC-12.")
    kind = forms.ChoiceField(choices=Link.Kind.choices, initial=Link.Kind.RELATES)
