"""Filters with one meaning for the page and the API: "open,waiting" is any of them, unknown values are errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from functools import cached_property, reduce
from operator import or_
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions

from core.common.api import EARLIEST, LATEST, find_named, visible

NOTHING = "none"
MYSELF = "me"
MOST_VALUES = 50
LONGEST_SEARCH = 200


class StrictFilterSet(django_filters.FilterSet):
    """Base of every FilterSet. One definition serves the HTML list and the API list.

    Unknown parameter names are refused by the API view, which knows the paging parameters too.
    """

    @property
    def actor(self) -> Any:
        """Who asks; None outside a request."""
        return getattr(self.request, "actor", None)


class StrictFilterBackend(DjangoFilterBackend):
    """400 with the parameter's name when a value cannot be used."""

    def filter_queryset(self, request: Any, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():  # the stock translation of errors trips over a percent sign in a value
            raise exceptions.ValidationError({name: list(texts) for name, texts in filterset.errors.items()})
        return filterset.qs


class CommaWidget(forms.TextInput):
    """Takes status=open,waiting as well as the repeated parameter of a multiple select."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        values = data.getlist(name) if hasattr(data, "getlist") else [data[name]] if name in data else []
        return ",".join(str(value) for value in values) or None


class CommaField(forms.Field):
    """A comma list; each part is turned into its value by `parse`, which raises ValidationError."""

    widget = CommaWidget

    def __init__(self, *, parse: Callable[[str], Any], **kwargs: Any) -> None:
        self.parse = parse
        super().__init__(**kwargs)

    def clean(self, value: Any) -> list[Any]:
        parts = [part.strip() for part in (value or "").split(",") if part.strip()]
        if len(parts) > MOST_VALUES:
            raise ValidationError(f"At most {MOST_VALUES} values.")
        return list(dict.fromkeys(self.parse(part) for part in parts))


class CommaFilter(django_filters.Filter):
    """Any of several values."""

    @cached_property
    def field(self) -> forms.Field:  # the base class makes it once per filter set, too
        return CommaField(parse=self.parse, required=False, label=self.label)

    def parse(self, text: str) -> Any:
        return text

    def filter(self, qs: QuerySet[Any], value: list[Any]) -> QuerySet[Any]:
        if not value:
            return qs
        found = qs.filter(reduce(or_, self.conditions(value)))
        return found.distinct() if self.distinct else found

    def conditions(self, values: list[Any]) -> Iterable[Q]:
        named = [value for value in values if value is not None]
        if named:
            yield Q(**{f"{self.field_name}__in": named})
        if None in values:
            yield Q(**{f"{self.field_name}__isnull": True})


@extend_schema_field(
    {"type": "string", "description": "one or several of the values, with commas: any of them"}
)
class CommaChoiceFilter(CommaFilter):
    """status=open,waiting. `nullable` adds the value "none". Empty text in a column counts as none, too."""

    def __init__(self, *args: Any, choices: Any, nullable: bool = False, **kwargs: Any) -> None:
        self.choices, self.nullable = choices, nullable
        super().__init__(*args, **kwargs)

    def parse(self, text: str) -> Any:
        if self.nullable and text == NOTHING:
            return None
        known = {str(value): value for value, _ in self.choices if value not in ("", None)}
        if text not in known:
            raise ValidationError(f"“{text[:100]}” is none of {', '.join(known)}.")
        return known[text]

    def conditions(self, values: list[Any]) -> Iterable[Q]:
        yield from super().conditions(values)
        if None in values and self._is_text():
            yield Q(**{self.field_name: ""})

    def _is_text(self) -> bool:
        return any(isinstance(value, str) and value for value, _ in self.choices)


@extend_schema_field({"type": "string", "description": "one or several names, with commas: any of them"})
class CommaRefFilter(CommaFilter):
    """team=payments,networks. People may say "me"; `nullable` adds the value "none"."""

    def __init__(
        self, source_of: Any, by: str = "slug", *args: Any, nullable: bool = False, **kwargs: Any
    ) -> None:
        self.source_of, self.by, self.nullable = source_of, by, nullable
        super().__init__(*args, **kwargs)

    def parse(self, text: str) -> Any:
        actor = getattr(getattr(self, "parent", None), "actor", None)
        if self.nullable and text == NOTHING:
            return None
        if self.by == "username" and text == MYSELF and actor is not None:
            return actor.user_id
        queryset = visible(self.source_of, actor)
        found = find_named(queryset, self.by, text) if len(text) <= 255 and "\x00" not in text else None
        if found is None:
            raise ValidationError(f"There is no {queryset.model._meta.verbose_name} “{text[:100]}”.")
        return found.pk


@extend_schema_field(
    {"type": "string", "description": "one or several whole numbers, with commas: any of them"}
)
class CommaNumberFilter(CommaFilter):
    """tier=2,3."""

    def parse(self, text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise ValidationError(f"“{text[:100]}” is no whole number that can stand here.")
        return int(text)


@extend_schema_field(OpenApiTypes.INT)
class AtLeastFilter(django_filters.Filter):
    """reopened_min=1: that many or more."""

    field_class = forms.IntegerField

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name=field_name, lookup_expr="gte", min_value=0, max_value=10_000, **kwargs)


@extend_schema_field(OpenApiTypes.BOOL)
class FlagFilter(django_filters.Filter):
    """confidential=true."""

    @cached_property
    def field(self) -> forms.Field:
        return forms.TypedChoiceField(
            choices=[("true", "yes"), ("false", "no")],
            coerce=lambda text: text == "true",
            empty_value=None,
            required=False,
            label=self.label,
        )


class MomentField(forms.Field):
    """An ISO 8601 moment or date; without an offset it is UTC."""

    def clean(self, value: Any) -> datetime | None:
        if not value:
            return None
        text = str(value).strip().replace(" ", "+")  # a plus sign that nobody escaped arrives as a blank
        try:
            moment = datetime.fromisoformat(text) if "T" in text else _midnight(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError("A moment as in 2026-11-21T09:30:00Z, or a date.") from error
        if not EARLIEST <= moment < LATEST:
            raise ValidationError(f"The year must lie from {EARLIEST.year} to {LATEST.year - 1}.")
        return moment


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), tzinfo=UTC)


@extend_schema_field(OpenApiTypes.DATETIME)
class AfterFilter(django_filters.Filter):
    """created_after: at that moment or later."""

    field_class = MomentField

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name=field_name, lookup_expr="gte", **kwargs)


@extend_schema_field(OpenApiTypes.DATETIME)
class BeforeFilter(django_filters.Filter):
    """created_before: earlier than that moment."""

    field_class = MomentField

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name=field_name, lookup_expr="lt", **kwargs)


@extend_schema_field(OpenApiTypes.STR)
class SearchFilter(django_filters.CharFilter):
    """search=word over a few columns of a small table. Work items search through core.search instead."""

    def __init__(self, *paths: str, **kwargs: Any) -> None:
        self.paths = paths
        super().__init__(max_length=LONGEST_SEARCH, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        for word in (value or "").split()[:10]:
            qs = qs.filter(reduce(or_, (Q(**{f"{path}__icontains": word}) for path in self.paths)))
        return qs
