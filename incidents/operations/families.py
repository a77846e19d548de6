"""Parent and children: one big incident and the ones that end with it."""

from __future__ import annotations

from django.db import transaction

from core.accounts.permissions import Permission
from core.audit import trail
from core.common.actor import Actor
from core.common.errors import RuleBroken
from incidents import queries, relation_rules
from incidents.models import Incident, Status
from incidents.operations import ledger


@transaction.atomic
def set_parent(ref: str, *, parent: str, by: Actor) -> Incident:
    """Make an incident part of another one, or (with an empty `parent`) take it out. Both go on having updates."""
    child = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    above = queries.get_for(parent, by=by, to=Permission.RUN_INCIDENT) if parent.strip() else None
    # Two who build the two halves of a circle at once hold the same rows: one waits, then sees the other's.
    queries.hold({child.pk, above.pk} if above else {child.pk})
    child = queries.fresh(child)
    if above is not None:
        above = queries.fresh(above)
        relation_rules.check_parent(child, above, has_children=child.children.exists())
    if child.parent_id == (above.pk if above else None):
        return child
    before = f"INC-{child.parent_id}" if child.parent_id else ""
    ledger.claim(
        child, only_in=Status.values, found={"parent": child.parent_id, "merged_into": None}, parent=above
    )
    if above is not None:
        ledger.note(child, f"Part of {above.reference}: {above.title}", by=by)
        ledger.note(above, f"{child.reference} is part of it: {child.title}", by=by)
        ledger.claim(above, found={"parent": None, "merged_into": None}, only_in=Status.values)
    else:
        ledger.note(child, f"No longer part of {before}", by=by)
    trail.record(
        "incident.parent_set", on=child, by=by, before={"parent": before},
        after={"parent": above.reference if above else ""},
    )  # fmt: skip
    return queries.fresh(child)


def running_children(incident: Incident, refs: list[str], by: Actor) -> list[Incident]:
    """Those of the named ones that still run. Raises RuleBroken for one that is no child of the incident."""
    found = []
    for ref in refs:
        child = queries.get_for(ref, by=by, to=Permission.RESTORE_INCIDENT)
        if child.parent_id != incident.pk:
            raise RuleBroken(f"{child.reference} is not part of {incident.reference}.", field="children")
        if child.is_open:
            found.append(child)
    return found
