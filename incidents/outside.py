"""What readers outside must not read: the names of components, unless they have one for outside. Pure, but for `names`.

A name that holds anything but letters (`gateway-eu`, `Bank files`) is found however it is spelt; a plain word only as
the catalogue writes it, as "Gateway" is a name and "gateway" a word. A slug counts unless it is such a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from catalogue.queries import InsideName
from core.common.errors import Invalid

SOMETHING = "one of its parts"


def named(text: str, names: Sequence[InsideName]) -> list[tuple[str, str]]:
    """(as it is written there, what to write instead or nothing) of every internal name in a text, each once."""
    found: dict[str, tuple[str, str]] = {}
    for one in names:
        if one.said.casefold() in text.casefold() and (match := _pattern(one.said).search(text)):
            found.setdefault(match[0].casefold(), (match[0], one.public))
            text = _pattern(one.said).sub(" ", text)  # so that a shorter name within it is not named again
    return list(found.values())


def masked(text: str, names: Sequence[InsideName]) -> str:
    """The text with every internal name replaced: for what the desk writes by itself and cannot ask about."""
    there = [one for one in names if one.said.casefold() in text.casefold()]
    if not there:
        return text
    either = "|".join(f"({_spelt(one.said)})" for one in there)
    # One pass: what stands there instead is the catalogue's own text, neither a pattern nor searched for names again.
    return _whole(either).sub(lambda found: there[(found.lastindex or 1) - 1].public or SOMETHING, text)


def check(texts: Mapping[str, str], names: Sequence[InsideName], *, own: bool) -> None:
    """Raise Invalid at the field of each text that names a component. own: written for readers outside alone."""
    wrong = {
        field: [_sentence(written, public, own=own) for written, public in found]
        for field, text in texts.items()
        if (found := named(text, names))
    }
    if wrong:
        raise Invalid(wrong)


def _sentence(written: str, public: str, *, own: bool) -> str:
    instead = (
        f"Write “{public}” instead"
        if public
        else "It has no public name in the catalogue: say it in the customers' words"
    )
    other = "" if own else ", or give external readers a wording of their own"
    return f"External readers would read “{written}”, an internal name. {instead}{other}."


def _pattern(said: str) -> re.Pattern[str]:
    """The name as a whole word; one of letters alone in its own spelling."""
    return _whole(_spelt(said))


def _spelt(said: str) -> str:
    return re.escape(said) if said.isalpha() else f"(?i:{re.escape(said)})"


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])")
