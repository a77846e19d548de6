from django.urls import include, path

from tickets import bulk_views, conversation_views, macro_views, queue_page, ticket_views, time_views, view_pages, views
from tickets.automation import pages as rule_pages

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
    path("bulk/", bulk_views.run, name="bulk"),
    path("bulk/ask/", bulk_views.ask, name="bulk_ask"),
    path("bulk/<int:pk>/", bulk_views.detail, name="bulk_run"),
    path("bulk/<int:pk>/undo/", bulk_views.undo, name="bulk_undo"),
    path("macros/", macro_views.index, name="macros"),
    path("macros/new/", macro_views.new, name="new_macro"),
    path("macros/<int:pk>/", macro_views.edit, name="edit_macro"),
    path("rules/", include(rule_pages.urlpatterns)),
    path("<str:ref>/", ticket_views.detail, name="detail"),
    path("<str:ref>/rules/", rule_pages.why, name="why"),
    path("<str:ref>/reply/", conversation_views.reply, name="reply"),
    path("<str:ref>/held/<int:pk>/undo/", conversation_views.undo_held, name="undo_held"),
    path("<str:ref>/held/<int:pk>/send/", conversation_views.send_held, name="send_held"),
    path("<str:ref>/draft/", conversation_views.draft, name="draft"),
    path("<str:ref>/here/", conversation_views.here, name="here"),
    path("<str:ref>/markdown/", conversation_views.markdown, name="markdown"),
    path("<str:ref>/macro/", macro_views.use, name="macro"),
    path("<str:ref>/time/", time_views.time, name="time"),
    path("<str:ref>/timer_start/", time_views.start, name="timer_start"),
    path("<str:ref>/preview/", views.preview, name="preview"),
    path("<str:ref>/talk/", ticket_views.talk, name="talk"),
    path("<str:ref>/moves/", ticket_views.moves, name="moves"),
    *(path(f"<str:ref>/{name}/", view, name=name) for name, view in ticket_views.views.items()),
]
