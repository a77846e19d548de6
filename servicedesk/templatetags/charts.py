"""Small charts as SVG: presentation attributes and classes, a title with the finding, numbers as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from escalation import tiers
from servicedesk import charts

register = template.Library()


@register.simple_tag
def spark(values: Sequence[float], title: str = "Trend") -> SafeString:
    """A trend without axes."""
    return format_html(
        '<svg class="spark" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path d="{}"/></svg>',
        title,
        charts.path(charts.spark_points([float(value) for value in values])),
    )


@register.simple_tag
def meter(share: float, look: str = "", title: str = "") -> SafeString:
    """A bar filled to `share` percent; look: red amber green violet, or the accent."""
    width = f"{max(0.0, min(100.0, float(share))):.1f}"
    speaks = (
        format_html('role="img" aria-label="{}"', title) if title else format_html('aria-hidden="{}"', "true")
    )
    return format_html(
        '<svg class="meter {}" viewBox="0 0 100 6" preserveAspectRatio="none" {}>'
        '<rect class="back" width="100" height="6"/><rect class="part" width="{}" height="6"/></svg>',
        look,
        speaks,
        width,
    )


@register.simple_tag
def heat(value: float, highest: float) -> str:
    """The class of a heat table's cell: v0 to v10 by share of the highest, hi for the highest third."""
    step = round(10 * value / highest) if highest else 0
    return "hi" if highest and value >= highest * 0.62 else f"v{step}"


@register.simple_tag
def bars(
    rows: Sequence[dict[str, Any]],
    title: str,
    low: float = 0,
    high: float = 100,
    unit: str = "%",
    digits: int = 0,
) -> SafeString:
    """Horizontal bars against targets. A row: {name, value, target or None, note}. Below it gets a glyph."""
    width, left, right, height = 380, 96, 66, 34
    whole = height * len(rows) + 10

    def x(value: float) -> float:
        return left + (width - left - right) * (max(low, min(high, value)) - low) / ((high - low) or 1)

    def row(index: int, item: dict[str, Any]) -> SafeString:
        y, value, target = 6 + index * height, float(item["value"]), item.get("target")
        under = target is not None and value < float(target)
        goal = mark = SafeString()
        if target is not None:
            goal = format_html(
                '<line class="goal" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>',
                f"{x(float(target)):.1f}",
                y - 3,
                y + 17,
            )
        if under:
            mark = format_html(
                '<use href="#g-a" x="{}" y="{}" width="14" height="14"/>', width - right + 6, y
            )
        return format_html(
            '<text class="name" x="0" y="{y12}">{name}</text><text x="0" y="{y24}">{note}</text>'
            '<rect class="cx" x="{left}" y="{y}" width="{whole}" height="14" rx="3"/>'
            '<rect class="{look}" x="{left}" y="{y}" width="{part}" height="14" rx="3"/>{goal}{mark}'
            '<text class="figure" x="{end}" y="{y12}" text-anchor="end">{value}{unit}</text>',
            y=y,
            y12=y + 12,
            y24=y + 24,
            name=item["name"],
            note=item.get("note", ""),
            left=left,
            whole=width - left - right,
            part=f"{x(value) - left:.1f}",
            look="ca" if under else "c2",
            goal=goal,
            mark=mark,
            end=width,
            value=f"{value:.{digits}f}",
            unit=unit,
        )

    body = format_html_join("", "{}", ((row(index, item),) for index, item in enumerate(rows)))
    return _chart(width, whole, title, body)


