"""The desk's small marks: icon, priority, severity, status, clock, avatar, health, dialog, field, times.

Everything is escaped by format_html; sizes are classes or SVG attributes: the policy forbids inline styles.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select, Textarea
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.common.clock import now
from escalation import tiers
from servicedesk import clocks, wording
from servicedesk.navigation import product_name

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", cls: str = "") -> SafeString:
    """One drawing of the sprite. With a label it speaks; without, it is decoration."""
    if label:
        return format_html(
            '<svg class="i {}" role="img" aria-label="{}"><use href="#i-{}"/></svg>', cls, label, name
        )
    return format_html('<svg class="i {}" aria-hidden="true"><use href="#i-{}"/></svg>', cls, name)


@register.simple_tag
def priority(value: str, large: bool = False) -> SafeString:
    """P0 to P3. Fill strength carries the rank, not only the colour."""
    rank = str(value or "P3")[:2].upper()
    size = " lg" if large else ""
    return format_html('<span class="p {}{}" title="Priority {}">{}</span>', rank.lower(), size, rank, rank)


@register.simple_tag
def severity(value: str) -> SafeString:
    """SEV1 to SEV4 as a neutral meter of four steps and words; nothing for an unassessed one."""
    digits = "".join(character for character in str(value or "") if character.isdigit())[:1]
    if not digits:
        return format_html('<span class="sev muted">{}</span>', "Not assessed")
    steps = format_html_join(
        "", '<b class="{}"></b>', (("on" if step <= 5 - int(digits) else "",) for step in range(1, 5))
    )
    return format_html('<span class="sev"><i aria-hidden="true">{}</i>Sev {}</span>', steps, digits)


# Status -> shape (sprite), look (class), word. One table for the four desks; a shape tells how far it is.
STATES: dict[str, tuple[str, str, str]] = {
    "new": ("new", "", "New"),
    "open": ("open", "", "Open"),
    "waiting": ("wait", "", "Waiting for customer"),
    "on_hold": ("hold", "", "On hold"),
    "resolved": ("done", "done", "Resolved"),
    "closed": ("closed", "", "Closed"),
    "declared": ("new", "", "Declared"),
    "investigating": ("prog", "act", "Investigating"),
    "identified": ("prog", "act", "Cause found"),
    "monitoring": ("wait", "act", "Watching"),
    "restored": ("done", "done", "Restored"),
    "known_error": ("prog", "act", "Known error"),
    "fixing": ("prog", "act", "Fixing"),
    "draft": ("new", "", "Draft"),
    "submitted": ("open", "", "Waiting for approval"),
    "approved": ("open", "act", "Approved"),
    "rejected": ("closed", "", "Rejected"),
    "scheduled": ("open", "act", "Scheduled"),
    "implementing": ("prog", "act", "Being carried out"),
    "validating": ("prog", "act", "Being checked"),
    "cancelled": ("closed", "", "Cancelled"),
    "proposed": ("new", "", "Proposed"),
    "accepted": ("open", "", "Accepted"),
    "in_progress": ("prog", "act", "In progress"),
    "done": ("done", "done", "Done"),
    "dropped": ("closed", "", "Dropped"),
}


@register.simple_tag
def status(value: str, label: str = "", owner: Any = None, words: bool = True) -> SafeString:
    """A state as a drawn circle and its word. An open ticket with an owner is half full: in progress."""
    shape, look, word = STATES.get(str(value), ("open", "", str(value).replace("_", " ").capitalize()))
    if str(value) == "open" and owner:
        shape, look, word = "prog", "act", "In progress"
    text = label or word
    if words:
        drawing = format_html('<svg class="i" aria-hidden="true"><use href="#s-{}"/></svg>', shape)
        return format_html('<span class="st {}">{}{}</span>', look, drawing, text)
    drawing = format_html('<svg class="i" role="img" aria-label="{}"><use href="#s-{}"/></svg>', text, shape)
    return format_html('<span class="st {}" title="{}">{}</span>', look, text, drawing)


# Health: letter -> staff's word. Shape, word and colour always together.
HEALTH = {"r": "Down", "a": "Degraded", "g": "Healthy", "m": "Maintenance", "u": "No data"}
HEALTH_NAMES = {
    "red": "r",
    "amber": "a",
    "green": "g",
    "violet": "m",
    "maintenance": "m",
    "grey": "u",
    "unknown": "u",
}


def health_letter(state: str) -> str:
    """One of r a g m u, from a letter or a colour's name; anything else is "no data"."""
    letter = HEALTH_NAMES.get(str(state).lower(), str(state).lower())
    return letter if letter in HEALTH else "u"


