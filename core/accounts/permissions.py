"""Who may do what: the whole table, as code that one can read.

`can` answers for a role; which objects one sees is the business of each model's `visible_to`.
"""

from __future__ import annotations

from enum import StrEnum

from core.common.actor import Actor
from core.common.errors import NotAllowed
from core.common.vocabulary import Role


class Permission(StrEnum):
    VIEW_QUEUE = "see the queue"
    VIEW_TICKETS = "view tickets"
    CREATE_TICKET = "create tickets"
    REPLY = "reply to a ticket"
    WORK_TICKET = "work on tickets"
    ESCALATE = "escalate and hand back tickets"
    RESOLVE_TICKET = "resolve and close tickets"
    REOPEN_TICKET = "reopen tickets"
    LOG_TIME = "log time"
    VIEW_INCIDENTS = "view incidents"
    DECLARE_INCIDENT = "declare incidents"
    RUN_INCIDENT = "run incidents"
    RESTORE_INCIDENT = "restore and close incidents"
    WAIVE_POSTMORTEM = "waive the post-mortem of a SEV1 or SEV2 incident"
    APPROVE_UPDATE = "approve updates of incidents"
    MANAGE_UPDATES = "manage how updates are worded and approved"
    VIEW_PROBLEMS = "view problems"
    RAISE_PROBLEM = "raise problems"
    WORK_PROBLEM = "work on problems"
    PUBLISH_KNOWN_ERROR = "publish known errors"
    VIEW_CHANGES = "view changes"
    PLAN_CHANGE = "plan and carry out changes"
    APPROVE_CHANGE = "approve changes"
    VIEW_DIRECTORY = "see who is on call"
    MANAGE_DIRECTORY = "manage the directory"
    PAGE = "page people"
    VIEW_SERVICE_LEVELS = "see service levels"
    MANAGE_SERVICE_LEVELS = "manage service levels"
    VIEW_DASHBOARD = "see the dashboard"
    VIEW_CUSTOMERS = "view customers"
    MANAGE_CUSTOMERS = "manage customers"
    VIEW_CATALOGUE = "view the catalogue"
    MANAGE_MACROS = "manage macros"
    MANAGE_DATA = "manage the desk's data"
    MANAGE_AUTOMATION = "manage automation rules"
    MANAGE_WEBHOOKS = "manage webhooks"
    READ_AUDIT = "read the audit trail"


P = Permission

_EVERY_STAFF = {
    P.VIEW_QUEUE,
    P.VIEW_TICKETS, P.CREATE_TICKET, P.REPLY, P.VIEW_INCIDENTS, P.DECLARE_INCIDENT, P.VIEW_PROBLEMS, P.VIEW_CHANGES,
    P.VIEW_DIRECTORY, P.VIEW_DASHBOARD, P.VIEW_CUSTOMERS, P.VIEW_CATALOGUE,
    P.VIEW_SERVICE_LEVELS,
}  # fmt: skip
_DESK = _EVERY_STAFF | {
    P.WORK_TICKET, P.ESCALATE, P.RESOLVE_TICKET, P.REOPEN_TICKET, P.LOG_TIME, P.RUN_INCIDENT, P.RAISE_PROBLEM,
    P.WORK_PROBLEM, P.PLAN_CHANGE, P.PAGE,
}  # fmt: skip

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.CUSTOMER: frozenset({P.VIEW_TICKETS, P.CREATE_TICKET, P.REPLY, P.REOPEN_TICKET}),
    Role.ANALYST: frozenset(_DESK),
    Role.ENGINEER: frozenset(_DESK),
    Role.INCIDENT_COMMANDER: frozenset(_DESK | {P.RESTORE_INCIDENT, P.APPROVE_UPDATE}),
    Role.CHANGE_MANAGER: frozenset(_DESK | {P.APPROVE_CHANGE}),
    Role.PROBLEM_MANAGER: frozenset(_DESK | {P.PUBLISH_KNOWN_ERROR}),
    Role.ACCOUNT_MANAGER: frozenset(
        (_EVERY_STAFF - {P.REPLY, P.VIEW_PROBLEMS, P.VIEW_CHANGES, P.DECLARE_INCIDENT}) | {P.MANAGE_CUSTOMERS}
    ),
    Role.MANAGER: frozenset(
        _DESK
        | {P.RESTORE_INCIDENT, P.PUBLISH_KNOWN_ERROR, P.APPROVE_CHANGE, P.MANAGE_DIRECTORY, P.READ_AUDIT}
        | {P.MANAGE_AUTOMATION, P.APPROVE_UPDATE, P.MANAGE_UPDATES}
        | {P.MANAGE_CUSTOMERS, P.MANAGE_MACROS, P.MANAGE_SERVICE_LEVELS, P.WAIVE_POSTMORTEM}
    ),
    Role.ADMIN: frozenset(Permission),
    # What an integration may do is cut down further by the scopes of its token.
    Role.INTEGRATION: frozenset(_DESK),
}


def can(actor: Actor, permission: Permission) -> bool:
    """True when one of the actor's roles holds the permission. The desk itself may do everything."""
    return actor.is_system or any(permission in ROLE_PERMISSIONS[role] for role in actor.roles)


def require(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed, naming who can, unless the actor holds the permission."""
    if not can(actor, permission):
        raise NotAllowed(f"You may not {permission}. {who_can(permission)} can.")


def roles_with(permission: Permission) -> list[Role]:
    """The roles that hold a permission."""
    return [role for role, held in ROLE_PERMISSIONS.items() if permission in held]


def who_can(permission: Permission) -> str:
    """The roles that hold a permission, as words: "Manager or Admin"."""
    roles = [role.label for role in roles_with(permission) if role != Role.INTEGRATION]
    return roles[0] if len(roles) == 1 else f"{', '.join(roles[:-1])} or {roles[-1]}"
