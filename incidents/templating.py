"""Templates of updates: which variables they may hold, what must stand in them, and filling them. Pure.

Logic-less: a variable becomes its value, once. A paragraph whose variables are all empty is left out, and so is such
a line of another paragraph; "Workaround: {{workaround}}" does not stand there without one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.common.errors import Invalid
from incidents import notices
from incidents.models import Incident, Status, Update
from incidents.notices import Parts
from incidents.rules import LONGEST_SUBJECT
from tickets import variables

VARIABLES: dict[str, str] = {
    "text": "the built-in text, with what people wrote under its headings",
    "what": "what is happening",
    "affected": "who is affected",
    "doing": "what we are doing",
    "workaround": "the workaround",
    "known": "what is known, in a holding update and a catch-up",
    "wrong": "what was wrong, in a correction",
    "next_update": "the sentence that promises the next update, or says that there is none",
    "reference": "INC-12",
    "number": "the number of the update",
    "title": "the title of the incident",
    "summary": "its summary",
    "severity": "SEV1 to SEV4, empty while nobody has looked",
    "phase": "for example Investigating",
}
Kind = Update.Kind
# One of each group must stand in the body: else what a person wrote, or what is promised, would be lost.
NEEDED: dict[str, list[tuple[str, ...]]] = {
    Kind.ACKNOWLEDGEMENT: [],
    Kind.UPDATE: [("what", "text"), ("affected", "text")],
    Kind.HOLDING: [("next_update",)],
    Kind.CATCH_UP: [("next_update",), ("text",)],
    Kind.RESTORED: [("what", "text")],
    Kind.CORRECTION: [("wrong", "text"), ("what", "text")],
}
WHY = {
    "next_update": "the time of the next update would be missing",
    "what": "what was written would not be read",
    "affected": "who is affected would not be read",
    "wrong": "what was wrong would not be read",
    "text": "the missed moments would not be named",
}
EXAMPLE = {
    "what": "About 15% of card payments in EU West still fail, down from 40%.",
    "affected": "Stores and web shops in Ireland, the Netherlands and Belgium.",
    "doing": "The faulty node is out of service. We are moving its traffic.",
    "workaround": "Retry once; most retries succeed.",
    "reference": "INC-2041",
    "number": "4",
    "title": "Card payments in EU West fail",
    "summary": "Card payments in EU West fail with code 91.",
    "severity": "SEV2",
    "phase": Status.IDENTIFIED.label,
    "wrong": "It is EU West, not EU North.",
    "next_update": "Next update 15:00 UTC.",
}
EXAMPLE |= {
    "known": Parts(EXAMPLE["what"], EXAMPLE["affected"], EXAMPLE["doing"], EXAMPLE["workaround"]).body,
}
EXAMPLE |= {"text": EXAMPLE["known"]}
# What the page offers to start from; with the built-in text it reads as before.
START: dict[str, str] = {
    Kind.ACKNOWLEDGEMENT: "{{text}}",
    Kind.UPDATE: "{{text}}",
    Kind.HOLDING: "{{text}}\n\n{{next_update}}",
    Kind.CATCH_UP: "{{text}}\n\n{{next_update}}",
    Kind.RESTORED: "{{text}}",
    Kind.CORRECTION: "{{text}}",
}
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def check(kind: str, subject: str, body: str) -> None:
    """Refuse a template that could not be used, naming each mistake. Raises Invalid at subject and body."""
    wrong: dict[str, list[str]] = {}
    if sentences := variables.unknown(subject, VARIABLES):
        wrong["subject"] = sentences
    elif "\n" in subject:
        wrong["subject"] = ["A subject is one line."]
    elif len(said := f"[{EXAMPLE['reference']}] {filled(subject, EXAMPLE)}") > LONGEST_SUBJECT:
        wrong["subject"] = [
            f"With the example it has {len(said)} characters, [{EXAMPLE['reference']}] among them; "
            f"{LONGEST_SUBJECT} is the most that every phone shows."
        ]
    if sentences := variables.unknown(body, VARIABLES):
        wrong["body"] = sentences
    elif not body.strip():
        wrong["body"] = ["Write a text, or go back to the built-in one."]
    elif missing := [group[0] for group in NEEDED[kind] if not set(group) & set(names_in(body))]:
        wrong["body"] = [f"Put {{{{{name}}}}} into it: {WHY[name]} without." for name in missing]
    if wrong:
        raise Invalid(wrong)


def names_in(text: str) -> list[str]:
    """The variables of a text, each once."""
    return list(dict.fromkeys((one[1] or one[2]).lower() for one in variables.VARIABLE.finditer(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced. Raises ValueError where one is not known, which saving refuses."""
    if unknown := [name for name in names_in(text) if name not in values]:
        raise ValueError(f"unknown variable: {', '.join(unknown)}")
    paragraphs = (_paragraph(one, values) for one in _BLANK_LINE.split(text.replace("\r\n", "\n")))
    return "\n\n".join(one for one in paragraphs if one.strip()).strip()


def _paragraph(text: str, values: Mapping[str, str]) -> str:
    if _says_nothing(text, values):
        return ""
    lines = [line for line in text.split("\n") if not _says_nothing(line, values)]
    return variables.fill("\n".join(lines), values).strip("\n")


def _says_nothing(text: str, values: Mapping[str, str]) -> bool:
    names = names_in(text)
    return bool(names) and not any(values[name].strip() for name in names)


def values(
    incident: Incident, *, number: int, text: str, parts: Parts, known: str, wrong: str, promise: str
) -> dict[str, str]:
    """What each of VARIABLES stands for in one update, for one audience."""
    return {
        "text": text, "what": parts.what, "affected": parts.affected, "doing": parts.doing,
        "workaround": parts.workaround, "known": known, "wrong": wrong, "next_update": promise,
        "reference": incident.reference, "number": str(number), "title": incident.title,
        "summary": incident.summary, "severity": incident.severity, "phase": incident.get_status_display(),
    }  # fmt: skip


def subject(incident: Incident, said: str) -> str:
    """What a template says, behind what every subject begins with."""
    return notices.shortened(f"{notices.tag(incident)} {said}")
