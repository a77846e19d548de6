"""Rarely changed data of the directory. Saving calls the operations, so that the trail and the past hold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from core.accounts import actors
from core.accounts.models import User
from core.common import clock
from core.common.errors import RuleBroken
from core.common.vocabulary import Area, Role
from escalation import operations, review_rules, rules
from escalation.models import Rotation, Team

PEOPLE = User.objects.exclude(role_grants__role=Role.CUSTOMER)


class TeamForm(forms.ModelForm):
    members = forms.ModelMultipleChoiceField(PEOPLE, required=False)
    areas = forms.MultipleChoiceField(choices=Area.choices, required=False)
    portal_url = forms.URLField(max_length=300, required=False, assume_scheme="https")

    class Meta:
        model = Team
        exclude = ["version", "reviewed_at", "next_chase_at"]  # noqa: DJ006 - everything else is for people to edit

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["review_due"].initial = review_rules.next_due(clock.now().date())


class RotationForm(forms.ModelForm):
    people = forms.CharField(help_text="User names in the order of their turns: eli, lea.")

    class Meta:
        model = Rotation
        exclude = ["version"]  # noqa: DJ006 - everything else is for people to edit

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            turns = self.instance.turns.select_related("user")
            self.fields["people"].initial = ", ".join(turn.user.username for turn in turns)

    def clean_people(self) -> list[User]:
        names = [name.strip() for name in self.cleaned_data["people"].split(",") if name.strip()]
        known = {user.username: user for user in PEOPLE.filter(username__in=names)}
        if unknown := [name for name in names if name not in known]:
            raise forms.ValidationError(f"Nobody is called {', '.join(unknown)}.")
        return [known[name] for name in names]

    def clean_restrictions(self) -> Any:
        try:
            rules.parse_restrictions(self.cleaned_data["restrictions"])
        except RuleBroken as broken:
            raise forms.ValidationError(broken.sentence) from broken
        return self.cleaned_data["restrictions"]


class OperatedAdmin(admin.ModelAdmin):
    """Saves through the operations and deletes nothing: entries are switched off by `active`."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The operation has written everything already."""


@admin.register(Team)
class TeamAdmin(OperatedAdmin):
    form = TeamForm
    list_display = ["name", "tier", "lead", "is_vendor", "active", "review_due"]
    list_filter = ["tier", "active", "is_vendor"]
    search_fields = ["name", "scope", "keywords"]
    prepopulated_fields = {"slug": ["name"]}
    filter_horizontal = ["components"]

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        by = actors.for_request(request)
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            operations.edit_team(form.initial["slug"], changes=changes, by=by)
        else:
            obj.pk = operations.create_team(**form.cleaned_data, by=by).pk


@admin.register(Rotation)
class RotationAdmin(OperatedAdmin):
    form = RotationForm
    list_display = ["team", "name", "step", "period", "handoff_weekday", "handoff_time", "zone", "active"]
    list_filter = ["active", "period"]

    def save_model(self, request: HttpRequest, obj: Rotation, form: Any, change: bool) -> None:
        by = actors.for_request(request)
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            operations.edit_rotation(obj.pk, changes=changes, by=by)
        else:
            obj.pk = operations.create_rotation(**form.cleaned_data, by=by).pk
