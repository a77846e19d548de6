from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from core.audit.models import Event
from core.common.errors import Conflict, Invalid, NotAllowed, RuleBroken, Stale
from core.timers import sweeps
from core.timers.models import StuckRow
from tickets import recurrence_rules as rules
from tickets.models import Recurrence, Ticket
from tickets.operations import recurring

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 3, 16, 9, 0, tzinfo=PARIS)  # two weeks before the clocks go forward


def dates(rule, start, count=5, zone="Europe/Paris", after=None):
    start = start.astimezone(UTC)
    return rules.upcoming(rule, zone, start, after=after or start - timedelta(seconds=1), count=count)


def test_nine_oclock_stays_nine_oclock_when_the_clocks_change():
    found = dates("FREQ=WEEKLY", MONDAY, count=3)
    assert [f"{moment:%d %H:%M}" for moment in found] == ["16 08:00", "23 08:00", "30 07:00"]


def test_a_time_that_does_not_exist_moves_to_the_end_of_the_gap_and_one_that_exists_twice_comes_once():
    night = datetime(2026, 3, 28, 2, 30, tzinfo=PARIS)
    assert [f"{moment.astimezone(PARIS):%d %H:%M}" for moment in dates("FREQ=DAILY", night, count=3)] == [
        "28 02:30", "29 03:00", "30 02:30",
    ]  # fmt: skip
    autumn = datetime(2026, 10, 24, 2, 30, tzinfo=PARIS)
    found = dates("FREQ=DAILY", autumn, count=3)
    assert [f"{moment:%d %H:%M}" for moment in found] == ["24 00:30", "25 00:30", "26 01:30"]
    again = dates("FREQ=DAILY", autumn, count=1, after=found[1])
    assert again == found[2:]


@pytest.mark.parametrize(
    "rule, shown",
    [
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["31 Mar", "30 Apr", "31 May"]),
        ("FREQ=MONTHLY;BYDAY=1MO", ["06 Apr", "04 May", "01 Jun"]),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", ["16 Mar", "17 Mar", "18 Mar"]),
        ("FREQ=DAILY;COUNT=2", ["16 Mar", "17 Mar"]),
        ("FREQ=DAILY;UNTIL=20260317T235900", ["16 Mar", "17 Mar"]),
    ],
)
def test_the_rules_of_a_calendar(rule, shown):
    assert [f"{moment:%d %b}" for moment in dates(rule, MONDAY, count=3)] == shown


