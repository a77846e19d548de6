"""Writing a case of another desk as a ticket: whole or not at all, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils.text import slugify

from catalogue.models import Application
from core.accounts.models import User
from core.audit import trail
from core.common import clock, markdown
from core.common.actor import Actor, Door, Kind
from core.common.errors import RuleBroken
from core.common.vocabulary import Priority
from customers.models import Contact, Organisation
from escalation.models import Team
from tickets import rules, searching
from tickets.importing.servicenow import CHANNELS, LEVELS, PRIORITIES, STATES, Case, Step
from tickets.importing.table import Line
from tickets.models import Ticket

SOURCE = "servicenow"
TABLE = "csv"
NEVER_REVIEWED = date(2100, 1, 1)
FACTS = (
    "made_sla", "problem_id", "rfc", "caused_by", "vendor", "closed_code", "category", "subcategory", "u_symptom",
    "location", "cmdb_ci", "knowledge", "notify", "opened_by", "resolved_by",
)  # fmt: skip


@dataclass
class Report:
    """What an import did, or would do."""

    made: int = 0
    known: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)


class Importer:
    """Writes cases one by one, each in a transaction of its own; remembers the people and groups it made."""

    def __init__(self, *, dry_run: bool = False) -> None:
        self.dry_run = dry_run
        self.report = Report()
        self._teams: dict[str, Team] = {}
        self._people: dict[str, User] = {}
        self._contacts: dict[str, Contact] = {}

    def add(self, case: Case) -> None:
        """Write one case, or note why it was rejected. A case that is here already is left as it is."""
        if case.wrong:
            self.report.rejected += case.wrong
        elif Ticket.objects.filter(external_id=case.number).exists():
            self.report.known += 1
        else:
            self._keep(case.lines[0], lambda: self._write(case))

    def add_line(self, line: Line) -> None:
        """The same for one row of a table."""
        if line.wrong:
            self.report.rejected.append((line.number, line.wrong))
        elif Ticket.objects.filter(external_id=line.values["external_id"]).exists():
            self.report.known += 1
        else:
            self._keep(line.number, lambda: self._write_line(line))

    def _keep(self, line: int, write: Callable[[], None]) -> None:
        """Write one ticket whole; what the database refuses is rejected and does not stop the rest."""
        try:
            if not self.dry_run:
                write()
            self.report.made += 1
        except (DatabaseError, RuleBroken) as error:
            self.report.rejected.append((line, str(error)[:200]))

    @transaction.atomic
    def _write_line(self, line: Line) -> None:
        values = dict(line.values)
        now = clock.now()
        organisation = self._named(Organisation, values.pop("organisation", ""))
        application = self._named(Application, values.pop("application", ""))
        requester = self._known_contact(
            values.pop("requester_email", ""), values.pop("requester_name", ""), organisation
        )
        status = values.setdefault("status", "open")
        created_at = values.setdefault("created_at", now)
        ended = values.get("resolved_at") or created_at
        if status not in ("resolved", "closed"):
            values.update(resolved_at=None, closed_at=None)
        ticket = Ticket.objects.create(
            **{
                "priority": Priority.P2,
                "priority_reason": "Taken over from the desk it came from." if "priority" in values else "",
                "updated_at": ended,
                **values,
                "resolved_at": ended if status in ("resolved", "closed") else None,
                "closed_at": values.get("closed_at") or (ended if status == "closed" else None),
            },
            description_html=markdown.render(values.get("description", "")),
            organisation=organisation,
            application=application,
            requester=requester,
            customer_rank=rules.customer_rank(organisation.tier if organisation else None),
            imported={"source": TABLE},
        )
        trail.record(
            "ticket.imported",
            on=ticket,
            by=_actor("Import"),
            at=created_at,
            source=TABLE,
            number=ticket.external_id,
        )
        searching.put(ticket)

    def _named(self, model: type[Any], name: str) -> Any:
        """What the desk knows by this slug or name. Raises RuleBroken for a name that it does not know."""
        if not name:
            return None
        found = model.objects.filter(Q(slug=name) | Q(name__iexact=name)).first()
        if found is None:
            raise RuleBroken(f"There is no {model.SUBJECT} “{name[:60]}”; enter it first.")
        return found

    def _known_contact(self, email: str, name: str, organisation: Organisation | None) -> Contact | None:
        if not email:
            return None
        defaults = {"name": name or email.partition("@")[0], "organisation": organisation}
        return Contact.objects.get_or_create(email=email.lower()[:254], defaults=defaults)[0]

    @transaction.atomic
    def _write(self, case: Case) -> None:
        now_impact, now_urgency = (
            LEVELS.get(case.text(name)[:1], "medium") for name in ("impact", "urgency")
        )
        priority = PRIORITIES[case.last["priority"][:1]]
        derived = rules.priority_for({}, now_impact, now_urgency)
        last = case.steps[-1]
        ticket = Ticket.objects.create(
            subject=_subject(case),
            description="",
            channel=CHANNELS.get(case.text("contact_type"), "web"),
            status=case.status,
            hold_reason=case.hold_reason,
            impact=now_impact,
            urgency=now_urgency,
            priority=Priority(priority),
            priority_reason="" if priority == derived else "Taken over from the desk it came from.",
            team=self._team(case.text("assignment_group")),
            assignee=self._person(case.text("assigned_to")),
            requester=self._contact(case.text("caller_id")),
            handoff_count=case.count("reassignment_count"),
            passed_around=rules.passed_around(case.count("reassignment_count"), 0),
            reopened_count=case.count("reopen_count"),
            external_id=case.number,
            imported={"source": SOURCE, **{name: case.text(name) for name in FACTS if case.text(name)}},
            created_at=case.moment("opened_at") or case.steps[0].at,
            updated_at=last.at,
            resolved_at=case.moment("resolved_at") if case.status in ("resolved", "closed") else None,
            closed_at=case.moment("closed_at") if case.status == "closed" else None,
        )
        trail.record(
            "ticket.imported", on=ticket, by=_actor(case.text("opened_by")), at=ticket.created_at, source=SOURCE,
            number=case.number,
        )  # fmt: skip
        for step in case.steps:
            self._history(ticket, step)
        searching.put(ticket)

    def _history(self, ticket: Ticket, step: Step) -> None:
        if step.after or step.before:
            trail.record(
                "ticket.imported_change", on=ticket, by=_actor(step.by), at=step.at,
                before=_ours(step.before), after=_ours(step.after),
            )  # fmt: skip

    def _team(self, name: str) -> Team | None:
        """Their group as a team outside the directory: nobody is sent to it, but the fact is kept."""
        if not name:
            return None
        if name not in self._teams:
            self._teams[name], _ = Team.objects.get_or_create(
                slug=f"imported-{slugify(name)}"[:50],
                defaults={"name": f"{name} (imported)", "active": False, "review_due": NEVER_REVIEWED},
            )
        return self._teams[name]

    def _person(self, name: str) -> User | None:
        """Their resolver as a user who cannot sign in."""
        if not name:
            return None
        if name not in self._people:
            self._people[name], _ = User.objects.get_or_create(
                username=f"imported-{slugify(name)}"[:150],
                defaults={"first_name": name[:150], "is_active": False, "password": "!"},
            )
        return self._people[name]

    def _contact(self, name: str) -> Contact | None:
        """Their caller as a contact that gets no mail: the address is of the domain that never exists."""
        if not name:
            return None
        if name not in self._contacts:
            self._contacts[name], _ = Contact.objects.get_or_create(
                email=f"{slugify(name)}@imported.invalid", defaults={"name": name}
            )
        return self._contacts[name]


def _subject(case: Case) -> str:
    facts: list[Any] = [case.text(name) for name in ("category", "subcategory", "u_symptom")]
    told = ", ".join(str(fact) for fact in facts if fact)
    return (f"{case.number}: {told}" if told else case.number)[:250]


def _actor(name: str) -> Actor:
    return Actor(kind=Kind.SYSTEM, user_id=None, label=name or "Unknown", door=Door.IMPORT)


def _ours(values: dict[str, str]) -> dict[str, str]:
    """The values in our words: their states and priorities mapped, the rest as it was."""
    words = {"incident_state": "status", "assignment_group": "team", "assigned_to": "assignee"}
    mapped: dict[str, str] = {}
    for name, value in values.items():
        if name == "incident_state":
            value = STATES[value][0]
        elif name == "priority":
            value = PRIORITIES[value[:1]]
        mapped[words.get(name, name)] = value
    return mapped
