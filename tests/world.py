"""A small desk with one of everything, made through the operations: for tests that look across the rooms.

Casey (Acme) asked for `ticket`, Drew (Bolt) for `other_ticket`. Whatever only the desk may read holds a word
of WORDS, each place another one, so that a leak names its source.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile

from catalogue.models import Application, Component, Question, Region, Service
from changes import operations as changes
from core.accounts import actors
from core.accounts.models import RoleGrant, User
from core.common import clock
from core.common.actor import Actor, Door
from core.common.vocabulary import Role
from customers.models import BusyWindow, Contact, EnvironmentAnswer, ImpactNote, Organisation, Subscription
from escalation import operations as escalation
from escalation.models import Shift
from incidents import operations as incidents
from problems import follow_up
from problems import operations as problems
from sla.defaults import ensure_defaults
from sla.models import Breach, Clock, Policy
from tests.conftest import CAST, person
from tickets import operations as tickets
from tickets.automation import operations as automation
from tickets.operations import bulk, recurring
from tickets.operations.saved_views import save_view
from tickets.rules import Handoff
from webhooks import operations as webhooks

# Inside a ticket: hidden from customers and from those who do not work on tickets.
NOTE, TRIED, SUMMARY, NOTE_FILE = "quokkanote", "quokkatried", "quokkasummary", "quokkafile"
# The desk's own: hidden from customers.
HELD, DRAFT = "quokkaheld", "quokkadraft"
RISK, PAUSE, TIME = "quokkarisk", "quokkapause", "quokkatime"
PROBLEM, CAUSE, ACTION, CHANGE = "quokkaproblem", "quokkacause", "quokkaaction", "quokkachange"
TIMELINE, CALLED = "quokkatimeline", "quokkacalled"
MISSED = "quokkamissed"
TICKET_WORDS = (NOTE, TRIED, SUMMARY, NOTE_FILE, HELD, DRAFT)
PROBLEM_AND_CHANGE_WORDS = (PROBLEM, CAUSE, ACTION, CHANGE)
DESK_WORDS = (*TICKET_WORDS, RISK, PAUSE, TIME, MISSED, *PROBLEM_AND_CHANGE_WORDS, TIMELINE, CALLED)

RISK_ANSWERS = {"users": 2, "reversibility": 2, "testing": 2, "complexity": 2, "time_of_day": 2}
HANDOFF = Handoff(
    summary=f"Cards fail {SUMMARY}", business_impact="No sales.", tried=f"Restart {TRIED}", no_sop=True
)


def cast() -> dict[str, User]:
    """The demo's people, and `bot`, whose token an integration uses."""
    people = {name: person(name) for name in CAST}
    people["bot"] = User.objects.create(username="bot", first_name="Mail", last_name="Gate")
    RoleGrant.objects.create(user=people["bot"], role=Role.INTEGRATION)
    return people


def by(user: User, door: Door = Door.WEB) -> Actor:
    return actors.for_user(User.objects.get(pk=user.pk), door=door)


