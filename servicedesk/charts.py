"""The geometry of the desk's small charts: numbers to coordinates. No markup, no colours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

LANE_COLUMNS = 168


def path(points: Sequence[tuple[float, float]]) -> str:
    """An SVG path through the points."""
    return " ".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(points))


def spark_points(values: Sequence[float]) -> list[tuple[float, float]]:
    """Points in a box of 100 x 20. The scale spans at least the value itself, so that noise is no news."""
    if len(values) < 2:
        return [(0.0, 10.0), (100.0, 10.0)]
    low, high = min(values), max(values)
    span = max(high - low, 1.1 * high, 1e-9)
    floor = max(0.0, low - span) if high - low < span * 0.6 else low
    step = 100 / (len(values) - 1)
    return [(index * step, 18 - (value - floor) / span * 16) for index, value in enumerate(values)]


def round_top(highest: float) -> int:
    """The top of an axis that starts at 0 and has four equal steps of whole numbers."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10_000):
        if step * 4 >= highest:
            return step * 4
    return int(-(-highest // 4) * 4)


def lane_span(
    start: datetime, end: datetime, window_start: datetime, window_end: datetime
) -> tuple[int, int] | None:
    """First column (from 1) and number of columns of a slot in a lane; None when it lies outside the window.

    A lane has 168 columns whatever its window: an hour each in a week, a seventh of an hour in a day.
    """
    whole = (window_end - window_start).total_seconds()
    first, last = max(start, window_start), min(end, window_end)
    if whole <= 0 or last <= first:
        return None
    at = int((first - window_start).total_seconds() * LANE_COLUMNS // whole)
    to = -int(-(last - window_start).total_seconds() * LANE_COLUMNS // whole)
    return at + 1, max(1, to - at)


def ideal_line(start: float, weeks: int) -> list[float]:
    """From what was open at the start straight down to nothing."""
    return [start * (weeks - 1 - week) / (weeks - 1) for week in range(weeks)] if weeks > 1 else [start]
