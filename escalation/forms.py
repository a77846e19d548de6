"""What people type on the directory's pages."""

from __future__ import annotations

from typing import Any

from django import forms

from core.accounts.models import User
from escalation.models import Rotation


class OverrideForm(forms.Form):
    """Somebody stands in. Times are typed in the reader's zone; one that does not exist is refused."""

    rotation = forms.ModelChoiceField(Rotation.objects.none(), empty_label=None)
    user = forms.ModelChoiceField(User.objects.none(), label="Who stands in")
    instead_of = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Instead of", empty_label="Whoever is on call"
    )
    starts_at = forms.DateTimeField(
        label="From", widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    ends_at = forms.DateTimeField(
        label="To", widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    reason = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, rotations: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rotation"].queryset = rotations  # type: ignore[attr-defined]
        for name in ("user", "instead_of"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]
            self.fields[name].label_from_instance = lambda person: person.display_name  # type: ignore[attr-defined]
