"""One filter per kind, for pages and API alike."""

from __future__ import annotations

from catalogue.models import Application, Component, Question, Region, Service
from core.common.filters import CommaChoiceFilter, CommaRefFilter, FlagFilter, SearchFilter, StrictFilterSet


class ApplicationFilter(StrictFilterSet):
    search = SearchFilter("slug", "name", "description")
    public = FlagFilter()

    class Meta:
        model = Application
        fields: list[str] = []


class ComponentFilter(StrictFilterSet):
    search = SearchFilter("slug", "name")
    application = CommaRefFilter(Application)
    layer = CommaChoiceFilter(choices=Component.Layer.choices)

    class Meta:
        model = Component
        fields: list[str] = []


class RegionFilter(StrictFilterSet):
    search = SearchFilter("slug", "name")

    class Meta:
        model = Region
        fields: list[str] = []


class ServiceFilter(StrictFilterSet):
    search = SearchFilter("slug", "name")
    application = CommaRefFilter(Application)

    class Meta:
        model = Service
        fields: list[str] = []


class QuestionFilter(StrictFilterSet):
    search = SearchFilter("key", "text")
    application = CommaRefFilter(Application)
    type = CommaChoiceFilter(choices=Question.Type.choices)
    required = FlagFilter()

    class Meta:
        model = Question
        fields: list[str] = []
