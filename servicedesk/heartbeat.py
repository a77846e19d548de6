"""The sign of life to a monitor outside: while nothing is late, one call a minute; silence is the alarm.

A desk that stands still cannot say so itself. The call is made by whoever ran the timers, so that it stops with them.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings

from core.outbox import outgoing
from core.timers import pulses
from servicedesk import health

log = structlog.get_logger(__name__)

NAME = "heartbeat"
EVERY = timedelta(minutes=1)


def beat() -> bool:
    """Call DESK_HEARTBEAT_URL when a minute has passed since the last call and nothing is wrong. True when called."""
    if not settings.HEARTBEAT_URL or health.problems() or not pulses.claim(NAME, EVERY):
        return False
    try:
        answer = outgoing.post(settings.HEARTBEAT_URL, b"", {})
    except (outgoing.Blocked, outgoing.Unreachable) as error:
        log.warning("heartbeat_failed", reason=str(error))
        return False
    if answer.status >= 400:
        log.warning("heartbeat_refused", status=answer.status)
    return answer.status < 400
