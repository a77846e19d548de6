"""Where a message stops being its author's and starts repeating what others wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.safestring import SafeString

from core.common import markdown

# A quoted answer to a point stands in one or two lines above it and is read with it; more is history.
MOST_SHOWN = 2
_ATTRIBUTION = re.compile(
    r"^(on\b.{4,300}\bwrote|le\b.{4,300}a écrit|am\b.{4,300}\bschrieb.{0,100}|el\b.{4,300}escribió)\s?:\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"^(-{3,}\s*(original message|ursprüngliche nachricht|message d'origine)\s*-{3,}|_{20,})\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    text: str
    quoted: bool


def parts(text: str) -> list[Part]:
    """A text as its author's words and the history they quoted, in order; joined it is the text again.

    History is "On ... wrote:" with the quoted lines below it (with none, everything below it), a mail
    program's line above an original message, and any run of more than two lines that begin with ">", or a
    run at the text's end.
    """
    lines = text.splitlines(keepends=True)
    marks = [False] * len(lines)
    number = 0
    while number < len(lines):
        end = _history_from(lines, number)
        for place in range(number, end):
            marks[place] = True
        number = max(end, number + 1)
    found: list[Part] = []
    for line, quoted in zip(lines, marks, strict=True):
        if found and found[-1].quoted == quoted:
            found[-1] = Part(found[-1].text + line, quoted)
        else:
            found.append(Part(line, quoted))
    return found


def rendered(text: str) -> list[tuple[SafeString, bool]]:
    """A message as safe HTML in parts: its author's words, and (True) the history that it quotes."""
    return [(markdown.cleaned(markdown.render(part.text)), part.quoted) for part in parts(text)]


def _history_from(lines: list[str], start: int) -> int:
    """Where the history that starts in this line ends; `start` itself when none does."""
    if _FORWARDED.match(lines[start].strip()):
        return len(lines)
    below = start + _attribution(lines, start)
    if below > start:
        first = below
        while first < len(lines) and not lines[first].strip():
            first += 1
        run = _run(lines, first)
        return run if run > first else len(lines)
    run = _run(lines, start)
    rest_is_empty = not "".join(lines[run:]).strip()
    return run if run - start > MOST_SHOWN or (run > start and rest_is_empty) else start


def _attribution(lines: list[str], start: int) -> int:
    """How many lines "On ... wrote:" takes here: mail programs break it after 76 characters."""
    if lines[start].lstrip().startswith(">"):
        return 0
    for count in (1, 2):
        joined = " ".join(line.strip() for line in lines[start : start + count])
        if _ATTRIBUTION.match(joined):
            return count
    return 0


def _run(lines: list[str], start: int) -> int:
    """The end of the quoted lines from here, with the empty lines between them."""
    end = start
    for number in range(start, len(lines)):
        if lines[number].lstrip().startswith(">"):
            end = number + 1
        elif lines[number].strip():
            break
    return end