@register.simple_tag
def rag(state: str, label: str | None = None) -> SafeString:
    """Health as shape, colour and word; label="" hides the word from sight, not from a screen reader."""
    letter = health_letter(state)
    word = HEALTH[letter] if label is None else label
    if word:
        drawing = format_html('<svg class="i" aria-hidden="true"><use href="#g-{}"/></svg>', letter)
    else:
        drawing = format_html(
            '<svg class="i" role="img" aria-label="{}"><use href="#g-{}"/></svg>', HEALTH[letter], letter
        )
    return format_html('<span class="rag {}">{}{}</span>', letter, drawing, word)


HUES = 12


def hue_of(number: int | None) -> str:
    """The class of a person's hue; neighbouring numbers lie far apart on the wheel."""
    return f"h{((number or 0) * 5) % HUES}"


@register.simple_tag
def avatar(
    user: Any = None, size: str = "", writing: bool = False, name: str = "", number: int | None = None
) -> SafeString:
    """Initials on the person's own hue; a dashed ring for nobody. `name`, `number`: who is not a User."""
    who = name or getattr(user, "display_name", "") or (str(user) if user else "")
    classes = " ".join(part for part in (size, "typing" if writing else "") if part)
    if not who:
        return format_html(
            '<span class="av none {}" role="img" aria-label="Nobody" title="Nobody"></span>', classes
        )
    letters = "".join(word[0] for word in who.split()[:2]).upper()
    hue = hue_of(number or getattr(user, "pk", None) or sum(map(ord, who)))
    return format_html(
        '<span class="av {} {}" role="img" aria-label="{}" title="{}">{}</span>',
        hue,
        classes,
        who,
        who,
        letters,
    )


@register.simple_tag
def chip(text: Any, look: str = "", sign: str = "", href: str = "", title: str = "") -> SafeString:
    """One idea in at most three words. look: red amber green violet blue line sm; `sign`: an icon's name."""
    drawing = icon(sign) if sign else ""
    if href:
        return format_html(
            '<a class="chip {}" href="{}" title="{}">{}{}</a>', look, href, title, drawing, text
        )
    return format_html('<span class="chip {}" title="{}">{}{}</span>', look, title, drawing, text)


@register.simple_tag
def product() -> str:
    """The desk's own name."""
    return product_name()


@register.simple_tag
def tier(number: int) -> SafeString:
    """A tier by its name."""
    return format_html('<span class="tier">{}</span>', tiers.name(number))


@register.filter
def tier_name(number: int) -> str:
    """The name of a tier inside a sentence."""
    return tiers.name(number)


# --- clocks -----------------------------------------------------------------------------------------------
RING = (
    '<svg viewBox="0 0 16 16" aria-hidden="true"><circle class="dial" cx="8" cy="8" r="6"/>'
    '<circle class="share" data-share cx="8" cy="8" r="6" pathLength="100" stroke-dasharray="{} 100" '
    'transform="rotate(-90 8 8)"/></svg>'
)
GLYPHS = {
    "over": ("fill", "M8 0 16 8 8 16 0 8z"),
    "held": ("fill", "M2.5 1.5H6v13H2.5zM10 1.5h3.5v13H10z"),
    "met": ("tick", "m3 8.5 3.2 3.2L13 5"),
}
SPOKEN = {
    "ok": "due in",
    "warn": "due soon, in",
    "over": "overdue by",
    "held": "paused with",
    "met": "met in",
}


@register.simple_tag
def clock(
    due_at: datetime | None = None,
    state: str = "running",
    target: timedelta | float | None = None,
    *,
    goal: str = "Clock",
    left: timedelta | float | None = None,
    taken: timedelta | float | None = None,
    suffix: str = "",
    counting: bool = False,
) -> SafeString:
    """A promise as ring, words and colour.

    state: running, paused (give `left`), met (give `taken`), cancelled. `counting` shows minutes and seconds.
    """
    # What a part was not given arrives as an empty text.
    left, taken = (None if length == "" else length for length in (left, taken))
    reading = clocks.read(due_at or None, str(state), target or None, left, taken, now())
    if reading is None:
        return SafeString()
    look, text, share = reading
    if look in GLYPHS:
        drawing = format_html(
            '<svg viewBox="0 0 16 16" aria-hidden="true"><path class="{}" d="{}"/></svg>', *GLYPHS[look]
        )
    else:
        drawing = format_html(RING, f"{share:.1f}")
    words: str | SafeString = text
    if due_at is not None and look in {"ok", "warn", "over"}:
        whole = wording.seconds_in(target) if target else ""
        form = "count" if counting else "words"
        words = format_html(
            '<span data-due="{}" data-total="{}" data-format="{}">{}</span>',
            int(due_at.timestamp()),
            whole,
            form,
            wording.countdown(due_at - now()) if counting else text,
        )
    return format_html(
        '<span class="clk {}" role="timer" title="{}"><span class="sr">{} {} </span>{}'
        "<span>{}{}</span></span>",
        look,
        goal,
        goal,
        SPOKEN[look],
        drawing,
        words,
        suffix,
    )


