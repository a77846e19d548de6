"""The desk's own fields of tickets. Saving calls the operations, so that the trail holds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from catalogue.rules import check_choices
from core.accounts import actors
from core.common.errors import RuleBroken
from tickets.models import CustomField
from tickets.operations import own_fields


class CustomFieldForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = CustomField
        exclude = ["version"]  # noqa: DJ006 - everything else is for people to edit

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        try:
            check_choices(data.get("type", self.instance.type), data.get("choices", self.instance.choices))
        except RuleBroken as broken:
            self.add_error("choices", broken.sentence)
        return data


@admin.register(CustomField)
class CustomFieldAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nothing is deleted: a field is switched off, and the values stay in the tickets."""

    form = CustomFieldForm
    list_display = ("label", "key", "type", "kind", "application", "required", "position", "active")
    list_filter = ("active", "type", "kind")

    def get_readonly_fields(self, request: HttpRequest, obj: CustomField | None = None) -> tuple[str, ...]:
        return own_fields.FIXED if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: CustomField, form: Any, change: bool) -> None:
        by = actors.for_request(request)
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            own_fields.edit_field(CustomField.objects.get(pk=obj.pk), changes, version=None, by=by)
        else:
            obj.pk = own_fields.make_field(form.cleaned_data, by=by).pk
