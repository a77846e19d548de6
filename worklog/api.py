"""The time entries of all kinds of work; they are made by the log_time of each kind, which routes them."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers

from core.accounts.api import DeskViewSet
from core.accounts.permissions import Permission
from core.common.actor import Actor
from core.common.api import Named, StrictSerializer, UtcDateTime
from core.common.ids import plain_number
from core.common.vocabulary import Activity
from worklog import queries, subjects
from worklog.filters import TimeEntryFilter
from worklog.models import TimeEntry


class TimeEntryOut(StrictSerializer):
    id = serializers.IntegerField()
    subject = serializers.SerializerMethodField()
    person = Named("username")
    minutes = serializers.IntegerField()
    activity = serializers.ChoiceField(choices=Activity.choices)
    note = serializers.CharField()
    on_date = serializers.DateField()
    created_at = UtcDateTime()

    def get_subject(self, entry: TimeEntry) -> str:
        return f"{subjects.kind(entry.subject_kind).prefix}-{entry.subject_id}"


class TimeEntryViewSet(DeskViewSet):
    """Time spent, on work that the caller may see."""

    model = TimeEntry
    view_permission = Permission.LOG_TIME
    serializer_class = TimeEntryOut
    filterset_class = TimeEntryFilter
    ordering_fields = {"created_at": "created_at", "on_date": "on_date", "minutes": "minutes"}
    related = ("person",)
    named_by = "pk"

    def find(self, ref: str, by: Actor) -> TimeEntry:
        return queries.time_entry(plain_number(ref), by)

    def rows(self, by: Actor) -> QuerySet[TimeEntry]:
        return queries.time_entries(by)
