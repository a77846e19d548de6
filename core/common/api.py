"""What every endpoint of the API stands on: parsing, fields, serializers, paging. Nothing of the domain."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, NoReturn
from zoneinfo import available_timezones

from django.core.validators import MaxLengthValidator
from django.db import models
from django.http import Http404
from drf_spectacular.drainage import set_override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, negotiation, pagination, parsers, renderers, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from core.common import paging
from core.common.errors import NotFound
from core.common.ids import number_of

BODY_LIMIT = 1_000_000  # bytes (PROMISES section 2)
DEPTH_LIMIT = 32
TEXT_LIMIT = 65_536  # characters
LINE_LIMIT = 255
LIST_LIMIT = 200
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
ALWAYS_KNOWN = frozenset({"format"})

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE_BREAK = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {BODY_LIMIT:,} bytes."


class StrictJSONParser(parsers.BaseParser):
    """JSON that every database can store: UTF-8, at most 1 MB and 32 levels, no NUL, no half characters."""

    media_type = "application/json"
    renderer_class = renderers.JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        raw = stream.read(BODY_LIMIT + 1)
        if len(raw) > BODY_LIMIT:
            raise BodyTooLarge
        return parse_json(raw)


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text; raises ParseError (400) that says what is wrong with it."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise exceptions.ParseError("The body is not UTF-8.") from error
    except RecursionError as error:
        raise exceptions.ParseError(_TOO_DEEP) from error
    except ValueError as error:
        raise exceptions.ParseError(f"The body is not valid JSON: {error}") from error
    _check(value)
    return value


_TOO_DEEP = f"The body is nested deeper than {DEPTH_LIMIT} levels."


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _check(value: Any) -> None:
    """Walk without recursion: the depth is the sender's to choose."""
    pending = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if isinstance(item, dict | list):
            if depth > DEPTH_LIMIT:
                raise exceptions.ParseError(_TOO_DEEP)
            inner = [*item.keys(), *item.values()] if isinstance(item, dict) else item
            pending.extend((below, depth + 1) for below in inner)
        elif isinstance(item, str):
            if "\x00" in item or _SURROGATE.search(item):
                raise exceptions.ParseError(
                    "The body holds a NUL or half a surrogate pair, which is no text."
                )
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise exceptions.ParseError("The body holds a number too large to be finite.")
        elif isinstance(item, int) and abs(item) > paging.LARGEST_INTEGER:
            raise exceptions.ParseError("The body holds a whole number beyond 64 bits.")


class Negotiation(negotiation.DefaultContentNegotiation):
    """An unknown ?format= is bad input like any other."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:
        try:
            return super().filter_renderers(renderers, format)
        except Http404 as error:
            raise exceptions.ValidationError({"format": ["This format is not offered."]}) from error


class Text(serializers.CharField):
    """Text as typed. One line of up to 255 characters, or with `long` up to 64 KB with line breaks."""

    def __init__(self, *, long: bool = False, **kwargs: Any) -> None:
        self.long = long
        kwargs.setdefault("max_length", TEXT_LIMIT if long else LINE_LIMIT)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(data)
        if _CONTROL.search(text):
            raise exceptions.ValidationError("Control characters are not text.")
        if not self.long and _LINE_BREAK.search(text):
            raise exceptions.ValidationError("This is one line; it cannot hold a line break.")
        return text


class Slug(serializers.SlugField):
    """A name for addresses: small letters, digits, dashes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=50, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Zone(Text):
    """The name of a time zone, as Europe/Paris."""

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in available_timezones():
            raise exceptions.ValidationError("A time zone has a name as Europe/Paris or UTC.")
        return name


class Number(serializers.IntegerField):
    """A whole number, not a text that looks like one; within 32 bits unless told otherwise."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        kwargs.setdefault("max_value", 2**31 - 1)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        from_query = isinstance(data, str) and self.context.get("from_query")
        if not from_query and (not isinstance(data, int) or isinstance(data, bool)):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """true or false, nothing that resembles them."""

    def to_internal_value(self, data: Any) -> bool:
        if self.context.get("from_query") and data in ("true", "false"):
            return data == "true"
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class UtcDateTime(serializers.DateTimeField):
    """A moment as ISO 8601; answered in UTC with Z. One without an offset is taken as UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if not EARLIEST <= moment < LATEST:
            raise exceptions.ValidationError(f"The year must lie from {EARLIEST.year} to {LATEST.year - 1}.")
        return moment


