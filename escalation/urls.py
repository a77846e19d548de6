from django.urls import path

from escalation import views

app_name = "escalation"
urlpatterns = [
    path("", views.who_to_call, name="list"),
    path("<slug:slug>/", views.team_detail, name="detail"),
    path("<slug:slug>/reviewed/", views.reviewed, name="reviewed"),
    path("<slug:slug>/override/", views.override, name="override"),
]
