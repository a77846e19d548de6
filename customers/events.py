"""Our events in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter
from customers.models import BusyWindow, Contact, ImpactNote, Organisation

KINDS = {
    model.SUBJECT: str(model._meta.verbose_name) for model in (Organisation, Contact, BusyWindow, ImpactNote)
}


def _created(event: Event) -> str:
    return f"entered the {KINDS[event.subject_kind]} {event.subject_ref}"


def _edited(event: Event) -> str:
    names = ", ".join(name.replace("_", " ") for name in event.after)
    return f"changed the {KINDS[event.subject_kind]}'s {names}"


def _answered(event: Event) -> str:
    said = "; ".join(f"{key} {value}" for key, value in event.after.items())
    return f"answered about its {event.data['application']}: {said}"


def _list(verb: str, ending: str = "") -> Presenter:
    return lambda event: f"{verb} {event.data['who']} {ending} {event.data['of']}"


SENTENCES: dict[str, Presenter] = {
    "organisation.environment_answered": _answered,
    "subscription.started": _list("put", "on the list for"),
    "subscription.confirmed": _list("confirmed", "for the list of"),
    "subscription.ended": _list("took", "off the list for"),
    **{f"{kind}.created": _created for kind in KINDS},
    **{f"{kind}.edited": _edited for kind in KINDS},
}
