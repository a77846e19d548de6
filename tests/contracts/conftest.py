"""One of everything, for contracts that hold across the rooms."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import world as worlds


@pytest.fixture
def world(db: None, tmp_path: Path, settings: Any) -> SimpleNamespace:
    """See tests/world.py; uploads land in a folder of the test's own."""
    settings.FILES_DIR = tmp_path / "files"
    return worlds.build()
