"""A sane beginning: two calendars, and a policy for each priority, tighter for strategic customers."""

from __future__ import annotations

from core.common.actor import Door, system
from core.common.vocabulary import CustomerTier, Priority
from sla import operations
from sla.models import Calendar, Policy

BUSINESS_DAY = 8 * 60

# priority: around the clock?, then (first response, next response, resolution) in minutes for everybody
# and for strategic customers.
TARGETS: dict[Priority, tuple[bool, tuple[int, int, int], tuple[int, int, int]]] = {
    Priority.P0: (True, (15, 30, 4 * 60), (10, 20, 2 * 60)),
    Priority.P1: (True, (30, 60, 8 * 60), (15, 30, 4 * 60)),
    Priority.P2: (False, (4 * 60, 4 * 60, 2 * BUSINESS_DAY), (2 * 60, 2 * 60, BUSINESS_DAY)),
    Priority.P3: (False, (8 * 60, 8 * 60, 5 * BUSINESS_DAY), (4 * 60, 4 * 60, 3 * BUSINESS_DAY)),
}


def ensure_defaults() -> None:
    """Create what is missing of the default calendars and policies; what is there stays as it is."""
    around_the_clock = _calendar("24x7", "24x7", zone="UTC", always_open=True, weekly={})
    business = _calendar(
        "business-hours",
        "Business hours",
        zone="Europe/London",
        holiday_country="GB",
        holiday_subdivision="ENG",
    )
    for number, (priority, (urgent, everybody, strategic)) in enumerate(TARGETS.items(), start=1):
        calendar = around_the_clock if urgent else business
        _policy(f"{priority} standard", calendar, everybody, order=100 + number, priority=priority)
        _policy(
            f"{priority} strategic", calendar, strategic, order=number, priority=priority,
            customer_tier=CustomerTier.STRATEGIC,
        )  # fmt: skip


def _calendar(slug: str, name: str, **values: object) -> Calendar:
    found = Calendar.objects.filter(slug=slug).first()
    return found or operations.save_calendar(
        Calendar(slug=slug, name=name, **values), by=system(door=Door.CLI)
    )


def _policy(name: str, calendar: Calendar, targets: tuple[int, int, int], **values: object) -> None:
    if Policy.objects.filter(name=name).exists():
        return
    first, following, resolution = targets
    policy = Policy(
        name=name,
        calendar=calendar,
        first_response_minutes=first,
        next_response_minutes=following,
        resolution_minutes=resolution,
        pause_reasons=["vendor", "scheduled"],
        **values,
    )
    operations.save_policy(policy, by=system(door=Door.CLI))
