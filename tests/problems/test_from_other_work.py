"""With real tickets: raising a problem, and what a ticket then shows."""

import pytest

from core.common.errors import NotFound
from problems import operations, panels
from problems.models import Problem
from tickets import operations as tickets
from tickets.models import Ticket


@pytest.fixture
def ticket(ana, by) -> Ticket:
    return tickets.create(subject="Export fails", by=by(ana))


def test_raised_from_a_real_ticket_it_is_linked_and_shown_there(ticket, ana, by):
    (offer,) = panels.on_ticket(ticket, by(ana)).rows
    assert offer.url == f"/problems/from/{ticket.reference}/"

    problem = operations.raise_problem(ticket.reference, by=by(ana))

    (row,) = panels.on_ticket(ticket, by(ana)).rows
    assert (row.text, row.note) == (f"{problem.reference} Export fails", "New")
    assert (problem.title, problem.priority, problem.source) == ("Export fails", ticket.priority, "recurring")


def test_a_customer_sees_no_problem_on_a_ticket(ticket, ana, casey, by):
    operations.raise_problem(ticket.reference, by=by(ana))

    assert panels.on_ticket(ticket, by(casey)).rows == []


def test_what_one_does_not_see_raises_nothing(ticket, ana, by):
    Ticket.objects.filter(pk=ticket.pk).update(confidential=True)

    with pytest.raises(NotFound):
        operations.raise_problem(ticket.reference, by=by(ana))


def test_by_the_page(client, ticket, ana):
    client.force_login(ana)
    assert client.get(f"/problems/from/{ticket.reference}/").status_code == 200

    client.post(f"/problems/from/{ticket.reference}/", {"title": "", "source": "recurring"})
    again = client.post(f"/problems/from/{ticket.reference}/", {"title": "Typed", "source": "recurring"})

    assert Problem.objects.count() == 1
    assert again.status_code == 409
    assert 'value="Typed"' in again.content.decode()
