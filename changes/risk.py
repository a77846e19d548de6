"""The risk questions, as data, and the score of their answers: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WORDS = {"low": 1, "medium": 3, "high": 5}


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its answers from harmless (1 point) to grave (5 points)."""

    key: str
    text: str
    answers: tuple[str, str, str, str, str]

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(str(points), f"{points}: {answer}") for points, answer in enumerate(self.answers, 1)]


QUESTIONS = (
    Question(
        "users",
        "How many users notice when it goes wrong?",
        ("nobody", "one team", "one customer", "several customers", "everybody"),
    ),
    Question(
        "reversibility",
        "How can it be taken back?",
        ("at once, by itself", "within minutes", "within an hour", "only from a backup", "not at all"),
    ),
    Question(
        "testing",
        "How was it tested?",
        ("done before in production", "on a full copy", "on staging", "on one machine", "not tested"),
    ),
    Question(
        "complexity",
        "How complex is it?",
        (
            "one setting",
            "one component",
            "one application",
            "several applications",
            "several teams and sites",
        ),
    ),
    Question(
        "time_of_day",
        "When is it carried out?",
        ("service closed", "night or weekend", "quiet hours", "working hours", "busiest hours"),
    ),
)
BY_KEY = {question.key: question for question in QUESTIONS}
HIGHEST = 5 * len(QUESTIONS)
MEDIUM_FROM, HIGH_FROM = 10, 16


def points(answer: Any) -> int | None:
    """1 to 5 for an answer given as a number or as low, medium, high; None for anything else."""
    if isinstance(answer, str):
        text = answer.strip().lower()
        answer = WORDS.get(text) or (
            int(text) if text.isascii() and text.isdigit() and len(text) == 1 else None
        )
    if isinstance(answer, int) and not isinstance(answer, bool) and 1 <= answer <= 5:
        return answer
    return None


def problems(answers: Mapping[str, Any]) -> list[str]:
    """What is wrong with the answers given so far, as sentences; missing ones are not wrong yet."""
    found = [
        f"“{str(key)[:60]}” is no risk question; the questions are {', '.join(BY_KEY)}."
        for key in answers
        if key not in BY_KEY
    ]
    found += [
        f"Answer “{key}” with a number from 1 ({BY_KEY[key].answers[0]}) to 5 ({BY_KEY[key].answers[4]})."
        for key, answer in answers.items()
        if key in BY_KEY and points(answer) is None
    ]
    return found


def missing(answers: Mapping[str, Any]) -> list[str]:
    """The keys of the questions that have no usable answer."""
    return [key for key in BY_KEY if points(answers.get(key)) is None]


def score(answers: Mapping[str, Any]) -> int | None:
    """The sum of the points, 5 to 25; None until every question is answered."""
    if missing(answers):
        return None
    return sum(points(answers[key]) or 0 for key in BY_KEY)


def level(value: int | None) -> str:
    """low, medium or high; "" when nobody assessed it."""
    if value is None:
        return ""
    return "high" if value >= HIGH_FROM else "medium" if value >= MEDIUM_FROM else "low"
