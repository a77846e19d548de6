"""A list of tickets as its address describes it. Page, counts and saved views read an address the same way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

from core.common import clock, paging
from core.common.actor import Actor
from tickets import columns, queries
from tickets.filters import TicketFilter, names_in
from tickets.models import OPEN_STATUSES, Ticket, TicketQuerySet

FIRST_VIEW = "triage"
NOT_FILTERS = ("view", "ordering")  # what of an address belongs to a saved view beside its filters
LONGEST_VALUE = 300


@dataclass(frozen=True)
class Asking:
    """What a FilterSet wants to know of a request."""

    actor: Actor


@dataclass(frozen=True)
class Listing:
    """`tickets` are those of the address that the actor may see; none while something in it is `wrong`.

    `orders` are those that this list can have, by name, with their labels; `ordering` is one of them.
    """

    tickets: QuerySet[Ticket]
    view: str
    title: str
    named: dict[str, str]
    wrong: list[str]
    ordering: str
    orders: dict[str, str]

    @property
    def is_usual_order(self) -> bool:
        return self.ordering == next(iter(self.orders))


@dataclass(frozen=True)
class Rows:
    """One page of a listing; `ordered` is None in the work order, whose rows carry their band."""

    tickets: list[Ticket]
    next: str | None
    grouped: bool


def read(params: QueryDict, actor: Actor, now: datetime) -> Listing:
    """The tickets of an address, filtered for this actor, whoever wrote the address.

    Open work is meant where the address says nothing of status and names no view of the desk. Where a status
    reaches into history, the newest come first: to put all that is done into the work order costs a walk
    through all of it, and nobody works on it.
    """
    views = queries.views(actor, now)
    named = {name: str(params[name])[:LONGEST_VALUE] for name in names_in(params) if params.get(name)}
    view = params.get("view", "" if named else FIRST_VIEW)
    known = view in views
    everything: TicketQuerySet = Ticket.objects.visible_to(actor)
    base = views[view][1] if known else everything
    if not known and "status" not in named:
        base = everything.open()
    filters = TicketFilter(params, queryset=base, request=Asking(actor))
    wrong = [f"{name}: {' '.join(texts)}" for name, texts in filters.form.errors.items()]
    statuses = {text.strip() for text in named.get("status", "").split(",")}
    orders = columns.orders(of_open_work=known or statuses <= {"", *OPEN_STATUSES})
    usual = next(iter(orders))
    ordering = params.get("ordering") or usual
    if ordering not in orders:
        wrong.append(f"ordering: “{ordering[:60]}” is no order of a list.")
        ordering = usual
    return Listing(
        tickets=base.none() if wrong else filters.qs,
        view=view if known else "",
        title=views[view][0] if known else "Filtered",
        named=named,
        wrong=wrong,
        ordering=ordering,
        orders=orders,
    )


def unknown(params: QueryDict, actor: Actor) -> list[str]:
    """What of an address says nothing: names that are no filter, one that stands twice, a list that does not exist.

    A reader's address is read as far as it goes; what is kept under a name must mean what it says.
    """
    names = {*NOT_FILTERS, *names_in(params)}
    wrong = [f"{name[:60]}: there is no such filter." for name in params if name not in names]
    wrong += [
        f"{name}: stands twice; several values go into one, with commas."
        for name, values in params.lists()
        if name in names and len(values) > 1
    ]
    if (view := params.get("view")) and view not in queries.views(actor, clock.now()):
        wrong.append(f"view: there is no list “{view[:60]}”.")
    return wrong


def rows(found: Listing, cursor: str | None, now: datetime) -> Rows:
    """One page in the listing's order. Raises RuleBroken for a cursor that we did not give."""
    if found.ordering == columns.WORK_ORDER:
        placed = queries.queue(found.tickets, cursor=cursor, now=now)
        return Rows(placed.tickets, placed.next, grouped=True)
    page = paging.page(
        queries.for_list(found.tickets), ordering=[found.ordering], cursor=cursor, counted=False
    )
    return Rows(page.rows, page.next, grouped=False)


def some(found: QuerySet[Ticket], ids: list[int]) -> list[Ticket]:
    """Those of some tickets that are in `found`, ready for a list."""
    return list(queries.for_list(found).filter(pk__in=ids)) if ids else []


def kept(params: QueryDict) -> str:
    """The address's filters, view and order: what a saved view keeps of it."""
    names = [*NOT_FILTERS, *names_in(params)]
    return urlencode({name: params[name] for name in names if params.get(name)})


def tokens(params: QueryDict, typed: str) -> str:
    """`tier:2 priority:P0 card payments` as an address: known keys filter, the other words search.

    A value with spaces stands in quotes: `created_after:"2026-03-02 08:00"`.
    """
    values: dict[str, str | None] = {
        name: str(params[name]) for name in params if name not in ("part", "seen", "have")
    }
    values |= {"q": None, "cursor": None}
    text = [str(params["search"])] if params.get("search") else []
    for part in _words(typed):
        key, colon, value = part.partition(":")
        if colon and value and key in names_in([key]):
            values[key] = value.strip('"')
        else:
            text.append(part)
    values["search"] = " ".join(text)[:200] or None
    return urlencode({name: value for name, value in values.items() if value})


def _words(typed: str) -> Iterator[str]:
    word, quoted = "", False
    for letter in typed:
        if letter == '"':
            quoted = not quoted
        if letter.isspace() and not quoted:
            if word:
                yield word
            word = ""
        else:
            word += letter
    if word:
        yield word


def spoken(params: QueryDict) -> str:
    """An address as the tokens that one would type."""
    shown: list[Any] = []
    for name in names_in(params):
        if value := params.get(name):
            shown.append(f'{name}:"{value}"' if " " in value else f"{name}:{value}")
    return " ".join(shown)