class OptionalChoice(serializers.ChoiceField):
    """One of the choices, or null where the column holds an empty text."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, allow_null=True, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return "" if value is None else value

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) if value else None


@extend_schema_field(OpenApiTypes.STR)
class Named(serializers.SlugRelatedField):
    """Answers a related object by its name: Named("slug"), Named("username"), Named("reference")."""

    def __init__(self, slug_field: str = "slug", **kwargs: Any) -> None:
        super().__init__(slug_field, read_only=True, **kwargs)


@extend_schema_field(OpenApiTypes.STR)
class Ref(serializers.Field):
    """Takes the name of a related object and gives the object: Ref(Team, "slug"), Ref(Ticket, "reference").

    What the caller may not see is as unknown as what does not exist: models whose manager has `visible_to`
    are asked through it.
    """

    default_error_messages = {
        "type": "Name one by its {by}, as text.",
        "unknown": "There is no {kind} “{value}”.",
    }

    def __init__(self, source_of: Any, by: str = "slug", **kwargs: Any) -> None:
        self.source_of, self.by = source_of, by
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or len(data) > LINE_LIMIT:
            self.fail("type", by=self.by)
        queryset = self.queryset()
        found = find_named(queryset, self.by, data)
        if found is None:
            self.fail("unknown", kind=queryset.model._meta.verbose_name, value=data)
        return found

    def to_representation(self, value: Any) -> Any:
        return getattr(value, self.by)

    def queryset(self) -> models.QuerySet[Any]:
        return visible(self.source_of, self.context.get("actor"))


@extend_schema_field(OpenApiTypes.INT)
class RefById(Ref):
    """Takes the id of a related object that has no better name."""

    default_error_messages = {"type": "Name one by its id, a whole number."}

    def __init__(self, source_of: Any, **kwargs: Any) -> None:
        super().__init__(source_of, "pk", **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("type")
        queryset = self.queryset()
        found = queryset.filter(pk=data).first() if 0 < data <= paging.LARGEST_INTEGER else None
        if found is None:
            self.fail("unknown", kind=queryset.model._meta.verbose_name, value=data)
        return found


class RefList(serializers.ListField):
    """Several related objects by name, each once."""

    def __init__(self, source_of: Any, by: str = "slug", **kwargs: Any) -> None:
        super().__init__(child=Ref(source_of, by), max_length=LIST_LIMIT, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        return list(dict.fromkeys(super().to_internal_value(data)))

    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation(data.all() if hasattr(data, "all") else data)


def visible(source_of: Any, actor: Any) -> models.QuerySet[Any]:
    """The rows of a model or queryset that the actor may see."""
    queryset = source_of.all() if isinstance(source_of, models.QuerySet) else source_of._default_manager.all()
    if actor is not None and hasattr(queryset, "visible_to"):
        return queryset.visible_to(actor)
    return queryset


def find_named(queryset: models.QuerySet[Any], by: str, name: str) -> Any | None:
    """One object by slug, username or reference; None when there is none."""
    if by == "reference":
        try:
            return queryset.filter(pk=number_of(name, queryset.model.PREFIX)).first()
        except NotFound:
            return None
    return queryset.filter(**{by: name}).first()


class StrictSerializer(serializers.Serializer):
    """Refuses what it does not know, naming it; texts are never longer than 64 KB.

    `hints` in the context holds a better sentence for some names ("status": "Use resolve...").
    `for_customers` is the serializer that customers get in its place: an allow-list of its own.
    """

    for_customers: ClassVar[type[StrictSerializer] | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Name the OpenAPI component after its app, so that two apps may both have a Reason."""
        super().__init_subclass__(**kwargs)
        app = cls.__module__.removeprefix("core.").split(".")[0]
        set_override(cls, "component_name", f"{app.title()}{cls.__name__}")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            if isinstance(field, serializers.CharField) and not field.read_only and field.max_length is None:
                field.validators = [*field.validators, MaxLengthValidator(TEXT_LIMIT)]
        return fields

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        if isinstance(data, Mapping):
            hints = self.context.get("hints", {})
            for name in data:
                if name not in self.fields:
                    errors[name] = [hints.get(name, "There is no such field.")]
                elif self.fields[name].read_only:
                    errors[name] = [hints.get(name, "This field is read-only.")]
        try:
            value = super().to_internal_value(data)
        except exceptions.ValidationError as error:
            if not errors:
                raise
            errors = {**error.detail, **errors} if isinstance(error.detail, dict) else errors
        if errors:
            raise exceptions.ValidationError(errors)
        return value


