"""Whoever reported it hears once that it works again; what one may not see is nowhere."""

from __future__ import annotations

import pytest

from core.common.actor import system
from core.common.errors import Conflict
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from customers.models import Contact
from incidents import operations, queries
from incidents.models import Answer
from tests.incidents.conftest import at
from tickets import operations as tickets
from tickets.models import Entry, Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]
WORKS = "Cards work again."


@pytest.fixture
def asker(acme, casey):
    return Contact.objects.create(
        organisation=acme, user=casey, name="Casey Cole", email="casey@acme.example"
    )


@pytest.fixture
def report(declared, ana, by, asker):
    """`report()`: one more ticket of Casey's, linked to the incident unless told otherwise."""

    def make(linked=True, **facts):
        ticket = tickets.create(**{"subject": "Till 3 fails", "requester": asker, **facts}, by=by(ana))
        if linked:
            operations.link_work(declared.reference, to=ticket.reference, by=by(ana))
        return ticket

    return make


def restore(incident, ira, by, **more):
    return operations.declare_restored(incident.reference, body=WORKS, severity="SEV2", **more, by=by(ira))


def answers(ticket):
    return [entry.body for entry in Entry.objects.filter(ticket=ticket, kind=Entry.Kind.PUBLIC_REPLY)]


def test_each_requester_is_answered_once_in_their_words(declared, report, ira, by):
    one, two = report(), report()
    nobody, closed = report(requester=None), report()
    Ticket.objects.filter(pk=closed.pk).update(
        status="closed", closed_at=at("10:00"), resolved_at=at("10:00")
    )

    restore(declared, ira, by, answer="You can pay again.")
    assert answers(one) == []  # nothing is sent inside the operation
    for _ in range(3):
        sweeps.run_due()

    said = "You can pay again.\n\nThe service was restored at 10:02 UTC.\n\nIf it still fails for you, answer here."
    assert (answers(one), answers(two)) == ([said], [said])
    assert answers(nobody) == answers(closed) == []
    sent = OutgoingMessage.objects.filter(to="casey@acme.example", text__contains="You can pay again.")
    assert sent.count() == 2
    assert declared.reference not in said
    assert Entry.objects.filter(body=said).exclude(author_id=None).count() == 0


def test_an_answer_of_the_desk_is_no_human_response(declared, report, ira, by):
    ticket = report()
    restore(declared, ira, by)
    sweeps.run_due()

    ticket.refresh_from_db()
    assert (ticket.first_responded_at, ticket.status) == (None, "new")


def test_what_fails_again_before_the_answer_is_not_said(declared, report, ira, by):
    ticket = report()
    restore(declared, ira, by)
    operations.reopen(declared.reference, reason="Fails again", by=by(ira))
    sweeps.run_due()
    assert answers(ticket) == []

    restore(declared, ira, by)
    sweeps.run_due()
    assert len(answers(ticket)) == 1


def test_who_heard_of_an_earlier_restoration_is_asked_about(declared, report, ira, by, traveller):
    ticket = report()
    restore(declared, ira, by)
    sweeps.run_due()
    traveller.move_to(at("10:20"))
    operations.reopen(declared.reference, reason="Fails again", by=by(ira))
    restore(declared, ira, by)
    sweeps.run_due()
    assert len(answers(ticket)) == 1

    operations.answer_ticket(declared.reference, ticket=ticket.reference, tell=True, by=by(ira))
    sweeps.run_due()

    assert len(answers(ticket)) == 2
    with pytest.raises(Conflict, match="decided already"):
        operations.answer_ticket(declared.reference, ticket=ticket.reference, tell=True, by=by(ira))


def test_a_ticket_linked_afterwards_is_asked_about(client, declared, report, ira, by):
    restore(declared, ira, by)
    late, silent = report(), report()
    sweeps.run_due()
    assert answers(late) == []
    client.force_login(ira)
    url = f"/incidents/{declared.reference}/"
    assert "2 tickets came after" in client.get(url).content.decode()

    client.post(f"{url}answer_ticket/", {"ticket": late.reference, "tell": "on"})
    client.post(f"{url}answer_ticket/", {"ticket": silent.reference})
    sweeps.run_due()

    assert len(answers(late)) == 1 and answers(silent) == []
    page = client.get(url).content.decode()
    assert "came after" not in page and "answered 10:02" in page
    assert Answer.objects.get(ticket=silent).declined_by_label == "Ira Ivers"


