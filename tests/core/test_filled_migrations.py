"""What a desk held before on-call rosters, calendar versions and passed-around tickets is there after the upgrade."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests.filled import LONG, SHORT

pytestmark = pytest.mark.slow


def upgraded(database: str, data: Path) -> dict[str, Any]:
    environment = {
        **os.environ, "DATABASE_URL": database, "DESK_DATA_DIR": str(data),
        "DJANGO_SETTINGS_MODULE": "servicedesk.settings",
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-m", "tests.filled"], cwd=settings.BASE_DIR, env=environment, capture_output=True,
        text=True, timeout=240,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-4000:]
    return json.loads(run.stdout)


def check(found: dict[str, Any]) -> None:
    # Her hours stay hers; his fill what she left, up to where the rules of either go on.
    assert found["duties"] == [
        ["eli", "Rest", 0, 2], ["ana", "Office", 2, 4], ["eli", "Rest", 4, 8], ["ana", "Office", 8, 10],
    ]  # fmt: skip
    assert found["rosters"] == [[1, 10], [2, 87]]  # a step without a past goes on from the day it begins
    assert found["versions"] == [[1, SHORT, 0, "Rut Root"], [2, LONG, 24, "Rut Root"]]
    assert found["clocks"] == [[1, "running", 2], [2, "cancelled", 1], [2, "met", 1], [3, "running", 2]]
    assert found["rows_of_no_calendar"] == 0
    assert found["breaches"] == [[2, "met", 3600, "other"], [3, "running", 0, ""]]
    assert found["tickets"] == [[2, False], [3, False], [4, True], [5, True]]


def test_on_sqlite(tmp_path: Path) -> None:
    check(upgraded(f"sqlite:///{tmp_path / 'old.sqlite3'}", tmp_path))


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_on_postgresql(tmp_path: Path) -> None:
    database = connection.settings_dict
    name = f"{database['NAME']}_filled"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        account = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
        check(
            upgraded(f"postgres://{account}@{database['HOST']}:{database['PORT'] or 5432}/{name}", tmp_path)
        )
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
