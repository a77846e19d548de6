"""The environment is read strictly."""

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from servicedesk import env

LONG_KEY = "k3y-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2
NAMES = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", *env.KNOWN)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_ENV", "production")
    monkeypatch.setenv("DESK_SECRET_KEY", LONG_KEY)
    monkeypatch.setenv("DESK_BASE_URL", "https://desk.example.org")


def test_without_anything_it_is_local_with_demo_and_sqlite(tmp_path: Path) -> None:
    config = env.read(tmp_path)
    assert (config.production, config.demo, config.debug) == (False, True, False)
    assert config.database["NAME"] == str(tmp_path / "var" / "desk.sqlite3")
    assert config.database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert config.redis_url == ""
    assert config.mail.folder == tmp_path / "var" / "outbox"
    assert config.base_url == "http://127.0.0.1:8000"


def test_the_local_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = env.read(tmp_path), env.read(tmp_path)
    path = tmp_path / "var" / "secret_key"
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DESK_ENV", "prod", "DESK_ENV"),
        ("DESK_PORT", "http", "DESK_PORT"),
        ("DESK_PORT", "70000", "DESK_PORT"),
        ("DESK_DEMO", "perhaps", "DESK_DEMO"),
        ("DESK_LOG_LEVEL", "LOUD", "DESK_LOG_LEVEL"),
        ("DESK_PROXIES", "-1", "DESK_PROXIES"),
        ("DESK_BASE_URL", "desk.example.org", "DESK_BASE_URL"),
        ("DESK_DMEO", "0", "DESK_DMEO is not a setting"),
        ("DATABASE_URL", "mysql://localhost/desk", "DATABASE_URL starts with mysql"),
        ("DATABASE_URL", "postgres://localhost", "names no database"),
        ("DATABASE_URL", "postgres://localhost:port/desk", "DATABASE_URL is not an address"),
        ("DATABASE_URL", "sqlite://", "names no file"),
        ("REDIS_URL", "amqp://localhost", "REDIS_URL"),
        ("EMAIL_URL", "gopher://relay", "EMAIL_URL"),
        ("DESK_ALLOWED_TARGETS", "https://sms.office.example/x", "names hosts"),
    ],
)
def test_a_value_nobody_understands_stops_the_start_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said):
        env.read(tmp_path)


def test_any_variable_can_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(LONG_KEY)
    monkeypatch.setenv("DESK_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert env.read(tmp_path).secret_key == LONG_KEY


def test_production_stands_on_https_without_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    production(monkeypatch)
    config = env.read(tmp_path)
    assert (config.production, config.demo, config.proxies) == (True, False, 1)
    assert config.allowed_hosts == ["desk.example.org", "localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DESK_DEMO", "1", "DESK_DEMO=1 is refused"),
        ("DESK_DEBUG", "1", "DESK_DEBUG=1 is refused"),
        ("DESK_SECRET_KEY", "short", "DESK_SECRET_KEY"),
        ("DESK_SECRET_KEY", "", "DESK_SECRET_KEY"),
        ("DESK_BASE_URL", "http://desk.example.org", "https://"),
        ("DESK_FAULT", "outbox.after_claim", "DESK_FAULT"),
    ],
)
def test_production_refuses_what_is_only_for_trying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    production(monkeypatch)
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said):
        env.read(tmp_path)


def test_a_postgres_address_is_taken_apart(tmp_path: Path) -> None:
    database = env.parse_database("postgres://desk:p%40ss@db:6543/desk?sslmode=require", tmp_path)
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["USER"], database["PASSWORD"]) == ("desk", "p@ss")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db", "6543", "desk")
    assert database["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize(("url", "name"), [("sqlite:///a.db", "a.db"), ("sqlite:////srv/a.db", "/srv/a.db")])
def test_three_slashes_are_relative_and_four_absolute(tmp_path: Path, url: str, name: str) -> None:
    assert env.parse_database(url, tmp_path)["NAME"] == name


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        ("smtp://relay", 25, False, False),
        ("smtps://me:secret@relay", 465, True, False),
        ("smtp+starttls://me:secret@relay:2525", 2525, False, True),
    ],
)
def test_mail_servers(tmp_path: Path, url: str, port: int, tls: bool, starttls: bool) -> None:
    mail = env.parse_mail(url, tmp_path)
    assert (mail.host, mail.port, mail.tls, mail.starttls) == ("relay", port, tls, starttls)
    assert mail.folder is None


def test_targets_inside_are_named_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_ALLOWED_TARGETS", "SMS.office.example,10.0.0.5:8080")
    assert env.read(tmp_path).allowed_targets == {"sms.office.example", "10.0.0.5:8080"}
