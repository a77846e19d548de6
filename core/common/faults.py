"""Named points at which a test may kill the process, to see that nothing is lost or doubled."""

import os
import signal
import threading

from django.conf import settings

_reached = 0
_counting = threading.Lock()


def reach(point: str) -> None:
    """Die by SIGKILL here when DESK_FAULT names this point; "point:40" means the fortieth time. Not in production."""
    global _reached
    name, _, times = os.environ.get("DESK_FAULT", "").partition(":")
    if name != point or settings.DESK_ENV == "production":
        return
    with _counting:
        _reached += 1
        if _reached >= int(times or 1):
            os.kill(os.getpid(), signal.SIGKILL)
