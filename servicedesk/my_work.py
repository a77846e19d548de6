"""My work: everything that waits for the one who is signed in, on one page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.actor import Actor
from worklog import my_work, subjects
from worklog.models import RunningTimer

app_name = "my"


@require_GET
@page(Permission.VIEW_QUEUE)
def mine(request: HttpRequest) -> HttpResponse:
    """The running timer, then the sections that the apps registered."""
    actor = request.actor  # type: ignore[attr-defined]
    context = {"timer": _timer(actor), "sections": my_work.sections(actor)}
    return render(request, "servicedesk/my_work.html", context)


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
