from django.urls import path

from worklog import views

app_name = "worklog"
urlpatterns = [path("<int:pk>/", views.download, name="download")]
