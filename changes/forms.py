"""What the pages ask for. Parsing only: the rules are in the operations."""

from __future__ import annotations

from typing import Any

from django import forms

from catalogue.models import Application, Component
from changes import risk, rules
from changes.models import Change
from changes.vocabulary import FixKind, Outcome, Result, Type
from core.common.actor import Actor
from core.common.api import find_named, visible
from core.common.wall_forms import TypedMomentField
from incidents.models import Incident
from problems.forms import LongField, PersonField
from problems.models import Problem
from tickets.models import Ticket

RISK = "risk_"
WHEN = "%Y-%m-%dT%H:%M"


class MomentField(TypedMomentField):
    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WHEN)
        super().__init__(required=False, widget=widget, **kwargs)


class ComponentField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Component) -> str:
        return f"{obj.application.name}: {obj.name}"


class WorkField(forms.CharField):
    """A reference such as INC-12, as the piece of work that the reader sees."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        self.actor: Actor | None = None
        super().__init__(required=False, max_length=40, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        found = find_named(visible(self.model, self.actor), "reference", text)
        if found is None:
            raise forms.ValidationError(f"There is no {text}. Example: {self.model.PREFIX}-12.")
        return found


class PlanForm(forms.Form):
    """A change as it is planned; everything but the title may follow later."""

    title = forms.CharField(
        max_length=200, label="What changes", help_text="For example: Bank adapter 2.4 for Settlement"
    )
    type = forms.ChoiceField(
        choices=Type.choices,
        widget=forms.RadioSelect,
        initial=Type.NORMAL,
        label="Type",
        help_text="Normal: known 5 business days ahead. Emergency: serves an incident. BAU: never code or SQL.",
    )
    description = LongField(
        required=False, label="Description", help_text="What will be different afterwards."
    )
    need = LongField(required=False, label="Need", help_text="Why it is needed, and what happens without it.")
    applications = forms.ModelMultipleChoiceField(
        queryset=Application.objects.all(), to_field_name="slug", required=False, label="Applications",
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    components = ComponentField(
        queryset=Component.objects.select_related("application"), to_field_name="slug", required=False,
        label="Components", help_text="None: the whole application. Hold Ctrl or Command for several.",
    )  # fmt: skip
    downtime = forms.BooleanField(required=False, label="Users notice it (downtime)")
    planned_start = MomentField(label="Starts")
    planned_end = MomentField(label="Ends")
    responsible = PersonField(label="Responsible")
    fix_kind = forms.ChoiceField(
        choices=[("", "No fix"), *FixKind.choices], required=False, label="Kind of fix"
    )
    touches_code = forms.BooleanField(required=False, label="Touches code")
    touches_sql = forms.BooleanField(required=False, label="Touches SQL")
    commit_links = forms.CharField(
        required=False, label="Commits", widget=forms.Textarea(attrs={"rows": 2}), help_text="One address a line.",
        max_length=rules.MOST_LINKS * (rules.LONGEST_LINK + 2),
    )  # fmt: skip
    incident = WorkField(
        Incident, label="Incident", help_text="What an emergency serves, for example INC-12."
    )
    ticket = WorkField(Ticket, label="Ticket", help_text="Or a ticket of severity SEV1 or SEV2.")
    implementation_plan = LongField(required=False, label="Steps", help_text="One step a line.")
    backout_plan = LongField(
        required=False, label="Back out", help_text="How to take it back, and until when that is possible."
    )
    validation_plan = LongField(
        required=False, label="Check it worked", help_text="How one sees that it worked."
    )
    problem = WorkField(Problem, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in risk.QUESTIONS:
            self.fields[RISK + question.key] = forms.ChoiceField(
                choices=[("", "Not answered"), *question.choices], required=False, label=question.text
            )
        for field in self.fields.values():
            if isinstance(field, WorkField):
                field.actor = actor

    def risk_fields(self) -> list[forms.BoundField]:
        return [self[RISK + question.key] for question in risk.QUESTIONS]

    def clean_commit_links(self) -> list[str]:
        return self.cleaned_data["commit_links"].split()

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        answers = {name.removeprefix(RISK): data.pop(name) for name in list(data) if name.startswith(RISK)}
        data["risk"] = {key: int(answer) for key, answer in answers.items() if answer}
        for name in ("applications", "components"):
            data[name] = list(data.get(name) or [])
        return data


class EditForm(PlanForm):
    """The same for a change that is there; `version` is what the reader saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        del self.fields["problem"]


def filled(change: Change) -> dict[str, Any]:
    """The initial values of an EditForm."""
    plain = (
        "title", "type", "description", "need", "downtime", "planned_start", "planned_end", "fix_kind", "touches_code",
        "touches_sql", "implementation_plan", "backout_plan", "validation_plan", "version",
    )  # fmt: skip
    return {
        **{name: getattr(change, name) for name in plain},
        **{RISK + key: str(risk.points(answer) or "") for key, answer in change.risk.items()},
        "applications": [application.slug for application in change.applications.all()],
        "components": [component.slug for component in change.components.all()],
        "responsible": change.responsible.username if change.responsible else "",
        "commit_links": "\n".join(change.commit_links),
        "incident": change.incident.reference if change.incident else "",
        "ticket": change.ticket.reference if change.ticket else "",
    }


class NothingForm(forms.Form):
    """A button without fields."""


class SubmitForm(forms.Form):
    override_reason = LongField(required=False, label="Why a hard collision may be overridden")
    collision_comment = LongField(required=False, label="Comment on what else is in the way")


class NoteForm(forms.Form):
    note = LongField(required=False, label="Note")


class NeededNoteForm(forms.Form):
    note = LongField(label="Why")


class ReasonForm(forms.Form):
    reason = LongField(label="Why")


class ValidateForm(forms.Form):
    result = forms.ChoiceField(choices=Result.choices, widget=forms.RadioSelect, label="Did it work?")
    note = LongField(required=False, label="What you saw")


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(
        choices=[(Outcome.SUCCESSFUL, "Successful"), (Outcome.FAILED, "Failed")], widget=forms.RadioSelect,
        label="How did it end?",
    )  # fmt: skip
    note = LongField(required=False, label="Note")
