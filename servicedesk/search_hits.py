"""What a search shows of each hit, and how the hits divide: kind, status, application, organisation, period."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import FieldDoesNotExist

from core.common import clock
from core.common.actor import Actor
from core.search import index, queries
from core.search.models import SearchDoc
from worklog import subjects

FACETS = ("kind", "status", "application", "organisation", "period")
PERIODS = {
    "1d": ("Last day", 1),
    "7d": ("Last 7 days", 7),
    "30d": ("Last 30 days", 30),
    "365d": ("Last year", 365),
}
MOST_VALUES = 8
AROUND = 80
_TOKEN = re.compile(r"\b(kind|status|application|organisation|period):([\w,-]+)")


@dataclass(frozen=True)
class Hit:
    """One hit with what divides it; `values` holds for each facet the values that it counts for."""

    doc: SearchDoc
    url: str
    status: str
    values: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Found:
    """`hits` after all filters; `facets` count the hits that the other filters leave.

    `more`: there are further hits that neither of them counts.
    """

    hits: list[Hit]
    facets: dict[str, list[tuple[str, str, int, bool]]]
    more: bool


def read(typed: str) -> tuple[str, dict[str, list[str]]]:
    """The words and the tokens of a typed text: `kind:ticket status:open,new card`."""
    chosen: dict[str, list[str]] = defaultdict(list)
    for name, values in _TOKEN.findall(typed):
        chosen[name] += [value for value in values.split(",") if value]
    return " ".join(_TOKEN.sub(" ", typed).split()), dict(chosen)


def search(words: str, chosen: dict[str, list[str]], actor: Actor) -> Found:
    """The hits among the 200 best, filtered; every one checked again by the `visible_to` of its kind."""
    docs = queries.find(words, actor, limit=queries.CANDIDATES)
    hits = _with_values(docs, actor, clock.now())
    facets = {name: _counted(name, hits, chosen) for name in FACETS}
    fitting = [hit for hit in hits if _fits(hit, chosen)]
    return Found(fitting, facets, more=len(docs) == queries.CANDIDATES)


def snippets(docs: Iterable[SearchDoc], words: str, actor: Actor) -> dict[int, list[tuple[str, bool]]]:
    """For each document the place where a word occurs, in pieces: (text, whether it is a word of the search).

    Who does not read internal notes gets pieces of the public text alone.
    """
    texts = SearchDoc.objects.filter(pk__in=[doc.pk for doc in docs]).values_list("pk", "public", "staff")
    patterns = [re.escape(word) for word in re.findall(r"\w+", words)]
    if not patterns:
        return {}
    pattern = re.compile(rf"\b({'|'.join(patterns)})\w*", re.IGNORECASE)
    notes = queries.reads_notes(actor)
    return {pk: _snippet(pattern, [public, staff] if notes else [public]) for pk, public, staff in texts}


def pieces(text: str, words: str) -> list[tuple[str, bool]]:
    """A text in pieces, the searched words apart."""
    patterns = [re.escape(word) for word in re.findall(r"\w+", words)]
    if not patterns:
        return [(text, False)]
    return _marked(re.compile(rf"\b({'|'.join(patterns)})\w*", re.IGNORECASE), text)


def _snippet(pattern: re.Pattern[str], texts: Sequence[str]) -> list[tuple[str, bool]]:
    for text in texts:
        if found := pattern.search(text):
            start, end = max(0, found.start() - AROUND), found.end() + AROUND
            cut = " ".join(text[start:end].split())
            return _marked(pattern, f"{'… ' if start else ''}{cut}{' …' if end < len(text) else ''}")
    return []


def _marked(pattern: re.Pattern[str], text: str) -> list[tuple[str, bool]]:
    shown: list[tuple[str, bool]] = []
    at = 0
    for found in pattern.finditer(text):
        shown += [(text[at : found.start()], False), (found.group(), True)]
        at = found.end()
    return [piece for piece in [*shown, (text[at:], False)] if piece[0]]


def _with_values(docs: list[SearchDoc], actor: Actor, now: datetime) -> list[Hit]:
    by_kind: dict[str, list[int]] = defaultdict(list)
    for doc in docs:
        by_kind[doc.kind].append(doc.object_id)
    known = {kind: _objects(kind, pks, actor) for kind, pks in by_kind.items()}
    hits = []
    for doc in docs:
        work = known[doc.kind].get(doc.object_id)
        if work is not None:  # it may have gone out of sight since
            hits.append(_hit(doc, work, now))
    return hits


def _objects(kind: str, pks: list[int], actor: Actor) -> dict[int, Any]:
    rows = index.visible[kind](actor).filter(pk__in=pks)
    names = {name for name in ("application", "organisation") if _has(rows.model, name)}
    rows = rows.select_related(*names) if names else rows
    rows = rows.prefetch_related("applications") if _has(rows.model, "applications") else rows
    return {row.pk: row for row in rows}


def _has(model: Any, name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _hit(doc: SearchDoc, work: Any, now: datetime) -> Hit:
    applications = (
        work.applications.all() if _has(type(work), "applications") else [getattr(work, "application", None)]
    )
    organisation = getattr(work, "organisation", None)
    status = str(getattr(work, "status", ""))
    age = now - doc.updated_at
    values = {
        "kind": {doc.kind: doc.kind.replace("_", " ").capitalize()},
        "status": {status: status.replace("_", " ").capitalize()} if status else {},
        "application": {one.slug: one.name for one in applications if one},
        "organisation": {organisation.slug: organisation.name} if organisation else {},
        "period": {name: label for name, (label, days) in PERIODS.items() if age <= timedelta(days=days)},
    }
    return Hit(doc, subjects.address(doc.kind, doc.reference), status, values)


def _fits(hit: Hit, chosen: dict[str, list[str]], but: str = "") -> bool:
    return all(
        name == but or not values or not set(values).isdisjoint(hit.values[name])
        for name, values in chosen.items()
        if name in FACETS
    )


def _counted(name: str, hits: list[Hit], chosen: dict[str, list[str]]) -> list[tuple[str, str, int, bool]]:
    counts: Counter[str] = Counter()
    labels: dict[str, str] = {}
    for hit in hits:
        if _fits(hit, chosen, but=name):
            labels |= hit.values[name]
            counts += Counter(hit.values[name].keys())
    picked = chosen.get(name, [])
    order = list(PERIODS) if name == "period" else [value for value, _ in counts.most_common()]
    shown = [value for value in order if value in counts][:MOST_VALUES]
    return [(value, labels[value], counts[value], value in picked) for value in shown]
