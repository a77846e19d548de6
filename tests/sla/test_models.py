from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from sla import calendars, defaults, operations
from sla.models import Calendar, Clock, Interval, Policy
from tests.sla.cast import P3, paris

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"weekly": {}}, "no opening hours"),
        ({"weekly": {"mon": []}}, "no opening hours"),
        ({"weekly": {"monday": [["09:00", "17:00"]]}}, "day of the week"),
        ({"weekly": {"mon": [["9", "17:00"]]}}, "time of day"),
        ({"weekly": {"mon": [["09:00"]]}}, "pairs"),
        ({"weekly": {"mon": "09:00-17:00"}}, "list of pairs"),
        ({"weekly": {"mon": [["17:00", "09:00"]]}}, "end after they begin"),
        ({"weekly": {"mon": [["09:00", "12:00"], ["11:00", "17:00"]]}}, "overlap"),
        ({"weekly": [1]}, "curly braces"),
        ({"zone": "Europe/Londinium"}, "time zone"),
        ({"zone": "../../etc/passwd"}, "time zone"),
        ({"holiday_country": "XX"}, "public holidays"),
        ({"holiday_country": "GB", "holiday_subdivision": "BY"}, "not a part of GB"),
        ({"extra_days": {"Christmas": []}}, "not a date"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_with_a_sentence(wrong: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Calendar.objects.create(**{"slug": "c", "name": "C", **wrong})


def test_public_holidays_and_extra_days_come_through() -> None:
    calendar = Calendar.objects.create(
        slug="uk",
        name="UK",
        holiday_country="GB",
        holiday_subdivision="ENG",
        extra_days={"2027-12-28": [["10:00", "12:00"]]},
    )
    hours = calendar.hours()

    assert hours.spans_on(date(2027, 12, 27)) == ()  # Christmas, taken on the Monday
    assert hours.spans_on(date(2027, 12, 28)) == ((600, 720),)
    assert hours.spans_on(date(2027, 12, 29)) == ((540, 1020),)


def test_equal_calendars_share_their_hours_and_a_year_of_holidays_is_worked_out_once() -> None:
    calendars._year.cache_clear()
    one, other = (Calendar(slug=s, name=s, holiday_country="FR").hours() for s in ("a", "b"))

    assert one is other
    one.spans_on(date(2027, 5, 3)), other.spans_on(date(2027, 5, 4))
    assert calendars._year.cache_info().misses == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"pause_reasons": ["open"]}, "where they start"),
        ({"pause_reasons": "vendor"}, "are a list"),
        ({"resolution_minutes": None}, "promises nothing"),
        ({"first_response_minutes": 481}, "before the first response"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_when_saved(p3: Policy, wrong: dict, words: str) -> None:
    for name, value in wrong.items():
        setattr(p3, name, value)

    with pytest.raises(ValidationError, match=words):
        p3.save()


def test_a_policy_whose_calendar_has_no_hours_is_refused(p3: Policy) -> None:
    Calendar.objects.filter(pk=p3.calendar_id).update(weekly={})

    with pytest.raises(ValidationError, match="no opening hours"):
        Policy.objects.get().save()


def test_the_ledger_is_append_only(thing, p3) -> None:
    operations.start_clocks(*thing.subject, P3, at=paris(2027, 2, 1, 9), by=thing.by)
    row = Interval.objects.get()

    for change in (
        row.save,
        row.delete,
        Interval.objects.all().delete,
        lambda: Interval.objects.update(why="x"),
    ):
        with pytest.raises(TypeError, match="append-only"):
            change()
    assert Interval.objects.close(at=paris(2027, 2, 1, 10), seconds=3600) == 1
    assert Interval.objects.close(at=paris(2027, 2, 1, 11), seconds=7200) == 0
    assert Interval.objects.get().seconds == 3600


def test_one_open_clock_per_subject_and_goal(thing, p3) -> None:
    operations.start_clocks(*thing.subject, P3, at=paris(2027, 2, 1, 9), by=thing.by)
    clock = Clock.objects.get()
    clock.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        clock.save(force_insert=True)


def test_defaults_are_created_once_and_keep_what_an_admin_changed() -> None:
    defaults.ensure_defaults()
    Policy.objects.filter(name="P0 standard").update(resolution_minutes=60)

    defaults.ensure_defaults()

    assert (Calendar.objects.count(), Policy.objects.count()) == (2, 8)
    assert Policy.objects.get(name="P0 standard").resolution_minutes == 60
    assert Policy.objects.get(name="P1 standard").targets == (30, 60, 480)
    assert Policy.objects.get(name="P2 standard").resolution_minutes == 960
