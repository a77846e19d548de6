"""How service levels look: a week of opening hours, targets in words."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sla import causes, explaining, pictures, words
from sla.models import Breach, Policy
from sla.models.calendars import OpeningHours

register = template.Library()

LEFT, WIDE, ROW, TOP = 40, 300, 22, 18


@register.simple_tag
def week(opening: OpeningHours) -> SafeString:
    """The week of a calendar: a row a day, a bar for each open span, the hours above. Speaks as a sentence."""
    try:
        hours = opening.hours()
    except ValueError:
        return SafeString()
    height = TOP + 7 * ROW + 4
    ticks = format_html_join(
        "", TICK, ((_x(hour * 1000 // 24), TOP, height - 4, f"{hour:02d}") for hour in range(0, 25, 6))
    )
    rows = format_html_join(
        "",
        '<text class="name" x="0" y="{}">{}</text><rect class="cx" x="{}" y="{}" width="{}" height="14" rx="3"/>{}',
        (
            (TOP + number * ROW + 15, name[:3], LEFT, TOP + number * ROW + 4, WIDE, _bars(bars, number))
            for number, (name, bars) in enumerate(pictures.bars(hours))
        ),
    )
    return format_html(
        '<svg class="chart week" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        LEFT + WIDE + 12,
        height,
        f"{opening.name}: {pictures.in_words(hours)}",
        ticks,
        rows,
    )


TICK = '<line class="axis" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><text x="{0}" y="12" text-anchor="middle">{3}</text>'


def _x(thousandth: int) -> str:
    return f"{LEFT + WIDE * thousandth / 1000:.1f}"


def _bars(bars: list[pictures.Bar], number: int) -> SafeString:
    return format_html_join(
        "",
        '<rect class="c2" x="{}" y="{}" width="{}" height="14" rx="3"><title>{}</title></rect>',
        ((_x(bar.left), TOP + number * ROW + 4, f"{WIDE * bar.width / 1000:.1f}", bar.words) for bar in bars),
    )


@register.filter
def week_lines(opening: OpeningHours) -> list[pictures.Line]:
    """The week of a calendar in a few lines; none while its hours cannot be read."""
    try:
        return pictures.lines(opening.hours())
    except ValueError:
        return []


@register.filter
def minutes(count: int | None) -> str:
    """Business time in words: "4 h", "1 h 30 min"; "" for None, where nothing is promised."""
    return words.minutes_in_words(int(count)) if count is not None else ""


@register.filter
def seconds(count: int) -> str:
    """Seconds of business time in words, in whole minutes."""
    return words.in_words(count)


@register.filter
def because(breach: Breach) -> str:
    """Why a promise was missed, in words."""
    return causes.in_words(breach.cause, breach.cause_note)


@register.filter
def is_for(policy: Policy) -> str:
    """Whom a policy is for: "for P1, Strategic customers"."""
    return explaining.is_for(policy)
