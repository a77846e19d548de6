"""What stands in the reply box when a ticket is opened: the draft, files that came back, the macro's ending."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django import forms

from core.common.actor import Actor
from core.common.errors import RuleBroken
from core.files.models import StoredFile
from tickets import operations, queries
from tickets.models import HeldReply, Ticket
from tickets.rules import THEN
from worklog import queries as worklog


@dataclass(frozen=True)
class Composer:
    """`mark` moves on when the text was sent; `kept_at` is when the server last saved it, in milliseconds.

    `minutes` are those that were typed, or came back with a reply; None leaves it to the timer what is offered.
    """

    mark: str
    text: str = ""
    note: bool = False
    then: str = ""
    kept_at: int = 0
    files: list[StoredFile] = field(default_factory=list)
    minutes: int | str | None = None


def of(ticket: Ticket, actor: Actor, *, form: forms.Form | None = None, then: str = "") -> Composer:
    """The composer of a ticket; after an error with what the form carried."""
    mark = queries.own_mark(ticket, actor)
    if form is not None:
        data: Any = form.data
        return Composer(
            mark, data.get("text", ""), data.get("kind") == "note", data.get("then", ""),
            files=_files(ticket, actor, [int(pk) for pk in data.getlist("kept") if pk.isdigit()]),
            minutes=data.get("minutes", ""),
        )  # fmt: skip
    draft = worklog.draft_of(ticket, actor)
    if draft is None:
        return Composer(mark, then=then if then in dict(THEN) else "")
    own = list(ticket.held_replies.filter(author_id=actor.user_id).order_by("pk"))
    back = own[-1] if own and own[-1].taken_back_at else None
    return Composer(
        mark,
        draft.text,
        draft.form == "note",
        then if then in dict(THEN) else back.then_status if back else "",
        int(draft.updated_at.timestamp() * 1000),
        _files(ticket, actor, back.files if back else [], own),
        back.minutes if back else None,
    )


def _files(
    ticket: Ticket, actor: Actor, wanted: list[int], own: list[HeldReply] | None = None
) -> list[StoredFile]:
    """Of these, the files that the actor uploaded for replies on this ticket; `own` saves reading those again."""
    if not wanted:
        return []
    replies = ticket.held_replies.filter(author_id=actor.user_id) if own is None else own
    known = {pk for reply in replies for pk in reply.files}
    return list(StoredFile.objects.filter(pk__in=known.intersection(wanted)).order_by("pk"))


def macro_choice(asked: str, ticket: Ticket, actor: Actor) -> dict[str, Any]:
    """What the macro dialog shows: all that the actor may use, and the one that is looked at, as it would be here."""
    found = list(queries.macros(actor))
    chosen = next((macro for macro in found if str(macro.pk) == asked), None)
    if chosen is None:
        return {"macros": found, "used": None, "why": ""}
    try:
        return {
            "macros": found,
            "used": operations.preview_macro(ticket.reference, macro=chosen, by=actor),
            "why": "",
        }
    except RuleBroken as broken:
        return {"macros": found, "used": None, "why": broken.sentence}
