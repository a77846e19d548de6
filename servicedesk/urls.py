"""Every address of the desk. A room's ``urls.py`` holds its pages; the API's are in ``servicedesk/api.py``."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from servicedesk import health

PAGES = {
    "tickets/": "tickets.urls",
    "incidents/": "incidents.urls",
    "problems/": "problems.urls",
    "changes/": "changes.urls",
    "on-call/": "escalation.urls",
    "organisations/": "customers.urls",
    "dashboard/": "reports.urls",
    "search/": "core.search.urls",
    "files/": "core.files.urls",
    "api/v1/": "servicedesk.api",
}

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/tickets/"), name="home"),
    *(path(prefix, include(module)) for prefix, module in PAGES.items() if find_spec(module.split(".")[0]) and find_spec(module)),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
