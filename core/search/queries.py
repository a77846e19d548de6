"""Finding: one interface, two engines. Columns and clauses of the SQL are ours, every value is a parameter."""

# ruff: noqa: S608

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.search import index
from core.search.models import SearchDoc

_WORD = re.compile(r"\w+", re.UNICODE)
MOST_WORDS = 12
CANDIDATES = 200


def find(text: str, actor: Actor, *, kinds: Sequence[str] | None = None, limit: int = 50) -> list[SearchDoc]:
    """What matches all the words (the last one by its beginning), the best first, only what the actor may see.

    The visibility columns cut the candidates down in the first step; each hit is then checked again by the
    same `visible_to` that lists and pages use, so that the index can never show more than they do.
    """
    words = _WORD.findall(text)[:MOST_WORDS]
    searched = [kind for kind in index.visible if kinds is None or kind in kinds]
    if not words or not searched:
        return []
    ids = _candidates(words, actor, searched)
    docs = SearchDoc.objects.defer("public", "staff").in_bulk(ids)
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


def _candidates(words: list[str], actor: Actor, kinds: list[str]) -> list[int]:
    where, values = _allowed(actor, kinds)
    if connection.vendor == "postgresql":
        column = "staff_vector" if reads_notes(actor) else "public_vector"
        query = _tsquery(words)
        sql = (
            f"SELECT d.id FROM search_searchdoc d, to_tsquery('english', %s) q, to_tsquery('simple', %s) s "
            f"WHERE (d.{column} @@ q OR d.{column} @@ s) AND {where} "
            f"ORDER BY ts_rank(d.{column}, q) + ts_rank(d.{column}, s) DESC, d.id DESC LIMIT {CANDIDATES}"
        )
        parameters: list[Any] = [query, query, *values]
    else:
        columns = "" if reads_notes(actor) else "{reference title public} : "
        sql = (
            "SELECT d.id FROM search_fts f JOIN search_searchdoc d ON d.id = f.rowid "
            f"WHERE search_fts MATCH %s AND {where} ORDER BY f.rank LIMIT {CANDIDATES}"
        )
        parameters = [f"{columns}({_fts5(words)})", *values]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


def _allowed(actor: Actor, kinds: list[str]) -> tuple[str, list[Any]]:
    marks = ", ".join(["%s"] * len(kinds))
    where, values = f"d.kind IN ({marks})", list[Any](kinds)
    if actor.is_staff:
        return where, values
    organisations = [pk for resolver in index.organisations_of for pk in resolver(actor)]
    mine = "d.owner_id = %s"
    values.append(actor.user_id)
    if organisations:
        mine += f" OR d.organisation_id IN ({', '.join(['%s'] * len(organisations))})"
        values.extend(organisations)
    return f"{where} AND NOT d.staff_only AND ({mine})", values


def _tsquery(words: list[str]) -> str:
    return " & ".join([f"'{word}'" for word in words[:-1]] + [f"'{words[-1]}':*"])


def _fts5(words: list[str]) -> str:
    quoted = [f'"{word}"' for word in words]
    return " ".join([*quoted[:-1], f"{quoted[-1]}*"])
