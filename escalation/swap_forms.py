"""What is typed to have a shift taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from core.accounts.models import User
from core.common.wall_forms import LocalTimesForm, WallField
from escalation.models import Shift


class SwapForm(LocalTimesForm):
    """One shift to somebody or to anybody of the team; the whole of it where no times are typed.

    Times are those of the reader.

    `returns` are the shifts that can be wished for in return, from the person whose they are.
    """

    asked_of = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Ask", empty_label="Anybody of the team"
    )
    in_return = forms.ChoiceField(
        required=False, label="Take in return", help_text="Asks the person whose shift it is."
    )
    starts_at = WallField(required=False, label="Only from")
    ends_at = WallField(required=False, label="Only until")
    note = forms.CharField(required=False, max_length=200, help_text="Why, or what you offer for it.")

    def __init__(
        self, *args: Any, shift: Shift, people: Any, returns: Sequence[Shift], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.typed_in = timezone.get_current_timezone_name()
        self.shift, self.returns = shift, {str(other.pk): other for other in returns}
        self.fields["asked_of"].queryset = people  # type: ignore[attr-defined]
        self.fields["asked_of"].label_from_instance = lambda person: person.display_name  # type: ignore[attr-defined]
        self.fields["in_return"].choices = [  # type: ignore[attr-defined]
            ("", "Nothing"),
            *((key, _words(other)) for key, other in self.returns.items()),
        ]

    def clean(self) -> dict[str, Any]:
        typed = super().clean()
        other = self.returns.get(typed.get("in_return", ""))
        asked_of = typed.get("asked_of")
        if other is not None and asked_of not in (None, other.user):
            self.add_error(
                "in_return",
                f"This shift is {other.user.display_name}'s: ask them, or take another in return.",
            )
        return {
            "starts_at": typed.get("starts_at") or self.shift.starts_at,
            "ends_at": typed.get("ends_at") or self.shift.ends_at,
            "asked_of": other.user if other else asked_of,
            "return_starts_at": other.starts_at if other else None,
            "return_ends_at": other.ends_at if other else None,
            "note": typed.get("note", ""),
        }


def _words(shift: Shift) -> str:
    return f"{shift.user.display_name}: {_moment(shift.starts_at)} to {_moment(shift.ends_at)}"


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local:%a} {local.day} {local:%b %H:%M}"
