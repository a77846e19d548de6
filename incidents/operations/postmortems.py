"""The life of a post-mortem: owed at the restoration, begun, written, published with its facts frozen, or waived."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import actor, clock, faults
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken, Stale
from core.outbox import queue
from core.outbox.models import Lane
from incidents import follow_up, mailing, postmortem_facts, postmortem_mail, postmortems, queries, rules
from incidents import postmortem_rules as when
from incidents.models import Incident, Postmortem, Status, TimelineEntry

Written = Postmortem.Status
EDITABLE = (*Postmortem.SECTIONS, "no_actions_reason", "owner")
TOPIC = "incident.postmortem"


def follow(incident: Incident) -> None:
    """Let what is owed follow the incident: restored, failing again, or of another severity. In its transaction."""
    owed = when.is_owed(incident) and incident.status == Status.RESTORED and incident.restored_at is not None
    found = Postmortem.objects.filter(incident=incident).first()
    if not owed:
        _unfinished(found).update(due_at=None, next_chase_at=None, version=F("version") + 1)
        return
    assert incident.restored_at is not None
    due = when.due_at(incident.restored_at, postmortems.office_hours())
    if found is not None and found.status == Written.WAIVED and found.due_at is None:
        found = _owe_again(found, incident)
    if found is None:
        Postmortem.objects.create(
            incident=incident,
            owner_id=incident.commander_id,
            due_at=due,
            next_chase_at=due,
            created_at=clock.now(),
        )
    elif found.due_at != due:
        owner = found.owner_id or incident.commander_id
        _unfinished(found).update(owner_id=owner, due_at=due, next_chase_at=due, version=F("version") + 1)


@transaction.atomic
def begin_postmortem(ref: str, *, by: Actor) -> Postmortem:
    """Begin to write: a draft with what the desk knows. The commander owns it, else who begins."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    when.check_begin(incident)
    found, _ = Postmortem.objects.get_or_create(incident=incident, defaults={"created_at": clock.now()})
    if found.is_written:
        raise Conflict(f"{incident.reference} has its post-mortem already.")
    owner = found.owner_id or incident.commander_id or by.user_id
    chase = when.next_reminder(found.due_at, clock.now()) if found.due_at else None
    _claim(
        found, (found.status,), status=Written.DRAFT, owner_id=owner, waive_reason="", next_chase_at=chase,
        summary=found.summary or incident.summary,
    )  # fmt: skip
    trail.record("incident.postmortem_begun", on=incident, by=by)
    return postmortems.get_for(ref, by=by)


@transaction.atomic
def edit_postmortem(
    ref: str,
    *,
    changes: dict[str, Any],
    lines: Collection[int] | None = None,
    reason: str = "",
    version: int | None = None,
    by: Actor,
) -> Postmortem:
    """Change the text, or who owns it; `lines`: which entries of the timeline stand in a draft.

    After publication a reason is needed, and the change is listed below the document. Raises Stale, with what stands
    there now, when `version` is not the present one.
    """
    found = postmortems.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    _check_edit(found, changes, version)
    changes = {name: _clean(value) for name, value in changes.items()}
    before, after = trail.changed(found, changes)
    marked = _mark(found, lines) if lines is not None and not found.is_published else False
    if not after and not marked:
        return found
    why = reason.strip()
    if found.is_published and after.keys() - {"owner"}:
        why = rules.needed(reason, "reason", "Say why the published text changes.")
    _claim(found, (Written.DRAFT, Written.PUBLISHED), version, **{name: changes[name] for name in after})
    trail.record(
        postmortems.EDITED, on=found.incident, by=by, before=before, after=after, reason=why, lines=marked,
        published=found.is_published,
    )  # fmt: skip
    return postmortems.get_for(ref, by=by)


@transaction.atomic
def publish_postmortem(ref: str, *, version: int | None = None, by: Actor) -> Postmortem:
    """Publish the draft; what the desk knows of the incident now is frozen with it, and nobody is reminded again.

    So is one that was published before the service failed again; the facts that it held then stay in the trail.
    """
    found = postmortems.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    _check_edit(found, {}, version)
    when.check_publish(found)
    when.check_begin(found.incident)
    _claim(
        found, (found.status,), version or found.version, status=Written.PUBLISHED, next_chase_at=None,
        facts=postmortem_facts.gather(found.incident), published_at=clock.now(), published_by_label=by.label[:150],
    )  # fmt: skip
    earlier = {"earlier_facts": found.facts} if found.is_published else {}
    trail.record("incident.postmortem_published", on=found.incident, by=by, **earlier)
    return postmortems.get_for(ref, by=by)


