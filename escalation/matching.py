"""Which team does a text speak of? Pure: words against the words of each entry, rare words first."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

# How much a word counts by where it stands in the entry.
WEIGHTS: dict[str, float] = {
    "self": 7, "name": 6, "person": 6, "component": 5, "keyword": 4, "application": 3, "scope": 3, "area": 2,
    "customer": 2,
}  # fmt: skip
PHRASE_BONUS = 12.0
NOT_OURS = 8.0
FEWEST_LETTERS_OF_A_PREFIX = 3
FEWEST_LETTERS_OF_A_TYPO = 5  # of shorter words, too many are one letter apart

MOST_ERROR_WORDS = 6
# Capitals or digits joined by _ or -; capitals with digits behind; a status of HTTP that means trouble.
_ERROR = re.compile(r"\b(?:[A-Z0-9]{2,}(?:[_-][A-Z0-9]+)+|[A-Z]{2,}\d+|[45]\d\d)\b")
_WORD = re.compile(r"\w+")
_CLAUSE = re.compile(r"[;.\n]")
_DENIAL = re.compile(r"\s*(?:but )?not\b", re.IGNORECASE)
_EMPTY_WORDS = frozenset(
    _WORD.findall(
        "a an and are at be by can cannot do does for from has have i in is it its my no not of on or our "
        "that the this to us was we what who with"
    )
)


@dataclass(frozen=True)
class Entry:
    """The texts of one team by kind (a key of WEIGHTS), and what is not theirs."""

    texts: Mapping[str, Sequence[str]]
    not_ours: str = ""


@dataclass(frozen=True)
class Match:
    """How well one entry fits; `words` are the typed words found in it."""

    index: int
    score: float
    words: tuple[str, ...] = field(default=())


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """The word without the commonest English endings: files, file; balancers, balancer."""
    word = word.casefold()
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            return word.removesuffix(ending) + ("y" if ending == "ies" else "")
    return word.removesuffix("e") if len(word) > 3 else word


def words_of(text: str) -> list[str]:
    """The words that carry meaning, as typed, in order."""
    return [word for word in _WORD.findall(text) if word.casefold() not in _EMPTY_WORDS]


def error_words(text: str) -> list[str]:
    """What in a text looks like the word of an error: ERR_CARD_DECLINED, HTTP502, 502, ORA-01555; each once."""
    return list(dict.fromkeys(_ERROR.findall(text)))[:MOST_ERROR_WORDS]


def owned_and_denied(scope: str) -> tuple[str, str]:
    """A scope in words, split: "routes; not load balancers" owns the first, denies the second."""
    clauses = _CLAUSE.split(scope)
    denied = [clause for clause in clauses if _DENIAL.match(clause)]
    return "; ".join(clause for clause in clauses if clause not in denied), "; ".join(denied)


def rank(query: str, entries: Sequence[Entry]) -> list[Match]:
    """The entries that fit, the best first: more of the typed words, then rarer words in weightier places.

    A word that no entry knows counts as the known one that is a single edit away: setlement, settlement.
    """
    typed = list({stem(word): word for word in words_of(query)}.items())
    if not typed:
        return []
    stems = [_stems(entry) for entry in entries]
    spread = Counter(word for by_kind in stems for word in set().union(*by_kind.values()))
    typed = [_meant(word, as_typed, spread, entries) for word, as_typed in typed]
    found = [
        _match(index, query, typed, entry, stems[index], spread, len(entries))
        for index, entry in enumerate(entries)
    ]
    matches = [match for match in found if match.score > 0]
    return sorted(matches, key=lambda match: (-match.score, match.index))


def _meant(word: str, as_typed: str, known: Mapping[str, int], entries: Sequence[Entry]) -> tuple[str, str]:
    """The word as it was typed where an entry knows it or its beginning, else the nearest one in its place."""
    if len(word) < FEWEST_LETTERS_OF_A_TYPO or any(other.startswith(word) for other in known):
        return word, as_typed
    near = [other for other in known if one_edit_apart(word, other)]
    if not near:
        return word, as_typed
    meant = min(near, key=lambda other: (-known[other], other))
    written = (
        part
        for entry in entries
        for texts in entry.texts.values()
        for text in texts
        for part in words_of(text)
    )
    return meant, next(part for part in written if stem(part) == meant)


def one_edit_apart(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two neighbours swapped, makes the words equal."""
    if abs(len(one) - len(other)) > 1:
        return False
    at = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    rest, other_rest = one[at:], other[at:]
    if len(one) != len(other):
        return rest[1:] == other_rest or rest == other_rest[1:]
    return rest[1:] == other_rest[1:] or (
        rest[:2] == other_rest[1::-1] and len(rest) > 1 and rest[2:] == other_rest[2:]
    )


def _stems(entry: Entry) -> dict[str, set[str]]:
    return {
        kind: {stem(word) for text in texts for word in words_of(text)} for kind, texts in entry.texts.items()
    }


def _match(
    index: int,
    query: str,
    typed: list[tuple[str, str]],
    entry: Entry,
    stems: dict[str, set[str]],
    spread: Counter[str],
    total: int,
) -> Match:
    score, words = 0.0, []
    for word, as_typed in typed:
        best = max((WEIGHTS[kind] * _likeness(word, known) for kind, known in stems.items()), default=0.0)
        if best:
            words.append(as_typed)
            score += best * math.log(1 + total / max(1, spread[word]))
    score *= len(words) / len(typed)
    if score and _says(query, entry):
        score += PHRASE_BONUS
    denied = {stem(word) for word in words_of(entry.not_ours)}
    score -= NOT_OURS * sum(word in denied for word, _ in typed)
    return Match(index, score, tuple(words))


def _likeness(word: str, known: set[str]) -> float:
    """1 for the word itself, less for a beginning of a word: people type "load bal"."""
    if word in known:
        return 1.0
    if len(word) >= FEWEST_LETTERS_OF_A_PREFIX and any(other.startswith(word) for other in known):
        return 0.6
    return 0.0


def _says(query: str, entry: Entry) -> bool:
    """Whether the typed words stand together in one of the entry's texts."""
    phrase = [stem(word) for word in words_of(query)]
    if len(phrase) < 2:
        return False
    together = " ".join(phrase)
    return any(
        together in " ".join(stem(word) for word in words_of(text))
        for texts in entry.texts.values()
        for text in texts
    )
