"""Time, links and files on work. The callers have checked that the actor may work on the subject."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.db.models import Q

from core.accounts.models import User
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, NotAllowed, NotFound, RuleBroken
from core.common.vocabulary import Activity
from core.files import operations as files
from core.files.models import StoredFile
from worklog import rules
from worklog.models import Attachment, Draft, Link, Mention, RunningTimer, TimeEntry, Watcher

# What may lie on a piece of work only once stays behind where the other one has its own.
ONCE: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "watchers": (Watcher, ("user_id",)),
    "mentions": (Mention, ("entry_id", "user_id")),
    "drafts": (Draft, ("user_id", "form")),
}
MANY: dict[str, type[models.Model]] = {
    "attachments": Attachment,
    "time": TimeEntry,
    "timers": RunningTimer,
}


@transaction.atomic
def log_time(
    subject: Any,
    *,
    minutes: int,
    activity: str = Activity.INVESTIGATION,
    note: str = "",
    on_date: date | None = None,
    by: Actor,
) -> TimeEntry:
    """Record work on a subject, in whole minutes of one day (1 to 1440)."""
    rules.check_minutes(minutes)
    if by.user_id is None:
        raise RuleBroken("Only a person can log time.")
    now = clock.now()
    entry = TimeEntry.objects.create(
        subject_kind=subject.SUBJECT,
        subject_id=subject.pk,
        person_id=by.user_id,
        minutes=minutes,
        activity=activity,
        note=note,
        on_date=on_date or now.date(),
        created_at=now,
        application_id=getattr(subject, "application_id", None),
        component_id=getattr(subject, "component_id", None),
        organisation_id=getattr(subject, "organisation_id", None),
    )
    trail.record(
        f"{subject.SUBJECT}.time_logged", on=subject, by=by, minutes=minutes, activity=activity, note=note
    )
    return entry


@transaction.atomic
def delete_time(subject: Any, entry_id: int, *, by: Actor) -> None:
    """Take back one's own time on the day on which it was logged; the trail keeps what it was."""
    entry = TimeEntry.objects.select_related("person").filter(pk=entry_id, **_of(subject)).first()
    if entry is None:
        raise NotFound("There is no such time here.")
    if entry.person_id != by.user_id:
        raise NotAllowed(f"Only {entry.person.display_name}, who logged it, can take it back.")
    if not rules.may_take_back(entry.created_at, clock.now()):
        raise Conflict("Time can be taken back on the day on which it was logged. Add a note instead.")
    gone, _ = TimeEntry.objects.filter(pk=entry.pk).delete()
    if not gone:
        raise Conflict("It was taken back already.")
    before = {"minutes": entry.minutes, "activity": entry.activity, "note": entry.note}
    trail.record(f"{subject.SUBJECT}.time_deleted", on=subject, by=by, before=before)


@transaction.atomic
def start_timer(subject: Any, *, by: Actor) -> RunningTimer | None:
    """Start the actor's stop watch on a subject. One that runs here runs on.

    A person has one: one that ran elsewhere ends, and is returned, so that its time can be offered.
    """
    if by.user_id is None:
        raise RuleBroken("Only a person has a timer.")
    ended = RunningTimer.objects.filter(user_id=by.user_id).exclude(**_of(subject)).first()
    if ended is not None:
        RunningTimer.objects.filter(pk=ended.pk, started_at=ended.started_at).delete()
    RunningTimer.objects.get_or_create(
        user_id=by.user_id, defaults={**_of(subject), "started_at": clock.now()}
    )
    return ended


@transaction.atomic
def stop_timer(subject: Any, *, minutes: int, activity: str, note: str = "", by: Actor) -> TimeEntry:
    """End the stop watch on a subject and log what the person made of its time."""
    discard_timer(subject, by=by)
    return log_time(subject, minutes=minutes, activity=activity, note=note, by=by)


@transaction.atomic
def discard_timer(subject: Any, *, by: Actor) -> None:
    """End the stop watch on a subject without logging. Raises Conflict when none runs here."""
    gone, _ = RunningTimer.objects.filter(user_id=by.user_id, **_of(subject)).delete()
    if not gone:
        raise Conflict("Your timer does not run here any more.")


@transaction.atomic
def resume_timer(subject: Any, since: datetime, *, by: Actor) -> None:
    """The actor's stop watch runs again from where it was started, unless one runs on other work by now."""
    timer, _ = RunningTimer.objects.get_or_create(
        user_id=by.user_id, defaults={**_of(subject), "started_at": since}
    )
    RunningTimer.objects.filter(pk=timer.pk, started_at__gt=since, **_of(subject)).update(started_at=since)


