"""Logic-less templates: names in double braces, from an allow-list, and nothing else happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from urllib.parse import parse_qsl, quote_plus

from core.common.errors import RuleBroken

_NAME = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
LONGEST = 4_000


class Format(StrEnum):
    """How a body is written, which says how the values are quoted."""

    JSON = "json"
    FORM = "form"


CONTENT_TYPES = {Format.JSON: "application/json", Format.FORM: "application/x-www-form-urlencoded"}
# name: what stands there, said beside the form.
VARIABLES: dict[str, str] = {
    "subject": "the message in one line",
    "text": "the whole message",
    "short": "at most 300 characters with the link, for a text message",
    "link": "the address to open",
    "reference": "what it is about, such as TKT-12",
    "person": "who is told",
    "phone": "their number",
    "team": "the team",
    "id": "the same for every attempt of one message",
}
_QUOTED: dict[Format, Callable[[str], str]] = {
    Format.JSON: lambda value: json.dumps(value)[1:-1],
    Format.FORM: quote_plus,
}


def check(template: str, format: Format) -> None:
    """Refuse a template with unknown names, or one whose body would not be read. Raises RuleBroken."""
    if len(template) > LONGEST:
        raise RuleBroken(f"A template has at most {LONGEST:,} characters.", field="template")
    unknown = sorted({name for name in _NAME.findall(template) if name not in VARIABLES})
    if unknown:
        known = ", ".join(VARIABLES)
        raise RuleBroken(f"There is no {{{{{unknown[0]}}}}}. Known names: {known}.", field="template")
    filled = fill(template, format, {name: 'say "x" & y' for name in VARIABLES})
    try:
        json.loads(filled) if format is Format.JSON else parse_qsl(filled, strict_parsing=True)
    except ValueError as error:
        example = {
            Format.JSON: '{"to": "{{phone}}", "text": "{{short}}"}',
            Format.FORM: "To={{phone}}&Body={{short}}",
        }[format]
        raise RuleBroken(
            f"Filled in, this is no {format.upper()}. Example: {example}", field="template"
        ) from error


def fill(template: str, format: Format, values: Mapping[str, str]) -> str:
    """The template with its names replaced, quoted for the format; a name without a value is empty."""
    quote = _QUOTED[format]
    return _NAME.sub(lambda match: quote(values.get(match[1], "")), template)
