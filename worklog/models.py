"""What the four desks share. The work is named by kind and number, as it stands above this app."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from core.common.vocabulary import Activity
from core.files.models import StoredFile


class OnWork(models.Model):
    """Belongs to a ticket, incident, problem or change."""

    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()

    class Meta:
        abstract = True


class Attachment(OnWork):
    """A file on a piece of work; `public` decides whether a customer who sees the work gets it."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    entry_id = models.BigIntegerField(null=True)
    public = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id"], name="worklog_attachment_on")]

    def __str__(self) -> str:
        return self.file.name


class TimeEntry(OnWork):
    """Work done, in whole minutes. Application, component and organisation are copied for the reports."""

    SUBJECT = "time_entry"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="time_entries"
    )
    minutes = models.PositiveIntegerField()
    activity = models.CharField(max_length=20, choices=Activity.choices, default=Activity.INVESTIGATION)
    note = models.TextField(blank=True)
    on_date = models.DateField()
    created_at = models.DateTimeField()
    application_id = models.BigIntegerField(null=True)
    component_id = models.BigIntegerField(null=True)
    organisation_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id"], name="worklog_time")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minutes__gte=1, minutes__lte=1440), name="worklog_time_within_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.minutes} min by {self.person}"


class Link(OnWork):
    class Kind(models.TextChoices):
        RELATES = "relates", "Relates to"
        DUPLICATES = "duplicates", "Duplicates"
        CAUSED_BY = "caused_by", "Caused by"
        BLOCKS = "blocks", "Blocks"

    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.RELATES)
    to_kind = models.CharField(max_length=20)
    to_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "kind", "to_kind", "to_id"], name="worklog_link_once"
            )
        ]
        indexes = [models.Index(fields=["to_kind", "to_id"], name="worklog_link_back")]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id} {self.kind} {self.to_kind} {self.to_id}"


class Watcher(OnWork):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "user"], name="worklog_watcher_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} watches {self.subject_kind} {self.subject_id}"


class Mention(OnWork):
    """Somebody was named with @ in a text on a piece of work."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions")
    entry_id = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "entry_id", "user"], name="worklog_mention_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.subject_kind} {self.subject_id}"


class Draft(OnWork):
    """What somebody is typing, kept so that a reload or another machine loses nothing."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=30, default="reply")
    text = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "user", "form"], name="worklog_draft_once"
            )
        ]

    def __str__(self) -> str:
        return f"draft of {self.user} on {self.subject_kind} {self.subject_id}"


class RunningTimer(OnWork):
    """A person's stop watch; at most one runs, and it survives every reload because it is a row."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="running_timer"
    )
    started_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} since {self.started_at:%H:%M}"
