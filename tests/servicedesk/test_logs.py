"""Logs hold no secret: an address that needs no session stands in them without its secret part."""

from __future__ import annotations

import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from gunicorn.config import Config

from servicedesk.access_log import AccessLog
from servicedesk.logs import logging_config

TOKEN = "92S3KV2vKIqOP8m2KI5HWmyr5F0U7MiHdvi5m-W2uLA"
PATHS = [
    f"/on-call/calendars/{TOKEN}.ics",
    f"/on-call/still-right/{TOKEN}:1x:2y/",
    f"/on-call/acknowledge/{TOKEN}/",
    f"/status/internal/{TOKEN}/",
    f"/accounts/password/reset/key/1-{TOKEN}/",
]


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("path", PATHS)
def test_a_line_has_the_address_without_its_secret(path: str, as_json: bool) -> None:
    before = structlog.get_config()
    made = logging_config(level="INFO", as_json=as_json)["formatters"]["line"]
    structlog.configure(**before)
    formatter = made.pop("()")(**made)
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, "Not Found: %s", (path,), None)
    record.request = f"<WSGIRequest: GET '{path}'>"
    line = formatter.format(record)
    assert TOKEN not in line and path[:12] in line and "***" in line


@pytest.mark.parametrize("path", PATHS)
def test_the_access_log_too(path: str) -> None:
    said = {
        "REQUEST_METHOD": "GET", "RAW_URI": f"{path}?x=1", "PATH_INFO": path, "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"https://desk.example{path}",
    }  # fmt: skip
    answer, request = SimpleNamespace(status="200 OK", headers=[], sent=1), SimpleNamespace(headers=[])
    atoms: dict[str, Any] = AccessLog(Config()).atoms(answer, request, said, timedelta(seconds=1))
    assert TOKEN not in str(atoms) and atoms["s"] == "200"


def test_other_addresses_stay_whole() -> None:
    logged = logging_config(level="INFO", as_json=False)["formatters"]["line"]["processors"][-1]
    for path in ("/on-call/calendars/12/renew/", "/api/v1/pages/PG-1/acknowledge/", "/tickets/TKT-1/"):
        assert logged(None, "", path) == path
