"""Talking on a ticket: replies that are held, drafts, presence, the Markdown preview. Each is a plain form first."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.web import act
from tickets import mentions, operations, presence, queries
from tickets.conversation_forms import DraftForm, HeldForm, ReplyForm
from tickets.models import Entry, HeldReply
from tickets.ticket_page import show

NO_CONTENT, CONFLICT = 204, 409


@require_POST
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def reply(request: HttpRequest, ref: str) -> HttpResponse:
    """A note stands at once. A reply goes out eight seconds later, unless somebody else has written (409)."""
    if "preview" in request.POST:
        return _previewed(request, ref)
    actor = request.actor  # type: ignore[attr-defined]

    def do(data: dict[str, Any]) -> Entry | HeldReply:
        if data["kind"] == "note":
            return operations.add_note(
                ref, body=data["text"], files=data["files"], minutes=data["minutes"], by=actor
            )
        return operations.send_soon(
            ref, body=data["text"], last_seen=data["last_seen"], then=data["then"], files=data["files"],
            kept_files=data["kept"], minutes=data["minutes"], by=actor,
        )  # fmt: skip

    def done(said: Entry | HeldReply) -> HttpResponse:
        if isinstance(said, HeldReply) and said.release_at is None:
            return show(request, queries.get_for(ref, by=actor), status=CONFLICT)
        if isinstance(said, Entry):
            messages.success(request, "Note added.")
            if lost := mentions.unheard(said.body, said.ticket):
                names = ", ".join(f"@{name}" for name in lost)
                messages.warning(request, f"Not told: {names}. Nobody of that name may read {ref}’s notes.")
        return redirect(f"/tickets/{ref}/#composer")

    return act(request, ReplyForm(request.POST, request.FILES), do, done=done, again=_again(request, ref))


@require_POST
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def undo_held(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Take a held reply back into the box."""
    actor = request.actor  # type: ignore[attr-defined]
    return act(
        request, HeldForm(request.POST), lambda _: operations.take_back(ref, held=pk, by=actor),
        done=lambda _: redirect(f"/tickets/{ref}/#composer"), again=_told(request, ref),
    )  # fmt: skip


@require_POST
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def send_held(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Send a held reply now, also one that came back."""
    actor = request.actor  # type: ignore[attr-defined]

    def done(held: HeldReply) -> HttpResponse:
        if held.entry_id is None:
            return show(request, queries.get_for(ref, by=actor), status=CONFLICT)
        messages.success(request, "Sent.")
        return redirect("tickets:detail", ref)

    return act(
        request, HeldForm(request.POST),
        lambda data: operations.send_now(ref, held=pk, last_seen=data["last_seen"] or 0, by=actor),
        done=done, again=_told(request, ref),
    )  # fmt: skip


@require_POST
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def draft(request: HttpRequest, ref: str) -> HttpResponse:
    """Keep what is being typed. 204, or 409 when it was sent from another window meanwhile."""
    actor = request.actor  # type: ignore[attr-defined]

    def do(data: dict[str, Any]) -> bool:
        kept = operations.keep_draft(ref, form=data["kind"], text=data["text"], mark=data["mark"], by=actor)
        return kept is not None or not data["text"].strip()

    return act(
        request, DraftForm(request.POST), do,
        done=lambda kept: HttpResponse(status=NO_CONTENT if kept else CONFLICT),
        again=lambda form, status: HttpResponse(status=status),
    )  # fmt: skip


@require_POST
@page(Permission.VIEW_QUEUE)
def here(request: HttpRequest, ref: str) -> HttpResponse:
    """The reader has the ticket open, and perhaps writes; answers who else does."""
    actor = request.actor  # type: ignore[attr-defined]
    ticket = operations.saw(ref, by=actor)
    presence.beat(ticket, actor, writing=request.POST.get("writing", ""))
    people = presence.here([ticket], actor).get(ticket.pk, [])
    return render(request, "tickets/presence.html", {"ticket": ticket, "present": people, "swapped": True})


@require_POST
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def markdown(request: HttpRequest, ref: str) -> HttpResponse:
    """How a text will look when it is sent: by the very function that sends it."""
    queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    return render(request, "tickets/rendered.html", {"text": request.POST.get("text", "")})


@require_GET
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def mentionable(request: HttpRequest, ref: str) -> HttpResponse:
    """Whom a name that is being typed in a note may become: people and teams that read this ticket's notes."""
    actor = request.actor  # type: ignore[attr-defined]
    ticket = queries.get_for(ref, by=actor)
    found = mentions.offered(request.GET.get("q", "")[:40], ticket, actor)
    return render(request, "tickets/mentionable.html", {"found": found})


def _previewed(request: HttpRequest, ref: str) -> HttpResponse:
    """Without script the preview button sends the form: the page again, with the text and how it looks."""
    ticket = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    return show(request, ticket, reply=ReplyForm(request.POST), preview=request.POST.get("text", ""))


def _again(request: HttpRequest, ref: str) -> Any:
    def again(form: django_forms.Form, status: int) -> HttpResponse:
        return show(request, queries.get_for(ref, by=request.actor), reply=form, status=status)  # type: ignore[attr-defined]

    return again


def _told(request: HttpRequest, ref: str) -> Any:
    """What could not be done to a held reply, as a notice on the page."""

    def again(form: django_forms.Form, status: int) -> HttpResponse:
        for sentence in form.non_field_errors():
            messages.warning(request, str(sentence))
        return show(request, queries.get_for(ref, by=request.actor), status=status)  # type: ignore[attr-defined]

    return again
