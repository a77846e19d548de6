"""Every address of the desk. A room's ``urls.py`` holds its pages; ``servicedesk/api.py`` the API."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from servicedesk import health
from servicedesk.home import home

PAGES = {
    "tickets/": "tickets.urls",
    "incidents/": "incidents.urls",
    "problems/": "problems.urls",
    "changes/": "changes.urls",
    "on-call/": "escalation.urls",
    "organisations/": "customers.urls",
    "dashboard/": "reports.urls",
    "portal/": "portal.urls",
    "search/": "servicedesk.search",
    "files/": "worklog.urls",
    "api/v1/": "servicedesk.api",
}


def _built(module: str) -> bool:
    return bool(find_spec(module.partition(".")[0]) and find_spec(module))


urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    *(path(prefix, include(module)) for prefix, module in PAGES.items() if _built(module)),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
