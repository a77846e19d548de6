"""Calendars and policies are changed rarely, in Django's admin; clocks are not changed by hand at all."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from core.accounts import actors
from sla import operations
from sla.models import Calendar, Policy


@admin.register(Calendar)
class CalendarAdmin(admin.ModelAdmin):
    list_display = ("name", "zone", "always_open", "holiday_country", "version")
    prepopulated_fields = {"slug": ("name",)}

    def save_model(self, request: HttpRequest, obj: Calendar, form: ModelForm, change: bool) -> None:
        operations.save_calendar(obj, by=actors.for_request(request))


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin):
    list_display = (
        "name", "order", "customer_tier", "kind", "application", "priority", "first_response_minutes",
        "resolution_minutes", "calendar", "active",
    )  # fmt: skip
    list_filter = ("active", "priority", "customer_tier")
    list_select_related = ("application", "calendar")

    def save_model(self, request: HttpRequest, obj: Policy, form: ModelForm, change: bool) -> None:
        operations.save_policy(obj, by=actors.for_request(request))
