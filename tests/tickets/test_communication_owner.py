"""One person speaks with the customer, even while others do the work; who that is can be changed by hand."""

from __future__ import annotations

import pytest

from core.audit import words
from core.audit.models import Event
from core.common.errors import Conflict, NotAllowed, RuleBroken
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from tests.api.conftest import Api, token_for
from tickets import operations, queries
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_the_new_owner_stands_there_and_in_the_trail(ticket, by, ana, lea):
    operations.take(ticket.reference, by=by(ana))
    found = operations.set_communication_owner(ticket.reference, person=lea, by=by(ana))
    assert (found.communication_owner, found.assignee) == (lea, ana)
    event = Event.objects.get(name="ticket.communication_owner_set")
    assert (event.before, event.after) == (
        {"communication_owner": ana.display_name}, {"communication_owner": "Lea Lind"},
    )  # fmt: skip
    assert words.sentence(event) == "asked Lea Lind to speak with the customer"


def test_who_is_it_already_is_a_conflict_and_writes_nothing(ticket, by, ana, lea):
    operations.set_communication_owner(ticket.reference, person=lea, by=by(ana))
    with pytest.raises(Conflict, match="already"):
        operations.set_communication_owner(ticket.reference, person=lea, by=by(ana))
    assert Event.objects.filter(name="ticket.communication_owner_set").count() == 1


def test_customers_and_who_left_cannot_be_it(ticket, by, ana, casey, lea):
    lea.is_active = False
    lea.save()
    for person in (casey, lea):
        with pytest.raises(RuleBroken, match="does not work on tickets"):
            operations.set_communication_owner(ticket.reference, person=person, by=by(ana))


def test_who_may_not_see_a_confidential_ticket_cannot_speak_about_it(ticket, by, ana, lea):
    operations.take(ticket.reference, by=by(ana))
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    with pytest.raises(RuleBroken, match="may not see"):
        operations.set_communication_owner(ticket.reference, person=lea, by=by(ana))
    operations.name_person(ticket.reference, person=lea, by=by(ana))
    assert (
        operations.set_communication_owner(ticket.reference, person=lea, by=by(ana)).communication_owner
        == lea
    )


def test_who_works_on_no_tickets_may_not(ticket, by, kim, lea):
    with pytest.raises(NotAllowed):
        operations.set_communication_owner(ticket.reference, person=lea, by=by(kim))


def test_what_is_closed_has_no_owner_to_change(ticket, by, ana, lea):
    Ticket.objects.update(status="closed")
    with pytest.raises(Conflict):
        operations.set_communication_owner(ticket.reference, person=lea, by=by(ana))


def test_the_form_on_the_page_and_the_api_do_the_same(ticket, client, ana, lea, eli):
    client.force_login(ana)
    assert "?open=speaker" in client.get(f"/tickets/{ticket.reference}/").content.decode()
    page = client.get(f"/tickets/{ticket.reference}/?open=speaker").content.decode()
    assert f"Who speaks with the customer of {ticket.reference}?" in page
    assert client.post(f"/tickets/{ticket.reference}/speaker/", {"person": "lea"}).status_code == 302
    assert queries.fresh(ticket).communication_owner == lea
    refused = client.post(f"/tickets/{ticket.reference}/speaker/", {"person": "nobody"})
    assert refused.status_code in (400, 422) and "Who speaks with" in refused.content.decode()
    api = Api(token_for("ana"))
    answer = api.post(f"/tickets/{ticket.reference}/set_communication_owner/", {"person": "eli"})
    assert (answer.status_code, answer.json()["communication_owner"]) == (200, "eli")
    again = api.post(f"/tickets/{ticket.reference}/set_communication_owner/", {"person": "eli"})
    assert again.status_code == 409
    hint = api.patch(f"/tickets/{ticket.reference}/", {"communication_owner": "lea"})
    assert hint.status_code == 400 and "set_communication_owner" in str(hint.json())


def test_the_new_owner_is_told_and_hears_what_the_customer_writes(ticket, by, ana, eli, lea, casey):
    operations.assign(ticket.reference, assignee=eli, by=by(ana))
    operations.set_communication_owner(ticket.reference, person=lea, by=by(ana))
    sweeps.run_due()
    (mail,) = OutgoingMessage.objects.filter(to=lea.email)
    assert "asked Lea Lind to speak with the customer" in mail.text
    operations.watch(ticket.reference, by=by(lea))
    operations.reply(ticket.reference, body="Still broken.", public=True, by=by(casey))
    sweeps.run_due()
    assert OutgoingMessage.objects.filter(to=lea.email).count() == 2  # once, though she watches it too
    assert OutgoingMessage.objects.filter(to=eli.email, text__contains="wrote").count() == 1
