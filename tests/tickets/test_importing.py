"""The small made-up log with every oddity lies beside the tests; the real one is used where it is found."""

import csv
import os
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from core.audit.models import Delivery, Event
from core.outbox.models import OutgoingMessage
from sla.models import Clock
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
ODDITIES = Path(__file__).parents[1] / "data" / "servicenow_oddities.csv"
REAL = Path(
    os.environ.get("TEST_REAL_LOG")
    or Path(__file__).parents[3] / "shared" / "data" / "servicenow_incident_event_log.csv"
)
STATUSES = {
    "New": "new",
    "Active": "open",
    "Awaiting User Info": "waiting",
    "Awaiting Problem": "on_hold",
    "Resolved": "resolved",
    "Closed": "closed",
}


def run(file=ODDITIES, **options):
    out = StringIO()
    call_command("import_tickets", str(file), format="servicenow", stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_each_case_ends_as_its_last_row():
    run()
    found = {ticket.external_id: ticket for ticket in Ticket.objects.all()}
    assert {number: ticket.status for number, ticket in found.items()} == {
        "INC9000001": "closed",
        "INC9000002": "new",
        "INC9000003": "open",
        "INC9000004": "on_hold",
        "INC9000005": "waiting",
        "INC9000006": "resolved",
        "INC9000012": "new",
        '=HYPERLINK("x")': "new",
    }
    first = found["INC9000001"]
    assert (first.handoff_count, first.reopened_count) == (1, 1)
    assert first.team.name == "Group 2 (imported)" and not first.team.active
    assert first.assignee.first_name == "Resolver 2" and not first.assignee.is_active
    assert (first.imported["made_sla"], first.imported["problem_id"], first.imported["rfc"]) == (
        "FALSE",
        "Problem ID  2",
        "CHG0000001",
    )
    assert found["INC9000004"].hold_reason == "problem"
    assert (found["INC9000002"].priority, found["INC9000002"].priority_reason) == ("P0", "")


def test_the_history_keeps_people_and_times_as_they_were():
    run()
    ticket = Ticket.objects.get(external_id="INC9000001")
    events = list(Event.objects.filter(subject_kind="ticket", subject_id=ticket.pk).order_by("id"))
    assert [(f"{event.at:%d %H:%M}", event.after.get("status")) for event in events[1:]] == [
        ("01 08:01", "new"),
        ("01 09:00", "open"),
        ("01 10:00", "waiting"),
        ("02 10:00", "resolved"),
        ("07 10:00", "closed"),
    ]
    assert {event.actor_label for event in events[1:]} == {"Updated by 1"}


def test_rejected_rows_are_named_with_line_and_reason_and_nothing_half_imported_stays():
    said = run()
    for words in (
        "“31-02-2020 10:00” is not a time",
        "the state “Melted” is not known",
        "the priority “9 - Odd” is not known",
        "reassignment_count is “many”, not a count",
        "the case has no number",
        "not as many values",
    ):
        assert words in said
    assert "line 14: " in said
    assert "8 tickets imported, 0 were here already, 6 rows rejected." in said
    assert not Ticket.objects.filter(external_id="INC9000007").exists()


def test_a_second_run_adds_nothing():
    run()
    before = (Ticket.objects.count(), Event.objects.count())
    assert "0 tickets imported, 8 were here already" in run()
    assert (Ticket.objects.count(), Event.objects.count()) == before


def test_it_starts_no_clock_and_sends_nothing():
    run()
    assert not Clock.objects.exists()
    assert not OutgoingMessage.objects.exists() and not Delivery.objects.exists()
    assert not Ticket.objects.exclude(due_at=None, close_due_at=None, review_at=None).exists()


def test_a_dry_run_writes_nothing():
    assert "8 tickets would be imported" in run(dry_run=True)
    assert not Ticket.objects.exists()


def test_a_crash_in_the_middle_of_a_case_leaves_nothing_of_it(monkeypatch):
    def crash(*args):
        raise RuntimeError("power cut")

    monkeypatch.setattr("tickets.importing.writing.searching.put", crash)
    with pytest.raises(RuntimeError):
        run()
    assert not Ticket.objects.exists() and not Event.objects.exists()


def test_another_file_is_refused_with_a_sentence(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(CommandError, match="column number"):
        run(other)
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "none.csv")


@pytest.mark.skipif(not REAL.exists(), reason="the real log is not here (set TEST_REAL_LOG to its path)")
def test_the_real_log_ends_as_the_last_row_of_each_case():
    with REAL.open(encoding="utf-8-sig", newline="") as lines:
        last = {row["number"]: row for row in csv.DictReader(lines)}

    said = run(REAL)

    assert "600 tickets imported" in said
    found = {ticket.external_id: ticket for ticket in Ticket.objects.all()}
    wanted = {
        number: (STATUSES[row["incident_state"]], int(row["reassignment_count"]), int(row["reopen_count"]))
        for number, row in last.items()
    }
    assert {
        number: (ticket.status, ticket.handoff_count, ticket.reopened_count)
        for number, ticket in found.items()
    } == wanted
    assert Counter(ticket.imported["made_sla"] for ticket in found.values()) == Counter(
        row["made_sla"] for row in last.values()
    )
