"""What surrounds every page: the menu, who is signed in, and the incident that everybody must know of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject, cached_property

from core.accounts.permissions import Permission, can
from core.common.actor import ANONYMOUS, Actor
from core.common.clock import now
from servicedesk import health


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu. `key` is the letter after g; `tab` is its word on the phone's tab bar."""

    label: str
    url_name: str
    icon: str
    section: str
    permission: Permission
    key: str = ""
    tab: str = ""


ENTRIES: list[Entry] = [
    Entry("Queue", "tickets:list", "inbox", "", Permission.VIEW_TICKETS, "q", "Queue"),
    Entry("My work", "my:list", "user", "", Permission.VIEW_QUEUE, "m"),
    Entry("Incidents", "incidents:list", "siren", "Operations", Permission.VIEW_INCIDENTS, "i", "Incidents"),
    Entry("Problems", "problems:list", "root", "Operations", Permission.VIEW_PROBLEMS, "p"),
    Entry("Changes", "changes:list", "change", "Operations", Permission.VIEW_CHANGES, "c"),
    Entry(
        "Who to call", "escalation:list", "phone", "Operations", Permission.VIEW_DIRECTORY, "w", "Who to call"
    ),
    Entry("Dashboard", "reports:list", "chart", "Manage", Permission.VIEW_DASHBOARD, "d"),
    Entry("Service levels", "sla:list", "clock", "Manage", Permission.VIEW_SERVICE_LEVELS),
    Entry("Customers", "customers:list", "org", "Manage", Permission.VIEW_CUSTOMERS),
    Entry("Recurring", "tickets:recurring", "cal", "Manage", Permission.WORK_TICKET),
    Entry("Macros", "tickets:macros", "spark", "Manage", Permission.MANAGE_MACROS),
    Entry("Wording of updates", "incidents:templates", "mail", "Manage", Permission.MANAGE_UPDATES),
    Entry("Rules", "tickets:rules", "bolt", "Manage", Permission.MANAGE_AUTOMATION),
    Entry("Tiers", "tiers:list", "layers", "Manage", Permission.MANAGE_DATA),
    Entry("Webhooks", "webhooks:list", "send", "Manage", Permission.MANAGE_WEBHOOKS),
    Entry("Administration", "admin:index", "sliders", "Manage", Permission.MANAGE_DATA),
]


@dataclass(frozen=True, slots=True)
class LiveIncident:
    """The most serious open incident, as the bar on top of every staff page shows it.

    `others` counts further open ones; `update_every` is the whole interval of its updates.
    """

    reference: str
    title: str
    url: str
    next_update_due_at: datetime | None = None
    update_every: timedelta | None = None
    bridge_url: str = ""
    others: int = 0
    major: bool = True
    drill: bool = False


# Filled once by ServiceDeskConfig.ready(): the actor -> what to show, in at most two queries.
live_incident_source: Callable[[Actor], LiveIncident | None] | None = None


def show_live_incident(source: Callable[[Actor], LiveIncident | None] | None) -> None:
    """Name the function that finds the live incident for an actor (None: no bar)."""
    global live_incident_source
    live_incident_source = source


@dataclass(frozen=True, slots=True)
class Link:
    """An entry that this actor may follow on this desk."""

    entry: Entry
    url: str
    current: bool


class Shell:
    """What base.html needs. Each part is worked out when the template asks for it, at most once a request."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.product = product_name()
        self.now = int(now().timestamp())

    @cached_property
    def actor(self) -> Actor:
        return getattr(self.request, "actor", ANONYMOUS)

    @cached_property
    def user(self) -> Any:
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def is_staff(self) -> bool:
        return self.user is not None and self.actor.is_staff

    @cached_property
    def links(self) -> list[Link]:
        found = []
        for entry in ENTRIES:
            url = address(entry.url_name) if self.user and can(self.actor, entry.permission) else ""
            if url:
                found.append((entry, url))
        here = max((url for _, url in found if self.request.path.startswith(url)), key=len, default="")
        return [Link(entry, url, url == here) for entry, url in found]

    @property
    def sections(self) -> list[tuple[str, list[Link]]]:
        """The menu in order: section's name ("" for the first), its links."""
        names = dict.fromkeys(link.entry.section for link in self.links)
        return [(name, [link for link in self.links if link.entry.section == name]) for name in names]

    @property
    def tabs(self) -> list[Link]:
        return [link for link in self.links if link.entry.tab]

    @cached_property
    def live_incident(self) -> LiveIncident | None:
        return live_incident_source(self.actor) if live_incident_source and self.is_staff else None

    @property
    def trouble(self) -> list[str]:
        """What keeps the desk from doing its work, as far as this process knows."""
        return health.remembered() if self.is_staff else []

    @cached_property
    def banner_url(self) -> str:
        return address("health_banner") if self.is_staff and can(self.actor, Permission.VIEW_QUEUE) else ""

    @cached_property
    def counts_url(self) -> str:
        """Where the menu gets its saved views and counts from, and the queue's pages those of their tabs."""
        if not (self.is_staff and can(self.actor, Permission.VIEW_QUEUE)):
            return ""
        found = self.request.resolver_match
        tabs = found is not None and found.view_name in ("tickets:list", "tickets:view")
        return address("tickets:counts") + ("?tabs=1" if tabs else "")

    @cached_property
    def profile_url(self) -> str:
        return address("profile")

    @property
    def shortcuts(self) -> bool:
        """Whether single keys act for this person."""
        return getattr(self.user, "shortcuts", True)

    @property
    def theme(self) -> str:
        """light, dark, or "" for the system's."""
        return getattr(self.user, "theme", "")

    @cached_property
    def search_url(self) -> str:
        return address("search:list") if self.user and can(self.actor, Permission.VIEW_QUEUE) else ""

    @cached_property
    def new_ticket_url(self) -> str:
        return address("tickets:new") if self.user and can(self.actor, Permission.CREATE_TICKET) else ""

    @cached_property
    def roles(self) -> str:
        """The signed-in person's roles in words."""
        return ", ".join(sorted(role.label for role in self.actor.roles))


def address(url_name: str, *args: Any) -> str:
    """The address of a page, or "" where that page is not part of this desk."""
    try:
        return reverse(url_name, args=args)
    except NoReverseMatch:
        return ""


def product_name() -> str:
    """What this desk calls itself."""
    return str(getattr(settings, "PRODUCT_NAME", "Service desk"))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell` on every page, costing nothing where a template does not use it."""
    return {"shell": SimpleLazyObject(lambda: Shell(request))}