@pytest.mark.parametrize(
    "rule, said",
    [
        ("", "begins with FREQ"),
        ("FREQ=SECONDLY", "begins with FREQ"),
        ("FREQ=DAILY;BYHOUR=9", "cannot be used"),
        ("FREQ=DAILY;INTERVAL=0", "cannot be used"),
        ("FREQ=DAILY;BYMONTHDAY=30", "MONTHLY or YEARLY only"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never comes due"),
        ("FREQ=MONTHLY;BYMONTH=99", "cannot be read|never comes due"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_reason(rule, said):
    with pytest.raises(RuleBroken, match=said):
        rules.check(rule, "Europe/Paris", MONDAY)


def typed(*numbers):
    *wall, zone = numbers
    return rules.local(datetime(*wall, tzinfo=UTC).replace(tzinfo=None), zone)


def test_typed_times_that_do_not_exist_or_exist_twice_offer_both_neighbours():
    with pytest.raises(RuleBroken, match=r"does not exist.*01:30 .* or 03:30"):
        typed(2026, 3, 29, 2, 30, "Europe/Paris")
    with pytest.raises(RuleBroken, match=r"exists twice.*\+0200.*\+0100"):
        typed(2026, 10, 25, 2, 30, "Europe/Paris")
    assert typed(2026, 3, 16, 9, 0, "Europe/Paris") == MONDAY


VALUES = {
    "subject": "Check the certificates",
    "kind": "service_request",
    "organisation": "acme",
    "tags": ["round"],
}


@pytest.fixture
def weekly(desk, ana, by):
    with time_machine.travel(MONDAY - timedelta(days=1), tick=False):
        return recurring.save(
            name="Certificates",
            rule="FREQ=WEEKLY",
            zone="Europe/Paris",
            starts_at=MONDAY,
            values=VALUES,
            by=by(ana),
        )


@pytest.mark.django_db
def test_it_opens_a_ticket_when_due_and_waits_for_the_next(weekly, desk, ana):
    assert weekly.next_at == MONDAY
    with time_machine.travel(MONDAY, tick=False):
        sweeps.run("tickets.recurring")
        sweeps.run("tickets.recurring")
    made = Ticket.objects.get()
    assert (made.subject, made.organisation, made.tags, made.kind) == (
        "Check the certificates", desk.acme, ["round"], "service_request",
    )  # fmt: skip
    weekly.refresh_from_db()
    assert weekly.next_at == MONDAY + timedelta(days=7)
    assert Event.objects.get(name="ticket.recurred").actor_id == ana.pk


@pytest.mark.django_db
def test_four_missed_dates_make_exactly_one_ticket(weekly):
    late = MONDAY + timedelta(days=22, hours=5)
    with time_machine.travel(late, tick=False):
        sweeps.run("tickets.recurring")
    assert Ticket.objects.count() == 1
    assert Event.objects.get(name="ticket.recurred").data["missed"] == 3
    weekly.refresh_from_db()
    assert weekly.next_at.astimezone(PARIS) == datetime(2026, 4, 13, 9, 0, tzinfo=PARIS)


@pytest.mark.django_db
def test_resting_opens_nothing_and_makes_up_for_nothing(weekly, ana, by):
    recurring.switch(weekly.pk, on=False, by=by(ana))
    with pytest.raises(Conflict, match="rests already"):
        recurring.switch(weekly.pk, on=False, by=by(ana))
    with time_machine.travel(MONDAY + timedelta(days=8), tick=False):
        sweeps.run("tickets.recurring")
        assert not Ticket.objects.exists()
        assert recurring.switch(weekly.pk, on=True, by=by(ana)).next_at == datetime(
            2026, 3, 30, 9, 0, tzinfo=PARIS
        )


@pytest.mark.django_db
def test_it_runs_with_the_rights_of_its_owner(weekly, ana):
    ana.is_active = False
    ana.save()
    with time_machine.travel(MONDAY, tick=False):
        sweeps.run("tickets.recurring")
    assert not Ticket.objects.exists()
    assert "has left" in StuckRow.objects.get().error


@pytest.mark.django_db
def test_what_could_not_be_opened_is_not_saved(weekly, ana, kim, by):
    known = {"name": "n", "rule": "FREQ=DAILY", "zone": "UTC", "starts_at": MONDAY}
    for values in (
        {"subject": ""},
        {"subject": "s", "kind": "odd"},
        {"subject": "s", "team": "none"},
        {"subject": "s", "x": 1},
    ):
        with pytest.raises(Invalid):
            recurring.save(**known, values=values, by=by(ana))
    with pytest.raises(NotAllowed):
        recurring.save(**known, values=VALUES, by=by(kim))
    with pytest.raises(Stale):
        recurring.edit(weekly.pk, values={"name": "Other"}, if_version=7, by=by(ana))


FORM = {
    "name": "Backups", "starts_on": "2026-12-07", "at": "09:00", "zone": "Europe/Paris", "repeats": "own",
    "rule": "FREQ=MONTHLY;BYDAY=1MO", "subject": "Restore one", "kind": "service_request", "impact": "low",
    "urgency": "low",
}  # fmt: skip


@pytest.mark.django_db
@time_machine.travel(datetime(2026, 11, 21, 12, tzinfo=UTC), tick=False)
def test_the_pages(client, desk, ana, by):
    client.force_login(ana)
    assert "Nothing comes again" in client.get("/tickets/recurring/").content.decode()
    assert "Mon 7 Dec 2026, 09:00" in client.get("/tickets/recurring/preview/", FORM).content.decode()
    assert "Choose the first date" in client.get("/tickets/recurring/preview/").content.decode()

    answer = client.post("/tickets/recurring/new/", FORM)

    made = Recurrence.objects.get()
    assert answer.url == f"/tickets/recurring/{made.pk}/"
    page = client.get(answer.url).content.decode()
    assert "Mon 5 Apr 2027, 09:00" in page and 'value="own" selected' in page
    assert "Backups" in client.get("/tickets/recurring/").content.decode()
    refused = client.post(answer.url, {**FORM, "rule": "FREQ=HOURLY", "version": made.version})
    assert refused.status_code == 400 and "begins with FREQ" in refused.content.decode()
    client.post(answer.url, {**FORM, "repeats": "weekly", "version": made.version})
    made.refresh_from_db()
    assert (made.rule, made.values["subject"]) == ("FREQ=WEEKLY", "Restore one")
    client.post(f"{answer.url}switch/", {})
    assert "rests" in client.get("/tickets/recurring/").content.decode()
