from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from catalogue import operations
from catalogue.models import Application, Component, Dependency, Question, Region, Service
from catalogue.rules import check_choices
from core.accounts import actors
from core.common.errors import RuleBroken

admin.site.register([Application, Component, Dependency, Region, Service])


class QuestionForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Question
        exclude = ["version"]  # noqa: DJ006 - everything else is for people to edit

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        try:
            check_choices(data.get("type", self.instance.type), data.get("choices", []))
        except RuleBroken as broken:
            self.add_error("choices", broken.sentence)
        return data


@admin.register(Question)
class QuestionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The environment questionnaire. Saving calls the operations, so that the trail holds."""

    form = QuestionForm
    list_display = ("text", "application", "key", "type", "required", "position")
    list_filter = ("application", "type")

    def get_readonly_fields(self, request: HttpRequest, obj: Question | None = None) -> tuple[str, ...]:
        return ("application", "key") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Question, form: Any, change: bool) -> None:
        by = actors.for_request(request)
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            operations.edit_question(str(obj.pk), changes, by=by)
        else:
            obj.pk = operations.ask(form.cleaned_data, by=by).pk
