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
from servicedesk.load import on_call_year
from tickets import operations
from tickets.models import Ticket

WARM_UP = 2
FOUND = 302  # a reference that is searched for leads to its page


@dataclass(frozen=True)
class Figure:
    """One thing measured: what each round took, in milliseconds, and the queries of one."""

    name: str
    times: list[float]
    queries: int

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return sorted(self.times)[max(0, int(len(self.times) * 0.95) - 1)]


def measure(rounds: int) -> list[Figure]:
    """The pages and writes that people wait for."""
    ana, max_ = User.objects.get(username="ana"), User.objects.get(username="max")
    newest, oldest = Ticket.objects.order_by("-pk").first(), Ticket.objects.order_by("pk").first()
    if newest is None or oldest is None:
        raise ValueError("There is no ticket to look at.")
    analyst, manager = _signed_in(ana), _signed_in(max_)
    by = actors.for_user(ana, door=Door.API)
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("queue", lambda: _page(analyst, "/tickets/")),
        ("queue, by customer", lambda: _page(analyst, "/tickets/?organisation=sable")),
        ("queue, two filters", lambda: _page(analyst, "/tickets/?priority=P1&application=card-payments")),
        ("queue, mine", lambda: _page(analyst, "/tickets/?view=mine")),
        ("queue, all open", lambda: _page(analyst, "/tickets/?view=all")),
        ("queue, closed", lambda: _page(analyst, "/tickets/?status=closed")),
        ("ticket", lambda: _page(analyst, f"/tickets/{newest.reference}/")),
        ("search, two words", lambda: _page(analyst, "/search/?q=refund+rejected")),
        ("search, common word", lambda: _page(analyst, "/search/?q=gateway")),
        ("search, beginning", lambda: _page(analyst, "/search/?q=gatew")),
        ("search, reference", lambda: _page(analyst, f"/search/?q={oldest.reference}", FOUND)),
        ("dashboard", lambda: _page(manager, "/dashboard/")),
        ("API list", lambda: _page(analyst, "/api/v1/tickets/")),
        ("API list, by customer", lambda: _page(analyst, "/api/v1/tickets/?organisation=sable")),
        ("on call, a year of three layers", on_call_year.resolved),
        ("create", lambda: operations.create(subject="Measured", description="Text.", by=by)),
        ("reply", lambda: operations.reply(newest.reference, body="Measured.", public=False, by=by)),
    ]
    return [_figure(name, call, rounds) for name, call in calls]


def together(figures: list[Figure]) -> Figure:
    """The same thing measured several times, as one figure."""
    times = [took for figure in figures for took in figure.times]
    return Figure(figures[0].name, times, max(figure.queries for figure in figures))


def _signed_in(user: User) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


def _page(client: Client, path: str, status: int = 200) -> None:
    answer = client.get(path)
    if answer.status_code != status:
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
    return Figure(name, times, len(asked))
