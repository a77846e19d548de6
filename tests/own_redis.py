"""Each worker of a parallel run takes a Redis database of its own, beside the database it has of its own.

A plugin that `make test-services` names in PYTEST_PLUGINS: it must come before anybody reads the settings.
"""

from __future__ import annotations

import os
import re


def of_worker(url: str, worker: str) -> str:
    """The address with the worker's number added to that of the database: redis://host:6379/9 for gw1 is .../10."""
    return re.sub(r"/(\d+)$", lambda found: f"/{int(found[1]) + int(worker.removeprefix('gw'))}", url)


if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["REDIS_URL"] = of_worker(os.environ.get("REDIS_URL", ""), worker)
