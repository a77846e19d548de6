"""What people type to relate tickets to each other, and to do one thing to many."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from core.accounts.models import User
from core.common.vocabulary import Role
from tickets.forms import ResolveForm


def desk_people() -> QuerySet[User]:
    """Who works on tickets."""
    roles = [role for role in Role if role not in (Role.CUSTOMER, Role.INTEGRATION)]
    people = User.objects.filter(is_active=True, role_grants__role__in=roles)
    return people.distinct().order_by("first_name", "last_name")


class MergeForm(forms.Form):
    into = forms.CharField(
        max_length=40, label="Goes into", help_text="The ticket that stays, such as TKT-12."
    )


class SplitForm(forms.Form):
    entry = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    subject = forms.CharField(max_length=250, label="What it is about, in one line")


class ParentForm(forms.Form):
    parent = forms.CharField(
        max_length=40,
        required=False,
        label="Stands under",
        help_text="A reference such as TKT-12; empty: nothing.",
    )


class UnlinkForm(forms.Form):
    to = forms.CharField(max_length=40, widget=forms.HiddenInput)


class NameForm(forms.Form):
    person = forms.ModelChoiceField(desk_people(), to_field_name="username", label="Person")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].label_from_instance = lambda user: user.display_name  # type: ignore[attr-defined]


class UnnameForm(forms.Form):
    person = forms.ModelChoiceField(User.objects.all(), to_field_name="username", widget=forms.HiddenInput)


class ResolveFamilyForm(ResolveForm):
    children = forms.BooleanField(required=False, label="Resolve the open tickets below it, too")


class CloseForm(forms.Form):
    children = forms.BooleanField(required=False, label="Close the resolved tickets below it, too")