def shape_for(form: Any, actor: Any) -> Any:
    """The serializer that this actor gets."""
    other = getattr(form, "for_customers", None)
    return other if other is not None and actor is not None and actor.is_customer else form


class Nothing(StrictSerializer):
    """The body of an action that needs none."""


class KeysetPagination(pagination.BasePagination):
    """`?limit=`, `?cursor=` and `?ordering=` from the view's allow-list, answered in the documented envelope."""

    page: paging.Page
    request: Request

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.page = paging.page(
            queryset,
            ordering=ordering_of(request, view),
            cursor=request.query_params.get("cursor") or None,
            limit=limit_of(request),
        )
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        page = self.page
        return Response(
            {
                "count": page.count,
                "next": self.link(page.next),
                "previous": self.link(page.previous),
                "results": data,
            }
        )

    def link(self, cursor: str | None) -> str | None:
        """The address of a neighbouring page: the same request with another cursor."""
        if cursor is None:
            return None
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": ["integer", "null"], "description": "null beyond 1,000"},
                "next": link,
                "previous": link,
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        found = [
            _parameter(
                "limit",
                "rows a page",
                {"type": "integer", "minimum": 1, "maximum": paging.MOST, "default": 50},
            ),
            _parameter("cursor", "from the `next` or `previous` of a page", {"type": "string"}),
        ]
        if allowed := orderings(view):
            found.append(_parameter("ordering", "how to sort", {"type": "string", "enum": allowed}))
        return found


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def orderings(view: Any) -> list[str]:
    """The values that ?ordering= may take on this list."""
    if not getattr(view, "is_main_list", False):
        return []
    return [sign + name for name in view.ordering_fields for sign in ("", "-")]


def ordering_of(request: Request, view: Any) -> tuple[str, ...]:
    """The ORM ordering asked for, out of the view's allow-list; raises ValidationError."""
    if not getattr(view, "is_main_list", False):
        return tuple(getattr(view, "row_ordering", ("pk",)))
    wanted = request.query_params.get("ordering") or view.ordering
    found = []
    for name in wanted.split(",")[:4]:
        bare = name.removeprefix("-")
        if bare not in view.ordering_fields:
            allowed = ", ".join(view.ordering_fields)
            raise exceptions.ValidationError(
                {"ordering": [f"One can order by {allowed}; with - the other way."]}
            )
        found.append(("-" if name.startswith("-") else "") + view.ordering_fields[bare])
    if len(set(map(_bare, found))) < len(found):
        raise exceptions.ValidationError({"ordering": ["Name each field once."]})
    return tuple(found)


def _bare(name: str) -> str:
    return name.removeprefix("-")


def limit_of(request: Request) -> int:
    """How many rows a page; raises ValidationError outside 1 to 200."""
    text = request.query_params.get("limit")
    if text is None or text == "":
        return paging.DEFAULT_LIMIT
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or not 1 <= int(text) <= paging.MOST:
        raise exceptions.ValidationError({"limit": [f"A whole number from 1 to {paging.MOST}."]})
    return int(text)


def refuse_unknown_parameters(request: Request, known: set[str] | frozenset[str]) -> None:
    """400 for a query parameter that this endpoint does not know, holds a NUL, or stands twice."""
    errors: dict[str, list[str]] = {}
    for name, values in request.query_params.lists():
        if name not in known | ALWAYS_KNOWN:
            offered = ", ".join(sorted(known)) or "none"
            errors[name[:100]] = [f"There is no such parameter here. Known: {offered}."]
        elif len(values) > 1:
            errors[name] = ["This parameter stands twice; several values go into one, with commas."]
        elif "\x00" in values[0] or len(values[0]) > paging.LONGEST_CURSOR:
            errors[name] = ["This value cannot be read."]
    if errors:
        raise exceptions.ValidationError(errors)
