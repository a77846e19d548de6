"""Our events in one sentence each; who and when stand beside it."""

from __future__ import annotations

from catalogue.models import Application, Component, Question, Region, Service
from core.audit.models import Event
from core.audit.words import Presenter

KINDS = {
    model.SUBJECT: str(model._meta.verbose_name)
    for model in (Application, Component, Region, Service, Question)
}


def _created(event: Event) -> str:
    return f"entered the {KINDS[event.subject_kind]} {event.subject_ref}"


def _edited(event: Event) -> str:
    names = ", ".join(name.replace("_", " ") for name in event.after)
    return f"changed the {KINDS[event.subject_kind]}'s {names}"


SENTENCES: dict[str, Presenter] = {
    **{f"{kind}.created": _created for kind in KINDS},
    **{f"{kind}.edited": _edited for kind in KINDS},
}
