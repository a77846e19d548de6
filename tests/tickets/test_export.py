"""A list of tickets as CSV."""

import csv
import io

import pytest

from tickets import export, operations
from tickets.models import CustomField, Ticket
from tickets.operations.saved_views import save_view

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, ana):
    client.force_login(ana)
    return client


def read(browser, asked="", status=200):
    answer = browser.get(f"/tickets/{asked if asked.startswith('views') else f'export.csv?{asked}'}")
    assert answer.status_code == status
    if status != 200:
        return answer.content.decode()
    assert (
        answer["Content-Type"] == "text/csv; charset=utf-8" and "attachment" in answer["Content-Disposition"]
    )
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_rows_and_their_facts(browser, ticket):
    (row,) = read(browser, "view=all")
    assert (row["reference"], row["organisation"], row["team"]) == (ticket.reference, "acme", "team-1")
    assert row["created_at"].endswith("Z") and row["requester"] == "casey@desk.example"
    assert not {"risk", "description", "pause_note", "priority_reason"} & set(row)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_runs_in_a_spreadsheet(browser, ticket, begin):
    Ticket.objects.filter(pk=ticket.pk).update(subject=f"{begin}cmd|'/c calc'!A1", tags=[f"{begin}tag"])
    (row,) = read(browser, "view=all")
    assert row["subject"].startswith(f"'{begin}cmd") and row["tags"].startswith(f"'{begin}tag")


def test_quotes_commas_and_line_breaks_stay_in_their_cell(browser, ticket):
    Ticket.objects.filter(pk=ticket.pk).update(subject='a,"b"\nc;d')
    assert read(browser, "view=all")[0]["subject"] == 'a,"b"\nc;d'


def test_the_order_and_all_chunks_of_the_list(browser, ticket, by, ana, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 2)
    made = [ticket, *(operations.create(subject=f"s{n}", by=by(ana)) for n in range(4))]
    names = [one.reference for one in made]
    assert [row["reference"] for row in read(browser, "view=all&ordering=-created_at")] == names[::-1]
    assert sorted(row["reference"] for row in read(browser, "view=all")) == sorted(names)


def test_only_what_the_list_shows(browser, ticket, by, eli):
    operations.create(subject="Secret", confidential=True, by=by(eli))
    assert [row["reference"] for row in read(browser, "view=all")] == [ticket.reference]
    assert read(browser, "priority=P0") == []


def test_own_fields_have_columns(browser, desk, by, ana):
    CustomField.objects.create(key="amount", label="Amount", type="number")
    operations.create(subject="s", custom={"amount": -5}, by=by(ana))
    assert read(browser, "custom.amount=-5&columns=reference,custom.amount")[0]["custom.amount"] == "-5"


def test_chosen_columns_and_those_of_a_view(browser, ticket, by, ana):
    assert list(read(browser, "view=all&columns=reference,status")[0]) == ["reference", "status"]
    view = save_view(name="Mine", query="view=all", shown=["clock", "owner", "kind"], by=by(ana))
    (row,) = read(browser, f"views/{view.slug}/export.csv")
    assert list(row) == ["reference", "subject", "organisation", "priority", "due_at", "assignee", "kind"]


@pytest.mark.parametrize("asked", ["columns=password", "priority=P9", "ordering=secret"])
def test_what_cannot_be_read_is_refused(browser, ticket, asked):
    read(browser, asked, status=400)


def test_too_much_is_refused_with_the_way_out(browser, ticket, by, ana, monkeypatch):
    monkeypatch.setattr(export, "MOST_ROWS", 1)
    operations.create(subject="s", by=by(ana))
    assert "Narrow the filter" in read(browser, "view=all", status=400)
    assert len(read(browser, "organisation=acme")) == 1


def test_customers_have_no_export(client, casey, ticket):
    client.force_login(casey)
    assert client.get("/tickets/export.csv").status_code == 404


def test_the_queue_leads_to_its_export(browser, ticket):
    page = browser.get("/tickets/?priority=P2").content.decode()
    assert "/tickets/export.csv?priority=P2" in page
