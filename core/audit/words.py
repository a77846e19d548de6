"""What an event says to a person: one sentence, filled in by the app that records it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.audit.models import Event

Presenter = str | Callable[[Event], str]

_presenters: dict[str, Presenter] = {}


def register(presenters: Mapping[str, Presenter]) -> None:
    """Names to sentences. A text may use {before[x]}, {after[x]} and {data[x]}; a function gets the event."""
    _presenters.update(presenters)


def known(name: str) -> bool:
    return name in _presenters


def sentence(event: Event) -> str:
    """The event in words, without who and when. An event nobody described keeps its name."""
    presenter = _presenters.get(event.name)
    if presenter is None:
        return event.name
    if callable(presenter):
        return presenter(event)
    return presenter.format_map({"before": event.before, "after": event.after, "data": event.data})
