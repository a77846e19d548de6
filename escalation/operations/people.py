"""People: what the directory says of them, kept right by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import chain
from typing import Any

from django.db import transaction

from core.accounts import operations as accounts
from core.accounts.models import User
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import NotAllowed
from escalation import queries, review_rules, rules
from escalation.local_time import zone_of
from escalation.models import Card
from escalation.operations.shared import update

OF_THE_CARD = ("work_phone", "chat", "languages", "work_days", "work_from", "work_to", "review_due")


@transaction.atomic
def edit_person(username: str, *, changes: dict[str, Any], version: int | None = None, by: Actor) -> User:
    """Change what the directory says of a person; they themselves may, and managers of the directory.

    Raises Stale when `version` is no longer the card's.
    """
    person = queries.person_to_edit(username, by=by)
    card = card_of(person)
    own = {name: value for name, value in changes.items() if name in OF_THE_CARD}
    account = {name: value for name, value in changes.items() if name not in OF_THE_CARD}
    if account:
        card.user = accounts.edit_facts(username, values=account, by=by)
    before, after = trail.changed(card, own)
    update(card, own, version, derive=_chased)
    if after:
        trail.record("person.changed", on=card, by=by, before=before, after=after)
    return queries.get_person(username, by=by)


@transaction.atomic
def review_person(username: str, *, due: date | None = None, by: Actor) -> User:
    """Say that a person's entry is right: they themselves, who leads or manages them, managers of the directory.

    Raises like `review_team`.
    """
    person = queries.get_person(username, by=by)
    leads = person.teams.filter(active=True).values_list("lead_id", "manager_id")
    if not rules.may_review(by, {person.pk, *chain.from_iterable(leads)}):
        raise NotAllowed("Only the person, their lead and managers of the directory can check this entry.")
    card = card_of(person)
    review_rules.check_still_due(card.review_due, due)
    now = clock.now()
    values = {"reviewed_at": now, "review_due": review_rules.next_due(now.date())}
    before, after = trail.changed(card, values)
    update(card, values, None, derive=_chased)
    trail.record("person.reviewed", on=card, by=by, before=before, after=after)
    return queries.get_person(username, by=by)


def list_people(people: Iterable[User], now: datetime) -> None:
    """A card for everybody who has none; its first check is due after a quarter."""
    due = review_rules.next_due(now.date())
    wanted = {person.pk: person for person in people}
    for pk in set(wanted) - set(Card.objects.filter(user__in=wanted).values_list("user_id", flat=True)):
        next_chase = review_rules.next_chase(due, zone_of(wanted[pk].timezone), now)
        Card.objects.get_or_create(user_id=pk, defaults={"review_due": due, "next_chase_at": next_chase})


def card_of(person: User) -> Card:
    """The person's card, made where there is none."""
    list_people([person], clock.now())
    return Card.objects.select_related("user").get(user=person)


def _chased(card: Card) -> dict[str, Any]:
    zone = zone_of(card.user.timezone)
    return {"next_chase_at": review_rules.next_chase(card.review_due, zone, clock.now())}