@register.simple_tag
def stack(days: Sequence[dict[str, Any]], title: str, names: Sequence[str] = ()) -> SafeString:
    """Stacked columns, one a day: {label, values: one for each tier}. The last numbers stand beside."""
    names = names or ([tiers.name(number) for number in tiers.ladder().numbers] if days else [])
    width, height, left, bottom, right = 380, 186, 22, 20, 70
    top = charts.round_top(max((sum(day["values"]) for day in days), default=0))
    wide = (width - left - right) / max(1, len(days))

    def y(value: float) -> float:
        return (height - bottom) - (height - bottom - 10) * value / top

    parts = [_axis(top * step // 4, y(top * step // 4), left, width - right) for step in range(5)]
    for index, day in enumerate(days):
        base = 0
        for tier, count in enumerate(day["values"], start=1):
            parts.append(
                format_html(
                    '<rect class="c{}" x="{}" y="{}" width="{}" height="{}" rx="1.5"/>',
                    tier,
                    f"{left + index * wide + 2:.1f}",
                    f"{y(base + count):.1f}",
                    f"{max(1, wide - 4):.1f}",
                    f"{max(0, y(base) - y(base + count) - 1):.1f}",
                )
            )
            base += count
        if index % 3 == (len(days) - 1) % 3:
            middle = f"{left + index * wide + wide / 2:.1f}"
            parts.append(
                format_html(
                    '<text x="{}" y="{}" text-anchor="middle">{}</text>', middle, height - 4, day["label"]
                )
            )
    for tier, count in enumerate(days[-1]["values"] if days else [], start=1):
        row = 24 + 20 * (len(names) - tier)
        parts.append(
            format_html(
                '<rect class="c{}" x="{}" y="{}" width="10" height="10" rx="2"/>'
                '<text class="strong" x="{}" y="{}">{}</text>'
                '<text x="{}" y="{}">{}</text>',
                tier,
                width - 64,
                row - 9,
                width - 49,
                row,
                names[tier - 1],
                width - 26,
                row,
                count,
            )
        )
    return _chart(width, height, title, _join(parts))


@register.simple_tag
def burn(
    remaining: Sequence[int],
    title: str,
    weeks: int = 17,
    first_label: int = 1,
    word: str = "wk",
    labels: Sequence[str] = (),
) -> SafeString:
    """What is still open week by week, beside the straight line to nothing after `weeks`.

    `labels`: one text a week, where counting up from `first_label` would pass the year's end.
    """
    width, height, left, bottom = 430, 150, 26, 20
    top = charts.round_top(max(remaining, default=0))

    def x(week: float) -> float:
        return left + (width - left - 16) * week / max(1, weeks - 1)

    def y(value: float) -> float:
        return (height - bottom) - (height - bottom - 8) * value / top

    parts = [_axis(top * step // 4, y(top * step // 4), left, width - 16) for step in range(5)]
    if remaining:
        line = [(x(week), y(value)) for week, value in enumerate(remaining)]
        ideal = [(x(week), y(value)) for week, value in enumerate(charts.ideal_line(remaining[0], weeks))]
        last_x, last_y = line[-1]
        parts += [
            format_html(
                '<path class="fill" d="{} L{} {} L{} {}z"/>',
                charts.path(line),
                f"{last_x:.1f}",
                y(0),
                f"{x(0):.1f}",
                y(0),
            ),
            format_html(
                '<path class="ideal" d="{}"/><path class="ln" d="{}"/>', charts.path(ideal), charts.path(line)
            ),
            format_html('<circle class="mark" cx="{}" cy="{}" r="4"/>', f"{last_x:.1f}", f"{last_y:.1f}"),
            format_html(
                '<text class="strong" x="{}" y="{}">{} open</text>',
                f"{last_x + 9:.1f}",
                f"{last_y - 4:.1f}",
                remaining[-1],
            ),
            format_html('<text x="{}" y="{}" text-anchor="end">plan</text>', width - 18, y(0) - 8),
        ]
    for week in range(0, weeks, 4):
        parts.append(
            format_html(
                '<text x="{}" y="{}" text-anchor="{}">{}</text>',
                f"{x(week):.1f}",
                height - 4,
                "end" if week == weeks - 1 else "middle",
                labels[week] if labels else f"{word} {first_label + week}",
            )
        )
    return _chart(width, height, title, _join(parts))


@register.simple_tag
def ring(share: float) -> SafeString:
    """A large ring filled to `share` percent, as in the update clock."""
    return format_html(
        '<svg class="ring" viewBox="0 0 58 58" aria-hidden="true"><circle cx="29" cy="29" r="25"/>'
        '<circle class="go" data-share cx="29" cy="29" r="25" pathLength="100" stroke-dasharray="{} 100" '
        'transform="rotate(-90 29 29)"/></svg>',
        f"{max(0.0, min(100.0, float(share))):.1f}",
    )


@register.simple_tag
def lane(start: datetime, end: datetime, window_start: datetime, window_end: datetime) -> str:
    """The classes that place a slot in a .track of lanes: "at-25 len-24"; hidden outside the window."""
    span = charts.lane_span(start, end, window_start, window_end)
    return f"at-{span[0]} len-{span[1]}" if span else "off"


@register.simple_tag
def lane_now(at: datetime, window_start: datetime, window_end: datetime) -> str:
    """The class that places the now line in a .track."""
    span = charts.lane_span(at, window_end, window_start, window_end)
    return f"at-{span[0]}" if span and at >= window_start else "off"


def _axis(value: int, y: float, left: int, right: int) -> SafeString:
    return format_html(
        '<line class="axis" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>'
        '<text x="{3}" y="{4}" text-anchor="end">{5}</text>',
        left,
        right,
        f"{y:.1f}",
        left - 6,
        f"{y + 4:.1f}",
        value,
    )


def _join(parts: Sequence[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _chart(width: int, height: int, title: str, body: SafeString) -> SafeString:
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>',
        width,
        height,
        title,
        body,
    )
