"""The top of the house: settings, addresses and the processes; it knows every app and none knows it."""

from servicedesk.celery import app as celery_app

__all__ = ["celery_app"]
