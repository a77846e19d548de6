from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from core.audit.models import Event
from core.common.errors import Conflict, NotAllowed, RuleBroken
from tests.api.conftest import Api, token_for
from tickets import operations, queries
from tickets.models import Ticket
from worklog import queries as worklog
from worklog.models import Attachment, Link

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def test_a_message_of_the_customer_becomes_a_linked_ticket_with_its_files(ticket, ana, casey, by):
    file = SimpleUploadedFile("log.txt", b"line", content_type="text/plain")
    said = operations.reply(
        ticket.reference, body="And the printer jams", public=True, files=[file], by=by(casey)
    )

    made = operations.split(ticket.reference, entry=said.pk, subject="Printer jams", by=by(ana))

    assert (made.subject, made.description) == ("Printer jams", "And the printer jams")
    assert (made.requester, made.organisation, made.application) == (
        ticket.requester, ticket.organisation, ticket.application,
    )  # fmt: skip
    assert [link.work for link in worklog.links_of(made, by(ana))] == [ticket]
    assert [found.file.name for found in worklog.attachments_of(made, by(ana))] == ["log.txt"]
    assert said.pk in ticket.entries.values_list("pk", flat=True)
    assert Event.objects.get(name="ticket.split").data["to"] == made.reference


def test_the_same_message_is_split_once_and_only_the_customers(ticket, ana, casey, kim, by):
    said = operations.reply(ticket.reference, body="x", public=True, by=by(casey))
    note = operations.reply(ticket.reference, body="secret", public=False, by=by(ana))
    with pytest.raises(RuleBroken, match="Only a message of the customer"):
        operations.split(ticket.reference, entry=note.pk, subject="s", by=by(ana))
    with pytest.raises(RuleBroken, match="no such message"):
        operations.split(ticket.reference, entry=note.pk + 99, subject="s", by=by(ana))
    with pytest.raises(NotAllowed):
        operations.split(ticket.reference, entry=said.pk, subject="s", by=by(kim))
    operations.split(ticket.reference, entry=said.pk, subject="s", by=by(ana))
    with pytest.raises(Conflict, match="became TKT-"):
        operations.split(ticket.reference, entry=said.pk, subject="s", by=by(ana))


def test_what_is_confidential_stays_so(ticket, ana, casey, by):
    operations.take(ticket.reference, by=by(ana))
    said = operations.reply(ticket.reference, body="x", public=True, by=by(casey))
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    made = operations.split(ticket.reference, entry=said.pk, subject="s", by=by(ana))
    assert made.confidential
    assert queries.get_for(made.reference, by=by(ana)) == made


def test_splitting_from_the_page(client, ticket, ana, casey, by):
    said = operations.reply(ticket.reference, body="And the printer", public=True, by=by(casey))
    client.force_login(ana)
    page = client.get(f"/tickets/{ticket.reference}/?open=split&entry={said.pk}").content.decode()
    assert f'value="{said.pk}"' in page and 'name="entry"' in page
    answer = client.post(f"/tickets/{ticket.reference}/split/", {"entry": said.pk, "subject": "Printer"})
    assert answer.url == f"/tickets/{Ticket.objects.get(subject='Printer').reference}/"


@pytest.fixture
def long_closed(ticket, ana, by):
    with time_machine.travel(MONDAY, tick=False):
        operations.resolve(ticket.reference, code="fixed", note="Done", breach_cause="x", by=by(ana))
        return operations.close(ticket.reference, by=by(ana))


def test_a_reply_after_14_days_opens_a_linked_ticket(long_closed, casey, by):
    with time_machine.travel(MONDAY + timedelta(days=15), tick=False):
        said = operations.reply(long_closed.reference, body="Again!", public=True, by=by(casey))

    made = said.ticket
    assert made != long_closed
    assert (made.subject, made.requester, made.status) == (long_closed.subject, long_closed.requester, "new")
    assert queries.fresh(long_closed).status == "closed"
    assert Link.objects.get(subject_id=made.pk).to_id == long_closed.pk
    assert queries.fresh(made).customer_replied_at == MONDAY + timedelta(days=15)
    assert Event.objects.get(name="ticket.followed_up").data["to"] == made.reference


def test_within_14_days_the_same_ticket_opens_again(long_closed, casey, by):
    with time_machine.travel(MONDAY + timedelta(days=14), tick=False):
        said = operations.reply(long_closed.reference, body="Again!", public=True, by=by(casey))
    assert said.ticket == long_closed
    assert queries.fresh(long_closed).status == "open"


def test_a_file_of_a_late_reply_lies_on_the_new_ticket(long_closed, casey, by):
    file = SimpleUploadedFile("a.txt", b"x", content_type="text/plain")
    said = operations.reply(long_closed.reference, body="See", public=True, files=[file], by=by(casey))
    assert Attachment.objects.get().subject_id == said.ticket_id


def test_portal_and_api_tell_the_new_reference(client, long_closed, casey, by):
    said = Api(token_for("casey")).post(f"/tickets/{long_closed.reference}/reply/", {"body": "Again"}).json()
    assert said["ticket"] == Ticket.objects.latest("pk").reference != long_closed.reference
    client.force_login(casey)
    assert "opens a new one" in client.get(f"/portal/{long_closed.reference}/").content.decode()
    answer = client.post(f"/portal/{long_closed.reference}/reply/", {"text": "And again"})
    assert answer.url == f"/portal/{Ticket.objects.latest('pk').reference}/"
    assert f"We opened {Ticket.objects.latest('pk').reference}" in client.get(answer.url).content.decode()
