"""The desk's own fields of tickets: which apply, what may stand in them, how one filters by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform

from catalogue.models import Application
from core.common.actor import Actor, Door
from core.common.errors import Invalid
from core.common.filters import NOTHING, CommaFilter
from tickets.models import CustomField, Ticket

PREFIX = "custom."  # of parameters, form fields and names in errors
LONGEST_TEXT = 500
LARGEST_NUMBER = 10**15
Value = str | int | float


def of(kind: str, application: Application | None) -> list[CustomField]:
    """The fields of tickets of a kind about an application, in their order."""
    found = CustomField.objects.filter(active=True, kind__in=("", kind))
    wide = Q(application=None)
    return list(found.filter(wide | Q(application=application) if application else wide))


def known() -> dict[str, CustomField]:
    """All fields in use, by key."""
    return {field.key: field for field in CustomField.objects.filter(active=True)}


def must_be_filled(by: Actor) -> bool:
    """Required fields are asked of the staff who open tickets by page or API; no mail and no alert waits for them."""
    return by.is_staff and not by.is_system and by.door in (Door.WEB, Door.API)


def checked(
    given: Mapping[str, Any], fields: Iterable[CustomField], *, before: Mapping[str, Any], asked: bool = False
) -> dict[str, Value]:
    """The values after an edit: `given` over `before`, each as it is stored; nothing (None, "") takes one away.

    `asked`: missing required fields are an error, too; taking away a required value always is one.
    Raises Invalid naming `custom.KEY`.
    """
    by_key = {field.key: field for field in fields}
    values, wrong = dict(before), {}
    for key, value in given.items():
        field = by_key.get(key)
        try:
            if field is None:
                raise ValidationError("These tickets have no such field.")
            stored = stored_value(field, value)
        except ValidationError as error:
            wrong[f"{PREFIX}{key}"[:100]] = list(error.messages)
            continue
        if stored is not None:
            values[key] = stored
        elif field.required and key in before:
            wrong[f"{PREFIX}{key}"] = [f"{field.label} is required."]
        else:
            values.pop(key, None)
    if asked:
        missing = [f for f in by_key.values() if f.required and f.key not in values]
        wrong |= {
            f"{PREFIX}{f.key}": [f"{f.label} is required."]
            for f in missing
            if f"{PREFIX}{f.key}" not in wrong
        }
    if wrong:
        raise Invalid(wrong)
    return values


def stored_value(field: CustomField, value: Any) -> Value | None:
    """A value as it stands in the ticket: text, number, or an ISO date. None for nothing. Raises ValidationError."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if field.type == CustomField.Type.NUMBER:
        return _number(value)
    if field.type == CustomField.Type.DATE:
        return _date(value)
    if not isinstance(value, str):
        raise ValidationError("This is a text.")
    text = value.strip()
    if field.type == CustomField.Type.CHOICE and text not in field.choices:
        raise ValidationError(f"Choose one of: {', '.join(map(str, field.choices))}.")
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise ValidationError(f"One line of up to {LONGEST_TEXT} characters.")
    return text


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValidationError("This is a number.")
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) > LARGEST_NUMBER:
        raise ValidationError("This number is too large.")
    return int(number) if number == number.to_integral_value() else float(number)


def _date(value: Any) -> str:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValidationError("A date as in 2026-11-21.") from error
    return day.isoformat()[:10]


# --- filtering ---------------------------------------------------------------------------------------------


class CustomFilter(CommaFilter):
    """custom.KEY=a,b: any of the values; "none" is nothing. The column's name and path are ours, never the reader's."""

    def __init__(self, field: CustomField) -> None:
        self.custom = field
        super().__init__(label=field.label)

    def parse(self, text: str) -> Any:
        if text == NOTHING:
            return None
        if self.custom.type != CustomField.Type.NUMBER:
            return stored_value(self.custom, text)
        try:
            return stored_value(self.custom, Decimal(text))
        except InvalidOperation as error:
            raise ValidationError(f"“{text[:100]}” is no number.") from error

    def filter(self, qs: QuerySet[Ticket], value: list[Any]) -> QuerySet[Ticket]:
        if not value:
            return qs
        name = f"custom_{self.custom.pk}"
        rows = qs.alias(**{name: KeyTransform(self.custom.key, "custom")})
        any_of = (Q(**{f"{name}__isnull": True}) if one is None else Q(**{name: one}) for one in value)
        return rows.filter(reduce(or_, any_of))


def filters_in(params: Iterable[str]) -> dict[str, CustomFilter]:
    """The filters that an address asks for by custom.KEY; names that are no field have none."""
    keys = [name.removeprefix(PREFIX) for name in params if name.startswith(PREFIX)]
    found = CustomField.objects.filter(active=True, key__in=keys[:20]) if keys else []
    return {f"{PREFIX}{field.key}": CustomFilter(field) for field in found}


# --- forms -------------------------------------------------------------------------------------------------


def form_fields(fields: Iterable[CustomField], *, required: bool = False) -> dict[str, forms.Field]:
    """A form's fields by the name under which Invalid names them. Only the operation refuses: a form marks."""
    return {f"{PREFIX}{field.key}": _form_field(field, required and field.required) for field in fields}


def _form_field(field: CustomField, required: bool) -> forms.Field:
    label = field.label
    if field.type == CustomField.Type.NUMBER:
        number = forms.DecimalField(required=required, label=label)
        number.widget.attrs["step"] = "any"
        return number
    if field.type == CustomField.Type.DATE:
        return forms.DateField(
            required=required, label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        )
    if field.type == CustomField.Type.CHOICE:
        choices = [("", "Not chosen"), *((str(choice), str(choice)) for choice in field.choices)]
        return forms.ChoiceField(required=required, label=label, choices=choices)
    return forms.CharField(required=required, label=label, max_length=LONGEST_TEXT)


def typed(data: Mapping[str, Any]) -> dict[str, Any]:
    """The custom values in a form's cleaned data, by key."""
    return {name.removeprefix(PREFIX): value for name, value in data.items() if name.startswith(PREFIX)}
