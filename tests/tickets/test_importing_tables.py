import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core.outbox.models import OutgoingMessage
from sla.models import Clock
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

ROWS = """Key,Summary,State,Prio,Born,Mail,Firm,Labels
OLD-1,Printer is down,Doing,High,02/03/26 09:30,ida@rail.example,acme,"print; floor 2"
OLD-2,Solved long ago,Done,Low,01/02/26 08:00,,,
OLD-3,,Doing,High,02/03/26 09:30,,,
OLD-4,Strange state,Melted,High,02/03/26 09:30,,,
OLD-5,Bad time,Doing,High,2026,,,
OLD-6,Nobody we know,Doing,High,02/03/26 09:30,,unknown firm,
OLD-7,Too few
"""
MAPPING = {
    "columns": {
        "external_id": "Key",
        "subject": "Summary",
        "status": "State",
        "priority": "Prio",
        "created_at": "Born",
        "requester_email": "Mail",
        "organisation": "Firm",
        "tags": "Labels",
    },
    "values": {"status": {"Doing": "open", "Done": "closed"}, "priority": {"High": "P1", "Low": "P3"}},
    "time": "%d/%m/%y %H:%M",
}


@pytest.fixture
def run(tmp_path):
    def call(rows=ROWS, mapping=MAPPING, **options):
        file, plan, out = tmp_path / "rows.csv", tmp_path / "plan.json", StringIO()
        file.write_text(rows)
        plan.write_text(mapping if isinstance(mapping, str) else json.dumps(mapping))
        call_command(
            "import_tickets", str(file), format="csv", mapping=plan, stdout=out, stderr=StringIO(), **options
        )
        return out.getvalue()

    return call


def test_rows_become_tickets_and_broken_ones_are_named(run, desk):
    said = run()
    first, second = Ticket.objects.order_by("external_id")
    assert (first.status, first.priority, first.organisation, first.tags) == (
        "open",
        "P1",
        desk.acme,
        ["print", "floor 2"],
    )
    assert first.created_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert first.requester.email == "ida@rail.example"
    assert (second.status, second.closed_at is not None, second.due_at) == ("closed", True, None)
    for words in (
        "line 4: Summary is empty",
        "line 5: status “Melted” is none of",
        "line 6: “2026” is not a time",
        "line 7: There is no organisation “unknown firm”",
        "line 8: the row has not as many values",
        "2 tickets imported, 0 were here already, 5 rows rejected.",
    ):
        assert words in said


def test_a_second_run_adds_nothing_and_nothing_is_sent(run, desk):
    run()
    assert "0 tickets imported, 2 were here already" in run()
    assert not OutgoingMessage.objects.exists() and not Clock.objects.exists()


def test_a_dry_run_writes_nothing(run, desk):
    run(dry_run=True)
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "mapping, words",
    [
        ({"columns": {"colour": "Key"}}, "no such field"),
        ({"columns": {"subject": "Summary"}}, "which column is external_id"),
        ({"columns": {"external_id": "Nr", "subject": "Summary"}}, "no column Nr"),
        ({"rows": {}}, "A mapping is"),
        ("{not json", "no JSON"),
        ({}, "no column external_id, subject"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_with_a_sentence(run, mapping, words):
    with pytest.raises(CommandError, match=words):
        run(mapping=mapping)


def test_our_own_names_need_no_mapping(run):
    assert "1 tickets imported" in run("external_id,subject\nX-1,Hello\n", {})
