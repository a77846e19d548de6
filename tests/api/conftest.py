"""Clients of the API: `api("ana")` calls with a bearer token of that person."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from model_bakery import baker

from catalogue.models import Application, Component, Region, Service
from core.accounts import operations
from core.accounts.api import DeskViewSet
from core.accounts.models import User
from core.common import clock
from core.common.actor import Door, system
from customers.models import Contact, ImpactNote, Organisation, Subscription
from escalation.models import CalendarFeed, PagingChannel
from escalation.paging_rules import Plan
from servicedesk.api import routes
from tests.conftest import person

ROOT = "/api/v1"


class Api:
    """A test client that speaks JSON and carries a token."""

    def __init__(self, token: str | None) -> None:
        self.client = Client(raise_request_exception=True)
        self.token = token

    def call(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> Any:
        content_type = headers.pop("content_type", "application/json")
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        url = path if path.startswith(("http", ROOT)) else ROOT + path
        return self.client.generic(method, url, sent, content_type=content_type, headers=headers)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)


def token_for(name: str, *scopes: str) -> str:
    user = User.objects.filter(username=name).first() or person(name)
    by = system("tests", Door.CLI)
    return operations.create_token(user.username, "tests", scopes=scopes or ("read", "write"), by=by)[1]


@pytest.fixture
def api(db: None) -> Callable[..., Api]:
    """`api("ana")` with a token that reads and writes; `api("ana", "read")` with these scopes; `api(None)` without."""

    def make(name: str | None, *scopes: str) -> Api:
        return Api(token_for(name, *scopes) if name else None)

    return make


@pytest.fixture
def shop(db: None) -> Application:
    """A small catalogue with one customer."""
    shop = Application.objects.create(slug="shop", name="Shop")
    Component.objects.create(application=shop, slug="checkout", name="Checkout")
    Region.objects.create(slug="emea", name="EMEA")
    Service.objects.create(application=shop, slug="orders", name="Orders")
    north = Organisation.objects.create(slug="north", name="North")
    Contact.objects.create(organisation=north, name="Casey Cole", email="casey@north.example")
    return shop


def problem(response: HttpResponse, status: int) -> dict[str, Any]:
    """The problem document of an answer, checked for what every one must have."""
    assert response.status_code == status, (response.status_code, response.content[:500])
    assert response["Content-Type"] == "application/problem+json"
    document = json.loads(response.content)
    assert document["status"] == status
    assert document["type"]
    assert document["title"]
    assert document["detail"]
    return document


@pytest.fixture
def one_of_each(shop: Application) -> dict[str, str]:
    """By the first part of a path: the name of an object that exists, whatever kinds the API has."""
    if not User.objects.filter(username="root").exists():
        person("root")  # whom everything belongs to that belongs to somebody
    names: dict[str, str] = {}
    for prefix, view in routes():
        if issubclass(view, DeskViewSet) and view.model and view.retrieve_route and prefix not in names:
            found = view.model._default_manager.first() or baker.make(view.model, **plausible(view.model))
            names[prefix] = str(getattr(found, view.named_by))
    return names


def plausible(model: type[Model]) -> dict[str, Any]:
    """Values that random ones would break: time zones, and parents, which are those made before."""
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.name in ("zone", "timezone"):
            values[field.name] = "UTC"
        elif field.name in ("minutes", "resolution_minutes"):
            values[field.name] = 5
        elif field.name == "plan":
            values[field.name] = Plan("Any", 1, None, ()).as_json()
        elif field.name == "expires_at":
            values[field.name] = clock.now() + timedelta(days=1)
        elif field.name == "rule" and not field.is_relation:
            values[field.name] = "FREQ=DAILY"
        elif field.many_to_one and not field.null:
            parent = field.related_model
            values[field.name] = parent._default_manager.first() or baker.make(parent, **plausible(parent))
    root = User.objects.filter(username="root").first()
    return values | {
        # What belongs to one of several must belong to one.
        PagingChannel: {"person": root, "transport": "email"},
        CalendarFeed: {"person": root},
        ImpactNote: {"organisation": Organisation.objects.first()},
        Subscription: {"email": "new@firm.example"},
    }.get(model, {})
