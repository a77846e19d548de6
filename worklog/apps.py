from django.apps import AppConfig


class WorklogConfig(AppConfig):
    name = "worklog"
