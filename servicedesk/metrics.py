"""Figures for a monitoring system, in the text format of Prometheus, for whoever holds a token that may read.

All of it is read from the rows at the moment of asking, so every web process answers the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from core.accounts import actors
from core.accounts.authentication import BearerAuthentication
from core.accounts.permissions import Permission, can
from core.common import clock
from core.common.actor import ANONYMOUS, Actor, Door
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from core.timers.models import Pulse, StuckRow
from incidents.models import Incident
from servicedesk import health
from tickets.models import Ticket

UNSENT = (OutgoingMessage.State.QUEUED, OutgoingMessage.State.SENDING)


@never_cache
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """401 without a valid bearer token, 403 for one whose owner does not see the dashboard."""
    actor = _asking(request)
    if actor.user_id is None:
        return HttpResponse(
            "Send Authorization: Bearer TOKEN.\n", status=401, headers={"WWW-Authenticate": "Bearer"}
        )
    if not can(actor, Permission.VIEW_DASHBOARD):
        return HttpResponse("This token may not read the figures.\n", status=403)
    registry = CollectorRegistry()
    registry.register(Desk())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _asking(request: HttpRequest) -> Actor:
    try:
        found = BearerAuthentication().authenticate(Request(request))
    except AuthenticationFailed:
        return ANONYMOUS
    return actors.for_user(found[0], door=Door.API) if found else ANONYMOUS


class Desk(Collector):
    """What must be watched: is anything late, does anything wait, how much is open."""

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        problems = health.problems()
        yield _one("desk_ready", "1 while the desk does its work.", 0 if problems else 1)
        pulse = Pulse.objects.filter(name=sweeps.TICK).values_list("at", flat=True).first()
        if pulse is not None:
            yield _one("desk_timers_age_seconds", "Since the timers last ran.", (now - pulse).total_seconds())
        late = set(sweeps.late())
        yield _many(
            "desk_sweep_late", "1 for a sweep with work over two minutes late.", "sweep",
            ((name, float(name in late)) for name in sweeps.names()),
        )  # fmt: skip
        yield _one("desk_stuck_rows", "Due rows whose action failed.", StuckRow.objects.count())
        waiting = list(
            OutgoingMessage.objects.filter(state__in=UNSENT)
            .values_list("lane")
            .annotate(Count("pk"), Min("created_at"))
            .order_by("lane")
        )
        yield _many(
            "desk_messages_waiting", "Messages not handed over yet.", "lane",
            ((lane, count) for lane, count, _ in waiting),
        )  # fmt: skip
        yield _many(
            "desk_messages_oldest_seconds", "Age of the oldest message not handed over yet.", "lane",
            ((lane, (now - oldest).total_seconds()) for lane, _, oldest in waiting),
        )  # fmt: skip
        yield _many(
            "desk_tickets_open", "Open tickets.", "priority",
            Ticket.objects.open().values_list("priority").annotate(Count("pk")).order_by("priority"),
        )  # fmt: skip
        yield _many(
            "desk_tickets_overdue", "Open tickets past their next promise.", "priority",
            Ticket.objects.open().filter(due_at__lt=now).values_list("priority").annotate(Count("pk"))
            .order_by("priority"),
        )  # fmt: skip
        yield _many(
            "desk_incidents_open", "Open incidents, without exercises.", "severity",
            ((severity or "none", count) for severity, count in
             Incident.objects.real().live().values_list("severity").annotate(Count("pk")).order_by("severity")),
        )  # fmt: skip
        due = Incident.objects.live().real().aggregate(at=Min("next_update_due_at"))["at"]
        yield _one(
            "desk_update_overdue_seconds", "By how much the most overdue incident update is late.",
            max(0.0, (now - due).total_seconds()) if due else 0,
        )  # fmt: skip


def _one(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)


def _many(name: str, help_text: str, label: str, rows: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for key, value in rows:
        family.add_metric([key], value)
    return family
