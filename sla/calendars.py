"""From what an admin typed (JSON, country codes) to the `Hours` that arithmetic needs."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from holidays.registry import COUNTRIES

from sla.business_time import Hours, Span, check_spans

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LANGUAGE = "en_US"
MOST_EXTRA_DAYS = 1_000


class PublicHolidays:
    """The public holidays of a country or one of its parts; each year is worked out once, when first asked."""

    def __init__(self, country: str, subdivision: str = "") -> None:
        self.country, self.subdivision = country, subdivision

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and day in _year(self.country, self.subdivision, day.year)


@lru_cache(maxsize=2_000)
def _year(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=LANGUAGE)
    return MappingProxyType({day: found[day] for day in sorted(found)})


def holidays_of(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """The public holidays of a year in order, with their names; none without a country."""
    return _year(country, subdivision, year) if country else MappingProxyType({})


def holiday_name(country: str, subdivision: str, day: date) -> str:
    """The name of the public holiday on a day, or ""."""
    return holidays_of(country, subdivision, day.year).get(day, "")


@lru_cache(maxsize=1)
def countries() -> list[tuple[str, str]]:
    """The countries whose public holidays are known: code and name, by name."""
    known = holidays.list_supported_countries()
    named = {
        codes[1]: module.replace("_", " ").title() for module, codes in COUNTRIES.items() if codes[1] in known
    }
    return sorted(named.items(), key=lambda country: country[1])


def check_country(country: str, subdivision: str = "") -> None:
    """Raise ValueError, in plain words, for a country or subdivision that has no list of holidays."""
    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(
            f"No public holidays are known for “{country}”; use a two-letter country code such as GB."
        )
    if subdivision and subdivision not in known[country]:
        raise ValueError(
            f"“{subdivision}” is not a part of {country}; known are {', '.join(known[country])}."
        )


def contradictions(facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """What makes no sense in a calendar's facts (the names of OpeningHours.HOURS): sentences by field."""
    country, subdivision = facts["holiday_country"], facts["holiday_subdivision"]
    wrong = {
        "zone": _said(lambda: zone_named(facts["zone"])),
        "holiday_country": _said(lambda: check_country(country, subdivision) if country else None),
        "weekly": _said(lambda: _check_days(facts["weekly"], weekday_of, DAY_NAMES.__getitem__)),
        "extra_days": _said(lambda: _check_days(facts["extra_days"], _day_of, _day_words)),
    }
    if subdivision and not country:
        wrong["holiday_subdivision"] = [f"Choose the country of which “{subdivision}” is a part, too."]
    if not any(wrong.values()):
        wrong["weekly"] = _said(lambda: hours_from_facts(facts))
    return {name: sentences for name, sentences in wrong.items() if sentences}


def _said(check: Callable[[], Any]) -> list[str]:
    try:
        check()
    except ValueError as error:
        return [str(error)]
    return []


def _check_days(by_day: Any, read: Callable[[str], Any], named: Callable[[Any], str]) -> None:
    """Raise ValueError, naming the day, for hours that cannot be."""
    if not isinstance(by_day, dict):
        raise ValueError("Opening hours are written by day, in curly braces.")
    if len(by_day) > MOST_EXTRA_DAYS:
        raise ValueError(f"At most {MOST_EXTRA_DAYS} days can be listed.")
    for name, pairs in by_day.items():
        day = read(name)
        try:
            spans_from(pairs)
        except ValueError as error:
            raise ValueError(f"{named(day)}: {error}") from error


def _day_words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def hours_from_facts(facts: Mapping[str, Any]) -> Hours:
    """The hours of a calendar's facts. Raises ValueError."""
    return hours_from(
        zone=facts["zone"],
        weekly=facts["weekly"],
        country=facts["holiday_country"],
        subdivision=facts["holiday_subdivision"],
        extra_days=facts["extra_days"],
        always_open=facts["always_open"],
    )


def hours_from(
    *,
    zone: str,
    weekly: dict[str, Any],
    country: str,
    subdivision: str,
    extra_days: dict[str, Any],
    always_open: bool,
) -> Hours:
    """The hours that a calendar describes; equal descriptions share one object and its sums.

    weekly: {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], ...}; extra_days: {"2027-12-24": [["09:00", "12:00"]]},
    an empty list closing the day. Raises ValueError for anything else, `NoHours` when it never opens.
    """
    return _hours(
        zone,
        json.dumps(weekly, sort_keys=True),
        country,
        subdivision,
        json.dumps(extra_days, sort_keys=True),
        always_open,
    )


@lru_cache(maxsize=500)
def _hours(
    zone: str, weekly: str, country: str, subdivision: str, extra_days: str, always_open: bool
) -> Hours:
    return Hours(
        zone=zone_named(zone),
        weekly={weekday_of(name): spans_from(spans) for name, spans in json.loads(weekly).items()},
        holidays=PublicHolidays(country, subdivision) if country else frozenset(),
        extra={_day_of(text): spans_from(spans) for text, spans in json.loads(extra_days).items()},
        always_open=always_open,
    )


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"“{name}” is not a time zone; use a name such as Europe/London.") from error


def weekday_of(name: str) -> int:
    """0 for "mon" to 6 for "sun". Raises ValueError for anything else."""
    if name not in DAYS:
        raise ValueError(f"“{name}” is not a day of the week; use {', '.join(DAYS)}.")
    return DAYS.index(name)


def spans_from(pairs: Any) -> tuple[Span, ...]:
    """[["09:00", "17:00"]] in minutes after midnight. Raises ValueError unless sorted, disjoint and within a day."""
    if not isinstance(pairs, list):
        raise ValueError("Opening hours are a list of pairs, such as [[“09:00”, “17:00”]].")
    spans = tuple(_span(pair) for pair in pairs)
    check_spans(spans)
    return spans


def _span(pair: Any) -> Span:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError("Opening hours are pairs of a beginning and an end, such as [“09:00”, “17:00”].")
    return _minute(pair[0]), _minute(pair[1])


def _minute(text: Any) -> int:
    parts = text.split(":") if isinstance(text, str) else []
    if (
        len(parts) != 2
        or not all(len(part) == 2 and part.isdecimal() for part in parts)
        or int(parts[1]) > 59
    ):
        raise ValueError(f"“{text}” is not a time of day; write it as 09:00, the end of the day as 24:00.")
    return int(parts[0]) * 60 + int(parts[1])


def _day_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"“{text}” is not a date; write it as 2027-12-24.") from error
