"""Around the live incident: where people meet, the change that is suspected, and an exercise of last week."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.common import clock
from incidents import operations as incidents
from servicedesk.demo.cast import Cast


def around(cast: Cast, live: str, change: str, now: datetime) -> None:
    """Bridge, chat and suspicion on the live incident, which goes on meanwhile."""
    by = cast.by
    with clock.pretend(now - timedelta(minutes=26)):
        incidents.edit(
            live, by=by("ira"),
            changes={"bridge_url": "https://meet.example/cards", "chat_url": "https://chat.example/cards"},
        )  # fmt: skip
    with clock.pretend(now - timedelta(minutes=20)):
        incidents.suspect_change(live, change=change, note="Same node, the evening before.", by=by("eli"))


def exercise(cast: Cast, now: datetime) -> None:
    """Six days ago the desk practised losing the merchant portal; nobody outside heard of it."""
    by, start = cast.by, now - timedelta(days=6)
    with clock.pretend(start):
        ref = incidents.declare(
            title="Merchant portal is gone after a wrong certificate", severity="SEV2", drill=True,
            applications=[cast.applications["merchant-portal"]], by=by("ira"),
        ).reference  # fmt: skip
        incidents.take_role(ref, role="commander", by=by("ira"))
        for name in ("ana", "lea"):
            incidents.subscribe(ref, person=cast.people[name], by=by("ira"))
    with clock.pretend(start + timedelta(minutes=9)):
        incidents.hand_over(
            ref, role="commander", to=cast.people["lea"], by=by("ira"),
            note="Practising the hand-over: the certificate is being reissued, next update at the quarter.",
        )  # fmt: skip
    with clock.pretend(start + timedelta(minutes=13)):
        incidents.send_update(
            ref,
            what="Practice: the portal shows a certificate warning.",
            affected="Nobody: this is practice.",
            by=by("lea"),
        )
    with clock.pretend(start + timedelta(minutes=24)):
        incidents.declare_restored(ref, body="Practice: the portal opens again.", by=by("ira"))
        incidents.close(ref, by=by("ira"))
