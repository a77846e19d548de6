"""Still right? The mail to who keeps an entry, and the link in it that answers without signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from core.accounts import actors
from core.accounts.models import User
from core.common import clock
from core.common.errors import Conflict, NotFound
from core.outbox import queue
from core.outbox.models import Lane
from escalation import rules
from escalation.models import Card, Team
from escalation.review_rules import Chase

TOPIC = "directory.review"
SALT = "escalation.still-right"
LINK_LIVES = timedelta(days=30)

Entry = Team | Card


@dataclass(frozen=True)
class Asked:
    """What a link asks: this entry, whose check was due on this day, this person."""

    entry: Entry
    due: date
    person: User


# --- the link ------------------------------------------------------------------------------------------------
def token_for(entry: Entry, person: User) -> str:
    """Names entry, day and person under our signature; whoever holds it may say this one thing for 30 days."""
    facts = [entry.SUBJECT, entry.pk, entry.review_due.isoformat(), person.pk, int(clock.now().timestamp())]
    return signing.dumps(facts, salt=SALT, compress=True)


def read(token: str) -> Asked:
    """What the link asks. Raises NotFound for what we never signed, Conflict for a link that is too old."""
    try:
        kind, pk, due, person, sent = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotFound("This link is not one of ours, or it is cut short.") from error
    entry = entries(kind).filter(pk=pk).first()
    found = User.objects.filter(pk=person, is_active=True).first()
    if entry is None or found is None:
        raise NotFound("What this link speaks of is no more.")
    if clock.now() > datetime.fromtimestamp(sent, tz=clock.now().tzinfo) + LINK_LIVES:
        raise Conflict("This link is older than 30 days. Sign in and open the entry to check it.")
    return Asked(entry, date.fromisoformat(due), found)


def entries(kind: str) -> QuerySet[Team] | QuerySet[Card]:
    """The teams in use, or the people who are still here."""
    if kind == Team.SUBJECT:
        found = Team.objects.filter(active=True).select_related("lead", "manager", "owner")
        return found.prefetch_related("members", "components")
    return Card.objects.filter(user__is_active=True).select_related("user")


# --- the mail ------------------------------------------------------------------------------------------------
def ask(entry: Entry, chase: Chase) -> None:
    """One mail each to who keeps the entry and, in later weeks, to lead and manager."""
    people = keepers(entry)
    told = people if chase.tells_leads else people[:1]
    for person in told:
        _put(entry, chase, person)
    if not told and isinstance(entry, Team) and entry.email:
        _put(entry, chase, None)


def keepers(entry: Entry) -> list[User]:
    """Whom to ask, in order, each once: the owner, else the lead, else the manager; then the others of these."""
    if isinstance(entry, Team):
        people = [entry.owner, entry.lead, entry.manager]
    else:
        teams = entry.user.teams.filter(active=True).select_related("lead", "manager")
        people = [entry.user, *(person for team in teams for person in (team.lead, team.manager))]
    reached = [person for person in people if person is not None and person.is_active and person.email]
    return list(dict.fromkeys(reached))


def key_of(entry: Entry) -> str:
    """How the dedup keys of an entry's mails begin; the next check makes them others."""
    return f"review:{entry.SUBJECT}:{entry.pk}:{entry.review_due.isoformat()}:"


def _put(entry: Entry, chase: Chase, person: User | None) -> None:
    owner = keepers(entry)[:1] == [person]
    context = {
        "entry": entry,
        "team": entry if isinstance(entry, Team) else None,
        "name": name_of(entry),
        "person": person,
        "owner": owner,
        "keeper": next(iter(keepers(entry)), None),
        "weeks": chase.week,
        "right_url": _right_url(entry, person),
        "entry_url": settings.BASE_URL + address_of(entry),
        "edit_url": f"{settings.BASE_URL}{address_of(entry)}edit/",
    }
    address = person.email if person is not None else entry.email  # type: ignore[union-attr]
    queue.put(
        lane=Lane.DIGEST,
        topic=TOPIC,
        to=address,
        subject=render_to_string("email/entry_review.subject", context),
        text=render_to_string("email/entry_review.txt", context),
        about=entry,
        dedup_key=f"{key_of(entry)}{chase.week}:{address}",
    )


def _right_url(entry: Entry, person: User | None) -> str:
    """The one-click link, for those alone who may say that the entry is right."""
    if person is None or not may_review(entry, person):
        return ""
    return settings.BASE_URL + reverse("escalation:still_right", args=[token_for(entry, person)])


def may_review(entry: Entry, person: User) -> bool:
    return rules.may_review(actors.for_user(person), {keeper.pk for keeper in keepers(entry)})


def name_of(entry: Entry) -> str:
    return entry.name if isinstance(entry, Team) else entry.user.display_name


def address_of(entry: Entry) -> str:
    """The page of the entry on this desk."""
    if isinstance(entry, Team):
        return reverse("escalation:detail", args=[entry.slug])
    return reverse("escalation:person", args=[entry.user.username])
