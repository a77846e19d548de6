from django.urls import path

from customers import views

app_name = "subscriptions"
urlpatterns = [
    path("", views.subscriptions, name="list"),
    path("<int:pk>/end/", views.end, name="end"),
    path("<int:pk>/try_again/", views.try_again, name="try_again"),
]
