"""The desk's own wording of each kind of update."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from core.accounts.permissions import Permission, require
from core.audit import edits, trail
from core.common.actor import Actor
from core.common.errors import Conflict, Invalid, NotFound, Stale
from customers.models import Audience
from incidents import queries, templating
from incidents.models import UpdateTemplate

SINCE = "Somebody has written a template since: {}. Look at it first; your text is kept."


@transaction.atomic
def save_template(
    kind: str, audience: str, *, subject: str, body: str, version: int | None = None, by: Actor
) -> UpdateTemplate:
    """Word one kind of update for one audience. A template that could not be used is refused at subject or body.

    version: what the writer saw (Stale when it changed since); 0 for none yet.
    """
    require(by, Permission.MANAGE_UPDATES)
    _check_slot(kind, audience)
    subject, body = subject.strip(), body.replace("\r\n", "\n").strip()
    templating.check(kind, subject, body)
    present = UpdateTemplate.objects.filter(kind=kind, audience=audience).first()
    if present is None:
        if version:
            raise Stale("Somebody went back to the built-in text meanwhile.", {"body": ""})
        values = {"kind": kind, "audience": audience, "subject": subject, "body": body}
        try:
            with transaction.atomic():
                return edits.make(UpdateTemplate, values, event="update_template.created", by=by)
        except IntegrityError as error:
            raise Conflict(SINCE.format(UpdateTemplate(kind=kind, audience=audience))) from error
    if version == 0:
        raise Conflict(SINCE.format(present))
    changes: dict[str, Any] = {"subject": subject, "body": body}
    return edits.edit(present, changes, version=version, event="update_template.edited", by=by)


@transaction.atomic
def built_in_again(kind: str, audience: str, *, version: int | None = None, by: Actor) -> None:
    """Go back to the built-in text; what the template said stays in the trail."""
    require(by, Permission.MANAGE_UPDATES)
    found = queries.template(kind, audience, by=by)
    if found is None:
        raise NotFound("It is the built-in text already.")
    trail.record(
        "update_template.removed", on=found, by=by, before={"subject": found.subject, "body": found.body}
    )
    same = {} if version is None else {"version": version}
    if not UpdateTemplate.objects.filter(pk=found.pk, **same).delete()[0]:
        raise Stale(f"{found} was changed by somebody else meanwhile.", {"body": found.body})


def _check_slot(kind: str, audience: str) -> None:
    wrong = {}
    if kind not in templating.NEEDED:
        wrong["kind"] = [f"Updates that have templates: {', '.join(templating.NEEDED)}."]
    if audience not in Audience.values:
        wrong["audience"] = [f"Audiences: {', '.join(Audience.values)}."]
    if wrong:
        raise Invalid(wrong)
