"""The fixed cast: the demo's people, as small as tests need them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from core.accounts import actors
from core.accounts.models import RoleGrant, User
from core.audit import append_only
from core.common.actor import Actor, Door
from core.common.vocabulary import Role

CAST: dict[str, tuple[str, list[Role]]] = {
    "ana": ("Ana Alves", [Role.ANALYST]),
    "eli": ("Eli Engel", [Role.ENGINEER]),
    "lea": ("Lea Lind", [Role.ENGINEER]),
    "ira": ("Ira Ivers", [Role.INCIDENT_COMMANDER, Role.ENGINEER]),
    "cho": ("Cho Chen", [Role.CHANGE_MANAGER]),
    "pia": ("Pia Petit", [Role.PROBLEM_MANAGER]),
    "max": ("Max Moreau", [Role.MANAGER]),
    "kim": ("Kim Kwan", [Role.ACCOUNT_MANAGER]),
    "root": ("Rut Root", [Role.ADMIN]),
    "casey": ("Casey Cole", [Role.CUSTOMER]),
    "drew": ("Drew Dahl", [Role.CUSTOMER]),
}
APPEND_ONLY_TABLES = ["audit_event"]


def person(name: str) -> User:
    label, roles = CAST[name]
    first, last = label.split()
    user = User.objects.create(
        username=name, first_name=first, last_name=last, email=f"{name}@desk.example", is_staff=name == "root"
    )
    RoleGrant.objects.bulk_create([RoleGrant(user=user, role=role) for role in roles])
    return user


def _fixture(name: str) -> Any:
    @pytest.fixture(name=name)
    def member(db: None) -> User:
        return person(name)

    return member


for _name in CAST:
    globals()[f"_{_name}"] = _fixture(_name)


@pytest.fixture
def by() -> Callable[..., Actor]:
    """`by(ana)`: the actor for a user, entering through a door."""

    def make(user: User, door: Door = Door.WEB) -> Actor:
        return actors.for_user(user, door=door)

    return make


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _tables_can_be_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """A transactional test ends by emptying the tables, which append-only tables refuse on SQLite."""
    if "transactional_db" not in request.fixturenames and "live_server" not in request.fixturenames:
        marker = request.node.get_closest_marker("django_db")
        if marker is None or not marker.kwargs.get("transaction"):
            yield
            return
    request.getfixturevalue("transactional_db")
    for table in APPEND_ONLY_TABLES:
        append_only.install(connection, table)
    yield
    for table in APPEND_ONLY_TABLES:
        append_only.remove(connection, table)
