"""Mail that rules send: to the desk, never to a customer; and the word that a rule was switched off."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from core.accounts import actors
from core.accounts.models import User
from core.common.actor import Actor
from core.common.errors import RuleBroken
from core.common.vocabulary import Role
from core.outbox import queue
from core.outbox.models import Lane
from tickets.models import AutomationRule, Ticket

TOPIC = "ticket.rule_mail"
STOPPED_TOPIC = "automation.stopped"
CONFIDENTIAL = "Confidential ticket"
TOLD = ("ticket.reference", "ticket.priority", "ticket.url", "team.name", "assignee.name", "rule.name")


class Recipient(models.TextChoices):
    ASSIGNEE = "assignee", "Who has the ticket"
    TEAM = "team", "The team's address"
    LEAD = "lead", "The team's lead"
    OWNER = "owner", "The rule's owner"


def notify(ticket: Ticket, *, to: str, body: str, rule: str, by: Actor, key: str) -> None:
    """Queue one mail to somebody on the desk; `key` makes a repeat a no-op.

    Raises RuleBroken where there is nobody to tell, or who they are may not see the ticket.
    """
    address = _address(ticket, to, by)
    if not address:
        raise RuleBroken(f"{Recipient(to).label}: there is nobody to mail.")
    subject = CONFIDENTIAL if ticket.confidential else ticket.subject
    url = f"{_base()}/tickets/{ticket.reference}/"
    queue.put(
        lane=Lane.DIGEST,
        to=address,
        subject=f"[{ticket.reference}] {subject}",
        text=f"{body}\n\n{ticket.reference} {ticket.priority}\n{subject}\n{url}\n\nSent by the rule “{rule}”.\n",
        topic=TOPIC,
        about=ticket,
        dedup_key=f"rule:{key}:{address}"[:200],
    )


def discreet(ticket: Ticket, values: dict[str, str]) -> dict[str, str]:
    """What a mail may say of a ticket: of a confidential one neither what it is about nor whose it is."""
    if not ticket.confidential:
        return values
    told = {name: values[name] for name in TOLD}
    return {**dict.fromkeys(values, ""), **told, "ticket.subject": CONFIDENTIAL}


def tell_stopped(rule: AutomationRule, why: str, *, key: str) -> None:
    """Owner and admins hear that a rule was switched off, and why."""
    admins = User.objects.filter(is_active=True, role_grants__role=Role.ADMIN).distinct()
    people = {person.email for person in [rule.owner, *admins] if person.email and person.is_active}
    for address in sorted(people):
        queue.put(
            lane=Lane.DIGEST,
            to=address,
            subject=f"Rule “{rule.name}” was switched off",
            text=f"{why}\n\nNothing more is done by it until somebody switches it on again:\n"
            f"{_base()}/tickets/rules/{rule.pk}/\n",
            topic=STOPPED_TOPIC,
            about=rule,
            dedup_key=f"rule-stopped:{rule.pk}:{key}:{address}"[:200],
        )


def _address(ticket: Ticket, to: str, by: Actor) -> str:
    if to == Recipient.TEAM:
        # A shared address has no eyes of its own, so it never hears of a confidential ticket.
        return ticket.team.email if ticket.team and not ticket.confidential else ""
    person = {
        Recipient.ASSIGNEE: lambda: ticket.assignee,
        Recipient.LEAD: lambda: ticket.team.lead if ticket.team else None,
        Recipient.OWNER: lambda: User.objects.filter(pk=by.user_id).first(),
    }[Recipient(to)]()
    if person is None or not person.is_active or not person.is_desk_staff:
        return ""
    sees = Ticket.objects.visible_to(actors.for_user(person)).filter(pk=ticket.pk).exists()
    return person.email if sees else ""


def _base() -> str:
    return str(settings.BASE_URL).rstrip("/")
