from django.urls import path

from escalation import tier_views

app_name = "tiers"
urlpatterns = [
    path("", tier_views.index, name="list"),
    path("<int:number>/", tier_views.edit, name="edit"),
    path("<int:number>/remove/", tier_views.remove, name="remove"),
]