def ground() -> SimpleNamespace:
    """People, two customers, one application, three tiers with a rotation, service levels; no work yet."""
    people = cast()
    ensure_defaults()
    payments = Application.objects.create(slug="payments", name="Payments")
    gateway = Component.objects.create(application=payments, slug="gateway", name="Gateway")
    Region.objects.create(slug="eu-west", name="EU West")
    Service.objects.create(application=payments, slug="cards", name="Cards")
    acme = Organisation.objects.create(
        slug="acme", name="Acme", tier="strategic", account_manager=people["kim"]
    )
    bolt = Organisation.objects.create(slug="bolt", name="Bolt")
    for organisation in (acme, bolt):
        organisation.applications.add(payments)
    casey = Contact.objects.create(
        organisation=acme, user=people["casey"], name="Casey Cole", email=people["casey"].email
    )
    drew = Contact.objects.create(
        organisation=bolt, user=people["drew"], name="Drew Dahl", email=people["drew"].email
    )
    BusyWindow.objects.create(
        organisation=bolt, weekdays=[0], starts="15:00", ends="16:00", timezone="America/New_York"
    )
    ImpactNote.objects.create(
        organisation=bolt, application=payments, stops="Nobody can pay.", workaround="Cash."
    )
    admin = by(people["max"])
    teams = [
        escalation.create_team(
            name=name, slug=slug, tier=tier, lead=people[lead], manager=people["max"], members=[people[lead]],
            components=[gateway], email=f"{slug}@desk.example", by=admin,
        )
        for tier, (slug, name, lead) in enumerate(
            [("front-line", "Front line", "ana"), ("payments", "Payments", "eli"), ("platform", "Platform", "lea")], 1
        )
    ]  # fmt: skip
    started = clock.now().date() - timedelta(days=7)
    rotation = escalation.create_rotation(
        team=teams[1],
        name="Primary",
        people=[people["eli"]],
        start=started,
        handoff_time=time(9),
        by=admin,
    )
    subscription = Subscription.objects.create(email="boss@firm.example", application=payments)
    Subscription.objects.create(
        user=people["casey"], audience="external", application=payments, organisation=acme
    )
    question = Question.objects.create(application=payments, key="till-sdk", text="Till SDK")
    answer = EnvironmentAnswer.objects.create(
        organisation=acme, question=question, value="5.8.2", answered_at=clock.now()
    )
    return SimpleNamespace(
        people=people, payments=payments, gateway=gateway, acme=acme, bolt=bolt, casey=casey, drew=drew, teams=teams,
        rotation=rotation, answer=answer, subscription=subscription,
    )  # fmt: skip


