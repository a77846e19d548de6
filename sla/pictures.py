"""A week of opening hours as something to look at, and the same in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from sla import words
from sla.business_time import DAY_MINUTES, Hours, Span
from sla.calendars import DAY_NAMES


@dataclass(frozen=True, slots=True)
class Line:
    """Some weekdays that are open alike."""

    days: str
    spans: str


def lines(hours: Hours) -> list[Line]:
    """The week in a few lines: "Monday to Friday", "09:00 to 17:00"."""
    week = [(number, _of_weekday(hours, number)) for number in range(7)]
    return [
        Line(_from_to([number for number, _ in days]), words.spans(spans))
        for spans, days in ((spans, list(days)) for spans, days in groupby(week, key=lambda day: day[1]))
    ]


def in_words(hours: Hours) -> str:
    """The week in one sentence."""
    if hours.always_open:
        return "Around the clock, every day."
    return "; ".join(f"{line.days} {line.spans}" for line in lines(hours)) + "."


@dataclass(frozen=True, slots=True)
class Bar:
    """An open span as a part of its day's width, in thousandths."""

    left: int
    width: int
    words: str


def bars(hours: Hours) -> list[tuple[str, list[Bar]]]:
    """Each weekday's name with its open spans."""
    return [(DAY_NAMES[number], list(_bars(_of_weekday(hours, number)))) for number in range(7)]


def _bars(spans: Iterable[Span]) -> Iterable[Bar]:
    for opens, closes in spans:
        yield Bar(
            opens * 1000 // DAY_MINUTES, (closes - opens) * 1000 // DAY_MINUTES, words.span((opens, closes))
        )


def _of_weekday(hours: Hours, number: int) -> tuple[Span, ...]:
    return ((0, DAY_MINUTES),) if hours.always_open else tuple(hours.weekly.get(number, ()))


def _from_to(numbers: list[int]) -> str:
    first, last = DAY_NAMES[numbers[0]], DAY_NAMES[numbers[-1]]
    if len(numbers) == 1:
        return first
    return f"{first} {'and' if len(numbers) == 2 else 'to'} {last}"
