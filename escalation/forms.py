"""What people type on the directory's pages."""

from __future__ import annotations

from typing import Any

from django import forms

from core.accounts.models import User
from core.common.wall_forms import LocalTimesForm, WallField
from escalation.models import Rotation


class TierForm(forms.Form):
    """One tier; `version` is what the reader has seen."""

    name = forms.CharField(max_length=20, help_text="As everybody says it: L4.")
    does = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        label="What it does, and when work goes on to the next",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class OverrideForm(LocalTimesForm):
    """Somebody stands in. Times are those of `zone`; one that its clocks skip or repeat is refused with both."""

    rotation = forms.ModelChoiceField(Rotation.objects.none(), empty_label=None)
    user = forms.ModelChoiceField(User.objects.none(), label="Who stands in", empty_label="Choose")
    instead_of = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Instead of", empty_label="Whoever is on call"
    )
    starts_at = WallField(label="From")
    ends_at = WallField(label="To")
    reason = forms.CharField(required=False, max_length=200, help_text="Others see it on the list: holiday.")

    def __init__(self, *args: Any, rotations: Any, people: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.typed_in = zone
        self.fields["rotation"].queryset = rotations  # type: ignore[attr-defined]
        self.fields["rotation"].label_from_instance = lambda rotation: rotation.name  # type: ignore[attr-defined]
        for name in ("user", "instead_of"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]
            self.fields[name].label_from_instance = lambda person: person.display_name  # type: ignore[attr-defined]
