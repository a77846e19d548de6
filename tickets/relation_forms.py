"""What people type to relate tickets to each other, and to do one thing to many."""

from __future__ import annotations

from django import forms

from tickets.forms import ResolveForm


class MergeForm(forms.Form):
    into = forms.CharField(max_length=40, label="Goes into", help_text="The ticket that stays, such as TKT-12.")


class SplitForm(forms.Form):
    entry = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    subject = forms.CharField(max_length=250, label="What it is about, in one line")


class ParentForm(forms.Form):
    parent = forms.CharField(
        max_length=40, required=False, label="Stands under", help_text="A reference such as TKT-12; empty: nothing."
    )


class UnlinkForm(forms.Form):
    to = forms.CharField(max_length=40, widget=forms.HiddenInput)


class ResolveFamilyForm(ResolveForm):
    children = forms.BooleanField(required=False, label="Resolve the open tickets below it, too")


class CloseForm(forms.Form):
    children = forms.BooleanField(required=False, label="Close the resolved tickets below it, too")
