"""Reading what lies on a piece of work. The caller has checked that the reader may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Subquery, Sum

from core.accounts.models import User
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.errors import NotFound
from worklog import subjects
from worklog.models import Attachment, Draft, Link, Mention, RunningTimer, TimeEntry, Watcher

PRELOADED = "_preloaded_links"


@dataclass(frozen=True)
class Linked:
    """The other end of a link, as the reader may see it."""

    kind: str
    back: bool
    work: Any
    title: str
    url_name: str


def links_of(subject: Any, actor: Actor, kinds: tuple[str, ...] | None = None) -> list[Linked]:
    """What a piece of work is linked to, in both directions; ends that the actor may not see are left out."""
    ends: dict[str, list[tuple[int, str, bool]]] = {}
    read = subject.__dict__.get(PRELOADED)
    for made in _links(subject) if read is None else read:
        back = (made.to_kind, made.to_id) == (subject.SUBJECT, subject.pk)
        kind, pk = (made.subject_kind, made.subject_id) if back else (made.to_kind, made.to_id)
        if kinds is None or kind in kinds:
            ends.setdefault(kind, []).append((pk, made.kind, back))
    found: list[Linked] = []
    for name, places in ends.items():
        known = subjects.kind(name)
        works = known.visible_to(actor).in_bulk([pk for pk, _, _ in places])
        found += [
            Linked(kind, back, works[pk], getattr(works[pk], known.title), known.url_name)
            for pk, kind, back in places
            if pk in works
        ]
    return found


def preload_links(subject: Any) -> None:
    """Read the links once for a page on which several parts ask for them; only for an object that is read."""
    subject.__dict__[PRELOADED] = _links(subject)


def _links(subject: Any) -> list[Link]:
    here = Q(subject_kind=subject.SUBJECT, subject_id=subject.pk)
    there = Q(to_kind=subject.SUBJECT, to_id=subject.pk)
    return list(Link.objects.filter(here | there).order_by("id"))


def linked_references(works: Sequence[Any], actor: Actor) -> dict[int, dict[str, list[str]]]:
    """For each of several pieces of work of one kind, what it is linked to: {7: {"change": ["CHG-2"]}}.

    In both directions, and only what the actor may see. One query for the links and one for each kind met.
    """
    own = {(work.SUBJECT, work.pk) for work in works}
    if not own:
        return {}
    name, pks = works[0].SUBJECT, [work.pk for work in works]
    here = Q(subject_kind=name, subject_id__in=pks)
    there = Q(to_kind=name, to_id__in=pks)
    ends: dict[str, dict[tuple[int, int], None]] = {}
    for made in Link.objects.filter(here | there).order_by("id"):
        one, other = (made.subject_kind, made.subject_id), (made.to_kind, made.to_id)
        for mine, (kind, pk) in ((one, other), (other, one)):
            if mine in own:
                ends.setdefault(kind, {})[mine[1], pk] = None
    found: dict[int, dict[str, list[str]]] = {pk: {} for pk in pks}
    for kind, pairs in ends.items():
        known = subjects.kind(kind)
        seen = set(
            known.visible_to(actor).filter(pk__in={pk for _, pk in pairs}).values_list("pk", flat=True)
        )
        for mine_pk, pk in pairs:
            if pk in seen:
                found[mine_pk].setdefault(kind, []).append(f"{known.prefix}-{pk}")
    return found


def time_on(subject: Any) -> QuerySet[TimeEntry]:
    """The time logged on a piece of work, the newest first."""
    found = TimeEntry.objects.filter(subject_kind=subject.SUBJECT, subject_id=subject.pk)
    return found.select_related("person").order_by("-created_at", "-id")


def time_for(subject: Any, actor: Actor) -> tuple[int, RunningTimer | None]:
    """All minutes logged on a piece of work, and the reader's own timer, wherever it runs. One query."""
    logged = TimeEntry.objects.filter(subject_kind=subject.SUBJECT, subject_id=subject.pk).order_by()
    total = logged.values("subject_id").annotate(sum=Sum("minutes")).values("sum")
    rows = User.objects.filter(pk=actor.user_id).annotate(minutes=Subquery(total))
    reader = rows.select_related("running_timer").only("running_timer").get()
    return reader.minutes or 0, getattr(reader, "running_timer", None)  # type: ignore[attr-defined]


def timer_on(subject: Any, actor: Actor) -> RunningTimer | None:
    """The actor's timer, where it runs on this piece of work."""
    running = RunningTimer.objects.filter(subject_kind=subject.SUBJECT, subject_id=subject.pk)
    return running.filter(user_id=actor.user_id).first()


def timer_of(actor: Actor) -> RunningTimer | None:
    """The reader's own timer, wherever it runs."""
    return RunningTimer.objects.filter(user_id=actor.user_id).first()


def time_entries(actor: Actor) -> QuerySet[TimeEntry]:
    """The time spent on whatever work the actor may see."""
    seen = Q(pk__in=[])
    for known in subjects.kinds():
        seen |= Q(subject_kind=known.name, subject_id__in=known.visible_to(actor).values("pk"))
    return TimeEntry.objects.filter(seen)


def time_entry(pk: int, actor: Actor) -> TimeEntry:
    """One of them. Raises NotFound."""
    found = time_entries(actor).select_related("person").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such time entry.")
    return found


def attachments_of(subject: Any, actor: Actor) -> QuerySet[Attachment]:
    """The files on a piece of work; who does not read internal notes gets the public ones."""
    found = Attachment.objects.filter(subject_kind=subject.SUBJECT, subject_id=subject.pk)
    found = found if _reads_notes(actor) else found.filter(public=True)
    return found.select_related("file").order_by("id")


def draft_of(subject: Any, actor: Actor) -> Draft | None:
    """What the actor was typing on a piece of work."""
    return Draft.objects.filter(
        subject_kind=subject.SUBJECT, subject_id=subject.pk, user_id=actor.user_id
    ).first()


def watchers_of(subject: Any) -> list[User]:
    """Who watches a piece of work, by name."""
    ids = Watcher.objects.filter(subject_kind=subject.SUBJECT, subject_id=subject.pk).values("user_id")
    return list(User.objects.filter(pk__in=ids, is_active=True).order_by("first_name", "last_name"))


def watchers(kind: str, pks: Sequence[int]) -> dict[int, list[str]]:
    """The usernames of who watches each of several pieces of work of one kind. One query."""
    rows = Watcher.objects.filter(subject_kind=kind, subject_id__in=pks, user__is_active=True)
    found: dict[int, list[str]] = {}
    for pk, username in rows.order_by("user__username").values_list("subject_id", "user__username"):
        found.setdefault(pk, []).append(username)
    return found


def unread_mentions(kind: str, actor: Actor) -> QuerySet[Mention]:
    """Where the actor was named on work of a kind and has not looked yet."""
    return Mention.objects.filter(subject_kind=kind, user_id=actor.user_id, seen_at=None)


def attachment(pk: int, actor: Actor) -> Attachment:
    """One file, through the visibility of the work that it lies on. Raises NotFound otherwise."""
    found = Attachment.objects.select_related("file").filter(pk=pk).first()
    if found is None or not (found.public or _reads_notes(actor)):
        raise NotFound("There is no such file.")
    if not subjects.kind(found.subject_kind).visible_to(actor).filter(pk=found.subject_id).exists():
        raise NotFound("There is no such file.")
    return found


def _reads_notes(actor: Actor) -> bool:
    """A file of an internal note is read by those who read the note."""
    return can(actor, Permission.WORK_TICKET)
