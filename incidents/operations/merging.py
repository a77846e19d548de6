"""Two incidents that are one: the one goes into the other, and comes back out when that was wrong.

`Incident.merged_into` always names the surviving one itself, through any chain; the rows of `Merge` keep the steps.
The timelines stay where they are: the survivor's page shows both.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict
from customers.models import Subscription
from incidents import audience, notices, queries, relation_rules, rules
from incidents.models import Incident, Merge, Status, Update
from incidents.operations import keeping, ledger, pending
from incidents.queries import AFFECTED
from worklog import operations as worklog


@transaction.atomic
def merge(ref: str, *, into: str, by: Actor) -> Incident:
    """Let an incident go on as another one; answers the survivor.

    Its subscribers, links and what it affects go along, and its stakeholders read where updates go on. It leaves the
    schedule in this transaction. Raises Conflict when one of the two has moved on, restored among it.
    """
    source, target = _both(ref, into, by)
    shown = source.public and source.applications.filter(public=True).exists()
    relation_rules.check_merge(source, target, shown=shown)
    now = clock.now()
    target = ledger.claim(target, found={"merged_into": None})
    was = {"status": source.status, "parent": source.parent_id}
    theirs, its_own = audience.told(source), audience.told(target)
    ledger.write(
        source,
        kind=Update.Kind.UPDATE,
        body=notices.merged(source, target),
        by=by,
        due_at=source.next_update_due_at,
        next_due_at=None,
        found={"merged_into": None},
        status=Status.CLOSED,
        merged_into=target,
        parent=None,
        closed_at=now,
    )
    pending.withdraw(source, f"It goes on as {target.reference}.", by=by)
    moved = {"was": was, **_carry(source, target)}
    keeping.keep(target, its_own, by=by)
    moved["subscriptions"] += keeping.keep(target, theirs, by=by)
    Merge.objects.create(source=source, target=target, by_id=by.user_id, at=now, moved=moved)
    ledger.note(source, f"Went into {target.reference}: {target.title}", by=by)
    ledger.note(target, f"{source.reference} went into this one: {source.title}", by=by)
    trail.record(
        "incident.merged", on=source, by=by, before={"status": source.status}, after={"status": Status.CLOSED},
        other=target.reference,
    )  # fmt: skip
    trail.record("incident.merged_here", on=target, by=by, other=source.reference)
    return queries.fresh(target)


@transaction.atomic
def undo_merge(ref: str, *, by: Actor) -> Incident:
    """Take a merge back; answers the incident that stands for itself again, with an update owed from now on.

    Exactly what went along comes back; what was linked or written after the merge stays with the survivor.
    """
    source = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    if source.merged_into_id is None:
        raise Conflict(f"{source.reference} is not merged into another incident.")
    source, survivor = _both(ref, f"INC-{source.merged_into_id}", by)
    made = Merge.objects.filter(source=source, undone_at=None).first()
    now = clock.now()
    if made is None or not Merge.objects.filter(pk=made.pk, undone_at=None).update(undone_at=now):
        raise Conflict(f"The merge of {source.reference} was undone a moment ago.")
    _bring_back(survivor, source, made)
    status = made.moved["was"]["status"]
    ledger.write(
        source,
        kind=Update.Kind.CORRECTION,
        body=notices.unmerged(source, survivor),
        by=by,
        due_at=now,
        next_due_at=rules.next_due(now, source.cadence_minutes, now),
        only_in=(Status.CLOSED,),
        found={"merged_into": survivor},
        status=status,
        merged_into=None,
        parent_id=_parent_again(made.moved["was"]["parent"]),
        closed_at=None,
    )
    ledger.claim(survivor, only_in=Status.values)
    ledger.note(source, f"Taken back out of {survivor.reference}", by=by)
    ledger.note(survivor, f"{source.reference} taken back out", by=by)
    trail.record(
        "incident.unmerged", on=source, by=by, before={"status": Status.CLOSED}, after={"status": status},
        other=survivor.reference,
    )  # fmt: skip
    trail.record("incident.unmerged_here", on=survivor, by=by, other=source.reference)
    return queries.fresh(source)


def _both(ref: str, other: str, by: Actor) -> tuple[Incident, Incident]:
    """The two as they are once nobody else changes them, held in the order of their numbers."""
    one = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    two = queries.get_for(other, by=by, to=Permission.RUN_INCIDENT)
    queries.hold({one.pk, two.pk})
    return queries.fresh(one), queries.fresh(two)


def _carry(source: Incident, target: Incident) -> dict[str, Any]:
    """Let everything that belongs to the one belong to the other; what went, by id."""
    earlier = list(Incident.objects.filter(merged_into=source).values_list("pk", flat=True))
    Incident.objects.filter(pk__in=earlier).update(merged_into=target)
    children = list(source.children.values_list("pk", flat=True))
    Incident.objects.filter(pk__in=children).update(parent_id=target.parent_id or target.pk)
    judged = list(
        source.suspicions.exclude(change_id__in=target.suspicions.values("change_id")).values_list(
            "pk", flat=True
        )
    )
    target.suspicions.model.objects.filter(pk__in=judged).update(incident=target)
    return {
        "earlier": earlier,
        "children": children,
        "judged": judged,
        "subscriptions": _carry_subscribers(source, target),
        "affected": {name: _widen(target, source, name) for name in AFFECTED},
        **worklog.carry(Incident.SUBJECT, source.pk, target.pk),
    }


def _carry_subscribers(source: Incident, target: Incident) -> list[int]:
    """Those of the one who are not on the other's list already."""
    rows = Subscription.objects.filter(incident_id__in=(source.pk, target.pk), ended_at=None)
    there: set[str] = set()
    here: list[Subscription] = []
    for row in rows.select_related("user", "endpoint").order_by("pk"):
        if row.incident_id == target.pk:
            there.add(audience.key_of(row))
        else:
            here.append(row)
    moved = [row.pk for row in here if audience.key_of(row) not in there]
    Subscription.objects.filter(pk__in=moved).update(incident_id=target.pk)
    return moved


