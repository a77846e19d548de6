"""What each audience reads of one update: its own wording, else that of everybody, which is the business one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from catalogue import queries as catalogue
from catalogue.queries import InsideName
from customers.models import Audience
from incidents import notices, outside
from incidents.models import Incident, Update
from incidents.notices import Parts

OWN = (Audience.TECHNICAL, Audience.EXTERNAL)  # the business wording is that of the update itself


@dataclass(frozen=True)
class Wording:
    """A text for one audience, and the parts of it that a person wrote."""

    body: str
    parts: Parts = Parts()  # noqa: RUF009 - frozen


def of_parts(parts: Parts) -> Wording:
    return Wording(parts.body, parts)


def known_by(update: Update | None) -> dict[str, Parts]:
    """The parts that each audience with a wording of its own has read last."""
    if update is None:
        return {}
    return {one: Parts(**parts) for one in OWN if (parts := update.wrote_for(one))}


def of_correction(first: Update, wrong: str, parts: Parts) -> Wording:
    return Wording(notices.corrected(first, wrong, parts), parts)


def texts(
    incident: Incident,
    kind: Update.Kind,
    everybody: Wording,
    own: Mapping[str, Wording],
    names: Sequence[InsideName],
) -> dict[str, Any]:
    """The columns of an update that hold its texts.

    What readers outside get names no component: what a person wrote was checked before, what the desk writes by
    itself, the title among it, is replaced here.
    """
    number = incident.update_count
    subject = notices.subject(incident, kind, number)
    wordings: dict[str, Any] = {}
    for audience in OWN:
        mine = own.get(audience, everybody)
        text = {"subject": subject, "body": mine.body}
        if audience == Audience.EXTERNAL:
            title = outside.masked(incident.title, names)
            text = {
                "subject": notices.subject(incident, kind, number, title=title),
                "body": outside.masked(mine.body, names),
            }
        if audience in own:
            wordings[audience] = {**text, "parts": asdict(mine.parts)} if mine.parts.body else text
        elif text != {"subject": subject, "body": everybody.body}:
            wordings[audience] = text
    return {"subject": subject, "body": everybody.body, "wordings": wordings, **asdict(everybody.parts)}


def texts_again(
    incident: Incident, update: Update, everybody: Wording, own: Mapping[str, Wording]
) -> dict[str, Any]:
    """The columns of an update whose wording changes; its subjects stay as they were sent."""
    columns = texts(incident, Update.Kind(update.kind), everybody, own, catalogue.named_inside())
    del columns["subject"]
    for audience, text in columns["wordings"].items():
        text["subject"] = update.subject_for(audience)
    return columns
