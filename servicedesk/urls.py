"""Every address of the desk. A room's ``urls.py`` holds its pages; ``servicedesk/api.py`` the API."""

from django.contrib import admin
from django.urls import include, path

from customers import views as subscribing
from servicedesk import health, metrics
from servicedesk.home import home
from servicedesk.profile import profile

urlpatterns = [
    path("", home, name="home"),
    path("tickets/", include("tickets.urls")),
    path("incidents/", include("incidents.urls")),
    path("problems/", include("problems.urls")),
    path("changes/", include("changes.urls")),
    path("service-levels/", include("sla.urls")),
    path("on-call/", include("escalation.urls")),
    path("tiers/", include("escalation.tier_urls")),
    path("dashboard/", include("reports.urls")),
    path("subscriptions/confirm/<str:token>/", subscribing.confirm, name="confirm_subscription"),
    path("subscriptions/", include("customers.urls")),
    path("unsubscribe/<str:token>/", subscribing.unsubscribe, name="unsubscribe"),
    path("portal/", include("portal.urls")),
    path("status/", include("portal.status_urls")),
    path("webhooks/", include("webhooks.urls")),
    path("my/", include("servicedesk.my_work")),
    path("search/", include("servicedesk.search")),
    path("files/", include("worklog.urls")),
    path("api/v1/", include("servicedesk.api")),
    path("accounts/profile/", profile, name="profile"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("health/banner/", health.banner, name="health_banner"),
    path("metrics", metrics.metrics, name="metrics"),
    path("readyz", health.readyz, name="readyz"),
]
