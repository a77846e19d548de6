from django.urls import path

from problems import views

app_name = "problems"
urlpatterns = [
    path("", views.board, name="list"),
    path("all/", views.everything, name="all"),
    path("new/", views.new, name="new"),
    path("from/<str:ref>/", views.raise_from, name="raise"),
    path("actions/", views.actions, name="actions"),
    path("known-errors/", views.known_errors, name="known_errors"),
    path("agenda/", views.agenda, name="agenda"),
    *(
        path(f"actions/<int:pk>/{name}/", views.action_verb(name), name=f"action_{name}")
        for name in views.ACTION_VERBS
    ),
    path("<str:ref>/", views.detail, name="detail"),
    *(path(f"<str:ref>/{name}/", views.verb(name), name=name) for name in views.VERBS),
]
