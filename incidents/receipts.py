"""Who is on the list of an incident, and what became of the last message to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from core.common import clock
from core.outbox import bounces, circuits
from core.outbox.models import DeadAddress, OutgoingMessage
from customers import queries as customers
from customers.models import Subscription
from incidents import audience, mailing
from incidents.models import Incident

State = OutgoingMessage.State
MOST_SHOWN = 300
WAITS, UNCONFIRMED, DEAD, NOTHING = "waiting", "unconfirmed", "undeliverable", "none"
# What needs somebody comes first.
ORDER = [State.FAILED, DEAD, WAITS, State.SENDING, UNCONFIRMED, State.DROPPED, NOTHING, State.SENT]
WORDS = {
    State.SENT: ("sent", "green"),
    State.FAILED: ("failed", "red"),
    State.DROPPED: ("not sent", ""),
    State.SENDING: ("sending", ""),
    WAITS: ("waiting", "amber"),
    UNCONFIRMED: ("not confirmed yet", "amber"),
    DEAD: ("takes no mail", "red"),
    NOTHING: ("nothing sent yet", ""),
}


@dataclass(frozen=True)
class Receipt:
    """One address or chat: by which lists it is told, and how the last message to it fared."""

    to: str
    channel: str
    audience: str
    state: str
    note: str
    via: list[str]
    subscriptions: list[int]
    own: int | None  # the subscription of this incident itself, which can be taken off here

    @property
    def words(self) -> str:
        return WORDS[self.state][0]

    @property
    def tone(self) -> str:
        return WORDS[self.state][1]


def undelivered() -> list[Incident]:
    """Those whose commander was told that updates do not go out, while one of that age still waits. One query."""
    old = clock.now() - timedelta(minutes=settings.UNDELIVERED_MINUTES)
    waiting = OutgoingMessage.objects.filter(
        about_kind=Incident.SUBJECT, about_id=OuterRef("pk"), topic=mailing.TOPIC, created_at__lte=old,
        state__in=(State.QUEUED, State.SENDING),
    )  # fmt: skip
    flagged = Incident.objects.real().filter(undelivered_since__isnull=False)
    return list(flagged.filter(Exists(waiting)).order_by("undelivered_since", "pk"))


def receipts(incident: Incident) -> list[Receipt]:
    """Everybody on the list, what needs attention first. Six queries, however many there are."""
    rows = customers.with_names(audience.listed(incident)).order_by("id")
    told = audience.gathered(rows.prefetch_related("user__role_grants"))
    messages = {audience.key_of_message(message): message for message in _last(incident)}
    dead = bounces.dead(one.address for one in told)
    blocked = circuits.outages()
    found = [_receipt(one, messages.get(one.key), dead.get(one.address.casefold()), blocked) for one in told]
    return sorted(found, key=lambda one: ORDER.index(one.state))


def counts(incident: Incident) -> dict[str, int]:
    """How many messages of the last update wait, and how many failed."""
    states = dict(_last(incident).order_by().values_list("state").annotate(number=Count("pk")))
    return {
        "waiting": states.get(State.QUEUED, 0) + states.get(State.SENDING, 0),
        "failed": states.get(State.FAILED, 0),
    }


def _last(incident: Incident) -> QuerySet[OutgoingMessage]:
    """The messages of the last update."""
    about = Q(about_kind=Incident.SUBJECT, about_id=incident.pk, topic=mailing.TOPIC)
    return OutgoingMessage.objects.filter(about, about_version=incident.update_count).select_related(
        "endpoint"
    )


def _receipt(
    one: audience.Recipient,
    message: OutgoingMessage | None,
    mark: DeadAddress | None,
    blocked: dict[str, circuits.Outage],
) -> Receipt:
    state, note = _state(one.subscriptions, message, mark, blocked)
    first = one.subscriptions[0]
    return Receipt(
        to=one.to, channel=first.channel, audience=one.audience, state=state, note=note,
        via=[row.what for row in one.subscriptions], subscriptions=[row.pk for row in one.subscriptions],
        own=next((row.pk for row in one.subscriptions if row.incident_id is not None), None),
    )  # fmt: skip


def _state(
    rows: Sequence[Subscription],
    message: OutgoingMessage | None,
    mark: DeadAddress | None,
    blocked: dict[str, circuits.Outage],
) -> tuple[str, str]:
    if all(row.unconfirmed_since for row in rows):
        return UNCONFIRMED, "Gets nothing until somebody there follows the link in the mail."
    if mark is not None:
        return DEAD, f"Since {mark.since:%d %b %H:%M} UTC. {mark.why}"
    if message is None:
        return NOTHING, ""
    if message.state == State.QUEUED:
        outage = blocked.get(message.route)
        return WAITS, outage.sentence if outage else message.note
    if message.state == State.SENT and message.sent_at is not None:
        again = f", perhaps {message.repeats + 1} times" if message.repeats else ""
        return State.SENT, f"{message.sent_at:%H:%M:%S} UTC{again}"
    return message.state, message.note
