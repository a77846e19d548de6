"""Reading changes: the one door to a single one, what is in the way of a plan, and the calendar's rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Case, Q, QuerySet, When

from catalogue.models import Dependency
from changes import collisions, rules
from changes.collisions import Collision, Hardness, Plan
from changes.models import DECIDED, Approval, Change, Freeze
from changes.vocabulary import Decision, Status
from core.accounts.models import User
from core.accounts.permissions import ROLE_PERMISSIONS, Permission, require
from core.audit import trail
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor
from core.common.errors import NotFound
from core.common.ids import number_of
from customers.models import BusyWindow
from incidents.models import Incident
from sla.business_time import Hours
from sla.calendars import hours_from
from sla.models import Calendar, business_week

RELATED = ("responsible", "author", "incident", "ticket", "implemented_by", "validated_by")
LEAD_CALENDAR = "changes"


def get_for(reference: str, *, by: Actor, to: Permission = Permission.VIEW_CHANGES) -> Change:
    """One change for an actor who wants to do something with it.

    Raises NotFound when it does not exist for the actor, NotAllowed when they see it but may not.
    """
    pk = number_of(reference, Change.PREFIX)
    found = Change.objects.visible_to(by).select_related(*RELATED).filter(pk=pk).first()
    if found is None:
        raise NotFound(f"There is no {reference.strip()[:40]} here.")
    require(by, to)
    return found


def fresh(change: Change) -> Change:
    """The change as it stands now, for the answer of an operation."""
    return Change.objects.select_related(*RELATED).get(pk=change.pk)


def facts_of(change: Change) -> rules.Facts:
    """What the rules look at, read from the database."""
    return rules.Facts(
        type=change.type,
        title=change.title,
        description=change.description,
        need=change.need,
        fix_kind=change.fix_kind,
        touches_code=change.touches_code,
        touches_sql=change.touches_sql,
        commit_links=change.commit_links,
        applications=[application.pk for application in change.applications.all()],
        components=[component.pk for component in change.components.all()],
        planned_start=change.planned_start,
        planned_end=change.planned_end,
        risk=change.risk,
        implementation_plan=change.implementation_plan,
        backout_plan=change.backout_plan,
        validation_plan=change.validation_plan,
        responsible=change.responsible_id,
        incident=change.incident_id is not None,
        ticket_severity=change.ticket.severity if change.ticket is not None else "",
    )


def lead_hours() -> Hours:
    """The hours by which lead times are counted: the calendar "changes", else the first that closes at night.

    Without any: Monday to Friday, nine to five, London.
    """
    by_hours = Calendar.objects.filter(always_open=False)
    calendar = by_hours.order_by(Case(When(slug=LEAD_CALENDAR, then=0), default=1), "id").first()
    if calendar is not None:
        return calendar.hours()
    return hours_from(
        zone="Europe/London",
        weekly=business_week(),
        country="",
        subdivision="",
        extra_days={},
        always_open=False,
    )


# --- approvals --------------------------------------------------------------------------------------------
def approvals(change: Change) -> QuerySet[Approval]:
    """The approvals of the present round, in the order they were asked for."""
    return change.approvals.filter(round=change.approval_round).select_related("approver")


def approvers(change: Change, role: str) -> list[User]:
    """Who may give this approval: holders of the role other than the author and the responsible person."""
    return [
        user
        for user in possible_approvers()
        if user.pk not in (change.author_id, change.responsible_id)
        and not rules.HOLDERS[role].isdisjoint(user.role_set)
    ]


def possible_approvers() -> list[User]:
    """Everybody who may approve something."""
    roles = [role for role, held in ROLE_PERMISSIONS.items() if Permission.APPROVE_CHANGE in held]
    people = User.objects.filter(is_active=True).filter(Q(role_grants__role__in=roles) | Q(is_superuser=True))
    return list(people.distinct().prefetch_related("role_grants").order_by("username"))


def waiting_for(actor: Actor) -> QuerySet[Change]:
    """The changes that wait for an approval which this actor may give."""
    mine = [role for role, holders in rules.HOLDERS.items() if not holders.isdisjoint(actor.roles)]
    if actor.user_id is None or not mine:
        return Change.objects.none()
    decided = Approval.objects.filter(approver_id=actor.user_id, decision=Decision.APPROVED)
    pending = Change.objects.visible_to(actor).filter(
        Q(status=Status.SUBMITTED) | Q(approval_due_at__isnull=False),
        approvals__decision=Decision.PENDING, approvals__role__in=mine,
    )  # fmt: skip
    return (
        pending.exclude(author_id=actor.user_id)
        .exclude(responsible_id=actor.user_id)
        .exclude(pk__in=decided.values("change_id"))
        .distinct()
        .order_by("planned_start", "id")
    )


def overdue_approvals(actor: Actor, now: datetime) -> QuerySet[Change]:
    """The emergencies whose approvals were not given within 24 hours, the longest overdue first."""
    return Change.objects.visible_to(actor).filter(approval_due_at__lt=now).order_by("approval_due_at", "id")


def debts_of(person: int | None, now: datetime) -> list[str]:
    """The references of overdue emergencies of a person, or of anybody in one of the person's teams."""
    if person is None:
        return []
    theirs = Q(responsible_id=person) | Q(responsible__teams__members=person)
    overdue = Change.objects.filter(approval_due_at__lt=now).filter(theirs).distinct().order_by("id")
    return [change.reference for change in overdue]