def build() -> SimpleNamespace:
    """The ground with one piece of work of every kind on it, a secret word in each place that has one."""
    w = ground()
    people = w.people
    ana, eli, ira, pia, casey = (by(people[name]) for name in ("ana", "eli", "ira", "pia", "casey"))
    w.ticket = tickets.create(
        subject="Card payments rejected",
        description="Since 14:02.",
        requester=w.casey,
        component=w.gateway,
        by=ana,
    )
    ref = w.ticket.reference
    tickets.take(ref, by=ana)
    tickets.reply(ref, body="We are on it.", public=True, by=ana)
    file = SimpleUploadedFile(f"{NOTE_FILE}.txt", NOTE_FILE.encode(), "text/plain")
    tickets.reply(ref, body=f"Their fault? {NOTE}", public=False, files=[file], by=ana)
    public = SimpleUploadedFile("shot.txt", b"what casey saw", "text/plain")
    tickets.reply(ref, body="Here is a picture.", public=True, files=[public], by=casey)
    w.time = tickets.log_time(ref, minutes=5, activity="triage", note=TIME, by=ana)
    tickets.edit(ref, values={"risk": RISK}, by=ana)
    tickets.escalate(ref, from_tier=1, handoff=HANDOFF, by=ana)
    tickets.hold(ref, reason="scheduled", note=PAUSE, by=eli)
    boss = by(people["max"])
    w.held = tickets.send_soon(
        ref, body=f"Half a thought {HELD}", last_seen=0, by=boss
    )  # ana wrote: it came back
    tickets.keep_draft(ref, form="note", text=f"Half a note {DRAFT}", by=boss)
    w.macro = tickets.save_macro(
        name="Hello", text="Dear {requester.name}", changes={"tags": ["cards"]}, by=boss
    )
    w.other_ticket = tickets.create(subject="Refund stuck", requester=w.drew, component=w.gateway, by=ana)

    w.run = bulk.start("tag", tickets=[w.other_ticket.reference], values={"add": ["cards"]}, by=ana)
    w.run = bulk.finish_short(w.run)
    w.recurrence = recurring.save(
        name="Certificates",
        rule="FREQ=WEEKLY",
        zone="UTC",
        starts_at=clock.now(),
        values={"subject": "Look"},
        by=ana,
    )
    w.view = save_view(name="Gateway", query="component=gateway", by=ana)

    w.policy = Policy.objects.get(name="P1 standard")
    w.breach = Breach.objects.create(
        subject_kind="ticket", subject_id=w.ticket.pk, goal="resolution", breached_at=clock.now(), target_minutes=60,
        clock=Clock.objects.filter(subject_id=w.ticket.pk).latest("pk"), policy_name="P1 standard",
        owner=people["eli"], owner_label="Eli Engel", cause="other", cause_note=f"Nobody looked {MISSED}",
    )  # fmt: skip

    w.incident = incidents.declare_from_ticket(ref, by=ira)
    incidents.add_entry(w.incident.reference, body=f"Who did this? {TIMELINE}", by=ira)
    incidents.send_update(w.incident.reference, what="Cards fail in Ireland.", affected="Shops.", by=ira)

    w.over = incidents.declare(title="Tills were dead", severity="SEV2", applications=[w.payments], by=ira)
    incidents.declare_restored(w.over.reference, body="They work again.", by=ira)
    incidents.assess_impact(
        w.over.reference, intervals=[{"application": w.payments, "degraded": 0.3}], by=ira
    )
    incidents.begin_postmortem(w.over.reference, by=ira)
    incidents.save_template(
        "holding", "business", subject="", body="{{text}}\n\n{{next_update}}", by=by(people["max"])
    )

    incidents.edit(w.incident.reference, changes={"severity": "SEV2"}, by=ira)
    rule = incidents.set_approval("business", ["SEV2"], by=by(people["max"]))
    w.pending = incidents.send_update(
        w.incident.reference, what="Half of them fail.", affected="Shops.", by=ana
    )
    incidents.set_approval(rule.audience, [], by=by(people["max"]))

    w.problem = problems.raise_problem(w.incident.reference, title=f"Pool runs dry {PROBLEM}", by=pia)
    problems.set_root_cause(w.problem.reference, category="code", statement=CAUSE, by=pia)
    w.action = follow_up.add_action(
        w.problem.reference, title=ACTION, due=date(2030, 1, 7), owner=people["eli"], by=pia
    )
    w.change = changes.draft(by=eli, problem=w.problem, **plan(w, title=f"Larger pool {CHANGE}"))
    changes.submit(w.change.reference, collision_comment="Agreed.", by=eli)
    soon = clock.now() + timedelta(days=1)
    w.override = escalation.add_override(
        rotation=w.rotation, user=people["lea"], starts_at=soon, ends_at=soon + timedelta(hours=4),
        by=by(people["max"]),
    )  # fmt: skip
    w.swap = escalation.ask_swap(
        rotation=w.rotation, starts_at=soon + timedelta(days=1), ends_at=soon + timedelta(days=2),
        asked_of=people["lea"], by=by(people["eli"]),
    )  # fmt: skip
    w.shift = Shift.objects.filter(user=people["eli"], cancelled_at=None).latest("ends_at")
    w.page = escalation.page(team=w.teams[1], about=ref, reason=f"Cards fail {CALLED}", by=ana)
    w.policy = w.page.policy
    w.channel = escalation.add_channel(transport="email", person=people["eli"], by=eli).channel
    w.feed = escalation.create_feed(team=w.teams[1], by=eli).feed
    w.rule = automation.create_rule(
        name="Mark what is closed", events=["ticket.closed"], actions=[{"do": "add_tag", "tag": "closed"}],
        active=False, by=by(people["max"]),
    )  # fmt: skip
    w.webhook = webhooks.create(
        name="Register", url="https://93.184.215.14/x", events=["ticket.*"], by=by(people["root"])
    ).webhook
    w.delivery = webhooks.test(w.webhook.pk, by=by(people["root"]))
    webhooks.skip(w.delivery.pk, by=by(people["root"]))
    webhooks.switch(w.webhook.pk, on=False, by=by(people["root"]))  # no test calls outside
    return w


def plan(w: SimpleNamespace, **more: object) -> dict[str, object]:
    """A complete normal change of Payments, three weeks ahead on a Tuesday morning."""
    start = next_tuesday(clock.now() + timedelta(days=21))
    return {
        "title": "Larger pool", "description": "Pool of 80.", "need": "It runs dry.", "applications": [w.payments],
        "risk": RISK_ANSWERS, "implementation_plan": "Deploy.", "backout_plan": "Deploy the old one.",
        "validation_plan": "Pay one euro.", "responsible": w.people["eli"], "planned_start": start,
        "planned_end": start + timedelta(hours=1), **more,
    }  # fmt: skip


def next_tuesday(after: datetime) -> datetime:
    morning = after.replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=ZoneInfo("UTC"))
    return morning + timedelta(days=(1 - morning.weekday()) % 7)
