from django.urls import path

from incidents import views

app_name = "incidents"
urlpatterns = [
    path("", views.board, name="list"),
    path("declare/", views.declare, name="new"),
    path("<str:ref>/", views.detail, name="detail"),
    path("<str:ref>/live/", views.live, name="live"),
    *(path(f"<str:ref>/{name}/", views.verb(name), name=name) for name in views.VERBS),
]