# --- collisions -------------------------------------------------------------------------------------------
def plan_of(change: Change) -> Plan | None:
    """What of a change can collide; None without a window. A named component narrows its application."""
    if change.planned_start is None or change.planned_end is None:
        return None
    components = {component.pk: component.application_id for component in change.components.all()}
    narrowed = set(components.values())
    whole = frozenset(a.pk for a in change.applications.all() if a.pk not in narrowed)
    return Plan(
        change.reference if change.pk else "", change.title, change.planned_start, change.planned_end,
        change.responsible_id, whole, components,
    )  # fmt: skip


def collisions_of(change: Change) -> list[Collision]:
    """Everything in the way of a change's window, hard ones first."""
    plan = plan_of(change)
    return collisions_for(plan, without=change.pk) if plan is not None else []


def collisions_for(plan: Plan, *, without: int | None = None) -> list[Collision]:
    """Everything in the way of a plan, which need not be a change yet: hard ones first."""
    rivals = (
        Change.objects.in_window(plan.start, plan.end)
        .filter(status__in=rules.IN_FORCE)
        .exclude(pk=without or 0)
        .prefetch_related("applications", "components")
        .order_by("planned_start", "id")
    )
    dependencies, applications_of = dependency_map(plan)
    found = [
        collision
        for rival in rivals
        if (other := plan_of(rival)) is not None
        and (collision := collisions.with_change(plan, other, dependencies, applications_of))
    ]
    found += [
        hit for freeze in _freezes(plan.start, plan.end) if (hit := collisions.with_freeze(plan, freeze))
    ]
    found += _incidents_in_the_way(plan)
    found += _busy_customers(plan)
    return sorted(found, key=lambda collision: collision.hardness != Hardness.HARD)


def dependency_map(plan: Plan) -> tuple[list[tuple[int, int]], dict[int, int]]:
    """The dependencies, and which application each component belongs to, around what a plan touches."""
    near = Q(component__application__in=plan.applications) | Q(needs__application__in=plan.applications)
    rows = Dependency.objects.filter(near).values_list(
        "component_id", "needs_id", "component__application_id", "needs__application_id"
    )
    pairs: list[tuple[int, int]] = []
    owners: dict[int, int] = {}
    for component, needs, application, other in rows:
        pairs.append((component, needs))
        owners |= {component: application, needs: other}
    return pairs, owners


def _freezes(start: datetime, end: datetime) -> Iterable[collisions.Frozen]:
    rows = Freeze.objects.filter(starts_at__lt=end, ends_at__gt=start).prefetch_related("applications")
    for row in rows:
        yield collisions.Frozen(
            row.name, row.starts_at, row.ends_at, frozenset(a.pk for a in row.applications.all())
        )


