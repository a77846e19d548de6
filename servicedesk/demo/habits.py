"""What a team sets up in its first weeks: views, macros, rules, a ticket that comes back every quarter."""

from __future__ import annotations

from datetime import datetime, timedelta

from servicedesk.demo.cast import Cast
from tickets import operations as tickets
from tickets.automation import operations as rules
from tickets.models import AutomationRule
from tickets.operations import recurring
from tickets.operations.saved_views import save_view


def settle(cast: Cast, now: datetime) -> None:
    """Set all of it up, as the people who would."""
    views(cast)
    macros(cast)
    automation(cast)
    recurring.save(
        name="Bank certificates", rule="FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1", zone="Europe/London",
        starts_at=now.replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=20),
        values={
            "subject": "Check the end dates of all bank certificates", "kind": "service_request",
            "application": "payouts", "description": "SOP-19. Renew what ends within 60 days.",
        },
        by=cast.by("ana"),
    )  # fmt: skip


def views(cast: Cast) -> None:
    """One view for the front line, one of a person."""
    line = cast.teams["service-desk"]
    save_view(
        name="Brightwater", query="organisation=brightwater&status=new,open", team=line, by=cast.by("ana")
    )
    save_view(name="Payouts", query="application=payouts&status=new,open,on_hold", by=cast.by("ana"))


def macros(cast: Cast) -> None:
    """Saved replies for what is asked most."""
    max_ = cast.by("max")
    tickets.save_macro(
        name="Ask for an example",
        text="Hello {requester.first_name},\n\nto find this in our logs we need one example: the time, the amount and "
        "the last four digits, or the order number.\n\n{me.first_name}",
        changes={"status": "waiting", "reason": "One example with its time"}, by=max_,
    )  # fmt: skip
    tickets.save_macro(
        name="IP ranges for webhooks",
        text="Hello {requester.first_name},\n\nour webhooks come from 192.0.2.0/26 and 198.51.100.0/26. Changes are "
        "announced 30 days ahead.\n\n{me.first_name}",
        changes={"status": "resolved", "code": "fixed"}, by=max_,
    )  # fmt: skip
    tickets.save_macro(
        name="Hand to payouts", text="Checked SOP-7. Over to payouts.", public=False,
        changes={"tags": ["payouts"]}, by=max_,
    )  # fmt: skip


def automation(cast: Cast) -> None:
    """Rules that mail the desk and keep tags; none of them speaks to a customer."""
    max_ = cast.by("max")
    rules.create_rule(
        name="Tell the lead of a P0", events=["ticket.created", "ticket.priority_set"], conditions="priority=P0",
        actions=[{"do": "notify", "to": "lead", "body": "A P0 came in. Is it an incident?"}], by=max_,
    )  # fmt: skip
    rules.create_rule(
        name="Mark what the bank asks about", events=["ticket.created"], conditions="component=bank-files",
        actions=[{"do": "add_tag", "tag": "bank"}], by=max_,
    )  # fmt: skip
    rules.create_rule(
        name="Ask again after two quiet days", trigger=AutomationRule.Trigger.TIME, after_minutes=2 * 24 * 60,
        conditions="status=waiting",
        actions=[{"do": "notify", "to": "assignee", "body": "The customer has been silent for two days. Ask again, or resolve."}],
        by=max_,
    )  # fmt: skip
