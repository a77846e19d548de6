"""Who does something, and through which door. Every writer takes one as `by`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from core.common.vocabulary import Role


class Door(StrEnum):
    WEB = "web"
    API = "api"
    MAIL = "mail"
    TIMER = "timer"
    IMPORT = "import"
    CLI = "cli"
    HOOK = "hook"
    RULE = "rule"


class Kind(StrEnum):
    PERSON = "person"
    INTEGRATION = "integration"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One principal for the length of one operation.

    `scopes` is None for people in a session; an API token carries the scopes it was given.
    """

    kind: Kind
    user_id: int | None
    label: str
    roles: frozenset[Role] = frozenset()
    door: Door = Door.WEB
    scopes: frozenset[str] | None = None

    @property
    def is_system(self) -> bool:
        return self.kind is Kind.SYSTEM

    @property
    def is_human(self) -> bool:
        """False for the desk itself and for a rule, which only borrows the rights of its owner."""
        return self.user_id is not None and self.door is not Door.RULE

    @property
    def is_staff(self) -> bool:
        """True for the desk itself and everyone who works on it."""
        return self.is_system or bool(self.roles - {Role.CUSTOMER})

    @property
    def is_customer(self) -> bool:
        return not self.is_staff

    def has(self, *roles: Role) -> bool:
        """True when the actor holds at least one of the roles."""
        return not self.roles.isdisjoint(roles)

    def through(self, door: Door) -> Actor:
        """The same principal, entering by another door."""
        return replace(self, door=door)


ANONYMOUS = Actor(kind=Kind.PERSON, user_id=None, label="Nobody")


def system(label: str = "Service desk", door: Door = Door.TIMER) -> Actor:
    """The desk acting by itself: timers, imports, handlers."""
    return Actor(kind=Kind.SYSTEM, user_id=None, label=label, door=door)
