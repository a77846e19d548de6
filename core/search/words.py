"""The words that occur in what can be found; kept on SQLite, for the word that somebody is still typing.

Its full-text index knows stems alone, and stems the beginning of a word as if that were a word: "pay" becomes
"pai", which begins no "payment". So the beginning is looked up here, and the whole words are searched.
A word stays when the last text with it is gone: it then finds nothing.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable

from django.db import connection

_WORD = re.compile(r"[^\W_]+")
SHORTEST, LONGEST = 2, 100


def fold(text: str) -> str:
    """Lower case, without accents: as the index compares."""
    return "".join(
        letter for letter in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(letter)
    )


def learn(texts: Iterable[str]) -> None:
    """Keep the words of these texts. Numbers are left out, which have no stem."""
    if connection.vendor != "sqlite":
        return
    found = {word for text in texts for word in _WORD.findall(fold(text))}
    known = [word for word in found if SHORTEST <= len(word) <= LONGEST and not word.isdecimal()]
    if known:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT OR IGNORE INTO search_word SELECT value FROM json_each(%s)", [json.dumps(known)]
            )


def beginning_with(start: str, most: int) -> list[str]:
    """The words that begin so, at most so many."""
    start = fold(start)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM search_word WHERE word >= %s AND word < %s ORDER BY word LIMIT %s",
            [start, start + chr(0x10FFFF), most],
        )
        return [row[0] for row in cursor.fetchall()]
