import pytest

from core.common import clock
from tickets import operations
from tickets.models import Ticket
from worklog.models import Mention, RunningTimer, Watcher

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(client, desk, ana):
    client.force_login(ana)
    return lambda: client.get("/my/").content.decode()


def test_my_tickets_stand_in_the_work_order(mine, desk, ana, by):
    calm, urgent = (
        operations.create(subject=subject, requester=desk.casey, impact=level, urgency=level, by=by(ana))
        for subject, level in (("Calm one", "low"), ("Urgent one", "high"))
    )
    other = operations.create(subject="Of nobody", by=by(ana))
    for ticket in (calm, urgent):
        operations.take(ticket.reference, by=by(ana))
    text = mine()
    assert text.index("Urgent one") < text.index("Calm one")
    assert other.subject not in text


def test_mentions_and_watched_tickets_of_others(mine, ticket, ana, eli, by):
    other = operations.create(subject="Watched one", by=by(eli))
    Mention.objects.create(subject_kind="ticket", subject_id=ticket.pk, user=ana, at=clock.now())
    Watcher.objects.create(subject_kind="ticket", subject_id=other.pk, user=ana)
    text = mine()
    assert "Mentioned" in text and ticket.subject in text
    assert "Watched one" in text.split("Watched</h2>")[1]
    Mention.objects.update(seen_at=clock.now())
    assert "Mentioned" not in mine()


def test_a_running_timer_shows_where_it_runs(mine, ticket, ana):
    RunningTimer.objects.create(subject_kind="ticket", subject_id=ticket.pk, user=ana, started_at=clock.now())
    assert f'Your timer runs on <a class="link num" href="/tickets/{ticket.reference}/">' in mine()
    Ticket.objects.update(confidential=True)
    assert ticket.reference not in mine()


def test_an_empty_page_says_what_that_means(mine):
    assert "No open ticket is yours." in mine()


def test_it_costs_the_same_however_much_waits(client, desk, ana, by, django_assert_max_num_queries):
    client.force_login(ana)
    client.get("/my/")
    for n in range(12):
        ticket = operations.create(subject=f"Number {n}", requester=desk.casey, by=by(ana))
        operations.take(ticket.reference, by=by(ana))
        Mention.objects.create(subject_kind="ticket", subject_id=ticket.pk, user=ana, at=clock.now())
    with django_assert_max_num_queries(24):
        client.get("/my/")
