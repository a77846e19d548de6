"""HARD_CASES 5 to 10 on real tickets: one due time, and it is the same in the list, on the page, in the API and
where the clock is explained. The desk works in Paris, 9 to 12 and 13 to 17, Monday to Friday, on French holidays."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from core.accounts.models import User
from core.audit.models import Event
from core.common.actor import system
from core.timers import sweeps
from sla import explaining, words
from sla import operations as service_levels
from sla.alarms import SWEEP
from sla.models import Breach, Calendar, Clock, Interval, Policy
from tickets import operations
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
WEEK = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def paris(*when: int) -> datetime:
    return datetime(*when, tzinfo=PARIS)


@pytest.fixture
def calendar(db):
    Policy.objects.update(active=False)
    return service_levels.save_calendar(
        Calendar(slug="paris", name="Paris", zone="Europe/Paris", weekly=WEEK, holiday_country="FR"),
        by=system(),
    )


@pytest.fixture
def four_hours(desk, calendar):
    Policy.objects.update(active=False)
    for priority, minutes in (("P1", 240), ("P2", 240), ("P3", 480)):
        Policy.objects.create(
            name=f"{priority} Paris", priority=priority, calendar=calendar, resolution_minutes=minutes,
            pause_reasons=["vendor"],
        )  # fmt: skip


@dataclass
class Scene:
    """A ticket and the hands that work on it; `at` moves the time."""

    at: Callable[[datetime], None]
    ana: object
    casey: object
    ticket: Ticket | None = None

    @property
    def ref(self) -> str:
        assert self.ticket is not None
        return self.ticket.reference


@pytest.fixture
def scene(four_hours, desk, ana, casey, by):
    with time_machine.travel(paris(2027, 1, 4, 9), tick=False) as now:
        scene = Scene(now.move_to, by(ana), by(casey))

        def opened(*when: int, impact="medium") -> None:
            scene.at(paris(*when))
            scene.ticket = operations.create(
                subject="Cards fail", requester=desk.casey, application=desk.payments, impact=impact, urgency="medium",
                by=scene.ana,
            )  # fmt: skip

        scene.opened = opened
        yield scene


def plain(scene: Scene) -> None:
    scene.opened(2027, 2, 5, 16, 30)


def over_the_spring_night(scene: Scene) -> None:
    scene.opened(2027, 3, 19, 16, 30)
    scene.at(paris(2027, 3, 19, 16, 45))


def over_the_autumn_night(scene: Scene) -> None:
    scene.opened(2027, 10, 29, 16, 30)


def over_easter_monday(scene: Scene) -> None:
    """Also the night of 28 March, in which the clocks go forward."""
    scene.opened(2027, 3, 26, 16, 30)


def a_pause_from_thursday_to_monday(scene: Scene) -> None:
    scene.opened(2027, 2, 4, 13)
    scene.at(paris(2027, 2, 4, 16))
    operations.wait(scene.ref, reason="the log", by=scene.ana)
    scene.at(paris(2027, 2, 8, 10))
    operations.reply(scene.ref, body="Here it is.", public=True, by=scene.casey)


def on_hold_for_a_vendor(scene: Scene) -> None:
    scene.opened(2027, 2, 1, 9)
    scene.at(paris(2027, 2, 1, 10))
    operations.hold(scene.ref, reason="vendor", note="They look.", by=scene.ana)
    scene.at(paris(2027, 2, 2, 10))
    operations.resume(scene.ref, by=scene.ana)


def milder_then_worse(scene: Scene) -> None:
    """P3 to P1 after three worked hours."""
    scene.opened(2027, 2, 1, 9, impact="low")
    scene.at(paris(2027, 2, 1, 13))
    operations.set_priority(scene.ref, priority="P1", reason="All shops", by=scene.ana)


def an_edited_calendar(scene: Scene) -> None:
    scene.opened(2027, 2, 5, 16, 30)
    calendar = Calendar.objects.get(slug="paris")
    calendar.weekly = {**WEEK, "sat": [["10:00", "12:00"]]}
    service_levels.save_calendar(calendar, by=system())


def an_edited_policy(scene: Scene) -> None:
    scene.opened(2027, 2, 5, 16, 30)
    policy = Policy.objects.get(name="P2 Paris")
    policy.resolution_minutes = 120
    service_levels.save_policy(policy, by=system())


def reopened(scene: Scene) -> None:
    scene.opened(2027, 2, 1, 9)
    scene.at(paris(2027, 2, 1, 11))
    operations.resolve(scene.ref, code="fixed", note="Done.", by=scene.ana)
    scene.at(paris(2027, 2, 3, 9))
    operations.reply(scene.ref, body="Not yet.", public=True, by=scene.casey)


SCENES = [
    (plain, paris(2027, 2, 8, 13, 30)),
    (over_the_spring_night, paris(2027, 3, 22, 13, 30)),
    (over_the_autumn_night, paris(2027, 11, 2, 13, 30)),  # Monday 1 November is All Saints' Day
    (over_easter_monday, paris(2027, 3, 30, 13, 30)),
    (a_pause_from_thursday_to_monday, paris(2027, 2, 8, 11)),
    (on_hold_for_a_vendor, paris(2027, 2, 2, 14)),
    (milder_then_worse, paris(2027, 2, 1, 14)),
    (an_edited_calendar, paris(2027, 2, 8, 10, 30)),
    (an_edited_policy, paris(2027, 2, 8, 10, 30)),
    (reopened, paris(2027, 2, 3, 11)),
]


@pytest.mark.parametrize(("play", "due"), SCENES, ids=lambda value: getattr(value, "__name__", ""))
def test_one_due_time_in_the_list_on_the_page_in_the_api_and_explained(scene, client, ana, play, due) -> None:
    play(scene)
    client.force_login(ana)

    assert everywhere(client, scene.ref) == {due.astimezone(UTC)}
    clock = Clock.objects.get(state="running")
    told = explaining.explain(clock)
    assert told.due == f"Due {words.local(due, PARIS)}."
    assert (told.to_come[-1].total, told.rows[-1].total) == (
        clock.target_minutes,
        clock.elapsed_at(_now()) // 60,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def everywhere(client: Client, ref: str) -> set[datetime]:
    """Every due time of the ticket's resolution that the desk shows."""
    list_page = client.get("/tickets/?view=all").content.decode()
    page = client.get(f"/tickets/{ref}/").content.decode()
    explained = client.get(f"/tickets/{ref}/clocks/resolution/")
    rows = client.get("/api/v1/tickets/").json()["results"]
    one = client.get(f"/api/v1/tickets/{ref}/").json()
    clocks = client.get(f"/api/v1/tickets/{ref}/clocks/").json()
    shown = [*_epochs(list_page), *_epochs(page), *_epochs(explained.content.decode())]
    assert len(shown) >= 3
    said = re.search(r"Due (\w{3} \d+ \w{3} \d\d:\d\d) \(Europe/Paris\)", explained.content.decode())
    assert said is not None
    local = datetime.strptime(f"{said[1]} {_now().year}", "%a %d %b %H:%M %Y").replace(tzinfo=PARIS)
    found = [row["due_at"] for row in (*rows, one)]
    found += [clock["due_at"] for clock in clocks if clock["state"] == "running"]
    return {*shown, local.astimezone(UTC), *(datetime.fromisoformat(text) for text in found)}


