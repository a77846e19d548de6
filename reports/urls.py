from django.urls import path

from reports import handing_views, promising_views, views

app_name = "reports"
urlpatterns = [
    path("", views.dashboard, name="list"),
    path("hand-offs/", handing_views.hand_offs, name="hand_offs"),
    path("promises/", promising_views.promises, name="promises"),
    path("no-sop/", handing_views.no_sop, name="no_sop"),
]
