"""Logs: one line an event on standard error, JSON in production, readable locally."""

import re
from typing import Any

import structlog

# Who knows such an address needs no session: calendars, the internal status page, links in mails, a password's reset.
_SECRET = re.compile(
    r"(/(?:calendars|still-right|acknowledge|status/internal|password/reset/key)/)[^/\s'\"?]{12,}"
)


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """Django's LOGGING, with structlog and the standard library writing the same lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_json:
        last: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=False)]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last.append(lambda logger, name, line: without_secrets(line))
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "celery": {"level": "WARNING"},
            "waitress.queue": {"level": "ERROR"},
        },
    }


def without_secrets(text: str) -> str:
    """The text with the secret part of addresses left out."""
    return _SECRET.sub(r"\1***", text)
