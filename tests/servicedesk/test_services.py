"""On PostgreSQL and Redis: wake-ups really travel, and the shared cache holds JSON."""

import json
import time

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from core.timers import sweeps
from core.timers.models import Pulse
from servicedesk import embedded
from servicedesk.celery import app

pytestmark = pytest.mark.services
PATIENCE_SECONDS = 30.0


def pulse_arrives() -> bool:
    """Wait for what another thread writes; ends as soon as it is there."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < limit:
        if Pulse.objects.filter(name=sweeps.TICK).exists():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.django_db(transaction=True)
def test_a_tick_travels_through_redis_to_a_worker() -> None:
    assert connection.vendor == "postgresql"
    assert app.connection().transport.driver_type == "redis"
    with embedded.worker():
        app.send_task("servicedesk.tick")
        assert pulse_arrives()


def test_the_cache_in_redis_is_json_and_counts() -> None:
    cache.set("probe", {"calls": [1.5, 2]}, 60)
    assert cache.get("probe") == {"calls": [1.5, 2]}
    raw = redis.Redis.from_url(settings.DESK.redis_url).get(cache.make_key("probe"))
    assert json.loads(raw) == {"calls": [1.5, 2]}
    cache.set("count", 1, 60)
    assert cache.incr("count") == 2


def test_a_message_that_a_dead_worker_held_comes_back_within_minutes() -> None:
    """Celery's own values would bring it back after an hour and more."""
    options = app.conf.broker_transport_options
    assert options["visibility_timeout"] <= 600
    assert app.conf.task_acks_late
    assert app.conf.worker_prefetch_multiplier == 1
