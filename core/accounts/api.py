"""The base of every endpoint: who asks, what is known, one operation, one answer.

A viewset of an app says which form is parsed and which operation is called; everything that must hold for
all of them (strict input, visibility, ETag, If-Match, Idempotency-Key, paging) stands here once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.accounts import actors, idempotency
from core.accounts.authentication import HasScope
from core.accounts.models import ApiToken
from core.accounts.permissions import Permission, can, require
from core.common.actor import ANONYMOUS, Actor, Door
from core.common.api import KeysetPagination, Nothing, StrictSerializer, refuse_unknown_parameters, shape_for
from core.common.errors import NotFound, RuleBroken
from core.common.filters import StrictFilterBackend

PAGING = frozenset({"limit", "cursor"})
_ETAG = re.compile(r'(?:W/)?"([^"\x00-\x20\x7f]{0,64})"')

Form = type[StrictSerializer]


class DeskAPIView(APIView):
    """A single endpoint. `request.actor` is the caller; `known` are the query parameters it takes."""

    permission_classes: Sequence[Any] = (HasScope,)
    view_permission: ClassVar[Permission | None] = None
    known: frozenset[str] = frozenset()

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Nobody until proven otherwise; the OpenAPI generator's requests stay that way."""
        opened = super().initialize_request(request, *args, **kwargs)
        opened.actor = ANONYMOUS  # type: ignore[attr-defined]
        return opened

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        request.actor = actor_of(request)  # type: ignore[attr-defined]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if any("\x00" in str(value) for value in kwargs.values()):  # PostgreSQL would not even look it up
            raise NotFound("There is nothing here.")
        self.check_view_permission(request.actor)  # type: ignore[attr-defined]
        if not hasattr(self, (request.method or "").lower()):
            self.http_method_not_allowed(request)  # whatever parameters came along
        refuse_unknown_parameters(request, self.known_parameters())
        if request.method == "POST" and idempotency.HEADER in request.headers:
            self.run_once(request)

    def run_once(self, request: Request) -> None:
        """Put the Idempotency-Key in front of this request's handler."""
        handler = self.post  # type: ignore[attr-defined]

        def post(request: Request, *args: Any, **kwargs: Any) -> Any:
            return idempotency.once(request, lambda: handler(request, *args, **kwargs), self.handle_exception)

        self.post = post

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        response.headers.setdefault("Cache-Control", "no-store")
        return super().finalize_response(request, response, *args, **kwargs)

    def check_view_permission(self, actor: Actor) -> None:
        """Staff without it hear who can; for a customer it does not exist."""
        if self.view_permission is None or can(actor, self.view_permission):
            return
        if actor.is_customer:
            raise NotFound("There is nothing here.")
        require(actor, self.view_permission)

    def known_parameters(self) -> frozenset[str]:
        return self.known

    def query(self, form: Form) -> dict[str, Any]:
        """The query parameters through a serializer; raises ValidationError."""
        context = {"actor": self.request.actor, "from_query": True}
        given = {name: value for name, value in self.request.query_params.items() if name in form().fields}
        serializer = form(data=given, context=context)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def parse(
        self, form: Form, *, partial: bool = False, hints: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """The body through a serializer; raises ValidationError."""
        context = {"actor": self.request.actor, "request": self.request, "hints": hints or {}}
        form = shape_for(form, self.request.actor)
        serializer = form(data=self.request.data, partial=partial, context=context)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


def actor_of(request: Request) -> Actor:
    """The caller of the API, with the roles of now and the scopes of their token."""
    if not request.user.is_authenticated:
        return ANONYMOUS
    scopes = frozenset(request.auth.scopes) if isinstance(request.auth, ApiToken) else None
    return actors.for_user(request.user, door=Door.API, scopes=scopes)


class DeskViewSet(DeskAPIView, viewsets.GenericViewSet):
    """One kind of object. An app gives forms and operations; see `find`, `do_create`, `do_patch`, `verb`."""

    model: ClassVar[type[models.Model] | None] = None
    create_form: ClassVar[Form | None] = None
    patch_form: ClassVar[Form | None] = None
    list_route: ClassVar[bool] = True  # False: neither list nor retrieve, only verbs
    retrieve_route: ClassVar[bool] = True
    delete_route: ClassVar[bool] = False  # True where something is really deleted, see `do_delete`
    action_fields: ClassVar[dict[str, str]] = {}
    ordering_fields: ClassVar[dict[str, str]] = {"created_at": "created_at"}
    ordering: ClassVar[str] = "-created_at"
    related: ClassVar[tuple[str, ...]] = ()
    prefetch: ClassVar[tuple[Any, ...]] = ()
    named_by: ClassVar[str] = "reference"

    lookup_field = lookup_url_kwarg = "ref"
    lookup_value_regex = "[^/]+"
    pagination_class = KeysetPagination
    filter_backends = (StrictFilterBackend,)
    serializer_class: Any = Nothing

    # What an app fills in -----------------------------------------------------------------------------
    def find(self, ref: str, by: Actor) -> Any:
        """One visible object; raises NotFound."""
        raise NotImplementedError

    def do_create(self, data: dict[str, Any], by: Actor) -> Any:
        """Call the operation that makes one."""
        raise NotImplementedError

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> Any:
        """Call the operation that edits one; `version` is what the caller has seen, or None."""
        raise NotImplementedError

    def do_delete(self, ref: str, version: int | None, by: Actor) -> None:
        """Call the operation that deletes one; `version` is what the caller has seen, or None."""
        raise NotImplementedError

    def rows(self, by: Actor) -> models.QuerySet[Any]:
        """What the list holds for the caller."""
        assert self.model is not None
        return self.model._default_manager.all().visible_to(by)  # type: ignore[attr-defined]

    # The five basic endpoints -------------------------------------------------------------------------
    def list(self, request: Request) -> Response:
        queryset = self.filter_queryset(self.get_queryset())
        return self.page_of(queryset, self.serializer_class)

    def create(self, request: Request) -> Response:
        assert self.create_form is not None
        made = self.do_create(self.parse(self.create_form, hints=self.hints()), request.actor)
        location = request.build_absolute_uri(f"{request.path}{getattr(made, self.named_by)}/")
        return self.answer(made, status=status.HTTP_201_CREATED, headers={"Location": location})

    def retrieve(self, request: Request, ref: str) -> Response:
        return self.answer(self.find(ref, request.actor))

    def partial_update(self, request: Request, ref: str) -> Response:
        assert self.patch_form is not None
        request.data  # noqa: B018 - what cannot be read at all is refused first
        self.find(ref, request.actor)  # then what the caller may not see, whatever the body says
        data = self.parse(self.patch_form, partial=True, hints=self.hints())
        return self.answer(self.do_patch(ref, data, expected_version(request), request.actor))

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, ref: str) -> Response:
        """Delete it. If-Match refuses what was changed since it was read."""
        self.do_delete(ref, expected_version(request), request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    # Shared machinery ---------------------------------------------------------------------------------
    @property
    def is_main_list(self) -> bool:
        return self.action == "list"

    def known_parameters(self) -> frozenset[str]:
        if self.is_main_list:
            filterset = getattr(self, "filterset_class", None)
            return PAGING | {"ordering"} | frozenset(filterset.base_filters if filterset else ())
        return getattr(getattr(self, self.action or "", None), "known", frozenset())

    def get_queryset(self) -> models.QuerySet[Any]:
        if self.model is None:
            raise exceptions.NotFound
        return self.rows(self.request.actor).select_related(*self.related).prefetch_related(*self.prefetch)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "actor": self.request.actor}

    def answer(
        self, obj: Any, form: Any = None, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        """The object as it is now, in `form` or as this kind is shown, with its version as ETag."""
        headers = dict(headers or {})
        if hasattr(obj, "version"):
            headers["ETag"] = f'"{obj.version}"'
        return Response(self.shown(obj, form or self.serializer_class), status=status, headers=headers)

    def page_of(self, queryset: models.QuerySet[Any], form: Any) -> Response:
        rows = self.paginate_queryset(queryset)
        return self.get_paginated_response(self.shown(rows, form, many=True))

    def shown(self, what: Any, form: Any, *, many: bool = False) -> Any:
        """The data as this caller may see it."""
        context = self.get_serializer_context()
        return shape_for(form, context["actor"])(what, many=many, context=context).data

    def hints(self) -> dict[str, str]:
        """A better sentence than "no such field" for what an action changes, or what is only answered."""
        shown = self.serializer_class().fields
        read_only = {name: "This field is read-only." for name in shown}
        actions = {
            name: f"This field is not written directly: use {what}."
            for name, what in self.action_fields.items()
        }
        return read_only | actions


def expected_version(request: Request) -> int | None:
    """The version in If-Match, or None without one. A tag that is none of ours matches no version."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    match = _ETAG.fullmatch(given)
    if not match:
        raise RuleBroken('If-Match takes one ETag as it was answered, for example "3".')
    number = match[1]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0


def verb(
    form: Form = Nothing,
    *,
    entry: Any = None,
    detail: bool = True,
    path: str | None = None,
    status: int | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """POST /things/{ref}/NAME/: parse the body, call one operation, answer.

    The method gets (ref, data, by), or (data, by) with detail=False, and returns what the operation returned.
    Without `entry` the object is answered with 200; with it the entry with 201.
    """
    answered = status or (201 if entry else 200)

    def decorate(method: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(method)
        def handler(self: DeskViewSet, request: Request, ref: str | None = None) -> Response:
            where = () if ref is None else (ref,)
            result = method(self, *where, self.parse(form), request.actor)
            return self.answer(result, entry, status=answered)

        shape = {"request": form if form is not Nothing else None, "filters": False}
        if entry is not None or status is not None:
            shape["responses"] = {answered: entry} if entry else None
        return _routed(handler, method, "post", detail, path, shape)

    return decorate


def listing(
    form: Any, *, ordering: tuple[str, ...] = ("pk",), detail: bool = True, path: str | None = None
) -> Any:
    """GET /things/{ref}/NAME/: a page of the queryset that the method returns for (ref, by)."""

    def decorate(method: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(method)
        def handler(self: DeskViewSet, request: Request, ref: str | None = None) -> Response:
            where = () if ref is None else (ref,)
            self.row_ordering = ordering  # type: ignore[attr-defined]
            return self.page_of(method(self, *where, request.actor), form)

        handler.known = PAGING  # type: ignore[attr-defined]
        return _routed(handler, method, "get", detail, path, {"responses": form(many=True)})

    return decorate


def reading(
    form: Any, *, many: bool = False, params: Form | None = None, detail: bool = True, path: str | None = None
) -> Any:
    """GET /things/{ref}/NAME/: what the method returns for (ref, by), with `params` for (ref, by, query)."""

    def decorate(method: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(method)
        def handler(self: DeskViewSet, request: Request, ref: str | None = None) -> Response:
            where = () if ref is None else (ref,)
            if where and params is not None:
                self.find(ref, request.actor)  # what is not there has no parameters
            asked = () if params is None else (self.query(params),)
            result = method(self, *where, request.actor, *asked)
            return Response(self.shown(result, form, many=many))

        handler.known = frozenset(params().fields) if params else frozenset()  # type: ignore[attr-defined]
        shape = {"responses": form(many=True) if many else form, "parameters": [params] if params else None}
        return _routed(handler, method, "get", detail, path, shape, pagination_class=None)

    return decorate


def _routed(
    handler: Any,
    method: Any,
    http: str,
    detail: bool,
    path: str | None,
    shape: dict[str, Any],
    **options: Any,
) -> Any:
    """The handler as an extra route, described for OpenAPI by `shape` and the method's docstring."""
    described = extend_schema(**shape)(handler)
    name = path or method.__name__
    routed = action(detail=detail, methods=[http], url_path=name, filter_backends=(), **options)(described)
    if hasattr(handler, "known"):
        routed.known = handler.known
    return routed
