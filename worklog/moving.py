"""What lies on one piece of work goes to another (a merge), and comes back. The caller has checked both."""

from __future__ import annotations

from typing import Any

from django.db import models

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


def carry(kind: str, source: int, target: int) -> dict[str, list[Any]]:
    """Move everything from one piece of work to another of its kind; answers what went along, by id."""
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
