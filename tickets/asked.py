"""What a form asks beyond a ticket's fixed facts: the application's questions, and the desk's own fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms

from catalogue.models import Application, Component, Question
from customers.models import Contact, Organisation
from customers.queries import Known, environment
from tickets import custom_fields
from tickets.models import CustomField, Ticket

PREFIX = "environment."  # of form fields and of the names in errors


@dataclass(frozen=True)
class Asked:
    """`known` is what the customer answered before, so that nobody asks again; `fields` is what is asked now."""

    known: list[Known] = field(default_factory=list)
    fields: dict[str, forms.Field] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """The same for the same questions: a page that shows them keeps them and what is typed there."""
        return " ".join([*self.fields, *(one.question.key for one in self.known)])


class AskingForm(forms.Form):
    """A form with fields that depend on what it is about; their values are cleaned into `environment` and `custom`."""

    asked = Asked()

    def ask(self, asked: Asked) -> None:
        self.asked = asked
        self.fields.update(asked.fields)

    @property
    def asked_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.asked.fields]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        fixed = {name: value for name, value in data.items() if name not in self.asked.fields}
        answers = {
            name.removeprefix(PREFIX): value
            for name, value in data.items()
            if name.startswith(PREFIX) and value
        }
        return {**fixed, "environment": answers, "custom": custom_fields.typed(data)}


def about(
    *, kind: str, application: str, component: str = "", organisation: str = "", requester: str = ""
) -> Asked:
    """What to ask for a new ticket, from what is chosen so far: slugs and the requester's address."""
    product = Application.objects.filter(slug=application).first()
    if product is None and component:
        part = Component.objects.select_related("application").filter(slug=component).first()
        product = part.application if part else None
    customer = Organisation.objects.filter(slug=organisation).first() if organisation else None
    if customer is None and requester and product is not None:
        found = Contact.objects.select_related("organisation").filter(email__iexact=requester).first()
        customer = found.organisation if found else None
    questions = environment(customer, product)
    own = custom_fields.form_fields(custom_fields.of(kind, product), required=True)
    return Asked([one for one in questions if one.value], {**question_fields(missing(questions)), **own})


def missing(questions: Iterable[Known]) -> list[Known]:
    return [one for one in questions if not one.value]


def question_fields(questions: Iterable[Known]) -> dict[str, forms.Field]:
    """A form's fields for questions. None of them is required: no phone call waits for a version number."""
    return {f"{PREFIX}{one.question.key}": _field(one.question, one.value) for one in questions}


def _field(question: Question, value: str) -> forms.Field:
    words: dict[str, Any] = {"required": False, "label": question.text, "initial": value}
    if question.required and not value:
        words["help_text"] = "Needed to work on it."
    if question.type == Question.Type.CHOICE:
        choices = [("", "Not known"), *((str(choice), str(choice)) for choice in question.choices)]
        return forms.ChoiceField(choices=choices, **words)
    return forms.CharField(max_length=500, **words)


# --- on a ticket -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One answer as a ticket shows it: what it was before, and what it was when the ticket was opened."""

    label: str
    value: str
    was: str = ""
    changed_at: datetime | None = None
    reported: str = ""


def lines(ticket: Ticket, questions: Iterable[Known]) -> list[Line]:
    """The answers that are known, then what stands on this ticket alone."""
    found, keys = [], set()
    for one in questions:
        keys.add(one.question.key)
        then = str(ticket.environment.get(one.question.key, ""))
        if one.value:
            changed = one.answered_at if one.before else None
            reported = then if then not in (one.value, one.before) else ""
            found.append(Line(one.question.text, one.value, one.before, changed, reported))
        elif then:
            found.append(Line(one.question.text, then))
    return found + [Line(name, str(value)) for name, value in ticket.environment.items() if name not in keys]


def own_facts(ticket: Ticket) -> list[tuple[str, Any]]:
    """The desk's own fields with a value on this ticket, by label."""
    fields = CustomField.objects.filter(key__in=ticket.custom) if ticket.custom else []
    return [(one.label, ticket.custom[one.key]) for one in fields]


class TicketForm(AskingForm):
    """A form of a verb whose fields depend on its ticket."""

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        self.ticket = ticket
        super().__init__(*args, **kwargs)


class EnvironmentForm(TicketForm):
    """All questions of the ticket's application, with the customer's answers. Only what is posted is written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        questions = environment(self.ticket.organisation, self.ticket.application)
        self.ask(Asked(fields=question_fields(questions)))


class MissingForm(EnvironmentForm):
    """The questions that nobody answered yet, in the page itself: its ids differ from the dialog's."""

    def __init__(self, questions: list[Known], *args: Any, **kwargs: Any) -> None:
        TicketForm.__init__(self, *args, **{"auto_id": "env_%s", **kwargs})
        self.ask(Asked(fields=question_fields(missing(questions))))


def changed_values(ticket: Ticket, given: Mapping[str, Any], fields: Iterable[CustomField]) -> dict[str, Any]:
    """Of the values in an edit form, those that are not as they were: the others may no longer apply."""
    by_key = {one.key: one for one in fields}
    return {
        key: value
        for key, value in given.items()
        if custom_fields.stored_value(by_key[key], value) != ticket.custom.get(key)
    }
