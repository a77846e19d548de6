"""Replies that go out eight seconds later: undone, sent once, or given back with the reason."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from core.common import clock
from core.common.actor import Door
from core.common.errors import Conflict, NotFound, RuleBroken
from core.timers import sweeps
from sla.models import Clock
from tickets import operations, queries
from tickets.models import Entry, HeldReply, Ticket
from worklog import queries as worklog
from worklog.models import Attachment, RunningTimer, TimeEntry

pytestmark = pytest.mark.django_db
START = "2026-11-23 10:00:00+00:00"


@pytest.fixture
def frozen():
    with time_machine.travel(START, tick=False) as machine:
        yield machine


@pytest.fixture
def as_ana(frozen, by, ana):
    return by(ana)


def send(ticket, actor, text="We are on it.", last_seen=0, **more):
    return operations.send_soon(ticket.reference, body=text, last_seen=last_seen, by=actor, **more)


def pass_time(machine, seconds):
    machine.shift(timedelta(seconds=seconds))
    sweeps.run_due()


def test_it_goes_out_after_eight_seconds_and_only_then_meets_the_clock(frozen, ticket, as_ana):
    held = send(ticket, as_ana)
    pass_time(frozen, 7)
    assert Entry.objects.count() == 0
    assert Clock.objects.get(subject_id=ticket.pk, goal="first_response").met_at is None
    pass_time(frozen, 1)
    entry = Entry.objects.get()
    assert (entry.body, entry.kind, entry.created_at) == ("We are on it.", "public_reply", clock.now())
    assert Clock.objects.get(subject_id=ticket.pk, goal="first_response").met_at == clock.now()
    held.refresh_from_db()
    assert (held.entry, held.release_at) == (entry, None)


def test_undo_gives_the_text_back_and_nothing_goes_out(frozen, ticket, as_ana):
    held = send(ticket, as_ana)
    operations.take_back(ticket.reference, held=held.pk, by=as_ana)
    pass_time(frozen, 60)
    assert Entry.objects.count() == 0
    assert worklog.draft_of(ticket, as_ana).text == "We are on it."


def test_undo_comes_too_late_once_it_is_sent(frozen, ticket, as_ana):
    held = send(ticket, as_ana)
    pass_time(frozen, 8)
    with pytest.raises(Conflict):
        operations.take_back(ticket.reference, held=held.pk, by=as_ana)
    assert Entry.objects.count() == 1


def test_undo_keeps_what_was_typed_in_the_meantime(frozen, ticket, as_ana):
    held = send(ticket, as_ana)
    from_worklog = worklog.draft_of(ticket, as_ana)
    assert from_worklog is None  # sent text is no draft
    operations.keep_draft(ticket.reference, form="reply", text="And another thing", by=as_ana)
    operations.take_back(ticket.reference, held=held.pk, by=as_ana)
    assert worklog.draft_of(ticket, as_ana).text == "We are on it.\n\nAnd another thing"


def test_a_message_in_between_brings_it_back_and_nothing_is_lost(frozen, ticket, as_ana, by, casey):
    held = send(ticket, as_ana)
    operations.reply(ticket.reference, body="It works again!", public=True, by=by(casey))
    pass_time(frozen, 8)
    held.refresh_from_db()
    assert (held.entry, held.release_at, held.body) == (None, None, "We are on it.")
    assert "It works again!" in held.note
    assert list(queries.held_replies(ticket)) == [held]


def test_a_message_before_sending_brings_it_back_at_once(ticket, as_ana, by, casey):
    operations.reply(ticket.reference, body="It works again!", public=True, by=by(casey))
    held = send(ticket, as_ana, last_seen=0)
    assert held.release_at is None
    assert "It works again!" in held.note


def test_send_anyway_needs_the_newest_message_to_be_read(frozen, ticket, as_ana, by, casey):
    first = operations.reply(ticket.reference, body="First", public=True, by=by(casey))
    held = send(ticket, as_ana, last_seen=0)
    second = operations.reply(ticket.reference, body="Second", public=True, by=by(casey))
    still = operations.send_now(ticket.reference, held=held.pk, last_seen=first.pk, by=as_ana)
    assert still.entry is None
    assert "Second" in still.note
    sent = operations.send_now(ticket.reference, held=held.pk, last_seen=second.pk, by=as_ana)
    assert sent.entry.body == "We are on it."


def test_of_two_who_answer_within_the_eight_seconds_the_second_is_asked(frozen, ticket, as_ana, by, eli):
    send(ticket, as_ana, "From Ana")
    frozen.shift(timedelta(seconds=2))
    second = send(ticket, by(eli), "From Eli")
    pass_time(frozen, 20)
    assert list(Entry.objects.values_list("body", flat=True)) == ["From Ana"]
    second.refresh_from_db()
    assert "From Ana" in second.note


def test_a_second_release_of_the_same_row_sends_nothing(frozen, ticket, as_ana):
    held = send(ticket, as_ana)
    frozen.shift(timedelta(seconds=8))
    operations.held.release(held, clock.now())
    operations.held.release(held, clock.now())  # a worker that read the row before the first one was through
    assert Entry.objects.count() == 1


def test_the_ticket_waits_or_is_resolved_when_it_goes_out(frozen, ticket, as_ana):
    send(ticket, as_ana, then="waiting")
    assert Ticket.objects.get().status == "new"
    pass_time(frozen, 8)
    assert Ticket.objects.get().status == "waiting"
    file = SimpleUploadedFile("shot.txt", b"seen", "text/plain")
    held = send(ticket, as_ana, "Fixed now.", then="resolved:fixed", files=[file])
    pass_time(frozen, 8)
    found = Ticket.objects.get()
    held.refresh_from_db()
    assert (found.status, found.resolution_code, held.entry.body) == ("resolved", "fixed", "Fixed now.")
    assert Attachment.objects.get().entry_id == held.entry.pk


def test_a_status_that_is_not_on_the_list_is_refused(ticket, as_ana):
    for wrong in ("closed", "resolved", "resolved:magic"):
        with pytest.raises(RuleBroken):
            send(ticket, as_ana, then=wrong)
    assert HeldReply.objects.count() == 0


def test_files_go_along_and_come_back(frozen, ticket, as_ana, by, casey, eli):
    file = SimpleUploadedFile("log.txt", b"code 91", "text/plain")
    held = send(ticket, as_ana, files=[file])
    assert list(worklog.attachments_of(ticket, by(casey))) == []  # not before it is sent
    operations.take_back(ticket.reference, held=held.pk, by=as_ana)
    others = send(ticket, by(eli), "Mine", kept_files=held.files)
    assert others.files == []  # nobody sends another one's files
    again = send(ticket, as_ana, "Again", kept_files=held.files)
    operations.take_back(ticket.reference, held=others.pk, by=by(eli))
    pass_time(frozen, 8)
    again.refresh_from_db()
    assert [found.file.name for found in worklog.attachments_of(ticket, by(casey))] == ["log.txt"]
    assert Attachment.objects.get().entry_id == again.entry.pk


def test_nobody_undoes_anothers_reply(ticket, as_ana, by, eli):
    held = send(ticket, as_ana)
    with pytest.raises(NotFound):
        operations.take_back(ticket.reference, held=held.pk, by=by(eli))


def test_who_left_the_desk_sends_nothing_more(frozen, ticket, as_ana, ana):
    held = send(ticket, as_ana)
    ana.is_active = False
    ana.save()
    pass_time(frozen, 8)
    held.refresh_from_db()
    assert held.entry is None
    assert "does not work here" in held.note


def test_the_api_sends_at_once(ticket, by, ana):
    operations.reply(ticket.reference, body="At once", public=True, by=by(ana, Door.API))
    assert Entry.objects.get().body == "At once"


def test_its_minutes_are_logged_when_it_goes_out(frozen, ticket, as_ana):
    frozen.move_to("2026-11-23 23:59:55+00:00")
    send(ticket, as_ana, minutes=20)
    pass_time(frozen, 7)
    assert not TimeEntry.objects.exists()
    pass_time(frozen, 1)
    entry = TimeEntry.objects.get()
    assert (entry.minutes, entry.activity, entry.on_date.isoformat()) == (20, "communication", "2026-11-23")


def test_undone_and_sent_again_its_minutes_are_logged_once(frozen, ticket, as_ana):
    held = send(ticket, as_ana, minutes=20)
    operations.take_back(ticket.reference, held=held.pk, by=as_ana)
    send(ticket, as_ana, "We are on it, truly.", minutes=20)
    pass_time(frozen, 8)
    assert [entry.minutes for entry in TimeEntry.objects.all()] == [20]


def test_minutes_of_a_reply_that_came_back_are_logged_once(frozen, ticket, as_ana, by, casey):
    newer = operations.reply(ticket.reference, body="It works again!", public=True, by=by(casey))
    held = send(ticket, as_ana, last_seen=0, minutes=20)
    assert not TimeEntry.objects.exists()
    operations.send_now(ticket.reference, held=held.pk, last_seen=newer.pk, by=as_ana)
    assert TimeEntry.objects.get().minutes == 20


def test_undo_lets_the_timer_run_on_from_its_start(frozen, ticket, as_ana):
    operations.start_timer(ticket.reference, by=as_ana)
    started = clock.now()
    frozen.shift(timedelta(minutes=12))
    held = send(ticket, as_ana, minutes=15)
    assert not RunningTimer.objects.exists()
    operations.take_back(ticket.reference, held=held.pk, by=as_ana)
    assert RunningTimer.objects.get().started_at == started


def test_undo_does_not_stop_a_timer_that_was_started_elsewhere(frozen, ticket, as_ana):
    operations.start_timer(ticket.reference, by=as_ana)
    held = send(ticket, as_ana, minutes=15)
    other = operations.create(subject="Other", by=as_ana)
    operations.start_timer(other.reference, by=as_ana)
    operations.take_back(ticket.reference, held=held.pk, by=as_ana)
    assert RunningTimer.objects.get().subject_id == other.pk


def test_minutes_come_back_into_the_box_until_they_are_logged(frozen, ticket, as_ana, client, ana):
    client.force_login(ana)
    there = f"/tickets/{ticket.reference}/"
    box = 'aria-label="Minutes to log" value="{}"'
    operations.start_timer(ticket.reference, by=as_ana)
    frozen.shift(timedelta(minutes=12))
    client.post(f"{there}reply/", {"kind": "reply", "text": "On it", "minutes": "25"})
    assert "25 min" in client.get(there).content.decode()  # beside the reply that is on its way
    client.post(f"{there}held/{HeldReply.objects.get().pk}/undo/")
    assert box.format(25) in client.get(there).content.decode()  # not the timer's 15
    client.post(f"{there}reply/", {"kind": "note", "text": "A note after all", "minutes": "25"})
    operations.keep_draft(ticket.reference, form="reply", text="Next", by=as_ana)
    assert box.format("") in client.get(there).content.decode()
    assert TimeEntry.objects.get().minutes == 25


def test_wrong_minutes_hold_no_reply_and_stay_in_the_box(ticket, as_ana, client, ana):
    with pytest.raises(RuleBroken):
        send(ticket, as_ana, minutes=1441)
    client.force_login(ana)
    page = client.post(
        f"/tickets/{ticket.reference}/reply/", {"kind": "reply", "text": "x", "minutes": "1441"}
    )
    assert page.status_code == 422 and 'value="1441"' in page.content.decode()
    assert not HeldReply.objects.exists()
