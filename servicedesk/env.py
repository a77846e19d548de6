"""Reads the environment once, strictly: a value nobody understands stops the start and says why.

Every variable is listed in the README's table. Any of them may be given as NAME_FILE instead, naming a
file that holds the value (the usual form for secrets in containers).
"""

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv, validate

KNOWN = frozenset(
    {
        "DESK_ALLOWED_HOSTS",
        "DESK_ALLOWED_TARGETS",
        "DESK_BASE_URL",
        "DESK_DATA_DIR",
        "DESK_DEBUG",
        "DESK_DEMO",
        "DESK_ENV",
        "DESK_FAULT",
        "DESK_HEARTBEAT_URL",
        "DESK_HOST",
        "DESK_INCIDENT_CONNECTIONS",
        "DESK_LANE_CONNECTIONS",
        "DESK_LOG_LEVEL",
        "DESK_MAIL_FROM",
        "DESK_OWN_DOMAINS",
        "DESK_PORT",
        "DESK_PROXIES",
        "DESK_SECRET_KEY",
        "DESK_UNDELIVERED_MINUTES",
        "DESK_WAKE_WORKERS",
    }
)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


@dataclass(frozen=True)
class Mail:
    """Where outgoing mail goes: a folder of .eml files, or an SMTP server."""

    folder: Path | None = None
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    tls: bool = False
    starttls: bool = False
    timeout: int = 10


@dataclass(frozen=True)
class Config:
    """The whole configuration, checked. Addresses and hosts are ready for Django's settings."""

    production: bool
    debug: bool
    demo: bool
    data_dir: Path
    host: str
    port: int
    base_url: str
    allowed_hosts: list[str]
    allowed_targets: frozenset[str]
    heartbeat_url: str
    proxies: int
    secret_key: str
    database: dict[str, Any]
    redis_url: str
    mail: Mail
    mail_from: str
    own_domains: frozenset[str]
    incident_connections: int
    lane_connections: int
    undelivered_minutes: int
    log_level: str
    wake_workers: bool


def read(base_dir: Path) -> Config:
    """The configuration from ``os.environ``; relative paths start at ``base_dir``.

    Raises ImproperlyConfigured with one sentence naming the variable and what it may hold.
    """
    try:
        return _read(FileAwareEnv(), base_dir)
    except EnvError as error:
        raise ImproperlyConfigured(f"The environment cannot be used: {error}") from error


def _read(env: FileAwareEnv, base_dir: Path) -> Config:
    _refuse_unknown_names()
    place = env.str("DESK_ENV", "local", validate=validate.OneOf(["local", "production"]))
    production = place == "production"
    if production and env.str("DESK_FAULT", ""):
        raise ImproperlyConfigured("DESK_FAULT is for drills; it is refused when DESK_ENV=production.")
    data_dir = base_dir / env.path("DESK_DATA_DIR", Path("var"))
    data_dir.mkdir(parents=True, exist_ok=True)
    host = env.str("DESK_HOST", "127.0.0.1")
    port = env.int("DESK_PORT", 8000, validate=validate.Range(1, 65535))
    base_url = env.str("DESK_BASE_URL", f"http://{_shown(host)}:{port}").rstrip("/")
    return Config(
        production=production,
        debug=_never_in_production(env, "DESK_DEBUG", False, production),
        demo=_never_in_production(env, "DESK_DEMO", not production, production),
        data_dir=data_dir,
        host=host,
        port=port,
        base_url=base_url,
        allowed_hosts=_allowed_hosts(env.list("DESK_ALLOWED_HOSTS", []), base_url, host, production),
        allowed_targets=_allowed_targets(env.list("DESK_ALLOWED_TARGETS", [])),
        heartbeat_url=_heartbeat_url(env.str("DESK_HEARTBEAT_URL", "")),
        proxies=env.int("DESK_PROXIES", int(production), validate=validate.Range(0, 5)),
        secret_key=_secret_key(env.str("DESK_SECRET_KEY", ""), data_dir, production),
        database=parse_database(env.str("DATABASE_URL", ""), data_dir),
        redis_url=parse_redis(env.str("REDIS_URL", "")),
        mail=parse_mail(env.str("EMAIL_URL", ""), data_dir),
        mail_from=env.str("DESK_MAIL_FROM", f"Service desk <desk@{urlsplit(base_url).hostname}>"),
        own_domains=_own_domains(env.list("DESK_OWN_DOMAINS", [])),
        incident_connections=env.int("DESK_INCIDENT_CONNECTIONS", 12, validate=validate.Range(1, 100)),
        lane_connections=env.int("DESK_LANE_CONNECTIONS", 3, validate=validate.Range(1, 100)),
        undelivered_minutes=env.int("DESK_UNDELIVERED_MINUTES", 2, validate=validate.Range(1, 60)),
        log_level=env.str("DESK_LOG_LEVEL", "INFO", validate=validate.OneOf(LOG_LEVELS)),
        wake_workers=env.bool("DESK_WAKE_WORKERS", True),
    )


