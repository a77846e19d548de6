"""Time, links and files on work. The callers have checked that the actor may work on the subject."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from core.common.vocabulary import Activity
from core.files import operations as files
from worklog.models import Attachment, Link, TimeEntry, Watcher

MINUTES_IN_A_DAY = 1440


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
    if not 1 <= minutes <= MINUTES_IN_A_DAY:
        raise RuleBroken("Minutes are a whole number from 1 to 1440.", field="minutes")
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
def attach(
    subject: Any, uploads: list[UploadedFile], *, public: bool, entry_id: int | None = None, by: Actor
) -> list[Attachment]:
    """Store files on a subject, all or none."""
    return [
        Attachment.objects.create(
            subject_kind=subject.SUBJECT,
            subject_id=subject.pk,
            file=files.store(upload, by=by),
            entry_id=entry_id,
            public=public,
        )
        for upload in uploads
    ]


def watch(subject: Any, *, by: Actor) -> None:
    """Make the actor a watcher; a second time changes nothing."""
    if by.user_id is not None:
        Watcher.objects.get_or_create(subject_kind=subject.SUBJECT, subject_id=subject.pk, user_id=by.user_id)
