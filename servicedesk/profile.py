"""How the desk looks and behaves for the one who is signed in."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.accounts import operations
from core.common import clock
from core.common.web import act
from escalation import standing


class ProfileForm(forms.Form):
    timezone = forms.ChoiceField(label="Time zone", help_text="Times on your pages are in this zone.")
    shortcuts = forms.BooleanField(
        required=False,
        label="Single keys act",
        help_text="Off: only Ctrl K and Ctrl Enter remain, for speech input and unsteady hands.",
    )
    theme = forms.ChoiceField(
        choices=[("", "As the system"), ("light", "Light"), ("dark", "Dark")], required=False
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
        self.fields["timezone"].choices = [(name, name) for name in ["UTC", *names]]  # type: ignore[attr-defined]


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Zone, keys and theme."""
    if request.method == "GET":
        user = request.user
        start = {name: getattr(user, name) for name in ("timezone", "shortcuts", "theme")}
        return _page(request, ProfileForm(initial=start))
    return act(
        request,
        ProfileForm(request.POST),
        lambda data: operations.edit_profile(**data, by=request.actor),  # type: ignore[attr-defined]
        done=lambda user: _done(request),
        again=lambda form, status: _page(request, form, status),
    )


def _done(request: HttpRequest) -> HttpResponse:
    messages.success(request, "Profile saved.")
    return redirect("/accounts/profile/?saved=1")


def _page(request: HttpRequest, form: forms.Form, status: int = 200) -> HttpResponse:
    found = standing.of(request.actor, clock.now())  # type: ignore[attr-defined]
    return render(request, "servicedesk/profile.html", {"form": form, "standing": found}, status=status)
