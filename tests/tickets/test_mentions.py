"""Naming people in notes, watching, and what both may and may not do."""

import pytest

from core.common.actor import Door
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from tickets import mentions, operations, queries
from tickets.models import Entry, Ticket
from worklog import queries as worklog
from worklog.models import Mention

pytestmark = pytest.mark.django_db


def note(ticket, actor, body):
    return operations.reply(ticket.reference, body=body, public=False, by=actor)


def mailed(topic):
    sweeps.run_due()
    return list(OutgoingMessage.objects.filter(topic=topic).order_by("to").values_list("to", flat=True))


def test_an_address_names_nobody_and_a_name_counts_once():
    text = "@eli and @Eli, mail eli@desk.example, @lea."
    assert mentions.names(text) == ["eli", "lea"]


def test_who_is_named_watches_and_hears_of_it(ticket, by, ana, eli, lea):
    note(ticket, by(ana), "@eli can you look? @lea too. @nobody")
    assert {row.user for row in Mention.objects.all()} == {eli, lea}
    assert set(worklog.watchers_of(ticket)) == {eli, lea}
    assert mailed("ticket.mentioned") == ["eli@desk.example", "lea@desk.example"]
    text = OutgoingMessage.objects.filter(topic="ticket.mentioned").first().text
    assert "can you look" not in text  # the note stays on the page


def test_naming_never_lets_anybody_see_more(ticket, by, ana, eli, kim, casey):
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    note(ticket, by(ana), "@eli @kim @casey look")
    assert Mention.objects.count() == 0
    assert not Ticket.objects.visible_to(by(eli)).exists()
    assert mailed("ticket.mentioned") == []


def test_who_does_not_read_notes_is_not_named_and_the_writer_is_told(client, ticket, by, ana, kim):
    client.force_login(ana)
    page = client.post(
        f"/tickets/{ticket.reference}/reply/", {"kind": "note", "text": "@kim @ana look"}, follow=True
    )
    assert Mention.objects.count() == 0  # nobody names themselves either
    assert "Not told: @kim." in page.content.decode()


def test_a_name_in_a_public_reply_names_nobody(ticket, by, ana, eli):
    operations.reply(ticket.reference, body="@eli looks at it", public=True, by=by(ana))
    assert Mention.objects.count() == 0


def test_where_one_was_named_is_a_view_until_one_has_looked(client, ticket, by, ana, eli):
    note(ticket, by(ana), "@eli look")
    view = queries.views(by(eli), ticket.created_at)["mentioned"][1]
    assert list(view) == [ticket]
    client.force_login(eli)
    client.post(f"/tickets/{ticket.reference}/here/")
    assert not view.all().exists()


def test_watchers_hear_of_messages_and_status_but_not_of_their_own(ticket, by, ana, eli, casey):
    for user in (ana, eli):
        operations.watch(ticket.reference, by=by(user))
    operations.wait(ticket.reference, reason="Number of the terminal", by=by(ana))
    assert mailed("ticket.watched") == ["eli@desk.example"]
    operations.reply(ticket.reference, body="Till 7", public=True, by=by(casey))
    assert mailed("ticket.watched") == ["ana@desk.example", "eli@desk.example", "eli@desk.example"]


def test_the_assignee_who_watches_hears_of_a_message_once(ticket, by, ana, casey):
    operations.take(ticket.reference, by=by(ana))
    operations.watch(ticket.reference, by=by(ana))
    operations.reply(ticket.reference, body="Till 7", public=True, by=by(casey))
    sweeps.run_due()
    assert OutgoingMessage.objects.filter(to="ana@desk.example").count() == 1


def test_who_watches_no_longer_hears_no_longer(ticket, by, ana, eli):
    operations.watch(ticket.reference, by=by(eli))
    operations.unwatch(ticket.reference, by=by(eli))
    operations.wait(ticket.reference, reason="Number", by=by(ana))
    assert mailed("ticket.watched") == []


def test_mail_about_a_confidential_ticket_hides_its_subject(ticket, by, ana, eli):
    operations.watch(ticket.reference, by=by(eli))
    operations.watch(ticket.reference, by=by(ana))
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    note(ticket, by(ana), "@eli look")
    operations.wait(ticket.reference, reason="Number", by=by(ana))
    sweeps.run_due()
    sent = OutgoingMessage.objects.filter(topic__in=["ticket.watched", "ticket.mentioned"])
    assert sent.count() == 2
    assert not [m for m in sent if "Card payments" in m.subject + m.text]


def test_tags_are_edited_with_those_in_use_offered(client, ticket, by, ana, eli, desk):
    other = operations.create(subject="Other", tags=["weekend"], by=by(ana, Door.WEB))
    client.force_login(ana)
    assert "weekend" in client.get(f"/tickets/{ticket.reference}/?open=tags").content.decode()
    client.post(f"/tickets/{ticket.reference}/tags/", {"tags": ["weekend"], "new": "card, till  7,"})
    assert Ticket.objects.get(pk=ticket.pk).tags == ["weekend", "card", "till 7"]
    operations.edit(other.reference, values={"confidential": True, "tags": ["secretword"]}, by=by(ana))
    assert "secretword" not in queries.tags_in_use(by(eli))


def test_a_note_stays_a_note(ticket, by, ana, eli):
    assert note(ticket, by(ana), "@eli look").kind == Entry.Kind.INTERNAL_NOTE
