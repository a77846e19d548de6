"""Which tests can run here: what needs PostgreSQL, Redis or Chromium is skipped, with the reason, without."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings

from tests import template

# The stories and the races are shown on the embedded default and again on PostgreSQL and Redis.
EVERYWHERE = ("flows", "concurrency")


def pytest_configure(config: pytest.Config) -> None:
    """The database that the workers copy is made before they start, so that it is made once.

    Every test client begins by loading the middleware, which would list all static files each time.
    """
    settings.WHITENOISE_AUTOREFRESH = True
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") and not hasattr(config, "workerinput"):
        template.made()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent.name in EVERYWHERE:
            item.add_marker(pytest.mark.everywhere)
        for name, missing in MISSING.items():
            if item.get_closest_marker(name) and (reason := missing()):
                item.add_marker(pytest.mark.skip(reason=reason))


def no_services() -> str:
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") or not settings.DESK.redis_url:
        return "needs PostgreSQL and Redis: make test-services"
    return ""


def no_browser() -> str:
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return "needs Chromium, which is not installed here"
    return ""


MISSING = {"services": no_services, "browser": no_browser}
