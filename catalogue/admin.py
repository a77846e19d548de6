from django.contrib import admin

from catalogue.models import Application, Component, Dependency, Question, Region, Service

admin.site.register([Component, Dependency, Region, Service])


class QuestionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Question
    extra = 0
    exclude = ("version",)


@admin.register(Application)
class ApplicationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """An application with its environment questionnaire."""

    inlines = (QuestionInline,)