def _widen(target: Incident, source: Incident, name: str) -> list[int]:
    """What only the one affected is affected in the other, too."""
    known = set(getattr(target, name).values_list("pk", flat=True))
    more = [pk for pk in getattr(source, name).values_list("pk", flat=True) if pk not in known]
    getattr(target, name).add(*more)
    return more


def _bring_back(survivor: Incident, source: Incident, made: Merge) -> None:
    """The way back, for what is still with the survivor and needed there by nobody else who went in."""
    moved = made.moved
    Incident.objects.filter(pk__in=moved["earlier"], merged_into=survivor).update(merged_into=source)
    Incident.objects.filter(pk__in=moved["children"], parent_id__in=(survivor.pk, survivor.parent_id)).update(
        parent=source
    )
    source.suspicions.model.objects.filter(pk__in=moved["judged"], incident=survivor).update(incident=source)
    others = Incident.objects.filter(merged_into=survivor).exclude(pk=source.pk)
    _bring_subscribers_back(survivor, source, moved["subscriptions"], others)
    for name in AFFECTED:
        _narrow(survivor, made, name, others)
    worklog.bring_back(Incident.SUBJECT, survivor.pk, source.pk, moved)


def _bring_subscribers_back(
    survivor: Incident, source: Incident, pks: list[int], others: QuerySet[Incident]
) -> None:
    """Who is on the list of another one that went in, too, stays on the survivor's by that."""
    rows = list(
        Subscription.objects.filter(pk__in=pks, incident_id=survivor.pk).select_related("user", "endpoint")
    )
    Subscription.objects.filter(pk__in=[row.pk for row in rows]).update(incident_id=source.pk)
    leaving = {audience.key_of(row) for row in rows}
    left_there = Subscription.objects.filter(incident_id__in=list(others.values_list("pk", flat=True)))
    for row in left_there.running().select_related("user", "endpoint").order_by("pk"):
        if audience.key_of(row) not in leaving:
            continue
        leaving.remove(audience.key_of(row))
        heir = Merge.objects.get(source_id=row.incident_id, undone_at=None)
        heir.moved["subscriptions"].append(row.pk)  # so that it goes back with its own
        heir.save(update_fields=["moved"])
        Subscription.objects.filter(pk=row.pk).update(incident_id=survivor.pk)


def _narrow(survivor: Incident, made: Merge, name: str, others: QuerySet[Incident]) -> None:
    """Take away what the merge brought, but for what was the survivor's own and what others that went in affect."""
    running = Merge.objects.filter(undone_at=None)
    brought = {pk for one in running.filter(target=survivor) for pk in one.moved["affected"][name]}
    if made.target_id == survivor.pk:
        brought |= set(made.moved["affected"][name])
    for pk in brought.intersection(made.moved["affected"][name]):
        heir = running.filter(source__in=others, **{f"source__{name}": pk}).order_by("pk").first()
        if heir is None:
            getattr(survivor, name).remove(pk)
        elif pk not in heir.moved["affected"][name]:
            heir.moved["affected"][name].append(pk)  # so that it goes when nothing needs it any more
            heir.save(update_fields=["moved"])


def _parent_again(pk: int | None) -> int | None:
    """The parent from before, if it can still have children."""
    above = Incident.objects.filter(pk=pk, parent=None, merged_into=None).exclude(status=Status.CLOSED)
    return pk if pk is not None and above.exists() else None
