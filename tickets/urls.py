from django.urls import path

from tickets import queue_page, ticket_views, view_pages, views

app_name = "tickets"
urlpatterns = [
    path("", queue_page.queue, name="list"),
    path("views/new/", view_pages.new, name="save_view"),
    path("views/<slug:slug>/", queue_page.queue, name="view"),
    path("views/<slug:slug>/edit/", view_pages.edit, name="edit_view"),
    path("views/<slug:slug>/delete/", view_pages.delete, name="delete_view"),
    path("complete/", queue_page.complete, name="complete"),
    path("counts/", queue_page.counts, name="counts"),
    path("new/", views.new, name="new"),
    path("new/consequences/", views.consequences, name="consequences"),
    path("take/", views.take_many, name="take_many"),
    path("<str:ref>/", ticket_views.detail, name="detail"),
    path("<str:ref>/preview/", views.preview, name="preview"),
    path("<str:ref>/talk/", ticket_views.talk, name="talk"),
    *(path(f"<str:ref>/{name}/", view, name=name) for name, view in ticket_views.views.items()),
]
