from datetime import UTC, datetime, timedelta

import pytest

from core.common.errors import RuleBroken
from customers.models import BusyWindow
from tickets import operations, queries, rules
from tickets.models import PriorityCell, Ticket

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def make(n, *, due=None, priority="P2", rank=2, age=0, organisation=None):
    return Ticket.objects.create(
        subject=f"Ticket {n}",
        priority=priority,
        customer_rank=rank,
        due_at=NOW + timedelta(minutes=due) if due is not None else None,
        created_at=NOW - timedelta(minutes=age),
        updated_at=NOW,
        organisation=organisation,
    )


def subjects(queue):
    return [ticket.subject.removeprefix("Ticket ") for ticket in queue.tickets]


def test_band_then_priority_then_customer_then_due_then_age():
    make("paused", priority="P0")
    make("later", due=60 * 20, priority="P0")
    make("today", due=300)
    make("hour-p1", due=50, priority="P1")
    make("hour-p2-key", due=20, rank=1)
    make("hour-p2-std-late", due=40)
    make("hour-p2-std-old", due=30, age=5)
    make("hour-p2-std-new", due=30, age=1)
    make("overdue", due=-5, priority="P3")

    assert subjects(queries.queue(Ticket.objects.all(), now=NOW)) == [
        "overdue",
        "hour-p1",
        "hour-p2-key",
        "hour-p2-std-old",
        "hour-p2-std-new",
        "hour-p2-std-late",
        "today",
        "later",
        "paused",
    ]


def test_a_busy_window_raises_the_customer_one_step(desk):
    make("key", due=20, rank=1, age=0)
    make("busy standard", due=10, rank=2, organisation=desk.bolt)
    assert subjects(queries.queue(Ticket.objects.all(), now=NOW))[0] == "key"

    BusyWindow.objects.create(
        organisation=desk.bolt, weekdays=[0], starts="07:00", ends="08:00", timezone="America/New_York"
    )

    page = queries.queue(Ticket.objects.all(), now=NOW)
    assert subjects(page)[0] == "busy standard"
    assert page.tickets[0].rank_reason == "Next hour, P2, standard customer in a busy window"


def test_pages_neither_repeat_nor_leave_out(desk):
    for n in range(23):
        make(n, due=None if n % 4 == 0 else (n % 7 - 3) * 40, priority=f"P{n % 3}", age=n % 5, rank=n % 4)
    whole = subjects(queries.queue(Ticket.objects.all(), now=NOW))

    seen, cursor = [], None
    while True:
        page = queries.queue(Ticket.objects.all(), cursor=cursor, limit=4, now=NOW)
        seen += subjects(page)
        cursor = page.next
        if cursor is None:
            break

    assert seen == whole and len(seen) == 23


@pytest.mark.parametrize("cursor", ["x", "W10=", "bnVsbA==", "WyJ4IiwgOTksIFsxLDIsMyw0LDVdXQ=="])
def test_a_foreign_cursor_is_refused(cursor):
    with pytest.raises(RuleBroken, match="not valid"):
        queries.queue(Ticket.objects.all(), cursor=cursor)


def test_a_paused_ticket_leaves_the_timed_bands(ticket, ana, by):
    operations.wait(ticket.reference, reason="x", by=by(ana))
    [placed] = queries.queue(Ticket.objects.all()).tickets
    assert placed.band == "paused"


def test_the_matrix_covers_all_nine_cells_and_the_admin_may_change_one(ticket, ana, by):
    assert len(queries.whole_matrix()) == 9
    PriorityCell.objects.create(impact="low", urgency="low", priority="P2")
    assert rules.priority_for(queries.matrix(), "low", "low") == "P2"
