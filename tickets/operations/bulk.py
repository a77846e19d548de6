"""One verb over many tickets: each through its own operation and in its own transaction, with one undo for all.

A run is a row. A few tickets are done while the person waits; more are worked off by a sweep in chunks, and
whatever crashes, each ticket is done once: its result is written in the transaction that does it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import transaction

from core.accounts import actors
from core.accounts.permissions import require
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, NotFound, RuleBroken
from core.common.ids import number_of
from core.timers import sweeps
from tickets import queries
from tickets.models import BulkRun, Ticket
from tickets.operations.bulk_verbs import VERBS, Verb, undo_one

log = structlog.get_logger(__name__)

SWEEP = "tickets.bulk"
MOST = 500
AT_ONCE = 50  # up to here the person waits for it
CHUNK = 50
LEASE = timedelta(minutes=5)  # after which another worker goes on with what a dead one left


@transaction.atomic
def start(verb: str, *, tickets: Iterable[str], values: dict[str, Any] | None = None, by: Actor) -> BulkRun:
    """Note what is to be done to which tickets (at most 500). `work` or the sweep then does it.

    `values` is what the verb takes, by name. Raises Invalid when they do not fit it.
    """
    if verb not in VERBS:
        raise RuleBroken(f"What can be done to many is one of: {', '.join(VERBS)}.", field="verb")
    require(by, VERBS[verb].to)
    if by.user_id is None:
        raise RuleBroken("Only a person can do this to many tickets.")
    VERBS[verb].parse(values or {}, by)
    numbers = list(dict.fromkeys(number_of(ref, Ticket.PREFIX) for ref in tickets))
    if not numbers:
        raise RuleBroken("Choose at least one ticket.", field="tickets")
    if len(numbers) > MOST:
        raise RuleBroken(
            f"At most {MOST} tickets at once; these are {len(numbers)}. Narrow the list.", field="tickets"
        )
    seen = dict(Ticket.objects.visible_to(by).filter(pk__in=numbers).values_list("pk", "version"))
    now = clock.now()
    run = BulkRun.objects.create(
        verb=verb, values=values or {}, by_id=by.user_id, at=now,
        todo=[[pk, seen.get(pk, 0)] for pk in numbers], next_at=_first_turn(len(numbers), now),
    )  # fmt: skip
    sweeps.poke(SWEEP)
    return run


@transaction.atomic
def undo(pk: int, *, by: Actor) -> BulkRun:
    """Take a run back, once, as far as nobody changed the tickets since."""
    run = get_for(pk, by=by)
    if not run.is_finished:
        raise Conflict("It is still at work. Wait until it is done.")
    todo = [[row["id"], 0] for row in run.results if row["done"]]
    if not todo:
        raise Conflict("Nothing was done that could be taken back.")
    now = clock.now()
    claimed = BulkRun.objects.filter(pk=run.pk, undone_at=None, finished_at__isnull=False).update(
        undoing=True, todo=todo, undone_at=now, finished_at=None, next_at=_first_turn(len(todo), now)
    )
    if not claimed:
        raise Conflict("It was taken back already.")
    sweeps.poke(SWEEP)
    run.refresh_from_db()
    return run


def get_for(pk: int, *, by: Actor) -> BulkRun:
    """One of the actor's own runs. Raises NotFound for anybody else's."""
    found: BulkRun | None = BulkRun.objects.visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is nothing here.")
    return found


def finish_short(run: BulkRun) -> BulkRun:
    """Do a short run now, while the person waits; a long one is left to the sweep."""
    if len(run.todo) <= AT_ONCE:
        work(run.pk)
    run.refresh_from_db()
    return run


def begin_chunk(run: BulkRun, now: datetime) -> Any:
    """The sweep's act: hold the run for a while, and do a chunk of it after this transaction."""
    BulkRun.objects.filter(pk=run.pk).update(next_at=now + LEASE)
    return partial(work, run.pk)


def work(pk: int) -> None:
    """Do the next chunk of a run."""
    run = BulkRun.objects.select_related("by").get(pk=pk)
    actor = actors.for_user(run.by)
    values: dict[str, Any] = {}
    try:
        values = VERBS[run.verb].parse(run.values, actor)
    except RuleBroken as broken:  # a team was closed meanwhile, for example: each ticket says so
        values = {"refused": broken.sentence}
    for _ in range(CHUNK):
        if not _next(pk, actor, values):
            return
    BulkRun.objects.filter(pk=pk, finished_at=None).update(next_at=clock.now())
    sweeps.poke(SWEEP)


def _first_turn(tickets: int, now: datetime) -> datetime:
    """A short run is done by whoever asked for it; the sweep takes it over only if they died."""
    return now if tickets > AT_ONCE else now + LEASE


def _next(pk: int, actor: Actor, values: dict[str, Any]) -> bool:
    """Do the next ticket of a run, with its result, in one transaction. False when nothing is left."""
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=pk)
        if not run.todo:
            return False
        (number, version), *rest = run.todo
        results = (
            [_taken_back(row, run, actor) if row["id"] == number else row for row in run.results]
            if run.undoing
            else [*run.results, _done(number, version, VERBS[run.verb], values, actor)]
        )
        now = clock.now()
        BulkRun.objects.filter(pk=pk).update(
            todo=rest,
            results=results,
            next_at=now + LEASE if rest else None,
            finished_at=None if rest else now,
        )
        return bool(rest)


def _done(number: int, version: int, verb: Verb, values: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """What became of one ticket; `kept` is what its undo needs."""
    ref = queries.reference_of(number)

    def do() -> dict[str, Any]:
        if "refused" in values:
            raise RuleBroken(values["refused"])
        ticket = queries.get_for(ref, by=actor)
        if ticket.version != version:
            raise Conflict(f"{ref} was changed after you chose it.")
        return verb.carry_out(ticket, values, actor)

    why, kept = _attempt(do)
    return {"id": number, "done": not why, "why": why, "kept": kept}


def _taken_back(row: dict[str, Any], run: BulkRun, actor: Actor) -> dict[str, Any]:
    why, _ = _attempt(lambda: undo_one(run.verb, run.values, row, actor))
    return {**row, "undone": not why, "undo_why": why}


def _attempt(do: Any) -> tuple[str, Any]:
    """Why it was not done (empty when it was), and what came of it. What failed has left nothing behind."""
    try:
        with transaction.atomic():
            return "", do()
    except RuleBroken as broken:
        sentences = [text for texts in broken.errors.values() for text in texts]
        return " ".join(sentences) or broken.sentence, {}
    except Exception:
        log.exception("bulk.ticket_failed")
        return "Something unexpected went wrong with this one; it was reported.", {}
