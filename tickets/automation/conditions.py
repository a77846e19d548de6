"""The conditions of a rule: the filters of the list, read strictly. A rule that cannot be read matches nothing."""

from __future__ import annotations

import re

from django.db.models import QuerySet
from django.http import QueryDict

from core.common.actor import Actor
from core.common.errors import Invalid
from tickets import listing
from tickets.filters import TicketFilter
from tickets.models import Ticket

FIELD = "conditions"
_TOKEN = re.compile(r'(?P<key>[^\s:"]+):(?P<value>"[^"]*"|[^\s"]+)(?=\s|$)|(?P<other>\S+)')


def from_tokens(typed: str) -> str:
    """`tier:2 priority:P0` as a query string. Raises Invalid for a word that is no key with a value."""
    params = QueryDict(mutable=True)
    wrong = []
    for found in _TOKEN.finditer(typed):
        if found["other"] is not None:
            wrong.append(f"“{found['other'][:60]}” is no condition: write key:value, as priority:P0,P1.")
        else:
            params.appendlist(found["key"], found["value"].strip('"'))
    if wrong:
        raise Invalid({FIELD: wrong})
    return params.urlencode()


def to_tokens(query: str) -> str:
    """The conditions as one types them; what is not known any more is shown, too."""
    return " ".join(
        f'{name}:"{value}"' if " " in value else f"{name}:{value}" for name, value in QueryDict(query).items()
    )


def errors(query: str, actor: Actor) -> list[str]:
    """What is wrong with conditions for this owner: one sentence a key, each with the reason."""
    params = QueryDict(query)
    filters = _filters(params, Ticket.objects.none(), actor)
    wrong = []
    for name, values in params.lists():
        if name == "search":
            wrong.append("search: words rank the best hits, which is no yes or no; a rule needs key:value.")
        elif name not in filters.filters:
            wrong.append(f"{name[:60]}: there is no such condition.")
        elif len(values) > 1:
            wrong.append(f"{name}: stands twice; several values go into one, with commas.")
        elif not values[0].strip(" ,"):
            wrong.append(f"{name}: has no value.")
    return wrong + [f"{name}: {' '.join(texts)}" for name, texts in filters.form.errors.items()]


def matching(query: str, actor: Actor, base: QuerySet[Ticket] | None = None) -> QuerySet[Ticket]:
    """The tickets that the actor may see and that fit. Raises Invalid when the conditions cannot be read any more."""
    if wrong := errors(query, actor):
        raise Invalid({FIELD: wrong})
    rows = (Ticket.objects.all() if base is None else base).visible_to(actor)  # type: ignore[attr-defined]
    return _filters(QueryDict(query), rows, actor).qs


def unmet(query: str, ticket: Ticket, actor: Actor) -> list[str]:
    """The conditions that the ticket, as it is now, does not meet, as they are typed."""
    missing = []
    for name, value in QueryDict(query).items():
        alone = QueryDict(mutable=True)
        alone[name] = str(value)
        if not matching(alone.urlencode(), actor, Ticket.objects.filter(pk=ticket.pk)).exists():
            missing.append(f"{name}:{value}")
    return missing


def _filters(params: QueryDict, rows: QuerySet[Ticket], actor: Actor) -> TicketFilter:
    return TicketFilter(params, queryset=rows, request=listing.Asking(actor))
