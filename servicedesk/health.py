"""Is the process alive, and is the desk doing its work."""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from core.common import clock
from core.timers import sweeps
from core.timers.models import Pulse

TICK_IS_OLD_AFTER = timedelta(seconds=60)


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, the tick is young and no sweep is late; else 503 and what is wrong."""
    wrong = problems()
    return JsonResponse({"ready": not wrong, "problems": wrong}, status=503 if wrong else 200)


def problems() -> list[str]:
    """What keeps the desk from doing its work now, one sentence each."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        pulse = Pulse.objects.filter(name=sweeps.TICK).values_list("at", flat=True).first()
        late = sweeps.late()
    except DatabaseError:
        return ["The database does not answer."]
    wrong = [f"The {name} sweep has work more than two minutes late." for name in late]
    if pulse is None:
        wrong.append("The timers have never run.")
    elif clock.now() - pulse > TICK_IS_OLD_AFTER:
        wrong.append(f"The timers last ran at {pulse:%Y-%m-%d %H:%M:%S} UTC.")
    return wrong
