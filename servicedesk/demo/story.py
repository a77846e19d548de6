"""What happened before the visitor came in, in the order in which it happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from changes import operations as changes
from changes import queries as change_queries
from core.common import clock
from incidents import operations as incidents
from problems import follow_up
from problems import operations as problems
from servicedesk.demo import calls, habits, practice, promises
from servicedesk.demo.cast import Cast, make
from tickets import operations as tickets
from tickets.models import Ticket
from tickets.rules import Handoff

H, M, L = "high", "medium", "low"
# key: minutes ago, requester, application, component, kind, impact, urgency, severity, subject, description
TICKETS: list[tuple[str, int, str, str, str, str, str, str, str, str, str]] = [
    ("vat", 60 * 52, "lou", "merchant-portal", "portal-web", "feature_request", L, L, "SEV4", "Show the tax number on the PDF receipt", "Our accountants ask for it every month."),
    ("depot", 60 * 30, "ida", "reporting", "report-batch", "service_request", L, M, "SEV4", "Add the new depot to the daily ledger report", "Depot 14 opened on Monday."),
    ("refund", 60 * 27, "lou", "payouts", "payout-engine", "question", M, L, "SEV3", "Refund stuck in pending for 4 days", "Order 88121, 42.10 EUR."),
    ("hooks", 60 * 26, "wes", "card-payments", "terminal-api", "issue", M, M, "SEV3", "Webhook retries arrive out of order", "We see the capture before the authorisation."),
    ("dup", 60 * 25, "gil", "payouts", "payout-engine", "issue", H, M, "SEV2", "Duplicate payouts on Thursday's run", "Two shops were paid twice."),
    ("sso", 60 * 6, "ida", "merchant-portal", "sso", "issue", M, M, "SEV3", "Two staff accounts locked after the sign-on change", "They get 'assertion expired'."),
    ("csv", 60 * 5, "drew", "merchant-portal", "portal-export", "issue", M, M, "SEV3", "Cannot export disputes to CSV, the spinner never ends", "Chrome and Edge, since this morning. About 12,000 rows."),
    ("settle", 60 * 4, "gil", "payouts", "bank-files", "issue", H, M, "SEV2", "Settlement file not delivered to SFTP", "The file of yesterday is missing; the bank has called us."),
    ("ips", 60 * 3, "wes", "card-payments", "terminal-api", "question", L, M, "", "Which IP ranges should we allow for webhooks?", "Our firewall team asks."),
    ("batch", 100, "ruth", "payouts", "bank-files", "issue", H, M, "", "Six payouts shown as sent, the bank has no record", "Batch PB-7, expected this morning. Other hotels were paid."),
    ("cards", 34, "casey", "card-payments", "gateway", "issue", H, H, "SEV1", "Card payments rejected with code 91", "Since 30 minutes our tills get `91 issuer or switch inoperative` on roughly 40% of card payments. Cash is fine.\n\nRetrying works sometimes. All 61 stores report it."),
    ("checkout", 26, "wes", "card-payments", "gateway", "issue", H, M, "", "Checkout times out, 3 of 10 orders", "Started half an hour ago, only for card payments."),
    ("declined", 21, "drew", "card-payments", "gateway", "issue", H, M, "", "Payment declined but the amount is reserved", "Two guests at the front desk, Visa both."),
    ("printer", 12, "lou", "merchant-portal", "portal-web", "issue", L, L, "", "Labels print too small", "Since the update."),
    ("login", 6, "ida", "merchant-portal", "sso", "question", L, M, "", "How do I add a second approver?", "For payouts above 5,000."),
]  # fmt: skip


@transaction.atomic
def tell(now: datetime) -> None:
    """Make the demo data as of `now`: all of it, or nothing."""
    with clock.pretend(now - timedelta(days=30)):
        cast = make(now)
    with clock.pretend(now - timedelta(days=7)):
        habits.settle(cast, now)
        promises.settle(cast, now)
        calls.policies(cast)
    story = Story(cast, now)
    story.last_weeks()
    story.planned_changes()
    story.tickets_of_these_days()
    story.the_live_incident()
    calls.shifts(cast, now)
    practice.exercise(cast, now)
    promises.tell(cast, now)


class Story:
    def __init__(self, cast: Cast, now: datetime) -> None:
        self.cast, self.now = cast, now
        self.by = cast.by
        self.made: dict[str, Ticket] = {}

    def ago(self, minutes: float = 0, *, days: float = 0) -> Any:
        return clock.pretend(self.now - timedelta(minutes=minutes, days=days))

    def last_weeks(self) -> None:
        """A certificate ran out three weeks ago: incident, problem, known error, follow-up actions."""
        cast, by = self.cast, self.by
        with self.ago(days=20):
            incident = incidents.declare(
                title="Merchant portal: sign-on fails for everybody", severity="SEV2",
                applications=[cast.applications["merchant-portal"]], by=by("ira"),
            )  # fmt: skip
            incidents.assign_roles(
                incident.reference,
                commander=cast.people["ira"],
                communications_lead=cast.people["ana"],
                by=by("ira"),
            )
        with self.ago(days=20, minutes=-14):
            incidents.send_update(
                incident.reference, what="Nobody can sign in to the merchant portal.", affected="All merchants.",
                doing="The sign-on certificate ran out; we are installing a new one.", workaround="None.", by=by("ana"),
            )  # fmt: skip
        with self.ago(days=20, minutes=-26):
            incidents.declare_restored(
                incident.reference,
                body="Sign-on works again since the new certificate is in place.",
                by=by("ira"),
            )
        practice.afterwards(cast, incident.reference, self.now)
        with self.ago(days=19):
            problem = problems.raise_problem(incident.reference, by=by("pia"))
            problems.investigate(problem.reference, by=by("pia"))
            problems.set_root_cause(
                problem.reference, category="process", by=by("pia"),
                statement="Nobody owned the renewal of the sign-on certificate.",
                whys=["Sign-on failed", "The certificate had expired", "Nobody renewed it", "No reminder existed", "It was bought by hand, outside the inventory"],
            )  # fmt: skip
            follow_up.add_action(
                problem.reference, title="Alert 30 days before any certificate ends", due=(self.now - timedelta(days=4)).date(),
                team=cast.teams["network-and-edge"], owner=cast.people["uma"], priority="P1", by=by("pia"),
            )  # fmt: skip
            follow_up.add_action(
                problem.reference, title="Bring all certificates into the inventory", due=(self.now + timedelta(days=6)).date(),
                team=cast.teams["platform"], owner=cast.people["lea"], by=by("pia"),
            )  # fmt: skip
        with self.ago(days=12):
            export = problems.open_problem(
                title="Exports above 10,000 rows never end", source="recurring", priority="P2",
                application=cast.applications["merchant-portal"], component=cast.components["portal-export"],
                team=cast.teams["portal-engineering"], owner=cast.people["tom"], by=by("pia"),
            )  # fmt: skip
            problems.investigate(export.reference, by=by("tom"))
            problems.set_root_cause(
                export.reference,
                category="code",
                statement="The export holds the whole table in memory.",
                whys=[],
                by=by("tom"),
            )
            problems.propose_known_error(
                export.reference, symptom="A CSV export of more than 10,000 rows never ends.",
                workaround="Export month by month.", audience="customers", by=by("tom"),
            )  # fmt: skip
            problems.publish_known_error(export.reference, by=by("pia"))
            follow_up.add_action(
                export.reference, title="Stream the export instead of building it in memory",
                due=(self.now + timedelta(days=9)).date(), owner=cast.people["tom"], by=by("pia"),
            )  # fmt: skip
        self.export = export
        with self.ago(days=5):
            problems.open_problem(
                title="Settlement files arrive late on Mondays", source="recurring", priority="P2",
                application=cast.applications["payouts"], component=cast.components["bank-files"], by=by("pia"),
            )  # fmt: skip

    def planned_changes(self) -> None:
        """One change carried out yesterday, one of this week scheduled, one waiting for approval, one draft."""
        cast, by = self.cast, self.by
        self._carried_out_yesterday()
        start = _later_this_week(self.now)
        with self.ago(days=14):
            rotation = changes.draft(
                title="Rotate the payment gateway nodes", type="normal", fix_kind="maintenance", by=by("eli"),
                applications=[cast.applications["card-payments"]], components=[cast.components["fraud-check"]],
                responsible=cast.people["eli"], planned_start=start, planned_end=start + timedelta(hours=2), **_plans("the gateway nodes"),
            )  # fmt: skip
            changes.submit(rotation.reference, collision_comment="Agreed with the customer.", by=by("eli"))
        with self.ago(days=9):
            self._approve(rotation.reference)
            changes.schedule(rotation.reference, by=by("cho"))
        start = _weekday_at(self.now + timedelta(days=10), hour=20)
        with self.ago(days=2):
            fix = changes.draft(
                title="Stream large exports", type="normal", fix_kind="bug_fix", touches_code=True, by=by("tom"),
                applications=[cast.applications["merchant-portal"]], components=[cast.components["portal-export"]],
                responsible=cast.people["tom"], planned_start=start, planned_end=start + timedelta(hours=1),
                problem=self.export, **_plans("the export service"),
            )  # fmt: skip
            changes.submit(fix.reference, collision_comment="Agreed with the customer.", by=by("tom"))
            problems.plan_fix(
                self.export.reference, fix_kind="bug_fix", changes=[fix.reference], by=by("pia")
            )
        with self.ago(days=1):
            changes.draft(
                title="Move report batch to the new host", type="normal", by=by("lea"),
                applications=[cast.applications["reporting"]], components=[cast.components["report-batch"]],
                planned_start=start + timedelta(days=1), planned_end=start + timedelta(days=1, hours=3),
                description="The old host leaves support.", need="Patches end next quarter.", responsible=cast.people["lea"],
            )  # fmt: skip

    def _carried_out_yesterday(self) -> None:
        cast, by = self.cast, self.by
        start = self.now - timedelta(hours=20)
        with self.ago(days=2):
            limit = changes.draft(
                title="Raise the connection limit of the gateway", type="bau", by=by("eli"),
                applications=[cast.applications["card-payments"]], components=[cast.components["gateway"]],
                responsible=cast.people["eli"], planned_start=start, planned_end=start + timedelta(hours=1), **_plans("the limit"),
            )  # fmt: skip
            self.limit = limit.reference
            changes.submit(limit.reference, collision_comment="Agreed with the customer.", by=by("eli"))
            self._approve(limit.reference)
            changes.schedule(limit.reference, by=by("cho"))
        with clock.pretend(start):
            changes.start(limit.reference, by=by("eli"))
        with clock.pretend(start + timedelta(minutes=30)):
            changes.finish(limit.reference, by=by("eli"))
            changes.validate(limit.reference, result="passed", note="Error rate unchanged.", by=by("ana"))
            changes.close(limit.reference, outcome="successful", by=by("cho"))

    def _approve(self, ref: str) -> None:
        """Everybody whose approval the change needs gives it."""
        for name in ("cho", "max", "ira"):
            if change_queries.get_for(ref, by=self.by(name)).status == "submitted":
                changes.approve(ref, note="Fine.", by=self.by(name))

    def tickets_of_these_days(self) -> None:
        for (
            key,
            minutes,
            who,
            application,
            component,
            kind,
            impact,
            urgency,
            severity,
            subject,
            text,
        ) in TICKETS:
            with self.ago(minutes):
                self.made[key] = tickets.create(
                    subject=subject, description=text, kind=kind, impact=impact, urgency=urgency, severity=severity,
                    requester=self.cast.contacts[who], application=self.cast.applications[application],
                    component=self.cast.components[component], channel="phone" if who == "casey" else "email", by=self.by("ana"),
                )  # fmt: skip
            self._worked_on(key, minutes)

    def _worked_on(self, key: str, minutes: int) -> None:
        """What became of a ticket since it came in."""
        ref, by = self.made[key].reference, self.by
        with self.ago(max(minutes - 8, 1)):
            if key in ("depot", "refund", "hooks", "dup", "sso", "csv", "settle"):
                tickets.take(ref, by=by("noa" if key in ("depot", "sso") else "ana"))
                tickets.reply(ref, body="Thank you, we look into it.", public=True, by=by("ana"))
        with self.ago(max(minutes - 40, 1)):
            if key == "hooks":
                tickets.escalate(
                    ref, from_tier=1, handoff=_handoff("Order of webhooks", no_sop=True), by=by("ana")
                )
                tickets.assign(ref, assignee=self.cast.people["tom"], by=by("tom"))
                tickets.hold(ref, reason="problem", note="Waits for the queue change.", by=by("tom"))
            elif key == "dup":
                tickets.escalate(
                    ref,
                    from_tier=1,
                    handoff=_handoff("Payouts ran twice", sop="SOP-7 re-run check"),
                    by=by("ana"),
                )
                tickets.reply(
                    ref,
                    body="The job was started twice by hand. Reversal is prepared.",
                    public=False,
                    by=by("eli"),
                )
                tickets.log_time(
                    ref, minutes=45, activity="investigation", note="Traced the two runs", by=by("eli")
                )
                tickets.escalate(
                    ref, from_tier=2, handoff=_handoff("Needs a lock in the job", no_sop=True), by=by("eli")
                )
            elif key == "refund":
                tickets.wait(ref, reason="Which card was used?", by=by("ana"))
            elif key == "csv":
                tickets.reply(
                    ref,
                    body="Known error: exports above 10,000 rows. Please export month by month meanwhile.",
                    public=True,
                    by=by("ana"),
                )
                tickets.reply(ref, body="That works for now. When is it fixed?", public=True, by=by("drew"))
            elif key == "settle":
                tickets.escalate(
                    ref,
                    from_tier=1,
                    handoff=_handoff("File was built, upload failed", sop="SOP-12 to step 3"),
                    by=by("ana"),
                )
        if key == "settle":
            calls.settlement(self.cast, self.made[key], self.now)

    def the_live_incident(self) -> None:
        """Declared from a call half an hour ago; two updates are out, the next one is due in minutes."""
        cast, by, cards = self.cast, self.by, self.made["cards"].reference
        with self.ago(31):
            tickets.take(cards, by=by("ana"))
            tickets.reply(
                cards,
                body="Thank you. We see the same errors and are on it; you get an update every 15 minutes.",
                public=True,
                by=by("ana"),
            )
        with self.ago(28):
            live = incidents.declare_from_ticket(
                cards, title="Card payments failing in EU West", severity="SEV1",
                summary="About 40% of card payments in EU West fail with code 91.", by=by("ana"),
            )  # fmt: skip
        ref = live.reference
        calls.cards(cast, live, self.now)
        practice.around(cast, ref, self.limit, self.now)
        with self.ago(27):
            incidents.acknowledge(ref, by=by("ira"))
            incidents.assign_roles(
                ref, commander=cast.people["ira"], communications_lead=cast.people["ana"], by=by("ira")
            )
            incidents.edit(ref, changes={"public": True}, by=by("ira"))  # not one customer's alone
        with self.ago(24):
            tickets.reply(
                cards,
                body="Followed SOP-112 to step 4. The certificate of one gateway node has expired. Not my access, so escalating. @eli, you know that node.",
                public=False,
                by=by("ana"),
            )
            tickets.escalate(
                cards,
                from_tier=1,
                handoff=_handoff("Gateway node with an expired certificate", sop="SOP-112 to step 4"),
                by=by("ana"),
            )
        with self.ago(12):
            incidents.add_entry(
                ref,
                body="Drain the node first, reissue the certificate second.",
                kind="decision",
                by=by("ira"),
            )
            incidents.link_work(ref, to=self.made["checkout"].reference, by=by("ana"))
        with self.ago(9):
            incidents.send_update(
                ref, what="About 40% of card payments in EU West fail.", affected="Stores and web shops in Ireland, the Netherlands and Belgium.",
                doing="One of three gateway nodes serves an expired certificate. We are taking it out.", workaround="Retry once; most retries succeed.", by=by("ana"),
            )  # fmt: skip
            incidents.set_status(
                ref, status="identified", note="Expired certificate on one node", by=by("eli")
            )


def _plans(what: str) -> dict[str, Any]:
    return {
        "description": f"Bring {what} to the new release, one at a time.",
        "need": "The old release leaves support next month.",
        "risk": {"users": 3, "reversibility": 2, "testing": 2, "complexity": 2, "time_of_day": 2},
        "implementation_plan": "Drain the first node.\nReplace it.\nCheck it, then go on with the next.",
        "backout_plan": "Put the old node back behind the balancer; takes 5 minutes.",
        "validation_plan": "A test payment in each region; error rate below 0.1% for 15 minutes.",
    }


def _handoff(summary: str, *, sop: str = "", no_sop: bool = False) -> Handoff:
    return Handoff(
        summary=summary, business_impact="Customers cannot rely on it.", tried="Looked at the logs, repeated it once.",
        sop=sop, no_sop=no_sop,
    )  # fmt: skip


def _later_this_week(now: datetime) -> datetime:
    """Tomorrow evening, or in two hours where tomorrow is another week."""
    tomorrow = (now + timedelta(days=1)).replace(hour=19, minute=0)
    return tomorrow if tomorrow.isocalendar().week == now.isocalendar().week else now + timedelta(hours=2)


def _weekday_at(moment: datetime, *, hour: int) -> datetime:
    """That day or the next weekday, at an hour of UTC."""
    while moment.weekday() > 4:
        moment += timedelta(days=1)
    return moment.replace(hour=hour, minute=0, second=0, microsecond=0)
