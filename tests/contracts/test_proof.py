"""docs/proof.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", (ROOT / "docs/proof.md").read_text())))


@pytest.mark.parametrize("named", [name for name in NAMED if not name.endswith("test_proof.py")])
def test_what_shows_a_promise_is_there(named: str) -> None:
    path, _, test = named.partition("::")
    assert (ROOT / path).exists()
    assert not test or re.search(rf"^def {test}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_promises_are_named() -> None:
    assert len(NAMED) > 10
