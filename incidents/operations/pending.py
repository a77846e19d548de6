"""Updates that wait for another person to read them: asking, and taking back what has become untrue."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction

from core.accounts import actors
from core.accounts.models import User
from core.accounts.permissions import Permission, roles_with
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict
from core.common.vocabulary import Role
from core.outbox import queue
from core.outbox.models import Lane
from customers.models import Audience
from incidents import audience as audiences
from incidents import mailing, notices
from incidents.models import ApprovalRule, Incident, PendingUpdate
from incidents.operations import ledger
from worklog import operations as worklog

State = PendingUpdate.State
MOST_ASKED = 20  # approvers who get a mail


def readers_that_wait(incident: Incident, audience: str) -> list[str]:
    """The audiences for whose readers an update at this severity must be approved; an exercise waits for nobody."""
    if incident.drill:
        return []
    wanted = [
        rule.audience
        for rule in ApprovalRule.objects.order_by("id")
        if incident.severity in rule.severities and audience in ("", rule.audience)
    ]
    return [one for one in wanted if _reaches(incident, one, audience)]


def _reaches(incident: Incident, reader: str, audience: str) -> bool:
    if reader == Audience.EXTERNAL:
        return audiences.reaches_outside(incident, audience)
    return any(one.audience == reader for one in audiences.recipients(incident, audience))


def ask(incident: Incident, asked: dict[str, Any], readers: list[str], *, by: Actor) -> PendingUpdate:
    """Let an update wait. One waits at a time: a newer text takes the place of its writer's own older one."""
    now = clock.now()
    waits = PendingUpdate.objects.filter(incident=incident, state=State.WAITING)
    other = waits.exclude(asked_by_id=by.user_id).first()
    if other is not None:
        raise Conflict(
            f"An update of {other.asked_by_label} has waited for approval since {notices.clock_time(other.asked_at)}. "
            "Let it be decided first; your text is kept."
        )
    waits.update(
        state=State.WITHDRAWN, decided_at=now, decided_by_label=by.label, note="Its writer wrote a newer one."
    )
    try:
        with transaction.atomic():
            made = PendingUpdate.objects.create(
                incident=incident, asked=asked, asked_by_id=by.user_id, asked_by_label=by.label, asked_at=now,
                for_whom=", ".join(Audience(one).label.lower() for one in readers),
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict("Another update waits for approval since a moment ago; your text is kept.") from error
    ledger.note(incident, f"An update waits for approval, for {made.for_whom} readers", by=by)
    trail.record("incident.approval_asked", on=incident, by=by, pending=made.pk, readers=made.for_whom)
    subject, text = notices.approval_asked(incident, by.label, made.for_whom, asked["what"])
    _mail(incident, made, _approvers(made), "asked", subject, text)
    return made


def withdraw(incident: Incident, why: str, *, by: Actor) -> None:
    """What waits is not true any more: its writer is told, and has the text as their draft again."""
    for waiting in PendingUpdate.objects.filter(incident=incident, state=State.WAITING).select_related(
        "asked_by"
    ):
        decide(waiting, State.WITHDRAWN, why, by=by)


def decide(waiting: PendingUpdate, state: State, note: str, *, by: Actor) -> None:
    """End the waiting without sending. Raises Conflict when somebody else has ended it a moment ago."""
    claim(waiting, state, note, by=by)
    incident = waiting.incident
    ledger.note(incident, f"The update that waited is {state.label.lower()}: {note}", by=by)
    trail.record("incident.approval_ended", on=incident, by=by, pending=waiting.pk, state=state, note=note)
    writer = waiting.asked_by
    if writer is None:
        return
    if incident.is_open:
        typed = {name: text for name, text in waiting.asked.items() if name != "status_from"}
        fields = {name: text for name, text in typed.items() if isinstance(text, str) and text}
        fields |= {
            f"wordings.{reader}.{part}": text
            for reader, parts in waiting.asked["wordings"].items()
            for part, text in parts.items()
        }
        theirs = actors.for_user(writer, door=by.door)
        worklog.keep_draft(incident, form="update", text=json.dumps(fields), by=theirs)
    if writer.pk != by.user_id:
        _mail(
            incident,
            waiting,
            [writer],
            "ended",
            *notices.approval_ended(incident, state.label, note, by.label),
        )


def claim(waiting: PendingUpdate, state: State, note: str, *, by: Actor) -> None:
    """Of two who decide at once, one does."""
    rows = PendingUpdate.objects.filter(pk=waiting.pk, state=State.WAITING)
    if not rows.update(
        state=state, note=note, decided_at=clock.now(), decided_by_id=by.user_id, decided_by_label=by.label
    ):
        now = PendingUpdate.objects.get(pk=waiting.pk)
        raise Conflict(f"{now.get_state_display()} a moment ago by {now.decided_by_label}.")


def _approvers(made: PendingUpdate) -> list[User]:
    """Who may approve it, those who command incidents first."""
    roles = [role for role in roles_with(Permission.APPROVE_UPDATE) if role != Role.INTEGRATION]
    found = User.objects.filter(is_active=True, role_grants__role__in=roles).exclude(pk=made.asked_by_id)
    return list(found.exclude(email="").distinct().order_by("pk")[:MOST_ASKED])


def _mail(
    incident: Incident, about: PendingUpdate, people: Iterable[User], what: str, subject: str, text: str
) -> None:
    for person in people:
        queue.put(
            lane=Lane.PAGE,
            to=person.email,
            subject=subject,
            text=text,
            topic=f"incident.approval_{what}",
            about=incident,
            about_version=about.pk,
            dedup_key=mailing.dedup_key(incident, f"approval-{what}-{about.pk}", person.email),
        )
