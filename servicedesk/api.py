"""The API's addresses: the routes of every app's api.py, and what belongs to no app."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.apps import apps
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import routers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.api import DeskAPIView, DeskViewSet
from core.accounts.permissions import Permission
from core.audit.api import EventOut
from core.audit.filters import EventFilter
from core.audit.models import Event
from core.common.actor import Actor
from core.common.api import StrictSerializer
from core.common.problems import ProblemResponse
from servicedesk.search import SearchView
from tickets.models import Ticket


class MeOut(StrictSerializer):
    username = serializers.CharField()
    name = serializers.CharField(source="display_name")
    email = serializers.CharField()
    timezone = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    scopes = serializers.ListField(child=serializers.CharField(), allow_null=True)


class MeView(DeskAPIView):
    """Who the caller is, and what the token may do (`scopes` is null in a session)."""

    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        actor, user = request.actor, request.user
        scopes = None if actor.scopes is None else sorted(actor.scopes)
        facts = {name: getattr(user, name) for name in ("username", "display_name", "email", "timezone")}
        return Response(MeOut({**facts, "roles": sorted(actor.roles), "scopes": scopes}).data)


class AuditViewSet(DeskViewSet):
    """The audit trail: every state change, who made it, when, through which door. It cannot be edited."""

    model = Event
    view_permission = Permission.READ_AUDIT
    serializer_class = EventOut
    filterset_class = EventFilter
    ordering_fields = {"at": "pk"}
    ordering = "-at"
    retrieve_route = False

    def rows(self, by: Actor) -> QuerySet[Event]:
        """All but what happened on confidential tickets that do not name the reader."""
        hidden = Ticket.objects.filter(confidential=True).exclude(
            pk__in=Ticket.objects.visible_to(by).values("pk")
        )
        return Event.objects.exclude(subject_kind=Ticket.SUBJECT, subject_id__in=hidden.values("pk"))


class DeskRouter(routers.SimpleRouter):
    """Routes only what a viewset offers: no form, no route; PUT never, so `update` is free as a verb."""

    routes: ClassVar[list[Any]] = [
        route._replace(mapping={http: name for http, name in route.mapping.items() if http != "put"})
        if isinstance(route, routers.Route)
        else route
        for route in routers.SimpleRouter.routes
    ]

    def get_method_map(self, viewset: Any, method_map: dict[str, str]) -> dict[str, str]:
        offered = {
            "list": viewset.list_route,
            "retrieve": viewset.list_route and viewset.retrieve_route,
            "create": viewset.create_form is not None,
            "partial_update": viewset.patch_form is not None,
            "destroy": viewset.delete_route,
        }
        bound = super().get_method_map(viewset, method_map)
        return {http: name for http, name in bound.items() if offered.get(name, True)}


def routes() -> Iterator[tuple[str, Any]]:
    """The ROUTES of every installed app that has an api.py."""
    for config in apps.get_app_configs():
        name = f"{config.name}.api"
        if config.name != "servicedesk" and find_spec(name):
            yield from getattr(import_module(name), "ROUTES", ())


@method_decorator(csp_update({"style-src": [UNSAFE_INLINE]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """A page to try the API. The only one whose policy allows inline style."""


def nothing_here(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """404 for an address that is none, as a problem document."""
    return ProblemResponse(404, f"The API has no {request.path}; addresses end with a slash.")


def _urls() -> list[Any]:
    router = DeskRouter()
    views = []
    for number, (prefix, view) in enumerate(
        [*routes(), ("audit", AuditViewSet), ("me", MeView), ("search", SearchView)]
    ):
        if issubclass(view, DeskViewSet):
            router.register(prefix, view, basename=f"api-{prefix}-{number}")
        else:
            address = prefix if "." in prefix else f"{prefix}/"  # a file's name takes no slash
            views.append(path(address, view.as_view(), name=f"api-{prefix}"))
    return [
        path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
        path("docs/", DocsView.as_view(url_name="api-schema"), name="api-docs"),
        *views,
        *router.urls,
        re_path(r"^.*$", nothing_here),
    ]


urlpatterns = _urls()
