"""Every event that the code records has a sentence for people."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from core.audit import words
from core.audit.models import Event
from worklog import subjects

NAME = re.compile(r"[a-z_]+\.[a-z_]+")
# What an event of catalogue and customers is about: f"{model.SUBJECT}.created".
RECORDS = (
    "application",
    "component",
    "region",
    "service",
    "organisation",
    "contact",
    "busy_window",
    "impact_note",
)
NO_EVENTS = {
    "audit.delivery": "the name of a sweep",
    "webhook.test": "the type of a test that goes to a program outside",
    "webhooks.line": "the name of a sweep",
    "incident.overdue": "the topic of a message",
    "incident.update": "the topic of a message",
    "subscription.confirm": "the topic of a message",
    "incident.reminder": "the topic of a message",
    "incident.role": "the topic of a message",
    "incident.postmortem": "the topic of a message",
    "incidents.postmortems": "the name of a sweep",
    "tickets.release": "the name of a sweep",
    "paging.after_claim": "a place where a drill kills the worker",
    "paging.after_notices": "a place where a drill kills the worker",
    "tickets.after_release": "a place where a drill kills the worker",
    "incidents.answers": "the name of a sweep",
    "incidents.postmortem_claimed": "a place where a drill kills the worker",
    "incidents.answer_claimed": "a place where a drill kills the worker",
    "incidents.after_claim": "a place where a drill kills the worker",
    "sla.alarm_claimed": "a place where a drill kills the worker",
}


def test_every_recorded_event_has_a_sentence() -> None:
    names = recorded()
    assert len(names) > 70
    assert sorted(name for name in names if not words.known(name)) == []


def test_the_sentences_of_a_whole_day_are_sentences(world: object) -> None:
    """Each presenter gets along with what its operation really wrote."""
    events = list(Event.objects.all())
    assert len({event.name for event in events}) > 25
    for event in events:
        sentence = words.sentence(event)
        assert sentence and sentence != event.name and "{" not in sentence and "None" not in sentence, (
            sentence
        )


def recorded() -> set[str]:
    """The names in the operations of every room: texts, and f-strings filled in with every kind they can name."""
    found: set[str] = set()
    for path in operations():
        tree = ast.parse(path.read_text())
        other = set(_no_names(tree))
        kinds = (
            RECORDS if {"catalogue", "customers"} & set(path.parts) else [k.name for k in subjects.kinds()]
        )
        for node in ast.walk(tree):
            if node in other:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.update(_filled(node, kinds))
            elif isinstance(node, ast.Call) and _called(node) == "move" and len(node.args) > 3:
                found.add(f"change.{ast.literal_eval(node.args[3])}")
    return found - set(NO_EVENTS)


def _no_names(tree: ast.Module) -> Iterator[ast.AST]:
    """Texts that only look like names: keys of a dict (variables of a macro), and pieces of an f-string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from (key for key in node.keys if key is not None)
        elif isinstance(node, ast.JoinedStr):
            yield from node.values


def operations() -> Iterator[Path]:
    for room in settings.ROOMS:
        for path in sorted(Path(settings.BASE_DIR, *room.split(".")).rglob("*.py")):
            text = path.read_text()
            if "migrations" not in path.parts and any(
                call in text for call in ("record(", "event=", "operations.moves import")
            ):
                yield path


def _filled(node: ast.JoinedStr, kinds: object) -> Iterator[str]:
    """f"{subject.SUBJECT}.linked" for every kind of subject."""
    match node.values:
        case [ast.FormattedValue(value=ast.Attribute(attr="SUBJECT")), ast.Constant(value=str(rest))]:
            yield from (f"{kind}{rest}" for kind in kinds if NAME.fullmatch(f"{kind}{rest}"))  # type: ignore[attr-defined]


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""
