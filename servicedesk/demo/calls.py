"""Who is called when nobody answers, and two times that it happened; swaps, a stand-in and a calendar address."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.common import clock
from escalation import operations as escalation
from escalation.models import EscalationPolicy, Shift
from escalation.paging_rules import LEAD, MANAGER, ON_CALL, PERSON, Step, Target
from incidents.models import Incident
from servicedesk.demo.cast import Cast
from tickets.models import Ticket

OWNED = EscalationPolicy.OnIncident.OWNED


def policies(cast: Cast) -> None:
    """Payments and the platform have policies of their own; the others have what the rule gives them."""
    by, people = cast.by("max"), cast.people
    escalation.create_policy(
        team=cast.teams["payments-engineering"], name="Round the clock", repeat=1, unassigned_p0_minutes=10,
        on_incident=OWNED, by=by,
        steps=[
            Step(5, (Target(ON_CALL),)),
            Step(10, (Target(LEAD), Target(PERSON, person=people["ira"].pk))),
            Step(10, (Target(MANAGER),)),
        ],
    )  # fmt: skip
    escalation.create_policy(
        team=cast.teams["platform"], name="Round the clock", on_breach=True, by=by,
        steps=[Step(10, (Target(ON_CALL),)), Step(15, (Target(LEAD),))],
    )  # fmt: skip
    for slug in ("service-desk", "portal-engineering", "network-and-edge"):
        escalation.ensure_default(cast.teams[slug])


def shifts(cast: Cast, now: datetime) -> None:
    """Noa asks the front line for a swap and Tom asks Eli; Lea stands in for Vic; Eli's calendar reads his shifts."""
    by, people = cast.by, cast.people
    with clock.pretend(now - timedelta(hours=5)):
        noa, tom, vic = (_next_shift(cast, name, now) for name in ("noa", "tom", "vic"))
        escalation.ask_swap(
            rotation=noa.rotation, starts_at=noa.starts_at, ends_at=noa.ends_at,
            note="My daughter's school play. I take one of yours gladly.", by=by("noa"),
        )  # fmt: skip
        escalation.ask_swap(
            rotation=tom.rotation, starts_at=tom.starts_at, ends_at=tom.starts_at + timedelta(hours=12),
            asked_of=people["eli"], note="Dentist in the morning.", by=by("tom"),
        )  # fmt: skip
        escalation.add_override(
            rotation=vic.rotation, user=people["lea"], instead_of=people["vic"], starts_at=vic.starts_at,
            ends_at=vic.starts_at + timedelta(hours=9), reason="Vic travels", by=by("lea"),
        )  # fmt: skip
        calendar = escalation.create_feed(by=by("eli")).feed
        escalation.create_feed(team=cast.teams["payments-engineering"], by=by("eli"))
    with clock.pretend(now - timedelta(minutes=20)):
        escalation.note_read(calendar)


def _next_shift(cast: Cast, name: str, now: datetime) -> Shift:
    """The first shift of a person that begins tomorrow or later."""
    coming = Shift.objects.filter(
        user=cast.people[name], cancelled_at=None, starts_at__gt=now + timedelta(days=1)
    )
    return coming.select_related("rotation").earliest("starts_at")


def settlement(cast: Cast, ticket: Ticket, now: datetime) -> None:
    """Three hours ago nobody answered the first call; the second did, and it was called off in the end."""
    by, called = cast.by, now - timedelta(hours=3)
    with clock.pretend(called):
        page = escalation.page(
            team=cast.teams["payments-engineering"], about=ticket.reference, by=by("ana"),
            reason="The bank waits for yesterday's settlement file.",
        )  # fmt: skip
    with clock.pretend(called + timedelta(minutes=5)):
        escalation.fall_due(page, clock.now())
    with clock.pretend(called + timedelta(minutes=7)):
        escalation.acknowledge(page.reference, by=by("ira"))
    with clock.pretend(called + timedelta(minutes=24)):
        escalation.cancel(
            page.reference, reason="The file is with the bank; the cause waits for tonight.", by=by("ira")
        )


def cards(cast: Cast, incident: Incident, now: datetime) -> None:
    """Whoever is on call for payments was paged with the declaration and has it."""
    with clock.pretend(now - timedelta(minutes=27)):
        page = escalation.page(
            team=cast.teams["payments-engineering"], about=incident.reference, by=cast.by("ana"),
            reason="Card payments fail in EU West, 40% with code 91.",
        )  # fmt: skip
    with clock.pretend(now - timedelta(minutes=25)):
        escalation.acknowledge(page.reference, by=cast.by("eli"))
