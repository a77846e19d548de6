from django.urls import path

from portal import subscribing, views

app_name = "portal"
urlpatterns = [
    path("", views.requests, name="list"),
    path("new/", views.new, name="new"),
    path("updates/", subscribing.updates, name="updates"),
    path("<str:ref>/", views.detail, name="detail"),
    path("<str:ref>/reply/", views.reply, name="reply"),
]
