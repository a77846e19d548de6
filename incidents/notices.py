"""From an update to its mail: plain text that reads well at 40 columns, a subject under 78 characters."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from django.conf import settings

from incidents.models import DRILL, Incident, Status, Update, WhenDue
from incidents.rules import LONGEST_SUBJECT

COLUMNS = 40
MOST_NAMED = 6  # missed moments are named one by one up to here

HEADINGS = {
    "what": "What is happening",
    "affected": "Who is affected",
    "doing": "What we are doing",
    "workaround": "Workaround",
}
# What is true in a phase although nobody wrote a word.
GOES_ON = {
    Status.DECLARED: "The trouble goes on. Work on it continues.",
    Status.INVESTIGATING: "The trouble goes on. Work continues: we are looking for the cause.",
    Status.IDENTIFIED: "The cause is found. Work on the repair continues.",
    Status.MONITORING: "A repair is in place. We are still watching it.",
}
NAMES = {
    Update.Kind.ACKNOWLEDGEMENT: "Acknowledged",
    Update.Kind.RESTORED: "Service restored",
    Update.Kind.CORRECTION: "Correction",
}


@dataclass(frozen=True)
class Parts:
    """The four things that readers want to know."""

    what: str = ""
    affected: str = ""
    doing: str = ""
    workaround: str = ""

    @property
    def body(self) -> str:
        """The parts under their headings; a single one needs none."""
        given = {name: text.strip() for name, text in asdict(self).items() if text.strip()}
        if list(given) == ["what"]:
            return given["what"]
        return "\n\n".join(f"{HEADINGS[name]}\n{text}" for name, text in given.items())

    @property
    def stripped(self) -> Parts:
        return Parts(**{name: text.strip() for name, text in asdict(self).items()})

    @classmethod
    def of(cls, update: Update | None) -> Parts:
        return cls(**{field.name: getattr(update, field.name) for field in fields(cls)}) if update else cls()


# --- subjects ---------------------------------------------------------------------------------------------
def subject(incident: Incident, kind: str, number: int, *, title: str = "") -> str:
    """[INC-1] Update 2: what it is about; never longer than 77 characters. title: said instead of its own."""
    name = NAMES.get(Update.Kind(kind), f"Update {number}")
    return shortened(f"{tag(incident)} {name}: {title or incident.title}")


def tag(incident: Incident) -> str:
    """What every subject begins with; that of an exercise says so first."""
    return f"{DRILL} [{incident.reference}]" if incident.drill else f"[{incident.reference}]"


def shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SUBJECT else text[: LONGEST_SUBJECT - 1].rstrip() + "…"


# --- bodies -----------------------------------------------------------------------------------------------
def acknowledgement(incident: Incident) -> str:
    lines = [f"We know of this trouble and are on it:\n{incident.title}"]
    if incident.summary.strip() and incident.summary.strip() != incident.title:
        lines.append(incident.summary.strip())
    return "\n\n".join(lines)


def holding(incident: Incident, last: Update | None, known: Parts, missed: Sequence[datetime]) -> str:
    """What can be said truthfully when nobody wrote: that it goes on, and what was known last.

    missed: with more than one, the update is a catch-up and names the moments that were missed.
    """
    paragraphs = []
    if len(missed) > 1:
        paragraphs.append(
            f"The updates due at {listed(missed)} did not go out: our sending was interrupted. "
            "This one stands for all of them."
        )
    since = (
        f"There is no newer report since {clock_time(last.sent_at)}." if last else "There is no report yet."
    )
    paragraphs.append(f"{GOES_ON[Status(incident.status)]} {since}")
    paragraphs.append("What is known\n" + told_so_far(incident, known))
    return "\n\n".join(paragraphs)


def postponed(due: datetime, until: datetime, reason: str) -> str:
    """What people read instead of the update that they were promised."""
    return f"The update of {clock_time(due)} comes later, at {clock_time(until)}.\n\n{reason}"


def corrected(first: Update, wrong: str, parts: Parts) -> str:
    """What readers of a wrong update get: which one, what was wrong, and what holds."""
    holds = parts.body if parts.body != parts.what else f"{HEADINGS['what']}\n{parts.what}"
    return (
        f"Update {first.number} of {clock_time(first.sent_at)} was wrong.\n\nWhat was wrong\n{wrong}\n\n"
        f"This is what holds now.\n\n{holds}"
    )


def told_so_far(incident: Incident, parts: Parts) -> str:
    """What is known: what people wrote last, else what the incident says."""
    return parts.body or incident.summary.strip() or incident.title


def answer(incident: Incident, text: str) -> str:
    """What the requester of a linked ticket reads; customers know no incidents, so none is named."""
    when = f"The service was restored at {clock_time(incident.restored_at)}." if incident.restored_at else ""
    return "\n\n".join(part for part in (text, when, "If it still fails for you, answer here.") if part)


def no_change(incident: Incident, last: Update | None) -> str:
    """The one-click update of a person who has looked and found nothing new."""
    since = f" since {clock_time(last.sent_at)}" if last else ""
    return f"No change{since}. {GOES_ON.get(Status(incident.status), '')}".strip()


def listed(moments: Sequence[datetime]) -> str:
    """10:17, 10:32 and 10:47 UTC; a long row is counted instead."""
    if len(moments) > MOST_NAMED:
        return f"{len(moments)} moments from {clock_time(moments[0])} to {clock_time(moments[-1])}"
    times = [f"{moment:%H:%M}" for moment in moments]
    return f"{', '.join(times[:-1])} and {times[-1]} UTC"


def clock_time(at: datetime) -> str:
    return f"{at:%H:%M} UTC"


# --- whole mails ------------------------------------------------------------------------------------------
def mail(incident: Incident, update: Update, *, link: bool, audience: str = "") -> str:
    """The text of the mail as an audience reads it. Only staff get the link, as nobody else can follow it."""
    text = update.text_for(audience)
    paragraphs = [*exercise(incident), text]
    if (promised := promise(incident, update.kind, update.next_due_at)) not in text:  # a template may say it
        paragraphs.append(promised)
    if link:
        paragraphs.append(address(incident))
    return wrapped("\n\n".join(paragraphs))


def exercise(incident: Incident) -> list[str]:
    """The first paragraph of whatever is sent about a drill."""
    return ["This is an exercise. Nothing is broken."] if incident.drill else []


def merged(incident: Incident, target: Incident) -> str:
    """The last that people read of an incident that went into another one."""
    due = target.next_update_due_at
    when = f" The next one comes at {clock_time(due)}." if due else ""
    return (
        f"This trouble and {target.reference} are one:\n{target.title}\n\n"
        f"Updates go on as {target.reference}.{when}"
    )


def unmerged(incident: Incident, target: Incident) -> str:
    return (
        f"We said that this goes on as {target.reference}. It is a trouble of its own:\n{incident.title}\n\n"
        f"Updates come as {incident.reference} again."
    )


def promise(incident: Incident, kind: str, next_due_at: datetime | None) -> str:
    """What an update says of the next one, or that it is the last."""
    if incident.merged_into_id is not None:
        return f"This is the last notice of {incident.reference}."
    if kind == Update.Kind.RESTORED:
        restored = f" at {clock_time(incident.restored_at)}" if incident.restored_at else ""
        return f"The service was restored{restored}. This is the last notice of {incident.reference}."
    if not incident.is_open and incident.restored_at:
        return f"The service was restored at {clock_time(incident.restored_at)}."
    if next_due_at is None:
        return "The next update comes when there is something to tell."
    return f"Next update {clock_time(next_due_at)}."


def reminder(incident: Incident, due: datetime) -> tuple[str, str]:
    """Subject and text for whoever has to write the next update."""
    number = incident.next_number
    head = shortened(f"{tag(incident)} Update {number} is due at {clock_time(due)}: {incident.title}")
    by_itself = incident.when_due == WhenDue.HOLD
    then = "A holding update goes out if nobody writes one." if by_itself else "Nothing goes out by itself."
    due_at = f"Update {number} of {incident.reference} is due at {clock_time(due)}."
    return head, _letter(incident, due_at, then)


def overdue(incident: Incident, due: datetime) -> tuple[str, str]:
    """Subject and text when an update fell due and the desk was told not to send one by itself."""
    number = incident.next_number
    head = shortened(f"{tag(incident)} Update {number} is late: {incident.title}")
    text = f"Update {number} of {incident.reference} was due at {clock_time(due)}. Nobody has been told anything."
    return head, _letter(incident, text)


def role_given(incident: Incident, role: str, note: str, by: str) -> tuple[str, str]:
    """Subject and text for whoever has just got a role."""
    head = shortened(f"{tag(incident)} You are {role}: {incident.title}")
    due = incident.next_update_due_at
    number = incident.next_number
    owed = f"Update {number} is due at {clock_time(due)}." if due else ""
    return head, _letter(incident, f"{by} made you {role} of {incident.reference}.", note, owed)


def _letter(incident: Incident, *paragraphs: str) -> str:
    """A mail to somebody of the desk: what is to be said, and where."""
    said = [*exercise(incident), *(text for text in paragraphs if text), address(incident)]
    return wrapped("\n\n".join(said))


def approval_asked(incident: Incident, writer: str, readers: str, what: str) -> tuple[str, str]:
    """Subject and text for who may approve an update."""
    head = shortened(f"{tag(incident)} An update waits for your approval: {incident.title}")
    text = f"{writer} wrote an update of {incident.reference} that {readers} readers get."
    due = incident.next_update_due_at
    until = f"A holding update goes out at {clock_time(due)} if nothing else does." if due else ""
    if due and incident.when_due == WhenDue.REMIND:
        until = f"Readers were promised it by {clock_time(due)}; the desk sends nothing in its place."
    return head, _letter(incident, text, what, until)


def approval_ended(incident: Incident, state: str, note: str, by: str) -> tuple[str, str]:
    """Subject and text for the writer of an update that was not sent."""
    head = shortened(f"{tag(incident)} Your update is {state.lower()}: {incident.title}")
    kept = "Your text is your draft again." if incident.is_open else ""
    return head, _letter(incident, f"Your update of {incident.reference} was not sent. {by}: {note}", kept)


def undelivered(incident: Incident, update: Update, waiting: int) -> tuple[str, str]:
    """Subject and text for who commands an incident whose updates do not leave the desk."""
    head = shortened(f"{tag(incident)} Update {update.number} does not go out: {incident.title}")
    text = (
        f"Update {update.number} of {incident.reference} waits for {waiting} of {update.recipients}: the server "
        "takes nothing. It goes out by itself once that works; until then tell people another way."
    )
    return head, _letter(incident, text)


def address(incident: Incident) -> str:
    return f"{settings.BASE_URL.rstrip('/')}/incidents/{incident.reference}/"


def wrapped(text: str) -> str:
    """Lines of at most 40 columns; an address that is longer stays whole."""
    lines = (
        textwrap.fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )
    return "\n".join(lines) + "\n"
