"""The directory's own marks: found words, numbers to dial."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from core.accounts.models import User
from core.common import clock
from core.common.vocabulary import Area
from escalation import matching, rotation_rules
from escalation.local_time import in_words, zone_of
from escalation.models import Card, Rotation, Team

register = template.Library()

NIGHT_BEGINS, NIGHT_ENDS = 22, 7
_WORDS = re.compile(r"(\w+)")


@register.filter
def among(pk: int | None, people: Mapping[int, User]) -> User | None:
    """The person of a number that a schedule holds; None for nobody."""
    return people.get(pk) if pk is not None else None


@register.filter
def turns_in_words(rotation: Rotation) -> str:
    """How a rotation counts: "Every 2 weeks, Monday 09:00"."""
    return rotation_rules.in_words(
        rotation.period, rotation.every, rotation.handoff_weekday, rotation.handoff_time
    )


@register.filter
def hours_in_words(row: Mapping[str, Any]) -> str:
    """One line of the hours that a rotation covers: "Mon to Fri 09:00-17:00"."""
    since, until = (time.fromisoformat(row[edge]) for edge in ("from", "to"))
    return in_words(row["weekdays"], since, until)


@register.filter
def marked(text: str, words: Sequence[str]) -> SafeString:
    """The text with the words that were looked for marked."""
    stems = {matching.stem(word) for word in words}
    return format_html_join(
        "",
        "{}",
        (
            (
                format_html("<mark>{}</mark>", part)
                if matching.stem(part) in stems
                else conditional_escape(part),
            )
            for part in _WORDS.split(text)
        ),
    )


@register.filter
def stopped(text: str) -> str:
    """The text with a full stop behind it, as another sentence follows."""
    text = text.rstrip()
    return text if text.endswith((".", "!", "?", ";")) or not text else f"{text}."


@register.filter
def dial(phone: str) -> str:
    """A written number as tel: and sms: want it (RFC 3966): digits and a leading plus."""
    digits = "".join(character for character in phone if character.isdigit())
    return f"+{digits}" if phone.strip().startswith("+") else digits


@register.filter
def is_overdue(entry: Team | Card) -> bool:
    """Whether the entry should have been checked by today."""
    return entry.is_overdue(clock.now().date())


@register.filter
def local_now(person: User) -> str:
    """The time where somebody is: 03:10, or Fri 03:10 where it is another day than for the reader."""
    here, there = timezone.localtime(clock.now()), clock.now().astimezone(zone_of(person.timezone))
    return f"{there:%H:%M}" if here.date() == there.date() else f"{there:%a %H:%M}"


@register.filter
def elsewhere(person: User) -> bool:
    """Whether their clock shows another time than the reader's."""
    now = clock.now()
    return timezone.localtime(now).utcoffset() != now.astimezone(zone_of(person.timezone)).utcoffset()


@register.filter
def sleeps(person: User) -> bool:
    """Whether it is night for them, 22:00 to 07:00: worth a thought before the call, no reason against it."""
    return not NIGHT_ENDS <= clock.now().astimezone(zone_of(person.timezone)).hour < NIGHT_BEGINS


@register.filter
def area_name(area: str) -> str:
    """Third party, for third_party."""
    return str(Area(area).label) if area in Area.values else area


@register.filter
def working_hours(card: Card) -> str:
    """Mon to Fri 09:00-17:00."""
    return in_words(card.work_days, card.work_from, card.work_to)
