"""Writing customers."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import transaction

from core.accounts.permissions import Permission, require
from core.audit import edits
from core.common.actor import Actor
from core.common.errors import Conflict
from customers import queries
from customers.models import BusyWindow, Contact, Organisation
from customers.rules import check_window

Record = TypeVar("Record", Organisation, Contact, BusyWindow)
UNIQUE: dict[type, str] = {Organisation: "slug", Contact: "email"}


@transaction.atomic
def create(model: type[Record], values: dict[str, Any], *, by: Actor) -> Record:
    """Add an organisation, contact or busy window. Raises Conflict when its slug or address is taken."""
    require(by, Permission.MANAGE_CUSTOMERS)
    if model is BusyWindow:
        check_window(values["weekdays"], values["starts"], values["ends"])
    _check_free(model, values)
    return edits.make(model, values, event=f"{model.SUBJECT}.created", by=by)


@transaction.atomic
def edit(
    model: type[Record], name: str, changes: dict[str, Any], *, version: int | None = None, by: Actor
) -> Record:
    """Change its facts. Raises Stale when `version` is no longer the present one."""
    found = queries.get_for(model, name, by=by, to=Permission.MANAGE_CUSTOMERS)
    if isinstance(found, BusyWindow):
        present = {
            field: changes.get(field, getattr(found, field)) for field in ("weekdays", "starts", "ends")
        }
        check_window(**present)
    _check_free(model, changes, but=found.pk)
    return edits.edit(found, changes, version=version, event=f"{model.SUBJECT}.edited", by=by)


def _check_free(model: type[Record], values: dict[str, Any], but: int | None = None) -> None:
    field = UNIQUE.get(model, "")
    if field in values and model._default_manager.filter(**{field: values[field]}).exclude(pk=but or 0).exists():
        raise Conflict(f"There is already a {model._meta.verbose_name} “{values[field]}”.")


@transaction.atomic
def caller(email: str, *, name: str = "", organisation: Organisation | None = None, by: Actor) -> Contact:
    """The contact behind an address; a caller whom nobody knows yet is added, as calls do not wait for master data."""
    require(by, Permission.CREATE_TICKET)
    found = Contact.objects.filter(email__iexact=email).first()
    if found is not None:
        return found
    values = {"email": email.lower(), "name": name or email.partition("@")[0], "organisation": organisation}
    return edits.make(Contact, values, event="contact.created", by=by)
