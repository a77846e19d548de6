from django.urls import path

from portal import status_views, subscribing

app_name = "status"
urlpatterns = [
    path("", status_views.public, name="public"),
    path("history/", status_views.history, name="history"),
    path("subscribe/", subscribing.subscribe, name="subscribe"),
    path("data.json", status_views.data, name="data"),
    path("feed.atom", status_views.feed, name="feed"),
    path("internal/", status_views.to_internal, name="to_internal"),
    path("internal/<str:key>/", status_views.internal, name="internal"),
]
