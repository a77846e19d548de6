"""Named points at which a test may kill the process, to see that nothing is lost or doubled."""

import os
import signal

from django.conf import settings


def reach(point: str) -> None:
    """Die by SIGKILL here when DESK_FAULT names this point. Does nothing in production."""
    if settings.DESK_ENV != "production" and os.environ.get("DESK_FAULT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
