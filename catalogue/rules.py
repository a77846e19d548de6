"""What holds for the catalogue's questions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalogue.models import Question
from core.common.errors import RuleBroken

MOST_CHOICES = 50
LONGEST_ANSWER = 500
LONGEST_KEY = 40
_VERSION = re.compile(r"[vV]?\d[0-9A-Za-z._+-]*")


def check_choices(type: str, choices: Sequence[object]) -> None:
    """A choice has two or more different answers, the other types have none."""
    if type != Question.Type.CHOICE:
        if choices:
            raise RuleBroken("Only a question of type choice has choices.", field="choices")
        return
    texts = [choice.strip() for choice in choices if isinstance(choice, str) and choice.strip()]
    if len(texts) != len(choices) or len(set(texts)) != len(texts) or not 2 <= len(texts) <= MOST_CHOICES:
        raise RuleBroken(f"A choice has 2 to {MOST_CHOICES} different answers, each a text.", field="choices")


def wrong_answer(question: Question, value: str) -> str:
    """Why a text cannot be the answer, with what is possible; empty when it can."""
    if len(value) > LONGEST_ANSWER or not value.isprintable():
        return f"Answer in one line of up to {LONGEST_ANSWER} characters."
    if question.type == Question.Type.CHOICE and value not in question.choices:
        return f"Choose one of: {', '.join(map(str, question.choices))}."
    if question.type == Question.Type.VERSION and not _VERSION.fullmatch(value):
        return "A version begins with a digit and holds no spaces, for example 5.8.2."
    return ""
