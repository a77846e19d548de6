"""What was promised and what was missed: a second calendar with a past, a narrower policy, a late ticket explained."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.common import clock
from servicedesk.demo.cast import Cast
from sla import operations as service_levels
from tickets import operations as tickets

PARIS = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def settle(cast: Cast, now: datetime) -> None:
    """The Paris office and what it promises; its hours have changed once."""
    boss = cast.by("max")
    office = service_levels.create_calendar(
        slug="paris", name="Paris office", zone="Europe/Paris", weekly=PARIS, holiday_country="FR", by=boss
    )
    service_levels.create_policy(
        name="Questions about payouts", kind="question", application=cast.applications["payouts"], order=50,
        first_response_minutes=4 * 60, next_response_minutes=4 * 60, resolution_minutes=3 * 7 * 60, calendar=office,
        pause_reasons=["vendor"], by=boss,
    )  # fmt: skip
    eve = f"{now.year}-12-24"
    service_levels.edit_calendar("paris", values={"extra_days": {eve: [["09:00", "12:00"]]}}, by=boss)


def tell(cast: Cast, now: datetime) -> None:
    """A ticket of last week that took too long, and why."""

    def days_ago(days: float) -> datetime:
        return now - timedelta(days=days)

    with clock.pretend(days_ago(9)):
        late = tickets.create(
            subject="Terminal certificates refused after the firmware update", kind="issue", impact="high",
            urgency="medium", severity="SEV3", requester=cast.contacts["wes"],
            application=cast.applications["card-payments"], component=cast.components["terminal-api"],
            channel="phone", by=cast.by("ana"),
        )  # fmt: skip
        tickets.take(late.reference, by=cast.by("eli"))
        tickets.reply(
            late.reference, body="We have asked the maker for a new build.", public=True, by=cast.by("eli")
        )
    with clock.pretend(days_ago(7)):
        tickets.resolve(
            late.reference, code="fixed", note="The maker’s build 4.2.1 accepts the certificates again.",
            breach_cause="vendor", breach_note="The maker needed two days for the build.", by=cast.by("eli"),
        )  # fmt: skip
