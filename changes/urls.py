from django.urls import path

from changes import views

app_name = "changes"
urlpatterns = [
    path("", views.week, name="list"),
    path("all/", views.everything, name="all"),
    path("calendar.ics", views.feed, name="feed"),
    path("new/", views.new, name="new"),
    path("<str:ref>/", views.detail, name="detail"),
    path("<str:ref>/edit/", views.edit, name="edit"),
    *(path(f"<str:ref>/{name}/", views.verb(name), name=name) for name in views.VERBS),
]
