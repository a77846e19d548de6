"""One verb over many tickets: the question, the run with its progress and result, the undo."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.errors import NotFound, RuleBroken
from core.common.web import act
from tickets import listing, queries
from tickets.bulk_forms import FORMS, QUESTIONS
from tickets.models import BulkRun
from tickets.operations import bulk
from tickets.operations.bulk_verbs import VERBS

NO_CONTENT = 204


@require_POST
@page(Permission.WORK_TICKET)
def ask(request: HttpRequest) -> HttpResponse:
    """The dialog of a verb, for the picked tickets or the whole list; without script a page of its own."""
    name = request.POST.get("verb", "")
    form = FORMS[name]() if name in FORMS else None
    return _question(request, name, form)


@require_POST
@page(Permission.WORK_TICKET)
def run(request: HttpRequest) -> HttpResponse:
    """Do it: a short run at once, a long one in the background with a page that shows how far it is."""
    actor, name = request.actor, request.POST.get("verb", "take")  # type: ignore[attr-defined]
    form = FORMS[name](request.POST) if name in FORMS else forms.Form(request.POST)

    def do(data: dict[str, Any]) -> BulkRun:
        try:
            made = bulk.start(name, tickets=_chosen(request), values=_plain(data), by=actor)
        except NotFound as missing:  # a typed reference: a mistake on the form, not a missing page
            raise RuleBroken(missing.sentence) from missing
        return bulk.finish_short(made)

    def done(made: BulkRun) -> HttpResponse:
        found = outcome(made)
        if not made.is_finished or found["failed"]:
            return redirect("tickets:bulk_run", made.pk)
        undo_url = reverse("tickets:bulk_undo", args=[made.pk])
        messages.success(request, found["words"], extra_tags=undo_url)
        return redirect(_back(request))

    return act(request, form, do, done=done, again=lambda f, s: _question(request, name, f, s))


@require_GET
@page(Permission.WORK_TICKET)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of a run. `part` answers the progress alone, for the page to refresh itself."""
    made = bulk.get_for(pk, by=request.actor)  # type: ignore[attr-defined]
    template = "tickets/bulk_progress.html" if "part" in request.GET else "tickets/bulk_run.html"
    return render(request, template, {"run": made, **outcome(made)})


@require_POST
@page(Permission.WORK_TICKET)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a run back."""
    made = bulk.get_for(pk, by=request.actor)  # type: ignore[attr-defined]

    def do(data: dict[str, Any]) -> BulkRun:
        return bulk.finish_short(bulk.undo(pk, by=request.actor))  # type: ignore[attr-defined]

    def again(form: forms.Form, status: int) -> HttpResponse:
        context = {"run": made, "form": form, **outcome(made)}
        return render(request, "tickets/bulk_run.html", context, status=status)

    return act(
        request, forms.Form(request.POST), do, done=lambda r: redirect("tickets:bulk_run", r.pk), again=again
    )


def outcome(made: BulkRun) -> dict[str, Any]:
    """The summary of a run: counts, a sentence, and each ticket that was not done (or not taken back) by name."""
    done = [row for row in made.results if row["done"]]
    back = [row for row in done if row.get("undone")]
    said = VERBS[made.verb].said
    total = len(done) if made.undone_at else len(made.results) + len(made.todo)
    words = f"{len(done)} ticket{'' if len(done) == 1 else 's'} {said}."
    if made.undone_at:
        words = f"{len(back)} of {len(done)} taken back."
    return {
        "total": total,
        "passed": total - len(made.todo),
        "done": len(done),
        "words": words,
        "failed": [(queries.reference_of(r["id"]), r["why"]) for r in made.results if not r["done"]],
        "kept": [(queries.reference_of(r["id"]), r["undo_why"]) for r in done if r.get("undo_why")],
    }


def _question(request: HttpRequest, name: str, form: Any, status: int = 200) -> HttpResponse:
    refs = _chosen(request)
    title, send, sign = QUESTIONS.get(name, QUESTIONS["take"])
    count = f"{len(refs)} ticket{'' if len(refs) == 1 else 's'}"
    context = {
        "verb": name,
        "form": form,
        "refs": [] if "whole" in request.POST else refs,
        "whole": request.POST.get("whole", ""),
        "list": request.POST.get("list", "")[:2000],
        "back": _back(request),
        "title": title.format(count=count),
        "send": send.format(count=count),
        "sign": sign,
        "too_many": len(refs) > bulk.MOST,
        "most": bulk.MOST,
        "count": len(refs),
    }
    return render(request, "tickets/bulk_ask.html", context, status=status)


def _chosen(request: HttpRequest) -> list[str]:
    """The references of the picked tickets, or of all in the list (one more than is allowed, if there are more)."""
    if "whole" not in request.POST:
        return request.POST.getlist("pick")
    address = QueryDict(request.POST.get("list", "")[:2000])
    found = listing.read(address, request.actor, clock.now()).tickets  # type: ignore[attr-defined]
    numbers = found.order_by("pk").values_list("pk", flat=True)[: bulk.MOST + 1]
    return [queries.reference_of(pk) for pk in numbers]


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """What a form understood, as the run stores it."""
    return {
        name: getattr(value, "slug", None) or getattr(value, "username", None) or value
        for name, value in data.items()
        if value not in (None, "")
    }


def _back(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    known = back.startswith("/tickets/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if known else reverse("tickets:list")
