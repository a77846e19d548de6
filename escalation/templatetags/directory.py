"""The directory's own marks: found words, numbers to dial."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from core.common import clock
from escalation import matching
from escalation.models import Team

register = template.Library()

_WORDS = re.compile(r"(\w+)")


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
def dial(phone: str) -> str:
    """A written number as tel: and sms: want it (RFC 3966): digits and a leading plus."""
    digits = "".join(character for character in phone if character.isdigit())
    return f"+{digits}" if phone.strip().startswith("+") else digits


@register.filter
def is_overdue(team: Team) -> bool:
    """Whether the entry should have been checked by today."""
    return team.is_overdue(clock.now().date())
