"""Entries that nobody checked in time, for people to go through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.accounts.models import User
from core.common.actor import Actor
from escalation import queries, review_mail, rules, tiers
from escalation.models import Card, Team


@dataclass(frozen=True)
class ToCheck:
    """One entry; `mine` when the reader keeps it, `may` when the reader may say that it is right."""

    entry: Team | Card
    name: str
    kind: str
    url: str
    review_url: str
    keeper: User | None
    mine: bool
    may: bool


def to_check(by: Actor, today: date) -> list[ToCheck]:
    """The reader's own first, then those that wait longest. Five queries."""
    teams = queries.teams(by).filter(active=True, review_due__lt=today).prefetch_related(None)
    cards = Card.objects.visible_to(by).filter(user__is_active=True, review_due__lt=today)
    rows = [_of_team(team, by) for team in teams]
    rows += [_of_person(card, by) for card in cards.select_related("user").prefetch_related("user__teams")]
    return sorted(rows, key=lambda row: (not row.mine, row.entry.review_due, row.name))


def number(by: Actor, today: date) -> int:
    """How many there are. Two queries."""
    teams = Team.objects.visible_to(by).filter(active=True, review_due__lt=today)
    cards = Card.objects.visible_to(by).filter(user__is_active=True, review_due__lt=today)
    return teams.count() + cards.count()


def _of_team(team: Team, by: Actor) -> ToCheck:
    keepers = {team.owner_id, team.lead_id, team.manager_id}
    keeper = team.owner or team.lead or team.manager
    kind = "vendor" if team.is_vendor else tiers.name(team.tier)
    return _row(team, kind, keeper, rules.may_review(by, keepers), by)


def _of_person(card: Card, by: Actor) -> ToCheck:
    leads = {lead for team in card.user.teams.all() for lead in (team.lead_id, team.manager_id)}
    return _row(card, "person", card.user, rules.may_review(by, {card.user_id, *leads}), by)


def _row(entry: Team | Card, kind: str, keeper: User | None, may: bool, by: Actor) -> ToCheck:
    url = review_mail.address_of(entry)
    return ToCheck(
        entry=entry,
        name=review_mail.name_of(entry),
        kind=kind,
        url=url,
        review_url=f"{url}reviewed/",
        keeper=keeper,
        mine=keeper is not None and keeper.pk == by.user_id,
        may=may,
    )
