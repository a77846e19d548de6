from django.urls import path

from webhooks import views

app_name = "webhooks"

urlpatterns = [
    path("", views.index, name="list"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/switch/", views.switch, name="switch"),
    path("<int:pk>/test/", views.test, name="test"),
    path("<int:pk>/redeliver_dead/", views.redeliver_dead, name="redeliver_dead"),
    path("<int:pk>/rotate_secret/", views.rotate_secret, name="rotate_secret"),
    path("<int:pk>/remove/", views.remove, name="remove"),
    path("deliveries/<int:pk>/", views.delivery, name="delivery"),
    path("deliveries/<int:pk>/redeliver/", views.redeliver, name="redeliver"),
    path("deliveries/<int:pk>/skip/", views.skip, name="skip"),
]
