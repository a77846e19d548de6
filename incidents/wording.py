"""What each audience reads of one update: its own wording, else that of everybody, which is the business one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction

from catalogue import queries as catalogue
from customers.models import Audience
from incidents import notices, outside, templating
from incidents.models import Incident, Update, UpdateTemplate
from incidents.notices import Parts

logger = logging.getLogger(__name__)
OWN = (Audience.TECHNICAL, Audience.EXTERNAL)  # the business wording is that of the update itself


@dataclass(frozen=True)
class Wording:
    """A text for one audience, and the parts of it that a person wrote."""

    body: str
    parts: Parts = Parts()  # noqa: RUF009 - frozen
    known: str = ""  # for a template: what is known when nobody wrote
    wrong: str = ""  # for a template: what was wrong in the one it corrects


@dataclass(frozen=True)
class Texts:
    """The columns of an update, and what is wrong with templates that could not be used."""

    columns: dict[str, Any]
    failures: list[str]


def of_parts(parts: Parts) -> Wording:
    return Wording(parts.body, parts)


def known_by(update: Update | None) -> dict[str, Parts]:
    """The parts that each audience with a wording of its own has read last."""
    if update is None:
        return {}
    return {one: Parts(**parts) for one in OWN if (parts := update.wrote_for(one))}


def of_correction(first: Update, wrong: str, parts: Parts) -> Wording:
    return Wording(notices.corrected(first, wrong, parts), parts, wrong=wrong)


def texts(
    incident: Incident,
    kind: Update.Kind,
    everybody: Wording,
    own: Mapping[str, Wording],
    *,
    number: int,
    next_due_at: datetime | None,
) -> Texts:
    """The columns of an update that hold its texts: by the desk's templates, else as they are built in.

    What readers outside get names no component: what a person wrote was checked before, what the desk writes by
    itself, the title among it, is replaced here. A template that cannot be used stops nothing.
    """
    names = catalogue.named_inside()
    templates, failures = _templates(kind)
    promise = notices.promise(incident, kind, next_due_at)

    def read(audience: str, mine: Wording) -> dict[str, str]:
        found = templates.get(audience) or templates.get(Audience.BUSINESS)
        said = _by_template(found, incident, kind, mine, number, promise, failures) if found else None
        title, body = said or ("", mine.body)
        outwards = audience == Audience.EXTERNAL
        if outwards:
            title, body = outside.masked(title, names), outside.masked(body, names)
        built_in = outside.masked(incident.title, names) if outwards else incident.title
        subject = templating.subject(incident, title) if title else ""
        return {
            "subject": subject or notices.subject(incident, kind, number, title=built_in),
            "body": body,
        }

    common = read(Audience.BUSINESS, everybody)
    wordings: dict[str, Any] = {}
    for audience in OWN:
        mine = own.get(audience, everybody)
        text = read(audience, mine)
        if audience in own and mine.parts.body:
            wordings[audience] = {**text, "parts": asdict(mine.parts)}
        elif text != common:
            wordings[audience] = text
    return Texts({**common, "wordings": wordings, **asdict(everybody.parts)}, failures)


def _templates(kind: Update.Kind) -> tuple[dict[str, UpdateTemplate], list[str]]:
    """The templates of a kind by audience; none, and why, when they cannot be read."""
    try:
        with transaction.atomic():  # what fails in here leaves the update's own transaction whole
            return {one.audience: one for one in UpdateTemplate.objects.filter(kind=kind)}, []
    except DatabaseError as error:
        logger.exception("the templates of updates cannot be read")
        return {}, [f"templates cannot be read: {type(error).__name__}"]


def _by_template(
    template: UpdateTemplate,
    incident: Incident,
    kind: Update.Kind,
    mine: Wording,
    number: int,
    promise: str,
    failures: list[str],
) -> tuple[str, str] | None:
    """What stands behind the reference in the subject, and the text; None for the built-in ones."""
    if (kind == Update.Kind.UPDATE and not mine.parts.what) or (
        kind == Update.Kind.CORRECTION and not mine.wrong
    ):
        return None  # what the desk says of a merge or a reopening, which no person wrote in parts
    if any(known.startswith(f"{template}: ") for known in failures):
        return None
    try:
        values = templating.values(
            incident, number=number, text=mine.body, parts=mine.parts, known=mine.known, wrong=mine.wrong,
            promise=promise,
        )  # fmt: skip
        body = templating.filled(template.body, values)
        if not body:
            raise ValueError("nothing is left of it")
        return templating.filled(template.subject, values), body
    except Exception as error:  # whatever is wrong with a template, people are told
        logger.exception("a template of updates cannot be used", extra={"template": str(template)})
        failures.append(f"{template}: {error}")
        return None


def texts_again(
    incident: Incident, update: Update, everybody: Wording, own: Mapping[str, Wording]
) -> dict[str, Any]:
    """The columns of an update whose wording changes; its subjects stay as they were sent."""
    kind = Update.Kind(update.kind)
    found = texts(incident, kind, everybody, own, number=update.number, next_due_at=update.next_due_at)
    columns = found.columns
    del columns["subject"]
    for audience, text in columns["wordings"].items():
        text["subject"] = update.subject_for(audience)
    return columns


def preview(kind: str, audience: str, subject: str, body: str, incident: Incident | None) -> tuple[str, str]:
    """Subject and mail of a template on an incident, or with the example. Raises nothing once it was checked."""
    values = dict(templating.EXAMPLE)
    if incident is not None:
        written = incident.updates.exclude(what="").order_by("-number").first()
        parts = Parts.of(written) if written else Parts(**{name: values[name] for name in notices.HEADINGS})
        promise = notices.promise(incident, kind, incident.next_update_due_at)
        values = templating.values(
            incident, number=incident.next_number, text=parts.body, parts=parts, known=parts.body,
            wrong=values["wrong"], promise=promise,
        )  # fmt: skip
    tag = notices.tag(incident) if incident is not None else f"[{values['reference']}]"
    said = templating.filled(subject, values) or f"Update {values['number']}: {values['title']}"
    text = templating.filled(body, values)
    if audience == Audience.EXTERNAL:
        names = catalogue.named_inside()
        said, text = outside.masked(said, names), outside.masked(text, names)
    promised = [] if values["next_update"] in text else [values["next_update"]]
    drill = notices.exercise(incident) if incident is not None else []
    return notices.shortened(f"{tag} {said}"), notices.wrapped("\n\n".join([*drill, text, *promised]))
