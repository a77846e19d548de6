"""The names of our events, and each as a sentence for the history: "<actor> ... "."""

from __future__ import annotations

from core.audit.models import Event

SENTENCES: dict[str, str] = {
    "change.drafted": "wrote the draft",
    "change.edited": "edited {fields}",
    "change.submitted": "submitted it for approval",
    "change.approvals_voided": "made the approvals void: {why}",
    "change.revised": "took it back to revise it",
    "change.withdrawn": "withdrew it: {reason}",
    "change.approval_given": "approved it as {role}",
    "change.approved": "approved it as {role}; all approvals are given",
    "change.rejected": "rejected it: {note}",
    "change.approval_chased": "reminded those who still owe an approval",
    "change.scheduled": "scheduled it",
    "change.started": "started the work",
    "change.finished": "finished the work",
    "change.validated": "checked it: {result}",
    "change.backed_out": "backed it out: {note}",
    "change.closed": "closed it as {outcome}",
    "change.linked": "linked it to {to}",
    "change.time_logged": "logged {minutes} min",
}


def sentence(event: Event) -> str:
    """One line for the history of a change, without the actor's name."""
    words = {
        name: str(value).replace("_", " ")
        for name, value in event.data.items()
        if name in ("role", "outcome")
    }
    words |= {name: str(value) for name, value in event.data.items() if name not in words}
    words["fields"] = ", ".join(name.replace("_", " ") for name in event.after) or "it"
    template = SENTENCES.get(event.name, event.name.rpartition(".")[2].replace("_", " "))
    return template.format_map(_Words(words))


class _Words(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""
