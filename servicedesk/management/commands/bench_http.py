"""bench_http: how fast the busiest pages answer on this machine with the data that is here. Reads only."""

import contextlib
import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.test import Client

from core.accounts.models import User
from tickets.models import Ticket

START_SECONDS = 60.0


class Command(BaseCommand):
    help = (
        "Measure the queue, a ticket, search, the dashboard and the API's list, with the data that is here."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--users", type=int, default=8, help="how many ask at the same time (8)")
        parser.add_argument("--seconds", type=float, default=5.0, help="how long each page is asked (5)")
        parser.add_argument("--login", default="ana", help="whose pages (ana)")

    def handle(self, *args: Any, users: int, seconds: float, login: str, **options: Any) -> None:
        newest = Ticket.objects.order_by("-pk").first()
        user = User.objects.filter(username=login, is_active=True).first()
        if newest is None or user is None:
            raise CommandError("There is nothing to measure: start the desk once with its demo data.")
        client = Client()
        client.force_login(user)
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        pages = {
            "queue": "/tickets/",
            "ticket": f"/tickets/{newest.reference}/",
            "search": "/search/?q=payment",
            "dashboard": "/dashboard/",
            "API list": "/api/v1/tickets/",
        }
        self.stdout.write(f"{Ticket.objects.count()} tickets, {users} users at once, {seconds:g} s a page")
        self.stdout.write(f"{'page':<10} {'answers/s':>9} {'p50 ms':>8} {'p95 ms':>8} {'failed':>7}")
        with server() as port:
            for name, path in pages.items():
                took, failed = measure(port, path, cookie, users, seconds)
                self.stdout.write(line(name, took, failed, seconds))


def line(name: str, took: list[float], failed: int, seconds: float) -> str:
    """One row of the table; `took` is in seconds."""
    if len(took) < 2:
        return f"{name:<10} {'-':>9} {'-':>8} {'-':>8} {failed:>7}"
    cuts = statistics.quantiles(took, n=20)
    return (
        f"{name:<10} {len(took) / seconds:>9.1f} {cuts[9] * 1000:>8.0f} {cuts[18] * 1000:>8.0f} {failed:>7}"
    )


def measure(port: int, path: str, cookie: str, users: int, seconds: float) -> tuple[list[float], int]:
    """The time of each good answer in seconds, and how many were none."""
    took: list[float] = []
    failed: list[str] = []
    ends = time.monotonic() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < ends:
            began = time.perf_counter()
            try:
                connection.request("GET", path, headers={"Cookie": cookie})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                failed.append(str(error))
                connection.close()
                continue
            if answer.status == 200:
                took.append(time.perf_counter() - began)
            else:
                failed.append(str(answer.status))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, len(failed)


@contextlib.contextmanager
def server() -> Iterator[int]:
    """The desk as a process of its own on a free port, so that asking does not slow down answering."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "manage.py", "desk"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DESK_PORT": str(port), "DESK_HOST": "127.0.0.1", "DESK_LOG_LEVEL": "ERROR"},
        stdout=subprocess.DEVNULL,
    )
    try:
        limit = time.monotonic() + START_SECONDS
        while not answers(port):
            if process.poll() is not None or time.monotonic() > limit:
                raise CommandError("The desk did not start; try `make run` to see why.")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    """Whether the desk is up; it listens before it is ready, so one whole answer is waited for."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