@transaction.atomic
def link(subject: Any, to: Any, *, kind: str = Link.Kind.RELATES, by: Actor) -> Link:
    """Link one piece of work to another, once. The caller has checked that the actor sees both."""
    if (subject.SUBJECT, subject.pk) == (to.SUBJECT, to.pk):
        raise RuleBroken(f"{subject.reference} cannot be linked to itself.", field="to")
    made, new = Link.objects.get_or_create(
        subject_kind=subject.SUBJECT, subject_id=subject.pk, kind=kind, to_kind=to.SUBJECT, to_id=to.pk
    )
    if new:
        trail.record(f"{subject.SUBJECT}.linked", on=subject, by=by, to=to.reference, kind=kind)
        trail.record(f"{to.SUBJECT}.linked", on=to, by=by, to=subject.reference, kind=kind, back=True)
    return made


@transaction.atomic
def unlink(subject: Any, to: Any, *, kind: str | None = None, by: Actor) -> None:
    """Take the links between two pieces of work away, made from either end; only those of `kind`, if given."""
    there = Q(subject_kind=subject.SUBJECT, subject_id=subject.pk, to_kind=to.SUBJECT, to_id=to.pk)
    back = Q(subject_kind=to.SUBJECT, subject_id=to.pk, to_kind=subject.SUBJECT, to_id=subject.pk)
    found = Link.objects.filter(there | back)
    if kind is not None:
        found = found.filter(kind=kind)
    if not found.delete()[0]:
        raise RuleBroken(f"{subject.reference} is not linked to {to.reference}.", field="to")
    which = kind or ""
    trail.record(f"{subject.SUBJECT}.unlinked", on=subject, by=by, to=to.reference, kind=which)
    trail.record(f"{to.SUBJECT}.unlinked", on=to, by=by, to=subject.reference, kind=which)


@transaction.atomic
def attach(
    subject: Any, uploads: list[UploadedFile], *, public: bool, entry_id: int | None = None, by: Actor
) -> list[Attachment]:
    """Store files on a subject, all or none."""
    files.check(uploads)
    stored = [files.store(upload, by=by) for upload in uploads]
    return attach_stored(subject, stored, public=public, entry_id=entry_id)


@transaction.atomic
def attach_stored(
    subject: Any, stored: Iterable[StoredFile], *, public: bool, entry_id: int | None = None
) -> list[Attachment]:
    """Put files that are stored already on a subject."""
    return [
        Attachment.objects.create(
            subject_kind=subject.SUBJECT, subject_id=subject.pk, file=file, entry_id=entry_id, public=public
        )
        for file in stored
    ]


@transaction.atomic
def copy_files(subject: Any, entry_id: int, to: Any) -> None:
    """The files of one message lie on another piece of work as well; what is stored is stored once."""
    found = Attachment.objects.filter(subject_kind=subject.SUBJECT, subject_id=subject.pk, entry_id=entry_id)
    Attachment.objects.bulk_create(
        Attachment(subject_kind=to.SUBJECT, subject_id=to.pk, file_id=file_id, public=public)
        for file_id, public in found.order_by("id").values_list("file_id", "public")
    )


def watch(subject: Any, *, by: Actor) -> None:
    """Make the actor a watcher, who hears of what happens; a second time changes nothing."""
    if by.user_id is None:
        raise RuleBroken("Only a person can watch.")
    _, new = Watcher.objects.get_or_create(**_of(subject), user_id=by.user_id)
    if new:
        trail.record(f"{subject.SUBJECT}.watched", on=subject, by=by)


@transaction.atomic
def unwatch(subject: Any, *, by: Actor) -> None:
    """The actor is a watcher no more; a second time changes nothing."""
    gone, _ = Watcher.objects.filter(**_of(subject), user_id=by.user_id).delete()
    if gone:
        trail.record(f"{subject.SUBJECT}.unwatched", on=subject, by=by)


def name(subject: Any, person: User) -> bool:
    """Make somebody a watcher; False when they were one. The caller records why."""
    return Watcher.objects.get_or_create(**_of(subject), user=person)[1]


def unname(subject: Any, person: User) -> bool:
    """Somebody is a watcher no more; False when they were none. The caller records why."""
    return bool(Watcher.objects.filter(**_of(subject), user=person).delete()[0])


