"""What production starts with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests import own_redis

ROOT = Path(__file__).resolve().parents[2]


def test_production_passes_djangos_own_check(tmp_path: Path) -> None:
    """``check --deploy`` looks at cookies, HSTS, redirects, hosts and the key."""
    ran = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "DESK_ENV": "production",
            "DESK_DATA_DIR": str(tmp_path),
            "DESK_BASE_URL": "https://desk.example.org",
            "DESK_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "DATABASE_URL": "postgres://desk@127.0.0.1/desk",
            "REDIS_URL": "redis://127.0.0.1:6379/9",
        },
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.django_db
def test_every_page_carries_the_strict_headers(client: Client) -> None:
    response = client.get("/healthz")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_nobody_makes_an_account_for_himself(client: Client) -> None:
    client.post("/accounts/signup/", {"username": "eve", "email": "eve@x.example", "password1": "p" * 20})
    assert not client.login(username="eve", password="p" * 20)


@pytest.mark.parametrize(
    "worker, expected", [("gw0", "redis://127.0.0.1:6379/9"), ("gw1", "redis://127.0.0.1:6379/10")]
)
def test_two_workers_share_no_redis_database(worker: str, expected: str) -> None:
    assert own_redis.of_worker("redis://127.0.0.1:6379/9", worker) == expected
