"""Time on tickets, through the API: what was logged, and the stop watch of the caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.api import DeskAPIView, verb
from core.accounts.permissions import Permission
from core.common import clock
from core.common.actor import Actor
from core.common.api import Number, StrictSerializer, Text, UtcDateTime
from core.common.vocabulary import Activity
from tickets import operations, shapes
from tickets.models import Ticket
from worklog import queries as worklog
from worklog import rules as time_rules
from worklog import subjects
from worklog.api import TimeEntryOut, TimeEntryViewSet

Data = dict[str, Any]


class StopTimer(StrictSerializer):
    minutes = Number(
        min_value=1, max_value=1440, required=False, allow_null=True, help_text="else as the timer offers"
    )
    activity = serializers.ChoiceField(choices=Activity.choices, default=Activity.INVESTIGATION)
    note = Text(long=True, required=False, allow_blank=True)


class LogTimeOn(shapes.LogTime):
    ticket = Text(max_length=40, help_text="the reference of the ticket")


class EndedTimerOut(StrictSerializer):
    subject = serializers.CharField()
    minutes = serializers.IntegerField(help_text="Rounded up to five; logged by nobody yet.")


class TimerOut(StrictSerializer):
    """All null while the caller's timer does not run."""

    subject = serializers.CharField(
        allow_null=True, help_text="Null also where the caller sees it no longer."
    )
    started_at = UtcDateTime(allow_null=True)
    minutes = serializers.IntegerField(allow_null=True, help_text="What it offers now, rounded up to five.")


class StartedTimerOut(TimerOut):
    ended = EndedTimerOut(allow_null=True, help_text="The timer that ran elsewhere until now.")


@dataclass(frozen=True)
class Running:
    """A timer as its owner sees it."""

    subject: str | None = None
    started_at: datetime | None = None
    minutes: int | None = None
    ended: Data | None = None


class TimeVerbs:
    """Logging time and the timer. A person has one timer; it survives everything but its stop."""

    @verb(shapes.LogTime, entry=TimeEntryOut)
    def log_time(self, ref: str, data: Data, by: Actor) -> Any:
        """Record minutes of work."""
        return operations.log_time(ref, **data, by=by)

    @verb(shapes.DeleteTime)
    def delete_time(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Take back time that the caller logged today."""
        return operations.delete_time(ref, **data, by=by)

    @verb(entry=StartedTimerOut, status=200)
    def timer_start(self, ref: str, data: Data, by: Actor) -> Running:
        """Start the caller's timer here; one that runs here runs on, one that ran elsewhere ends and is named."""
        ended = operations.start_timer(ref, by=by)
        return running(by, ended={"subject": ended[0], "minutes": ended[1]} if ended else None)

    @verb(StopTimer, entry=TimeEntryOut)
    def timer_stop(self, ref: str, data: Data, by: Actor) -> Any:
        """Stop it and log its time."""
        return operations.stop_timer(ref, **data, by=by)

    @verb(entry=TimerOut, status=200)
    def timer_discard(self, ref: str, data: Data, by: Actor) -> Running:
        """Stop it and log nothing."""
        operations.discard_timer(ref, by=by)
        return running(by)


class MyTimerView(DeskAPIView):
    """The caller's timer, wherever it runs."""

    view_permission = Permission.LOG_TIME

    @extend_schema(responses=TimerOut)
    def get(self, request: Request) -> Response:
        return Response(TimerOut(running(request.actor)).data)


class TicketTimeViewSet(TimeEntryViewSet):
    """Time spent, on work that the caller may see. What is posted here is logged on a ticket, as by its `log_time`."""

    create_form = LogTimeOn
    named_by = "pk"

    def do_create(self, data: Data, by: Actor) -> Any:
        return operations.log_time(data.pop("ticket"), **data, by=by)


def running(by: Actor, *, ended: Data | None = None) -> Running:
    """The actor's timer as it stands now."""
    timer = worklog.timer_of(by)
    if timer is None:
        return Running(ended=ended)
    kind = subjects.kind(timer.subject_kind)
    seen = kind.visible_to(by).filter(pk=timer.subject_id).exists()
    return Running(
        subject=f"{kind.prefix}-{timer.subject_id}" if seen else None,
        started_at=timer.started_at,
        minutes=time_rules.rounded(clock.now() - timer.started_at),
        ended=ended,
    )


ROUTES = [("time-entries", TicketTimeViewSet), ("me/timer", MyTimerView)]
