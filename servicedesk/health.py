"""Is the process alive, and is the desk doing its work.

What was found is remembered in each process for the banner on the pages, which asks nothing of the database itself.
Whoever probes or has a page open finds it again, so the web process alone shows that the workers stand still.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.outbox import circuits
from core.outbox.models import Lane
from core.timers import sweeps
from core.timers.models import Pulse
from incidents import receipts

TICK_IS_OLD_AFTER = timedelta(seconds=60)
LOOK_AGAIN_AFTER = timedelta(seconds=20)
FORGET_AFTER = timedelta(minutes=5)


@dataclass
class _Memory:
    at: datetime | None = None
    wrong: list[str] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)


_memory = _Memory()


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, the tick is young, nothing is late and updates go out; else 503, and why."""
    looked_again(timedelta(0))
    wrong = _memory.wrong  # what waits for one server of somebody else is no reason to take no visitors
    return JsonResponse({"ready": not wrong, "problems": wrong}, status=503 if wrong else 200)


@never_cache
@require_GET
@page(Permission.VIEW_QUEUE)
def banner(request: HttpRequest) -> HttpResponse:
    """What every staff page shows on top while the desk does not do its work; asked for each minute."""
    return render(request, "ui/trouble.html", {"trouble": looked_again(LOOK_AGAIN_AFTER)})


def looked_again(older_than: timedelta) -> list[str]:
    """What is wrong, looked up again when what is remembered is as old as that."""
    now = clock.now()
    if _memory.at is None or not timedelta(0) <= now - _memory.at < older_than:
        _memory.wrong, _memory.undelivered, _memory.at = problems(), _undelivered(), now
    return _memory.wrong + _memory.undelivered


def remembered() -> list[str]:
    """What was wrong when this process last looked, within five minutes; asks nothing of the database."""
    if _memory.at is None or clock.now() - _memory.at > FORGET_AFTER:
        return []
    return _memory.wrong + _memory.undelivered


def _undelivered() -> list[str]:
    """The incidents whose updates wait, one sentence each. Without a database `problems` says enough."""
    try:
        found = receipts.undelivered()
    except DatabaseError:
        return []
    return [
        f"Updates of {one.reference} do not reach everybody since {one.undelivered_since:%H:%M} UTC."
        for one in found
    ]


def problems() -> list[str]:
    """What keeps the desk from doing its work now, one sentence each."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        pulse = Pulse.objects.filter(name=sweeps.TICK).values_list("at", flat=True).first()
        late, stuck = sweeps.late(), sweeps.stuck()
        held_up = circuits.held_up(Lane.INCIDENT, clock.now() - sweeps.LATE_AFTER)
    except DatabaseError:
        return ["The database does not answer."]
    wrong = [f"The {name} sweep has work more than two minutes late." for name in late]
    wrong += [
        f"The {row.sweep} sweep failed at row {row.row}; it tries again at {row.retry_at:%H:%M:%S} UTC."
        for row in stuck
    ]
    wrong += held_up
    if pulse is None:
        wrong.append("The timers have never run.")
    elif clock.now() - pulse > TICK_IS_OLD_AFTER:
        wrong.append(f"The timers last ran at {pulse:%Y-%m-%d %H:%M:%S} UTC.")
    return wrong
