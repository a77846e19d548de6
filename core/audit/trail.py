"""Writing and reading the trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet

from core.audit import causes, delivery
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor


class Subject(Protocol):
    """Anything that things happen to."""

    pk: Any

    @property
    def SUBJECT(self) -> str: ...


def record(
    name: str,
    *,
    on: Subject,
    by: Actor,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    at: datetime | None = None,
    **data: Any,
) -> Event:
    """Write one event inside the operation's transaction, with a delivery for each handler of its name.

    `at` is for imports alone: the moment at which another desk recorded it.
    """
    event = Event.objects.create(
        name=name,
        at=at or clock.now(),
        actor_kind=by.kind,
        actor_id=by.user_id,
        actor_label=by.label[:150],
        door=by.door,
        subject_kind=on.SUBJECT,
        subject_id=on.pk,
        subject_ref=str(getattr(on, "reference", None) or getattr(on, "slug", None) or on)[:150],
        before=before or {},
        after=after or {},
        data={**data, causes.KEY: dict(because)} if (because := causes.present()) else data,
    )
    delivery.enqueue(event)
    return event


def history(subject_kind: str, subject_id: int) -> QuerySet[Event]:
    """What happened to one subject, the oldest first. The caller has checked that the reader may see it."""
    return Event.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("id")


def changed(obj: Any, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The (before, after) of the fields that `values` would change on `obj`, ready for `record`."""
    before = {name: _plain(getattr(obj, name)) for name in values}
    after = {name: _plain(value) for name, value in values.items()}
    differing = [name for name in values if before[name] != after[name]]
    return {name: before[name] for name in differing}, {name: after[name] for name in differing}


def _plain(value: Any) -> Any:
    if hasattr(value, "pk"):
        return str(value)
    return value
