from django.urls import path

from tickets import ticket_views, views

app_name = "tickets"
urlpatterns = [
    path("", views.queue, name="list"),
    path("new/", views.new, name="new"),
    path("new/consequences/", views.consequences, name="consequences"),
    path("take/", views.take_many, name="take_many"),
    path("<str:ref>/", ticket_views.detail, name="detail"),
    path("<str:ref>/preview/", views.preview, name="preview"),
    path("<str:ref>/talk/", ticket_views.talk, name="talk"),
    *(path(f"<str:ref>/{name}/", view, name=name) for name, view in ticket_views.views.items()),
]
