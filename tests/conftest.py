"""The fixed cast: the demo's people, as small as tests need them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from pytest_django.plugin import blocking_manager_key

from core.accounts import actors
from core.accounts.models import RoleGrant, User
from core.audit import append_only
from core.common.actor import Actor, Door
from core.common.vocabulary import Role
from escalation.models import Tier
from tests import template

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
APPEND_ONLY_TABLES = ["audit_event", "sla_calendarversion"]


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> bool:
    """On SQLite a run starts from a copy of the migrated database; what is left of it, the next one overwrites."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return bool(request.config.getvalue("reuse_db"))
    template.lay(Path(database["TEST"]["NAME"]))
    return True


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
    _clear_caches()
    yield
    _clear_caches()


def _clear_caches() -> None:
    for name in settings.CACHES:
        caches[name].clear()


def _is_transactional(item: pytest.Item) -> bool:
    if {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ())):
        return True
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))


@pytest.fixture(autouse=True)
def _tables_can_be_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """A transactional test ends by emptying the tables, which append-only tables refuse on SQLite."""
    if not _is_transactional(request.node):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    for table in APPEND_ONLY_TABLES:
        append_only.remove(connection, table)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """What the migrations left and the emptying took is there again for whatever test comes next.

    Workers steal tests from each other, so a test in a transaction may well come after one without.
    """
    yield
    if nextitem is None or not _is_transactional(item):
        return
    with item.config.stash[blocking_manager_key].unblock():
        for table in APPEND_ONLY_TABLES:
            append_only.install(connection, table)
        Tier.objects.bulk_create(
            [Tier(number=number, name=f"L{number}") for number in (1, 2, 3)], ignore_conflicts=True
        )