@register.inclusion_tag("ui/count.html")
def update_clock(
    due_at: datetime, every: timedelta | float, number: int, *, href: str = "#update", facts: str = ""
) -> dict[str, Any]:
    """The countdown to an incident's next update: `every` is the interval, `number` the update that is due."""
    seconds = wording.seconds_in(due_at - now())
    whole = wording.seconds_in(every) or 1
    look = "over" if seconds < 0 else "warn" if seconds <= 5 * wording.MINUTE else ""
    return {
        "look": look,
        "number": number,
        "due_at": due_at,
        "epoch": int(due_at.timestamp()),
        "whole": whole,
        "text": wording.countdown(seconds),
        "href": href,
        "facts": facts,
        "share": f"{100 if seconds < 0 else max(0.0, min(100.0, 100 * seconds / whole)):.1f}",
    }


# --- words for time ---------------------------------------------------------------------------------------
@register.filter
def duration(length: timedelta | float | None) -> str:
    """9m, 3h 35m, 1d 2h (a timedelta or seconds)."""
    return wording.duration(length)


@register.filter
def spoken(length: timedelta | float | None) -> str:
    """6 min, 2 h 5 min, 3 days."""
    return wording.spoken(length)


@register.filter
def clocktime(at: datetime | None) -> str:
    """A moment in the reader's zone: 14:06 today, 23 Oct 14:06 this year, 23 Oct 2024 14:06 before."""
    return wording.moment(timezone.localtime(at), timezone.localtime(now())) if at else ""


@register.filter
def ago(at: datetime | None) -> str:
    """9m ago, in 2h 10m, just now."""
    return wording.ago(at, now()) if at else ""


@register.simple_tag
def moment(at: datetime | None, cls: str = "num") -> SafeString:
    """A <time> element: short words in sight, the whole moment with its zone on hover and for programs."""
    if at is None:
        return SafeString()
    local = timezone.localtime(at)
    whole = f"{local.day} {local:%B %Y, %H:%M %Z}"
    return format_html(
        '<time class="{}" datetime="{}" title="{}">{}</time>', cls, at.isoformat(), whole, clocktime(at)
    )


# --- forms ------------------------------------------------------------------------------------------------
@register.inclusion_tag("ui/field.html")
def field(
    bound: BoundField, hint: str = "", label: str = "", cls: str = "", short: bool = False
) -> dict[str, Any]:
    """One form field: label above, hint or error below (never both), tied together for screen readers."""
    widget, errors = bound.field.widget, list(bound.errors)
    below = f"{bound.auto_id}_error" if errors else f"{bound.auto_id}_hint"
    words = hint or str(bound.help_text or "")
    kind = _kind(widget)
    attrs: dict[str, Any] = {
        "class": {"select": "sel", "textarea": "ta", "check": "", "group": ""}.get(kind, "in")
    }
    if cls:
        attrs["class"] = f"{attrs['class']} {cls}".strip()
    if short and kind == "textarea":
        attrs |= {"class": "ta short", "rows": 2}
    if errors:
        attrs["aria-invalid"] = "true"
    if errors or words:
        attrs["aria-describedby"] = below
    return {
        "bound": bound,
        "kind": kind,
        "label": label or bound.label,
        "errors": errors,
        "hint": words,
        "below": below,
        "control": bound.as_widget(attrs=attrs) if kind != "group" else "",
        "offers": getattr(bound.field, "offers", ()),
        "meant": getattr(bound.field, "meant", None),
        "required": bound.field.required and kind != "check",
    }


def _kind(widget: Any) -> str:
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "group"
    if isinstance(widget, Select):
        return "select"
    if isinstance(widget, Textarea):
        return "textarea"
    return "hidden" if widget.is_hidden else "input"


@register.simple_block_tag(takes_context=True)
def dialog(
    context: template.Context,
    content: str,
    name: str,
    title: str,
    *,
    action: str = "",
    send: str = "",
    keep: str = "Keep as it is",
    look: str = "pri",
    sign: str = "",
    open: bool = False,
) -> str:
    """A question with its consequences: a form around the block when `action` is given.

    Opened by any element with data-open="name"; ?open=name shows it without script, `open` after an error.
    """
    request = context.get("request")
    asked = request is not None and request.GET.get("open") == name
    return render_to_string(
        "ui/dialog.html",
        {
            "name": name,
            "title": title,
            "action": action,
            "send": send,
            "keep": keep,
            "look": look,
            "sign": sign,
            "open": open or asked,
            "body": content,
        },
        request=request,
    )
