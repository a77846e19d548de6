"""Writing one line of the promise ledger, with everything that belongs to it, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F

from core.common import clock, faults
from core.common.actor import Actor
from core.common.errors import Conflict
from core.outbox import queue
from core.search import index
from incidents import audience as audiences
from incidents import mailing, rules, wording
from incidents.models import OPEN, Incident, TimelineEntry, Update
from incidents.notices import Parts
from incidents.operations import promises
from incidents.wording import Wording


def claim(
    incident: Incident,
    *,
    only_in: Collection[str] = OPEN,
    found: dict[str, Any] | None = None,
    **columns: Any,
) -> Incident:
    """Change the incident if it still stands where it is expected, and return it as it is now.

    `found` names further columns that must hold the given values. Raises Conflict otherwise.
    """
    here = Incident.objects.filter(pk=incident.pk, status__in=only_in, **(found or {}))
    if not here.update(version=F("version") + 1, **columns):
        now_in = Incident.objects.values_list("status", flat=True).get(pk=incident.pk)
        if now_in in only_in:
            raise Conflict(f"{incident.reference} has changed in this moment; look again.")
        raise rules.refusal(incident.reference, now_in)
    return Incident.objects.get(pk=incident.pk)


def write(
    incident: Incident,
    *,
    kind: Update.Kind,
    body: str,
    known: str = "",
    by: Actor,
    due_at: datetime | None,
    next_due_at: datetime | None,
    parts: Parts = Parts(),  # noqa: B008 - frozen
    wordings: Mapping[str, Wording] | None = None,
    audience: str = "",
    among: Collection[str] | None = None,
    facts: dict[str, Any] | None = None,
    only_in: Collection[str] = OPEN,
    found: dict[str, Any] | None = None,
    **columns: Any,
) -> Update:
    """Claim the next number, write the update, one outbox row for each recipient, and the next due time.

    body and parts are what everybody reads; wordings, by audience, what those read who get a text of their own.
    among: tell none but those of the list who have these keys. facts: further columns of the update.
    known: what a template of a holding update may say of what is known.

    The number comes from the row that this transaction has just changed, so that two writers never get the
    same one; the unique (incident, number) would refuse the second.
    """
    now = clock.now()
    incident = claim(
        incident,
        only_in=only_in,
        found=found,
        update_count=F("update_count") + 1,
        next_update_due_at=next_due_at,
        next_reminder_due_at=rules.reminder_at(next_due_at, now),
        **columns,
    )
    faults.reach("incidents.after_claim")
    everybody = Wording(body, parts, known, (facts or {}).get("wrong", ""))
    texts = wording.texts(
        incident, kind, everybody, wordings or {}, number=incident.update_count, next_due_at=next_due_at
    )
    told = audiences.recipients(incident, audience)
    told = told if among is None else [one for one in told if one.key in among]
    update = Update.objects.create(
        incident=incident,
        number=incident.update_count,
        kind=kind,
        audience=audience,
        **texts.columns,
        due_at=due_at,
        sent_at=now,
        late_seconds=rules.late_seconds(due_at, now),
        next_due_at=next_due_at,
        recipients=len(told),
        check_at=now + timedelta(minutes=settings.UNDELIVERED_MINUTES) if told else None,
        **{"author_id": by.user_id, "author_label": by.label, **(facts or {})},
    )
    promises.answered(incident, update)
    _fan_out(incident, update, told)
    note(
        incident,
        f"{update.get_kind_display()} {update.number}",
        by=by,
        kind=TimelineEntry.Kind.UPDATE,
        update=update,
    )
    for failure in texts.failures:
        note(incident, f"The built-in text went out instead of a template. {failure}"[:500], by=by)
    reindex(incident)
    return update


def _fan_out(incident: Incident, update: Update, told: list[audiences.Recipient]) -> None:
    queue.put_all([mailing.message(incident, update, recipient) for recipient in told])


def note(
    incident: Incident,
    body: str,
    *,
    by: Actor,
    kind: TimelineEntry.Kind = TimelineEntry.Kind.SYSTEM,
    happened_at: datetime | None = None,
    update: Update | None = None,
    for_postmortem: bool = False,
    work: tuple[str, int] | None = None,
) -> TimelineEntry:
    """One line of the timeline. `work`: (kind, number) of what it names; who may not see that does not read it."""
    now = clock.now()
    return TimelineEntry.objects.create(
        incident=incident,
        kind=kind,
        body=body,
        happened_at=happened_at or now,
        recorded_at=now,
        author_id=by.user_id,
        author_label=by.label,
        update_sent=update,
        for_postmortem=for_postmortem,
        work_kind=work[0] if work else "",
        work_id=work[1] if work else None,
    )


def reindex(incident: Incident) -> None:
    """What can be found: title, summary, updates, and what people wrote on the timeline."""
    written = incident.timeline.filter(kind__in=TimelineEntry.BY_PEOPLE).values_list("body", flat=True)
    sent = incident.updates.exclude(kind__in=(Update.Kind.HOLDING, Update.Kind.CATCH_UP)).values_list(
        "body", flat=True
    )
    index.put(
        "incident",
        incident.pk,
        reference=incident.reference,
        title=incident.shown_title,
        staff="\n".join([incident.summary, *sent.order_by("id"), *written.order_by("id")]),
        staff_only=True,
    )