@transaction.atomic
def waive_postmortem(ref: str, *, reason: str, by: Actor) -> Postmortem:
    """Say that nobody has to write it, and why. Where one is owed, only a manager may."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    if when.is_owed(incident):
        require(by, Permission.WAIVE_POSTMORTEM)
    when.check_begin(incident)
    why = rules.needed(reason, "reason", "Say why nobody has to write it.")
    found, _ = Postmortem.objects.get_or_create(incident=incident, defaults={"created_at": clock.now()})
    if found.status not in Postmortem.UNFINISHED:
        raise Conflict(
            f"The post-mortem of {incident.reference} is {found.get_status_display().lower()} already."
        )
    _claim(
        found, Postmortem.UNFINISHED, status=Written.WAIVED, next_chase_at=None, waive_reason=why,
        waived_by_label=by.label[:150],
    )  # fmt: skip
    trail.record("incident.postmortem_waived", on=incident, by=by, reason=why)
    return postmortems.get_for(ref, by=by)


@transaction.atomic
def add_follow_up(ref: str, *, title: str, due: date, owner: User | None = None, by: Actor) -> Incident:
    """Hand out an action that follows from the incident; problems keep it."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    follow_up.add(incident, title=title, due=due, owner=owner, by=by)
    return incident


@transaction.atomic
def chase_postmortem(found: Postmortem, now: datetime) -> None:
    """Remind who owes it, from the third time on their manager, too. The sweep has claimed the row."""
    due, now = found.due_at, max(now, clock.now())
    still = _unfinished(found).filter(next_chase_at=found.next_chase_at)
    if due is None or not still.update(next_chase_at=when.next_reminder(due, now)):
        still.update(next_chase_at=None)
        return
    faults.reach("incidents.postmortem_claimed")
    number = when.reminder(due, now)
    incident = queries.fresh(found.incident)
    people = [found.owner] if found.owner is not None and found.owner.is_active else []
    if when.tells_manager(number) or not people:
        people += postmortems.managers_of(found.owner)
    told = {person.email: person for person in people if person.email}
    for address, person in told.items():
        subject, text = postmortem_mail.reminder(incident, found, due, now, to_owner=person == found.owner)
        queue.put(
            lane=Lane.DIGEST, to=address, subject=subject, text=text, topic=TOPIC, about=found,
            dedup_key=mailing.dedup_key(incident, f"postmortem-{int(due.timestamp())}-{number}", address),
        )  # fmt: skip
    names = ", ".join(person.display_name for person in told.values()) or "nobody: there is no address"
    trail.record("incident.postmortem_chased", on=incident, by=actor.system(), to=names, due_at=due)


# --- parts ------------------------------------------------------------------------------------------------
def _unfinished(found: Postmortem | None) -> Any:
    return Postmortem.objects.unfinished().filter(pk=found.pk if found else 0)


def _owe_again(found: Postmortem, incident: Incident) -> Postmortem:
    """It was waived while none was owed, which more people may do: it has no due time. Now one is owed."""
    _claim(found, (Written.WAIVED,), status=Written.OWED, waive_reason="", waived_by_label="")
    trail.record("incident.postmortem_owed_again", on=incident, by=actor.system(), reason=found.waive_reason)
    return Postmortem.objects.get(pk=found.pk)


def _claim(found: Postmortem, only_in: Collection[str], version: int | None = None, **columns: Any) -> None:
    """Change it if it still stands where it was read. Raises Conflict, or Stale for an older version."""
    here = Postmortem.objects.filter(pk=found.pk, status__in=only_in)
    if version is not None:
        here = here.filter(version=version)
    if here.update(version=F("version") + 1, **columns):
        return
    now = Postmortem.objects.get(pk=found.pk)
    if now.status not in only_in:
        raise Conflict(f"The post-mortem is {now.get_status_display().lower()}.")
    raise _stale(now, {name: value for name, value in columns.items() if name in EDITABLE})


def _check_edit(found: Postmortem, changes: dict[str, Any], version: int | None) -> None:
    for name in changes:
        if name not in EDITABLE:
            raise RuleBroken(f"{name} is not edited directly.", field=name)
    when.check_length(changes)
    if not found.is_written:
        raise Conflict(f"The post-mortem is {found.get_status_display().lower()}: begin it first.")
    owner = changes.get("owner")
    if owner is not None and not (owner.is_active and owner.is_desk_staff):
        raise RuleBroken(f"{owner.display_name} does not work on this desk.", field="owner")
    if version is not None and version != found.version:
        raise _stale(found, changes)


def _stale(found: Postmortem, changes: dict[str, Any]) -> Stale:
    """Names what stands there now, where that is not what was sent."""
    present = {name: getattr(found, name) for name, value in changes.items() if getattr(found, name) != value}
    words = {name: str(value or "nobody") if name == "owner" else value for name, value in present.items()}
    return Stale("The post-mortem was changed since you opened it. Your text is kept below.", fields=words)


def _clean(value: Any) -> Any:
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value


def _mark(found: Postmortem, lines: Collection[int]) -> bool:
    """Let exactly these entries stand in the document; False when they do already."""
    offered = {entry.pk: entry for entry in postmortem_facts.candidates(found.incident)}
    wanted = set(lines) & offered.keys()
    now = {pk for pk, entry in offered.items() if entry.for_postmortem}
    TimelineEntry.objects.filter(pk__in=wanted - now).update(for_postmortem=True)
    TimelineEntry.objects.filter(pk__in=now - wanted).update(for_postmortem=False)
    return wanted != now
