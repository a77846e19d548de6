"""What the pages ask for. Parsing only: the rules are in the operations."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common.vocabulary import Priority
from escalation.models import Team
from incidents.queries import staff
from problems.models import Audience, CauseCategory, FixKind, Problem, Source
from problems.rules import MOST_WHYS

TEXT_LIMIT = 65_536
ROWS = {"rows": 3}


class PersonField(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=staff().order_by("first_name", "username"),
            to_field_name="username",
            required=False,
            empty_label="Nobody yet",
            **kwargs,
        )

    def label_from_instance(self, obj: User) -> str:
        return obj.display_name


class TeamField(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        queryset = Team.objects.filter(active=True)
        super().__init__(
            queryset=queryset, to_field_name="slug", required=False, empty_label="No team yet", **kwargs
        )


class LongField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=TEXT_LIMIT, widget=forms.Textarea(attrs=ROWS), **kwargs)


class NothingForm(forms.Form):
    """A button without fields."""


class ReasonForm(forms.Form):
    reason = LongField(label="Why")


class NewForm(forms.Form):
    title = forms.CharField(
        max_length=200, label="What goes wrong", help_text="For example: Export stops above 10,000 rows"
    )
    description = LongField(required=False, label="What is known")
    source = forms.ChoiceField(choices=Source.choices, initial=Source.PROACTIVE, label="Where it comes from")
    priority = forms.ChoiceField(choices=Priority.choices, initial=Priority.P2)
    application = forms.ModelChoiceField(
        Application.objects.all(), to_field_name="slug", required=False, empty_label="Not known yet"
    )
    component = forms.ModelChoiceField(
        Component.objects.all(), to_field_name="slug", required=False, empty_label="Not known yet"
    )
    team = TeamField()
    owner = PersonField()


class RaiseForm(forms.Form):
    title = forms.CharField(
        max_length=200,
        required=False,
        label="What goes wrong",
        help_text="Left empty, it keeps the title it has",
    )
    source = forms.ChoiceField(choices=Source.choices, label="Where it comes from")


class EditForm(NewForm):
    workaround = LongField(required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def filled(cls, problem: Problem) -> EditForm:
        names = {"application": "slug", "component": "slug", "team": "slug", "owner": "username"}
        initial = {name: getattr(problem, name) for name in cls.base_fields}
        initial |= {name: getattr(initial[name], key) for name, key in names.items() if initial[name]}
        return cls(initial=initial)


class RootCauseForm(forms.Form):
    category = forms.ChoiceField(choices=CauseCategory.choices, label="Kind of cause")
    statement = LongField(
        label="Root cause", help_text="One sentence: what, if it had been different, would have prevented it"
    )
    contributing_factors = LongField(required=False, label="What made it worse")
    evidence = LongField(required=False, label="How we know")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, MOST_WHYS + 1):
            self.fields[f"why{number}"] = forms.CharField(
                max_length=500, required=False, label="Why?" if number == 1 else "And why is that?"
            )

    @property
    def whys(self) -> list[forms.BoundField]:
        return [self[f"why{number}"] for number in range(1, MOST_WHYS + 1)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        answers = [data.pop(f"why{number}", "") for number in range(1, MOST_WHYS + 1)]
        return {**data, "whys": answers}

    @classmethod
    def filled(cls, problem: Problem) -> RootCauseForm:
        initial = {
            "category": problem.cause_category,
            "statement": problem.cause,
            "contributing_factors": problem.contributing_factors,
            "evidence": problem.evidence,
        }
        return cls(
            initial=initial | {f"why{number}": why for number, why in enumerate(problem.whys, start=1)}
        )


class KnownErrorForm(forms.Form):
    symptom = LongField(label="What people see")
    workaround = LongField(
        label="What they can do", help_text="Needed to publish; the cause may still be unknown"
    )
    audience = forms.ChoiceField(choices=Audience.choices, label="Who may read it")
    matcher = forms.CharField(max_length=200, required=False, label="Words by which to recognise it")

    @classmethod
    def filled(cls, problem: Problem) -> KnownErrorForm:
        known = getattr(problem, "known_error", None)
        if known is None:
            return cls(initial={"workaround": problem.workaround})
        return cls(initial={name: getattr(known, name) for name in cls.base_fields})


class FixForm(forms.Form):
    fix_kind = forms.ChoiceField(choices=FixKind.choices, label="Kind of fix")
    changes = forms.CharField(
        max_length=500, required=False, label="Changes that carry it", help_text="For example CHG-12, CHG-14"
    )

    def clean_changes(self) -> list[str]:
        return re.findall(r"[^\s,;]+", self.cleaned_data["changes"])


class ActionForm(forms.Form):
    title = forms.CharField(max_length=200, label="What is to be done")
    team = TeamField()
    owner = PersonField()
    due = forms.DateField(label="By", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    priority = forms.ChoiceField(choices=Priority.choices, initial=Priority.P2)
