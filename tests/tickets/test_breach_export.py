"""What was missed as a file: streamed, the reader's own filter, no formulas."""

from __future__ import annotations

import csv
import io

import pytest

from sla.models import Breach, Clock
from tickets import operations
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def missed(desk, by, ana):
    made = operations.create(subject="Cards fail", component=desk.gateway, by=by(ana))
    for goal, cause in (("resolution", ""), ("first_response", "other")):
        clock = Clock.objects.get(subject_id=made.pk, goal=goal)
        Breach.objects.create(
            subject_kind="ticket", subject_id=made.pk, goal=goal, clock=clock, breached_at=made.created_at,
            target_minutes=60, policy_name="=cmd|calc", over_seconds=600, cause=cause, cause_note="+1; looked away",
            owner_label="@ana", team_label="Front line",
        )  # fmt: skip
    return made


def rows(client, query=""):
    answer = client.get(f"/service-levels/breaches/csv/{query}")
    assert answer.streaming and answer["Content-Type"].startswith("text/csv")
    assert "missed-" in answer["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_every_miss_is_a_line_and_nothing_runs_as_a_formula(missed, client, ana):
    client.force_login(ana)
    first, second = rows(client)
    assert {first["reference"], second["reference"]} == {missed.reference}
    assert (first["policy"], first["owner"], first["note"]) == ("'=cmd|calc", "'@ana", "'+1; looked away")
    assert {first["over_minutes"], second["over_minutes"]} == {"10"}
    assert {first["cause"], second["cause"]} == {"", "Something else"}


def test_the_file_holds_what_the_list_shows(missed, client, ana, lea):
    client.force_login(ana)
    assert (
        "/service-levels/breaches/csv/?cause=none"
        in client.get("/service-levels/breaches/?cause=none").content.decode()
    )
    (only,) = rows(client, "?cause=none")
    assert only["goal"] == "resolution"
    assert client.get("/service-levels/breaches/csv/?goal=gossip").status_code == 400
    Ticket.objects.update(confidential=True)
    client.force_login(lea)
    assert rows(client) == []


def test_a_long_list_is_read_in_chunks(missed, client, ana, django_assert_max_num_queries):
    clock = Clock.objects.filter(goal="resolution").get()
    Breach.objects.bulk_create(
        Breach(
            subject_kind="ticket", subject_id=missed.pk, goal="next_response", clock=clock, policy_name="p",
            breached_at=missed.created_at.replace(year=2020 + number % 7, microsecond=number), target_minutes=1,
        )
        for number in range(1200)
    )  # fmt: skip
    client.force_login(ana)
    with django_assert_max_num_queries(8):
        assert len(rows(client)) == 1202
