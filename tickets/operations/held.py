"""Replies that are on their way: for eight seconds they can be taken back, then a sweep sends them.

A held reply is never lost. It is sent (`entry`), taken back (`taken_back_at`), or it came back with the reason
(`note`) because somebody else wrote in the meantime or a rule forbade it. Each step is one conditional UPDATE in
the transaction that also does the work, so that a worker killed at any instant leaves it sent once or still held.

The minutes typed beside it are its own until it is sent, and are logged with it; with Undo they come back too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet

from core.accounts import actors
from core.accounts.permissions import Permission, require
from core.common import clock, faults
from core.common.actor import Actor
from core.common.errors import Conflict, NotAllowed, NotFound, RuleBroken
from core.common.vocabulary import Activity
from core.files import operations as files_of
from core.files.models import StoredFile
from core.timers import sweeps
from tickets import queries, rules, service_levels
from tickets.models import Entry, HeldReply, Status, Ticket
from tickets.operations import lifecycle
from tickets.operations.conversation import check_nothing_new, reply
from worklog import operations as worklog
from worklog import queries as worklog_queries
from worklog import rules as time_rules

HELD_FOR = timedelta(seconds=8)
SWEEP = "tickets.release"


@transaction.atomic
def send_soon(
    ref: str,
    *,
    body: str,
    last_seen: int | None,
    by: Actor,
    then: str = "",
    files: list[UploadedFile] | None = None,
    kept_files: Iterable[int] = (),
    minutes: int | None = None,
) -> HeldReply:
    """Hold a reply to the customer for eight seconds. It comes back at once when somebody else has written.

    `then` is what becomes of the ticket when it is sent: "", "waiting" or "resolved:CODE". `kept_files` are ids of
    files of a reply that the author took back before. The text leaves the author's draft. With `minutes`, which are
    logged when it is sent, the author's timer on the ticket ends.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    rules.check_texts({"text": body}, required=("text",))
    _check_then(ticket, then)
    since = _end_timer(ticket, minutes, by)
    uploads = files or []
    files_of.check(uploads)
    stored = [*_own_files(ticket, kept_files, by), *(files_of.store(upload, by=by).pk for upload in uploads)]
    newest = ticket.entries.exclude(kind=Entry.Kind.INTERNAL_NOTE).order_by("pk").last()
    seen = last_seen if last_seen is not None else (newest.pk if newest else 0)
    now = clock.now()
    held = HeldReply.objects.create(
        ticket=ticket, author_id=by.user_id, body=body, then_status=then, files=stored, last_seen=seen,
        minutes=minutes, timer_since=since, created_at=now, release_at=now + HELD_FOR,
    )  # fmt: skip
    worklog.drop_draft(ticket, by=by)
    try:
        check_nothing_new(ticket, seen, by)
    except Conflict as late:
        HeldReply.objects.filter(pk=held.pk).update(release_at=None, note=late.sentence)
    return HeldReply.objects.get(pk=held.pk)


@transaction.atomic
def take_back(ref: str, *, held: int, by: Actor) -> HeldReply:
    """Undo: the reply does not go out, its text is the author's draft again, and the timer that it ended runs on."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    found = _own(ticket, held, by)
    if not _still(found).update(release_at=None, taken_back_at=clock.now()):
        raise Conflict("It was sent a moment ago and cannot be taken back.")
    draft = worklog_queries.draft_of(ticket, by)
    text = f"{found.body}\n\n{draft.text}" if draft and draft.text != found.body else found.body
    worklog.keep_draft(ticket, form="reply", text=text, by=by)
    if found.timer_since:
        worklog.resume_timer(ticket, found.timer_since, by=by)
    return found


@transaction.atomic
def send_now(ref: str, *, held: int, last_seen: int, by: Actor) -> HeldReply:
    """Send a held reply without waiting any longer, also one that came back.

    `last_seen` is the newest message that its author has read by now; a newer one brings it back once more.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    found = _own(ticket, held, by)
    if not _still(found).update(last_seen=max(found.last_seen, last_seen), release_at=clock.now()):
        raise Conflict("It was sent a moment ago.")
    release(HeldReply.objects.get(pk=held), clock.now())
    return HeldReply.objects.get(pk=held)


