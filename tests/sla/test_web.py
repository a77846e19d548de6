"""The pages of service levels: lists, the editors with their preview, the simulation, what was missed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from core.timers import sweeps
from sla import defaults
from sla.alarms import SWEEP
from sla.models import Breach, Calendar, CalendarVersion, Clock, Policy, Rollout
from tickets import operations as tickets

pytestmark = pytest.mark.django_db
WEEK = {day: "09:00-12:00, 13:00-17:00" for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.fixture
def levels(db) -> None:
    defaults.ensure_defaults()


@pytest.fixture
def boss(client: Client, max) -> Client:
    client.force_login(max)
    return client


@pytest.fixture
def ticket(levels, ana, by):
    """A P2, eight hours in use of sixteen."""
    with time_machine.travel(datetime(2027, 2, 1, 9, tzinfo=UTC), tick=False) as now:
        made = tickets.create(subject="Cards fail", by=by(ana))
        now.move_to(datetime(2027, 2, 2, 9, tzinfo=UTC))
        yield made


def typed(policy: Policy, **more: object) -> dict[str, object]:
    """The form of a policy as the page shows it."""
    return {
        "version": policy.version, "name": policy.name, "priority": policy.priority, "calendar": policy.calendar.slug,
        "first_response_minutes": "4 h", "next_response_minutes": "4 h", "resolution_minutes": "16 h",
        "customer_tier": policy.customer_tier, "order": policy.order, "active": "on",
        "pause_reasons": policy.pause_reasons, "open_clocks": "follow", **more,
    }  # fmt: skip


def hours(**more: object) -> dict[str, object]:
    calendar = Calendar.objects.get(slug="business-hours")
    return {"version": calendar.version, "name": calendar.name, "zone": calendar.zone, **WEEK, **more}


# --- lists -------------------------------------------------------------------------------------------------


def test_the_list_shows_what_is_promised_in_the_order_of_choice(levels, client, kim) -> None:
    Policy.objects.filter(name="P0 standard").update(order=50)
    Policy.objects.create(
        name="P0 again", priority="P0", order=60, resolution_minutes=60, calendar=Calendar.objects.first()
    )
    client.force_login(kim)

    page = client.get("/service-levels/").content.decode()

    assert page.index("P3 strategic") < page.index("P0 standard") < page.index("P0 again")
    assert "Never chosen: “P0 standard” is for the same work and comes first" in page
    assert "/service-levels/policies/" not in page
    assert "Business hours: Monday to Friday 09:00 to 17:00; Saturday and Sunday closed." in page


def test_a_calendar_shows_its_week_its_days_and_the_holidays_of_a_year(levels, client, ana) -> None:
    Calendar.objects.filter(slug="business-hours").update(extra_days={"2027-12-27": [["10:00", "12:00"]]})
    client.force_login(ana)

    page = client.get("/service-levels/calendars/business-hours/?year=2027").content.decode()

    assert "Public holidays 2027" in page
    assert "Easter Monday" in page
    assert "10:00 to 12:00" in page and "instead of Christmas Day (observed)" in page
    assert client.get("/service-levels/calendars/none/").status_code == 404


# --- policies ----------------------------------------------------------------------------------------------


def test_a_policy_is_edited_and_open_clocks_follow(ticket, boss) -> None:
    policy = Policy.objects.get(name="P2 standard")

    answer = boss.post(f"/service-levels/policies/{policy.pk}/", typed(policy, resolution_minutes="12 h"))

    assert (answer.status_code, answer["Location"]) == (302, "/service-levels/")
    assert Clock.objects.get(state="running", goal="resolution").target_minutes == 720
    assert Policy.objects.get(pk=policy.pk).version == 2


def test_or_what_is_open_keeps_its_promise(ticket, boss) -> None:
    policy, before = Policy.objects.get(name="P2 standard"), Rollout.objects.count()

    boss.post(
        f"/service-levels/policies/{policy.pk}/", typed(policy, resolution_minutes="12 h", open_clocks="keep")
    )

    assert Clock.objects.get(goal="resolution").target_minutes == 960
    assert Rollout.objects.count() == before


@pytest.mark.parametrize("how", ["fragment", "button"])
def test_before_saving_one_sees_which_clocks_would_change(ticket, boss, how) -> None:
    policy = Policy.objects.get(name="P2 standard")
    form = typed(policy, resolution_minutes="12 h")

    if how == "fragment":
        answer = boss.get("/service-levels/policies/preview/", {**form, "of": policy.pk})
    else:
        answer = boss.post(f"/service-levels/policies/{policy.pk}/", {**form, "look": "1"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "1 of 2" in page
    assert ticket.reference in page
    assert 'datetime="2027-02-02T13:00:00+00:00"' in page
    assert Policy.objects.get(pk=policy.pk).version == 1


def test_what_would_be_missed_at_once_stands_out(ticket, boss) -> None:
    policy = Policy.objects.get(name="P2 standard")
    form = typed(
        policy,
        resolution_minutes="4 h",
        first_response_minutes="1 h",
        next_response_minutes="1 h",
        of=policy.pk,
    )

    assert "2 would be missed at once" in boss.get("/service-levels/policies/preview/", form).content.decode()


@pytest.mark.parametrize(
    ("typed_in", "sentence"),
    [
        ({"resolution_minutes": "1 h"}, "The resolution cannot be due before the first response."),
        ({"resolution_minutes": "soon"}, "“soon” is no length of time"),
        (
            {"first_response_minutes": "", "next_response_minutes": "", "resolution_minutes": ""},
            "This policy promises nothing",
        ),
        ({"pause_reasons": ["open"]}, "Select a valid choice"),
        ({"name": "P1 standard"}, "Policy with this Name already exists."),
        ({"version": 9}, "was changed since you read it"),
    ],
)
def test_a_contradiction_is_refused_with_a_sentence_and_the_text_is_kept(
    levels, boss, typed_in, sentence
) -> None:
    policy = Policy.objects.get(name="P2 standard")

    answer = boss.post(
        f"/service-levels/policies/{policy.pk}/",
        typed(policy, **{"next_response_minutes": "3 h", **typed_in}),
    )

    assert 400 <= answer.status_code < 500
    assert sentence in answer.content.decode()
    assert Policy.objects.get(pk=policy.pk).version == 1


def test_a_new_policy_that_would_never_be_chosen_says_so(levels, boss) -> None:
    policy = Policy.objects.get(name="P2 standard")
    form = typed(policy, name="Another", order=200)

    assert (
        "It would never be chosen: “P2 standard”"
        in boss.get("/service-levels/policies/preview/", form).content.decode()
    )
    assert boss.post("/service-levels/policies/new/", form).status_code == 302
    assert Policy.objects.get(name="Another").resolution_minutes == 960


# --- calendars ---------------------------------------------------------------------------------------------


def test_a_calendar_is_edited_and_leaves_a_version(ticket, boss) -> None:
    answer = boss.post(
        "/service-levels/calendars/business-hours/edit/",
        hours(sat="10-14", holiday_country="FR", extra_days="2027-02-03 closed"),
    )

    assert answer["Location"] == "/service-levels/calendars/business-hours/"
    calendar = Calendar.objects.get(slug="business-hours")
    assert calendar.weekly["sat"] == [["10:00", "14:00"]]
    assert calendar.extra_days == {"2027-02-03": []}
    assert CalendarVersion.objects.filter(calendar=calendar).count() == 2
    assert "Saturday 10:00 to 14:00" in boss.get(answer["Location"]).content.decode()


def test_its_preview_draws_the_week_and_names_the_clocks(ticket, boss) -> None:
    form = hours(of="business-hours", extra_days="2027-02-02 closed")

    page = boss.get("/service-levels/calendars/preview/", form).content.decode()

    assert "Monday to Friday" in page and "<svg" in page
    assert "1 of 2" in page  # the first response is overdue, and stays so
    assert Calendar.objects.get(slug="business-hours").version == 1


@pytest.mark.parametrize(
    ("typed_in", "sentence"),
    [
        ({"mon": "09:00-12:00, 11:00-17:00"}, "must be in order and must not overlap"),
        ({"mon": "nine to five"}, "is no opening time"),
        (dict.fromkeys(WEEK, ""), "This calendar has no opening hours."),
        ({"zone": "Europe/Londinium"}, "is not a time zone"),
        ({"zone": "../../etc/passwd"}, "is not a time zone"),
        ({"holiday_subdivision": "SCT"}, "Choose the country of which"),
        ({"holiday_country": "FR", "holiday_subdivision": "SCT"}, "is not a part of FR"),
        ({"extra_days": "Christmas closed"}, "does not begin with a date"),
        ({"version": 9}, "was changed since you read it"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_a_sentence(levels, boss, typed_in, sentence) -> None:
    answer = boss.post("/service-levels/calendars/business-hours/edit/", hours(**typed_in))

    assert 400 <= answer.status_code < 500
    assert sentence in answer.content.decode()
    assert Calendar.objects.get(slug="business-hours").version == 1


def test_a_new_calendar_around_the_clock(levels, boss) -> None:
    form = {"name": "Night desk", "slug": "night", "zone": "Asia/Kolkata", "always_open": "on"}

    assert boss.post("/service-levels/calendars/new/", form).status_code == 302
    assert Calendar.objects.get(slug="night").always_open
    assert "Around the clock, every day." in boss.get("/service-levels/calendars/night/").content.decode()


# --- what would be due -------------------------------------------------------------------------------------


def test_the_simulation_says_policy_due_times_and_reminders(levels, client, kim) -> None:
    client.force_login(kim)
    asked = {"priority": "P2", "customer_tier": "strategic", "kind": "issue", "at": "2027-02-05T16:30"}

    page = client.get("/service-levels/simulate/", asked).content.decode()

    assert "P2 strategic" in page
    assert "Mon 8 Feb 16:30" in page
    assert "less specific" in page
    assert "to assignee, team lead, manager" in page


@pytest.mark.parametrize(
    ("zone", "at", "words"),
    [
        ("Europe/Paris", "2027-03-28T02:30", "02:30 does not exist on 28 Mar 2027"),
        ("Europe/Paris", "2027-10-31T02:30", "02:30 exists twice on 31 Oct 2027"),
        ("UTC", "soon", "Write it as 2027-02-05 16:30."),
    ],
)
def test_a_time_that_is_none_is_refused_with_its_neighbours(levels, client, ana, zone, at, words) -> None:
    type(ana).objects.filter(pk=ana.pk).update(timezone=zone)
    client.force_login(ana)

    answer = client.get("/service-levels/simulate/", {"priority": "P2", "at": at})

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_pauses_move_the_due_time_and_half_a_pause_is_refused(levels, client, ana) -> None:
    client.force_login(ana)
    asked = {"priority": "P2", "at": "2027-02-04T13:00", "pause_1_since": "2027-02-04T16:00"}

    half = client.get("/service-levels/simulate/", asked)
    whole = client.get("/service-levels/simulate/", {**asked, "pause_1_to": "2027-02-08T10:00"})

    assert "Give both ends." in half.content.decode()
    assert "Tue 9 Feb 15:00" in whole.content.decode()  # sixteen hours: three, seven, six


# --- what was missed ---------------------------------------------------------------------------------------


@pytest.fixture
def missed(levels, ana, by):
    with time_machine.travel(datetime(2027, 2, 1, 9, tzinfo=UTC), tick=False) as now:
        made = tickets.create(subject="Cards fail", by=by(ana))
        tickets.take(made.reference, by=by(ana))
        now.move_to(datetime(2027, 2, 1, 14, tzinfo=UTC))
        sweeps.run(SWEEP.name)
        yield made


def test_what_nobody_explained_is_listed_and_explained_in_place(missed, client, ana) -> None:
    client.force_login(ana)
    breach = Breach.objects.get()

    before = client.get("/service-levels/breaches/?cause=none").content.decode()
    form = {
        "version": breach.version,
        "cause": "staffing",
        "note": "Two were ill",
        "back": "/service-levels/breaches/",
    }
    answer = client.post(f"/service-levels/breaches/{breach.pk}/cause/", form)
    after = client.get("/service-levels/breaches/").content.decode()

    assert (
        missed.reference in before and "Cause missing" in before and "Ana Alves" in before and "1 h" in before
    )
    assert answer.status_code == 302
    assert "Not enough people on shift: Two were ill" in after
    assert "Every miss is explained" in client.get("/service-levels/breaches/?cause=none").content.decode()


def test_a_cause_that_says_nothing_comes_back_with_the_text(missed, client, ana) -> None:
    client.force_login(ana)
    pk = Breach.objects.get().pk

    answer = client.post(f"/service-levels/breaches/{pk}/cause/", {"cause": "", "note": "typed at length"})

    assert answer.status_code == 400
    assert "Choose what caused it." in answer.content.decode()
    assert "typed at length" in answer.content.decode()


def test_a_confidential_tickets_breach_does_not_exist_for_others(missed, client, eli) -> None:
    type(missed).objects.filter(pk=missed.pk).update(confidential=True)
    client.force_login(eli)

    assert missed.reference not in client.get("/service-levels/breaches/").content.decode()
    assert client.get(f"/api/v1/breaches/{Breach.objects.get().pk}/").status_code == 404


def test_a_filter_that_means_nothing_says_so(levels, client, ana) -> None:
    client.force_login(ana)

    assert "is none of staffing" in client.get("/service-levels/breaches/?cause=moon").content.decode()
