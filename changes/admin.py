from django.contrib import admin

from changes.models import Freeze


@admin.register(Freeze)
class FreezeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "starts_at", "ends_at")
    filter_horizontal = ("applications",)