def _heartbeat_url(url: str) -> str:
    """Where the desk says once a minute that it works; an empty string for nowhere."""
    if url and not url.startswith(("https://", "http://")):
        raise ImproperlyConfigured("DESK_HEARTBEAT_URL must start with https:// or http://.")
    return url


def parse_database(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's DATABASES entry for ``sqlite:///path`` or ``postgres://user:password@host:port/name``."""
    if not url:
        return _sqlite(str(data_dir / "desk.sqlite3"), data_dir)
    parts = _split("DATABASE_URL", url)
    if parts.scheme == "sqlite":
        return _sqlite(unquote(parts.path).removeprefix("/"), data_dir)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"DATABASE_URL starts with {parts.scheme}; use postgres:// or sqlite:///.")
    if not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL names no database; write postgres://user@host:5432/desk.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def _sqlite(name: str, data_dir: Path) -> dict[str, Any]:
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no file; write sqlite:///desk.sqlite3.")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "OPTIONS": dict(SQLITE_OPTIONS),
        # A file, not memory: live-server and race tests need several connections to one database.
        "TEST": {"NAME": str(data_dir / "test.sqlite3")},
    }


def parse_redis(url: str) -> str:
    """The Redis address, or an empty string for the embedded broker."""
    if url and _split("REDIS_URL", url).scheme not in ("redis", "rediss", "unix"):
        raise ImproperlyConfigured(
            "REDIS_URL must start with redis://, rediss:// or unix://, or be left out."
        )
    return url


def parse_mail(url: str, data_dir: Path) -> Mail:
    """``smtp://``, ``smtps://`` (TLS from the first byte), ``smtp+starttls://``, ``file:///folder``."""
    if not url:
        return Mail(folder=data_dir / "outbox")
    parts = _split("EMAIL_URL", url)
    if parts.scheme == "file":
        return Mail(folder=Path(unquote(parts.path)))
    ports = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must be smtp://, smtps:// or smtp+starttls:// with user:password@host:port, "
            "or file:///folder."
        )
    return Mail(
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp+starttls",
    )


def _refuse_unknown_names() -> None:
    given = {name.removesuffix("_FILE") for name in os.environ if name.startswith("DESK_")}
    if unknown := sorted(given - KNOWN):
        raise ImproperlyConfigured(
            f"{', '.join(unknown)} is not a setting of the desk; known are {', '.join(sorted(KNOWN))}."
        )


def _never_in_production(env: FileAwareEnv, name: str, default: bool, production: bool) -> bool:
    value = env.bool(name, default)
    if value and production:
        raise ImproperlyConfigured(f"{name}=1 is refused when DESK_ENV=production; remove it or set it to 0.")
    return value


def _secret_key(given: str, data_dir: Path, production: bool) -> str:
    if given or production:
        if len(given) < 50 or len(set(given)) < 5:
            raise ImproperlyConfigured(
                "DESK_SECRET_KEY must hold at least 50 random characters; DESK_ENV=production needs one."
            )
        return given
    path = data_dir / "secret_key"
    if not path.exists():
        draft = data_dir / f"secret_key.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)  # Atomic, and never replaces the key of a process that was faster.
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def _allowed_hosts(given: list[str], base_url: str, host: str, production: bool) -> list[str]:
    base = urlsplit(base_url)
    if base.scheme not in ("http", "https") or not base.hostname:
        raise ImproperlyConfigured("DESK_BASE_URL must be a whole address, such as https://desk.example.org.")
    if production and base.scheme != "https":
        raise ImproperlyConfigured("DESK_BASE_URL must start with https:// when DESK_ENV=production.")
    if not production and host in ("0.0.0.0", "::"):  # noqa: S104 - a comparison, not a bind
        return ["*"]
    return list(dict.fromkeys([*given, base.hostname, "localhost", "127.0.0.1", "[::1]"]))


def _allowed_targets(given: list[str]) -> frozenset[str]:
    """Hosts, or hosts with a port, that outgoing requests may reach although they are inside or speak plain HTTP."""
    for target in given:
        if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|[0-9A-Fa-f:]+", target):
            raise ImproperlyConfigured(
                f"DESK_ALLOWED_TARGETS names hosts as sms.office.example or 10.0.0.5:8080; not {target}."
            )
    return frozenset(target.lower() for target in given)


def _own_domains(given: list[str]) -> frozenset[str]:
    return frozenset(name.strip().lower().lstrip("@") for name in given if name.strip())


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - a comparison, not a bind
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _split(name: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not an address: {error}.") from error
    return parts