def _epochs(html: str) -> list[datetime]:
    return [datetime.fromtimestamp(int(text), UTC) for text in re.findall(r'data-due="(\d+)"', html)]


# --- 7: pausing --------------------------------------------------------------------------------------------


def left(scene: Scene, client: Client, user: User) -> int:
    client.force_login(user)  # sessions end after some hours
    return client.get(f"/api/v1/tickets/{scene.ref}/clocks/").json()[0]["remaining_minutes"]


def test_a_pause_keeps_what_is_left_says_why_and_until_when(scene, client, ana) -> None:
    scene.opened(2027, 2, 4, 13)
    scene.at(paris(2027, 2, 4, 16))
    before = left(scene, client, ana)

    review = datetime(2027, 2, 9, 8, tzinfo=UTC)
    operations.wait(scene.ref, reason="the log", review_at=review, by=scene.ana)
    scene.at(paris(2027, 2, 8, 10))
    during = left(scene, client, ana)
    operations.reply(scene.ref, body="Here it is.", public=True, by=scene.casey)

    assert before == during == left(scene, client, ana) == 60
    waiting = Event.objects.get(name="ticket.waiting")
    assert (waiting.data["note"], waiting.after["review_at"]) == ("the log", "2027-02-09T08:00:00Z")
    assert Interval.objects.filter(counted=False).get().why == "waiting for the customer"
    assert Ticket.objects.get().status == "open"


# --- 8: another priority -----------------------------------------------------------------------------------


def test_worse_after_three_hours_keeps_them_cancels_the_old_clock_and_tells_no_second_breach(scene) -> None:
    milder_then_worse(scene)

    old, new = Clock.objects.filter(policy_name__in=["P3 Paris", "P1 Paris"]).order_by("pk")
    assert (old.state, new.state, new.elapsed_seconds) == ("cancelled", "running", 3 * 3600)
    for hour in (14, 15):
        scene.at(paris(2027, 2, 1, hour))
        sweeps.run(SWEEP.name)
    operations.set_priority(scene.ref, priority="P2", reason="Some shops", by=scene.ana)
    scene.at(paris(2027, 2, 2, 16))
    sweeps.run(SWEEP.name)

    assert Event.objects.filter(name="sla.breached").count() == Breach.objects.count() == 1


# --- 9: the ledger -----------------------------------------------------------------------------------------


def test_editing_a_calendar_never_rewrites_a_closed_clock(scene, client, ana) -> None:
    scene.opened(2027, 2, 1, 9)
    scene.at(paris(2027, 2, 1, 11))
    operations.resolve(scene.ref, code="fixed", note="Done.", by=scene.ana)
    client.force_login(ana)
    before = Clock.objects.values().get(), client.get(f"/api/v1/tickets/{scene.ref}/clocks/").json()
    page = client.get(f"/tickets/{scene.ref}/clocks/resolution/").content.decode()

    calendar = Calendar.objects.get(slug="paris")
    calendar.weekly = {"sun": [["09:00", "10:00"]]}
    service_levels.save_calendar(calendar, by=system())

    assert (Clock.objects.values().get(), client.get(f"/api/v1/tickets/{scene.ref}/clocks/").json()) == before
    after = client.get(f"/tickets/{scene.ref}/clocks/resolution/").content.decode()
    assert "Monday to Friday" in after
    assert _sums(after) == _sums(page)


def _sums(page: str) -> list[str]:
    return re.findall(r'<td class="r">([^<]*)</td>', page)


# --- 10: what never stops a response clock is in test_service_levels; the refusals in tests/sla --------------


def test_the_reminders_come_at_half_three_quarters_and_nine_tenths_once_each(scene, mailoutbox) -> None:
    scene.opened(2027, 2, 1, 9)
    told = []
    for minutes in range(0, 9 * 60, 6):
        scene.at(paris(2027, 2, 1, 9) + timedelta(minutes=minutes))
        if sweeps.run(SWEEP.name).done:
            told.append(_now().astimezone(PARIS).strftime("%H:%M"))

    assert told == ["11:00", "12:00", "13:36", "14:00"]
