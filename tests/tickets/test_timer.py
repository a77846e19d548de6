"""The timer and the time of a ticket."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.audit.models import Event
from core.common.errors import Conflict, NotAllowed, NotFound
from tests.api.conftest import Api, problem, token_for
from tickets import operations
from worklog.models import RunningTimer, TimeEntry
from worklog.rules import rounded

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def browser(client, ana):
    with time_machine.travel(NINE, tick=False):
        client.force_login(ana)
    return client


@pytest.fixture
def running(ticket, by, ana):
    """Ana's timer runs on the ticket since nine."""
    with time_machine.travel(NINE, tick=False):
        operations.start_timer(ticket.reference, by=by(ana))
    return RunningTimer.objects.get()


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [(0, 5), (1, 5), (300, 5), (301, 10), (720, 15), (86_400, 1440), (200_000, 1440)],
)
def test_a_timer_offers_five_minutes_up(seconds, minutes):
    assert rounded(timedelta(seconds=seconds)) == minutes


def test_it_survives_the_reload_and_offers_its_time(browser, ticket, running):
    with time_machine.travel(NINE + timedelta(minutes=12), tick=False):
        for _ in range(2):
            page = browser.get(f"/tickets/{ticket.reference}/").content.decode()
            assert f'data-since="{int(NINE.timestamp())}"' in page
            assert 'name="minutes" value="15"' in page


def test_starting_again_runs_on(ticket, running, by, ana):
    assert operations.start_timer(ticket.reference, by=by(ana)) is None
    assert RunningTimer.objects.get().started_at == NINE


def test_stopping_logs_what_the_person_made_of_it(browser, ticket, running):
    said = {"minutes": 20, "activity": "investigation", "note": "Read logs"}
    assert browser.post(f"/tickets/{ticket.reference}/timer_stop/", said).status_code == 302
    entry = TimeEntry.objects.get()
    assert (entry.minutes, entry.note) == (20, "Read logs") and not RunningTimer.objects.exists()
    assert browser.post(f"/tickets/{ticket.reference}/timer_stop/", said).status_code == 409
    assert TimeEntry.objects.count() == 1


def test_discarding_logs_nothing(browser, ticket, running):
    assert browser.post(f"/tickets/{ticket.reference}/timer_discard/").status_code == 302
    assert not RunningTimer.objects.exists() and not TimeEntry.objects.exists()


def test_starting_elsewhere_stops_it_and_offers_its_time(browser, ticket, running, by, ana):
    other = operations.create(subject="Other", by=by(ana))
    with time_machine.travel(NINE + timedelta(minutes=12), tick=False):
        answer = browser.post(f"/tickets/{other.reference}/timer_start/")
        page = browser.get(answer.url.partition("#")[0]).content.decode()
    assert RunningTimer.objects.get().subject_id == other.pk
    assert "Your timer on" in page and 'name="minutes" value="15"' in page
    assert Event.objects.get(name="ticket.timer_stopped").data == {"minutes": 15}


@pytest.mark.parametrize(
    "nonsense", ["TKT-99&offered=5", "TKT-1&offered=x", "TKT-1&offered=9999", "x&offered=5"]
)
def test_a_made_up_offer_is_not_shown(browser, ticket, nonsense):
    page = browser.get(f"/tickets/{ticket.reference}/?offer={nonsense}")
    assert page.status_code == 200 and "Your timer on" not in page.content.decode()


def test_two_people_have_two_timers(ticket, running, by, eli):
    assert operations.start_timer(ticket.reference, by=by(eli)) is None
    assert RunningTimer.objects.count() == 2


def test_only_the_author_takes_time_back_and_only_today(ticket, by, ana, eli):
    with time_machine.travel(NINE, tick=False):
        entry = operations.log_time(ticket.reference, minutes=50, activity="fix", note="typo", by=by(ana))
        with pytest.raises(NotAllowed):
            operations.delete_time(ticket.reference, entry=entry.pk, by=by(eli))
    with time_machine.travel(NINE + timedelta(days=1), tick=False), pytest.raises(Conflict):
        operations.delete_time(ticket.reference, entry=entry.pk, by=by(ana))
    with time_machine.travel(NINE + timedelta(hours=3), tick=False):
        operations.delete_time(ticket.reference, entry=entry.pk, by=by(ana))
        with pytest.raises(NotFound):
            operations.delete_time(ticket.reference, entry=entry.pk, by=by(ana))
    assert not TimeEntry.objects.exists()
    event = Event.objects.get(name="ticket.time_deleted")
    assert event.before == {"minutes": 50, "activity": "fix", "note": "typo"}


def test_time_of_another_ticket_is_not_taken_back_here(ticket, by, ana):
    other = operations.create(subject="Other", by=by(ana))
    entry = operations.log_time(other.reference, minutes=5, activity="fix", by=by(ana))
    with pytest.raises(NotFound):
        operations.delete_time(ticket.reference, entry=entry.pk, by=by(ana))


def test_the_report_adds_up(browser, ticket, by, ana, eli):
    for person, minutes in ((ana, 10), (eli, 25), (ana, 20)):
        operations.log_time(ticket.reference, minutes=minutes, activity="fix", by=by(person))
    page = browser.get(f"/tickets/{ticket.reference}/time/").content.decode()
    assert "55 min in total" in page and "30 min" in page
    assert page.count("Take back") == 2
    browser.post(
        f"/tickets/{ticket.reference}/time_delete/",
        {"entry": TimeEntry.objects.filter(person=ana).first().pk},
    )
    assert TimeEntry.objects.count() == 2


def test_the_list_of_times_is_filtered(ticket, by, ana, eli):
    with time_machine.travel(NINE, tick=False):
        mine = operations.log_time(ticket.reference, minutes=5, activity="fix", by=by(ana))
    with time_machine.travel(NINE + timedelta(days=1), tick=False):
        operations.log_time(ticket.reference, minutes=7, activity="fix", by=by(eli))
    api = Api(token_for("ana"))
    for asked in ("person=ana", "on_date_before=2026-11-24", f"ticket={ticket.reference}&person=ana"):
        assert [row["id"] for row in api.get(f"/time-entries/?{asked}").json()["results"]] == [mine.pk], asked
    assert [
        row["minutes"] for row in api.get("/time-entries/?on_date_after=2026-11-24").json()["results"]
    ] == [7]
    problem(api.get("/time-entries/?on_date_after=soon"), 400)


def test_a_reply_logs_its_minutes_and_ends_the_timer_here(browser, ticket, running):
    said = {"kind": "note", "text": "Looked at it", "minutes": "15"}
    assert browser.post(f"/tickets/{ticket.reference}/reply/", said).status_code == 302
    assert TimeEntry.objects.get().minutes == 15 and not RunningTimer.objects.exists()


def test_a_reply_without_minutes_leaves_the_timer(browser, ticket, running):
    browser.post(f"/tickets/{ticket.reference}/reply/", {"kind": "note", "text": "Looked at it"})
    assert RunningTimer.objects.exists() and not TimeEntry.objects.exists()
