"""How long the pages take and how many queries they ask, on this machine, in this process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client

from core.accounts import actors
from core.accounts.models import User
from core.common.actor import Door
from tickets import operations
from tickets.models import Ticket

WARM_UP = 2


@dataclass(frozen=True)
class Figure:
    """One thing measured: median and 95th percentile in milliseconds, and its queries."""

    name: str
    median: float
    p95: float
    queries: int


def measure(rounds: int) -> list[Figure]:
    """The pages and writes that people wait for."""
    client = Client(SERVER_NAME="localhost")
    ana, max_ = User.objects.get(username="ana"), User.objects.get(username="max")
    newest = Ticket.objects.order_by("-pk").first()
    if newest is None:
        raise ValueError("There is no ticket to look at.")
    client.force_login(ana)
    manager = Client(SERVER_NAME="localhost")
    manager.force_login(max_)
    by = actors.for_user(ana, door=Door.API)
    pages: list[tuple[str, Callable[[], Any]]] = [
        ("queue", lambda: _page(client, "/tickets/")),
        ("queue, all open", lambda: _page(client, "/tickets/?view=all")),
        ("queue, filtered", lambda: _page(client, "/tickets/?priority=P1&organisation=sable")),
        ("ticket", lambda: _page(client, f"/tickets/{newest.reference}/")),
        ("search, common word", lambda: _page(client, "/search/?q=gateway")),
        ("search, two words", lambda: _page(client, "/search/?q=refund+rejected")),
        ("dashboard", lambda: _page(manager, "/dashboard/")),
        ("create", lambda: operations.create(subject="Measured", description="Text.", by=by)),
        ("reply", lambda: operations.reply(newest.reference, body="Measured.", public=False, by=by)),
    ]
    return [_figure(name, call, rounds) for name, call in pages]


def _page(client: Client, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise ValueError(f"{path} answered {answer.status_code}.")


def _figure(name: str, call: Callable[[], Any], rounds: int) -> Figure:
    for _ in range(WARM_UP):
        call()
    asked: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        call()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return Figure(name, statistics.median(times), sorted(times)[int(len(times) * 0.95) - 1], len(asked))
