"""My work: everything that waits for the one who is signed in, on one page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import clock
from core.common.actor import Actor
from escalation import standing, swap_queries
from escalation.models import Swap
from worklog import my_work, subjects
from worklog.models import RunningTimer
from worklog.my_work import Row, Section

app_name = "my"


@require_GET
@page(Permission.VIEW_QUEUE)
def mine(request: HttpRequest) -> HttpResponse:
    """The running timer, where one is on call, then the sections that the apps registered."""
    actor = request.actor  # type: ignore[attr-defined]
    now = clock.now()
    context = {
        "timer": _timer(actor),
        "standing": standing.of(actor, now),
        "sections": my_work.sections(actor),
    }
    return render(request, "servicedesk/my_work.html", context)


def swaps_asked(actor: Actor) -> Section:
    """The shifts that the actor is asked to take; registered here, as the directory knows nothing of this page."""
    if not can(actor, Permission.VIEW_DIRECTORY):
        return Section(20, "Shifts you are asked to take")
    found = swap_queries.asked_of(actor, clock.now())
    return Section(20, "Shifts you are asked to take", [_asked(swap) for swap in found[: my_work.MOST]])


def _asked(swap: Swap) -> Row:
    start = timezone.localtime(swap.starts_at)
    return Row(
        reference="Swap",
        title=f"{swap.asked_by.display_name}: {swap.rotation.team.name}",
        url=reverse("escalation:swap", args=[swap.pk]),
        note=f"{start:%a} {start.day} {start:%b %H:%M}",
    )


def _timer(actor: Actor) -> dict[str, object] | None:
    """The person's stop watch with the work that it runs on, where they may still see that."""
    timer = RunningTimer.objects.filter(user_id=actor.user_id).first()
    if timer is None:
        return None
    known = subjects.kind(timer.subject_kind)
    work = known.visible_to(actor).filter(pk=timer.subject_id).first()
    if work is None:
        return None
    return {
        "since": timer.started_at,
        "reference": work.reference,
        "title": getattr(work, known.title),
        "url": subjects.address(known.name, work.reference),
    }


urlpatterns = [path("", mine, name="list")]