def release(held: HeldReply, now: datetime) -> None:
    """The sweep's act: make an entry of a held reply, or give it back with the reason."""
    if not _still(held).update(release_at=None):
        return
    faults.reach("tickets.release_claimed")
    try:
        with transaction.atomic():
            entry = _send(held)
            HeldReply.objects.filter(pk=held.pk).update(entry=entry, note="")
    except RuleBroken as broken:
        HeldReply.objects.filter(pk=held.pk).update(note=broken.sentence)
    faults.reach("tickets.after_release")


def poke_if_due(ticket: Ticket) -> None:
    """Wake the sweep when a reply of the ticket should be out by now: the page asks, the tick may be far."""
    if ticket.held_replies.filter(release_at__lte=clock.now()).exists():
        sweeps.poke(SWEEP)


def _send(held: HeldReply) -> Entry:
    author = held.author
    if not author.is_active:
        raise NotAllowed(f"{author.display_name} does not work here any more.")
    by = actors.for_user(author)
    entry = _say(held, by)
    _log_time(held, entry, by)
    return entry


def _say(held: HeldReply, by: Actor) -> Entry:
    author, ref = held.author, held.ticket.reference
    ticket = queries.get_for(ref, by=by, to=Permission.REPLY)
    stored = list(StoredFile.objects.filter(pk__in=held.files).order_by("pk"))
    then, _, code = held.then_status.partition(":")
    if then != Status.RESOLVED or ticket.status in (Status.RESOLVED, Status.CLOSED):
        entry = reply(ref, body=held.body, public=True, stored=stored, last_seen=held.last_seen, by=by)
        if then == Status.WAITING and ticket.status != Status.WAITING:
            lifecycle.wait(ref, reason="Their answer to our reply.", by=by)
        return entry
    check_nothing_new(ticket, held.last_seen, by)
    lifecycle.resolve(ref, code=code, note=held.body, by=by)  # sends the text as its note
    entry = ticket.entries.filter(author=author, kind=Entry.Kind.PUBLIC_REPLY).latest("pk")
    worklog.attach_stored(ticket, stored, public=True, entry_id=entry.pk)
    return entry


def _end_timer(ticket: Ticket, minutes: int | None, by: Actor) -> datetime | None:
    """Minutes are typed instead of what the author's timer here says: it ends. Answers since when it ran."""
    if minutes is None:
        return None
    require(by, Permission.LOG_TIME)
    time_rules.check_minutes(minutes)
    timer = worklog_queries.timer_on(ticket, by)
    if timer is None:
        return None
    worklog.discard_timer(ticket, by=by)
    return timer.started_at


def _log_time(held: HeldReply, entry: Entry, by: Actor) -> None:
    """The time lies where the reply was said, on the day on which it was written."""
    if held.minutes is None:
        return
    require(by, Permission.LOG_TIME)
    day = held.created_at.date()
    worklog.log_time(entry.ticket, minutes=held.minutes, activity=Activity.COMMUNICATION, on_date=day, by=by)


def _still(held: HeldReply) -> QuerySet[HeldReply]:
    return HeldReply.objects.filter(pk=held.pk, entry__isnull=True, taken_back_at__isnull=True)


def _own(ticket: Ticket, pk: int, by: Actor) -> HeldReply:
    found = HeldReply.objects.filter(pk=pk, ticket=ticket, author_id=by.user_id).first()
    if found is None:
        raise NotFound("There is no such reply of yours.")
    return found


def _own_files(ticket: Ticket, wanted: Iterable[int], by: Actor) -> list[int]:
    """Those of the files that came along with replies which the actor took back on this ticket."""
    back = ticket.held_replies.filter(author_id=by.user_id, taken_back_at__isnull=False)
    own = {pk for files in back.values_list("files", flat=True) for pk in files}
    return [pk for pk in dict.fromkeys(wanted) if pk in own]


def _check_then(ticket: Ticket, then: str) -> None:
    if then not in dict(rules.THEN):
        raise RuleBroken("Choose how the ticket goes on from the list.", field="then")
    breached = then.startswith(Status.RESOLVED) and service_levels.unexplained(ticket)
    if breached:
        raise RuleBroken(
            "A service level was missed on this ticket: use Resolve, which asks for the cause.", field="then"
        )
