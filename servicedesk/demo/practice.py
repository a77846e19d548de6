"""Around the live incident: where people meet, the suspected change; an exercise; what was learnt three weeks ago."""

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


def afterwards(cast: Cast, ref: str, now: datetime) -> None:
    """The certificate of three weeks ago: what it cost, and what was learnt from it."""
    by, start = cast.by, now - timedelta(days=20)
    with clock.pretend(start + timedelta(minutes=16)):
        incidents.add_entry(
            ref,
            body="The sign-on certificate ended in the night; it is on no list.",
            for_postmortem=True,
            by=by("ira"),
        )
    with clock.pretend(start + timedelta(minutes=18)):
        incidents.add_entry(
            ref, body="Buy a new one now and settle afterwards who pays.", kind="decision", for_postmortem=True, by=by("ira"),
        )  # fmt: skip
    with clock.pretend(start + timedelta(hours=3)):
        portal = cast.applications["merchant-portal"]
        incidents.assess_impact(ref, intervals=[{"application": portal, "degraded": 0.9}], by=by("ira"))
        incidents.begin_postmortem(ref, by=by("ira"))
    with clock.pretend(now - timedelta(days=16)):
        text = {
            "summary": "For 26 minutes merchants could not sign on to the portal: the certificate of the sign-on service had ended. Who was signed on already went on working. A new certificate put it right.",
            "root_cause": "Nobody owned the renewal. The certificate was bought by hand, outside the inventory that warns.",
            "went_well": "The first update went out at once, and the cause was found in a quarter of an hour.",
            "went_badly": "It took eight minutes to find somebody who may buy a certificate.",
            "lucky": "It was the quietest hour of the day.",
            "lessons": "What ends by itself needs an owner and a warning.",
        }  # fmt: skip
        incidents.edit_postmortem(ref, changes=text, by=by("ira"))
        incidents.publish_postmortem(ref, by=by("ira"))
