"""The editor of a rule: its facts, and a row for each action whose fields come from the registry of verbs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse_lazy
from rest_framework import serializers

from core.common.api import Flag, Ref, Text
from core.common.errors import Invalid, RuleBroken, Stale
from core.common.web import show
from tickets.automation import conditions, verbs
from tickets.automation.events import LISTENS
from tickets.automation.operations import MOST_ACTIONS
from tickets.forms import LongText
from tickets.models import AutomationRule

Trigger = AutomationRule.Trigger


# Without script it is a plain line; with it, the filter line's own completion (static/js/filter.js).
COMPLETES = {
    "data-filter": "",
    "role": "combobox",
    "aria-expanded": "false",
    "aria-controls": "complete",
    "aria-autocomplete": "list",
    "autocomplete": "off",
    "hx-get": reverse_lazy("tickets:complete"),
    "hx-trigger": "input changed delay:120ms, focus",
    "hx-target": "#complete",
    "hx-swap": "innerHTML",
}


class RuleForm(forms.Form):
    """`version` refuses a stale edit; the actions stand in rows of their own."""

    name = forms.CharField(max_length=100, help_text="The history of a ticket shows it.")
    trigger = forms.ChoiceField(choices=Trigger.choices, widget=forms.RadioSelect, initial=Trigger.EVENT)
    events = forms.MultipleChoiceField(
        choices=list(LISTENS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="On these events",
    )
    after_minutes = forms.IntegerField(
        required=False, min_value=1, label="Minutes without a change", help_text="1440 is a day."
    )
    conditions = forms.CharField(
        required=False,
        max_length=1000,
        label="Only tickets with",
        help_text="As in the filter line: priority:P0,P1 team:none. Empty means all.",
        widget=forms.TextInput(attrs=COMPLETES),
    )
    active = forms.BooleanField(required=False, label="Switched on")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean_conditions(self) -> str:
        try:
            return conditions.from_tokens(self.cleaned_data["conditions"])
        except Invalid as invalid:
            raise forms.ValidationError(invalid.errors[conditions.FIELD]) from invalid


class ActionRow(forms.Form):
    """One action: the fields of its verb. What is wrong with a value, the operation says."""

    def __init__(self, verb: str, number: int, data: QueryDict | None = None, values: Any = None) -> None:
        super().__init__(data=data, initial=values, prefix=f"a{number}")
        self.verb, self.number, self.label = verb, number, verbs.VERBS[verb].label
        for name, field in verbs.VERBS[verb].form().fields.items():
            self.fields[name] = _field(name, field)

    def action(self) -> dict[str, Any]:
        """The plain values, as they are stored; what is empty is left out."""
        self.full_clean()
        values = {name: _plain(self.fields[name], value) for name, value in self.cleaned_data.items()}
        return {"do": self.verb, **{name: value for name, value in values.items() if value not in ("", None)}}


class Editor:
    """The form and its rows, from a rule, or from what was typed."""

    def __init__(self, rule: AutomationRule | None = None, data: QueryDict | None = None) -> None:
        self.form = RuleForm(data) if data is not None else RuleForm(initial=_initial(rule))
        if data is None:
            actions = rule.actions if rule else []
            self.rows = [ActionRow(a["do"], n, values=verbs.plain(a)) for n, a in enumerate(actions)]
        else:
            chosen = [verb for verb in data.getlist("do")[:MOST_ACTIONS] if verb in verbs.VERBS]
            self.rows = [ActionRow(verb, n, data=data) for n, verb in enumerate(chosen)]

    def with_rows(self, data: QueryDict) -> Editor:
        """After "add" or "remove" was pressed: what was typed, with one row more or less, and nothing saved."""
        kept = [(row.verb, row.action()) for row in self.rows]
        gone = data.get("remove", "")
        if gone.isdecimal() and int(gone) < len(kept):
            kept.pop(int(gone))
        if "add" in data and data.get("new") in verbs.VERBS and len(kept) < MOST_ACTIONS:
            kept.append((data["new"], {"do": data["new"]}))
        self.rows = [ActionRow(verb, n, values=verbs.plain(action)) for n, (verb, action) in enumerate(kept)]
        names = [name for name in RuleForm.base_fields if name != "events"]
        typed = {name: data.get(name, "") for name in names} | {"events": data.getlist("events")}
        self.form = RuleForm(initial={**typed, "active": "active" in data})
        return self

    def values(self) -> dict[str, Any]:
        """What the operations take. Call it after the form was found valid."""
        data = dict(self.form.cleaned_data)
        del data["version"]
        return {**data, "actions": [row.action() for row in self.rows]}

    def show(self, broken: RuleBroken) -> None:
        """Each reason at its field, those of an action in its row."""
        rest: dict[str, list[str]] = {}
        for name, texts in broken.errors.items():
            kind, _, place = name.partition(".")
            number, _, field = place.partition(".")
            if kind == "actions" and number.isdecimal() and int(number) < len(self.rows):
                row = self.rows[int(number)]
                for text in texts:
                    row.add_error(field if field in row.fields else None, text)
            else:
                rest[name] = texts
        if isinstance(broken, Stale):
            self.form.add_error(None, f"{broken.sentence} What you typed is kept; look at what differs.")
        if rest or not broken.errors:
            show(self.form, Invalid(rest) if rest else broken)


def _initial(rule: AutomationRule | None) -> dict[str, Any]:
    if rule is None:
        return {"trigger": Trigger.EVENT}
    return {
        "name": rule.name,
        "trigger": rule.trigger,
        "events": rule.events,
        "after_minutes": rule.after_minutes,
        "conditions": conditions.to_tokens(rule.conditions),
        "active": rule.active,
        "version": rule.version,
    }


def _field(name: str, field: Any) -> forms.Field:
    """The page's field for a serializer's."""
    common: dict[str, Any] = {
        "required": False,
        "label": name.replace("_", " ").capitalize(),
        "help_text": field.help_text or "",
    }
    match field:
        case Ref():
            choice = forms.ModelChoiceField(
                field.queryset(), to_field_name=field.by, empty_label="Leave it", **common
            )
            choice.label_from_instance = _name  # type: ignore[assignment]
            return choice
        case serializers.ChoiceField():
            return forms.ChoiceField(choices=[("", "Choose"), *field.choices.items()], **common)
        case Flag():
            return forms.BooleanField(
                **{**common, "label": field.help_text or common["label"], "help_text": ""}
            )
        case Text(long=True):
            return LongText(**common)
    return forms.CharField(max_length=200, **common)


def _name(thing: Any) -> str:
    return str(getattr(thing, "display_name", None) or thing.name)


def _plain(field: forms.Field, value: Any) -> Any:
    if isinstance(field, forms.ModelChoiceField):
        return getattr(value, field.to_field_name or "pk") if value else None
    return value if not isinstance(value, str) else value.strip()
