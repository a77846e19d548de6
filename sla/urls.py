from django.urls import path

from sla import editor_views, views

app_name = "sla"
urlpatterns = [
    path("", views.index, name="list"),
    path("simulate/", views.simulate, name="simulate"),
    path("breaches/", views.breaches, name="breaches"),
    path("breaches/csv/", views.breaches_csv, name="breaches_csv"),
    path("breaches/<int:pk>/cause/", views.explain, name="explain"),
    path("policies/new/", editor_views.new_policy, name="new_policy"),
    path("policies/preview/", editor_views.preview_policy, name="preview_policy"),
    path("policies/<int:pk>/", editor_views.policy, name="policy"),
    path("calendars/new/", editor_views.new_calendar, name="new_calendar"),
    path("calendars/preview/", editor_views.preview_calendar, name="preview_calendar"),
    path("calendars/<slug:slug>/", views.calendar, name="calendar"),
    path("calendars/<slug:slug>/edit/", editor_views.edit_calendar, name="edit_calendar"),
]