def _incidents_in_the_way(plan: Plan) -> list[Collision]:
    """An open incident on what is changed."""
    touched = Q(applications__in=plan.applications) | Q(components__in=plan.components)
    live = Incident.objects.live().real().filter(touched).distinct().order_by("id")
    return [
        Collision(
            Hardness.SOFT, "open_incident", incident.reference,
            f"{incident.reference} {incident.title} is open on what it touches.", incident.started_at, None,
        )
        for incident in live
    ]  # fmt: skip


def _busy_customers(plan: Plan) -> list[Collision]:
    """Customers of the applications who must not be disturbed at that time."""
    windows = BusyWindow.objects.filter(organisation__applications__in=plan.applications)
    found = []
    for window in windows.select_related("organisation").distinct().order_by("organisation__name", "id"):
        stretch = collisions.busy_during(window, plan.start, plan.end)
        if stretch is not None:
            times = f"{window.starts:%H:%M} to {window.ends:%H:%M} {window.timezone}"
            sentence = f"{window.organisation} is busy then ({times})."
            found.append(
                Collision(Hardness.SOFT, "busy_window", window.organisation.slug, sentence, *stretch)
            )
    return found


def in_the_way(change: Change) -> str:
    """The hard collisions that nobody gave a reason for overriding, as sentences; "" when there are none."""
    if change.override_reason.strip():
        return ""
    return collisions.sentences(c for c in collisions_of(change) if c.hardness == Hardness.HARD)


def permit_of(change: Change) -> rules.Permit:
    """Whether a change may start now, and why (not)."""
    waiting = change.status in rules.moves_from("start", change.type)
    return rules.may_start(
        status=change.status, change_type=change.type, start=change.planned_start, end=change.planned_end,
        now=clock.now(), in_the_way=in_the_way(change) if waiting else "",
    )  # fmt: skip


def may_start(reference: str, *, by: Actor) -> rules.Permit:
    """The answer for a deployment pipeline. Raises NotFound."""
    return permit_of(get_for(reference, by=by))


# --- lists ------------------------------------------------------------------------------------------------
def calendar(actor: Actor, starts: datetime, ends: datetime) -> QuerySet[Change]:
    """The changes whose window lies in a period, for lanes and agenda."""
    rows = Change.objects.visible_to(actor).in_window(starts, ends).exclude(status=Status.REJECTED)
    return (
        rows.exclude(outcome="withdrawn")
        .select_related("responsible", "incident")
        .prefetch_related("applications", "components__application")
        .order_by("planned_start", "id")
    )


def noticed(starts: datetime, ends: datetime) -> QuerySet[Change]:
    """What users will notice in a period and is decided: for the status pages, which have no reader."""
    rows = Change.objects.in_window(starts, ends).filter(downtime=True, status__in=DECIDED)
    return rows.prefetch_related("applications").order_by("planned_start", "id")


def history(reference: str, *, by: Actor) -> QuerySet[Event]:
    """What happened to a change, the oldest first."""
    return trail.history(Change.SUBJECT, get_for(reference, by=by).pk)


def carried_out(
    applications: Iterable[int], since: datetime, until: datetime, actor: Actor
) -> QuerySet[Change]:
    """What was started on these applications from a moment to another. None named: on any."""
    ids = list(applications)
    rows = Change.objects.visible_to(actor).filter(started_at__gte=since, started_at__lte=until)
    if ids:
        rows = rows.filter(Q(applications__in=ids) | Q(components__application__in=ids)).distinct()
    return rows.prefetch_related("applications").order_by("-started_at")


def differing(change: Change, values: dict[str, Any]) -> dict[str, Any]:
    """The present value of each field that an edit would change, for the refusal of a stale one."""
    many = ("applications", "components")
    now = {name: sorted(x.slug for x in getattr(change, name).all()) if name in many else getattr(change, name)
           for name in values}  # fmt: skip
    wanted = {
        name: sorted(x.slug for x in value) if name in many else value for name, value in values.items()
    }
    return {name: str(now[name]) for name in values if now[name] != wanted[name]}