def test_nobody_is_told_before_it_is_restored_nor_about_a_drill(declared, report, ira, ana, by, payments):
    ticket = report()
    with pytest.raises(Conflict, match="not restored"):
        operations.answer_ticket(declared.reference, ticket=ticket.reference, tell=True, by=by(ira))
    drill = operations.declare(title="Practice", applications=[payments], drill=True, by=by(ira))
    operations.link_work(drill.reference, to=ticket.reference, by=by(ana))

    restore(drill, ira, by)
    sweeps.run_due()

    assert answers(ticket) == []
    with pytest.raises(Conflict, match="nobody to tell"):
        operations.answer_ticket(drill.reference, ticket=ticket.reference, tell=True, by=by(ira))


def test_a_link_that_was_taken_away_is_not_answered(declared, report, ira, by):
    ticket = report()
    restore(declared, ira, by)
    operations.unlink_work(declared.reference, to=ticket.reference, by=by(ira))
    sweeps.run_due()

    assert answers(ticket) == []
    assert (
        queries.timeline(declared.reference, by=by(ira)).latest("id").body == f"{ticket.reference} taken off"
    )


# --- confidential -----------------------------------------------------------------------------------------
def test_a_confidential_ticket_is_nowhere_for_who_may_not_see_it(
    client, declared, report, ana, eli, ira, by, api
):
    open_one, secret = report(), report(subject="Salary file leaked")
    sweeps.run_due()  # the lines of the timeline
    tickets.take(secret.reference, by=by(ana))
    Ticket.objects.filter(pk=secret.pk).update(confidential=True)
    url = f"/incidents/{declared.reference}/"

    def seen_by(user):
        client.force_login(user)
        pages = [client.get(url), client.get(f"{url}live/")]
        calls = [
            api(user.username).get(f"{url}{end}") for end in ("", "timeline/", "history/", "linked_tickets/")
        ]
        return [answer.content.decode() for answer in (*pages, *calls)]

    for text in seen_by(ana):
        assert secret.reference in text
    for text in seen_by(eli):
        assert secret.reference not in text and "Salary" not in text
        assert open_one.reference in text
    restore(declared, ira, by)
    for text in seen_by(eli):
        assert secret.reference not in text
    sweeps.run_due()
    assert len(answers(secret)) == 1  # the requester is told all the same


def test_the_restore_dialog_counts_only_what_one_sees(client, declared, report, ana, ira, by):
    report()
    secret = report()
    tickets.take(secret.reference, by=by(ana))
    Ticket.objects.filter(pk=secret.pk).update(confidential=True)
    client.force_login(ira)

    page = client.get(f"/incidents/{declared.reference}/").content.decode()

    assert "The requesters of 1 linked ticket are answered" in page


def test_a_mistyped_reference_is_a_mistake_on_the_form(client, declared, ira):
    client.force_login(ira)

    answer = client.post(f"/incidents/{declared.reference}/link/", {"to": "TKT-999"})

    assert answer.status_code == 400
    assert "There is no TKT-999 here." in answer.content.decode()
    assert 'value="TKT-999"' in answer.content.decode()


def test_tickets_are_linked_and_taken_off_from_both_ends_and_in_bulk(declared, report, ana, ira, by, api):
    first, second = report(linked=False), report(linked=False)
    url = f"/incidents/{declared.reference}/"
    tickets.link(first.reference, to=declared.reference, kind="relates", by=by(ana))
    api("ana").post(
        "/tickets/bulk/",
        {"verb": "link", "tickets": [second.reference], "values": {"to": declared.reference}},
    )
    assert set(api("ira").get(url).json()["tickets"]) == {first.reference, second.reference}

    api("ira").post(f"{url}unlink/", {"to": first.reference})
    tickets.unlink(second.reference, to=declared.reference, by=by(ana))

    assert api("ira").get(url).json()["tickets"] == []
    restore(declared, ira, by)
    sweeps.run_due()
    assert answers(first) == answers(second) == []
    assert queries.timeline(declared.reference, by=system()).filter(body__endswith="taken off").count() == 2
