"""The people, teams, customers and applications of the demo."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password

from catalogue.models import Application, Component, Dependency, Question, Region
from core.accounts import actors
from core.accounts.models import RoleGrant, User
from core.common import clock
from core.common.actor import Actor, Door
from core.common.vocabulary import CustomerTier, Role
from core.outbox import bounces
from customers.models import (
    Audience,
    BusyWindow,
    Contact,
    EnvironmentAnswer,
    ImpactNote,
    Organisation,
    Subscription,
)
from escalation import operations as directory
from escalation.models import Team
from sla.defaults import ensure_defaults
from tickets.models import CustomField

PASSWORD = "demo"  # noqa: S105 (the demo refuses to run in production)
R = Role

PEOPLE: list[tuple[str, str, str, str, list[Role]]] = [
    ("ana", "Ana", "Alves", "Support analyst, L1", [R.ANALYST]),
    ("eli", "Eli", "Engel", "Payments engineer, L2", [R.ENGINEER]),
    ("lea", "Lea", "Lind", "Platform engineer, L3", [R.ENGINEER]),
    ("ira", "Ira", "Ivers", "Incident commander", [R.INCIDENT_COMMANDER, R.ENGINEER]),
    ("cho", "Cho", "Chen", "Change manager", [R.CHANGE_MANAGER]),
    ("pia", "Pia", "Petit", "Problem manager", [R.PROBLEM_MANAGER]),
    ("max", "Max", "Moreau", "Head of production support", [R.MANAGER]),
    ("kim", "Kim", "Kwan", "Account manager", [R.ACCOUNT_MANAGER]),
    ("root", "Rut", "Roth", "Administrator", [R.ADMIN]),
    ("noa", "Noa", "Nunez", "Support analyst, L1", [R.ANALYST]),
    ("tom", "Tom", "Tanaka", "Payments engineer, L2", [R.ENGINEER]),
    ("uma", "Uma", "Udo", "Network engineer, L2", [R.ENGINEER]),
    ("vic", "Vic", "Varga", "Platform engineer, L3", [R.ENGINEER]),
    ("casey", "Casey", "Cole", "Head of store systems", [R.CUSTOMER]),
    ("drew", "Drew", "Dahl", "Finance systems", [R.CUSTOMER]),
]
APPLICATIONS = {
    "card-payments": ("Card payments", "Authorises and settles card payments of shops.", True),
    "payouts": ("Payouts", "Sends the day's takings to the shops' banks.", True),
    "merchant-portal": ("Merchant portal", "Where shops see and export their payments.", True),
    "reporting": ("Reporting", "Nightly files and statements.", False),
}
COMPONENTS = {
    "gateway": ("card-payments", "Payment gateway", "application"),
    "fraud-check": ("card-payments", "Fraud check", "business_process"),
    "terminal-api": ("card-payments", "Terminal API", "middleware"),
    "bank-files": ("payouts", "Bank files", "business_process"),
    "payout-engine": ("payouts", "Payout engine", "application"),
    "portal-web": ("merchant-portal", "Portal web", "application"),
    "portal-export": ("merchant-portal", "Exports", "business_process"),
    "sso": ("merchant-portal", "Single sign-on", "middleware"),
    "report-batch": ("reporting", "Report batch", "machine"),
}
NEEDS = [("terminal-api", "gateway"), ("gateway", "fraud-check"), ("payout-engine", "bank-files")]
ORGANISATIONS = [
    (
        "brightwater",
        "Brightwater Foods",
        CustomerTier.STRATEGIC,
        "Europe/Dublin",
        ["card-payments", "payouts"],
    ),
    ("pineridge", "Pineridge Health", CustomerTier.KEY, "America/New_York", ["payouts", "reporting"]),
    (
        "sable",
        "Sable Hotels",
        CustomerTier.KEY,
        "Europe/Paris",
        ["card-payments", "payouts", "merchant-portal"],
    ),
    ("kestrel", "Kestrel Outfitters", CustomerTier.STANDARD, "Europe/London", ["card-payments"]),
    ("osterley", "Osterley Rail", CustomerTier.STANDARD, "Europe/London", ["merchant-portal", "reporting"]),
    ("marlowe", "Marlowe Books", CustomerTier.STANDARD, "Europe/London", ["merchant-portal"]),
]
CONTACTS = [
    ("casey", "Casey Cole", "brightwater", "+353 1 555 0142", True),
    ("drew", "Drew Dahl", "sable", "+33 1 55 55 01 23", False),
    ("", "Ruth Rivas", "sable", "+33 1 55 55 01 24", False),
    ("", "Gil Grant", "pineridge", "+1 212 555 0188", False),
    ("", "Wes Ward", "kestrel", "+44 20 5550 0131", False),
    ("", "Ida Iqbal", "osterley", "+44 20 5550 0177", False),
    ("", "Lou Lamb", "marlowe", "+44 20 5550 0199", False),
]
TEAMS = [
    {
        "name": "Service desk", "tier": 1, "lead": "ana", "members": ["ana", "noa"], "components": [],
        "scope": "First contact for everything: triage, known errors, standard procedures.",
        "not_scope": "changes to code or configuration", "keywords": "password login access how to",
        "hours": "Round the clock", "phone": "+44 20 5550 0100", "email": "desk@desk.example",
    },
    {
        "name": "Payments engineering", "tier": 2, "lead": "eli", "members": ["eli", "tom"],
        "components": ["gateway", "fraud-check", "terminal-api", "bank-files", "payout-engine"],
        "scope": "Payment gateway, card authorisation, fraud check, payouts and bank files.",
        "not_scope": "load balancers and certificates of the platform", "keywords": "code 91 declined timeout settlement batch",
        "hours": "Round the clock", "phone": "+44 20 5550 0200", "email": "payments@desk.example",
        "have_ready": "Terminal or batch number, time of the first failure.",
    },
    {
        "name": "Portal engineering", "tier": 2, "lead": "tom", "members": ["tom", "eli"],
        "components": ["portal-web", "portal-export", "sso"],
        "scope": "Merchant portal, exports, single sign-on.", "not_scope": "the data in the reports",
        "keywords": "csv export spinner saml sign in", "hours": "Mon to Fri 08:00-18:00", "phone": "+44 20 5550 0210",
        "email": "portal@desk.example",
    },
    {
        "name": "Network and edge", "tier": 2, "lead": "uma", "members": ["uma"], "components": [],
        "scope": "Load balancers, DNS, certificates at the edge, VPN to banks.", "not_scope": "routing inside the data centre",
        "areas": ["network"], "keywords": "load balancer dns certificate expired tls vpn 502 503", "hours": "Round the clock",
        "phone": "+44 20 5550 0220", "email": "network@desk.example", "have_ready": "Host name and the exact error.",
    },
    {
        "name": "Platform", "tier": 3, "lead": "lea", "members": ["lea", "vic"], "components": ["report-batch", "gateway"],
        "areas": ["code", "backend", "data"], "scope": "Runtime, databases, releases and break-fixes in code.", "not_scope": "customer questions",
        "keywords": "database deadlock memory release deploy", "hours": "Round the clock", "phone": "+44 20 5550 0300",
        "email": "platform@desk.example",
    },
    {
        "name": "File transfer vendor", "tier": 3, "lead": "", "members": [], "components": [], "areas": ["third_party"],
        "scope": "The line to the bank and the transfer software on it.", "not_scope": "what is in the files",
        "keywords": "sftp transfer refused host key", "hours": "Mon to Fri 08:00-18:00", "phone": "+44 20 5550 0400",
        "email": "support@transfer.example", "is_vendor": True, "contract": "7731",
        "quote": "Contract 7731 and the site number 12.", "portal_url": "https://support.transfer.example/",
        "have_ready": "Name of the file and the time of the last transfer.",
    },
]  # fmt: skip
# Who says what of themselves: zone, languages, first and last hour of a working day, number for every colleague.
CARDS = {
    "ana": ("UTC", "English, Portuguese", 7, 15, ""),
    "eli": ("UTC", "English, German", 9, 17, ""),
    "lea": ("UTC", "English, Swedish", 9, 17, ""),
    "ira": ("UTC", "English", 8, 16, "+44 20 5550 0503"),
    "max": ("UTC", "English, French", 9, 18, "+44 20 5550 0506"),
    "kim": ("UTC", "English, Korean", 9, 17, "+44 20 5550 0507"),
    "uma": ("America/New_York", "English, Yoruba", 9, 17, ""),
    "vic": ("Asia/Singapore", "English, Hungarian", 9, 17, ""),
}
LATE = [
    ("network-and-edge", 9),
    ("file-transfer-vendor", 23),
]  # nobody checked these entries, for so many days
ROTATIONS = [
    ("service-desk", "Front line", ["ana", "noa"], "daily"),
    ("payments-engineering", "Primary", ["eli", "tom"], "weekly"),
    ("network-and-edge", "Primary", ["uma"], "weekly"),
    ("platform", "Primary", ["lea", "vic"], "weekly"),
]

QUESTIONS: list[tuple[str, str, str, list[str]]] = [
    ("till-sdk", "Till SDK", "version", []),
    ("terminals", "Terminals", "choice", ["Countertop", "Portable", "Both"]),
    ("acquirer", "Acquiring bank", "text", []),
]
ANSWERS = [
    ("brightwater", "till-sdk", "5.8.2", "5.8.1", 3),
    ("brightwater", "terminals", "Both", "", 90),
    ("kestrel", "till-sdk", "5.7.0", "", 40),
]


@dataclass
class Cast:
    """Everybody and everything of the demo, by name."""

    people: dict[str, User] = field(default_factory=dict)
    applications: dict[str, Application] = field(default_factory=dict)
    components: dict[str, Component] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    def by(self, name: str, door: Door = Door.WEB) -> Actor:
        return actors.for_user(self.people[name], door=door)


def make(now: datetime) -> Cast:
    """Everybody and everything, before the story begins."""
    ensure_defaults()
    cast = Cast()
    _people(cast)
    _catalogue(cast)
    _customers(cast)
    _questionnaire(cast, now)
    _directory(cast, now)
    return cast


def _people(cast: Cast) -> None:
    password = make_password(PASSWORD)
    for number, (name, first, last, title, roles) in enumerate(PEOPLE):
        cast.people[name] = User.objects.create(
            username=name, first_name=first, last_name=last, email=f"{name}@desk.example", job_title=title,
            phone=f"+44 20 5550 1{number:03d}", password=password, is_staff=name == "root",
            is_superuser=name == "root",
        )  # fmt: skip
        RoleGrant.objects.bulk_create([RoleGrant(user=cast.people[name], role=role) for role in roles])


def _catalogue(cast: Cast) -> None:
    for slug, (name, text, public) in APPLICATIONS.items():
        cast.applications[slug] = Application.objects.create(
            slug=slug, name=name, description=text, public=public
        )
    for slug, (application, name, layer) in COMPONENTS.items():
        cast.components[slug] = Component.objects.create(
            application=cast.applications[application], slug=slug, name=name, layer=layer
        )
    for upper, lower in NEEDS:
        Dependency.objects.create(component=cast.components[upper], needs=cast.components[lower])
    for slug, name, share in (("eu-west", "EU West", 60), ("us-east", "US East", 40)):
        cast.regions[slug] = Region.objects.create(slug=slug, name=name, share_percent=share)


def _customers(cast: Cast) -> None:
    for slug, name, tier, zone, applications in ORGANISATIONS:
        organisation = Organisation.objects.create(
            slug=slug,
            name=name,
            tier=tier,
            timezone=zone,
            account_manager=cast.people["kim"],
            at_risk=slug == "sable",
        )
        organisation.applications.set([cast.applications[each] for each in applications])
        cast.organisations[slug] = organisation
    for username, name, slug, phone, whole in CONTACTS:
        user = cast.people.get(username)
        email = user.email if user else f"{name.lower().replace(' ', '.')}@{slug}.example"
        cast.contacts[name.split()[0].lower()] = Contact.objects.create(
            user=user,
            name=name,
            email=email,
            phone=phone,
            organisation=cast.organisations[slug],
            sees_organisation=whole,
        )
    BusyWindow.objects.create(
        organisation=cast.organisations["brightwater"], weekdays=[0, 1, 2, 3, 4, 5], starts=time(12), ends=time(15),
        timezone="Europe/Dublin", note="Lunch peak in all stores",
    )  # fmt: skip
    ImpactNote.objects.create(
        organisation=cast.organisations["brightwater"], application=cast.applications["card-payments"],
        stops="Tills in 212 stores take no cards; queues form within minutes.", weekdays=[0, 1, 2, 3, 4, 5],
        starts=time(12), ends=time(15), timezone="Europe/Dublin", tell="store operations, Dublin",
        workaround="Offline mode up to 50 EUR a card, from the supervisor menu; cash above.",
    )  # fmt: skip
    ImpactNote.objects.create(
        organisation=cast.organisations["kestrel"], application=cast.applications["card-payments"],
        stops="The web shop sells nothing.", starts=time(18), ends=time(23), timezone="Europe/Amsterdam",
        workaround="Switch the shop to bank transfer.",
    )  # fmt: skip
    for name in ("max", "kim"):
        Subscription.objects.create(user=cast.people[name], application=cast.applications["card-payments"])
        Subscription.objects.create(user=cast.people[name])
    for slug, address in (("brightwater", "stores@brightwater.example"), ("kestrel", "ops@kestrel.example")):
        Subscription.objects.create(
            email=address, audience=Audience.EXTERNAL, organisation=cast.organisations[slug],
            application=cast.applications["card-payments"],
        )  # fmt: skip

    Subscription.objects.create(
        email="night.shift@brightwater.example", audience=Audience.EXTERNAL,
        organisation=cast.organisations["brightwater"], unconfirmed_since=clock.now(),
    )  # fmt: skip
    bounces.mark(
        "ops@kestrel.example", "The mail server refused ops@kestrel.example: 550 5.1.1 no such mailbox"
    )


def _questionnaire(cast: Cast, now: datetime) -> None:
    """What the desk asks about card payments, what two customers answered, and a field of its own."""
    asked = {
        key: Question.objects.create(
            application=cast.applications["card-payments"], key=key, text=text, type=type, choices=choices,
            required=key == "till-sdk", position=number,
        )
        for number, (key, text, type, choices) in enumerate(QUESTIONS)
    }  # fmt: skip
    for slug, key, value, before, days in ANSWERS:
        EnvironmentAnswer.objects.create(
            organisation=cast.organisations[slug], question=asked[key], value=value, before=before,
            answered_at=now - timedelta(days=days),
        )  # fmt: skip
    CustomField.objects.create(
        key="payout-batch", label="Payout batch number", application=cast.applications["payouts"]
    )


def _directory(cast: Cast, now: datetime) -> None:
    by = cast.by("max")
    for facts in TEAMS:
        values: dict[str, Any] = dict(facts)
        team = directory.create_team(
            members=[cast.people[name] for name in values.pop("members")],
            components=[cast.components[slug] for slug in values.pop("components")],
            lead=cast.people.get(values.pop("lead")),
            manager=cast.people["max"],
            owner=cast.people["max"],
            zone="Europe/London",
            by=by,
            **values,
        )
        cast.teams[team.slug] = team
    for slug, days in LATE:
        directory.edit_team(slug, changes={"review_due": now.date() - timedelta(days=days)}, by=by)
    for name, (zone, languages, first, last, number) in CARDS.items():
        directory.edit_person(
            name,
            changes={
                "timezone": zone, "languages": languages, "work_phone": number, "work_days": [0, 1, 2, 3, 4],
                "work_from": time(first), "work_to": time(last),
            },
            by=by,
        )  # fmt: skip
    directory.edit_person("vic", changes={"review_due": now.date() - timedelta(days=4)}, by=by)
    for slug, name, people, period in ROTATIONS:
        directory.create_rotation(
            team=cast.teams[slug], name=name, people=[cast.people[each] for each in people], period=period,
            handoff_weekday=0, handoff_time=time(8 if period == "daily" else 9),
            start=(now - timedelta(days=28 + now.weekday())).date(), by=by,
        )  # fmt: skip
