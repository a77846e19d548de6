"""Writing customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import transaction

from catalogue.models import Application, Question
from catalogue.rules import wrong_answer
from core.accounts.permissions import Permission, require
from core.audit import edits, trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, Invalid, NotFound, RuleBroken
from customers import queries
from customers.models import BusyWindow, Contact, EnvironmentAnswer, ImpactNote, Organisation
from customers.rules import check_harm, check_window

Record = TypeVar("Record", Organisation, Contact, BusyWindow, ImpactNote)
UNIQUE: dict[type, str] = {Organisation: "slug", Contact: "email"}


@transaction.atomic
def create(model: type[Record], values: dict[str, Any], *, by: Actor) -> Record:
    """Add an organisation, contact, busy window or impact note. Raises Conflict when its slug or address is taken."""
    require(by, Permission.MANAGE_CUSTOMERS)
    if model is BusyWindow:
        check_window(values["weekdays"], values["starts"], values["ends"])
    if model is ImpactNote:
        _check_note({**NO_WINDOW, **values})
    _check_free(model, values)
    return edits.make(model, values, event=f"{model.SUBJECT}.created", by=by)


@transaction.atomic
def edit(
    model: type[Record], name: str, changes: dict[str, Any], *, version: int | None = None, by: Actor
) -> Record:
    """Change its facts. Raises Stale when `version` is no longer the present one."""
    found = queries.get_for(model, name, by=by, to=Permission.MANAGE_CUSTOMERS)
    if isinstance(found, BusyWindow):
        present = {
            field: changes.get(field, getattr(found, field)) for field in ("weekdays", "starts", "ends")
        }
        check_window(**present)
    if isinstance(found, ImpactNote):
        _check_note({name: changes.get(name, getattr(found, name)) for name in NOTE_FACTS})
    _check_free(model, changes, but=found.pk)
    return edits.edit(found, changes, version=version, event=f"{model.SUBJECT}.edited", by=by)


NO_WINDOW: dict[str, Any] = {"weekdays": [], "starts": None, "ends": None, "service": None}
NOTE_FACTS = (*NO_WINDOW, "organisation", "contact", "application")


def _check_note(facts: dict[str, Any]) -> None:
    """An impact note is somebody's, its service is the application's, and its window makes sense."""
    check_harm(facts["weekdays"], facts["starts"], facts["ends"])
    if facts.get("organisation") is None and facts.get("contact") is None:
        raise RuleBroken("Say whose note it is: a customer's, or a person's.", field="organisation")
    service = facts["service"]
    if service is not None and service.application_id != facts["application"].pk:
        raise RuleBroken(f"{service} is no service of {facts['application']}.", field="service")


def _check_free(model: type[Record], values: dict[str, Any], but: int | None = None) -> None:
    field = UNIQUE.get(model, "")
    if (
        field in values
        and model._default_manager.filter(**{field: values[field]}).exclude(pk=but or 0).exists()
    ):
        raise Conflict(f"There is already a {model._meta.verbose_name} “{values[field]}”.")


@transaction.atomic
def caller(email: str, *, name: str = "", organisation: Organisation | None = None, by: Actor) -> Contact:
    """The contact behind an address; a caller whom nobody knows yet is added, as calls do not wait for master data."""
    require(by, Permission.CREATE_TICKET)
    found = Contact.objects.filter(email__iexact=email).first()
    if found is not None:
        return found
    values = {"email": email.lower(), "name": name or email.partition("@")[0], "organisation": organisation}
    return edits.make(Contact, values, event="contact.created", by=by)


@transaction.atomic
def answer(
    organisation: Organisation, application: Application, answers: Mapping[str, str], *, by: Actor
) -> dict[str, EnvironmentAnswer]:
    """Keep what is known of a customer's environment of an application, by the keys of its questions.

    An empty text leaves what is known; the answer before a new one is kept beside it. Returns the answers
    that changed. A customer answers for their own organisation alone. Raises Invalid naming `environment.KEY`.
    """
    require(by, Permission.CREATE_TICKET)
    if by.is_customer:
        contact = queries.contact_of(by.user_id)
        if contact is None or contact.organisation_id != organisation.pk:
            raise NotFound("There is no such organisation here.")
    given = {key: str(value).strip() for key, value in answers.items() if str(value).strip()}
    questions = {q.key: q for q in Question.objects.filter(application=application, key__in=given)}
    wrong = {
        f"environment.{key}": [text]
        for key, value in given.items()
        if (text := wrong_answer(questions[key], value) if key in questions else _no_question(application))
    }
    if wrong:
        raise Invalid(wrong)
    known = {a.question_id: a for a in organisation.environment.filter(question__in=questions.values())}
    changed: dict[str, EnvironmentAnswer] = {}
    before: dict[str, str] = {}
    for key, value in given.items():
        old = known.get(questions[key].pk)
        if old is None or old.value != value:
            changed[key] = _put(organisation, questions[key], old, value)
            before[key] = old.value if old else ""
    if changed:
        trail.record(
            "organisation.environment_answered", on=organisation, by=by, before=before,
            after={key: found.value for key, found in changed.items()}, application=application.slug,
        )  # fmt: skip
    return changed


def _put(
    organisation: Organisation, question: Question, old: EnvironmentAnswer | None, value: str
) -> EnvironmentAnswer:
    """Write one answer if the old one still stands: of two at once, the second hears of the first."""
    now = clock.now()
    answers = EnvironmentAnswer.objects.filter(organisation=organisation, question=question)
    if old is None:
        found, new = answers.get_or_create(
            organisation=organisation, question=question, defaults={"value": value, "answered_at": now}
        )
        if new or found.value == value:
            return found
    elif answers.filter(value=old.value).update(value=value, before=old.value, answered_at=now):
        return answers.get()
    raise Conflict(f"Somebody answered “{question.text}” a moment ago. Look again and repeat.")


def _no_question(application: Application) -> str:
    return f"{application} asks no such question."