@transaction.atomic
def mention(subject: Any, users: Iterable[User], *, entry_id: int, by: Actor) -> None:
    """Name people in a text, once each: they become watchers. The caller has checked that they may read it."""
    named = [
        user
        for user in users
        if Mention.objects.get_or_create(
            **_of(subject), entry_id=entry_id, user=user, defaults={"at": clock.now()}
        )[1]
    ]
    for user in named:
        Watcher.objects.get_or_create(**_of(subject), user=user)
    if named:
        trail.record(
            f"{subject.SUBJECT}.mentioned", on=subject, by=by, entry=entry_id,
            users=[user.pk for user in named], names=", ".join(user.display_name for user in named),
        )  # fmt: skip


def see_mentions(subject: Any, *, by: Actor) -> None:
    """The actor has looked at the subject: where they were named on it counts as read."""
    Mention.objects.filter(**_of(subject), user_id=by.user_id, seen_at=None).update(seen_at=clock.now())


@transaction.atomic
def keep_draft(subject: Any, *, form: str, text: str, by: Actor) -> Draft | None:
    """Keep what somebody is typing on a subject, the one text of theirs there; an empty one is dropped."""
    if by.user_id is None:
        raise RuleBroken("Only a person can have a draft.")
    if not text.strip():
        drop_draft(subject, by=by)
        return None
    drafts = Draft.objects.filter(**_of(subject), user_id=by.user_id)
    drafts.exclude(form=form).delete()
    kept, _ = drafts.update_or_create(
        form=form, defaults={"text": text, "updated_at": clock.now()},
        create_defaults={
            **_of(subject), "user_id": by.user_id, "form": form, "text": text, "updated_at": clock.now()
        },
    )  # fmt: skip
    return kept


def drop_draft(subject: Any, *, by: Actor) -> None:
    """What was typed has been sent, or taken out of the box."""
    Draft.objects.filter(**_of(subject), user_id=by.user_id).delete()


def _of(subject: Any) -> dict[str, Any]:
    return {"subject_kind": subject.SUBJECT, "subject_id": subject.pk}


def carry(kind: str, source: int, target: int) -> dict[str, list[Any]]:
    """Move everything from one piece of work to another of its kind (a merge); answers what went along, by id."""
    moved: dict[str, list[Any]] = {}
    for name, model in MANY.items():
        moved[name] = list(_on(model, kind, source).values_list("pk", flat=True))
        _on(model, kind, source).update(subject_id=target)
    for name, (model, key) in ONCE.items():
        taken = set(_on(model, kind, target).values_list(*key))
        rows = _on(model, kind, source).values_list("pk", *key)
        moved[name] = [pk for pk, *place in rows if tuple(place) not in taken]
        model._default_manager.filter(pk__in=moved[name]).update(subject_id=target)
    moved["links_from"], moved["links_to"] = _carry_links(kind, source, target)
    return moved


def bring_back(kind: str, target: int, source: int, moved: dict[str, list[Any]]) -> None:
    """Take back what `carry` moved, as far as it still lies there."""
    for name, model in [*MANY.items(), *((name, model) for name, (model, _) in ONCE.items())]:
        _on(model, kind, target).filter(pk__in=moved[name]).update(subject_id=source)
    Link.objects.filter(pk__in=moved["links_from"], subject_kind=kind, subject_id=target).update(
        subject_id=source
    )
    Link.objects.filter(pk__in=moved["links_to"], to_kind=kind, to_id=target).update(to_id=source)


def _carry_links(kind: str, source: int, target: int) -> tuple[list[int], list[int]]:
    """Re-point the links, but not one between the two, nor one that the target has already."""
    there = Link.objects.filter(subject_kind=kind, subject_id=target)
    taken = set(there.values_list("kind", "to_kind", "to_id"))
    out = Link.objects.filter(subject_kind=kind, subject_id=source).exclude(to_kind=kind, to_id=target)
    from_here = [
        pk for pk, *end in out.values_list("pk", "kind", "to_kind", "to_id") if tuple(end) not in taken
    ]
    back = set(
        Link.objects.filter(to_kind=kind, to_id=target).values_list("kind", "subject_kind", "subject_id")
    )
    in_ = Link.objects.filter(to_kind=kind, to_id=source).exclude(subject_kind=kind, subject_id=target)
    to_here = [
        pk
        for pk, *end in in_.values_list("pk", "kind", "subject_kind", "subject_id")
        if tuple(end) not in back
    ]
    Link.objects.filter(pk__in=from_here).update(subject_id=target)
    Link.objects.filter(pk__in=to_here).update(to_id=target)
    return from_here, to_here


def _on(model: type[models.Model], kind: str, pk: int) -> models.QuerySet[Any]:
    return model._default_manager.filter(subject_kind=kind, subject_id=pk)
