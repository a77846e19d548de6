"""Finding: one interface, two engines. Columns and clauses of the SQL are ours, every value is a parameter."""

# ruff: noqa: S608

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.search import index, words
from core.search.models import SearchDoc

_WORD = re.compile(r"[^\W_]+")
_REFERENCE = re.compile(r"[\w.-]{1,60}", re.ASCII)
MOST_WORDS = 12
MOST_BEGINNINGS = 100
NEWEST = 1000
CANDIDATES = 200


def find(text: str, actor: Actor, *, kinds: Sequence[str] | None = None, limit: int = 50) -> list[SearchDoc]:
    """What matches all the words (the last one by its beginning), the best first, only what the actor may see.

    A single letter is a word, not a beginning.
    The best are: what has the reference that was typed, what has all words in its title, then the newest.
    A word that stands in nearly every text costs no more than another: of more than 1,000 hits that the
    columns of visibility allow, the newest 1,000 are looked at. Each hit is then checked again by the same
    `visible_to` that lists and pages use, so that the index can never show more than they do.
    """
    typed = _WORD.findall(text)[:MOST_WORDS]
    searched = [kind for kind in index.visible if kinds is None or kind in kinds]
    if not typed or not searched:
        return []
    engine = _postgresql if connection.vendor == "postgresql" else _sqlite
    ids = dict.fromkeys([*_named(text, searched), *engine(typed, actor, searched)])
    docs = SearchDoc.objects.defer("public", "staff").in_bulk(list(ids))
    ordered = [docs[pk] for pk in ids if pk in docs]
    return _visible_only(ordered, actor)[:limit]


def reads_notes(actor: Actor) -> bool:
    """Who does not read internal notes must not find by their words either."""
    return can(actor, Permission.WORK_TICKET)


def _visible_only(docs: list[SearchDoc], actor: Actor) -> list[SearchDoc]:
    wanted: dict[str, list[int]] = defaultdict(list)
    for doc in docs:
        wanted[doc.kind].append(doc.object_id)
    seen = {
        kind: set(index.visible[kind](actor).filter(pk__in=pks).values_list("pk", flat=True))
        for kind, pks in wanted.items()
    }
    return [doc for doc in docs if doc.object_id in seen[doc.kind]]


def _named(text: str, kinds: list[str]) -> list[int]:
    """The object whose reference was typed."""
    typed = text.strip()
    if not _REFERENCE.fullmatch(typed):
        return []
    found = SearchDoc.objects.filter(reference__in={typed, typed.upper()}).values_list("pk", "kind")
    return [
        pk for pk, kind in found if kind in kinds
    ]  # in SQL the kind would draw SQLite away from the reference


# --- PostgreSQL -------------------------------------------------------------------------------------------
def _postgresql(typed: list[str], actor: Actor, kinds: list[str]) -> list[int]:
    where, values = _allowed(actor, kinds)
    column = "staff_vector" if reads_notes(actor) else "public_vector"
    query = "(to_tsquery('english', %s) || to_tsquery('simple', %s))"
    anywhere, titled = _tsquery(typed), _tsquery(typed, weight="A")
    return _ids(
        f"WITH newest AS (SELECT d.id, d.{column} AS texts FROM search_searchdoc d "
        f"WHERE d.{column} @@ {query} AND {where} ORDER BY d.id DESC LIMIT {NEWEST}) "
        f"SELECT id FROM newest ORDER BY (texts @@ {query}) DESC, id DESC LIMIT {CANDIDATES}",
        [anywhere, anywhere, *values, titled, titled],
    )


def _allowed(actor: Actor, kinds: list[str]) -> tuple[str, list[Any]]:
    marks = ", ".join(["%s"] * len(kinds))
    where, values = f"d.kind IN ({marks})", list[Any](kinds)
    if actor.is_staff:
        return where, values
    mine = "d.owner_id = %s"
    values.append(actor.user_id)
    if organisations := _organisations(actor):
        mine += f" OR d.organisation_id IN ({', '.join(['%s'] * len(organisations))})"
        values.extend(organisations)
    return f"{where} AND NOT d.staff_only AND ({mine})", values


def _tsquery(typed: list[str], weight: str = "") -> str:
    *whole, last = [f"'{word}':{weight}" for word in typed]
    if len(typed[-1]) >= words.SHORTEST:
        # The whole word beside its beginning: of that alone the planner knows how often it occurs.
        last = f"({last} | '{typed[-1]}':*{weight})"
    return " & ".join([*whole, last])


# --- SQLite -----------------------------------------------------------------------------------------------
def _sqlite(typed: list[str], actor: Actor, kinds: list[str]) -> list[int]:
    texts, scope = _fts5(typed), _scope(actor, kinds)
    columns = "reference title public staff" if reads_notes(actor) else "reference title public"
    newest = _ids(
        f"SELECT rowid FROM search_fts WHERE search_fts MATCH %s ORDER BY rowid DESC LIMIT {NEWEST}",
        [f"{{{columns}}} : ({texts}){scope}"],
    )
    if not newest:
        return []
    # From the oldest of them upwards: the other way the index would go on to the very first text.
    titled = _ids(
        "SELECT rowid FROM search_fts WHERE search_fts MATCH %s AND rowid >= %s ORDER BY rowid",
        [f"{{reference title}} : ({texts}){scope}", newest[-1]],
    )
    return list(dict.fromkeys([*reversed(titled), *newest]))[:CANDIDATES]


def _scope(actor: Actor, kinds: list[str]) -> str:
    """The columns of visibility as words, as the index has them beside each text."""
    scope = (
        f" AND scope : ({_any(f'kind{kind}' for kind in kinds)})" if set(kinds) != set(index.visible) else ""
    )
    if actor.is_staff:
        return scope
    mine = [f"owner{actor.user_id}", *(f"organisation{pk}" for pk in _organisations(actor))]
    return f"{scope} AND scope : ({_any(mine)}) NOT scope : deskonly"


def _fts5(typed: list[str]) -> str:
    return " AND ".join([f'"{word}"' for word in typed[:-1]] + [f"({_beginning(typed[-1])})"])


def _beginning(start: str) -> str:
    """A word by its beginning: as a stem, and as every whole word that begins so (core.search.words)."""
    if len(start) < words.SHORTEST:
        return f'"{start}"'
    found = words.beginning_with(start, MOST_BEGINNINGS + 1)
    whole = _any(dict.fromkeys([start, *found[:MOST_BEGINNINGS]]))
    if len(found) <= MOST_BEGINNINGS and not start.isdecimal():
        return whole
    return f'"{start}"* OR {whole}'


def _any(found: Iterable[str]) -> str:
    return " OR ".join(f'"{word}"' for word in found)


# --- both -------------------------------------------------------------------------------------------------
def _organisations(actor: Actor) -> list[int]:
    """Those whose work a customer may see as a whole."""
    return [pk for resolver in index.organisations_of for pk in resolver(actor)]


def _ids(sql: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
