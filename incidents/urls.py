from django.urls import path

from incidents import (
    approval_views,
    impact_views,
    list_views,
    postmortem_views,
    promise_views,
    template_views,
    update_views,
    verbs,
    views,
)

app_name = "incidents"
urlpatterns = [
    path("", views.board, name="list"),
    path("declare/", views.declare, name="new"),
    path("postmortems/", postmortem_views.unfinished, name="postmortems"),
    path("templates/", template_views.index, name="templates"),
    path("templates/approval/", approval_views.setting, name="approval_setting"),
    path("templates/<str:kind>/<str:audience>/", template_views.edit, name="template"),
    path("templates/<str:kind>/<str:audience>/built_in/", template_views.built_in, name="template_built_in"),
    path("<str:ref>/", views.detail, name="detail"),
    path("<str:ref>/impact/", impact_views.impact, name="impact"),
    path("<str:ref>/afterwards/", postmortem_views.afterwards, name="afterwards"),
    path("<str:ref>/postmortem/", postmortem_views.read, name="postmortem"),
    path("<str:ref>/postmortem/edit/", postmortem_views.edit, name="postmortem_edit"),
    path("<str:ref>/postmortem.pdf", postmortem_views.pdf, name="postmortem_pdf"),
    *(
        path(f"<str:ref>/postmortem/{name}/", postmortem_views.verb(name), name=f"postmortem_{name}")
        for name in postmortem_views.VERBS
    ),
    path("<str:ref>/live/", views.live, name="live"),
    path("<str:ref>/recipients/", list_views.recipients, name="recipients"),
    path("<str:ref>/recipients/<int:pk>/remove/", list_views.remove, name="recipient_remove"),
    path("<str:ref>/recipients/<int:pk>/try_again/", list_views.try_again, name="recipient_again"),
    path("<str:ref>/delivery/", list_views.delivery, name="delivery"),
    path("<str:ref>/draft/", views.draft, name="draft"),
    path("<str:ref>/promises/", promise_views.promises, name="promises"),
    path("<str:ref>/promises/figure/", promise_views.figure, name="promises_figure"),
    path("<str:ref>/pending/", approval_views.pending, name="pending"),
    path("<str:ref>/pending/badge/", approval_views.badge, name="pending_badge"),
    path("<str:ref>/pending/<int:waiting>/approve/", approval_views.approve, name="pending_approve"),
    path("<str:ref>/pending/<int:waiting>/send_back/", approval_views.send_back, name="pending_send_back"),
    path("<str:ref>/pending/<int:waiting>/take_back/", approval_views.take_back, name="pending_take_back"),
    path("<str:ref>/updates/<int:number>/", update_views.update, name="update_page"),
    path("<str:ref>/updates/<int:number>/correct/", update_views.correct, name="update_correct"),
    path("<str:ref>/updates/<int:number>/edit/", update_views.edit, name="update_edit"),
    path("<str:ref>/follow/", list_views.follow, name="follow"),
    path("<str:ref>/unfollow/", list_views.unfollow, name="unfollow"),
    *(path(f"<str:ref>/{name}/", views.verb(name), name=name) for name in verbs.VERBS),
]
