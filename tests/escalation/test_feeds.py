"""Calendars by a secret address: what they hold, who reads them, what a change does to them, what they cost."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import icalendar
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.accounts.models import RoleGrant, User
from core.audit.models import Event
from core.common import ical
from core.common.errors import Conflict, NotFound, RuleBroken
from escalation import feeds, operations
from escalation.models import CalendarFeed, Shift
from tests.escalation.conftest import NOON
from tests.escalation.test_rosters import HOUR, MONDAY

DAY = timedelta(days=1)


@pytest.fixture
def made(house, by):
    """Ana's address of the shifts of Payments."""
    return operations.create_feed(team=house.payments, by=by(house.ana))


def read(token, **headers):
    return Client().get(reverse("escalation:calendar", args=[token]), headers=headers)


def entries(token):
    """The entries of the calendar in order, parsed by the library and by `strictly`."""
    answer = read(token)
    assert answer.status_code == 200
    strictly(answer.content)
    return icalendar.Calendar.from_ical(answer.content).walk("VEVENT")


def strictly(content):
    """RFC 5545 by hand: CRLF, at most 75 octets a line, one name a line, the properties that must be there once."""
    assert content.endswith(b"\r\n") and b"\n" not in content.replace(b"\r\n", b"")
    lines = content.decode().split("\r\n")[:-1]
    assert max(len(line.encode()) for line in lines) <= 75
    content = re.sub(b"BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n", b"", content, flags=re.DOTALL)  # of an empty one
    whole = re.sub("\r\n[ \t]", "", content.decode()).split("\r\n")[:-1]
    assert whole[0] == "BEGIN:VCALENDAR" and whole[-1] == "END:VCALENDAR"
    assert all(re.match(r"[A-Z-]+[;:]", line) and line.isprintable() for line in whole)
    names = [line.split(";")[0].split(":")[0] for line in whole]
    assert names.count("PRODID") == names.count("VERSION") == 1
    for name in ("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "STATUS"):
        assert names.count(name) == names.count("BEGIN") - 1, name
    for line in whole:
        if line.startswith(("DTSTAMP", "DTSTART", "DTEND")):
            assert re.fullmatch(r"[A-Z]+:\d{8}T\d{6}Z", line), line  # UTC, so no VTIMEZONE


def facts(event):
    return (
        str(event["uid"]).split("@")[0],
        int(event["sequence"]),
        str(event["status"]),
        str(event["summary"]),
    )


# --- what it holds ----------------------------------------------------------------------------------------
def test_a_team_s_calendar_holds_its_shifts(house, made):
    first, second, *_ = entries(made.token)
    shift = Shift.objects.first()
    assert facts(first) == (f"shift-{shift.pk}", 0, "CONFIRMED", "Eli Engel on call: Payments engineering")
    assert (first.decoded("dtstart"), first.decoded("dtend")) == (shift.starts_at, MONDAY)
    assert facts(second)[3] == "Lea Lind on call: Payments engineering"
    assert str(first["url"]).endswith("/on-call/payments/")
    assert str(first["transp"]) == "TRANSPARENT"


def test_without_shifts_it_is_a_calendar_all_the_same(made):
    """RFC 5545 3.6: at least one component."""
    Shift.objects.all().delete()
    answer = read(made.token)
    book = icalendar.Calendar.from_ical(answer.content)
    assert (len(book.walk("VEVENT")), len(book.walk("VTIMEZONE"))) == (0, 1)
    assert answer.content.count(b"BEGIN:") == answer.content.count(b"END:") == 3


def test_one_s_own_holds_no_shift_of_others(house, by):
    own = operations.create_feed(by=by(house.lea))
    found = entries(own.token)
    assert {facts(event)[3] for event in found} == {"On call: Payments engineering"}
    assert len(found) == Shift.objects.filter(user=house.lea).count() > 0


def test_a_rotation_s_holds_that_rotation_alone(house, by):
    second = operations.create_rotation(
        team=house.payments, name="Second", step=2, people=[house.ira], start=date(2027, 6, 14), handoff_time=time(9),
        by=house.admin,
    )  # fmt: skip
    found = entries(operations.create_feed(rotation=second, by=by(house.ana)).token)
    assert {facts(event)[3] for event in found} == {"Ira Ivers on call: Payments engineering, step 2"}
    assert len(entries(operations.create_feed(team=house.payments, by=by(house.ana)).token)) > len(found)


def test_no_telephone_number_is_in_it(house, by, made):
    operations.add_override(
        rotation=house.rotation, user=house.ira, instead_of=house.eli, starts_at=NOON, ends_at=NOON + 2 * HOUR,
        by=house.admin,
    )  # fmt: skip
    content = read(made.token).content.decode().replace("\r\n ", "")
    assert "Ira Ivers stands in for Eli Engel" in content
    assert "5550" not in content and "@desk.example" not in content.replace("@localhost", "")


def test_names_cannot_break_the_file(house, made):
    User.objects.filter(pk=house.eli.pk).update(
        first_name="Åsa; \\n, \r\nBEGIN:VEVENT\x07\u2028", last_name="Ö" * 90
    )
    first = entries(made.token)[0]
    assert str(first["summary"]).startswith("Åsa; \\n,   BEGIN:VEVENT   ÖÖÖ")


# --- what a change does -----------------------------------------------------------------------------------
def test_a_swap_cancels_for_one_and_adds_for_the_other(house, by, noon):
    eli, lea = (operations.create_feed(by=by(person)).token for person in (house.eli, house.lea))
    week = [event for event in entries(lea) if event.decoded("dtstart") == MONDAY]
    swap = operations.ask_swap(
        rotation=house.rotation, starts_at=MONDAY, ends_at=MONDAY + 7 * DAY, asked_of=house.eli, by=by(house.lea)
    )  # fmt: skip
    noon.shift(HOUR)
    operations.take_swap(swap.pk, by=by(house.eli))
    uid = facts(week[0])[0]
    gone = next(event for event in entries(lea) if facts(event)[0] == uid)
    assert facts(gone)[1:3] == (1, "CANCELLED")
    assert gone.decoded("dtstamp") == NOON + HOUR
    got = [event for event in entries(eli) if event.decoded("dtstart") == MONDAY]
    assert [facts(event)[2] for event in got] == ["CONFIRMED"]
    assert "stands in for Lea Lind" in str(got[0]["description"])


def test_a_cancellation_is_kept_for_a_month(house, made, noon):
    noon.shift(HOUR)
    operations.edit_rotation(house.rotation.pk, changes={"active": False}, by=house.admin)
    assert {facts(event)[2] for event in entries(made.token)} == {"CONFIRMED", "CANCELLED"}
    noon.shift(feeds.KEPT + DAY)
    assert entries(made.token) == []


def test_time_alone_changes_no_entry(house, made, noon):
    before = read(made.token)
    noon.shift(HOUR)
    again = read(made.token, if_none_match=before["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", before["ETag"])


def test_a_new_name_or_shift_is_another_file(house, made):
    tags = [read(made.token)["ETag"]]
    User.objects.filter(pk=house.eli.pk).update(last_name="Nagel")
    tags.append(read(made.token)["ETag"])
    operations.edit_rotation(house.rotation.pk, changes={"handoff_time": time(10)}, by=house.admin)
    answer = read(made.token, if_none_match=f"{tags[0]}, W/{tags[1]}")
    assert answer.status_code == 200
    assert len({*tags, answer["ETag"]}) == 3


def test_an_unchanged_file_is_not_made_again(made, monkeypatch):
    tag = read(made.token)["ETag"]
    monkeypatch.setattr(ical, "write", lambda *args: pytest.fail("made again"))
    assert read(made.token, if_none_match=tag).status_code == 304


# --- who reads it -----------------------------------------------------------------------------------------
def test_the_address_needs_no_session_and_leaves_none(made):
    answer = read(made.token)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert answer["Cache-Control"] == "private, no-cache"
    assert not answer.cookies


def test_only_a_digest_is_stored(made):
    assert made.token in made.address
    stored = [str(value) for row in CalendarFeed.objects.values() for value in row.values()]
    told = [str(row) for row in Event.objects.values()]
    assert not [
        text for text in stored + told if made.token in text or CalendarFeed.objects.get().digest in text
    ][1:]


@pytest.mark.parametrize("end", ["revoked", "renewed", "disabled", "no longer staff"])
def test_what_ended_answers_as_if_it_had_never_been(house, made, by, end):
    unknown = read("x" * 43)
    if end == "revoked":
        operations.revoke_feed(made.feed.pk, by=by(house.ana))
    elif end == "renewed":
        operations.renew_feed(made.feed.pk, by=by(house.ana))
    elif end == "disabled":
        User.objects.filter(pk=house.ana.pk).update(is_active=False)
    else:
        RoleGrant.objects.filter(user=house.ana).update(role="customer")
    answer = read(made.token)
    assert (
        (answer.status_code, answer.content)
        == (404, unknown.content)
        == (unknown.status_code, answer.content)
    )


@pytest.mark.parametrize("token", ["x", "é" * 40, "y" * 300, "%00", "%20"])
def test_an_odd_address_is_unknown(house, token):
    assert Client().get(f"/on-call/calendars/{token}.ics").status_code == 404


def test_a_renewed_address_shows_the_same_shifts(house, made, by):
    renewed = operations.renew_feed(made.feed.pk, by=by(house.ana))
    assert renewed.feed.pk == made.feed.pk and renewed.token != made.token
    assert len(entries(renewed.token)) == Shift.objects.count()


def test_the_address_of_another_person_does_not_exist(house, made, by):
    for verb in (operations.renew_feed, operations.revoke_feed):
        with pytest.raises(NotFound):
            verb(made.feed.pk, by=by(house.max))


def test_what_is_revoked_stays_revoked(house, made, by):
    operations.revoke_feed(made.feed.pk, by=by(house.ana))
    for verb in (operations.renew_feed, operations.revoke_feed):
        with pytest.raises(Conflict):
            verb(made.feed.pk, by=by(house.ana))


def test_nobody_piles_up_addresses(house, by):
    for _ in range(20):
        operations.create_feed(by=by(house.ana))
    with pytest.raises(RuleBroken, match="Revoke one"):
        operations.create_feed(by=by(house.ana))


# --- what it costs ----------------------------------------------------------------------------------------
def test_reading_costs_the_same_however_many_shifts(house, made, noon):
    read(made.token)
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            read(made.token)
        costs.append(len(queries))
        operations.edit_rotation(
            house.rotation.pk, changes={"period": "daily", "start": date(2027, 6, 16)}, by=house.admin
        )
    assert Shift.objects.count() > 60
    assert costs[0] == costs[1] <= 5, costs


def test_the_last_reading_is_noted_now_and_then(made, noon):
    seen = []
    for minutes in (0, 4, 5):
        noon.move_to(NOON + timedelta(minutes=minutes))
        read(made.token)
        seen.append(CalendarFeed.objects.get().last_read_at)
    assert seen == [NOON, NOON, NOON + timedelta(minutes=5)]


# --- pages and API ----------------------------------------------------------------------------------------
def test_on_the_page_an_address_is_shown_once(client, house):
    client.force_login(house.ana)
    assert "None yet" in client.get("/on-call/calendars/").content.decode()
    chosen = client.get("/on-call/calendars/?team=payments").content.decode()
    assert '<option value="team:payments" selected>' in chosen
    answer = client.post("/on-call/calendars/", {"of": "team:payments"})
    address = re.search(r"https?://[^<\s]+\.ics", answer.content.decode())[0]
    token = address.rpartition("/")[2].removesuffix(".ics")
    assert entries(token)
    later = client.get("/on-call/calendars/").content.decode()
    assert token not in later and "Shifts of Payments engineering" in later and "last read" in later
    pk = CalendarFeed.objects.get().pk
    renewed = client.post(f"/on-call/calendars/{pk}/renew/").content.decode()
    assert ".ics" in renewed and token not in renewed
    client.post(f"/on-call/calendars/{pk}/revoke/")
    assert "None yet" in client.get("/on-call/calendars/").content.decode()
    again = client.post(f"/on-call/calendars/{pk}/revoke/")
    assert again.status_code == 409 and "revoked already" in again.content.decode()


def test_an_unknown_choice_is_refused_with_the_form(client, house):
    client.force_login(house.ana)
    answer = client.post("/on-call/calendars/", {"of": "team:nowhere"})
    assert (answer.status_code, CalendarFeed.objects.count()) == (422, 0)


def test_through_the_api(client, house):
    client.force_login(house.lea)

    def call(path, body=None):
        return client.post(f"/api/v1/calendar-feeds/{path}", body or {}, content_type="application/json")

    own, team = call(""), call("", {"team": "payments"})
    assert [answer.status_code for answer in (own, team)] == [201, 201]
    assert (own.json()["person"], team.json()["team"]) == ("lea", "payments")
    token = team.json()["address"].rpartition("/")[2].removesuffix(".ics")
    assert entries(token)
    one = f"{team.json()['id']}/"
    assert client.get(f"/api/v1/calendar-feeds/{one}").json()["address"] is None
    assert call(one + "renew/").json()["address"] != team.json()["address"]
    assert call(one + "revoke/").json()["revoked_at"] == "2027-06-16T12:00:00Z"
    assert call(one + "revoke/").status_code == 409
    assert [row["team"] for row in client.get("/api/v1/calendar-feeds/").json()["results"]] == [
        None,
        "payments",
    ]
    assert call("", {"team": "payments", "rotation": house.rotation.pk}).status_code == 400
    client.force_login(house.ana)
    assert client.get(f"/api/v1/calendar-feeds/{one}").status_code == 404
    assert client.get("/api/v1/calendar-feeds/").json()["results"] == []
