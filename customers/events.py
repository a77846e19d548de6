"""Our events in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter
from customers.models import BusyWindow, Contact, Organisation

KINDS = {model.SUBJECT: str(model._meta.verbose_name) for model in (Organisation, Contact, BusyWindow)}


def _created(event: Event) -> str:
    return f"entered the {KINDS[event.subject_kind]} {event.subject_ref}"


def _edited(event: Event) -> str:
    names = ", ".join(name.replace("_", " ") for name in event.after)
    return f"changed the {KINDS[event.subject_kind]}'s {names}"


def _answered(event: Event) -> str:
    said = "; ".join(f"{key} {value}" for key, value in event.after.items())
    return f"answered about its {event.data['application']}: {said}"


SENTENCES: dict[str, Presenter] = {
    "organisation.environment_answered": _answered,
    **{f"{kind}.created": _created for kind in KINDS},
    **{f"{kind}.edited": _edited for kind in KINDS},
}
