"""Worker and beat inside one process do what the desk command relies on."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import time_machine

from servicedesk.beat import SteadyScheduler
from servicedesk.celery import app

IN_ONE_PROCESS = """
import threading, django
django.setup()
from servicedesk import embedded, tasks
from servicedesk.celery import app
seen = threading.Event()
names = []
@app.task(name="probe")
def probe(word):
    names.append((word, threading.current_thread().name))
    seen.set()
with embedded.worker():
    app.send_task("probe", args=["hello"])
    assert seen.wait(20), "the embedded worker took nothing from memory://"
assert names[0][0] == "hello" and names[0][1] != "MainThread", names
assert "Worker" not in {t.name for t in threading.enumerate() if t.is_alive()}
ticked = threading.Event()
tasks.sweeps.run_due = lambda **_: ticked.set()
app.conf.beat_schedule["tick"]["schedule"] = 0.2
with embedded.worker(), embedded.beat():
    assert ticked.wait(20), "the embedded beat sent no tick"
assert "Beat" not in {t.name for t in threading.enumerate() if t.is_alive()}
print("held")
"""


def test_worker_and_beat_run_and_stop_in_one_process() -> None:
    """WorkController is only half public: this pins the start, the memory broker and the stop."""
    ran = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS],
        capture_output=True,
        text=True,
        timeout=120,
        env=embedded_env(),
    )
    assert ran.stdout.strip().endswith("held"), ran.stderr


def embedded_env() -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")},
        "DJANGO_SETTINGS_MODULE": "servicedesk.settings",
    }


def test_beat_goes_on_when_the_clock_was_set_back() -> None:
    sent: list[str] = []
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    with time_machine.travel(noon, tick=False):
        scheduler = SteadyScheduler(app)
    scheduler.apply_entry = lambda entry, producer=None: sent.append(entry.name)  # type: ignore[method-assign]
    scheduler.__dict__["producer"] = None

    def tick_at(moment: datetime) -> float:
        with time_machine.travel(moment, tick=False):
            return float(scheduler.tick())

    tick_at(noon)
    assert sent == ["tick"], "the first tick does not wait"
    tick_at(noon + timedelta(seconds=11))
    assert sent == ["tick"] * 2
    back = noon - timedelta(hours=3)
    assert 0 < tick_at(back) <= 10
    tick_at(back + timedelta(seconds=11))
    assert sent == ["tick"] * 3
