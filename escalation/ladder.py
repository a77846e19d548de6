"""The tiers in use, as a value to decide by: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ladder:
    """The tiers in use, 1 to `last`. `names` holds those that were taken away, too: history speaks of them."""

    names: Mapping[int, str]
    last: int

    def name(self, number: int) -> str:
        return self.names.get(number) or f"L{number}"

    def span(self, first: int) -> str:
        """From a tier to the last, in words: "L2", "L2 and L3", "L2 to L4"; "" beyond the last."""
        if first > self.last:
            return ""
        joint = {0: "", 1: " and "}.get(self.last - first, " to ")
        return self.name(first) + (joint + self.name(self.last) if joint else "")

    @property
    def numbers(self) -> range:
        return range(1, self.last + 1)
